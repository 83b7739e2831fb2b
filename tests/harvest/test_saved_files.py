"""What people saved of a catalogue is read from its file, as its address would be."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from bulkpub.core.model import LinkSource, UrlSource
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, sifted
from bulkpub.harvest.kinds import Kind, harvester
from bulkpub.harvest.reading.local import WithFiles

CATALOGUES = Path(__file__).parent / "catalogues"


class Nobody:
    """A server that is not there."""

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        raise SourceFailed(f"{url} was asked for as {accept}")


async def take(kind: str, source: Path | str, **asked: Any) -> tuple[list[Found], list[str]]:
    heard: list[str] = []
    options = HarvestOptions(lost=heard.append, note=heard.append, **asked)
    reader = WithFiles(Nobody(), [str(source)])
    stream = cast("AsyncGenerator[Found]", harvester(Kind(kind))(str(source), reader, options))
    return [each async for each in sifted(stream, options)], heard


def titles(found: list[Found]) -> list[str | None]:
    return [each.dataset.metadata.title for each in found]


@pytest.mark.parametrize(
    ("name", "count"),
    [("dcat_2.ttl", 1), ("dcat_geonetwork.rdf", 1), ("dcat_hub.json", 1)],
)
async def test_a_catalogue_in_rdf(name: str, count: int) -> None:
    found, heard = await take("dcat", CATALOGUES / name)
    assert (len(found), heard) == (count, [])


async def test_what_a_file_does_not_hold_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a")
    catalogue = tmp_path / "c.ttl"
    catalogue.write_text(
        """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix hydra: <http://www.w3.org/ns/hydra/core#> . <x> hydra:next <secret.csv> .
        <#d> a dcat:Dataset ; dct:title "D" ; dcat:distribution [ dcat:downloadURL <secret.csv> ] ,
        [ dcat:downloadURL <file:///etc/passwd> ] ,
        [ dcat:downloadURL <https://x.example/a.csv> ] ."""
    )
    found, heard = await take("dcat", catalogue)
    (file,) = found[0].dataset.resources
    assert file.source == UrlSource("https://x.example/a.csv")
    assert "file:///secret.csv" in "\n".join(found[0].notes)
    assert str(tmp_path) not in repr(found) + repr(heard)
    (lost,) = heard
    assert "file:///secret.csv is not read: name the file for the harvest as well" in lost


PACKAGE = {
    "id": "1",
    "name": "velos",
    "title": "Vélos",
    "notes": "D",
    "resources": [
        {"id": "a", "url": "https://x.example/a.csv"},
        {"id": "b", "url": "b.csv", "url_type": "upload"},
    ],
}
OTHER = {"id": "2", "name": "bus", "title": "Bus", "notes": "D", "private": True}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"success": True, "result": {"count": 2, "results": [PACKAGE, OTHER]}}),
        json.dumps({"success": True, "result": [PACKAGE, OTHER]}),
        json.dumps([PACKAGE, OTHER], indent=2),
        f"{json.dumps(PACKAGE)}\n{json.dumps(OTHER)}\n",
        f"\ufeff{json.dumps(PACKAGE)}\r\n\r\n{json.dumps(OTHER)}",
    ],
)
async def test_packages_of_ckan(tmp_path: Path, content: str) -> None:
    dump = tmp_path / "dump.jsonl"
    dump.write_text(content, encoding="utf-8")
    found, heard = await take("ckan", dump)
    assert (titles(found), heard) == (["Vélos", "Bus"], [])
    velos, bus = (each.dataset for each in found)
    assert [each.source for each in velos.resources] == [UrlSource("https://x.example/a.csv")]
    assert bus.metadata.private is True
    assert "harvest:remote_url" not in (velos.metadata.extras or {})


async def test_one_package_of_ckan(tmp_path: Path) -> None:
    for number, content in enumerate([{"success": True, "result": PACKAGE}, PACKAGE]):
        dump = tmp_path / f"{number}.json"
        dump.write_text(json.dumps(content, indent=1))
        assert titles((await take("ckan", dump))[0]) == ["Vélos"]


METAS = {"default": {"title": "Arbres", "description": "D", "keyword": ["arbre"]}}
FLAT = {"datasetid": "arbres", "default.title": "Arbres", "default.description": "D",
        "default.keyword": ["arbre"]}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        {"total_count": 1, "results": [{"dataset_id": "arbres", "metas": METAS}]},
        {"datasets": [{"dataset": {"dataset_id": "arbres", "metas": METAS}}]},
        [{"dataset_id": "arbres", "metas": METAS}],
        [FLAT],
    ],
)
async def test_datasets_of_opendatasoft(tmp_path: Path, content: Any) -> None:
    dump = tmp_path / "datasets.json"
    dump.write_text(json.dumps(content))
    found, (note,) = await take("opendatasoft", dump)
    metadata = found[0].dataset.metadata
    assert (metadata.title, metadata.tags) == ("Arbres", ("arbre",))
    assert note.startswith("datasets.json does not say which portal it is of")


async def test_a_table_of_links(tmp_path: Path) -> None:
    (tmp_path / "liens.csv").write_text("url\nhttps://x.example/a.csv\n")
    found, _ = await take("csv", tmp_path / "liens.csv", links=True)
    assert found[0].dataset.resources[0].source == LinkSource("https://x.example/a.csv")


@pytest.mark.parametrize("kind", ["ckan", "opendatasoft", "dcat"])
async def test_a_file_that_holds_something_else(tmp_path: Path, kind: str) -> None:
    for number, content in enumerate(["[]" if kind == "dcat" else "[1]", '{"a": 1}', "<html>"]):
        file = tmp_path / f"{number}.json"
        file.write_text(content)
        with pytest.raises(SourceFailed, match=f"{number}.json"):
            await take(kind, file)


@pytest.mark.parametrize("kind", ["ckan", "opendatasoft", "dcat", "csv", "index"])
async def test_a_file_that_is_not_there(tmp_path: Path, kind: str) -> None:
    for name in ("data.example.org", str(tmp_path / "none.json")):
        with pytest.raises(SettingsInvalid, match=r"address|cannot be read"):
            await take(kind, name)


async def test_a_listing_that_was_saved_says_nothing_of_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>Index of /</title><a href='a.csv'>a.csv</a>")
    with pytest.raises(SettingsInvalid, match="does not say where its files are"):
        await take("index", tmp_path / "index.html")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("ckan", [PACKAGE, None, "x", {"extras": []}]),
        ("opendatasoft", {"total_count": 4, "results": [FLAT, None, "x", {"metas": {}}]}),
    ],
)
async def test_what_is_listed_and_is_nothing_counts_as_lost(
    tmp_path: Path, kind: str, content: Any
) -> None:
    (tmp_path / "dump.json").write_text(json.dumps(content))
    found, heard = await take(kind, tmp_path / "dump.json")
    assert len(found) == 1
    assert len([each for each in heard if "neither an id nor a name nor a title" in each]) == 3
