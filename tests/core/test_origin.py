"""What was harvested under the bare id of its catalogue is recognised, but only with proof."""

from dataclasses import replace

import pytest

from bulkpub.core.addresses import place_of
from bulkpub.core.match import Conflict
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from tests.core.matching import matched_datasets

PAGE = "https://alpha.example.org/velos"
FILE = "https://alpha.example.org/f/velos.csv"


def harvested(
    key: str = "alpha.example.org#velos",
    *,
    page: str = PAGE,
    own_id: str = "velos",
    files: tuple[str, ...] = (FILE,),
    id_: str | None = None,
) -> DatasetSpec:
    extras = {"harvest:remote_id": own_id, "harvest:remote_url": page}
    resources = tuple(ResourceSpec(each, UrlSource(each)) for each in files)
    return DatasetSpec(key, DatasetMetadata(title=key, extras=extras), resources, id=id_)


def there(
    id_: str = "d1",
    key: str | None = "velos",
    *,
    page: str = "",
    resources: tuple[RemoteResource, ...] = (),
    deleted: bool = False,
) -> RemoteDataset:
    extras = {"harvest:remote_url": page} if page else {}
    extras |= {} if key is None else {KEY_EXTRA: key}
    metadata = DatasetMetadata(title=f"Title of {id_}", extras=extras)
    return RemoteDataset(id_, metadata, resources, deleted=deleted)


def resource(url: str, *, hosted: bool = False, **extras: str) -> RemoteResource:
    named = {name.replace("_", ":"): value for name, value in extras.items()}
    return RemoteResource("r1", ResourceMetadata(title="r", extras=named), hosted, url)


LINK = resource(FILE)
HOSTED = resource("https://portal/x.csv", hosted=True, bulkpub_key=FILE)
MOVED = resource("https://portal/x.csv", hosted=True, bulkpub_key="1", bulkpub_source=FILE)
OTHER = resource("https://beta.example.org/f/velos.csv")


def found(spec: DatasetSpec, *remote: RemoteDataset, ours: tuple[str, ...] = ()) -> str | None:
    match matched_datasets([spec], remote, ours).get(spec.key):
        case None:
            return None
        case Conflict(message=message):
            return message
        case dataset:
            return dataset.id


@pytest.mark.parametrize(
    ("spec", "remote", "expected"),
    [
        # The page is proof, however it is reached.
        (harvested(), there(page=PAGE), "d1"),
        (harvested(), there(page="http://ALPHA.example.org/velos/"), "d1"),
        (harvested(), there(page="https://beta.example.org/velos"), None),
        # Another page is another dataset, whatever it lists: a catalogue of catalogues does so.
        (harvested(), there(page="https://beta.example.org/velos", resources=(LINK,)), None),
        # Without a page, an address that both list.
        (harvested(), there(resources=(LINK,)), "d1"),
        (harvested(), there(resources=(HOSTED,)), "d1"),
        (harvested(), there(resources=(MOVED,)), "d1"),
        (harvested(page=""), there(page=PAGE, resources=(LINK,)), "d1"),
        (harvested(), there(resources=(OTHER,)), None),
        # Never the bare id alone.
        (harvested(), there(), None),
        (harvested(page="", files=()), there(resources=(LINK,)), None),
        # Only what carries the former key.
        (harvested(), there(key="another", page=PAGE), None),
        (harvested(own_id=""), there(key="", page=PAGE), None),
        (harvested(), there(key=None, page=PAGE), None),
        (harvested(id_="d2"), there(page=PAGE), "no dataset with the id d2"),
        # What has its key already is that one.
        (harvested(key="velos"), there(page="https://elsewhere.example.org/"), "d1"),
    ],
)
def test_what_was_harvested_before_is_recognised_by_proof(
    spec: DatasetSpec, remote: RemoteDataset, expected: str | None
) -> None:
    answer = found(spec, remote)
    assert answer == expected or (expected and answer and expected in answer)


def test_the_key_beats_the_former_key() -> None:
    mine = there("d2", "alpha.example.org#velos")
    assert found(harvested(), there(page=PAGE), mine) == "d2"


def test_what_another_entry_of_the_manifest_is_stays_that() -> None:
    assert found(harvested(), there(page=PAGE), ours=("velos",)) is None


BETA_PAGE, BETA_FILE = "https://beta.example.org/velos", "https://beta.example.org/f/velos.csv"


@pytest.mark.parametrize(
    ("spec", "is_another"),
    [
        (harvested("velos", page=BETA_PAGE, files=(BETA_FILE,)), True),
        (harvested("velos", page=BETA_PAGE, files=()), True),
        # The page moved, and what it lists stayed, or the other way round.
        (harvested("velos", page=BETA_PAGE), False),
        (harvested("velos", files=(BETA_FILE,)), False),
        # Nothing is sure without a page, and a key that is no bare id is its own.
        (harvested("velos", page="", files=(BETA_FILE,)), False),
        (harvested("velos", page=BETA_PAGE, files=(BETA_FILE,), own_id="v"), False),
    ],
)
def test_two_manifests_of_bare_ids_do_not_take_each_others_datasets(
    spec: DatasetSpec,
    is_another: bool,  # noqa: FBT001 # a table
) -> None:
    theirs = there(page=PAGE, resources=(LINK,))
    extras = {**(theirs.metadata.extras or {}), "harvest:remote_id": "velos"}
    theirs = replace(theirs, metadata=replace(theirs.metadata, extras=extras))
    answer = found(spec, theirs)
    assert answer
    assert (answer == "d1") is (not is_another)
    assert not is_another or all(word in answer for word in (PAGE, "(d1)", "`id: d1`"))


def test_two_that_could_be_it_are_a_conflict_that_names_both() -> None:
    message = found(harvested(), there("d1", page=PAGE), there("d2", page=PAGE))
    assert message
    assert all(word in message for word in ("(d1)", "(d2)", "former key, 'velos'"))


def test_a_deleted_one_is_not_created_again() -> None:
    message = found(harvested(), there(page=PAGE, deleted=True))
    assert message
    assert "was deleted on the portal" in message


def test_two_entries_that_claim_one_are_both_a_conflict() -> None:
    one, two = harvested("a#velos"), harvested("b#velos")
    for specs in ([one, two], [two, one]):
        matched = matched_datasets(specs, [there(page=PAGE)])
        for spec in specs:
            conflict = matched[spec.key]
            assert isinstance(conflict, Conflict)
            assert all(word in conflict.message for word in ("'a#velos'", "'b#velos'", "`id`"))


def test_what_was_recognised_is_no_other_datasets_namesake() -> None:
    other = DatasetSpec("beta#x", DatasetMetadata(title="Title of d1"))
    matched = matched_datasets([harvested(), other], [there(page=PAGE)])
    assert list(matched) == ["alpha.example.org#velos"]


def test_its_addresses_count_as_they_are_listed_and_fetched() -> None:
    links = ResourceSpec("1", LinkSource("http://alpha.example.org/f/velos.csv/"))
    spec = replace(harvested(files=()), resources=(links,))
    assert found(spec, there(resources=(LINK,))) == "d1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Example.org/a/", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:80", "https://example.org/"),
        ("https://me:word@example.org/a", "https://example.org/a"),
        ("https://example.org/a?token=x&b=1", "https://example.org/a?b=1"),
    ],
)
def test_one_place_has_one_spelling(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://example.org/b"),
        ("https://example.org:8443/a", "https://example.org/a"),
        ("https://example.org/a?org=1", "https://example.org/a?org=2"),
        ("https://example.org/c#1", "https://example.org/c#2"),
    ],
)
def test_two_places_have_two_spellings(one: str, other: str) -> None:
    assert place_of(one) != place_of(other)
