"""What a benchmark publishes: files, manifests, and what a sink says of them, all from numbers."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import orjson
import pytest
import sink
from arrivals import arrived
from material import MIB, Material, NoRoom, room_for
from remote_files import links

from bulkpub.core.model import FileSource, RemoteDataset
from bulkpub.manifest.loading import load
from bulkpub.portals.udata.answers import PAGE
from bulkpub.portals.udata.rules import RULES

SHAPES = [(1, 1), (7, 3), (10, 10), (5, 1)]


@pytest.mark.parametrize(("files", "datasets"), SHAPES)
def test_every_file_is_in_one_dataset_and_they_are_in_order(files: int, datasets: int) -> None:
    numbers = [number for _, number in Material(Path(), files, 10, datasets).all()]
    assert numbers == list(range(files))


@pytest.mark.parametrize("size", [100, 3 * MIB])
def test_a_checksum_is_that_of_the_file(tmp_path: Path, size: int) -> None:
    material = Material(tmp_path, 3, size, 2).make()
    changed = material.with_changes(2) if size < MIB else material
    for dataset, number in changed.all():
        content = changed.path(dataset, number).read_bytes()
        assert len(content) == size
        assert hashlib.sha1(content).hexdigest() == changed.sha1(number)
    assert len({changed.sha1(number) for _, number in changed.all()}) == 3


def test_so_many_files_change() -> None:
    before, after = Material(Path(), 500, 100), Material(Path(), 500, 100, changed=10)
    changed = [number for number in range(500) if before.sha1(number) != after.sha1(number)]
    assert len(changed) == 50


@pytest.mark.parametrize("spelling", ["yaml", "json", "jsonl", "csv"])
def test_a_manifest_says_the_same_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    material = Material(tmp_path, 7, 10, 3).make()
    loaded = load([material.manifest(tmp_path / f"m.{spelling}", "sink")], rules=RULES)
    assert not loaded.problems
    found = [
        (dataset.metadata.title, Path(each.source.path), each.metadata.title)
        for dataset in loaded.datasets
        for each in dataset.resources
        if isinstance(each.source, FileSource)
    ]
    assert found == [
        (material.title(dataset), material.path(dataset, number), material.file_title(number))
        for dataset, number in material.all()
    ]


@pytest.mark.parametrize(("files", "datasets"), [*SHAPES, (950, 450)])
def test_a_sink_lists_all_that_it_is_to_hold_as_udata_does(files: int, datasets: int) -> None:
    holds = Material(Path(), files, 1_000, datasets)
    found: list[RemoteDataset] = []
    for number in range(1, 10):
        target = f"/api/1/datasets/?organization=x&page={number}&page_size=100&sort=created"
        page = PAGE.read(orjson.dumps(sink.answer(holds, "GET", target, b"")))
        assert page.total == datasets
        found += page.datasets
        if page.last:
            break
    assert [each.metadata.title for each in found] == [holds.title(n) for n in range(datasets)]
    assert len({each.id for each in found}) == datasets
    there = [(r.digest, r.metadata.title, r.size) for each in found for r in each.resources]
    assert there == [(holds.sha1(n), holds.file_title(n), 1_000) for _, n in holds.all()]


def test_what_a_sink_does_not_know_is_refused() -> None:
    assert sink.answer(None, "GET", "/api/1/elsewhere/", b"") is None


def test_a_catalogue_has_every_file_on_some_host() -> None:
    material = Material(Path(), 6, 10, 2)
    _, *rows = links(material, ["a", "b", "c"]).splitlines()
    assert Counter(row.split("//")[1].split("/")[0] for row in rows) == {"a": 2, "b": 2, "c": 2}
    assert rows[0] == "dataset-000000,Relevés 0000000,http://a/d-000000/f-0000000.csv"


def test_a_full_disk_is_told_before(tmp_path: Path) -> None:
    room_for(tmp_path, 0)
    with pytest.raises(NoRoom, match="MiB are missing on the disk of"):
        room_for(tmp_path, 1 << 60)


# --- what arrived ---------------------------------------------------------------------------

HELD = Material(Path(), 4, 10, 2)


def portal_of(held: Material) -> list[dict[str, object]]:
    told: list[dict[str, object]] = json.loads(json.dumps(sink.page(held, 1, 100)))["data"]
    return told


def test_all_is_well() -> None:
    assert not arrived(portal_of(HELD), HELD).fault(titles=True, order=True)


def test_each_fault_is_told_and_only_where_it_was_promised() -> None:
    found = portal_of(HELD)
    resources = found[0]["resources"]
    assert isinstance(resources, list)
    resources.reverse()
    assert arrived(found, HELD).fault(titles=True, order=True) == "1 of 2 in order"
    assert not arrived(found, HELD).fault(titles=True, order=False)
    resources[0]["title"] = "f-0000001.csv"
    assert arrived(found, HELD).fault(titles=True, order=False) == "3 of 4 titled"
    assert not arrived(found, HELD).fault(titles=False, order=False)
    resources.append(resources[0])
    assert arrived(found, HELD).fault(titles=False, order=False) == "1 DOUBLED"
    del resources[1:]
    assert arrived(found, HELD).fault(titles=False, order=False) == "1 LOST"
    assert "2 DOUBLED" in arrived([*portal_of(HELD), {**found[1], "title": "x"}], HELD).fault(
        titles=False, order=False
    )
