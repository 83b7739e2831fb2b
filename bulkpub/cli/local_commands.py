"""The commands that need no portal but their own: validate, schema, sandbox, demo."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from bulkpub.cli.options import Manifests, with_flags
from bulkpub.cli.problems import render_problems, render_warnings
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.model import DatasetSpec, FileSource, LinkSource, UrlSource
from bulkpub.core.report import RunReport
from bulkpub.core.rules import Rules
from bulkpub.errors import Problem, ResourceFailed
from bulkpub.language import tr
from bulkpub.manifest import Toward, json_schema, stream
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import bytes_text, counted, printable
from bulkpub.portals.kinds import DEFAULT
from bulkpub.portals.udata.address import SANDBOX_PORT
from bulkpub.session.everywhere import chosen_of, places_of, told_once
from bulkpub.session.options import Settings
from bulkpub.session.wanted import LocalLinks, given_variables, rules_of
from bulkpub.session.wanted import Manifests as Request
from bulkpub.sources import fingerprint

__all__ = ["demo", "report_line_schema", "report_schema", "sandbox", "schema", "validate"]


def validate(manifests: Manifests, *, settings: Settings) -> None:
    """Check manifests and the files they name, offline; every problem at once."""
    raise typer.Exit(_validate([str(each) for each in manifests], settings))


@dataclass(slots=True)
class _Checked:
    """What manifests say of one portal: what is wrong with it, and how much it is."""

    problems: Sequence[Problem]
    warnings: Sequence[Problem]
    counts: Counter[type]
    size: int
    portal: str | None


def _validate(paths: Sequence[str], settings: Settings) -> ExitCode:
    console = SteadyConsole(highlight=False, soft_wrap=True)
    variables, problems = settings.variables, list[Problem]()
    destinations = Request(paths, variables).destinations()
    if not destinations:
        checked = [_checked(paths, variables, DEFAULT.rules)]
        own = rules_of(checked[0].portal)
        if own is not DEFAULT.rules:  # they name a portal of another kind than they were read for
            checked = [_checked(paths, variables, own)]
        names = ["manifest"]
    else:
        # Nothing is sent: how safe the way would be is for a run to say.
        connection = replace(settings.connection, insecure=True)
        everywhere, problems = places_of(destinations, connection)
        places = chosen_of(everywhere, connection)
        all_names = tuple(each.name for each in destinations)
        checked = [
            _checked(
                paths,
                variables,
                place.located.kind.rules if place.located is not None else DEFAULT.rules,
                Toward(place.destination, all_names),
            )
            for place in places
        ]
        names = [place.destination.name for place in places]
    render_warnings(
        told_once([(n, c.warnings) for n, c in zip(names, checked, strict=True)]), console
    )
    problems += told_once([(n, c.problems) for n, c in zip(names, checked, strict=True)])
    if problems:
        render_problems(with_flags(tuple(problems)), console)
        return ExitCode.WRONG
    for name, each in zip(names, checked, strict=True):
        where = tr(" at {name}", name=printable(name)) if destinations else ""
        console.print(tr("OK{where}: {amount}.", where=where, amount=_amount(each)), markup=False)
    return ExitCode.DONE


def _checked(
    paths: Sequence[str], variables: Mapping[str, str], rules: Rules, toward: Toward | None = None
) -> _Checked:
    manifest = stream(paths, rules=rules, given=given_variables(variables), toward=toward)
    local, counts, size = LocalLinks(), Counter[type](), 0
    for number, dataset in enumerate(manifest):
        local.look_at(number, dataset)
        counts[DatasetSpec] += 1
        for resource in dataset.resources:
            source = resource.source
            counts[type(source)] += 1
            size += _size(source) if isinstance(source, FileSource) else 0
    portal = manifest.portal if toward is None else toward.destination.portal
    warnings = (*manifest.warnings, *local.warnings(portal, manifest.spoilt))
    return _Checked(manifest.problems, warnings, counts, size, portal)


def _amount(checked: _Checked) -> str:
    counts = checked.counts
    files, fetched, links = counts[FileSource], counts[UrlSource], counts[LinkSource]
    also = tr(", {fetched} to be fetched", fetched=counted(fetched, "file")) if fetched else ""
    also += tr(" and {links}", links=counted(links, "link")) if links else ""
    datasets = counted(counts[DatasetSpec], "dataset")
    return tr(
        "{datasets}, {files} of {size}{also}",
        datasets=datasets,
        files=counted(files, "file"),
        size=bytes_text(checked.size),
        also=also,
    )


def _size(source: FileSource) -> int:
    try:
        return fingerprint(source).size
    except ResourceFailed:  # vanished since it was looked at, a moment ago
        return 0


def schema(
    *,
    report: Annotated[
        bool, typer.Option("--report", help="The report's schema instead of the manifest's.")
    ] = False,
) -> None:
    """Print the JSON Schema of the manifest, for editors."""
    shown = report_schema() if report else json_schema(DEFAULT.rules)
    typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


def sandbox(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = SANDBOX_PORT,
    data_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep what is published there; default: forget it."),
    ] = None,
    rate_limit: Annotated[
        str | None, typer.Option(metavar="N/hour", help="Limit requests, with the usual headers.")
    ] = None,
    latency: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Delay every answer.")
    ] = 0.0,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse writes, as in a maintenance.")
    ] = False,
    version: Annotated[
        str | None,
        typer.Option("--as", metavar="VERSION", help="Behave as an older udata, such as 10.9.0."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="A script of what is to go wrong, in YAML or JSON."),
    ] = None,
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote", help="Listen beyond this machine, with keys that everybody knows."
        ),
    ] = False,
) -> None:
    """Serve the embedded portal until stopped."""
    from bulkpub.cli.serving import serve  # noqa: PLC0415 - a server that only this needs
    from bulkpub.sandbox import SandboxSettings  # noqa: PLC0415 - likewise
    from bulkpub.sandbox.faults import read_faults  # noqa: PLC0415 - likewise
    from bulkpub.sandbox.versions import NEWEST  # noqa: PLC0415 - likewise

    settings = SandboxSettings(
        host=host,
        port=port,
        data_dir=data_dir,
        rate_limit=rate_limit,
        latency=latency,
        read_only=read_only,
        version=version or NEWEST,
        allow_remote=allow_remote,
        faults=None if faults is None else read_faults(faults),
    )
    raise typer.Exit(serve(settings))


def demo(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The portal's port; 0 takes a free one.")
    ] = 0,
    settings: Settings,
) -> None:
    """Start the embedded portal, publish a manifest of real data to it, twice, and show it."""
    from bulkpub.cli.serving import demonstrate  # noqa: PLC0415 - a server that only this needs

    raise typer.Exit(demonstrate(report_file=settings.output.report_file, port=port))


def report_schema() -> dict[str, object]:
    """The JSON Schema of the report, made from the values it is written from."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - 0.2 s that only this command needs

    schema: dict[str, object] = TypeAdapter(RunReport).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": tr("bulkpub report"),
    }


def report_line_schema() -> dict[str, Any]:
    """The JSON Schema of a line of a report that is written as JSON Lines; of the same values."""
    whole: Any = report_schema()
    parts = whole["properties"]
    lines = (
        {"run": parts["run"], "schema_version": parts["schema_version"]},
        {"dataset": parts["datasets"]["items"]},
        {name: parts[name] for name in ("totals", "rate_limit", "timeline")},
    )
    return {
        "$schema": whole["$schema"],
        "$defs": whole["$defs"],
        "title": tr("line of a bulkpub report"),
        "description": tr(
            "The first line has the run, the last one the totals, the others a dataset."
        ),
        "oneOf": [
            {
                "type": "object",
                "properties": line,
                "required": list(line),
                "additionalProperties": False,
            }
            for line in lines
        ],
    }
