"""The commands that talk to a portal: run, plan, verify, migrate.

Their options are those of `options.py`; typer learns them from the signatures, and a command
takes them together from its context, so that none can be forgotten on the way.
"""

import os
from dataclasses import fields
from functools import partial
from typing import Annotated

import typer

import bulkpub
from bulkpub.cli import options as o
from bulkpub.cli.publishing import Job, carry_out
from bulkpub.cli.settings import Settings, api_key
from bulkpub.errors import SettingsInvalid
from bulkpub.pipeline import Verify

__all__ = ["migrate", "plan", "run", "verify"]

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
    spool_dir: o.SpoolDir = None,
    spool_size: o.SpoolSize = DEFAULTS.spool_size,
    allow_private_sources: o.AllowPrivateSources = False,
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
    allow_private_sources: o.AllowPrivateSources = False,
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
    spool_dir: o.SpoolDir = None,
    spool_size: o.SpoolSize = DEFAULTS.spool_size,
    allow_private_sources: o.AllowPrivateSources = False,
    report: o.ReportFile = "",
    log_format: o.LogFormat = "human",
    verbose: o.Verbose = 0,
    quiet: o.Quiet = False,
) -> None:
    """Compare everything published with the manifest and its files, without a single write."""
    how = Verify.QUICK if quick else Verify.FULL
    raise typer.Exit(_publish(ctx, dry_run=True, verify=how))


def migrate(
    ctx: typer.Context,
    *,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ORG", help="All datasets of this id or slug."),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option("--dataset", metavar="ID", help="This dataset; can be given several times."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be moved, without a single write.")
    ] = False,
    portal: o.Portal = None,
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
    spool_dir: o.SpoolDir = None,
    spool_size: o.SpoolSize = DEFAULTS.spool_size,
    allow_private_sources: o.AllowPrivateSources = False,
    header_limit: o.HeaderLimit = DEFAULTS.header_limit,
    header_remaining: o.HeaderRemaining = DEFAULTS.header_remaining,
    header_reset: o.HeaderReset = DEFAULTS.header_reset,
    report: o.ReportFile = "bulkpub-report.json",
    log_format: o.LogFormat = "human",
    verbose: o.Verbose = 0,
    quiet: o.Quiet = False,
) -> None:
    """Host on the portal, in place, the files that its datasets only point to.

    Ids, permalinks, titles and order stay, and the old address is kept. What cannot be fetched
    stays as it is (exit code 1); an API or a page is left alone.
    """
    if not (organization or dataset):
        raise SettingsInvalid("say what to migrate: --organization ORG, or --dataset ID")
    job = partial(bulkpub.migrate, organization=organization, datasets=tuple(dataset or ()))
    raise typer.Exit(_carry_out(ctx, job, dry_run=dry_run))


def _publish(ctx: typer.Context, *, dry_run: bool, verify: Verify = Verify.NO) -> int:
    job = partial(bulkpub.publish, [str(path) for path in ctx.params["manifests"]])
    return _carry_out(ctx, job, dry_run=dry_run, verify=verify)


def _carry_out(ctx: typer.Context, job: Job, *, dry_run: bool, verify: Verify = Verify.NO) -> int:
    told = ctx.params
    given = {field.name: told[field.name] for field in fields(Settings) if field.name in told}
    return carry_out(
        job,
        Settings(key=api_key(os.environ), **given),
        dry_run=dry_run,
        verify=verify,
        report_file=told["report"] or None,
        log_format=told["log_format"],
        verbose=told["verbose"],
        quiet=told["quiet"],
    )
