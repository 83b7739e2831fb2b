"""The report as one page: a file that needs no network and no server, and runs nobody's script.

The rule: what comes from the report stands on the page as text (`_text`), as an address of the web
that was checked (`_link`), or as JSON in which nothing ends an element (`table.as_json`). The
policy that the page declares allows its own style and script, by their checksums, and nothing else.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from itertools import islice

from bulkpub.core.failures import Cause, Failure, causes
from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.observers.text import bytes_text, counted, duration_text, printable, rate_text, shown
from bulkpub.reports.charts import bars, lines, lying_bars
from bulkpub.reports.over_time import Course, course_of, formats_of
from bulkpub.reports.table import as_json, table_of, touched, web_address
from bulkpub.reports.verdict import figures_of, moment_of, title_of, tone_of, verdict_of

__all__ = ["page_of"]

SHOWN = 100
"""Things of one kind that are listed at most; the table of files has them all."""
SHOWN_DATASETS = 200
FEW = 10
"""Failures of one cause that are shown at once; more of them unfold."""

_ROOM = files("bulkpub.reports")
_STYLE = _ROOM.joinpath("page.css").read_text(encoding="utf-8")
_SCRIPT = _ROOM.joinpath("page.js").read_text(encoding="utf-8")

_STATUSES = (
    *(ResourceStatus.CREATED, ResourceStatus.REPLACED, ResourceStatus.FAILED),
    *(ResourceStatus.PENDING,),
)
"""Those that a file that was sent can have, from the bottom of the columns to their top."""


def page_of(report: RunReport) -> Iterator[str]:
    """The page, piece by piece, as HTML."""
    title = escape(title_of(report.run))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>"
    )
    yield from _header(report, title)
    yield "<main>\n"
    yield _tiles(report)
    yield from _failures(report)
    yield from _oddities(report)
    yield from _charts(report)
    yield from _datasets(report)
    table = table_of(report)
    yield _files(len(table["rows"]), table["total"])
    yield "</main>\n"
    yield f"<footer><p>Made by bulkpub {_text(report.run.version)}. Times are UTC.</p></footer>\n"
    yield f'<script type="application/json" id="table">{as_json(table)}</script>\n'
    yield f"<script>{_SCRIPT}</script></body></html>\n"


def _policy() -> str:
    return (
        f"default-src 'none'; style-src '{_digest(_STYLE)}'; script-src '{_digest(_SCRIPT)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(text: str) -> str:
    """Any text as it may stand on the page: bounded, on one line, and nothing but text."""
    return escape(shown(text))


def _link(address: str | None, text: str) -> str:
    found = web_address(address)
    if found is None:
        return _text(text)
    return f'<a href="{escape(found)}" rel="noreferrer noopener">{_text(text)}</a>'


# --- the top ------------------------------------------------------------------------------


def _header(report: RunReport, title: str) -> Iterator[str]:
    run = report.run
    yield f"<header><h1>{title}</h1>"
    yield f'<p class="verdict {tone_of(run)}">{_text(verdict_of(run, report.totals))}</p>'
    if run.error is not None:
        yield f'<p class="error">{escape(printable(run.error))}</p>'
    facts = [
        ("Portal", run.portal or "none"),
        ("Manifest" if len(run.manifests) == 1 else "Manifests", ", ".join(run.manifests)),
        ("Began", moment_of(run)),
        ("Took", duration_text(run.duration_s)),
        ("Exit code", str(run.exit_code)),
        ("Run", run.id),
    ]
    yield "<dl>"
    yield from (f"<div><dt>{name}</dt><dd>{_text(fact)}</dd></div>" for name, fact in facts if fact)
    yield "</dl></header>\n"


def _tiles(report: RunReport) -> str:
    tiles = (
        f'<li><span class="name">{each.name}</span> <strong>{_text(each.value)}</strong>'
        + "".join(f'<span class="detail">{_text(detail)}</span>' for detail in each.details)
        + "</li>"
        for each in figures_of(report)
    )
    return f'<ul class="tiles">{"".join(tiles)}</ul>\n'


# --- what is not as wanted ----------------------------------------------------------------


def _failures(report: RunReport) -> Iterator[str]:
    found = causes(report.failures())
    if not found:
        return
    total = sum(each.count for each in found)
    yield f'<section aria-labelledby="failures"><h2 id="failures">Not as wanted ({total:,})</h2>\n'
    yield from (_cause(each) for each in found[:SHOWN])
    if others := sum(each.count for each in found[SHOWN:]):
        yield f"<p>{others:,} more, of other causes, are in the table of files.</p>"
    yield "</section>\n"


def _cause(cause: Cause) -> str:
    sentence = escape(printable(cause.sentence))
    if cause.count == 1:
        where = _where(cause.failures[0])
        at = f'<span class="where">{_text(where)}</span> ' if where else ""
        return f'<div class="cause">{at}<p>{sentence}</p></div>\n'
    listed = "".join(_listed(each, cause) for each in cause.failures)
    rest = cause.count - len(cause.failures)
    more = f"<li>and {rest:,} more</li>" if rest else ""
    like = "" if cause.same else " <small>and the like</small>"
    times = f"<b>{cause.count:,} ×</b>"  # noqa: RUF001 - as often as that
    unfolded = " open" if cause.count <= FEW else ""
    return (
        f'<details class="cause"{unfolded}><summary>{times} {sentence}{like}</summary>'
        f"<ul>{listed}{more}</ul></details>\n"
    )


def _listed(failure: Failure, cause: Cause) -> str:
    """A failure among others of its cause."""
    why = "" if cause.same else f": {escape(printable(failure.error))}"
    return f'<li><span class="where">{_text(_where(failure))}</span>{why}</li>'


def _where(failure: Failure) -> str:
    """What failed, as a person knows it."""
    whole = str(failure)
    return whole.removesuffix(failure.error).removesuffix(": ")


def _oddities(report: RunReport) -> Iterator[str]:
    """What is odd though it was published: warnings of the manifest and of files, notes."""
    run = report.run
    lines_ = [escape(printable(str(each))) for each in run.warnings[:SHOWN]]
    warnings, notes, named = Counter[str](), Counter[str](), dict[str, str]()
    for dataset in report.datasets:
        notes.update(dataset.notes)
        for resource in dataset.resources:
            for warning in resource.warnings:
                warnings[warning] += 1
                name = resource.title or resource.source or "?"
                named.setdefault(warning, f"{shown(dataset.heading)} › {shown(name)}")  # noqa: RUF001 - a path sign
    lines_ += [
        f'<span class="where">{_text(named[each])}{f" and {n - 1:,} more" if n > 1 else ""}</span>'
        f" {escape(printable(each))}"
        for each, n in islice(warnings.items(), SHOWN)
    ]
    lines_ += [
        f"{escape(printable(each))} ({counted(n, 'dataset')})"
        for each, n in islice(notes.items(), SHOWN)
    ]
    if lines_:
        yield '<section aria-labelledby="odd"><h2 id="odd">Worth knowing</h2><ul class="odd">'
        yield from (f"<li>{line}</li>" for line in lines_)
        yield "</ul></section>\n"


# --- the pictures -------------------------------------------------------------------------


def _charts(report: RunReport) -> Iterator[str]:
    course, formats = course_of(report), formats_of(report)
    pictures = [*_over_time(course, report)]
    if formats:
        names = [f"{each.name} ({each.files:,})" for each in formats]
        total = bytes_text(sum(each.size for each in formats))
        caption = f"Sizes by format: {total} in all, with the number of files in brackets."
        drawn = lying_bars([("Size", "is-size", [f.size for f in formats])], names, caption, _size)
        pictures.append(_figure(drawn, caption))
    if pictures:
        yield '<section aria-labelledby="course"><h2 id="course">How it went</h2>'
        yield f'<div class="charts">{"".join(pictures)}</div>'
        if report.totals.bytes.uploaded and not course.sent:
            yield (
                '<p class="quiet">When each file was sent is not in this report: it was written by '
                "an older bulkpub.</p>"
            )
        yield "</section>\n"


def _over_time(course: Course, report: RunReport) -> Iterator[str]:
    labels = [_after(course.span_s * number) for number in range(course.spans)]
    span = _after(course.span_s)
    if course.sent:
        uploads = [
            (status.value, f"is-{status.value}", course.uploads[status])
            for status in _STATUSES
            if status in course.uploads
        ]
        rest = [n for s, n in course.uploads.items() if s not in _STATUSES]
        if rest:
            uploads.append(("other", "is-other", [sum(each) for each in zip(*rest, strict=True)]))
        caption = (
            f"Uploads: {counted(course.sent, 'file')}, counted when they began; a column is {span}."
        )
        legend = "".join(f"<li>{_status(name)}</li>" for name, _, _ in uploads)
        drawn = f'{bars(uploads, labels, caption, _whole)}<ul class="legend">{legend}</ul>'
        yield _figure(drawn, caption)
    if most := max(course.rates, default=0.0):
        caption = f"Throughput: at most {rate_text(most)}; a column is the average of {span}."
        rates = [("Throughput", "is-size", course.rates)]
        yield _figure(bars(rates, labels, caption, _rate), caption)
    if course.requests:
        total = counted(report.totals.requests.total, "request")
        caption = f"Requests: {total}; a column is {span}."
        drawn = bars([("Requests", "is-requests", course.requests)], labels, caption, _whole)
        yield _figure(drawn, caption)
    if course.quota:
        caption = "Quota: how many requests were left of it."
        if (limit := report.rate_limit.limit) is not None:
            caption = f"Quota: how many of {limit:,} requests were left."
        drawn = lines([("Left", "is-quota", course.quota)], labels, caption, _whole)
        yield _figure(drawn, caption)


def _size(value: float) -> str:
    """A round size, short enough to stand beside an axis."""
    return bytes_text(value).replace(".0 ", " ")


def _rate(value: float) -> str:
    """Likewise, a round speed."""
    return rate_text(value).replace(".0 ", " ")


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _after(seconds: float) -> str:
    """A time since the start, short enough to stand under a chart: `45 s`, `1:30`, `2 h 05`."""
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_of = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of:02}"
    return f"{minutes}:{rest:02} min" if rest else f"{minutes} min"


def _figure(drawn: str, caption: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawn}</figure>\n"


# --- datasets and files -------------------------------------------------------------------


def _datasets(report: RunReport) -> Iterator[str]:
    found = list(islice(touched(report.datasets), SHOWN_DATASETS + 1))
    if not found:
        return
    several = len({_destination_of(each) for each in found}) > 1
    heading = "Datasets that would change" if report.run.dry_run else "Datasets that changed"
    yield f'<section aria-labelledby="datasets"><h2 id="datasets">{heading}</h2>'
    yield '<div class="wide" tabindex="0" role="region" aria-label="Table of datasets"><table>'
    head = ["Status", "Dataset", *(["Destination"] if several else []), "Files", "Why"]
    yield f"<thead><tr>{''.join(f'<th scope=col>{each}</th>' for each in head)}</tr></thead><tbody>"
    for each in found[:SHOWN_DATASETS]:
        cells = [
            _status(each.status.value),
            _link(each.page, each.title or each.key),
            *([_text(_destination_of(each))] if several else []),
            f"{len(each.resources):,}",
            escape(printable(each.error or each.reason)),
        ]
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></div>"
    if len(found) > SHOWN_DATASETS:
        yield "<p>There are more of them; the table of files has all.</p>"
    yield "</section>\n"


def _destination_of(dataset: object) -> str:
    """Where it happened, of a run that has several destinations."""
    return str(getattr(dataset, "destination", None) or "")


def _status(status: str) -> str:
    return f'<span class="status is-{status}">{status}</span>'


def _files(rows: int, total: int) -> str:
    if rows == total:
        return f'{_FILES_HEAD}<h2 id="files">All files</h2>\n{_FILES}'
    left = f"The table has {rows:,} of {total:,} files, those first that something became of."
    return f'{_FILES_HEAD}<h2 id="files">Files</h2>\n<p>{left}</p>\n{_FILES}'


_FILES_HEAD = '<section aria-labelledby="files">'
_FILES = """\
<noscript><p>The table needs JavaScript, which is switched off here; the rest of the page does
not.</p></noscript>
<form id="controls" hidden>
<label>Search <input type="search" id="search" autocomplete="off"></label>
<label>Status <select id="by-status"><option value="">all</option></select></label>
<label>Format <select id="by-format"><option value="">all</option></select></label>
<label>Sort by <select id="sort"></select></label>
</form>
<div class="wide" tabindex="0" role="region" aria-label="Table of files">
<table id="rows" hidden><thead><tr></tr></thead><tbody></tbody></table></div>
<div id="pages" hidden><button type="button" id="before">Previous</button>
<p id="shown" role="status"></p>
<button type="button" id="after">Next</button></div>
</section>
"""
