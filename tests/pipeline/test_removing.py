"""`remove: verified`: a file is removed here once the portal is known to have it, else never."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkpub import ResourceStatus, RunReport
from bulkpub.errors import ResourceFailed, Uncertain
from bulkpub.pipeline import Verify
from bulkpub.portals.memory import Call, Site


@pytest.fixture
def entry(folder: Any, tmp_path: Path) -> Callable[..., Any]:
    """A manifest with `a.csv`, and all of `out`, to be removed; there are `out/1.csv`, `2.csv`."""
    (tmp_path / "out").mkdir()
    for name in ("1.csv", "2.csv"):
        (tmp_path / "out" / name).write_text(f"{name}\n")

    def entry(**more: Any) -> Any:
        dataset = folder.dataset("k", "a.csv", {"glob": "out/*.csv", "remove": "verified"}, **more)
        return folder.manifest(dataset)

    return entry


def left(tmp_path: Path) -> list[str]:
    return sorted(each.name for each in (tmp_path / "out").iterdir())


def removed(report: RunReport) -> list[str | None]:
    return [each.source for each in report.datasets[0].resources if each.removed]


async def test_what_is_published_is_removed_and_told(
    publish: Any, entry: Any, site: Site, titles: Any, tmp_path: Path
) -> None:
    planned = await publish(entry(), dry_run=True)
    assert planned.datasets[0].resources[1].reason.endswith("; then its file is removed here")
    assert (removed(planned), left(tmp_path)) == (["out/1.csv", "out/2.csv"], ["1.csv", "2.csv"])
    report = await publish(entry())
    assert report.run.exit_code == 0
    assert removed(report) == ["out/1.csv", "out/2.csv"]
    assert left(tmp_path) == []
    assert (tmp_path / "a.csv").exists()
    # With nothing new there is nothing to do, and nothing is taken away there.
    again = await publish(entry())
    assert again.totals.datasets.unchanged == 1
    assert list(titles(site).values()) == [["a.csv", "1.csv", "2.csv"]]
    # A new one comes beside what is there.
    (tmp_path / "out/3.csv").write_text("3\n")
    report = await publish(entry())
    assert removed(report) == ["out/3.csv"]
    assert sorted(*titles(site).values()) == ["1.csv", "2.csv", "3.csv", "a.csv"]


async def test_what_an_earlier_run_published_is_removed_by_the_next(
    publish: Any, entry: Any, folder: Any, tmp_path: Path
) -> None:
    await publish(folder.manifest(folder.dataset("k", "a.csv", {"glob": "out/*.csv"})))
    report = await publish(entry())
    assert report.totals.datasets.unchanged == 1
    assert removed(report) == ["out/1.csv", "out/2.csv"]
    assert left(tmp_path) == []


@pytest.mark.parametrize("verify", [Verify.QUICK, Verify.NO])
async def test_who_only_looks_removes_nothing(
    publish: Any, entry: Any, folder: Any, tmp_path: Path, verify: Verify
) -> None:
    await publish(folder.manifest(folder.dataset("k", "a.csv", {"glob": "out/*.csv"})))
    report = await publish(entry(), dry_run=True, verify=verify)
    assert report.run.exit_code == 0
    assert left(tmp_path) == ["1.csv", "2.csv"]


async def test_a_file_that_changed_since_it_was_hashed_stays(
    publish: Any, entry: Any, site: Site, tmp_path: Path
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name == "set_resources":
            (tmp_path / "out/1.csv").write_text("more\n")
        return answer

    site.trouble = trouble
    report = await publish(entry())
    assert report.run.exit_code == 0
    outcome = report.datasets[0].resources[1]
    assert outcome.warnings == ("out/1.csv is not removed: it changed since it was hashed",)
    assert left(tmp_path) == ["1.csv"]
    site.trouble = None
    report = await publish(entry())
    assert report.datasets[0].resources[1].status is ResourceStatus.REPLACED
    assert left(tmp_path) == []


@pytest.mark.parametrize("lost", ["upload", "set_resources"])
async def test_a_lost_answer_removes_what_is_seen_to_be_there(
    *, publish: Any, entry: Any, site: Site, lose_answers: Any, tmp_path: Path, lost: str
) -> None:
    site.trouble = lose_answers(lost)
    report = await publish(entry())
    assert report.run.exit_code == 0
    assert left(tmp_path) == []
    (dataset,) = site.datasets.values()
    assert len(dataset.resources) == 3


async def test_what_fails_stays(publish: Any, entry: Any, site: Site, tmp_path: Path) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.name == "upload" and call.content and call.content.name == "1.csv":
            raise ResourceFailed("the portal refused it")
        return await carry_out()

    site.trouble = trouble
    report = await publish(entry())
    assert report.run.exit_code == 1
    assert left(tmp_path) == ["1.csv"]
    assert removed(report) == ["out/2.csv"]


async def test_without_the_last_answer_nothing_is_removed(
    publish: Any, entry: Any, site: Site, tmp_path: Path
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.name == "set_resources":
            raise Uncertain("the answer was lost")
        return await carry_out()

    site.trouble = trouble
    report = await publish(entry())
    assert report.run.exit_code == 1
    assert left(tmp_path) == ["1.csv", "2.csv"]


async def test_a_portal_that_has_other_bytes_is_not_believed(
    publish: Any, entry: Any, site: Site, tmp_path: Path
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name == "set_resources":
            return tuple(replace(each, digest="0" * 40) for each in answer)
        return answer

    site.trouble = trouble
    report = await publish(entry())
    assert removed(report) == []
    assert left(tmp_path) == ["1.csv", "2.csv"]


@pytest.mark.local_only("it is this process that is not allowed to")
async def test_a_file_that_cannot_be_removed_is_told(
    publish: Any, entry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    report = await publish(entry())
    assert report.run.exit_code == 1
    assert "it is published, but out/1.csv stays: permission denied" in str(report.datasets[0])
    assert left(tmp_path) == ["1.csv", "2.csv"]
