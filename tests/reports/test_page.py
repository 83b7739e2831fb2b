"""The page of a report is one file that asks nobody for anything, and runs nobody's script."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.reports.page import page_of
from bulkpub.reports.table import Row, as_json, table_of, web_address
from tests.reports.examples import (
    BAD_ADDRESSES,
    dataset,
    everywhere,
    hostile,
    report,
    reports,
    resource,
    run_report,
)


class Parsed(HTMLParser):
    """A page as a browser takes it: its elements, with their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        self.texts.setdefault(tag, []).append(data)
        if tag not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def page(of: RunReport) -> Parsed:
    return Parsed("".join(page_of(of)))


def table(parsed: Parsed) -> Any:
    return json.loads(parsed.texts["script"][0])


ADDRESSED = {"href", "src", "action", "data", "srcset", "poster", "formaction", "background"}


@settings(max_examples=10)  # pictures take long, and there is no text of the report's in them
@given(reports())
def test_it_has_no_script_but_ours_and_no_address_but_of_the_web(of: RunReport) -> None:
    parsed = page(of)
    ours = page(report())
    scripts = Counter(tag for tag, _ in parsed.elements if tag in {"script", "style", "meta"})
    assert scripts == {"script": 2, "style": 1, "meta": 4}
    assert parsed.texts["script"][1:] == ours.texts["script"][1:]
    for tag, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ADDRESSED & attributes.keys():
            where = attributes[name] or ""
            assert (tag, where) == ("link", "data:,") or re.match("https?://", where)
            assert tag in {"a", "link"}


def test_texts_of_a_report_stay_texts() -> None:
    parsed = page(hostile())
    allowed = {tag for tag, _ in page(report()).elements} | {"small", "details", "summary", "b"}
    assert {tag for tag, _ in parsed.elements} <= allowed
    assert "<img src=x onerror=alert(1)>" in parsed.text
    assert "\u202e" not in "".join(page_of(hostile()))


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_what_is_no_address_of_the_web_becomes_no_link(address: str) -> None:
    assert web_address(address) is None
    bad = dataset("d", resource(0, permalink=address), page=address)
    parsed = page(run_report(bad))
    assert not [a for tag, a in parsed.elements if tag == "a"]
    assert table(parsed)["datasets"][0][1] is None
    assert Row(*table(parsed)["rows"][0]).permalink is None


@pytest.mark.parametrize("address", ["https://a.example/x?y=1&z=%20#t", "HTTP://b.example"])
def test_what_is_one_does(address: str) -> None:
    assert web_address(address) == address
    parsed = page(run_report(dataset("d", resource(0, permalink=address), page=address)))
    assert [a["href"] for tag, a in parsed.elements if tag == "a"] == [address]


def test_its_policy_allows_nothing_from_anywhere() -> None:
    policy = next(
        attributes["content"]
        for tag, attributes in page(report()).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    assert not re.search(r"unsafe|\*|https?:", policy)
    whole = "".join(page_of(report()))
    assert not re.search(r"@import|url\(|//(?!portal\.example|www\.w3\.org)[a-z]+\.[a-z]", whole)


@given(reports())
def test_the_table_has_every_file_and_every_dataset_without_any(of: RunReport) -> None:
    found = json.loads(as_json(table_of(of)))
    rows = [Row(*each) for each in found["rows"]]
    told = [
        (number, each)
        for number, one in enumerate(of.datasets)
        for each in (one.resources or (None,))
    ]
    assert [row.dataset for row in rows] == [number for number, _ in told]
    assert not re.search("[<>&]", as_json(table_of(of)))
    for row, (number, each) in zip(rows, told, strict=True):
        status = each.status if each is not None else of.datasets[number].status
        assert found["statuses"][row.status] == status
        assert row.size == (each.size if each is not None else None)
        link = each and web_address(each.permalink)
        assert (row.permalink is None) is (link is None)
        assert link is None or found["prefix"] + row.permalink == link


def test_of_too_many_files_the_table_leaves_out_those_that_nothing_became_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bulkpub.reports.table.MOST", 3)
    same = [resource(n, ResourceStatus.UNCHANGED) for n in range(4)]
    parsed = page(run_report(dataset("d", *same, resource(9), resource(8, ResourceStatus.FAILED))))
    found = table(parsed)
    statuses = [found["statuses"][Row(*each).status] for each in found["rows"]]
    assert statuses == ["created", "failed", "unchanged"]
    assert "3 of 6 files" in parsed.text


def test_what_failed_comes_first_and_by_cause() -> None:
    failed = [resource(n, ResourceStatus.FAILED, error="the file is empty") for n in range(12)]
    text = page(run_report(dataset("d", *failed), error="stopped")).text
    assert re.search(r"wanted \(13\).*12 ×.*file is empty.*How it went", text, re.DOTALL)  # noqa: RUF001 - as often as that


def test_an_older_report_says_why_it_has_no_pictures_of_uploads() -> None:
    old = run_report(dataset("d", resource(0, sent_at=None)))
    assert "written by an older bulkpub" in page(old).text
    assert "written by an older bulkpub" not in page(report()).text


def test_each_of_several_destinations_has_a_row_and_the_datasets_say_theirs() -> None:
    parsed = page(everywhere())
    assert re.search(
        r"Destinations.*rehearsal.*real.*the portal refuses the key", parsed.text, re.DOTALL
    )
    assert [each[0] for each in table(parsed)["datasets"]] == ["rehearsal: Velos", "real: Velos"]
    assert "Destinations" not in page(report()).text
