"""A dataset that changes owner while it is looked for is not taken for a new one.

Whoever looks where it goes before it has come, and where it comes from after it has left, sees it
nowhere: the places are so many listings, read one after the other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from bulkpub import RunReport
from bulkpub.portals.memory import OTHERS, OURS, Call, Site

Publish = Callable[..., Awaitable[RunReport]]

PLACES = {"ours": OURS.id, "the account's": None, "others": OTHERS.id}
"""The id of the organization, if it is one, by whose its datasets are."""
MOST = 9
"""More listings than are read."""
SAYS: dict[str, dict[str, Any]] = {
    "ours": {"organization": OURS.id},
    "the account's": {"organization": None, "personal": True},
}


@pytest.fixture(autouse=True)
def member_of_both(site: Site) -> None:
    site.account = replace(site.account, organizations=site.organizations)


class Moving:
    """Trouble that gives the datasets of a site to `to` after so many `readings` of listings."""

    def __init__(self, site: Site, to: str, readings: int, named: str | None = None) -> None:
        self.site = site
        self.left = readings
        self._organization = PLACES[to]
        self._named = named

    async def __call__(self, call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.name == "owned_by":
            if not self.left:
                self.move()
            self.left -= 1
        return await carry_out()

    def move(self) -> None:
        for each in list(self.site.datasets.values()):
            if self._named in {None, each.metadata.title}:
                self.site.datasets[each.id] = replace(each, organization=self._organization)


@pytest.mark.parametrize("wanted", SAYS)
async def test_wherever_it_goes_and_whenever_it_is_seen(
    publish: Publish, folder: Any, site: Site, wanted: str
) -> None:
    """From every owner to every other one, before each of the listings that are read."""
    await publish(folder.manifest(folder.dataset("a", "1.csv"), organization=OURS.id))
    (before,) = site.datasets.values()
    manifest = folder.manifest(folder.dataset("a", "1.csv", **SAYS[wanted]), organization=None)
    for there, to in permutations(PLACES, 2):
        for readings in range(MOST):
            site.datasets[before.id] = replace(before, organization=PLACES[there])
            site.trouble = moving = Moving(site, to, readings)
            report = await publish(manifest, dry_run=True)
            assert report.totals.datasets.created == 0, (there, to, readings)
        assert moving.left > 0  # there was no such listing any more


async def test_what_joins_its_organization_meanwhile_is_gone_on_with(
    publish: Publish, folder: Any, site: Site
) -> None:
    """Two machines publish at once what is to become the organization's; the other one is first."""
    mine, ours = SAYS["the account's"], SAYS["ours"]
    await publish(folder.manifest(folder.dataset("a", "1.csv", **mine), organization=None))
    (before,) = site.datasets.values()
    site.trouble = Moving(site, "ours", 1)
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", **ours)))
    assert (report.run.exit_code, report.totals.datasets.unchanged) == (0, 1)
    assert [(each.id, each.organization) for each in site.datasets.values()] == [
        (before.id, OURS.id)
    ]


async def test_looked_for_again_a_title_is_still_that_of_the_one_named_by_its_id(
    publish: Publish, folder: Any, site: Site
) -> None:
    """Only what is new is looked for once more, and what the others are is none of it."""
    await publish(folder.manifest(folder.dataset("a", "1.csv", title="Both")))
    (before,) = site.datasets.values()
    metadata = replace(before.metadata, extras={})
    site.datasets[before.id] = replace(before, metadata=metadata)
    entries = [
        folder.dataset("a", "1.csv", title="Both", id=before.id),
        folder.dataset("b", "2.csv", title="Both"),
    ]
    report = await publish(folder.manifest(*entries))
    assert [each.id == before.id for each in report.datasets] == [True, False]
    assert (report.run.exit_code, report.totals.datasets.created) == (0, 1)
