"""The example of a spreadsheet is what its script makes, and publishes as any manifest does."""

from datetime import date

from bulkpub.manifest.workbook import read_workbook
from tests.docs.example_spreadsheet import PLACE, ROWS
from tests.manifests import load


def test_the_example_is_what_its_script_makes() -> None:
    helping, liste = read_workbook(PLACE.read_bytes())
    assert helping.name == "Aide"
    written = [[text for text in row if text] for row in liste.rows]
    assert written == [[str(cell) for cell in row if cell is not None] for row in ROWS]


def test_the_example_is_a_manifest() -> None:
    loaded = load([PLACE])
    assert loaded.problems == ()
    assert loaded.warnings == ()
    assert loaded.portal == "sandbox"
    paris, vacances = loaded.datasets
    assert [len(each.resources) for each in loaded.datasets] == [2, 2]
    assert (paris.metadata.license, vacances.metadata.license) == ("Licence Ouverte 2.0", "fr-lo")
    assert {each.metadata.frequency for each in loaded.datasets} == {"annual"}
    assert vacances.metadata.tags == ("vacances", "calendrier")
    assert paris.metadata.temporal_coverage is not None
    assert paris.metadata.temporal_coverage.start == date(2026, 1, 1)
