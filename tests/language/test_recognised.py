"""What is read back from a report is a sentence again, and its English text never changes."""

import gettext
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub import language
from bulkpub.core.guard import HTML_REFUSED
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.language import in_language, recognised, speak
from bulkpub.reports.ci import annotations_of
from bulkpub.reports.speaking import spoken_report
from tests.reports.examples import run_report


@pytest.fixture(autouse=True, scope="module")
def french() -> Iterator[None]:
    speak("fr")
    yield
    speak("en")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (str.__str__(HTML_REFUSED), "le fichier est une page HTML"),
        ("some of its resources failed", "certaines de ses ressources"),
        ("the dataset 'velos' (42) was deleted on the portal; restore it there", "the dataset"),
        (
            "the portal knows no organization 'ville'",
            "« ville »".replace(" ", "\N{NO-BREAK SPACE}"),
        ),
        ("not published, as its dataset failed: content changed", "contenu"),
        ("no words of ours at all", "no words of ours at all"),
        ("", ""),
    ],
)
def test_what_was_a_sentence_is_one_again(text: str, shown: str) -> None:
    assert recognised(text) == text
    assert shown in in_language(recognised(text))


def test_of_most_templates_the_sentence_is_found_again() -> None:
    known = language._catalogue("fr")
    assert isinstance(known, gettext.GNUTranslations)
    templates = language._templates("fr")[::12]
    found = 0
    for template, parts, _ in templates:
        text = template.format_map({name: f"x{name}" for _, name in parts if name})
        assert recognised(text) == text
        found += in_language(recognised(text)) != text
    assert found > len(templates) * 0.9


@given(st.text())
def test_whatever_the_text_it_stays_what_it_is(text: str) -> None:
    assert recognised(text) == text
    assert recognised(f"the portal knows no zone '{text}'") == f"the portal knows no zone '{text}'"


def test_a_report_that_was_read_is_spoken() -> None:
    file = ResourceOutcome("f", ResourceStatus.FAILED, "failed", error=str.__str__(HTML_REFUSED))
    dataset = DatasetOutcome(
        "d", DatasetStatus.FAILED, "some of its resources failed", resources=(file,)
    )
    report = run_report(dataset)
    spoken = spoken_report(report)
    assert spoken == report
    assert "page HTML" in in_language(spoken.datasets[0].resources[0].error or "")
    speak("en")
    assert spoken_report(report) is report
    speak("fr")


def test_annotations_are_for_people() -> None:
    file = ResourceOutcome("f", ResourceStatus.FAILED, "failed", error=HTML_REFUSED)
    report = run_report(DatasetOutcome("d", DatasetStatus.FAILED, "x", resources=(file, file)))
    assert "2 fois, la première" in "".join(annotations_of(report))
    assert "page HTML" in "".join(annotations_of(report))
