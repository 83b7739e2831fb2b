"""From settings to a run, a report and an exit code."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Literal

import anyio
import platformdirs
from rich.console import Console

from bulkpub.cli.interrupts import interruptible
from bulkpub.cli.render import render_problems, render_summary
from bulkpub.cli.render_plan import render_plan
from bulkpub.cli.report_file import STDOUT, ReportLost, check_report_path, write_report
from bulkpub.cli.settings import Settings
from bulkpub.cli.watching import watching
from bulkpub.core.report import RunReport
from bulkpub.http.gate import GateLimits
from bulkpub.http.pace import quota_wait
from bulkpub.http.retry import RetryPolicy
from bulkpub.http.signals import RateHeaders
from bulkpub.observers import Observer
from bulkpub.observers.console import SteadyConsole
from bulkpub.pipeline import RunOptions, Verify
from bulkpub.session.library import Connection, Sources

__all__ = ["Job", "carry_out", "connection_of", "options_of", "sources_of"]


Job = Callable[..., Awaitable[RunReport]]
"""`bulkpub.publish` with its manifests, or `bulkpub.migrate` with what to migrate."""


def carry_out(
    job: Job,
    settings: Settings,
    *,
    dry_run: bool,
    verify: Verify = Verify.NO,
    report_file: str | None,
    log_format: Literal["human", "json"],
    verbose: int,
    quiet: bool,
) -> int:
    """Run, plan, verify or migrate; returns the exit code.

    Raises `SettingsInvalid` when the report could not be written where it is wanted: that is
    found out before anything is sent.
    """
    if report_file is not None:
        check_report_path(report_file)
    options = replace(options_of(settings), dry_run=dry_run, verify=verify)
    with watching(log_format=log_format, verbose=verbose, quiet=quiet) as observers:
        report = anyio.run(_carry_out, job, settings, observers, options)
    planned = dry_run and verify is Verify.NO
    return tell(report, report_file, planned=planned, quota_reserve=settings.quota_reserve)


async def _carry_out(
    job: Job, settings: Settings, observers: Sequence[Observer], options: RunOptions
) -> RunReport:
    return await job(
        connection=connection_of(settings),
        sources=sources_of(settings),
        options=options,
        observers=observers,
        interruptible=interruptible,
        state_dir=settings.state_dir or platformdirs.user_state_path("bulkpub", appauthor=False),
    )


def tell(
    report: RunReport,
    report_file: str | None,
    *,
    planned: bool = False,
    quota_reserve: float = 0.0,
) -> int:
    """Write the report, print the summary, and return the exit code."""
    errors = SteadyConsole(stderr=True, highlight=False, soft_wrap=True)
    results = errors if report_file == STDOUT else SteadyConsole(highlight=False, soft_wrap=True)
    code = report.run.exit_code
    if report.run.problems:
        render_problems(report.run.problems, errors)
    try:
        if report_file is not None:
            write_report(report, report_file)
    except ReportLost as lost:
        errors.print(f"bulkpub: {lost}", markup=False)
        report_file, code = None, code or 1
    try:
        wait_s = _quota_wait(report, quota_reserve) if planned else None
        _print_results(report, report_file, results, wait_s)
    except OSError as error:  # a disk that is full; a broken pipe has silenced the console
        errors.print(f"bulkpub: the results could not be printed: {error.strerror}", markup=False)
        # What is still buffered would fail once more, with exit code 120, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    return code


def _print_results(
    report: RunReport, report_file: str | None, results: Console, wait_s: float | None
) -> None:
    """The plan, which waits `wait_s` seconds for the quota; None: the summary of a run."""
    if wait_s is not None and report.datasets:
        requests = report.totals.requests.planned
        render_plan(report, results, requests=requests, quota_wait_s=wait_s)
    else:
        shown = None if report_file == STDOUT else report_file
        render_summary(report, results, report_path=shown)


def _quota_wait(report: RunReport, reserve: float) -> float:
    quota = report.rate_limit
    reset_in = (quota.reset_at - report.run.finished_at).total_seconds() if quota.reset_at else None
    return quota_wait(
        report.totals.requests.planned,
        limit=quota.limit,
        remaining=quota.remaining,
        reset_in=reset_in,
        reserve_share=reserve,
    )


def connection_of(settings: Settings) -> Connection:
    """How to reach the portal."""
    return Connection(
        portal=settings.portal,
        key=settings.key,
        insecure=settings.insecure,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        patience_s=settings.timeout,
        retry=RetryPolicy(attempts=settings.retries + 1),
        limits=GateLimits(
            max_wait=settings.max_wait,
            give_up_after=settings.give_up_after,
            quota_reserve=settings.quota_reserve,
        ),
        rate_headers=RateHeaders(
            settings.header_limit, settings.header_remaining, settings.header_reset
        ),
    )


def sources_of(settings: Settings) -> Sources:
    """How to fetch files from elsewhere."""
    return Sources(
        spool_dir=settings.spool_dir,
        spool_size=settings.spool_size,
        allow_private=settings.allow_private_sources,
    )


def options_of(settings: Settings) -> RunOptions:
    """How to go about the run."""
    return RunOptions(
        keep_going=settings.keep_going,
        allow_mass_delete=settings.allow_mass_delete,
        concurrency=settings.concurrency,
        uploads=settings.uploads,
        chunk_size=settings.chunk_size,
        chunk_above=settings.chunk_above,
    )
