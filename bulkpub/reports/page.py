"""The report as one page: a file that needs no network and no server, and runs nobody's script.

The rule: what comes from the report stands on the page as text (`_text`), as an address of the web
that was checked (`_link`), or as JSON in which nothing ends an element (`table.as_json`). The
policy that the page declares allows its own style and script, by their checksums, and nothing
else. It is in the language that is spoken.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from html import escape
from importlib.resources import files
from itertools import islice

from bulkpub.core.failures import Cause, Failure, causes
from bulkpub.core.report import RunInfo, RunReport
from bulkpub.language import in_language, spoken, tr, tr_n
from bulkpub.observers.text import duration_text, printable, shown
from bulkpub.reports.pictures import pictures_of
from bulkpub.reports.table import as_json, table_of, touched, web_address
from bulkpub.reports.verdict import (
    figures_of,
    moment_of,
    status_word,
    title_of,
    tone_of,
    verdict_of,
)
from bulkpub.reports.words import words_of

__all__ = ["page_of"]

SHOWN = 100
"""Things of one kind that are listed at most; the table of files has them all."""
SHOWN_DATASETS = 200
FEW = 10
"""Failures of one cause that are shown at once; more of them unfold."""

_ROOM = files("bulkpub.reports")
_STYLE = _ROOM.joinpath("page.css").read_text(encoding="utf-8")
_SCRIPT = _ROOM.joinpath("page.js").read_text(encoding="utf-8")


def page_of(report: RunReport) -> Iterator[str]:
    """The page, piece by piece, as HTML."""
    title = escape(title_of(report.run))
    yield (
        f'<!doctype html>\n<html lang="{spoken()}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>"
    )
    yield from _header(report, title)
    yield "<main>\n"
    yield _tiles(report)
    yield from _destinations(report.run)
    yield from _failures(report)
    yield from _oddities(report)
    yield from pictures_of(report)
    yield from _datasets(report)
    table = table_of(report)
    table["words"] = words_of(table["statuses"])
    yield _files(len(table["rows"]), table["total"])
    yield "</main>\n"
    made = tr("Made by bulkpub {version}. Times are UTC.", version=shown(report.run.version))
    yield f"<footer><p>{escape(made)}</p></footer>\n"
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
    return escape(shown(in_language(text)))


def _sentence(text: str) -> str:
    """A sentence of ours, whole."""
    return escape(printable(in_language(text)))


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
        yield f'<p class="error">{_sentence(run.error)}</p>'
    facts = [
        (tr("Portal"), run.portal),
        (tr_n("Manifest", "Manifests", len(run.manifests)), ", ".join(run.manifests)),
        (tr("Began"), moment_of(run)),
        (tr("Took"), duration_text(run.duration_s)),
        (tr("Exit code"), str(run.exit_code)),
        (tr("Run"), run.id),
    ]
    yield "<dl>"
    yield from (
        f"<div><dt>{escape(name)}</dt><dd>{_text(fact)}</dd></div>" for name, fact in facts if fact
    )
    yield "</dl></header>\n"


def _tiles(report: RunReport) -> str:
    tiles = (
        f'<li><span class="name">{escape(each.name)}</span> <strong>{_text(each.value)}</strong>'
        + "".join(f'<span class="detail">{_text(detail)}</span>' for detail in each.details)
        + "</li>"
        for each in figures_of(report)
    )
    return f'<ul class="tiles">{"".join(tiles)}</ul>\n'


def _destinations(run: RunInfo) -> Iterator[str]:
    """How it went at each of several portals."""
    if not run.destinations:
        return
    heading = escape(tr("Destinations"))
    yield f'<section aria-labelledby="places"><h2 id="places">{heading}</h2>'
    label = escape(tr("Table of destinations"))
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table>'
    names = [tr("Destination"), tr("How it went"), tr("Files"), tr("Requests"), tr("Took")]
    yield f"<thead><tr>{''.join(f'<th scope=col>{escape(n)}</th>' for n in names)}</tr></thead>"
    for each in run.destinations:
        there = replace(run, portal=each.portal, exit_code=each.exit_code, error=each.error)
        why = "" if each.error is None else f"<small>{_sentence(each.error)}</small>"
        verdict = _text(verdict_of(there, each.totals))
        cells = [
            f"{_text(each.name)}<small>{_text(each.portal)}</small>",
            f'<span class="verdict-text {tone_of(there)}">{verdict}</span>{why}',
            tr("{n:,}", n=sum(asdict(each.totals.resources).values())),
            tr("{n:,}", n=each.totals.requests.total),
            duration_text(each.duration_s),
        ]
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</table></div></section>\n"


# --- what is not as wanted ----------------------------------------------------------------


def _failures(report: RunReport) -> Iterator[str]:
    found = causes(report.failures())
    if not found:
        return
    total = sum(each.count for each in found)
    heading = escape(tr("Not as wanted ({n:,})", n=total))
    yield f'<section aria-labelledby="failures"><h2 id="failures">{heading}</h2>\n'
    yield from (_cause(each) for each in found[:SHOWN])
    if others := sum(each.count for each in found[SHOWN:]):
        more = tr("{n:,} more, of other causes, are in the table of files.", n=others)
        yield f"<p>{escape(more)}</p>"
    yield "</section>\n"


def _cause(cause: Cause) -> str:
    sentence = _sentence(cause.sentence)
    if cause.count == 1:
        where = _where(cause.failures[0])
        at = f'<span class="where">{_text(where)}</span> ' if where else ""
        return f'<div class="cause">{at}<p>{sentence}</p></div>\n'
    listed = "".join(_listed(each, cause) for each in cause.failures)
    rest = cause.count - len(cause.failures)
    more = f"<li>{escape(tr('and {n:,} more', n=rest))}</li>" if rest else ""
    like = "" if cause.same else f" <small>{escape(tr('and the like'))}</small>"
    times = f"<b>{tr('{n:,}', n=cause.count)} ×</b>"  # noqa: RUF001 - as often as that
    unfolded = " open" if cause.count <= FEW else ""
    return (
        f'<details class="cause"{unfolded}><summary>{times} {sentence}{like}</summary>'
        f"<ul>{listed}{more}</ul></details>\n"
    )


def _listed(failure: Failure, cause: Cause) -> str:
    """A failure among others of its cause."""
    why = "" if cause.same else f": {_sentence(failure.error)}"
    return f'<li><span class="where">{_text(_where(failure))}</span>{why}</li>'


def _where(failure: Failure) -> str:
    """What failed, as a person knows it."""
    whole = str(failure)
    return whole.removesuffix(failure.error).removesuffix(": ")


def _oddities(report: RunReport) -> Iterator[str]:
    """What is odd though it was published: warnings of the manifest and of files, notes."""
    run = report.run
    lines_ = [_sentence(str(each)) for each in run.warnings[:SHOWN]]
    warnings, notes, named = Counter[str](), Counter[str](), dict[str, str]()
    for dataset in report.datasets:
        notes.update(dataset.notes)
        for resource in dataset.resources:
            for warning in resource.warnings:
                warnings[warning] += 1
                name = resource.title or resource.source or "?"
                named.setdefault(warning, f"{shown(dataset.heading)} › {shown(name)}")  # noqa: RUF001 - a path sign
    lines_ += [
        f'<span class="where">{_text(named[each])}</span> {_others(n - 1)}{_sentence(each)}'
        for each, n in islice(warnings.items(), SHOWN)
    ]
    lines_ += [
        f"{_sentence(each)} ({escape(tr_n('{n:,} dataset', '{n:,} datasets', n))})"
        for each, n in islice(notes.items(), SHOWN)
    ]
    if lines_:
        heading = escape(tr("Worth knowing"))
        yield f'<section aria-labelledby="odd"><h2 id="odd">{heading}</h2><ul class="odd">'
        yield from (f"<li>{line}</li>" for line in lines_)
        yield "</ul></section>\n"


def _others(n: int) -> str:
    return escape(tr("and {n:,} more", n=n)) + ": " if n else ""


# --- datasets and files -------------------------------------------------------------------


def _datasets(report: RunReport) -> Iterator[str]:
    found = list(islice(touched(report.datasets), SHOWN_DATASETS + 1))
    if not found:
        return
    several = bool(report.run.destinations)
    would = tr("Datasets that would change")
    heading = would if report.run.dry_run else tr("Datasets that changed")
    yield f'<section aria-labelledby="datasets"><h2 id="datasets">{escape(heading)}</h2>'
    label = escape(tr("Table of datasets"))
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table>'
    head = [tr("Status"), tr("Dataset"), *([tr("Destination")] if several else [])]
    head += [tr("Files"), tr("Why")]
    cells_of_head = "".join(f"<th scope=col>{escape(each)}</th>" for each in head)
    yield f"<thead><tr>{cells_of_head}</tr></thead><tbody>"
    for each in found[:SHOWN_DATASETS]:
        cells = [
            _status(each.status.value),
            _link(each.page, each.title or each.key),
            *([_text(each.destination or "")] if several else []),
            tr("{n:,}", n=len(each.resources)),
            _sentence(each.error or each.reason),
        ]
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></div>"
    if len(found) > SHOWN_DATASETS:
        yield f"<p>{escape(tr('There are more of them; the table of files has all.'))}</p>"
    yield "</section>\n"


def _status(status: str) -> str:
    return f'<span class="status is-{status}">{escape(status_word(status))}</span>'


def _files(rows: int, total: int) -> str:
    """The section of the table, which the script fills in."""
    heading, left = tr("All files"), ""
    if rows < total:
        heading = tr("Files")
        left = tr(
            "The table has {rows:,} of {total:,} files, those first that something became of.",
            rows=rows,
            total=total,
        )
    without = tr(
        "The table needs JavaScript, which is switched off here; the rest of the page does not."
    )
    whole = f'<option value="">{escape(tr("all"))}</option>'
    return (
        f'<section aria-labelledby="files"><h2 id="files">{escape(heading)}</h2>\n'
        f"<p>{escape(left)}</p><noscript><p>{escape(without)}</p></noscript>\n"
        '<form id="controls" hidden>\n'
        f"<label>{escape(tr('Search'))} "
        '<input type="search" id="search" autocomplete="off"></label>\n'
        f"<label>{escape(tr('Status'))} "
        f'<select id="by-status">{whole}</select></label>\n'
        f"<label>{escape(tr('Format'))} "
        f'<select id="by-format">{whole}</select></label>\n'
        f"<label>{escape(tr('Sort by'))} "
        '<select id="sort"></select></label>\n</form>\n'
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(tr("Table of files"))}">'
        '<table id="rows" hidden><thead><tr></tr></thead><tbody></tbody></table></div>\n'
        '<div id="pages" hidden>'
        f'<button type="button" id="before">{escape(tr("Previous"))}</button>\n'
        '<p id="shown" role="status"></p>\n'
        f'<button type="button" id="after">{escape(tr("Next"))}</button></div>\n</section>\n'
    )
