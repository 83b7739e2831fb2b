"""How a run went, in one sentence and a few figures: the same words on every page of it.

The rule: every sentence is whole, and all are in the language that is spoken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.outcome import status_count
from bulkpub.core.report import RateLimit, RunInfo, RunReport, Totals
from bulkpub.language import in_language, say, tr, tr_n
from bulkpub.observers.text import bytes_text, duration_text, moment_text, shown

__all__ = ["Figure", "figures_of", "moment_of", "status_word", "title_of", "tone_of", "verdict_of"]

_SENTENCES: Mapping[int, str] = {
    ExitCode.DONE: say("Everything is as wanted."),
    ExitCode.SOME_FAILED: say("Done, but not everything is as wanted."),
    ExitCode.WRONG: say("Nothing was sent: the manifest or a setting is wrong."),
    ExitCode.REFUSED: say("The portal refuses."),
    ExitCode.STOPPED_EARLY: say("Stopped early; the same command goes on from there."),
    ExitCode.INTERRUPTED: say("Interrupted; the same command goes on from there."),
}
_FINE = frozenset({ExitCode.DONE, ExitCode.CHANGES})
_RESUMABLE = frozenset({ExitCode.STOPPED_EARLY, ExitCode.INTERRUPTED})
_FAR_S = 1e9
"""A moment so far away is told with its day."""

_STATUSES: Mapping[str, str] = {
    "created": say("created"),
    "updated": say("updated"),
    "replaced": say("replaced"),
    "described": say("described"),
    "adopted": say("adopted"),
    "unchanged": say("unchanged"),
    "deleted": say("deleted"),
    "failed": say("failed"),
    "pending": say("pending"),
}


def status_word(status: str) -> str:
    """What became of a dataset or a file, in a word."""
    return in_language(_STATUSES.get(status, status))


def verdict_of(run: RunInfo, totals: Totals) -> str:
    """How the run went, in one sentence."""
    counts = {**asdict(totals.datasets), "files": 0}
    files = asdict(totals.resources)
    same = counts.pop("unchanged"), files.pop("unchanged")
    if run.exit_code == ExitCode.DONE and not any(counts.values()) and not any(files.values()):
        return tr(
            "Nothing to do: {datasets} and {files} are as wanted.",
            datasets=tr_n("{n:,} dataset", "{n:,} datasets", same[0]),
            files=tr_n("{n:,} file", "{n:,} files", same[1]),
        )
    if run.exit_code in _FINE and run.dry_run:
        return tr("Nothing was sent: this was a look without a single write.")
    if run.exit_code == ExitCode.SOME_FAILED and run.dry_run:
        return tr("Nothing was sent, and not everything is as wanted.")
    if run.exit_code in _SENTENCES:
        return in_language(_SENTENCES[run.exit_code])
    return tr("It ended with exit code {code}.", code=run.exit_code)


def tone_of(run: RunInfo) -> str:
    """`good`, `warn` (it goes on from there) or `bad`."""
    if run.exit_code in _FINE:
        return "good"
    return "warn" if run.exit_code in _RESUMABLE else "bad"


def title_of(run: RunInfo) -> str:
    """What a report is called: by its portal, and the moment at which the run began."""
    if not run.portal:
        return tr("Report, {moment}", moment=moment_of(run))
    return tr("Report for {portal}, {moment}", portal=shown(run.portal), moment=moment_of(run))


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
    totals = report.totals
    datasets, files = asdict(totals.datasets), asdict(totals.resources)
    found = [
        Figure(tr("Files"), tr("{n:,}", n=sum(files.values())), _by_status(files)),
        Figure(tr("Datasets"), tr("{n:,}", n=sum(datasets.values())), _by_status(datasets)),
        Figure(tr("Sent"), bytes_text(totals.bytes.uploaded), (*_spared(totals),)),
        Figure(tr("Requests"), tr("{n:,}", n=totals.requests.total), (*_repeated(totals),)),
        Figure(tr("Time"), duration_text(report.run.duration_s), (*_waited(totals),)),
    ]
    left_out = totals.left_out
    if left_out.resources or left_out.datasets:
        whole = tr_n("{n:,} whole dataset", "{n:,} whole datasets", left_out.datasets)
        found.append(
            Figure(tr("Left out"), tr_n("{n:,} file", "{n:,} files", left_out.resources), (whole,))
        )
    # Of several destinations each has its own, which a single figure would hide.
    if report.rate_limit.remaining is not None and not report.run.destinations:
        left = tr("{n:,}", n=report.rate_limit.remaining)
        found.append(Figure(tr("Quota left"), left, (*_quota(report.rate_limit),)))
    return found


def _by_status(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        in_language(status_count(status, number)) for status, number in counts.items() if number
    )


def _spared(totals: Totals) -> Iterator[str]:
    if totals.bytes.spared:
        yield tr("{size} were there already", size=bytes_text(totals.bytes.spared))


def _repeated(totals: Totals) -> Iterator[str]:
    requests = totals.requests
    if requests.retried:
        yield tr("{n:,} sent again", n=requests.retried)
    if requests.rate_limited:
        yield tr("{n:,} refused by the rate limit", n=requests.rate_limited)


def _waited(totals: Totals) -> Iterator[str]:
    waited = totals.waited_s
    if waited.quota:
        yield tr("{time} waiting for the quota", time=duration_text(waited.quota))
    if waited.backoff:
        yield tr("{time} waiting after failures", time=duration_text(waited.backoff))


def _quota(quota: RateLimit) -> Iterator[str]:
    if quota.limit is not None:
        yield tr("of {n:,} requests", n=quota.limit)
    if quota.reset_at is not None:
        yield tr("until {moment}", moment=moment_text(quota.reset_at, _FAR_S))
