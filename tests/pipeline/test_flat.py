"""What is in memory does not grow with what is published; what is told is the same all the same."""

import gc
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bulkpub import RunReport
from bulkpub.core.model import ResourceSpec
from bulkpub.core.outcome import ResourceOutcome
from bulkpub.observers.events import DatasetFinished, Event, Forecast, RunStarted
from bulkpub.pipeline.files import recall_hashes
from bulkpub.pipeline.story import Story
from bulkpub.portals.memory import Site

Publish = Callable[..., Any]

FILES = 8
WATCHED = (ResourceSpec, ResourceOutcome)
"""What the portal has of it is in memory in these tests, as the portal is."""


def many(folder: Any, datasets: int) -> Any:
    for name in "abcdefgh":
        folder.file(f"{name}.csv")
    files = [f"{name}.csv" for name in "abcdefgh"]
    return folder.manifest(*(folder.dataset(f"d{number}", *files) for number in range(datasets)))


class Living:
    """An observer that counts the things of each kind that are alive when datasets are done."""

    def __init__(self) -> None:
        gc.collect()
        self.before = alive()  # what an earlier run has left
        self.most = 0
        self.looks = 0

    def __call__(self, event: Event) -> None:
        if not isinstance(event, DatasetFinished):
            return
        self.looks += 1
        if self.looks % 7 == 0:
            self.most = max(self.most, *(alive()[kind] - self.before[kind] for kind in WATCHED))


def alive() -> Counter[type]:
    """How many things of each kind there are."""
    return Counter(type(each) for each in gc.get_objects() if type(each) in WATCHED)


@pytest.mark.usefixtures("only_new_objects")
async def test_few_datasets_are_in_memory_at_a_time_however_many_there_are(
    publish: Publish, folder: Any, given_out: int
) -> None:
    manifest = many(folder, 40)
    for expected in (1, 0):  # created, and once more
        watch = Living()
        report = await publish(manifest, observers=(watch,), concurrency=2)
        assert report.run.exit_code == 0
        assert bool(report.totals.resources.created) is bool(expected)
        assert watch.looks == 40
        # Some in work, one that waits for them and one in the making; what workers have ahead.
        assert 0 < watch.most <= (6 + given_out) * FILES
        del report


def told(report: RunReport) -> Any:
    """What a report says, but for what no two runs have in common."""
    mine: Any = asdict(report)
    del mine["run"]["id"], mine["run"]["portal"], mine["rate_limit"], mine["timeline"]
    mine["datasets"] = list(map(asdict, report.datasets))
    return _without(
        mine,
        {"duration_s", "started_at", "finished_at", "sent_at", "id", "url", "permalink", "page"},
    )


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _without(each, names) for k, each in value.items() if k not in names}
    return [_without(each, names) for each in value] if isinstance(value, list | tuple) else value


@pytest.fixture
def mixed(folder: Any) -> Any:
    """A manifest of which some is sound, some fails and some is wrong."""
    whole = [
        folder.dataset(f"d{n}", f"{n}.csv", {"link": f"https://x.example/{n}"}) for n in range(5)
    ]
    folder.file("empty.csv", "")
    wrong = {**folder.dataset("w", "5.csv"), "license": "none-such"}
    return folder.manifest(*whole, folder.dataset("e", "empty.csv", "6.csv"), wrong)


@pytest.mark.parametrize(
    "options", [{"keep_going": True}, {}, {"dry_run": True, "keep_going": True}]
)
async def test_a_run_that_overflows_tells_what_one_does_that_has_all_in_memory(
    publish: Publish, mixed: Any, site: Site, options: dict[str, Any]
) -> None:
    reports = []
    for room in (0, 1, 10_000):
        site.datasets.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bulkpub.state.overflow.ROOM", room)
            first = await publish(mixed, **options)
            second = await publish(mixed, **options)
        reports.append((told(first), told(second)))
        assert isinstance(first.datasets, tuple) is (room == 10_000)
    assert reports[0] == reports[1] == reports[2]


async def test_what_needs_nothing_is_done_with_the_forecast(
    publish: Publish, folder: Any, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    other = "other, and longer\n"
    manifest = folder.manifest(*(folder.dataset(each, f"{each}.csv") for each in "abc"))
    await publish(manifest, state_dir=state)
    await publish(manifest, state_dir=state)  # now the hashes are remembered
    folder.file("b.csv", other)
    events: list[Event] = []
    report = await publish(manifest, state_dir=state, observers=(events.append,))
    kinds = [type(each) for each in events]
    assert kinds.index(RunStarted) < kinds.index(Forecast)
    (forecast,) = (each for each in events if isinstance(each, Forecast))
    # The replaced file, and the request that finishes its dataset.
    assert (forecast.requests, forecast.bytes) == (2, len(other))
    done = [each.outcome.key for each in events if isinstance(each, DatasetFinished)]
    assert sorted(done[:2]) == ["a", "c"]
    assert (
        events.index(forecast)
        == next(number for number, each in enumerate(events) if getattr(each, "dataset", "") == "b")
        - 1
    )
    assert [each.key for each in report.datasets] == ["a", "b", "c"]
    assert report.totals.requests.planned == forecast.requests


@pytest.mark.local_only("the mistake is made by this process")
async def test_a_defect_met_when_looking_ahead_costs_only_its_dataset(
    publish: Publish, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = many(folder, 3)

    def failing(story: Story, *given: Any) -> Any:
        if story.spec.key == "d1":
            raise ZeroDivisionError("a mistake")
        return recall_hashes(story, *given)

    await publish(manifest)
    (folder.path / "a.csv").write_text("changed\n")
    monkeypatch.setattr("bulkpub.pipeline.forecast.recall_hashes", failing)
    monkeypatch.setattr("bulkpub.pipeline.files.recall_hashes", failing)
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert [each.status for each in report.datasets] == ["updated", "failed", "updated"]
    assert "a mistake" in str(report.datasets[1].error)
