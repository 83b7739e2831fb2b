"""How a run went, in one sentence and a few figures: the same words on every page of it.

The rule: every sentence is whole, so that each can be translated as a whole.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.report import RunInfo, RunReport, Totals
from bulkpub.observers.text import (
    bytes_text,
    counted,
    duration_text,
    moment_text,
    printable,
    shown,
)

__all__ = ["Figure", "figures_of", "moment_of", "title_of", "tone_of", "verdict_of"]

_SENTENCES: Mapping[int, str] = {
    ExitCode.DONE: "Everything is as wanted.",
    ExitCode.SOME_FAILED: "Done, but not everything is as wanted.",
    ExitCode.WRONG: "Nothing was sent: the manifest or a setting is wrong.",
    ExitCode.REFUSED: "The portal refuses.",
    ExitCode.STOPPED_EARLY: "Stopped early; the same command goes on from there.",
    ExitCode.INTERRUPTED: "Interrupted; the same command goes on from there.",
}
_FINE = frozenset({ExitCode.DONE, ExitCode.CHANGES})
_RESUMABLE = frozenset({ExitCode.STOPPED_EARLY, ExitCode.INTERRUPTED})
_FAR_S = 1e9
"""A moment so far away is told with its day."""


def verdict_of(run: RunInfo, totals: Totals) -> str:
    """How the run went, in one sentence."""
    counts = {**asdict(totals.datasets), "files": 0}
    files = asdict(totals.resources)
    same = counts.pop("unchanged"), files.pop("unchanged")
    if run.exit_code == ExitCode.DONE and not any(counts.values()) and not any(files.values()):
        datasets, all_files = counted(same[0], "dataset"), counted(same[1], "file")
        return f"Nothing to do: {datasets} and {all_files} are as wanted."
    if run.exit_code in _FINE and run.dry_run:
        return "Nothing was sent: this was a look without a single write."
    return _SENTENCES.get(run.exit_code, f"It ended with exit code {run.exit_code}.")


def tone_of(run: RunInfo) -> str:
    """`good`, `warn` (it goes on from there) or `bad`."""
    if run.exit_code in _FINE:
        return "good"
    return "warn" if run.exit_code in _RESUMABLE else "bad"


def title_of(run: RunInfo) -> str:
    """What a report is called: by its portal, and the moment at which the run began."""
    return f"Report for {shown(run.portal or 'no portal')}, {moment_of(run)}"


def moment_of(run: RunInfo) -> str:
    """When it began."""
    return moment_text(run.started_at, _FAR_S)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is told of every run: its name, its value, and what makes it up."""

    name: str
    value: str
    details: tuple[str, ...] = ()


def figures_of(report: RunReport) -> list[Figure]:
    """The run in figures; those of which there is nothing to tell are left out."""
    totals, quota = report.totals, report.rate_limit
    datasets, files = asdict(totals.datasets), asdict(totals.resources)
    requests, waited = totals.requests, totals.waited_s
    found = [
        Figure("Files", f"{sum(files.values()):,}", _by_status(files)),
        Figure("Datasets", f"{sum(datasets.values()):,}", _by_status(datasets)),
        Figure(
            "Sent",
            bytes_text(totals.bytes.uploaded),
            _told((totals.bytes.spared, f"{bytes_text(totals.bytes.spared)} were there already")),
        ),
        Figure(
            "Requests",
            f"{requests.total:,}",
            _told(
                (requests.retried, f"{requests.retried:,} sent again"),
                (requests.rate_limited, f"{requests.rate_limited:,} refused by the rate limit"),
            ),
        ),
        Figure(
            "Time",
            duration_text(report.run.duration_s),
            _told(
                (waited.quota, f"{duration_text(waited.quota)} waiting for the quota"),
                (waited.backoff, f"{duration_text(waited.backoff)} waiting after failures"),
            ),
        ),
    ]
    left_out = totals.left_out
    if left_out.resources or left_out.datasets:
        whole = counted(left_out.datasets, "whole dataset")
        found.append(Figure("Left out", counted(left_out.resources, "file"), (whole,)))
    if quota.remaining is not None:
        limit = f"of {quota.limit:,} requests" if quota.limit is not None else "requests"
        until = quota.reset_at and f"until {moment_text(quota.reset_at, _FAR_S)}"
        details = tuple(each for each in (limit, until) if each)
        found.append(Figure("Quota left", f"{quota.remaining:,}", details))
    return found


def _by_status(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{number:,} {printable(status)}" for status, number in counts.items() if number)


def _told(*each: tuple[float, str]) -> tuple[str, ...]:
    return tuple(words for figure, words in each if figure)
