"""The commands, as typer sees them: options in, the work elsewhere, the exit code out."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from bulkpub.cli import options as o
from bulkpub.cli.publishing import publish
from bulkpub.cli.serving import demonstrate, serve
from bulkpub.cli.validating import validate as validate_manifests
from bulkpub.core.report import RunReport
from bulkpub.errors import SettingsInvalid
from bulkpub.manifest import json_schema
from bulkpub.pipeline import Verify
from bulkpub.portals.address import SANDBOX_PORT
from bulkpub.sandbox import SandboxSettings
from bulkpub.sandbox.faults import read_faults
from bulkpub.settings import Settings, add_env_file, api_key
from bulkpub.version import __version__

__all__ = ["app", "main"]

DEFAULTS = Settings()
EXIT_CODES = """
Exit codes: 0 all as wanted; 1 some files or datasets failed, the others are done; 2 the
manifest or the command line is wrong, nothing was sent; 3 the portal refuses (key, rights,
read-only); 4 stopped early, run again to go on; 130 interrupted, run again to go on.

The API key comes from BULKPUB_API_KEY or DATAGOUV_API_KEY, in the environment or in .env.
"""

app = typer.Typer(
    name="bulkpub",
    help="Publish open data in bulk to data.gouv.fr and to any udata portal.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # they show local variables, and a key may be among them
    add_completion=True,
)


def main() -> None:
    """Run the command line; a user's mistake ends in a sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show é must not end us
            stream.reconfigure(errors="backslashreplace")
    try:
        add_env_file(os.environ, Path(".env"))
        app()
    except SettingsInvalid as error:
        sys.stderr.write(f"bulkpub: {error}\n")
        raise SystemExit(2) from None


def _version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        typer.echo(f"bulkpub {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Publish open data in bulk to data.gouv.fr and to any udata portal."""


@app.command(epilog=EXIT_CODES)
def run(
    manifests: o.Manifests,
    *,
    portal: o.Portal = None,
    keep_going: o.KeepGoing = False,
    allow_mass_delete: o.AllowMassDelete = False,
    insecure: o.Insecure = False,
    ca_file: o.CaFile = None,
    state_dir: o.StateDir = None,
    concurrency: o.Concurrency = DEFAULTS.concurrency,
    uploads: o.Uploads = DEFAULTS.uploads,
    chunk_size: o.ChunkSize = DEFAULTS.chunk_size,
    chunk_above: o.ChunkAbove = DEFAULTS.chunk_above,
    timeout: o.Timeout = DEFAULTS.timeout,
    retries: o.Retries = DEFAULTS.retries,
    quota_reserve: o.QuotaReserve = DEFAULTS.quota_reserve,
    max_wait: o.MaxWait = DEFAULTS.max_wait,
    give_up_after: o.GiveUpAfter = DEFAULTS.give_up_after,
    header_limit: o.HeaderLimit = DEFAULTS.header_limit,
    header_remaining: o.HeaderRemaining = DEFAULTS.header_remaining,
    header_reset: o.HeaderReset = DEFAULTS.header_reset,
    report: o.ReportFile = "bulkpub-report.json",
    log_format: o.LogFormat = "human",
    verbose: o.Verbose = 0,
    quiet: o.Quiet = False,
) -> None:
    """Make the portal what the manifest says: observe, plan, publish, report."""
    settings = Settings(
        portal=portal,
        key=api_key(os.environ),
        insecure=insecure,
        ca_file=ca_file,
        state_dir=state_dir,
        keep_going=keep_going,
        allow_mass_delete=allow_mass_delete,
        concurrency=concurrency,
        uploads=uploads,
        chunk_size=chunk_size,
        chunk_above=chunk_above,
        timeout=timeout,
        retries=retries,
        quota_reserve=quota_reserve,
        max_wait=max_wait,
        give_up_after=give_up_after,
        header_limit=header_limit,
        header_remaining=header_remaining,
        header_reset=header_reset,
    )
    raise typer.Exit(
        publish(
            manifests,
            settings,
            dry_run=False,
            report_file=report,
            log_format=log_format,
            verbose=verbose,
            quiet=quiet,
        )
    )


@app.command(epilog=EXIT_CODES)
def plan(
    manifests: o.Manifests,
    *,
    portal: o.Portal = None,
    keep_going: o.KeepGoing = False,
    allow_mass_delete: o.AllowMassDelete = False,
    insecure: o.Insecure = False,
    ca_file: o.CaFile = None,
    state_dir: o.StateDir = None,
    concurrency: o.Concurrency = DEFAULTS.concurrency,
    timeout: o.Timeout = DEFAULTS.timeout,
    retries: o.Retries = DEFAULTS.retries,
    quota_reserve: o.QuotaReserve = DEFAULTS.quota_reserve,
    max_wait: o.MaxWait = DEFAULTS.max_wait,
    give_up_after: o.GiveUpAfter = DEFAULTS.give_up_after,
    header_limit: o.HeaderLimit = DEFAULTS.header_limit,
    header_remaining: o.HeaderRemaining = DEFAULTS.header_remaining,
    header_reset: o.HeaderReset = DEFAULTS.header_reset,
    report: o.ReportFile = "",
    log_format: o.LogFormat = "human",
    verbose: o.Verbose = 0,
    quiet: o.Quiet = False,
) -> None:
    """Show what `run` would do, without a single write."""
    settings = Settings(
        portal=portal,
        key=api_key(os.environ),
        insecure=insecure,
        ca_file=ca_file,
        state_dir=state_dir,
        keep_going=keep_going,
        allow_mass_delete=allow_mass_delete,
        concurrency=concurrency,
        timeout=timeout,
        retries=retries,
        quota_reserve=quota_reserve,
        max_wait=max_wait,
        give_up_after=give_up_after,
        header_limit=header_limit,
        header_remaining=header_remaining,
        header_reset=header_reset,
    )
    raise typer.Exit(
        publish(
            manifests,
            settings,
            dry_run=True,
            report_file=report or None,
            log_format=log_format,
            verbose=verbose,
            quiet=quiet,
        )
    )


@app.command(epilog=EXIT_CODES)
def verify(
    manifests: o.Manifests,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare the portal's checksums, download nothing.")
    ] = False,
    portal: o.Portal = None,
    keep_going: o.KeepGoing = False,
    insecure: o.Insecure = False,
    ca_file: o.CaFile = None,
    state_dir: o.StateDir = None,
    concurrency: o.Concurrency = DEFAULTS.concurrency,
    timeout: o.Timeout = DEFAULTS.timeout,
    retries: o.Retries = DEFAULTS.retries,
    report: o.ReportFile = "",
    log_format: o.LogFormat = "human",
    verbose: o.Verbose = 0,
    quiet: o.Quiet = False,
) -> None:
    """Compare everything published with the manifest and its files, without a single write."""
    settings = Settings(
        portal=portal,
        key=api_key(os.environ),
        insecure=insecure,
        ca_file=ca_file,
        state_dir=state_dir,
        keep_going=keep_going,
        concurrency=concurrency,
        timeout=timeout,
        retries=retries,
    )
    raise typer.Exit(
        publish(
            manifests,
            settings,
            dry_run=True,
            verify=Verify.QUICK if quick else Verify.FULL,
            report_file=report or None,
            log_format=log_format,
            verbose=verbose,
            quiet=quiet,
        )
    )


@app.command()
def validate(manifests: o.Manifests) -> None:
    """Check manifests and the files they name, offline; every problem at once."""
    raise typer.Exit(validate_manifests(manifests))


@app.command()
def schema(
    *,
    report: Annotated[
        bool, typer.Option("--report", help="The report's schema instead of the manifest's.")
    ] = False,
) -> None:
    """Print the JSON Schema of the manifest, for editors."""
    shown = report_schema() if report else json_schema()
    typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


@app.command()
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
    read_only: Annotated[bool, typer.Option(help="Refuse writes, as in a maintenance.")] = False,
    faults: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="A script of what shall go wrong, in YAML or JSON."),
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option(help="Listen beyond this machine, with keys that everybody knows.")
    ] = False,
) -> None:
    """Serve the embedded portal until stopped."""
    settings = SandboxSettings(
        host=host,
        port=port,
        data_dir=data_dir,
        rate_limit=rate_limit,
        latency=latency,
        read_only=read_only,
        allow_remote=allow_remote,
        faults=None if faults is None else read_faults(faults),
    )
    raise typer.Exit(serve(settings))


@app.command()
def demo(
    *,
    report: o.ReportFile = "bulkpub-report.json",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The portal's port; 0 takes a free one.")
    ] = 0,
) -> None:
    """Start the embedded portal, publish a manifest of real data to it, twice, and show it."""
    raise typer.Exit(demonstrate(report_file=report, port=port))


def report_schema() -> dict[str, object]:
    """The JSON Schema of the report, made from the values it is written from."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - 0.2 s that only this command needs

    schema: dict[str, object] = TypeAdapter(RunReport).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bulkpub report",
    }
