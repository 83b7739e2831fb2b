"""What is made of a report can be had in another language: no word of ours stays English."""

import gettext
import re
from collections.abc import Iterable

import pytest

from bulkpub.core.report import RunReport
from bulkpub.reports.compare import differences, lines_of
from bulkpub.reports.markdown import markdown_of
from bulkpub.reports.page import page_of
from tests.reports.examples import dataset, everywhere, report, resource, run_report
from tests.reports.test_page import Parsed, table


class Pseudo(gettext.NullTranslations):
    """A language in which every sentence of ours stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture(autouse=True)
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkpub.language._now", Pseudo())


TOLD = {
    *("demo", "velos", "yaml", "Velos", "Bus", "Trams", "csv", "json", "bulkpub", "exports"),
    *("comptages", "Comptages", "the", "portal", "refuses", "parquet", "files", "keeps", "no"),
    *(
        "schema",
        "as",
        "it",
        "is",
        "key",
        "rehearsal",
        "real",
        "www",
        "Z",
        "abcd",
        "T",
    ),  # what the report itself says
    *("UTC", "B", "kB", "MB", "s", "min", "h"),  # units
}


def english(texts: Iterable[str]) -> set[str]:
    """The words that are neither in brackets nor the report's own."""
    text = re.sub(r"https?://\S+", "", "\n".join(texts))
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = inner
    return set(re.findall(r"[^\W\d_]+", text)) - TOLD


def both() -> tuple[RunReport, RunReport]:
    return report(), run_report(dataset("velos", resource(0, size=5), resource(7)))


def test_the_page_has_no_english_left() -> None:
    for one in (report(), everywhere()):
        assert english(Parsed("".join(page_of(one))).words) == set()
    parsed = Parsed("".join(page_of(report())))
    assert english(parsed.words) == set()
    labels = [told.get("aria-label") or "" for _, told in parsed.elements]
    assert english(labels) == set()
    words = table(parsed)["words"]
    lists = [value if isinstance(value, list) else [value] for value in words.values()]
    said = [each for some in lists for each in some]
    assert english(said) <= {"en"}


def test_neither_has_the_markdown_nor_a_comparison() -> None:
    assert english([markdown_of(report())]) == set()
    assert english(lines_of(differences(*both()))) == set()
