"""Example manifests in the place of producers' own scripts: published, changed, published again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bulkpub import ResourceStatus

MANIFESTS = Path(__file__).parents[2] / "manifests"


@pytest.fixture
def copy(target: Any, tmp_path: Path) -> Callable[..., Path]:
    """A manifest of ours in a folder of its own, with keys and titles that nobody else has."""

    def copy(name: str) -> Path:
        document = YAML(typ="safe").load(MANIFESTS / name)
        document["organization"] = "other-organization"
        for dataset in document["datasets"]:
            dataset["key"] += f"-{target.tag}"
            dataset["title"] += f" ({target.tag})"
        shutil.copytree(MANIFESTS / "exports", tmp_path / "exports")
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(document, default=str), encoding="utf-8")
        return path

    return copy


async def test_a_collection_that_is_exported_anew(
    *, target: Any, copy: Any, published: Any, publish: Any, writes: Any
) -> None:
    manifest, folder = copy("collection.yaml"), None
    first = await published(manifest, variables={"today": "2026-11-23"})
    dataset = await target.dataset(first)
    assert dataset["description"].startswith("Les conditions générales de **2 services** (2 doc")
    assert "le 03/03/2025, à la dernière, le 20/11/2026." in dataset["description"]
    assert dataset["temporal_coverage"] == {"start": "2025-03-03", "end": "2026-11-23"}
    assert dataset["extras"]["services"] == "2"
    (archive,) = dataset["resources"]
    assert archive["title"] == "Archive du 23/11/2026 (3 versions)"

    again = await publish(manifest, variables={"today": "2026-11-23"})
    assert writes(again) == 0

    folder = manifest.parent / "exports/collection"
    (old,) = folder.glob("*.zip")
    new = old.with_name("conditions-2026-11-30.zip")
    new.write_bytes(old.rename(new).read_bytes() + b"PK more")
    figures = json.loads((folder / "stats.json").read_text())
    (folder / "stats.json").write_text(json.dumps(figures | {"versions": 4, "services": 3}))
    await target.next_second()
    report = await published(manifest, variables={"today": "2026-11-30"})
    (outcome,) = report.datasets[0].resources
    assert outcome.status is ResourceStatus.REPLACED
    assert outcome.id == archive["id"]
    dataset = await target.dataset(report)
    assert dataset["temporal_coverage"]["end"] == "2026-11-30"
    assert "**3 services**" in dataset["description"]
    assert dataset["resources"][0]["title"] == "Archive du 30/11/2026 (4 versions)"
