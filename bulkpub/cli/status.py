"""`bulkpub status`: what the portal and its checker say of what is published."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from bulkpub.cli.asking import ask
from bulkpub.cli.environment import with_keys
from bulkpub.core.exit_codes import ExitCode, joint_code
from bulkpub.errors import ManifestInvalid, SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import counted, printable, shown
from bulkpub.pipeline.index import Index
from bulkpub.portals import Portal
from bulkpub.portals.telling import DatasetHealth, ResourceHealth
from bulkpub.session.asking import Fares, asked_of, fares_of
from bulkpub.session.options import Settings

__all__ = ["status"]


def status(
    manifests: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[MANIFEST...]", help="Manifests whose datasets are looked at."),
    ] = None,
    *,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ORG", help="All datasets of this id or slug."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document, for programs.")
    ] = False,
    settings: Settings,
) -> None:
    """Show how what is published fares: quality, whether it can be had, whether it is late.

    Exit code 1 when something is unavailable, late, or not there.
    """
    if bool(manifests) is bool(organization):
        raise SettingsInvalid(say("say what to look at: manifests, or --organization ORG"))
    if not manifests:
        work = partial(_show, organization=organization, as_json=as_json)
        raise typer.Exit(ask(settings, work))
    paths = [str(each) for each in manifests]
    try:
        everywhere = asked_of(paths, with_keys(settings, os.environ), settings.variables)
    except ManifestInvalid as invalid:
        raise SettingsInvalid(str(invalid)) from invalid
    codes: list[ExitCode] = []
    documents: list[dict[str, Any]] = []
    for asked in everywhere:
        several = None if asked.destination is None else (asked.destination, documents)
        work = partial(_show, index=asked.wanted.index, as_json=as_json, several=several)
        codes.append(ask(settings, work, asked=asked))
    if documents:
        whole = {"destinations": documents}
        typer.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode())
    raise typer.Exit(joint_code(codes))


async def _show(
    portal: Portal,
    *,
    organization: str | None = None,
    index: Index | None = None,
    as_json: bool,
    several: tuple[str, list[dict[str, Any]]] | None = None,
) -> ExitCode:
    """With `several` destinations: the name of this one, and the documents of all of them."""
    fares = await fares_of(portal, organization=organization, wanted=index)
    today = datetime.now(UTC).date()
    if as_json and several is not None:
        name, documents = several
        documents.append({"destination": name, **_document(fares, today)})
    elif as_json:
        typer.echo(orjson.dumps(_document(fares, today), option=orjson.OPT_INDENT_2).decode())
    else:
        console = SteadyConsole(highlight=False, soft_wrap=True)
        if several is not None:
            console.print(Text(f"{printable(several[0])}:", style="bold"))
        for line in _lines(fares, today):
            console.print(line)
    is_bad = any(each.unavailable or each.is_late(today) for each in fares.datasets)
    return ExitCode.SOME_FAILED if is_bad or fares.missing else ExitCode.DONE


# --- for people ---------------------------------------------------------------------------


def _lines(fares: Fares, today: date) -> Iterator[Text]:
    for each in fares.datasets:
        yield _dataset_line(each, today)
        for resource in each.resources:
            if resource.available is False or resource.faults:
                yield _resource_line(resource)
    for sentence in fares.missing:
        yield Text("! ", style="bold red").append(printable(sentence))
    yield from _summary(fares, today)


def _dataset_line(each: DatasetHealth, today: date) -> Text:
    is_late = each.is_late(today)
    bad = is_late or each.unavailable
    line = Text("! " if bad else "= ", style="bold red" if bad else "dim")
    score = "  ? %" if each.score is None else f"{round(100 * each.score):3} %"
    line.append(score, style="bold").append(f"  {shown(each.dataset.metadata.title or '?')}")
    if each.beside:
        return line.append(tr("  {count} beside it", count=counted(len(each.resources), "file")))
    frequency = each.dataset.metadata.frequency or tr("no frequency")
    updated = f"{each.updated:%Y-%m-%d}" if each.updated else "?"
    line.append(
        tr(
            "  {files}, {frequency}, updated {updated}",
            files=counted(len(each.resources), "file"),
            frequency=frequency,
            updated=updated,
        )
    )
    if is_late:
        due = (
            tr(", announced for {next_update}", next_update=each.next_update)
            if each.next_update
            else ""
        )
        line.append(tr(": late{due}", due=due), style="bold red")
    if each.missing:
        line.append(tr("  without {fields}", fields=", ".join(each.missing)), style="dim")
    return line


def _resource_line(health: ResourceHealth) -> Text:
    title = shown(health.resource.metadata.title or health.resource.id)
    line = Text(f"      {title} ({health.resource.id}): ")
    if health.available is False:
        answered = tr(" (answered {status})", status=health.status) if health.status else ""
        line.append(tr("unavailable{answered}", answered=answered), style="bold red")
    for fault in health.faults:
        line.append(f"; {printable(fault)}" if health.available is False else printable(fault))
    if health.checked:
        line.append(tr(", seen {moment}", moment=printable(health.checked)), style="dim")
    return line


def _summary(fares: Fares, today: date) -> Iterator[Text]:
    resources = [each for dataset in fares.datasets for each in dataset.resources]
    gone = sum(len(each.unavailable) for each in fares.datasets)
    late = sum(each.is_late(today) for each in fares.datasets)
    untold = sum(not each.is_told for each in resources)
    yield Text(
        tr(
            "{datasets}, {files}: {gone} unavailable, {late} late{missing}.",
            datasets=counted(len(fares.datasets), "dataset"),
            files=counted(len(resources), "file"),
            gone=gone,
            late=counted(late, "dataset"),
            missing=tr(", {n} not there", n=len(fares.missing)) if fares.missing else "",
        ),
        style="bold",
    )
    if untold:
        yield Text(
            tr(
                "The portal says nothing of whether {untold} of the files can be had: it has no "
                "checker, or that has not come to them yet.",
                untold=untold,
            ),
            style="dim",
        )


# --- for programs -------------------------------------------------------------------------


def _document(fares: Fares, today: date) -> dict[str, Any]:
    return {
        "datasets": [
            {
                "id": each.dataset.id,
                "key": each.dataset.key,
                "title": each.dataset.metadata.title,
                "page": each.dataset.page or None,
                "beside": each.beside,
                "score": each.score,
                "missing": each.missing,
                "frequency": each.dataset.metadata.frequency,
                "updated": each.updated,
                "next_update": each.next_update,
                "late": each.is_late(today),
                "resources": [_resource(one) for one in each.resources],
            }
            for each in fares.datasets
        ],
        "not_there": fares.missing,
    }


def _resource(health: ResourceHealth) -> dict[str, Any]:
    return {
        "id": health.resource.id,
        "key": health.resource.key,
        "title": health.resource.metadata.title,
        "available": health.available,
        "status": health.status,
        "checked": health.checked,
        "faults": health.faults,
    }
