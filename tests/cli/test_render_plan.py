"""A plan as people read it: old and new at any width, bounded, escaped."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bulkpub.cli.render_plan import render_plan
from bulkpub.core.outcome import (
    Change,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.report import RateLimit, RequestTotals, RunInfo, RunReport, Tally, WaitTotals

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "\x1b[2J[red]é\n\u202e.csv"


def plan(datasets: Sequence[DatasetOutcome], width: int = 80, **options: Any) -> list[str]:
    tally = Tally()
    for each in datasets:
        tally.add(each)
    totals = tally.totals(hashed=0, uploaded=0, requests=RequestTotals(), waited_s=WaitTotals())
    info = RunInfo("id", NOON, NOON, 1.0, ("m.yaml",), "demo", True, 0, "0.1")  # noqa: FBT003
    out = Console(file=StringIO(), width=width, color_system=None, **options)
    render_plan(RunReport(info, totals, RateLimit(), tuple(datasets)), out)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue().splitlines()


def updated(*changes: Change, key: str = "velos", **more: Any) -> DatasetOutcome:
    return DatasetOutcome(
        key, DatasetStatus.UPDATED, "differs", title="Vélos", changes=changes, **more
    )


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (Change("license", "lov2", "fr-lo"), ["    license: lov2 → fr-lo"]),
        (Change("license", None, "fr-lo"), ["    license: fr-lo"]),
        (Change("acronym", "X", None), ["    acronym: X → (none)"]),
        (Change("private", old=True, new=False), ["    private: true → false"]),
        (Change("tags", ["a", "b"], ["b", "c"]), ["    tags: +c, -a"]),
        (Change("order", ["a", "b"], ["b", "a"]), ["    order: a, b → b, a"]),
        (Change("extras.x", {"a": [1]}, "text"), ["    extras.x: a: 1 → text"]),
    ],
    ids=lambda value: getattr(value, "field", ""),
)
@pytest.mark.parametrize("width", [60, 80])
def test_old_and_new_of_a_field(change: Change, lines: list[str], width: int) -> None:
    assert plan([updated(change)], width)[1 : 1 + len(lines)] == lines


@pytest.mark.parametrize("width", [60, 80])
def test_long_texts_are_shown_where_they_differ(width: int) -> None:
    same = "éléments du réseau " * 12
    change = Change("description", f"{same}vieux. {same}", f"{same}neufs. {same}")
    name, old, new = plan([updated(change)], width)[1:4]
    assert name == "    description:"
    assert old.startswith("      - …")
    assert "vieux." in old
    assert new.startswith("      + …")
    assert "neufs." in new
    assert max(cell_len(old), cell_len(new)) <= width


def test_the_size_of_a_file_that_takes_the_place_of_another() -> None:
    changes = (Change("size", 1000, 2_500_000), Change("sha1", "aa", "bb"))
    replaced = ResourceOutcome(
        "a", ResourceStatus.REPLACED, "size changed", source="a.csv", size=2_500_000
    )
    shown = plan([updated(resources=(replace(replaced, changes=changes),))])
    assert shown[1] == "    ~ a.csv (1.0 kB → 2.5 MB) size changed"
    assert not any("sha1" in line for line in shown)


def test_what_pruning_would_delete_is_shown_with_why_it_does_not() -> None:
    old = ResourceOutcome("o", ResourceStatus.UNCHANGED, "not in the manifest", title="Old", size=9)
    error = "pruning would delete 3 of the dataset's 4 resources"
    failed = DatasetOutcome(
        "a", DatasetStatus.FAILED, "failed", error=error, not_pruned=(old,) * 40
    )
    shown = plan([failed])
    assert shown[0] == f"! a [a] {error}"
    assert shown[1] == "    = Old (9 B) stays, and would be pruned: not in the manifest"
    assert shown[31] == "    … and 10 more files would be pruned"


def test_ten_thousand_changes_are_a_page_or_two_and_every_failure_is_seen() -> None:
    many = [updated(Change("title", "a", "b"), key=f"d{n}") for n in range(10_000)]
    failed = DatasetOutcome("last", DatasetStatus.FAILED, "failed", error="refused")
    shown = plan([*many, failed])
    assert len(shown) < 80
    assert "! last [last] refused" in shown
    assert "  … and 9,970 more datasets: --json has them all" in shown
    wide = updated(
        *(Change(f"extras.{n}", None, n) for n in range(500)),
        resources=tuple(
            ResourceOutcome(f"{n}", ResourceStatus.CREATED, "new", size=1) for n in range(5000)
        ),
    )
    shown = plan([wide])
    assert len(shown) < 60
    assert "    … and 485 more fields" in shown
    assert "    … and 4,970 more files: --json has them all" in shown


def test_hostile_texts_are_escaped_wherever_they_come_from() -> None:
    change = Change(f"extras.{HOSTILE}", [HOSTILE], {HOSTILE: HOSTILE})
    long = Change("title", HOSTILE * 20, None)
    gone = ResourceOutcome(None, ResourceStatus.DELETED, HOSTILE, title=HOSTILE, changes=(change,))
    bad = updated(change, long, resources=(gone,), not_pruned=(gone,))
    text = "\n".join(plan([bad], force_terminal=False))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"\x1b[2J[red]é\n\u202e" in text


def test_a_reason_is_shown_where_it_says_more_than_what_is_listed() -> None:
    title, other = Change("title", "a", "b"), Change("spatial.zones", None, ["x"])
    assert plan([updated(title)])[0] == "~ Vélos [velos]"
    assert plan([updated()])[0] == "~ Vélos [velos] differs"
    loses = replace(updated(other), reason="differs in: spatial (zones take its place)")
    assert plan([loses])[0] == "~ Vélos [velos] differs in: spatial (zones take its place)"
    file = ResourceOutcome("f", ResourceStatus.DESCRIBED, "differs in: title", source="f.csv")
    shown = plan([updated(title, resources=(replace(file, changes=(title,)), file))])
    assert shown[2:5] == ["    ~ f.csv", "        title: a → b", "    ~ f.csv differs in: title"]
