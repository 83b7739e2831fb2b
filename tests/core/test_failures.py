"""What is not as wanted is told once each, and by what it has in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.failures import SHOWN, Failure, causes, failures_of
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.errors import Problem


def failed(name: str, error: str | None) -> ResourceOutcome:
    return ResourceOutcome(name, ResourceStatus.FAILED, "failed", source=name, error=error)


def dataset(key: str, *resources: ResourceOutcome, error: str | None = None) -> DatasetOutcome:
    return DatasetOutcome(key, DatasetStatus.FAILED, "failed", error=error, resources=resources)


def test_a_dataset_that_failed_as_a_whole_says_why_once_for_all_its_files() -> None:
    shared = failed("a.csv", "not published, as its dataset failed: no such licence")
    own = failed("b.csv", "the file is empty")
    found = list(failures_of([dataset("d", shared, own, error="no such licence")]))
    assert list(map(str, found)) == ["d: no such licence", "d › b.csv: the file is empty"]  # noqa: RUF001


def test_what_is_wrong_in_a_manifest_is_told_where_it_is_and_not_again() -> None:
    of_one = Problem("m.yaml", 3, 1, "no title", "d")
    of_all = Problem("m.yaml", 0, 0, "unknown key")
    outcomes = [dataset("d", error="no title"), dataset("e", error="unknown key")]
    found = failures_of(outcomes, problems=[of_one, of_all])
    assert list(map(str, found)) == ["m.yaml:3: no title", "m.yaml: unknown key"]


def test_what_ended_the_run_comes_first_and_what_it_did_not_come_to_is_no_failure() -> None:
    waiting = DatasetOutcome("d", DatasetStatus.PENDING, "not begun")
    assert list(failures_of([waiting], error="the quota is used up")) == [
        Failure("the quota is used up")
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the portal refuses .parquet files", "the portal refuses .parquet files"),
        ("a.csv: the file is empty", "b.csv: the file is empty"),
        ("exports/a.csv vanished", "exports/b.csv vanished"),
        ("https://x.example/a answered 503", "https://y.example/b?c answered 500"),
        ("shrank from 12400 to 3100 bytes", "shrank from 8 to 3 bytes"),
        ("no dataset 5f0e3a2b-0000-4000-8000-1234567890ab", "no dataset " + 24 * "a"),
        ("unknown licence 'etalab'", "unknown licence 'odbl 2'"),
        ("resets at 2026-01-02T12:00:00Z", "resets at 2026-01-02T13:30:00Z"),
    ],
)
def test_sentences_that_differ_in_names_and_figures_have_one_cause(one: str, other: str) -> None:
    found = causes([Failure(one, "d", "exports/a.csv"), Failure(other, "e", "exports/b.csv")])
    assert [(each.count, each.sentence, each.same) for each in found] == [(2, one, one == other)]


def test_other_sentences_have_other_causes_and_the_most_frequent_is_first() -> None:
    rare, often = Failure("the file is empty", "d", "x"), Failure("the portal is down", "d", "y")
    assert [(each.sentence, each.count) for each in causes([rare, often, often])] == [
        ("the portal is down", 2),
        ("the file is empty", 1),
    ]


@given(st.lists(st.builds(Failure, st.text(), st.text(), st.text())))
def test_no_failure_is_lost_and_few_are_kept(failures: list[Failure]) -> None:
    found = causes(failures * 20)
    assert sum(each.count for each in found) == 20 * len(failures)
    assert all(0 < len(each.failures) <= min(SHOWN, each.count) for each in found)
