import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.actions import ListItem
from bulkpub.core.diff import dataset_changes
from bulkpub.core.model import (
    KEY_EXTRA,
    Checksum,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.rules import Vocabulary
from bulkpub.portals.shapes import Unreadable
from bulkpub.portals.udata import RULES, codec
from bulkpub.portals.udata.codec import (
    DATASET_FIELDS,
    dataset_body,
    error_message,
    item_refusals,
    link_body,
    list_item,
    normalized,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESOURCE: dict[str, Any] = {
    "id": "r1",
    "title": "Comptages",
    "description": "Par heure",
    "type": "main",
    "filetype": "file",
    "format": "csv",
    "mime": "text/csv",
    "url": "https://portal.example/resources/velos/20260301-120000/comptages.csv",
    "latest": "https://portal.example/fr/datasets/r/r1",
    "filesize": 12,
    "checksum": {"type": "sha1", "value": "AB12"},
    "extras": {KEY_EXTRA: "k"},
    "schema": {"name": "etalab/x", "version": "1.0", "url": None},
}
DATASET: dict[str, Any] = {
    "id": "d1",
    "slug": "velos",
    "page": "https://portal.example/fr/datasets/velos/",
    "title": "Vélos",
    "description": "D",
    "acronym": None,
    "license": "fr-lo",
    "frequency": "daily",
    "tags": ["velo", "mobilite"],
    "private": False,
    "archived": None,
    "deleted": None,
    "temporal_coverage": {"start": "2024-01-01", "end": "2024-12-31"},
    "spatial": {"geom": None, "zones": ["fr:region:11"], "granularity": "fr:commune"},
    "extras": {KEY_EXTRA: "velos", "theirs": 1},
    "contact_points": [{"id": "c1"}],
    "organization": {"id": "o1"},
    "resources": [RESOURCE],
}


def dataset_from(data: Any) -> RemoteDataset:
    return codec.DATASET.read(json.dumps(data).encode())


def resource_from(data: Any) -> RemoteResource:
    return codec.RESOURCE.read(json.dumps(data).encode())


# --- reading ------------------------------------------------------------------------------


def test_a_resource_is_read_whole() -> None:
    assert resource_from(RESOURCE) == RemoteResource(
        id="r1",
        metadata=ResourceMetadata(
            title="Comptages",
            description="Par heure",
            type="main",
            schema=ContentSchema("etalab/x", "1.0"),
            format="csv",
            mime="text/csv",
            extras={KEY_EXTRA: "k"},
        ),
        url=RESOURCE["url"],
        permalink=RESOURCE["latest"],
        size=12,
        digest="ab12",
        checksum=Checksum("sha1", "ab12"),
    )
    assert resource_from(RESOURCE).file_name == "comptages.csv"
    assert resource_from(RESOURCE).key == "k"


@pytest.mark.parametrize(("told", "size"), [(-1, None), (0, 0), (None, None)])
def test_a_size_that_none_can_have_is_none(told: int | None, size: int | None) -> None:
    """Of a link anybody may say anything."""
    assert resource_from(RESOURCE | {"filetype": "remote", "filesize": told}).size == size


def test_a_dataset_is_read_whole() -> None:
    assert dataset_from(DATASET) == RemoteDataset(
        id="d1",
        metadata=DatasetMetadata(
            title="Vélos",
            description="D",
            license="fr-lo",
            frequency="daily",
            tags=("mobilite", "velo"),
            private=False,
            archived=False,
            temporal_coverage=TemporalCoverage(date(2024, 1, 1), date(2024, 12, 31)),
            spatial=Spatial(("fr:region:11",), "fr:commune"),
            contact_points=("c1",),
            extras={KEY_EXTRA: "velos", "theirs": 1},
        ),
        resources=(resource_from(RESOURCE),),
        slug="velos",
        page="https://portal.example/fr/datasets/velos/",
        organization="o1",
    )


def test_the_mask_asks_for_every_field_that_is_read() -> None:
    asked = set(DATASET_FIELDS.replace("{", ",").replace("}", ",").split(","))
    assert set(DATASET) | set(RESOURCE) <= asked


@pytest.mark.parametrize(
    ("field", "value", "attribute", "read"),
    [
        ("filetype", "remote", "hosted", False),
        ("checksum", None, "digest", None),
        ("checksum", {"type": "md5", "value": "x"}, "digest", None),
        ("checksum", {"type": "sha1", "value": None}, "digest", None),
        ("filesize", None, "size", None),
        ("filesize", 0, "size", 0),
        ("latest", None, "permalink", ""),
        ("extras", None, "key", None),
        ("extras", {KEY_EXTRA: 5}, "key", None),
    ],
)
def test_what_a_resource_lacks_is_absent(field: str, value: Any, attribute: str, read: Any) -> None:
    assert getattr(resource_from({**RESOURCE, field: value}), attribute) == read


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("archived", "2026-01-01T00:00:00+00:00", True),
        ("private", True, True),
        ("temporal_coverage", None, None),
        ("temporal_coverage", {"start": None, "end": None}, None),
        (
            "temporal_coverage",
            {"start": "2024-01-01T00:00:00+00:00", "end": None},
            TemporalCoverage(date(2024, 1, 1)),
        ),
        ("spatial", None, None),
        ("spatial", {"zones": None, "granularity": "other"}, Spatial((), "other")),
        ("tags", None, ()),
        ("contact_points", None, ()),
        ("extras", None, {}),
    ],
)
def test_what_a_dataset_says_of_itself_is_read_in_all_its_spellings(
    field: str, value: Any, read: Any
) -> None:
    assert getattr(dataset_from({**DATASET, field: value}).metadata, field) == read


@pytest.mark.parametrize("schema", [None, {}, {"name": None, "version": None, "url": None}])
def test_an_empty_schema_is_none(schema: Any) -> None:
    assert resource_from({**RESOURCE, "schema": schema}).metadata.schema is None


def test_the_owner_and_the_deletion_of_a_dataset_are_seen() -> None:
    seen = dataset_from({**DATASET, "organization": None, "deleted": "2026-01-01T00:00:00"})
    assert (seen.organization, seen.deleted) == (None, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*DATASET, *RESOURCE, "value"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("read", [dataset_from, resource_from])
@pytest.mark.parametrize("data", [None, True, 5, "text", [], [1], {}, {"id": ""}, {"id": 5}])
def test_what_is_no_dataset_raises_only_what_is_announced(
    read: Callable[[Any], object], data: Any
) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(data)


@given(JSON, st.sampled_from(sorted(RESOURCE)), st.sampled_from(sorted(DATASET)))
def test_an_answer_with_one_field_gone_mad_raises_only_what_is_announced(
    value: Any, of_resource: str, of_dataset: str
) -> None:
    cases: list[tuple[Callable[[Any], object], dict[str, Any]]] = [
        (resource_from, {**RESOURCE, of_resource: value}),
        (dataset_from, {**DATASET, of_dataset: value}),
    ]
    for read, data in cases:
        try:
            read(data)
        except (KeyError, TypeError, ValueError):
            continue


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("checksum", {"type": "sha1", "value": []}, "checksum.value must be text, not a list"),
        ("filesize", True, "filesize must be a whole number, not true"),
        ("filesize", 2.5, "filesize must be a whole number, not a number"),
        ("filesize", 10**30, "filesize is larger than any there can be"),
        ("id", "", "id must not be empty"),
        ("id", None, "id must be text, not null"),
        ("extras", [], "extras must be an object, not a list"),
        ("extras", {"a": {"b": 10**30}}, "extras.a must be a number of at most 64 bits"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_with_its_field(
    field: str, value: Any, sentence: str
) -> None:
    with pytest.raises(Unreadable) as error:
        dataset_from({**DATASET, "resources": [RESOURCE, {**RESOURCE, "id": "r2", field: value}]})
    assert str(error.value) == f"resources[1].{sentence}"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"resources": [RESOURCE, RESOURCE]}, "resources[1].id is there twice"),
        ({"organization": "o1"}, "organization must be an object, not text"),
        (
            {"temporal_coverage": {"start": "soon", "end": None}},
            "temporal_coverage.start must be a day such as 2024-01-31, not 'soon'",
        ),
        ({"private": "no"}, "private must be true or false, not text"),
        ({"tags": ["a", 5]}, "tags[1] must be text, not a number"),
    ],
)
def test_the_same_of_a_dataset(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unreadable) as error:
        dataset_from({**DATASET, **changes})
    assert str(error.value) == sentence


@pytest.mark.parametrize("missing", ["id", "title", "extras", "resources"])
def test_an_answer_without_what_tells_one_from_another_is_no_dataset(missing: str) -> None:
    with pytest.raises(Unreadable, match=f"^{missing} is missing$"):
        dataset_from({name: value for name, value in DATASET.items() if name != missing})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html>", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"[" * 900 + b"]" * 900, "it is nested too deep"),
        (b"[]", "it must be an object, not a list"),
    ],
)
def test_what_is_no_answer_at_all(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as error:
        codec.DATASET.read(content)
    assert str(error.value) == sentence


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_extras_are_kept_as_deep_as_they_can_be_sent_back() -> None:
    assert dataset_from({**DATASET, "extras": {"a": nested(79)}}).metadata.extras is not None
    with pytest.raises(Unreadable, match=r"^extras\.a must not be nested more than 80 deep$"):
        dataset_from({**DATASET, "extras": {"a": nested(80)}})


def test_what_a_sentence_repeats_of_an_answer_is_short() -> None:
    long = "x" * 5_000_000
    for changes in ({"extras": {long: 10**30}}, {"temporal_coverage": {"start": long}}):
        with pytest.raises(Unreadable) as error:
            dataset_from({**DATASET, **changes})
        assert len(str(error.value)) < 200
    assert len(error_message({"message": long}) or "") <= 300
    assert len(error_message({"errors": {long: [long] * 100}}) or "") <= 300
    assert error_message({"errors": nested(900)}) is None


# --- writing a dataset --------------------------------------------------------------------

texts = st.text(max_size=5)
metadata = st.builds(
    DatasetMetadata,
    title=st.none() | st.text(min_size=1, max_size=5),
    description=st.none() | texts,
    description_short=st.none() | texts,
    acronym=st.none() | texts,
    license=st.none() | st.sampled_from(("fr-lo", "odc-odbl")),
    frequency=st.none() | st.sampled_from(("daily", "weekly")),
    tags=st.none() | st.lists(st.sampled_from(("aaa", "bbb", "ccc")), unique=True).map(tuple),
    private=st.none() | st.booleans(),
    archived=st.none() | st.booleans(),
    temporal_coverage=st.none()
    | st.builds(
        TemporalCoverage, st.dates(date(1900, 1, 1)), st.none() | st.dates(date(1900, 1, 1))
    ),
    spatial=st.none()
    | st.builds(
        Spatial,
        st.none() | st.just(("fr:region:11",)),
        st.none() | st.sampled_from(("fr:commune", "fr:region")),
    ),
    contact_points=st.none() | st.just(("c1",)) | st.just(()),
    extras=st.none() | st.dictionaries(st.sampled_from(("a", "b")), texts),
)


def put(stored: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """What udata makes of a dataset when `body` is PUT: two fields are wiped when not sent."""
    assert "resources" not in body
    result = {**stored, "tags": [], "temporal_coverage": None, **body}
    result["contact_points"] = [
        point if isinstance(point, dict) else {"id": point} for point in result["contact_points"]
    ]
    nowhere = {"zones": [], "granularity": "other"}
    if "spatial" in body:
        result["spatial"] = {**(stored.get("spatial") or nowhere), **body["spatial"]}
    return result


@given(metadata)
def test_a_put_makes_the_dataset_what_is_wanted_and_wipes_nothing(wanted: DatasetMetadata) -> None:
    spec = DatasetSpec("velos", replace(wanted, tags=wanted.tags and tuple(sorted(wanted.tags))))
    remote = dataset_from(DATASET)
    changes = dataset_changes(spec, remote, RULES)
    if changes is None:
        return
    body = dataset_body(changes, NOW, remote)
    after = dataset_from(put(DATASET, body))
    assert dataset_changes(spec, after, RULES) is None
    if wanted.tags is None:
        assert after.metadata.tags == remote.metadata.tags
    if wanted.temporal_coverage is None:
        assert after.metadata.temporal_coverage == remote.metadata.temporal_coverage
    assert after.metadata.extras is not None
    assert after.metadata.extras["theirs"] == 1
    assert after.resources == remote.resources


@given(metadata)
def test_every_put_carries_tags_and_period_and_never_resources(changes: DatasetMetadata) -> None:
    body = dataset_body(changes, NOW, dataset_from(DATASET))
    assert {"tags", "temporal_coverage"} <= set(body)
    assert not {"resources", "owner", "organization"} & set(body)


@given(metadata)
def test_a_created_dataset_is_as_wanted(wanted: DatasetMetadata) -> None:
    wanted = replace(wanted, tags=wanted.tags and tuple(sorted(wanted.tags)))
    blank: dict[str, Any] = {
        "id": "d1",
        "title": "",
        "contact_points": [],
        "archived": None,
        "private": False,
        "extras": {},
        "resources": [],
    }
    created = dataset_from(put(blank, dataset_body(wanted, NOW)))
    assert dataset_changes(DatasetSpec("k", wanted, id="d1"), created, RULES) is None


def test_a_new_dataset_says_nothing_that_was_not_asked_for() -> None:
    assert dataset_body(DatasetMetadata(title="T", description="D"), NOW) == {
        "title": "T",
        "description": "D",
    }


@pytest.mark.parametrize(("archived", "said"), [(True, "2026-03-01T12:00:00+00:00"), (False, None)])
def test_archiving_is_a_point_in_time(archived: Any, said: str | None) -> None:
    assert dataset_body(DatasetMetadata(archived=archived), NOW) == {"archived": said}


# --- writing resources --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "body"),
    [
        (ListItem("r1"), {"id": "r1"}),
        (ListItem("r1", host=True), {"id": "r1", "filetype": "file"}),
        (ListItem("r1", url="https://x/"), {"id": "r1", "url": "https://x/"}),
        (
            ListItem("r1", ResourceMetadata(title="T", description="", extras={"a": 1})),
            {"id": "r1", "title": "T", "description": "", "extras": {"a": 1}},
        ),
        (
            ListItem("r1", ResourceMetadata(type="api", format="csv", mime="text/csv")),
            {"id": "r1", "type": "api", "format": "csv", "mime": "text/csv"},
        ),
    ],
)
def test_an_item_of_the_list_says_what_changes_and_nothing_else(
    item: ListItem, body: dict[str, Any]
) -> None:
    assert list_item(item) == body


@pytest.mark.parametrize(
    "before",
    [
        None,
        {"name": "a/b", "version": "1.0", "url": None},
        {"name": None, "version": None, "url": "https://x/s.json"},
    ],
)
@pytest.mark.parametrize(
    "wanted",
    [
        ContentSchema("a/b"),
        ContentSchema("a/b", "2.0"),
        ContentSchema("a/c", "1.0"),
        ContentSchema(url="https://x/t.json"),
    ],
)
def test_a_schema_replaces_the_one_there_is_though_udata_merges_them(
    before: dict[str, Any] | None, wanted: ContentSchema
) -> None:
    sent = list_item(ListItem("r1", ResourceMetadata(schema=wanted)))["schema"]
    merged = {**(before or {"name": None, "version": None, "url": None}), **sent}
    assert resource_from({**RESOURCE, "schema": merged}).metadata.schema == wanted


def test_a_link_is_listed_with_our_key_so_that_it_is_found_again() -> None:
    metadata = ResourceMetadata(title="T", extras={KEY_EXTRA: "k"})
    assert link_body(LinkSource("https://x/"), metadata) == {
        "title": "T",
        "type": "main",
        "format": "",
        "extras": {KEY_EXTRA: "k"},
        "filetype": "remote",
        "url": "https://x/",
    }


def test_what_is_said_of_a_link_wins_over_what_has_to_be_said() -> None:
    body = link_body(
        LinkSource("https://x/"), ResourceMetadata(title="T", type="api", format="json")
    )
    assert (body["type"], body["format"]) == ("api", "json")


# --- as udata keeps it --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        (None, None),
        ((), ()),
        (("Vélo", "velo", "Qualité de l'air"), ("qualite-de-lair", "velo")),
        (("zzz", "aaa"), ("aaa", "zzz")),
    ],
)
def test_tags_are_compared_as_the_portal_keeps_them(tags: Any, kept: Any) -> None:
    said = normalized(DatasetMetadata(tags=tags), {})
    assert said.tags == kept
    assert normalized(said, {}) == said


@pytest.mark.parametrize(
    ("frequency", "listed", "kept"),
    [
        (None, (), None),
        ("daily", (), "daily"),
        ("biannual", (), "semiannual"),
        ("realtime", ("continuous",), "continuous"),
        ("realtime", ("realtime",), "realtime"),
        ("fortnighly", (), "biweekly"),
    ],
)
def test_a_frequency_gets_its_new_name_unless_the_portal_is_older(
    frequency: str | None, listed: tuple[str, ...], kept: str | None
) -> None:
    known = {Vocabulary.FREQUENCIES: frozenset(listed)}
    assert normalized(DatasetMetadata(frequency=frequency), known).frequency == kept


# --- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"errors": {"title": ["This field is required."]}}, "title: This field is required."),
        (
            {"errors": {"title": ["Too long", "Too odd"], "tags": ["Bad"]}},
            "title: Too long; title: Too odd; tags: Bad",
        ),
        ({"errors": {"spatial": {"zones": ["Unknown"]}}}, "spatial.zones: Unknown"),
        ({"errors": {"schema": {"url": {"x": "Bad"}}}}, "schema.url.x: Bad"),
        ({"errors": [{}, {"type": ["Unknown"]}]}, "type: Unknown"),
        ({"errors": {"Content-Type": "expecting JSON"}}, "Content-Type: expecting JSON"),
        ({"errors": {"tags": [["deep"]]}}, "tags: deep"),
        ({"message": "Internal Server Error"}, "Internal Server Error"),
        ({"error": "Missing file parameter", "success": False}, "Missing file parameter"),
        ({"message": "No", "errors": {"a": ["b"]}}, "a: b; No"),
        ({"message": "No", "error": "No"}, "No"),
        ({"message": "  padded \n"}, "padded"),
        ({"message": "two\nlines"}, "two lines"),
        ({"message": ""}, None),
        ({"errors": {}}, None),
        ({"errors": {"a": []}}, None),
        ({"errors": {"a": None}}, None),
        ({}, None),
        ([], None),
        (None, None),
        ("<html>", None),
    ],
)
def test_every_refusal_ends_as_one_readable_line(body: Any, message: str | None) -> None:
    assert error_message(body) == message


@given(st.dictionaries(st.sampled_from(("errors", "error", "message")), JSON))
def test_no_refusal_is_too_strange_to_be_told(body: Any) -> None:
    message = error_message(body)
    assert message is None or message.strip()


@pytest.mark.parametrize(
    ("body", "refusals"),
    [
        ({"errors": [{}, {"type": ["Unknown"]}]}, {"r2": "type: Unknown"}),
        ({"errors": [{"title": ["Empty"]}, []]}, {"r1": "title: Empty"}),
        (
            {"errors": [{"schema": {"url": ["Bad"]}}, {"a": ["b"]}]},
            {"r1": "schema.url: Bad", "r2": "a: b"},
        ),
        ({"errors": [{}, {}]}, {}),
        ({"errors": [{"title": ["Empty"]}]}, {}),
        ({"errors": {"title": ["Empty"]}}, {}),
        ({"message": "All resources must be reordered"}, {}),
        ("<html>", {}),
        (None, {}),
    ],
)
def test_refusals_of_single_items_are_told_by_resource(body: Any, refusals: dict[str, str]) -> None:
    assert item_refusals(body, ["r1", "r2"]) == refusals
