"""What producers say of their datasets, from the manifest to both portals and back.

Each is written, said again without a write, and harvested into a manifest that changes nothing.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub import RunReport
from bulkpub.core.shapes import geometry_of
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import HarvestOptions
from bulkpub.http.transport import connect
from bulkpub.portals.udata import Udata
from tests.manifests import ManifestWriter

Publish = Callable[..., Awaitable[RunReport]]


@pytest.fixture
def settles(
    publish: Publish, writes: Callable[[RunReport], int], target: Any, tmp_path: Path
) -> Callable[[Any], Awaitable[tuple[RunReport, str]]]:
    """Publish; see that a second run and a harvested manifest change nothing. The latter's text."""

    async def settles(manifest: Any) -> tuple[RunReport, str]:
        report = await publish(manifest)
        assert report.run.exit_code == 0, f"{report.run.problems} {report}"
        again = await publish(manifest)
        assert (again.run.exit_code, writes(again)) == (0, 0), again
        harvested = tmp_path / "harvested.yaml"

        def shapes(key: str, shape: str) -> str:
            (tmp_path / f"{key}.geojson").write_text(json.dumps(geometry_of(shape)))
            return f"{key}.geojson"

        async with connect(
            target.info["api_url"], credentials={"X-API-KEY": target.key("outsider")}
        ) as transport:
            found = portal_kind.harvest(
                str(report.datasets[0].id), Udata(transport), HarvestOptions()
            )
            with harvested.open("w", encoding="utf-8") as out:
                writer = ManifestWriter(out, shapes=shapes)
                writer.header()
                async for each in found:
                    assert (each.notes, writer.dataset(each.dataset)) == ((), ())
        back = await publish(harvested)
        assert (back.run.exit_code, writes(back)) == (0, 0), back
        return report, harvested.read_text()

    return settles


async def test_tags_are_added_and_removed_and_an_update_is_announced(
    *, target: Any, settles: Any, manifest: Any, said: Any
) -> None:
    tags = {"add": ["Culture", "mobilité"], "remove": ["test-tag"]}
    wanted = manifest(said("a", tags=tags, next_update="2027-01-31", license="Licence Ouverte 2.0"))
    report, harvested = await settles(wanted)
    dataset = await target.dataset(report)
    assert dataset["tags"] == ["culture", "mobilite"]
    assert dataset["frequency_date"].startswith("2027-01-31T00:00:00")
    assert dataset["license"] == "lov2"
    assert "next_update: 2027-01-31" in harvested.replace('"', "")
    await target.portal.put(dataset, {"tags": ["by-hand", "mobilite", "test-tag"]})
    report, _ = await settles(wanted)
    assert (await target.dataset(report))["tags"] == ["by-hand", "culture", "mobilite"]
    await settles(manifest(said("a", next_update=None)))
    assert (await target.dataset(report))["frequency_date"] is None


async def test_extras_may_have_dots_in_their_names(
    *, target: Any, settles: Any, manifest: Any, said: Any, folder: Any
) -> None:
    folder.file("a.csv")
    extras = {"schema.org:about": "x", "deep": {"a.b": 1}, ".": True}
    file = {"path": "a.csv", "extras": {"qualite.score": 0.5}}
    report, _ = await settles(manifest(said("a", file, extras=extras)))
    dataset = await target.dataset(report)
    assert dataset["extras"].items() >= extras.items()
    assert dataset["resources"][0]["extras"]["qualite.score"] == 0.5


@pytest.mark.parametrize("way", ["slug", "page"])
async def test_a_dataset_is_found_by_its_slug_and_by_its_page(
    way: str, *, target: Any, publish: Publish, manifest: Any, said: Any, writes: Any, folder: Any
) -> None:
    folder.file("a.csv")
    report = await publish(manifest(said("a", "a.csv")))
    dataset = await target.dataset(report)
    resource = dataset["resources"][0]
    entry = {"id": resource["latest"], "title": "Le fichier"}
    wanted = manifest({"id": dataset[way], "acronym": "ABC", "resources": [entry]})
    report = await publish(wanted)
    assert report.run.exit_code == 0, f"{report.run.problems} {report}"
    assert dataset["id"] in report.datasets[0].notes[0]
    changed = await target.dataset(report)
    assert (changed["id"], changed["acronym"]) == (dataset["id"], "ABC")
    assert [(each["id"], each["title"]) for each in changed["resources"]] == [
        (resource["id"], "Le fichier")
    ]
    assert writes(await publish(wanted)) == 0
    # The slug changes with the title; the old one leads to the dataset still.
    await target.portal.put(dataset, {"title": f"Autre {target.tag}"})
    again = await publish(wanted)
    assert (again.run.exit_code, again.datasets[0].id) == (0, dataset["id"])


ACCESS = {
    "type": "restricted",
    "audiences": {"private": "no", "company_and_association": "under_condition"},
    "category": "confidentiality_of_personal_data",
    "reason": "Des noms de personnes.",
    "request_url": "https://example.org/demande",
}


async def test_access_is_restricted_for_some_and_opened_again(
    *, target: Any, settles: Any, publish: Publish, manifest: Any, said: Any
) -> None:
    defaults = {"license": "lov2"}
    report, harvested = await settles(manifest(said("a", access=ACCESS), defaults=defaults))
    dataset = await target.dataset(report)
    assert dataset["access_type"] == "restricted"
    assert sorted((each["role"], each["condition"]) for each in dataset["access_audiences"]) == [
        ("company_and_association", "under_condition"),
        ("private", "no"),
    ]
    assert dataset["access_type_reason_category"] == ACCESS["category"]
    assert dataset["access_type_reason"] == ACCESS["reason"]
    assert dataset["authorization_request_url"] == ACCESS["request_url"]
    assert dataset["license"] == "notspecified"
    assert "under_condition" in harvested
    less = {"audiences": {"private": "yes"}, "category": None, "reason": "", "request_url": ""}
    report, _ = await settles(manifest(said("a", access=less), defaults=defaults))
    dataset = await target.dataset(report)
    assert dataset["access_audiences"] == [{"role": "private", "condition": "yes"}]
    assert dataset["access_type_reason_category"] is None
    assert not dataset["access_type_reason"]
    assert not dataset["authorization_request_url"]
    # The manifest is silent: the portal's stays. Open, the licence is back in the same request.
    report, _ = await settles(manifest(said("a"), defaults=defaults))
    assert (await target.dataset(report))["access_type"] == "restricted"
    report = await publish(manifest(said("a", access="open"), defaults=defaults))
    assert report.totals.requests.by_method["PUT"] == 1
    dataset = await target.dataset(report)
    assert (dataset["access_type"], dataset["license"]) == ("open", "lov2")
    await settles(manifest(said("a", access="open"), defaults=defaults))


async def test_contacts_by_name_are_made_and_found_again(
    *, target: Any, settles: Any, publish: Publish, manifest: Any, said: Any
) -> None:
    name = f"Service {target.tag}"
    contacts = [
        {"name": name, "email": "sig@example.org"},
        {"name": name, "form": "https://example.org/contact", "role": "publisher"},
    ]
    wanted = manifest(said("a", contacts=contacts), said("b", contacts=contacts[:1]))
    planned = await publish(wanted, dry_run=True)
    assert f"new contact point: {name} <sig@example.org>" in planned.datasets[0].notes
    listing = f"/organizations/{target.portal.org}/contacts/?page_size=500"

    async def there() -> Any:
        every = (await target.portal.call("GET", listing)).body["data"]
        return {(each["role"], each["email"]): each["id"] for each in every if each["name"] == name}

    assert await there() == {}
    report, _ = await settles(wanted)
    made = await there()
    assert made.keys() == {("contact", "sig@example.org"), ("publisher", None)}
    dataset = await target.dataset(report)
    assert {each["id"] for each in dataset["contact_points"]} == set(made.values())
    other = await target.dataset(report, 1)
    assert [each["id"] for each in other["contact_points"]] == [made["contact", "sig@example.org"]]
    # Who repeats it is answered with the one that is there: an answer that is lost does no harm.
    again = await publish(manifest(said("c", contacts=contacts)))
    assert again.run.exit_code == 0, again
    assert await there() == made


async def test_zones_go_by_their_names(
    *, target: Any, settles: Any, publish: Publish, manifest: Any, said: Any
) -> None:
    zones = [{"name": "Paris", "level": "fr:commune"}, {"name": "île-de-france"}]
    report, harvested = await settles(manifest(said("a", spatial={"zones": zones})))
    dataset = await target.dataset(report)
    assert dataset["spatial"]["zones"] == ["fr:commune:75056", "fr:region:11"]
    assert "fr:commune:75056" in harvested
    report = await publish(manifest(said("b", spatial={"zones": [{"name": "Paris"}]})))
    (problem,) = report.run.problems
    assert "fr:departement:75 (Paris) and fr:commune:75056 (Paris)" in problem.message


async def test_an_area_has_the_shape_of_a_file(
    *,
    target: Any,
    publish: Publish,
    manifest: Any,
    said: Any,
    folder: Any,
    writes: Any,
    settles: Any,
) -> None:
    ring = [[2.123456789, 48], [2.5, 48, 35], [2.5, 49.0], [2.123456789, 48]]
    kept = [[2.123457, 48], [2.5, 48], [2.5, 49], [2.123457, 48]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": polygon}
    folder.file("zone.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    drawn = {"geometry": "zone.geojson", "granularity": "poi"}

    def wanted() -> Any:
        return manifest(said("a", spatial=drawn), said("b"))

    report = await publish(wanted())
    assert report.run.exit_code == 0, f"{report.run.problems} {report}"
    shape = {"type": "MultiPolygon", "coordinates": [[kept]]}
    area = {"geom": shape, "zones": [], "granularity": "poi"}
    assert (await target.dataset(report))["spatial"] == area
    _, harvested = await settles(wanted())
    assert "geometry: " in harvested
    # Of another tag than its own, the shape stays as it is; zones take its place, and give way.
    report = await publish(manifest(said("a", acronym="A"), said("b")))
    assert (await target.dataset(report))["spatial"] == area
    report = await publish(manifest(said("a", spatial={"zones": ["fr:region:11"]}), said("b")))
    assert report.run.exit_code == 0, f"{report.run.problems} {report}"
    assert (await target.dataset(report))["spatial"]["geom"] is None
    report = await publish(wanted())
    assert (report.run.exit_code, report.datasets[0].reason) == (
        0,
        "differs in: spatial (the shape takes the place of fr:region:11)",
    )
    assert (await target.dataset(report))["spatial"] == area
    assert writes(await publish(wanted())) == 0
