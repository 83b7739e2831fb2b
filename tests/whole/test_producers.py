"""Example manifests in the place of producers' own scripts: published, changed, published again."""

import hashlib
import json
import re
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
    *, target: Any, copy: Any, publish: Any, writes: Any
) -> None:
    manifest = copy("collection.yaml")
    folder = manifest.parent / "exports/collection"
    (old,) = folder.glob("*.zip")
    content = old.read_bytes()
    first = await publish(manifest, variables={"today": "2026-11-23"})
    assert first.run.exit_code == 0
    assert (first.datasets[0].resources[0].removed, old.exists()) == (True, False)
    dataset = await target.dataset(first)
    assert dataset["description"].startswith("Les conditions générales de **2 services** (2 doc")
    assert "le 03/03/2025, à la dernière, le 20/11/2026." in dataset["description"]
    assert dataset["temporal_coverage"] == {"start": "2025-03-03", "end": "2026-11-23"}
    assert dataset["extras"]["services"] == "2"
    (archive,) = dataset["resources"]
    assert archive["title"] == "Archive du 23/11/2026 (3 versions)"

    again = await publish(manifest, variables={"today": "2026-11-23"})
    assert writes(again) == 0

    (folder / "conditions-2026-11-30.zip").write_bytes(content + b"PK more")
    figures = json.loads((folder / "stats.json").read_text())
    (folder / "stats.json").write_text(json.dumps(figures | {"versions": 4, "services": 3}))
    await target.next_second()
    report = await publish(manifest, variables={"today": "2026-11-30"})
    assert report.run.exit_code == 0
    (outcome,) = report.datasets[0].resources
    assert outcome.status is ResourceStatus.REPLACED
    assert (outcome.id, outcome.removed) == (archive["id"], True)
    assert list(folder.glob("*.zip")) == []
    dataset = await target.dataset(report)
    assert dataset["temporal_coverage"]["end"] == "2026-11-30"
    assert "**3 services**" in dataset["description"]
    assert dataset["resources"][0]["title"] == "Archive du 30/11/2026 (4 versions)"


async def test_links_that_tell_when_their_files_change(
    *, target: Any, copy: Any, published: Any, publish: Any, writes: Any
) -> None:
    manifest = copy("links.yaml")
    first = await published(manifest, variables={"today": "2026-11-23"})
    before = await target.dataset(first)
    latest, archive = before["resources"]
    file = manifest.parent / "exports/previsions/derniere.csv"
    assert latest["filesize"] == file.stat().st_size
    assert latest["checksum"] == {"type": "sha256", "value": sha256(file)}
    assert archive["filesize"] == 12_500_000_000
    assert archive["checksum"]["value"].startswith("9f86d081")
    assert writes(await publish(manifest, variables={"today": "2026-11-23"})) == 0

    file.write_text(file.read_text() + "2026-11-23,18:00,6.0\n")
    await target.next_second()
    report = await published(manifest, variables={"today": "2026-11-23"})
    assert writes(report) == 1
    dataset = await target.dataset(report)
    assert dataset["resources"][0]["checksum"]["value"] == sha256(file)
    assert dataset["resources"][0]["filesize"] == file.stat().st_size
    assert dataset["resources"][0]["last_modified"] > latest["last_modified"]
    assert dataset["last_update"] > before["last_update"]
    assert dataset["resources"][1] == archive

    # What it told of the file there can be taken back.
    taken_back = re.sub(r'"sha256:\w+"', "null", manifest.read_text())
    manifest.write_text(taken_back)
    report = await published(manifest, variables={"today": "2026-11-23"})
    assert writes(report) == 1
    assert (await target.dataset(report))["resources"][1]["checksum"] is None


async def test_a_file_that_is_put_into_a_bucket_and_linked(
    *, target: Any, copy: Any, publish: Any, writes: Any, s3_client: Any
) -> None:
    manifest, address = copy("bucket.yaml"), {"Bucket": "donnees", "Key": "repertoire/derniere.csv"}
    file = manifest.parent / "exports/previsions/derniere.csv"
    failed = await publish(manifest)  # there is no such bucket yet
    assert failed.run.exit_code == 1
    assert "s3://donnees/repertoire/derniere.csv could not be reached" in str(failed.datasets)
    assert failed.datasets[0].id is None
    s3_client.create_bucket(Bucket="donnees")
    planned = await publish(manifest, dry_run=True)
    assert "to be put at s3://donnees/repertoire" in planned.datasets[0].resources[0].reason
    assert s3_client.list_objects(Bucket="donnees").get("Contents") is None

    first = await publish(manifest)
    assert first.run.exit_code == 0
    assert s3_client.get_object(**address)["Body"].read() == file.read_bytes()
    (link,) = await target.resources(first)
    assert link["checksum"]["value"] == sha256(file)
    put_at = s3_client.head_object(**address)["LastModified"]

    again = await publish(manifest)
    assert writes(again) == 0
    assert s3_client.head_object(**address)["LastModified"] == put_at

    s3_client.delete_object(**address)
    again = await publish(manifest)
    assert (writes(again), again.run.exit_code) == (0, 0)
    assert s3_client.get_object(**address)["Body"].read() == file.read_bytes()

    file.write_text("date,heure,temperature\n")
    changed = await publish(manifest)
    assert (writes(changed), changed.run.exit_code) == (1, 0)
    assert "put at s3://donnees/repertoire" in changed.datasets[0].resources[0].reason
    assert s3_client.get_object(**address)["Body"].read() == file.read_bytes()
    (link,) = await target.resources(changed)
    assert link["checksum"]["value"] == sha256(file)


@pytest.mark.parametrize(
    ("name", "siret", "suffixes"),
    [
        ("decp-acheteur.yaml", "89764547841001", ["xml"]),
        ("decp-plateforme.yaml", "73282932000074", ["xml", "json"]),
    ],
)
async def test_essential_data_of_public_procurement(
    *,
    target: Any,
    copy: Any,
    publish: Any,
    writes: Any,
    name: str,
    siret: str,
    suffixes: list[str],
) -> None:
    manifest = copy(name)
    folder = manifest.parent / "exports/decp"

    def called(day: str, number: int, suffix: str) -> str:
        return f"DECP-{siret}-{day}-{number:02}.{suffix}"

    async def titles() -> list[str]:
        return sorted(each["title"] for each in await target.resources(first))

    first = await publish(manifest, variables={"today": "2018-11-28"})
    assert first.run.exit_code == 0
    dataset = await target.dataset(first)
    assert dataset["title"].startswith("Données essentielles des marchés publics - ")
    assert set(dataset["tags"]) == {"donnees-essentielles", "commande-publique"}
    assert dataset["license"] == "fr-lo"
    assert dataset["extras"].get("siret") == (siret if "acheteur" in name else None)
    there = sorted(called("2018-11-28", 1, suffix) for suffix in suffixes)
    assert await titles() == there
    for resource in dataset["resources"]:
        assert resource["type"] == "main"
        assert resource["filetype"] == "file"
        assert resource["url"].endswith(resource["title"].lower())

    again = await publish(manifest, variables={"today": "2018-11-29"})
    assert writes(again) == 0

    # Twice on the same day, then the next one; and what was published once is never again.
    original = (folder / "marches.xml").read_text()
    for day, number, content in [
        ("2018-11-28", 2, original.replace("12500", "12600")),
        ("2018-11-28", 3, original.replace("12500", "12700")),
        ("2018-11-29", 1, original.replace("12500", "12800")),
    ]:
        (folder / "marches.xml").write_text(content)
        await target.next_second()
        report = await publish(manifest, variables={"today": day})
        assert report.run.exit_code == 0
        there.append(called(day, number, "xml"))
        assert await titles() == sorted(there)
    (folder / "marches.xml").write_text(original)
    again = await publish(manifest, variables={"today": "2018-11-30"})
    assert (writes(again), again.run.exit_code) == (0, 0)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def test_all_that_a_producer_says_of_datasets(
    *, target: Any, copy: Any, publish: Any, writes: Any
) -> None:
    manifest = copy("described.yaml")
    report = await publish(manifest)
    assert report.run.exit_code == 0, f"{report.run.problems} {report}"
    greens, gardens = [await target.dataset(report, index) for index in (0, 1)]
    assert greens["license"] == "lov2"
    assert greens["tags"] == ["biodiversite", "espaces-verts"]
    assert greens["frequency_date"].startswith("2027-01-31")
    assert greens["description_short"] == "Les espaces verts ouverts au public."
    assert greens["spatial"]["geom"]["type"] == "MultiPolygon"
    assert greens["extras"]["qualite.controle"] == "2026-11-20"
    contacts = [each["name"] for each in greens["contact_points"]]
    assert sorted(contacts) == ["Mairie", "Service des espaces verts"]
    assert (gardens["access_type"], gardens["license"]) == ("restricted", "notspecified")
    assert len(gardens["access_audiences"]) == 3
    assert gardens["spatial"]["zones"] == ["fr:region:11", "fr:commune:75056"]
    assert writes(await publish(manifest)) == 0

    # A year later: someone tagged it, the perimeter grew, the gardens are open.
    await target.portal.put(greens, {"tags": ["a-la-une", "brouillon", *greens["tags"]]})
    shape = manifest.parent / "exports/espaces-verts/perimetre.geojson"
    shape.write_text(shape.read_text().replace("48.9", "48.95"))
    document = json.loads(manifest.read_text())
    document["datasets"][0]["next_update"] = "2028-01-31"
    document["datasets"][1]["access"] = "open"
    manifest.write_text(json.dumps(document))
    report = await publish(manifest)
    assert report.run.exit_code == 0, f"{report.run.problems} {report}"
    assert report.datasets[0].reason == "differs in: next_update, tags, spatial"
    assert report.datasets[1].reason == "differs in: license, access"
    greens, gardens = [await target.dataset(report, index) for index in (0, 1)]
    assert greens["tags"] == ["a-la-une", "biodiversite", "espaces-verts"]
    assert greens["frequency_date"].startswith("2028-01-31")
    assert greens["spatial"]["geom"]["coordinates"][0][0][2] == [2.42, 48.95]
    assert (gardens["access_type"], gardens["license"]) == ("open", "lov2")
    assert writes(await publish(manifest)) == 0
