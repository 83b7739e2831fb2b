"""What is wrong is told once, at its own place, however many datasets and files have it."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]


async def test_a_wrong_organization_in_every_row_is_one_problem(
    publish: Publish, folder: Any, site: Site
) -> None:
    folder.file("a.csv")
    head = "dataset;dataset_title;description;organization;path\n"
    rows = "".join(f"d{n};T{n};D;test-organisation;a.csv\n" for n in range(50))
    table = folder.file("m.csv", head + rows)
    report = await publish(table)
    (problem,) = report.run.problems
    assert (problem.line, problem.message) == (
        2,
        (
            "the portal knows no organization 'test-organisation'; did you mean "
            "'test-organization'? (written in 49 more places)"
        ),
    )
    assert [call.name for call in site.calls].count("organization") == 1
    report = await publish(table, keep_going=True)
    assert {each.error for each in report.datasets} == {problem.message}


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
async def test_datasets_whose_turn_did_not_come_say_so(
    *, publish: Publish, folder: Any, dry_run: bool
) -> None:
    wrong = folder.dataset("wrong", {"path": "gone.csv"})
    others = [folder.dataset(key, f"{key}.csv") for key in ("a", "b")]
    report = await publish(folder.manifest(wrong, *others), dry_run=dry_run)
    assert report.run.exit_code == 2
    assert len(report.run.problems) == 1
    waiting = [each for each in report.datasets if each.key != "wrong"]
    reasons = {one.reason for each in waiting for one in (each, *each.resources)}
    assert reasons == {"not begun: the run ended before its turn came"}


@pytest.mark.parametrize(
    ("licence", "frequency", "meant"),
    [
        ("lov3", "daily", "lov2"),
        ("lov2", "daili", "daily"),
    ],
)
async def test_what_the_portal_does_not_know_is_answered_with_what_it_does(
    *, publish: Publish, folder: Any, licence: str, frequency: str, meant: str
) -> None:
    dataset = folder.dataset("a", "a.csv", license=licence, frequency=frequency)
    report = await publish(folder.manifest(dataset), dry_run=True)
    (problem,) = report.run.problems
    assert f"did you mean '{meant}'?" in problem.message
    assert problem.line
