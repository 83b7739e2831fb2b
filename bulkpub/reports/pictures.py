"""How a run went, as the pictures on its page: each with a sentence that says the same."""

from collections.abc import Iterator
from html import escape

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.language import tr, tr_n
from bulkpub.observers.text import bytes_text, rate_text, shown
from bulkpub.reports.charts import bars, lines, lying_bars
from bulkpub.reports.over_time import Course, course_of, formats_of
from bulkpub.reports.verdict import status_word

__all__ = ["pictures_of"]

_STATUSES = (
    *(ResourceStatus.CREATED, ResourceStatus.REPLACED, ResourceStatus.FAILED),
    *(ResourceStatus.PENDING,),
)
"""Those that a file that was sent can have, from the bottom of the columns to their top."""


def pictures_of(report: RunReport) -> Iterator[str]:
    """The section of the page; nothing when there is nothing to draw."""
    course = course_of(report)
    drawn = [*_uploads(course), *_requests(course, report), *_formats(report)]
    if drawn:
        yield f'<section aria-labelledby="course"><h2 id="course">{escape(tr("How it went"))}</h2>'
        yield f'<div class="charts">{"".join(drawn)}</div>'
        if report.totals.bytes.uploaded and not course.sent:
            older = tr(
                "When each file was sent is not in this report: it was written by an older bulkpub."
            )
            yield f'<p class="quiet">{escape(older)}</p>'
        yield "</section>\n"


def _uploads(course: Course) -> Iterator[str]:
    labels, span = _labels(course), _after(course.span_s)
    if course.sent:
        uploads = [
            (status.value, f"is-{status.value}", course.uploads[status])
            for status in _STATUSES
            if status in course.uploads
        ]
        rest = [n for s, n in course.uploads.items() if s not in _STATUSES]
        if rest:
            uploads.append(("other", "is-other", [sum(each) for each in zip(*rest, strict=True)]))
        caption = tr_n(
            "Uploads: {n:,} file, counted when it began; a column is {span}.",
            "Uploads: {n:,} files, counted when they began; a column is {span}.",
            course.sent,
            span=span,
        )
        legend = "".join(
            f'<li><span class="status is-{name}">{escape(_word(name))}</span></li>'
            for name, _, _ in uploads
        )
        drawn = f'{bars(uploads, labels, caption, _whole)}<ul class="legend">{legend}</ul>'
        yield _figure(drawn, caption)
    if most := max(course.rates, default=0.0):
        caption = tr(
            "Throughput: at most {rate}; a column is the average of {span}.",
            rate=rate_text(most),
            span=span,
        )
        drawn = bars([("", "is-size", course.rates)], labels, caption, _rate)
        yield _figure(drawn, caption)


def _requests(course: Course, report: RunReport) -> Iterator[str]:
    labels = _labels(course)
    if course.requests:
        caption = tr_n(
            "Requests: {n:,} request; a column is {span}.",
            "Requests: {n:,} requests; a column is {span}.",
            report.totals.requests.total,
            span=_after(course.span_s),
        )
        drawn = bars([("", "is-requests", course.requests)], labels, caption, _whole)
        yield _figure(drawn, caption)
    limits = {each.name: each.rate_limit.limit for each in report.run.destinations}
    for name, quota in course.quota.items():
        limit = limits.get(name, report.rate_limit.limit)
        caption = tr("Quota: how many requests were left of it.")
        if limit is not None:
            caption = tr("Quota: how many of {n:,} requests were left.", n=limit)
        if name:
            caption = f"{shown(name)} — {caption}"
        drawn = lines([("", "is-quota", quota)], labels, caption, _whole)
        yield _figure(drawn, caption)


def _formats(report: RunReport) -> Iterator[str]:
    formats = formats_of(report)
    if formats:
        names = [tr("{name} ({n:,})", name=each.name, n=each.files) for each in formats]
        caption = tr(
            "Sizes by format: {size} in all, with the number of files in brackets.",
            size=bytes_text(sum(each.size for each in formats)),
        )
        sizes = [each.size for each in formats]
        yield _figure(lying_bars([("", "is-size", sizes)], names, caption, _size), caption)


def _word(status: str) -> str:
    return tr("other") if status == "other" else status_word(status)


def _labels(course: Course) -> list[str]:
    return [_after(course.span_s * number) for number in range(course.spans)]


def _size(value: float) -> str:
    """A round size, short enough to stand beside an axis."""
    return bytes_text(value).replace(".0 ", " ")


def _rate(value: float) -> str:
    """Likewise, a round speed."""
    return rate_text(value).replace(".0 ", " ")


def _whole(value: float) -> str:
    return tr("{n:,}", n=round(value))


def _after(seconds: float) -> str:
    """A time since the start, short enough to stand under a chart: `45 s`, `1:30`, `2 h 05`."""
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return tr("{seconds:g} s", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_of = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of:02}"
    return f"{minutes}:{rest:02} min" if rest else f"{minutes} min"


def _figure(drawn: str, caption: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawn}</figure>\n"
