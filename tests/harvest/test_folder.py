import json
import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from bulkpub.core.model import DatasetSpec, FileSource, LinkSource, UrlSource
from bulkpub.core.rules import Rules
from bulkpub.errors import SettingsInvalid
from tests.manifests import Loaded

Harvest = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Make files below a folder called `donnees`; returns the folder."""

    def tree(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "donnees"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        root.mkdir(exist_ok=True)
        return root

    return tree


def shown(spec: DatasetSpec) -> list[str]:
    return [each.source.shown for each in spec.resources]


def titles(spec: DatasetSpec) -> list[str | None]:
    return [each.metadata.title for each in spec.resources]


# --- folders and files --------------------------------------------------------------------


async def test_every_folder_with_files_is_a_dataset(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree({"a.csv": "1", "velos/v.csv": "2", "velos/2024/x.csv": "3", "empty/.keep": ""})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert {key: spec.metadata.title for key, spec in harvested.datasets.items()} == {
        "donnees": "Donnees",
        "donnees/velos": "Velos",
        "donnees/velos/2024": "Velos – 2024",  # noqa: RUF001 - the dash of titles
    }
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert [shown(spec) for spec in loaded.datasets] == [
        ["donnees/a.csv"],
        ["donnees/velos/v.csv"],
        ["donnees/velos/2024/x.csv"],
    ]


async def test_single_makes_one_dataset_of_everything(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree({"a.csv": "1", "velos/v.csv": "2", "velos/README.md": "Of the bicycles alone."})
    harvested = await harvest("folder", root, base=str(tmp_path), single=True)
    assert titles(harvested.only) == ["A", "Velos – V"]  # noqa: RUF001 - the dash of titles
    assert harvested.notes == ["velos/README.md is left out: it speaks of one folder only"]
    assert manifest_of(harvested).problems == ()


async def test_what_is_no_data_is_left_out(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    names = [".hidden.csv", "a.csv~", "#a.csv#", "~$a.xlsx", "a.bak", "b.csv.swp", "Thumbs.db"]
    folders = [".git/config.ini", "__MACOSX/a.csv"]
    root = tree(dict.fromkeys(["a.csv", "README.md", *names, *folders], "content"))
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/a.csv"]


async def test_files_come_in_natural_order(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree(dict.fromkeys(["f10.csv", "f9.csv", "F1.csv"], "1"))
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/F1.csv", "donnees/f9.csv", "donnees/f10.csv"]


async def test_paths_start_where_the_manifest_will_be(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree({"a.csv": "1"})
    elsewhere = tmp_path / "manifests"
    elsewhere.mkdir()
    harvested = await harvest("folder", root, base=str(elsewhere))
    assert shown(harvested.only) == ["../donnees/a.csv"]
    loaded = manifest_of(harvested, elsewhere)
    assert loaded.problems == ()
    assert [r.key for r in loaded.datasets[0].resources] == [
        r.key for r in harvested.only.resources
    ]


async def test_what_the_portal_would_refuse_is_left_out_and_said(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree({"a.csv": "1", "LICENSE": "x"})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/a.csv"]
    assert "donnees/LICENSE has no extension" in harvested.told
    assert manifest_of(harvested).problems == ()


async def test_a_folder_with_nothing_to_publish_is_said(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    harvested = await harvest("folder", tree({"LICENSE": "x"}), base=str(tmp_path))
    assert harvested.found == []
    assert "donnees gives no dataset" in harvested.notes[0]


async def test_links_to_folders_are_not_followed(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"a.csv": "1"})
    (root / "circle").symlink_to(root)
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert list(harvested.datasets) == ["donnees"]
    assert harvested.notes == ["circle is a link to a folder, and is not followed"]


async def test_a_folder_that_cannot_be_read_is_lost_and_the_rest_goes_on(
    harvest: Harvest,
    tree: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, scandir = tree({"a.csv": "1", "secret/b.csv": "2"}), os.scandir

    def refusing(path: str) -> Any:  # root, who runs some tests, may read every folder
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert list(harvested.datasets) == ["donnees"]
    assert harvested.lost == ["the folder secret cannot be read: permission denied"]


async def test_a_folder_that_does_not_exist_is_said(harvest: Harvest, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is not a folder"):
        await harvest("folder", tmp_path / "none")


async def test_the_manifest_itself_is_no_data(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"a.csv": "1", "manifest.yaml": "version: 1"})
    own = frozenset({str((root / "manifest.yaml").resolve())})
    harvested = await harvest("folder", root, base=str(tmp_path), leave_out=own)
    assert shown(harvested.only) == ["donnees/a.csv"]


async def test_since_goes_by_the_newest_file(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"old/a.csv": "1", "new/a.csv": "1", "new/b.csv": "2"})
    for name in ("old/a.csv", "new/a.csv"):
        os.utime(root / name, (1_000_000_000, 1_000_000_000))
    harvested = await harvest("folder", root, base=str(tmp_path), since=date(2020, 1, 1))
    assert list(harvested.datasets) == ["donnees/new"]


async def test_braces_in_names_are_no_templates(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("folder", tree({"a{b}.csv": "1"}), base=str(tmp_path))
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert titles(loaded.datasets[0]) == ["A{b}"]


# --- READMEs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["README.md", "readme.txt", "README", "LISEZ-MOI.md", "description.md"]
)
async def test_a_readme_is_the_description(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    root = tree({"a.csv": "1", name: "# Été\r\n\r\nDes comptages.\n"})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert harvested.only.metadata.description == "# Été\n\nDes comptages."
    assert shown(harvested.only) == ["donnees/a.csv"]


async def test_a_readme_in_an_old_encoding_is_read(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"a.csv": "1", "README.txt": "Comptages de l'été".encode("cp1252")})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert harvested.only.metadata.description == "Comptages de l'été"


async def test_without_a_readme_the_title_stands_in_and_a_note_tells(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    harvested = await harvest("folder", tree({"a.csv": "1"}), base=str(tmp_path))
    assert harvested.only.metadata.description == "Donnees"
    assert "no README" in harvested.told


@pytest.mark.parametrize("content", [b"\0\1binary", b"x" * 100_001])
async def test_a_readme_that_cannot_describe_is_said(
    harvest: Harvest,
    tree: Callable[..., Path],
    tmp_path: Path,
    content: bytes,
    manifest_of: ManifestOf,
) -> None:
    root = tree({"a.csv": "1", "README.md": content})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert harvested.only.metadata.description == "Donnees"
    assert "README.md" in harvested.told
    assert manifest_of(harvested).problems == ()


# --- data packages ------------------------------------------------------------------------


PACKAGE = {
    "name": "velos",
    "title": "Comptages vélo",
    "description": "Des comptages.",
    "version": "1.0",
    "licenses": [{"name": "ODbL-1.0", "path": "https://opendatacommons.org/licenses/odbl/"}],
    "keywords": ["mobilité", "vélo"],
    "resources": [
        {"name": "b", "path": "data/b.csv", "title": "Le second", "description": "Deuxième."},
        {"name": "a", "path": "a.csv", "schema": "https://example.org/schema.json"},
        {"name": "far", "path": "https://example.org/far.csv", "title": "Ailleurs"},
    ],
}


async def test_a_data_package_describes_its_files_in_its_order(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree(
        {"a.csv": "1", "c.csv": "3", "data/b.csv": "2", "datapackage.json": json.dumps(PACKAGE)}
    )
    harvested = await harvest("folder", root, base=str(tmp_path))
    spec = harvested.only
    assert spec.metadata.title == "Comptages vélo"
    assert spec.metadata.license == "odc-odbl"
    assert spec.metadata.tags == ("mobilité", "vélo")
    assert titles(spec) == ["Le second", "A", "Ailleurs", "C"]
    assert [type(each.source) for each in spec.resources] == [
        FileSource,
        FileSource,
        UrlSource,
        FileSource,
    ]
    assert "not carried over: version" in harvested.told
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert titles(loaded.datasets[0]) == titles(spec)


async def test_with_links_what_lies_elsewhere_is_only_listed(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"a.csv": "1", "data/b.csv": "2", "datapackage.json": json.dumps(PACKAGE)})
    harvested = await harvest("folder", root, base=str(tmp_path), links=True)
    assert LinkSource("https://example.org/far.csv") in [
        each.source for each in harvested.only.resources
    ]


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.csv", "data/../../outside.csv"])
async def test_a_data_package_cannot_lead_out_of_its_folder(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside.csv").write_text("private")
    package = {"resources": [{"name": "sly", "path": path}]}
    root = tree({"a.csv": "1", "datapackage.json": json.dumps(package)})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/a.csv"]
    assert "leads out of the folder" in harvested.told


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '"text"', "[" * 100_000, '{"resources": 5, "licenses": {}, "keywords": "a"}'],
)
async def test_a_broken_data_package_costs_no_file(
    harvest: Harvest,
    tree: Callable[..., Path],
    tmp_path: Path,
    content: str,
    manifest_of: ManifestOf,
) -> None:
    root = tree({"a.csv": "1", "datapackage.json": content})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/a.csv"]
    assert len(harvested.lost) == (0 if content.startswith('{"') else 1)
    assert manifest_of(harvested).problems == ()


@pytest.mark.parametrize(("there", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
async def test_a_data_package_may_write_accents_otherwise(
    *, harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, there: Any, written: Any
) -> None:
    path = normalize(written, "été.csv")
    package = {"resources": [{"name": "e", "path": path, "title": "Un été"}]}
    root = tree({normalize(there, "été.csv"): "1", "datapackage.json": json.dumps(package)})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert titles(harvested.only) == ["Un été"]
    assert "not there" not in harvested.told


async def test_a_file_that_is_described_but_not_there_is_said(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    package = {"resources": [{"name": "gone", "path": "gone.csv"}]}
    root = tree({"a.csv": "1", "datapackage.json": json.dumps(package)})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert "gone.csv is described but not there" in harvested.told


async def test_an_unknown_licence_is_said(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    package = {"licenses": [{"name": "Licence maison"}]}
    root = tree({"a.csv": "1", "datapackage.json": json.dumps(package)})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert harvested.only.metadata.license is None
    assert "unknown licence 'Licence maison'" in harvested.told


# --- our own keys -------------------------------------------------------------------------


METADATA = """\
key: velos
title: Comptages vélo
license: fr-lo
tags: [mobilite]
organization: ville-exemple
resources:
  - path: b.csv
    title: "Le second, {stem}"
    type: documentation
  - link: https://api.example.org/v1
    type: api
"""


async def test_metadata_in_our_own_keys_wins(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    root = tree(
        {
            "a.csv": "1",
            "b.csv": "2",
            "README.md": "Depuis le README.",
            "metadata.yaml": METADATA,
            "datapackage.json": json.dumps({"title": "Other", "keywords": ["other"]}),
        }
    )
    harvested = await harvest("folder", root, base=str(tmp_path))
    spec = harvested.only
    assert (spec.key, spec.organization) == ("velos", "ville-exemple")
    assert spec.metadata.title == "Comptages vélo"
    assert spec.metadata.description == "Depuis le README."
    assert spec.metadata.license == "fr-lo"
    assert spec.metadata.tags == ("mobilite",)
    assert titles(spec) == ["Le second, b", None, "A"]
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert loaded.datasets[0].resources[0].metadata.type == "documentation"


async def test_metadata_that_leaves_title_and_owner_open_is_completed(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"velos/a.csv": "1", "velos/metadata.yml": "frequency: daily\n"})
    spec = (await harvest("folder", root, base=str(tmp_path), organization="ville")).only
    assert (spec.key, spec.metadata.title) == ("donnees/velos", "Velos")
    assert (spec.metadata.frequency, spec.organization) == ("daily", "ville")


async def test_a_title_that_can_be_no_key_needs_none(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"~/a.csv": "1", "~/metadata.yaml": "frequency: daily\n"})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert (harvested.only.key, harvested.lost) == ("donnees/~", [])


async def test_hostile_names_are_harvested_or_told(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path, manifest_of: ManifestOf
) -> None:
    names = [
        "a\nb.csv",
        "c\x1b[2J.csv",
        "d\u202e.csv",
        "- e.csv",
        "#f.csv",
        "g: h.csv",
        "*[i]?.csv",
    ]
    kept = [*names, " lead.csv", "null/x.csv", "two\nlines/y.csv"]
    root = tree(dict.fromkeys([*kept, "\udcfe.csv", "\udcff/z.csv"], "1"))  # bytes FE and FF
    (root / "dangling.csv").symlink_to("nowhere.csv")
    os.mkfifo(root / "pipe.csv")
    harvested = await harvest("folder", root, base=str(tmp_path))
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert {name for spec in loaded.datasets for name in shown(spec)} == {
        f"donnees/{name}" for name in kept
    }
    for told in ("dangling.csv is a link", "pipe.csv is not an ordinary file", "is not UTF-8"):
        assert told in harvested.told
    assert "has a name that is not UTF-8" in harvested.lost[0]
    assert all(each.isprintable() for spec in loaded.datasets for each in titles(spec) if each)


async def test_what_no_portal_takes_is_left_out_and_told_once_a_kind(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    programs = [f"p{n}.py" for n in range(8)]
    names = ["a.csv", "b.CSV.gz", "c.parquet", "carte.pmtiles", "index.html", *programs]
    root = tree(dict.fromkeys(names, "1"))
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == [f"donnees/{name}" for name in names[:3]]
    assert [note for note in harvested.found[0].notes if "left out" in note] == [
        "left out, as no portal is known to take .pmtiles: donnees/carte.pmtiles",
        "left out, as no portal is known to take .html: donnees/index.html",
        (
            "left out, as no portal is known to take .py: donnees/p0.py, donnees/p1.py, "
            "donnees/p2.py, donnees/p3.py, donnees/p4.py and 3 more"
        ),
    ]


async def test_a_portal_that_takes_every_file_gets_every_file(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"carte.pmtiles": "1"})
    harvested = await harvest("folder", root, base=str(tmp_path), rules=Rules(kind="other"))
    assert shown(harvested.only) == ["donnees/carte.pmtiles"]


async def test_faulty_metadata_is_told_with_its_place_and_costs_no_file(
    harvest: Harvest, tree: Callable[..., Path], tmp_path: Path
) -> None:
    root = tree({"a.csv": "1", "metadata.yaml": "title: T\nfrequence: daily\n"})
    harvested = await harvest("folder", root, base=str(tmp_path))
    assert shown(harvested.only) == ["donnees/a.csv"]
    (lost,) = harvested.lost
    assert lost.startswith("donnees/metadata.yaml:2:1: unknown key 'frequence'")


@pytest.mark.parametrize("name", ["datapackage.yaml", "datapackage.yml"])
async def test_a_data_package_may_be_written_in_yaml(
    name: str, harvest: Harvest, tree: Callable[..., Path]
) -> None:
    text = """\
name: budget
title: Budget communal
licenses:
- name: ODC-PDDL-1.0
keywords: [budget, finances]
resources:
- name: b
  path: b.csv
  title: Le budget
"""
    harvested = await harvest("folder", tree({"b.csv": "a\n1\n", name: text}))
    metadata = harvested.only.metadata
    assert (metadata.title, metadata.license) == ("Budget communal", "odc-pddl")
    assert metadata.tags == ("budget", "finances")
    assert [each.metadata.title for each in harvested.only.resources] == ["Le budget"]


async def test_a_data_package_in_yaml_that_cannot_be_read_is_said_with_its_line(
    harvest: Harvest, tree: Callable[..., Path]
) -> None:
    harvested = await harvest("folder", tree({"b.csv": "1", "datapackage.yaml": "a: 1\nb: [\n"}))
    assert "datapackage.yaml:2:5: this is not YAML" in harvested.lost[0]
    assert len(harvested.only.resources) == 1


@pytest.mark.parametrize("keywords", ["budget, finances", "budget;finances", ["budget|finances"]])
@pytest.mark.parametrize(
    "licence", [{"license": "ODbL"}, {"licenses": {"name": "ODbL-1.0"}}, {"licenses": ["ODbL"]}]
)
async def test_keywords_and_licence_of_a_data_package_may_be_one_text(
    keywords: object, licence: dict[str, Any], harvest: Harvest, tree: Callable[..., Path]
) -> None:
    package = json.dumps({"keywords": keywords, **licence})
    harvested = await harvest("folder", tree({"b.csv": "1", "datapackage.json": package}))
    assert harvested.only.metadata.tags == ("budget", "finances")
    assert harvested.only.metadata.license == "odc-odbl"
    assert "not carried over" not in harvested.told
