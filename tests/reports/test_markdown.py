"""The Markdown of a report is bounded, and no text of the report is Markdown in it."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.reports.markdown import LARGEST, markdown_of
from bulkpub.reports.table import web_address
from tests.reports.examples import dataset, hostile, report, reports, resource, run_report

RENDER = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render


@given(reports())
def test_it_has_no_element_image_or_link_but_ours(of: RunReport) -> None:
    html = RENDER(markdown_of(of))
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {
        *("h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "a")
    }
    pages = {web_address(each.page) for each in of.datasets} - {None}
    assert html.count("<a ") <= len(of.datasets) if pages else "<a " not in html


def test_hostile_texts_are_shown_as_they_are() -> None:
    written = markdown_of(hostile())
    html = RENDER(written)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<a " not in html
    assert not re.search(r"(?<!\\)@user|(?<!\\)::error|\u202e", written)
    assert html.count("<table>") == 2


@given(reports(), st.integers(200, 3000))
def test_it_fits_the_room_there_is(of: RunReport, room: int) -> None:
    assert len(markdown_of(of, room).encode()) <= room


def test_a_large_report_is_told_in_short() -> None:
    files = [resource(n, ResourceStatus.FAILED) for n in range(3000)]
    written = markdown_of(run_report(*(dataset(f"d{n}", *files[n::100]) for n in range(100))))
    assert len(written.encode()) < LARGEST / 10
    assert "3,000 ×" in written  # noqa: RUF001 - as often as that
    assert "and 2,990 more" in written


def test_an_ordinary_one_reads_well() -> None:
    lines = markdown_of(report()).splitlines()
    assert lines[0] == r"## Report for demo, 2026\-01\-02 12\:00 UTC"
    assert lines[2] == "❌ **Done, but not everything is as wanted.**"
    assert "| Files | 6 | 2 created, 1 replaced, 2 unchanged, 1 failed |" in lines
    assert r"- velos › exports/comptages\-2.csv\: the portal refuses .parquet files" in lines  # noqa: RUF001 - a path sign
