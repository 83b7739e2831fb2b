"""What a person did on the portal, drew an area or closed the access, and the manifest after."""

from typing import Any

import pytest

from bulkpub import Connection, verify
from bulkpub.core.model import Spatial
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
    edit(dataset_of(site, "a"), is_open=False, license=None)
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
    edit(dataset_of(site, "a"), is_open=True)
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].notes) == (0, ())
    assert dataset_of(site, "a").metadata.license == "lov2"


async def test_a_manifest_without_a_licence_has_no_note(
    *, publish: Any, folder: Any, site: Site, edit: Any, dataset_of: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    edit(dataset_of(site, "a"), is_open=False)
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
