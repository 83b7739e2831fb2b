"""The commands that talk to a portal: run, plan, verify.

Their options are those of `options.py`; typer learns them from the signatures, and a command
takes them together from its context, so that none can be forgotten on the way.
"""

import os
from dataclasses import fields
from typing import Annotated

import typer

from bulkpub.cli import options as o
from bulkpub.cli.publishing import publish
from bulkpub.pipeline import Verify
from bulkpub.settings import Settings, api_key

__all__ = ["plan", "run", "verify"]

DEFAULTS = Settings()


def run(
    ctx: typer.Context,
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
    raise typer.Exit(_publish(ctx, dry_run=False))


def plan(
    ctx: typer.Context,
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
    raise typer.Exit(_publish(ctx, dry_run=True))


def verify(
    ctx: typer.Context,
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
    how = Verify.QUICK if quick else Verify.FULL
    raise typer.Exit(_publish(ctx, dry_run=True, verify=how))


def _publish(ctx: typer.Context, *, dry_run: bool, verify: Verify = Verify.NO) -> int:
    told = ctx.params
    given = {field.name: told[field.name] for field in fields(Settings) if field.name in told}
    return publish(
        told["manifests"],
        Settings(key=api_key(os.environ), **given),
        dry_run=dry_run,
        verify=verify,
        report_file=told["report"] or None,
        log_format=told["log_format"],
        verbose=told["verbose"],
        quiet=told["quiet"],
    )
