"""The example manifests for whole datasets and for others' datasets: published, changed, again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

MANIFESTS = Path(__file__).parents[2] / "manifests"
HOLIDAYS = "data/jours-feries"


@pytest.fixture
def example(target: Any, tmp_path: Path) -> Callable[[str], tuple[dict[str, Any], Path]]:
    """A manifest of ours, for the publisher's organization, with files that can be changed."""

    def example(name: str) -> tuple[dict[str, Any], Path]:
        document = YAML(typ="safe").load(MANIFESTS / name)
        document["organization"] = "other-organization"
        for dataset in document["datasets"]:
            if "key" in dataset:
                dataset["key"] += f"-{target.tag}"
            if "title" in dataset:
                dataset["title"] += f" ({target.tag})"
        shutil.copytree(MANIFESTS / HOLIDAYS, tmp_path / HOLIDAYS)
        return document, tmp_path / "manifest.json"

    return example


def written(document: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


async def test_the_life_of_datasets(
    *, target: Any, example: Any, publish: Any, folder: Any, manifest: Any
) -> None:
    document, path = example("lifecycle.yaml")
    old = folder.dataset(document["datasets"][3]["key"], "old.csv", title=f"Old {target.tag}")
    other = folder.dataset(f"other-{target.tag}", title=f"Other {target.tag}")
    first = await publish(manifest(old, other))  # one of one would be too many to delete
    report = await publish(written(document, path))
    assert report.run.exit_code == 0, report
    assert [each.status for each in report.datasets] == [*["created"] * 3, "deleted"]
    complete, draft, archived = [await target.dataset(report, index) for index in range(3)]
    assert [each["private"] for each in (complete, draft, archived)] == [False, True, False]
    assert [len(each["resources"]) for each in (complete, draft, archived)] == [2, 2, 1]
    assert [bool(each["archived"]) for each in (complete, draft, archived)] == [False, False, True]
    assert (await target.dataset(first))["deleted"]

    again = await publish(written(document, path))
    assert {each.status for each in again.datasets} == {"unchanged"}
    assert again.totals.requests.by_method.keys() == {"GET"}

    draft_, gone = document["datasets"][1], document["datasets"][3]
    draft_["state"] = "present"
    gone |= {**old, "state": "present"}
    with (path.parent / HOLIDAYS / "Jours fériés Guyane.csv").open("a") as file:
        file.write("one more\n")
    await target.next_second()
    report = await publish(written(document, path))
    assert report.run.exit_code == 0, report
    statuses = [each.status for each in report.datasets]
    assert statuses == ["unchanged", "updated", "unchanged", "updated"]
    assert (await target.dataset(report, 1))["private"] is False
    restored = await target.dataset(report, 3)
    assert (restored["id"], restored["deleted"]) == (first.datasets[0].id, None)
    assert report.totals.bytes.uploaded < 10_000
    again = await publish(written(document, path))
    assert {each.status for each in again.datasets} == {"unchanged"}


async def test_files_beside_somebody_elses_dataset(
    *, target: Any, example: Any, publish: Any
) -> None:
    theirs = await target.portal.create(key="user", organization=target.info["organization"]["id"])
    document, path = example("community.yaml")
    document["datasets"][0]["id"] = theirs["id"]
    report = await publish(written(document, path))
    assert report.run.exit_code == 0, report
    assert report.totals.resources.created == 2
    again = await publish(written(document, path))
    assert (again.run.exit_code, again.datasets[0].status) == (0, "unchanged")
    with (path.parent / HOLIDAYS / "Jours fériés Métropole.ics").open("a") as file:
        file.write("\n")
    document["datasets"][0]["resources"].pop()
    await target.next_second()
    report = await publish(written(document, path))
    assert report.run.exit_code == 0, report
    assert (report.totals.resources.replaced, report.totals.resources.deleted) == (1, 1)
    answer = await target.portal.call(
        "GET", f"/datasets/community_resources/?dataset={theirs['id']}", key=None, expect=200
    )
    (left,) = answer.body["data"]
    assert left["title"] == "Les jours fériés, pour les agendas"
    assert left["organization"]["id"] == target.portal.org
