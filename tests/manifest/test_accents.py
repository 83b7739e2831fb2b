"""A name with an accent means the same file, whichever way the accent is written, wherever named.

What Windows writes and what a Mac has in its folders look the same to whoever compares them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from tests.manifests import Loaded, load

AREA = '{"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}'

WAYS: dict[str, tuple[str, str, Callable[[Loaded], Any]]] = {
    "path": (
        "a;b\n",
        "{dataset}  description: D\n  resources: [{{path: {name}}}]\n",
        lambda loaded: loaded.datasets[0].resources,
    ),
    "of": (
        "a;b\n",
        "{dataset}  description: D\n  resources: [{{link: https://x.example.org/, of: {name}}}]\n",
        lambda loaded: getattr(loaded.datasets[0].resources[0].source, "of", None),
    ),
    "description_file": (
        "Ce que c'est.",
        "{dataset}  description_file: {name}\n",
        lambda loaded: loaded.datasets[0].metadata.description == "Ce que c'est.",
    ),
    "vars_file": (
        '{"about": "Autre chose."}',
        "vars_file: {name}\n{dataset}  description: '{{about}}'\n",
        lambda loaded: loaded.datasets[0].metadata.description == "Autre chose.",
    ),
    "geometry": (
        AREA,
        "{dataset}  description: D\n  spatial: {{geometry: {name}}}\n",
        lambda loaded: getattr(loaded.datasets[0].metadata.spatial, "shape", None),
    ),
}
"""By what names a file: what is in it, the manifest, and what it made of it."""
DATASET = "organization: o\ndatasets:\n- title: T\n"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("folder", "file", "written"),
    [
        ("NFC", "NFC", "NFD"), ("NFD", "NFD", "NFC"), ("NFC", "NFD", "NFC"),
        ("NFD", "NFC", "NFC"), ("NFC", "NFD", "NFD"),
    ],
)  # fmt: skip # a row a case
def test_accents_are_the_same_wherever_a_file_is_named(
    *, tmp_path: Path, way: str, folder: Any, file: Any, written: Any
) -> None:
    content, text, made = WAYS[way]
    inside = tmp_path / normalize(folder, "Données") / normalize(folder, "été")
    inside.mkdir(parents=True)
    (inside / normalize(file, "marché.txt")).write_text(content)
    manifest = inside.parent / "m.yaml"
    name = normalize(written, "été/marché.txt")
    manifest.write_text(text.format(dataset=DATASET, name=name))
    loaded = load([str(manifest)])
    assert loaded.problems == ()
    assert made(loaded)


@pytest.mark.parametrize("suffix", ["yaml", "json", "csv"])
def test_accents_of_a_manifest_are_the_same(tmp_path: Path, suffix: str) -> None:
    texts = {
        "yaml": f"{DATASET}  description: D\n",
        "json": '{"datasets": [{"title": "T", "organization": "o", "description": "D"}]}',
        "csv": "dataset,dataset_title,organization,description,link\n"
        "d,T,o,D,https://x.example.org/a.csv\n",
    }
    (tmp_path / normalize("NFD", f"été.{suffix}")).write_text(texts[suffix])
    loaded = load([str(tmp_path / normalize("NFC", f"été.{suffix}"))])
    assert loaded.problems == ()
    assert len(loaded.datasets) == 1


def test_two_files_that_look_the_same_are_told_apart(tmp_path: Path) -> None:
    names = [normalize("NFC", "é.md"), normalize("NFD", "é.md")]
    for name in names:
        (tmp_path / name).write_text(ascii(name))
    for name in names:
        (tmp_path / "m.yaml").write_text(f"{DATASET}  description_file: {name}\n")
        loaded = load([str(tmp_path / "m.yaml")])
        assert loaded.datasets[0].metadata.description == ascii(name)
