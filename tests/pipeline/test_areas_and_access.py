"""What a person did on the portal, drew an area or closed the access, and the manifest after."""

import json
from typing import Any

import pytest

from bulkpub import Connection, verify
from bulkpub.core.catalogue import KnownZone
from bulkpub.core.model import Access, Spatial
from bulkpub.core.shapes import shape_text
from bulkpub.portals.memory import Site

NOTE = (
    "the access to this dataset is not open to everybody, and the portal keeps no 'license' of "
    "such a dataset: left out"
)


async def test_a_licence_of_a_closed_dataset_is_left_alone_and_noted(
    *, publish: Any, folder: Any, site: Site, writes: Any, edit: Any, dataset_of: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", license="lov2", acronym="A"))
    assert (await publish(manifest)).datasets[0].notes == ()
    edit(dataset_of(site, "a"), access=Access("restricted"), license=None)
    site.calls.clear()
    for dry_run in (True, False):
        report = await publish(manifest, dry_run=dry_run)
        assert (report.run.exit_code, report.totals.datasets.unchanged) == (0, 1)
        assert report.datasets[0].notes == (NOTE,)
    assert writes(site) == []
    checked = await verify(manifest, quick=True, connection=Connection(site.address, "any-key"))
    assert checked.run.exit_code == 0
    # What else changes is written, and nothing is said to have failed.
    manifest = folder.manifest(folder.dataset("a", "a.csv", license="lov2", acronym="B"))
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].reason) == (0, "differs in: acronym")
    assert dataset_of(site, "a").metadata.license is None
    # Open again, it gets its licence.
    edit(dataset_of(site, "a"), access=Access("open"))
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].notes) == (0, ())
    assert dataset_of(site, "a").metadata.license == "lov2"


async def test_a_manifest_without_a_licence_has_no_note(
    *, publish: Any, folder: Any, site: Site, edit: Any, dataset_of: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    edit(dataset_of(site, "a"), access=Access("restricted"))
    assert (await publish(manifest)).datasets[0].notes == ()


@pytest.mark.parametrize("granularity", [None, "poi"])
async def test_zones_take_the_place_of_what_was_drawn_and_the_plan_says_so(
    *, publish: Any, folder: Any, site: Site, writes: Any, edit: Any, granularity: str | None
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    (dataset,) = site.datasets.values()
    edit(dataset, spatial=Spatial((), "other", drawn=True))
    area = {"zones": ["fr:region:11"]} | ({"granularity": granularity} if granularity else {})
    manifest = folder.manifest(folder.dataset("a", "a.csv", spatial=area))
    site.calls.clear()
    reason = "differs in: spatial (zones take the place of the area drawn on the portal)"
    assert (await publish(manifest, dry_run=True)).datasets[0].reason == reason
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].reason) == (0, reason)
    (dataset,) = site.datasets.values()
    assert dataset.metadata.spatial == Spatial(("fr:region:11",), granularity or "other")
    assert len(writes(site)) == 1
    assert (await publish(manifest)).totals.datasets.unchanged == 1


async def test_a_granularity_leaves_what_was_drawn(
    *, publish: Any, folder: Any, site: Site, edit: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "a.csv")))
    (dataset,) = site.datasets.values()
    edit(dataset, spatial=Spatial((), "other", drawn=True))
    manifest = folder.manifest(folder.dataset("a", "a.csv", spatial={"granularity": "poi"}))
    assert (await publish(manifest)).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert dataset.metadata.spatial == Spatial((), "poi", drawn=True)
    assert (await publish(manifest)).totals.datasets.unchanged == 1


# --- areas by name and by shape -----------------------------------------------------------

PARIS = (
    KnownZone("fr:departement:75", "Paris", "fr:departement"),
    KnownZone("fr:commune:75056", "Paris", "fr:commune"),
    KnownZone("fr:commune:95176", "Cormeilles-en-Parisis", "fr:commune"),
    KnownZone("fr:commune:2A004", "Ajaccio", "fr:commune"),
)


async def test_zones_go_by_their_names(
    *, publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    site.zone_names = PARIS
    zones = ["fr:region:11", {"name": "paris", "level": "fr:commune"}, {"name": "Ajaccio"}]
    manifest = folder.manifest(
        folder.dataset("a", "a.csv", spatial={"zones": zones}),
        folder.dataset("b", "b.csv", spatial={"zones": zones[1:], "granularity": "poi"}),
    )
    assert (await publish(manifest)).run.exit_code == 0
    areas = {each.key: each.metadata.spatial for each in site.datasets.values()}
    found = ("fr:commune:75056", "fr:commune:2a004")
    assert areas == {"a": Spatial(("fr:region:11", *found)), "b": Spatial(found, "poi")}
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 2
    assert writes(site) == []
    assert [call.name for call in site.calls].count("zones_named") == 2


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        (
            {"name": "Paris"},
            "'Paris' is fr:departement:75 (Paris) and fr:commune:75056 (Paris): say its 'level'",
        ),
        (
            {"name": "Pari"},
            "the portal knows no zone that is called 'Pari'; it has fr:departement:75 (Paris), fr:",
        ),
        (
            {"name": "Paris", "level": "fr:epci"},
            "no zone that is called 'Paris' at the level 'fr:epci'; it has fr:departement:75 (Par",
        ),
        ({"name": "Nulle part"}, "the portal knows no zone that is called 'Nulle part'"),
        ({"level": "fr:commune"}, "a zone that is no id needs a 'name'"),
        ({"nom": "Paris"}, "unknown key 'nom'"),
    ],
)
async def test_a_name_of_no_zone_or_of_two_is_a_problem(
    *, publish: Any, folder: Any, site: Site, zone: Any, sentence: str, writes: Any
) -> None:
    site.zone_names = PARIS
    entry = folder.dataset("a", "a.csv", spatial={"zones": ["fr:region:11", zone]})
    for dry_run in (True, False):
        report = await publish(folder.manifest(entry), dry_run=dry_run)
        assert sentence in report.run.problems[0].message
        assert report.run.problems[0].line
        assert (report.run.exit_code, writes(site)) == (2, [])


async def test_a_portal_that_tells_no_names_wants_ids(
    publish: Any, folder: Any, site: Site
) -> None:
    entry = folder.dataset("a", "a.csv", spatial={"zones": [{"name": "Paris"}]})
    report = await publish(folder.manifest(entry))
    (problem,) = report.run.problems
    assert problem.message == "the portal does not tell which zone 'Paris' is: give its id"
    assert site.datasets == {}


RING = [[2, 48], [2.5, 48], [2.5, 49], [2, 48]]


async def test_an_area_has_the_shape_that_is_in_a_file(
    *, publish: Any, folder: Any, site: Site, writes: Any, edit: Any
) -> None:
    folder.file("zone.geojson", json.dumps({"type": "Polygon", "coordinates": [RING]}))
    area = {"geometry": "zone.geojson", "granularity": "poi"}
    manifest = folder.manifest(folder.dataset("a", "a.csv", spatial=area))
    assert (await publish(manifest)).run.exit_code == 0
    (dataset,) = site.datasets.values()
    shape = shape_text([[RING]])
    assert dataset.metadata.spatial == Spatial((), "poi", drawn=True, shape=shape)
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert writes(site) == []
    # Somebody draws it otherwise, somebody else gives it zones: it is as in the file again.
    for other in (
        Spatial((), "poi", drawn=True, shape=shape_text([[RING], [RING]])),
        Spatial(("fr:region:11",), "poi"),
    ):
        (dataset,) = site.datasets.values()
        edit(dataset, spatial=other)
        report = await publish(manifest)
        assert (report.run.exit_code, report.datasets[0].reason[:18]) == (0, "differs in: spatia")
        assert ("takes the place of fr:region:11" in report.datasets[0].reason) is bool(other.zones)
        (dataset,) = site.datasets.values()
        assert dataset.metadata.spatial == Spatial((), "poi", drawn=True, shape=shape)
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.parametrize(
    ("content", "area", "sentence"),
    [
        (None, {}, "the geometry zone.geojson does not exist"),
        ("{", {}, "the geometry zone.geojson is no JSON, and so no GeoJSON"),
        ('{"type": "Point"}', {}, "the geometry zone.geojson has a Point: an area is a Polygon or"),
        (
            json.dumps({"type": "Polygon", "coordinates": [RING]}),
            {"zones": ["fr:region:11"]},
            "an area has either 'zones' or a 'geometry', not both",
        ),
    ],
)
async def test_what_is_no_shape_is_a_problem(
    *, publish: Any, folder: Any, site: Site, content: Any, area: Any, sentence: str
) -> None:
    if content is not None:
        folder.file("zone.geojson", content)
    entry = folder.dataset("a", "a.csv", spatial={"geometry": "zone.geojson", **area})
    (problem,) = (await publish(folder.manifest(entry))).run.problems
    assert sentence in problem.message
    assert site.calls == []


# --- access, as the manifest has it -------------------------------------------------------

ACCESS = {
    "type": "restricted",
    "audiences": {"private": False, "company_and_association": "under_condition"},
    "category": "confidentiality_of_personal_data",
    "reason": "Des noms de personnes.",
    "request_url": "https://example.org/demande",
}


async def test_access_is_restricted_changed_and_opened_again(
    *, publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    def manifest(access: Any) -> Any:
        return folder.manifest(folder.dataset("a", "a.csv", access=access))

    assert (await publish(manifest(ACCESS))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    audiences = (("company_and_association", "under_condition"), ("private", "no"))
    assert dataset.metadata.access == Access(
        "restricted",
        audiences,
        "confidentiality_of_personal_data",
        "Des noms de personnes.",
        "https://example.org/demande",
    )
    site.calls.clear()
    # The second says less: what it is silent about stays.
    for same in (ACCESS, {"type": "restricted"}, "restricted", None):
        assert (await publish(manifest(same))).totals.datasets.unchanged == 1
    assert writes(site) == []
    # Of the audiences the list as a whole counts; what is emptied is emptied.
    changed = {"audiences": {"private": "yes"}, "category": None, "reason": ""}
    planned = await publish(manifest(changed), dry_run=True)
    assert planned.datasets[0].reason == "differs in: access"
    assert (await publish(manifest(changed))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    kept = dataset.metadata.access
    assert kept is not None
    assert (kept.type, kept.audiences) == ("restricted", (("private", "yes"),))
    assert {kept.category, kept.reason} <= {None, ""}
    assert kept.request_url == ACCESS["request_url"]
    assert (await publish(manifest(changed))).totals.datasets.unchanged == 1
    assert (await publish(manifest("open"))).datasets[0].reason == "differs in: access"
    (dataset,) = site.datasets.values()
    assert dataset.is_open
    assert (await publish(manifest("open"))).totals.datasets.unchanged == 1


async def test_a_dataset_that_is_closed_loses_its_licence_and_the_plan_says_so(
    *, publish: Any, folder: Any, site: Site, writes: Any, dataset_of: Any
) -> None:
    defaults = {"license": "lov2"}
    opened = folder.manifest(folder.dataset("a", "a.csv"), defaults=defaults)
    await publish(opened)
    assert dataset_of(site, "a").metadata.license == "lov2"
    closed = folder.manifest(
        folder.dataset("a", "a.csv", access="restricted"),
        folder.dataset("b", "b.csv", access="open_with_account"),
        folder.dataset("c", "c.csv"),
        defaults=defaults,
    )
    planned = await publish(closed, dry_run=True)
    reason = "differs in: access (without the licence 'lov2', which is of open data)"
    assert planned.datasets[0].reason == reason
    assert [each.notes for each in planned.datasets] == [(NOTE,), (NOTE,), ()]
    report = await publish(closed)
    assert (report.run.exit_code, [each.notes for each in report.datasets]) == (
        0,
        [(NOTE,), (NOTE,), ()],
    )
    assert [dataset_of(site, key).metadata.license for key in "abc"] == [None, None, "lov2"]
    site.calls.clear()
    assert (await publish(closed)).totals.datasets.unchanged == 3
    assert writes(site) == []
    # Open again, in one request with its licence.
    opened = folder.manifest(folder.dataset("a", "a.csv", access="open"), defaults=defaults)
    assert (await publish(opened)).run.exit_code == 0
    assert dataset_of(site, "a").metadata.license == "lov2"
    assert len(writes(site)) == 1


@pytest.mark.parametrize(
    ("said", "defaults", "sentence"),
    [
        (
            {"access": "restricted", "license": "lov2"},
            {},
            "a licence is for open data: take 'license' away, as 'access' is 'restricted' here",
        ),
        (
            {"license": "lov2"},
            {"access": {"type": "open_with_account"}},
            "take 'license' away, as 'access' is 'open_with_account' here",
        ),
        ({"access": "restrict"}, {}, "cannot be 'restrict' (did you mean 'restricted'?)"),
        ({"access": {"audiences": {"privat": "no"}}}, {}, "unknown key 'privat' (did you mean"),
        (
            {"access": {"audiences": {"private": "maybe"}}},
            {},
            "one of no, under_condition, yes",
        ),
        ({"access": {"audiences": {}}}, {}, "'audiences' of 'access' is empty"),
        ({"access": {"audiences": ["private"]}}, {}, "must be a mapping of names and values"),
        ({"access": {"category": "privacy"}}, {}, "'category' of 'access' cannot be 'privacy'"),
        ({"access": {"request_url": "dpo@ville.fr"}}, {}, "'request_url' of 'access' "),
        ({"access": {"typ": "open"}}, {}, "unknown key 'typ' (did you mean 'type'?)"),
        ({"access": ["open"]}, {}, "'access' must be a mapping"),
    ],
)
async def test_what_is_wrong_with_access_is_told_before_anything_is_sent(
    *, publish: Any, folder: Any, site: Site, said: Any, defaults: Any, sentence: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", **said), defaults=defaults)
    report = await publish(manifest)
    (problem,) = report.run.problems
    assert sentence in problem.message
    assert (report.run.exit_code, site.datasets) == (2, {})


async def test_a_role_twice_is_a_problem(*, publish: Any, folder: Any) -> None:
    folder.file("a.csv")
    manifest = folder.text(
        "organization: test-organization\ndatasets:\n- title: T\n  description: D\n"
        "  access: {type: restricted, audiences: {private: no, private: yes}}\n"
    )
    report = await publish(manifest)
    assert "private" in report.run.problems[0].message
    assert report.run.exit_code == 2
