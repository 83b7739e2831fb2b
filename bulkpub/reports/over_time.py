"""When what happened in a run, as figures to be drawn: pure.

The rule: time is cut into spans of one round length, from the run's start to its end. What a
report has at no time, or at an impossible one, is counted at the nearest end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bulkpub.core.names import extension_of
from bulkpub.core.outcome import ResourceOutcome, ResourceStatus
from bulkpub.core.report import Moment, RunReport

__all__ = ["UNKNOWN", "Course", "FormatSize", "course_of", "formats_of"]

MOST = 40
"""Spans at most."""
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_ROUND = (
    *(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY),
)
"""Lengths of a span, in seconds."""

UNKNOWN = "?"
"""The format of a file whose name does not tell."""
_LONGEST_FORMAT = 12


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in each span of `span_s` seconds, from the start of the run.

    `uploads` are files by what became of them, counted when they began to be sent; `rates` bytes a
    second; `requests` how many were sent; `quota` what was left of it at the end of each span, None
    where that is not known, by the name of the destination (empty, of a run that has one). Each has
    one figure a span, or is empty when the report has none.
    """

    span_s: float
    spans: int
    uploads: dict[ResourceStatus, list[int]]
    rates: list[float]
    requests: list[float]
    quota: dict[str, list[int | None]]

    @property
    def sent(self) -> int:
        """How many files were sent, or tried to be."""
        return sum(map(sum, self.uploads.values()))


def course_of(report: RunReport) -> Course:
    """The course of the run that `report` tells of."""
    length = max(report.run.duration_s, _ROUND[0])
    # A run of many days has spans of whole days.
    span = next((each for each in _ROUND if length <= each * MOST), 0.0)
    span = span or _DAY * -(-length // (_DAY * MOST))
    spans = max(1, min(MOST, int(-(-length // span))))
    uploads: dict[ResourceStatus, list[int]] = {}
    rates = [0.0] * spans
    began = report.run.started_at
    for resource in _sent(report):
        assert resource.sent_at is not None  # noqa: S101 - see `_sent`
        after = _within((resource.sent_at - began).total_seconds(), length)
        counts = uploads.setdefault(resource.status, [0] * spans)
        counts[min(spans - 1, int(after // span))] += 1
        if resource.status in _ARRIVED and resource.size:
            until = _within(after + resource.duration_s, length)
            _spread(rates, span, after, until, resource.size)
    timelines = {each.name: each.timeline for each in report.run.destinations}
    timelines = timelines or {"": report.timeline}
    requests = [_requests(each, span, spans) for each in timelines.values() if each]
    quotas = {name: _quota(each, span, spans) for name, each in timelines.items()}
    return Course(
        span,
        spans,
        uploads,
        [size / span for size in rates] if uploads else [],
        [sum(each) for each in zip(*requests, strict=True)],
        {name: quota for name, quota in quotas.items() if quota},
    )


_ARRIVED = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})


def _sent(report: RunReport) -> Iterable[ResourceOutcome]:
    """What was sent, and when is told: an older report does not."""
    for dataset in report.datasets:
        for resource in dataset.resources:
            if resource.sent_at is not None:
                yield resource


def _within(seconds: float, length: float) -> float:
    return min(max(0.0, seconds), length)


def _spread(sizes: list[float], span: float, begin: float, end: float, size: int) -> None:
    """Add `size` to the spans from `begin` to `end` (seconds), evenly."""
    last = len(sizes) - 1
    first, until = min(last, int(begin // span)), min(last, int(end // span))
    if first == until or end <= begin:
        sizes[first] += size
        return
    for number in range(first, until + 1):
        share = min(end, (number + 1) * span) - max(begin, number * span)
        if number == last:  # the last span is as long as what is left
            share = end - max(begin, number * span)
        sizes[number] += size * max(0.0, share) / (end - begin)


def _requests(moments: Sequence[Moment], span: float, spans: int) -> list[float]:
    ends = [_requests_until(moments, span * (number + 1)) for number in range(spans)]
    ends[-1] = float(moments[-1].requests)
    return [max(0.0, after - before) for before, after in pairwise([0.0, *ends])]


def _requests_until(moments: Sequence[Moment], after_s: float) -> float:
    """How many were sent until then, evenly between two moments."""
    before = Moment(0.0, 0)
    for each in moments:
        if each.after_s >= after_s:
            width = each.after_s - before.after_s
            share = (after_s - before.after_s) / width if width > 0 else 1.0
            return before.requests + share * (each.requests - before.requests)
        before = each
    return float(before.requests)


def _quota(moments: Sequence[Moment], span: float, spans: int) -> list[int | None]:
    if all(each.remaining is None for each in moments):
        return []
    found: list[int | None] = []
    for number in range(spans):
        until = span * (number + 1)
        known = [
            each.remaining
            for each in moments
            if each.remaining is not None and (each.after_s <= until or number == spans - 1)
        ]
        found.append(known[-1] if known else None)
    return found


# --- formats ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FormatSize:
    """The files of one format: how many, and how many bytes in all."""

    name: str
    files: int
    size: int


def formats_of(report: RunReport, most: int = 10) -> list[FormatSize]:
    """The formats of the files that are published, the largest first; beyond `most`, as one.

    What is deleted does not count, nor what has no size.
    """
    files: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for dataset in report.datasets:
        for resource in dataset.resources:
            if resource.size is None or resource.status is ResourceStatus.DELETED:
                continue
            name = format_of(resource)
            files[name] = files.get(name, 0) + 1
            sizes[name] = sizes.get(name, 0) + resource.size
    found = sorted((FormatSize(name, files[name], sizes[name]) for name in files), key=_by_size)
    if len(found) <= most:
        return found
    rest = found[most - 1 :]
    others = FormatSize("others", sum(r.files for r in rest), sum(r.size for r in rest))
    return [*found[: most - 1], others]


def _by_size(each: FormatSize) -> tuple[int, str]:
    return -each.size, each.name


def format_of(resource: ResourceOutcome) -> str:
    """What its name, its source's or its address ends with, in plain letters; or `UNKNOWN`."""
    for name in (resource.source, resource.url, resource.title):
        last = (name or "").partition("?")[0].partition("#")[0].rpartition("/")[2]
        if (extension := extension_of(last)) and len(extension) <= _LONGEST_FORMAT:
            return extension
    return UNKNOWN
