"""The report as Markdown, as GitHub and GitLab show it: for a job's summary, an issue, a mail.

The rule: no text of the report is taken for Markdown or HTML (`_text`), and the whole is bounded:
where it would be too long, it ends with a line that says so.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from bulkpub.core.failures import Cause, causes
from bulkpub.core.report import RunReport
from bulkpub.language import in_language, tr
from bulkpub.observers.text import shown
from bulkpub.reports.compare import Difference
from bulkpub.reports.table import touched, web_address
from bulkpub.reports.verdict import figures_of, status_word, title_of, tone_of, verdict_of

__all__ = ["LARGEST", "difference_as_markdown", "markdown_of"]

LARGEST = 1 << 20
"""Bytes that GitHub takes for the summary of a step."""
CAUSES = 20
EXAMPLES = 10
DATASETS = 50

_SIGNS = {"good": "✅", "warn": "⚠️", "bad": "❌"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:\"'^=-])|(?<=www)(\.)", re.IGNORECASE)


def markdown_of(report: RunReport, room: int = LARGEST) -> str:
    """The report in at most `room` bytes of UTF-8."""
    return _within(_lines(report), room)


def difference_as_markdown(difference: Difference, room: int = LARGEST) -> str:
    """What differs between two runs, in at most `room` bytes of UTF-8."""
    return _within(_lines_of_difference(difference), room)


def _within(all_lines: Iterable[str], room: int) -> str:
    ending = f"\n\n… {tr('cut here: the report has the rest.')}\n"
    room -= len(ending.encode())
    lines = list[str]()
    for line in all_lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join(lines) + ending
        lines.append(line)
    return "\n".join(lines) + "\n"


def _lines(report: RunReport) -> Iterator[str]:
    run = report.run
    yield f"## {_text(title_of(run))}"
    yield ""
    yield f"{_SIGNS[tone_of(run)]} **{_text(verdict_of(run, report.totals))}**"
    if run.error is not None:
        yield ""
        yield _text(run.error)
    yield ""
    yield "| | | |"
    yield "| --- | ---: | --- |"
    for figure in figures_of(report):
        yield f"| {figure.name} | {_text(figure.value)} | {_text(', '.join(figure.details))} |"
    yield from _failures(report)
    yield from _datasets(report)


def _failures(report: RunReport) -> Iterator[str]:
    found = causes(report.failures())
    if not found:
        return
    yield ""
    total = sum(each.count for each in found)
    yield f"### {_text(tr('Not as wanted ({n:,})', n=total))}"
    yield ""
    for cause in found[:CAUSES]:
        yield from _cause(cause)
    if others := sum(each.count for each in found[CAUSES:]):
        yield f"- {_text(tr('and {n:,} more, of other causes', n=others))}"


def _cause(cause: Cause) -> Iterator[str]:
    if cause.count == 1:
        yield f"- {_text(str(cause.failures[0]))}"
        return
    yield f"- **{tr('{n:,}', n=cause.count)} ×** {_text(cause.sentence)}"  # noqa: RUF001 - as often as that
    for each in cause.failures[:EXAMPLES]:
        where = str(each).removesuffix(each.error).removesuffix(": ")
        yield f"  - {_text(where if cause.same else str(each))}"
    if rest := cause.count - min(cause.count, EXAMPLES):
        yield f"  - {_text(tr('and {n:,} more', n=rest))}"


def _datasets(report: RunReport) -> Iterator[str]:
    found = list(islice(touched(report.datasets), DATASETS + 1))
    if not found:
        return
    yield ""
    would = tr("Datasets that would change")
    yield f"### {would if report.run.dry_run else tr('Datasets that changed')}"
    yield ""
    yield f"| | {tr('Dataset')} | {tr('Files')} |"
    yield "| --- | --- | ---: |"
    for each in found[:DATASETS]:
        title = _text(each.heading)
        page = web_address(each.page)
        name = f"[{title}](<{page}>)" if page else title
        files = tr("{n:,}", n=len(each.resources))
        yield f"| {status_word(each.status.value)} | {name} | {files} |"
    if len(found) > DATASETS:
        yield f"| … | {tr('and more')} | |"


def _lines_of_difference(difference: Difference) -> Iterator[str]:
    yield f"## {tr('Two runs compared')}"
    yield ""
    yield f"| | {tr('before')} | {tr('after')} |"
    yield "| --- | ---: | ---: |"
    for name, old, new in difference.figures:
        yield f"| {_text(name)} | {_text(old)} | {_text(new)} |"
    if not difference.parts:
        yield ""
        yield tr("Nothing else differs.")
    for part in difference.parts:
        yield ""
        yield f"### {part.title} ({tr('{n:,}', n=part.count)})"
        yield ""
        yield from (f"- {_text(line)}" for line in part.lines)
        if rest := part.count - len(part.lines):
            yield f"- {tr('and {n:,} more', n=rest)}"


def _text(text: str) -> str:
    r"""Any text as it is: `*` is `\*`, and nothing becomes a link, a mention or an element."""
    return _SPECIAL.sub(r"\\\g<0>", shown(in_language(text)))
