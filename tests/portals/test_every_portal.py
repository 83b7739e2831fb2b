"""What every portal does: each call of the protocol and each promise of its rules, on each kind.

What a kind's rules say it cannot do, or does by itself, is held to them just the same.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import anyio
import pytest

from bulkpub.core.actions import ListItem
from bulkpub.core.fitting import without
from bulkpub.core.model import (
    Access,
    Contact,
    ContentSchema,
    DatasetMetadata,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.rules import Vocabulary
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    DescriptionsRefused,
    Outdated,
    ResourceFailed,
)

NOBODY = "f" * 24
NO_RESOURCE = "00000000-0000-4000-8000-000000000000"
ADDRESS = "https://www.example.org/data.csv"


def now() -> datetime:
    return datetime.now(UTC)


def still(dataset: RemoteDataset | None) -> RemoteDataset:
    """The dataset, but for when it was modified: portals keep moments as exactly as they like."""
    assert dataset is not None
    return replace(dataset, modified=None)


def plain(said: DatasetMetadata) -> dict[str, Any]:
    """Field by field; what is empty and what is absent say the same."""
    return {f.name: getattr(said, f.name) or None for f in fields(said)}


@pytest.fixture
async def dataset(place: Any) -> RemoteDataset:
    made: RemoteDataset = await place.ours()
    return made


@pytest.fixture
def upload(place: Any, dataset: RemoteDataset) -> Callable[..., Awaitable[RemoteResource]]:
    async def upload(
        name: str = "a.csv", data: bytes = b"a\n", onto: RemoteResource | None = None
    ) -> RemoteResource:
        sent: RemoteResource = await place.portal.upload(
            dataset.id, place.content(name, data), onto.id if onto else None
        )
        return sent

    return upload


@pytest.fixture
def write(place: Any, dataset: RemoteDataset) -> Callable[..., Awaitable[Any]]:
    """Change single resources, in as many requests as the rules ask for."""

    async def write(*changes: ListItem) -> tuple[RemoteResource, ...]:
        most = place.rules.described_at_once or len(changes)
        for start in range(0, len(changes), most):
            batch = {item.id: item for item in changes[start : start + most]}
            there = (await place.seen(dataset)).resources
            items = [batch.get(each.id, ListItem(each.id)) for each in there]
            answer: tuple[RemoteResource, ...] = await place.portal.set_resources(dataset.id, items)
        return answer

    return write


# --- who we are ---------------------------------------------------------------------------


async def test_the_account_tells_who_it_is_and_where_it_may_publish(place: Any) -> None:
    account = await place.portal.account()
    assert account.id
    assert account.name
    ids = {each.id for each in account.organizations}
    assert (place.organization in ids) == place.rules.organizations
    assert place.not_ours not in ids


async def test_an_organization_is_found_by_id_and_by_slug_whoever_belongs_to_it(
    place: Any,
) -> None:
    for known in (place.organization, place.not_ours) if place.rules.organizations else ():
        found = await place.portal.organization(known)
        assert found.id == known
        assert found.slug
        assert found.name
        assert await place.portal.organization(found.slug) == found
    assert await place.portal.organization("there-is-no-such-organization") is None
    assert await place.portal.organization(NOBODY) is None


@pytest.mark.parametrize("which", Vocabulary)
async def test_a_vocabulary_is_a_set_of_values_all_of_them_in_the_rules(
    place: Any, which: Vocabulary
) -> None:
    values = await place.portal.vocabulary(which)
    assert values or which not in place.rules.asked
    assert all(isinstance(value, str) for value in values)
    if which in place.rules.vocabularies:
        assert values <= set(place.rules.vocabularies[which])


async def test_nothing_is_unknown_that_the_portal_does_not_tell(place: Any) -> None:
    """Portals that know their zones tell the unknown; one without a catalogue checks no schema."""
    assert await place.portal.schemas() == ()
    unknown = await place.portal.unknown_zones(["fr:region:11", "fr:region:99"])
    assert unknown <= {"fr:region:99"}
    assert unknown or "udata" not in type(place.portal).__module__
    contacts = await place.portal.foreign_contacts([NOBODY], organization=place.organization)
    assert contacts.keys() <= {NOBODY}
    assert await place.portal.foreign_contacts([], organization=place.organization) == {}


async def test_what_is_asked_of_it_is_counted(place: Any) -> None:
    before = place.portal.traffic.requests
    await place.portal.account()
    if place.rules.organizations:
        await place.portal.organization(place.organization)
    made = await place.ours()
    await place.portal.update_dataset(made, DatasetMetadata(private=True), now())
    after = place.portal.traffic.requests
    version = after.by_endpoint.get("GET /site/", 0)  # an older udata is asked for it
    assert version <= 1
    gets = 1 + place.rules.organizations + version
    assert after.total - before.total == gets + 2
    methods = {name: n - before.by_method.get(name, 0) for name, n in after.by_method.items()}
    changing = "PATCH" if "PATCH" in methods else "PUT"
    assert methods == {"GET": gets, "POST": 1, changing: 1}
    assert sum(after.by_endpoint.values()) == after.total


# --- datasets -----------------------------------------------------------------------------


async def test_a_new_dataset_is_found_by_id_and_slug(place: Any, dataset: RemoteDataset) -> None:
    assert dataset.metadata.title == f"Velos {place.tag}"
    assert (dataset.organization, dataset.deleted) == (place.organization, False)
    assert dataset.resources == ()
    assert dataset.slug
    assert dataset.page
    assert still(await place.portal.dataset(dataset.id)) == still(dataset)
    assert still(await place.portal.dataset(dataset.slug)) == still(dataset)


async def test_a_dataset_that_is_not_there_is_none(place: Any) -> None:
    assert await place.portal.dataset(NOBODY) is None
    assert await place.portal.dataset(f"no-such-{place.tag}") is None


async def test_two_datasets_may_have_one_title(place: Any, dataset: RemoteDataset) -> None:
    other = await place.ours()
    assert other.id != dataset.id
    assert other.slug != dataset.slug
    assert other.metadata.title == dataset.metadata.title


async def test_a_dataset_of_nobody_is_the_accounts_own(place: Any, dataset: RemoteDataset) -> None:
    mine = await place.create()
    assert mine.organization is None
    account = (await place.portal.account()).id
    pages = place.portal.owned_by(user=account)
    theirs = {each.id: each async for page in pages for each in page.datasets}
    assert still(theirs[mine.id]) == still(mine)
    assert (dataset.id not in theirs) == place.rules.organizations


async def test_publishing_for_an_organization_of_others_is_refused(place: Any) -> None:
    if not place.rules.organizations:
        return
    with pytest.raises(DatasetFailed):
        await place.create(place.not_ours)


async def test_a_personal_dataset_is_given_to_an_organization_with_all_it_has(place: Any) -> None:
    if not place.rules.joins_organizations:
        return
    coverage = TemporalCoverage(date(2024, 1, 1), date(2024, 12, 31))
    said = place.metadata(tags=("one", "two"), temporal_coverage=coverage)
    mine = await place.create(None, **plain(said))
    await place.portal.upload(mine.id, place.content("a.csv", b"a\n"))
    before = await place.seen(mine)
    given = await place.portal.update_dataset(before, DatasetMetadata(), now(), place.organization)
    assert given.organization == place.organization
    assert await place.seen(mine) == given
    assert still(replace(given, organization=None)) == still(before)
    again = await place.portal.update_dataset(given, DatasetMetadata(), now(), place.organization)
    assert still(again) == still(given)


async def test_a_dataset_is_not_given_to_an_organization_of_others(
    place: Any, dataset: RemoteDataset
) -> None:
    if not place.rules.organizations:
        return
    mine = await place.create()
    for each in (mine, dataset) if place.rules.joins_organizations else (dataset,):
        with pytest.raises(DatasetFailed):
            await place.portal.update_dataset(each, DatasetMetadata(), now(), place.not_ours)
        assert still(await place.seen(each)) == still(each)


async def test_a_listing_has_every_dataset_once_oldest_first_on_pages_that_tell_the_total(
    place: Any,
) -> None:
    account = (await place.portal.account()).id
    made = [await place.create() for _ in range(7)]
    pages = [page async for page in place.portal.owned_by(user=account)]
    listed = [each for page in pages for each in page.datasets]
    assert {page.total for page in pages} in ({len(listed)}, {None})
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert len(pages) >= 3
    if place.newest_first:
        listed.reverse()
    ids = [each.id for each in listed]
    assert len(set(ids)) == len(ids)
    assert ids[-7:] == [each.id for each in made]
    assert [still(each) for each in listed[-7:]] == [still(each) for each in made]


async def test_a_listing_without_datasets_is_one_empty_page(place: Any) -> None:
    if not place.rules.organizations:
        return
    (page,) = [page async for page in place.portal.owned_by(user=NOBODY)]
    assert (page.datasets, page.total, page.last) == ((), 0, True)


async def test_a_deleted_dataset_is_still_seen_and_is_not_written(
    place: Any, dataset: RemoteDataset
) -> None:
    if not place.rules.keeps_deleted:
        return
    await place.delete(dataset)
    assert (await place.seen(dataset)).deleted
    ours = place.owned()
    (listed,) = [each async for page in ours for each in page.datasets if each.id == dataset.id]
    assert listed.deleted
    with pytest.raises(DatasetFailed):
        await place.portal.update_dataset(dataset, DatasetMetadata(title="T"), now())


async def test_a_private_dataset_is_seen_by_its_owners(place: Any, dataset: RemoteDataset) -> None:
    if "private" in place.lacks:
        return
    hidden = await place.portal.update_dataset(dataset, DatasetMetadata(private=True), now())
    assert hidden.metadata.private
    assert still(await place.seen(dataset)) == still(hidden)
    ours = place.owned()
    assert hidden.id in [each.id async for page in ours for each in page.datasets]


FULL: dict[str, Any] = {
    "description": "About it.",
    "description_short": "In short.",
    "acronym": "VLO",
    "license": "lov2",
    "frequency": "daily",
    "next_update": date(2027, 1, 31),
    "tags": ("mobilite", "velo"),
    "private": True,
    "archived": True,
    "temporal_coverage": TemporalCoverage(date(2024, 1, 1), date(2024, 6, 30)),
    "spatial": Spatial(("fr:region:11",), "fr:commune"),
    "extras": {"source": "capteurs", "nested": {"deep": [1, "x", True]}},
}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"description": "Another description"},
        {"description_short": "Even shorter."},
        {"description_short": ""},
        {"acronym": "ANO"},
        {"acronym": ""},
        {"license": "fr-lo"},
        {"frequency": "weekly"},
        {"next_update": date(2028, 2, 29)},
        {"next_update": ""},
        {"access": Access("open", (("private", "no"),), reason="Autrefois des noms.")},
        {"tags": ("pietons", "velo")},
        {"tags": ()},
        {"private": False},
        {"archived": False},
        {"temporal_coverage": TemporalCoverage(date(2023, 1, 1), date(2023, 12, 31))},
        {"spatial": Spatial(("fr:departement:75",), "fr:commune")},
        {"extras": {"another": 1}},
    ],
    ids=lambda change: "-".join(f"{name}={value}"[:20] for name, value in change.items()),
)
async def test_what_changes_do_not_name_stays_and_what_they_name_is_written(
    place: Any, change: dict[str, Any]
) -> None:
    said = place.metadata(**FULL)
    made = await place.create(place.organization, **plain(said))
    lacking = dict.fromkeys(place.lacks)
    before = plain(said) | lacking
    assert plain(made.metadata) == before
    resource = await place.portal.upload(made.id, place.content("a.csv", b"a\n"))
    there = await place.seen(made)
    written = await place.portal.update_dataset(there, DatasetMetadata(**change), now())
    wanted = before | {name: value or None for name, value in change.items()} | lacking
    assert plain(written.metadata) == wanted
    fresh = await place.seen(made)
    assert plain(fresh.metadata) == wanted
    if place.rules.release_tag and "private" in change:  # then its files have other addresses
        (file,) = fresh.resources
        resource = replace(resource, url=file.url, permalink=file.permalink)
    assert fresh.resources == (resource,)
    assert fresh.modified is None or fresh.modified >= there.modified


async def test_metadata_in_the_portals_form_stay_as_they_are(place: Any) -> None:
    """`rules.normalized` and `rules.tag` tell what the portal makes of what is written."""
    known = {which: await place.portal.vocabulary(which) for which in Vocabulary}
    messy = place.metadata(tags=("velo", "Mobilité", "vélo"), frequency="weekly")
    wanted = place.rules.normalized(messy, known)
    assert place.rules.normalized(wanted, known) == wanted
    assert set(wanted.tags or ()) == {place.rules.tag(tag) for tag in messy.tags or ()}
    for metadata in (messy, wanted):
        made = await place.create(place.organization, **plain(metadata))
        assert (made.metadata.tags, made.metadata.frequency) == (wanted.tags, wanted.frequency)
        assert (await place.seen(made)).metadata == made.metadata


LONG = 120_000


@pytest.mark.parametrize("name", ["title", "description", "description_short"])
async def test_a_text_may_be_as_long_as_the_rules_say_and_no_longer(place: Any, name: str) -> None:
    if name in place.lacks:
        return
    most = getattr(place.rules.limits, name)
    text = f"{place.tag} ".ljust(most or LONG, "x")
    made = await place.ours(**{name: text})
    assert getattr((await place.seen(made)).metadata, name) == text
    if most is not None:
        said: dict[str, Any] = {name: text + "x"}
        longer = DatasetMetadata(**said)
        with pytest.raises(DatasetFailed):
            await place.portal.update_dataset(made, longer, now())


async def test_a_tag_may_be_as_short_and_as_long_as_the_rules_say(
    place: Any, dataset: RemoteDataset
) -> None:
    if "tags" in place.lacks:
        return
    limits = place.rules.limits
    shortest, longest = "a" * limits.shortest_tag, "b" * (limits.longest_tag or 500)
    changes = DatasetMetadata(tags=(shortest, longest))
    written = await place.portal.update_dataset(dataset, changes, now())
    assert written.metadata.tags == (shortest, longest)
    refused = [shortest[1:]] if len(shortest) > 1 else []
    refused += [longest + "b"] if limits.longest_tag else []
    for tag in refused:
        with pytest.raises(DatasetFailed):
            await place.portal.update_dataset(dataset, DatasetMetadata(tags=(tag,)), now())


@pytest.mark.parametrize("name", ["a", "a:b", "two words", "été", "a.b", ".", "$a", "bulkpub:key"])
async def test_extras_may_have_the_names_that_the_rules_allow(
    place: Any, dataset: RemoteDataset, name: str
) -> None:
    changes = DatasetMetadata(extras={name: "value"})
    if place.rules.extra_fault(name):
        with pytest.raises(BulkpubError):
            await place.portal.update_dataset(dataset, changes, now())
        return
    written = await place.portal.update_dataset(dataset, changes, now())
    kept = None if "extras" in place.lacks else {name: "value"}
    assert (written.metadata.extras or None) == kept


# --- contact points and zones -------------------------------------------------------------


async def test_a_contact_point_is_made_once_and_found_by_what_it_says(place: Any) -> None:
    if "contact_points" in place.lacks:
        return
    name = f"Service {now():%f}"
    cards = [
        Contact(name, email="sig@example.org"),
        Contact(name, "publisher", form="https://example.org/contact"),
    ]
    portal, ours = place.portal, place.organization
    known = await portal.contacts(organization=ours)
    assert not known.keys() & set(cards)
    made = [await portal.create_contact(each, ours) for each in cards]
    again = [await portal.create_contact(each, ours) for each in cards]
    assert made == again
    known = await portal.contacts(organization=ours)
    assert [known[each] for each in cards] == made
    own = await portal.create_contact(cards[0], None)
    assert own not in made
    account = await portal.account()
    assert (await portal.contacts(user=account.id))[cards[0]] == own
    foreign = await portal.foreign_contacts([*made, own], organization=ours)
    assert foreign.keys() == {own}


async def test_zones_with_a_name_are_told_with_their_levels(place: Any) -> None:
    found = await place.portal.zones_named("paris")
    if found is None:
        return
    levels = {zone.id: zone.level for zone in found if zone.name == "Paris"}
    assert levels["fr:commune:75056"] == "fr:commune"
    assert levels["fr:departement:75"] == "fr:departement"
    assert await place.portal.zones_named("Nulle part ailleurs") == ()


# --- files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a.csv",
        "Été 2024.CSV",
        "it's 100 % 'quoted'.csv",
        "a&b=c;d#e?f.csv",
        "日本.csv",
        "two.parts.csv.gz",
        "x" * 240 + ".csv",
    ],
    ids=lambda name: name[:20],
)
async def test_a_file_becomes_a_resource_called_as_it_is_stored(
    place: Any, dataset: RemoteDataset, upload: Any, name: str
) -> None:
    data = b"name\n" * 100
    made = await upload(name, data)
    assert (made.hosted, made.stored, made.size) == (True, True, len(data))
    assert made.digest == place.digest(data)
    assert made.file_name == place.rules.file_name(name)
    assert made.metadata.title == made.file_name
    assert made.permalink
    assert not made.metadata.extras
    assert (await place.seen(dataset)).resources == (made,)


async def test_what_is_sent_is_hashed_and_told_on_its_way(
    place: Any, dataset: RemoteDataset
) -> None:
    told: list[int] = []
    content = place.content("a.csv", b"a" * 900)
    content.progressed = told.append
    await place.portal.upload(dataset.id, content)
    assert content.digest == hashlib.new(place.rules.digest, b"a" * 900).hexdigest()
    assert content.bytes_sent == told[-1] == 900
    assert told == sorted(told)


async def test_an_empty_file_is_a_file(place: Any, upload: Any) -> None:
    if place.rules.limits.least_size:
        with pytest.raises(ResourceFailed):
            await upload(data=b"")
        return
    made = await upload(data=b"")
    assert (made.hosted, made.size) == (True, 0)


async def test_a_large_file_arrives_in_parts_if_the_portal_takes_them(
    place: Any, dataset: RemoteDataset
) -> None:
    data = bytes(range(250)) * 6
    assert place.portal.sends_in_parts(len(data)) == place.rules.parts
    assert not place.portal.sends_in_parts(1000)
    told: list[int] = []
    content = place.content("large.csv", data)
    content.progressed = told.append
    made = await place.portal.upload(dataset.id, content)
    assert made.size == max(told) == len(data)
    assert made.digest == place.digest(data)
    assert (await place.seen(dataset)).resources == (made,)


async def test_a_file_sent_onto_a_resource_takes_the_place_of_the_one_it_had(
    *, place: Any, dataset: RemoteDataset, upload: Any, write: Any
) -> None:
    first, other = await upload("a.csv"), await upload("b.csv")
    said = ResourceMetadata(title="Comptages", description="Tous", type="update")
    await write(ListItem(first.id, said))
    places = [each.id for each in (await place.seen(dataset)).resources]
    after = await upload("c.csv", b"longer\n", onto=first)
    assert after.size == 7
    kept = (after.id, after.permalink) == (first.id, first.permalink)
    assert kept == place.rules.replacing_keeps_id
    assert after.file_name == place.rules.file_name("c.csv")
    if not place.rules.lacks_resource & {"title", "description", "type"}:
        reset = place.rules.replacing_resets_title
        assert after.metadata.title == (after.file_name if reset else "Comptages")
        assert (after.metadata.description, after.metadata.type) == ("Tous", "update")
    resources = (await place.seen(dataset)).resources
    if place.rules.replacing_keeps_id:
        assert [each.id for each in resources] == places
    assert {each.id: each for each in resources} == {after.id: after, other.id: other}


async def test_two_files_of_one_name_are_two_resources(place: Any, upload: Any) -> None:
    """After the pause that the rules ask for; or the second one is refused."""
    one = await upload("a.csv", b"one\n")
    if place.rules.one_of_a_name:
        with pytest.raises(Outdated):
            await upload("a.csv", b"two\n")
        return
    if place.rules.same_name_pause is not None:
        await anyio.sleep(place.rules.same_name_pause)
    two = await upload("a.csv", b"two\n")
    assert one.id != two.id
    assert one.url != two.url
    assert one.file_name == two.file_name


async def test_nothing_is_stored_where_there_is_nothing(
    place: Any, dataset: RemoteDataset, upload: Any
) -> None:
    nowhere = RemoteResource(NO_RESOURCE, ResourceMetadata())
    with pytest.raises(ResourceFailed):
        await upload(onto=nowhere)
    assert (await place.seen(dataset)).resources == ()
    with pytest.raises((ResourceFailed, DatasetFailed)):
        await place.portal.upload(NOBODY, place.content("a.csv", b"a\n"))


@pytest.mark.parametrize("name", ["a.csv", "a.tar.gz", "a.xyzzy", "a.exe"])
async def test_a_file_is_refused_for_its_name_when_it_was_foretold(
    place: Any, upload: Any, name: str
) -> None:
    known = await place.portal.vocabulary(Vocabulary.EXTENSIONS)
    if place.portal.file_refusal(name, known):
        with pytest.raises(ResourceFailed):
            await upload(name)
    else:
        assert (await upload(name)).file_name == place.rules.file_name(name)


# --- links --------------------------------------------------------------------------------


async def test_a_link_is_listed_as_what_stays_elsewhere(
    *, place: Any, dataset: RemoteDataset
) -> None:
    said = ResourceMetadata(title="API", description="D", type="api", format="json")
    if not place.rules.links:
        with pytest.raises(ResourceFailed):
            await place.portal.create_link(dataset.id, LinkSource(ADDRESS), said)
        assert (await place.seen(dataset)).resources == ()
        return
    made = await place.portal.create_link(dataset.id, LinkSource(ADDRESS), said)
    assert (made.url, made.hosted, made.stored) == (ADDRESS, False, False)
    lacks = place.rules.lacks_resource
    assert replace(made.metadata, extras=None) == without(said, lacks)
    assert (await place.seen(dataset)).resources == (made,)
    moved = await place.portal.move_link(dataset.id, ListItem(made.id, url=ADDRESS + "?v=2"))
    assert (moved.id, moved.url, moved.metadata) == (made.id, ADDRESS + "?v=2", made.metadata)
    item = ListItem(made.id, ResourceMetadata(title="New", type="other"), ADDRESS)
    again = await place.portal.move_link(dataset.id, item)
    said = without(replace(made.metadata, title="New", type="other"), lacks)
    assert (again.url, again.metadata) == (ADDRESS, said)
    assert (await place.seen(dataset)).resources == (again,)
    with pytest.raises(Outdated):
        await place.portal.move_link(dataset.id, ListItem(NO_RESOURCE, url=ADDRESS))


async def test_what_is_elsewhere_comes_to_be_hosted_with_its_id_and_words(
    *, place: Any, dataset: RemoteDataset, upload: Any, write: Any
) -> None:
    said = ResourceMetadata(title="Comptages", description="D", type="main")
    if not place.rules.links:
        with pytest.raises(ResourceFailed):
            await place.portal.create_link(dataset.id, LinkSource(ADDRESS), said)
        return
    link = await place.portal.create_link(dataset.id, LinkSource(ADDRESS), said)
    if not place.rules.hosts_in_place:
        with pytest.raises(ResourceFailed):
            await upload(onto=link)
        return
    arrived = await upload("a.csv", b"a\n", onto=link)
    assert (arrived.id, arrived.permalink) == (link.id, link.permalink)
    assert (arrived.hosted, arrived.uploaded, arrived.stored) == (False, True, True)
    (hosted,) = await write(ListItem(link.id, ResourceMetadata(title="Comptages"), host=True))
    assert (hosted.id, hosted.hosted, hosted.uploaded) == (link.id, True, False)
    assert (hosted.metadata.title, hosted.metadata.description) == ("Comptages", "D")
    assert (hosted.size, hosted.file_name) == (2, place.rules.file_name("a.csv"))
    assert (await place.seen(dataset)).resources == (hosted,)


# --- describing and ordering --------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Comptages"},
        {"description": "Tous les comptages"},
        {"description": ""},
        {"type": "documentation"},
        {"schema": ContentSchema("etalab/schema-lieux", "1.0.0")},
        {"extras": {"bulkpub:key": "k", "nested": {"deep": [1, "x"]}}},
        {"format": "special"},
        {"mime": "text/special"},
    ],
    ids="-".join,
)
async def test_what_is_said_of_a_resource_is_written_and_nothing_else(
    *, place: Any, dataset: RemoteDataset, upload: Any, write: Any, change: dict[str, Any]
) -> None:
    first, other = await upload("a.csv"), await upload("b.csv")
    answer = {each.id: each for each in await write(ListItem(first.id, ResourceMetadata(**change)))}
    assert answer[other.id] == other
    (name, value) = next(iter(change.items()))
    if name in place.rules.lacks_resource:
        value = first.file_name if name == "title" else None
    if name in {"format", "mime"} and place.rules.tells_format:
        value = getattr(first.metadata, name)
    said = answer[first.id].metadata
    assert (getattr(said, name) or None) == (value or None)
    assert replace(said, **{name: getattr(first.metadata, name)}) == first.metadata
    assert {each.id: each for each in (await place.seen(dataset)).resources} == answer


async def test_resources_are_put_in_order_if_the_portal_can(
    place: Any, dataset: RemoteDataset, upload: Any
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        await upload(name)
    there = (await place.seen(dataset)).resources
    wanted = (there[1], there[2], there[0])
    answer = await place.portal.set_resources(dataset.id, [ListItem(each.id) for each in wanted])
    assert answer == (wanted if place.rules.orders else there)
    assert (await place.seen(dataset)).resources == answer


@pytest.mark.parametrize("wrong", ["one missing", "one unknown", "one more", "one twice"])
async def test_a_list_of_other_resources_than_there_are_is_outdated(
    *, place: Any, dataset: RemoteDataset, upload: Any, wrong: str
) -> None:
    one, two = await upload("a.csv"), await upload("b.csv")
    before = (await place.seen(dataset)).resources
    ids = {
        "one missing": [two.id],
        "one unknown": [two.id, NO_RESOURCE],
        "one more": [two.id, one.id, NO_RESOURCE],
        "one twice": [two.id, one.id, one.id],
    }[wrong]
    items = [ListItem(each) for each in ids]
    items[0] = ListItem(ids[0], ResourceMetadata(title="Not to be written"))
    with pytest.raises(Outdated):
        await place.portal.set_resources(dataset.id, items)
    assert (await place.seen(dataset)).resources == before


async def test_a_description_that_is_refused_is_told_with_its_id_and_none_is_written(
    *, place: Any, dataset: RemoteDataset, upload: Any
) -> None:
    one, two = await upload("a.csv"), await upload("b.csv")
    before = (await place.seen(dataset)).resources
    if "title" in place.rules.lacks_resource:
        return
    most = place.rules.limits.title
    bad = ListItem(one.id, ResourceMetadata(title="x" * ((most or LONG) + 1)))
    good = ListItem(two.id, None if place.rules.described_at_once else ResourceMetadata(title="G"))
    if most is None:
        answer = await place.portal.set_resources(dataset.id, [bad, good])
        assert answer[0].metadata.title == "x" * (LONG + 1)
        return
    with pytest.raises(DescriptionsRefused) as refused:
        await place.portal.set_resources(dataset.id, [bad, good])
    assert list(refused.value.reasons) == [one.id]
    assert refused.value.reasons[one.id]
    assert (await place.seen(dataset)).resources == before


async def test_a_resource_is_deleted_once_and_deleting_it_again_is_no_error(
    *, place: Any, dataset: RemoteDataset, upload: Any
) -> None:
    gone, stays = await upload("a.csv"), await upload("b.csv")
    if not place.rules.deletes:
        with pytest.raises(ResourceFailed):
            await place.portal.delete_resource(dataset.id, gone.id)
        assert len((await place.seen(dataset)).resources) == 2
        return
    for _ in range(2):
        await place.portal.delete_resource(dataset.id, gone.id)
        assert (await place.seen(dataset)).resources == (stays,)
