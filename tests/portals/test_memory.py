"""What a portal in memory does beside what every one does: it tells when its rules are broken."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkpub.core.actions import ListItem
from bulkpub.core.model import DatasetMetadata, FileSource, LinkSource, ResourceMetadata
from bulkpub.core.rules import Rules
from bulkpub.errors import ResourceFailed, SettingsInvalid, Uncertain
from bulkpub.http.tasks import side_by_side
from bulkpub.portals import udata
from bulkpub.portals.kinds import locate
from bulkpub.portals.memory import RULES, Call, MemoryPortal, RuleBroken, Site, site
from bulkpub.sources import FileContent, fingerprint


@pytest.fixture
def file(tmp_path: Path) -> FileContent:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n")
    source = FileSource(str(path), "a.csv")
    return FileContent(source, fingerprint(source), lambda _: None)


async def made(rules: Rules) -> tuple[MemoryPortal, str]:
    """A portal, and a dataset on it."""
    portal = MemoryPortal(rules=rules)
    return portal, (await create(portal)).id


async def create(portal: MemoryPortal) -> Any:
    return await portal.create_dataset(DatasetMetadata(title="T"), None, datetime.now(UTC))


def test_an_address_of_its_own_names_one_portal_of_this_process() -> None:
    located = locate("memory://test-of-names")
    assert (located.kind.name, located.url) == ("memory", "memory://test-of-names")
    assert site("test-of-names") is site("test-of-names")
    assert site("test-of-names") is not site("test-of-other-names")
    with pytest.raises(SettingsInvalid, match="unknown portal"):
        locate("memory://")


async def test_two_uploads_of_one_name_in_flight_together_break_a_rule(file: FileContent) -> None:
    portal, dataset = await made(replace(RULES, same_name_pause=0.0))
    with pytest.raises(RuleBroken, match=r"'a\.csv' is in flight twice"):
        await side_by_side([partial(portal.upload, dataset, file)] * 2)


async def test_so_do_two_with_too_short_a_pause_between(file: FileContent) -> None:
    portal, dataset = await made(replace(RULES, same_name_pause=0.1))
    await portal.upload(dataset, file)
    with pytest.raises(RuleBroken, match="is sent again after"):
        await portal.upload(dataset, file)
    await anyio.sleep(0.1)
    await portal.upload(dataset, file)


async def test_without_that_rule_they_may(file: FileContent) -> None:
    portal, dataset = await made(RULES)
    await side_by_side([partial(portal.upload, dataset, file)] * 2)
    assert len(portal.site.datasets[dataset].resources) == 2


async def test_two_datasets_of_one_slug_are_not_created_at_the_same_moment() -> None:
    portal, _ = await made(udata.RULES)
    with pytest.raises(RuleBroken, match="'t' is in flight twice"):
        await side_by_side([partial(create, portal)] * 2)


async def test_no_more_are_described_at_once_than_the_rules_say(file: FileContent) -> None:
    portal, dataset = await made(replace(RULES, described_at_once=1))
    changes = ResourceMetadata(title="T")
    items = [ListItem((await portal.upload(dataset, file)).id, changes) for _ in range(2)]
    with pytest.raises(RuleBroken, match="more than 1 resources"):
        await portal.set_resources(dataset, items)


async def test_what_is_elsewhere_stays_there_if_it_cannot_be_hosted(file: FileContent) -> None:
    portal, dataset = await made(replace(RULES, hosts_in_place=False))
    link = await portal.create_link(dataset, LinkSource("https://a.example/"), ResourceMetadata())
    with pytest.raises(ResourceFailed, match="cannot host"):
        await portal.upload(dataset, file, link.id)
    assert portal.site.datasets[dataset].resources == (link,)


async def test_trouble_decides_what_becomes_of_a_call(file: FileContent) -> None:
    portal, dataset = await made(RULES)

    async def lose(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        answer = await carry_out()
        if call.name == "upload":
            raise Uncertain("lost")
        return answer

    portal.site.trouble = lose
    with pytest.raises(Uncertain):
        await portal.upload(dataset, file)
    found = await portal.dataset(dataset)
    assert found is not None
    assert [each.file_name for each in found.resources] == ["a.csv"]
    assert portal.site.calls[1:] == [Call("upload", dataset), Call("dataset", dataset)]


async def test_private_and_deleted_datasets_of_others_are_hidden() -> None:
    portal = MemoryPortal(site := Site())
    now = datetime.now(UTC)
    theirs = site.add(DatasetMetadata(title="T"), site.organizations[1].id, now)
    assert await portal.dataset(theirs.id) is not None
    for hidden in (
        replace(theirs, deleted=True),
        replace(theirs, metadata=replace(theirs.metadata, private=True)),
    ):
        site.datasets[theirs.id] = hidden
        assert await portal.dataset(theirs.id) is None
