from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from bulkpub.core import diff as diff_
from bulkpub.core.diff import changed_fields
from bulkpub.core.model import (
    KEY_EXTRA,
    Access,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.portals.udata import RULES

dataset_changes = partial(diff_.dataset_changes, rules=RULES)
new_dataset = partial(diff_.new_dataset, rules=RULES)
resource_changes = partial(diff_.resource_changes, rules=RULES)
wanted_resource = partial(diff_.wanted_resource, rules=RULES)

OURS = {KEY_EXTRA: "k"}
FULL = DatasetMetadata(
    title="T",
    description="D",
    acronym="A",
    license="fr-lo",
    frequency="daily",
    tags=("a", "b"),
    private=False,
    archived=False,
    temporal_coverage=TemporalCoverage(date(2024, 1, 1), date(2024, 12, 31)),
    spatial=Spatial(("fr:region:11",), "fr:commune"),
    contact_points=("c1",),
    extras={"theirs": 1, KEY_EXTRA: "k"},
)


def changes(has: DatasetMetadata, **wanted: Any) -> DatasetMetadata | None:
    return dataset_changes(DatasetSpec("k", DatasetMetadata(**wanted)), RemoteDataset("d", has))


def file(**metadata: Any) -> ResourceSpec:
    source = FileSource("/m/Été.csv", "Été.csv")
    return ResourceSpec("k", source, ResourceMetadata(**metadata), default_title="Été")


def hosted(title: str = "T", **metadata: Any) -> RemoteResource:
    return RemoteResource(
        "r", ResourceMetadata(title=title, **metadata), url="https://portal.example/s/1/ete.csv"
    )


DRAWN = Spatial((), "poi", drawn=True)
AREAS = [
    (Spatial(("country:fr",)), DRAWN, Spatial(("country:fr",), "poi", drawn=False)),
    (Spatial(granularity="other"), DRAWN, Spatial((), "other", drawn=True)),
    (Spatial((), "poi"), DRAWN, None),
    (Spatial(("country:fr",)), Spatial(("country:fr",), "poi"), None),
    (Spatial(("country:fr",)), Spatial((), "poi"), Spatial(("country:fr",), "poi")),
]


@pytest.mark.parametrize(("wanted", "has", "written"), AREAS)
def test_zones_take_the_place_of_a_drawn_area(wanted: Any, has: Any, written: Any) -> None:
    told = changes(DatasetMetadata(spatial=has, extras=OURS), spatial=wanted)
    assert told == (None if written is None else DatasetMetadata(spatial=written))


@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_not_open_to_everybody_has_no_licence(*, is_open: bool) -> None:
    spec = DatasetSpec("k", DatasetMetadata(license="lov2", acronym="A"), id="d")
    access = None if is_open else Access("restricted")
    remote = RemoteDataset("d", DatasetMetadata(license="notspecified", access=access))
    license_ = "lov2" if is_open else None
    assert dataset_changes(spec, remote) == DatasetMetadata(license=license_, acronym="A")


# --- datasets -----------------------------------------------------------------------------


def test_a_new_dataset_is_as_wanted_and_carries_our_key() -> None:
    spec = DatasetSpec("k", DatasetMetadata(title="T", extras={"mine": 1}))
    assert new_dataset(spec) == DatasetMetadata(title="T", extras={"mine": 1, KEY_EXTRA: "k"})


def test_what_is_as_wanted_does_not_differ() -> None:
    assert dataset_changes(DatasetSpec("k", FULL), RemoteDataset("d", FULL)) is None


def test_what_the_manifest_is_silent_about_never_differs() -> None:
    assert changes(FULL) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "New"),
        ("description", "New"),
        ("description", ""),
        ("acronym", ""),
        ("license", "odc-odbl"),
        ("frequency", "weekly"),
        ("tags", ("a",)),
        ("tags", ()),
        ("private", True),
        ("archived", True),
        ("temporal_coverage", TemporalCoverage(date(2024, 1, 1))),
        ("contact_points", ()),
    ],
)
def test_a_change_is_that_field_alone_with_the_value_wanted(field: str, value: Any) -> None:
    assert changes(FULL, **{field: value}) == DatasetMetadata(**{field: value})


@pytest.mark.parametrize("field", ["description", "acronym", "tags", "contact_points"])
def test_an_emptied_value_and_an_absent_one_are_the_same(field: str) -> None:
    empty: Any = () if field in {"tags", "contact_points"} else ""
    absent: Any = {field: None}
    assert changes(replace(FULL, **absent), **{field: empty}) is None


@pytest.mark.parametrize("field", ["private", "archived"])
def test_false_is_a_value_not_an_absence(field: str) -> None:
    true: Any = {field: True}
    false: Any = {field: False}
    assert changes(replace(FULL, **true), **false) == DatasetMetadata(**false)


def test_foreign_extras_are_written_along_and_our_key_with_them() -> None:
    written = changes(DatasetMetadata(extras={"theirs": 1}), extras={"mine": 2})
    assert written == DatasetMetadata(extras={"theirs": 1, "mine": 2, KEY_EXTRA: "k"})


def test_an_extra_that_only_compares_equal_is_still_to_be_written() -> None:
    written = changes(DatasetMetadata(extras={"open": 1, **OURS}), extras={"open": True})
    assert written is not None
    assert written.extras is not None
    assert written.extras["open"] is True


def test_a_dataset_named_by_id_gets_no_key_of_ours() -> None:
    spec = DatasetSpec("k", DatasetMetadata(title="T"), id="d")
    assert dataset_changes(spec, RemoteDataset("d", DatasetMetadata(title="T"))) is None


@pytest.mark.parametrize(
    ("wanted", "has", "written"),
    [
        (Spatial(("z",)), None, Spatial(("z",))),
        (Spatial(("z",)), Spatial(("y",), "g"), Spatial(("z",), "g")),
        (Spatial(None, "h"), Spatial(("y",), "g"), Spatial(("y",), "h")),
        (Spatial(("y",)), Spatial(("y",), "g"), None),
        (Spatial(None, "g"), Spatial(("y",), "g"), None),
        (Spatial(()), Spatial(("y",), "g"), Spatial((), "g")),
        (Spatial(()), None, None),
    ],
)
def test_the_area_is_compared_part_by_part(
    wanted: Spatial, has: Spatial | None, written: Spatial | None
) -> None:
    expected = None if written is None else DatasetMetadata(spatial=written)
    assert changes(DatasetMetadata(spatial=has, extras=OURS), spatial=wanted) == expected


# --- resources ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "there", "title"),
    [
        ("Mine", None, "Mine"),
        ("Mine", hosted("By hand"), "Mine"),
        (None, None, "Été"),
        (None, hosted("By hand"), "By hand"),
        (None, hosted("ete.csv"), "Été"),
        (None, hosted(""), "Été"),
        (None, replace(hosted("ete.csv"), url="https://portal.example/s/1/old.csv"), "Été"),
        (
            None,
            RemoteResource("r", ResourceMetadata(title="f"), hosted=False, url="https://x/f"),
            "f",
        ),
    ],
)
def test_the_title_is_the_manifests_then_a_persons_then_the_files(
    wanted: str | None, there: RemoteResource | None, title: str
) -> None:
    assert wanted_resource(file(title=wanted), there).title == title


def test_a_resource_carries_our_key_beside_its_own_extras() -> None:
    assert wanted_resource(file(extras={"a": 1}), None).extras == {"a": 1, KEY_EXTRA: "k"}


def test_the_format_of_a_hosted_file_is_the_portals_to_say() -> None:
    wanted = ResourceMetadata(title="T", format="csv", mime="text/csv")
    there = hosted(format="xml", mime="text/xml")
    assert resource_changes(wanted, file(), there) is None
    link = ResourceSpec("k", LinkSource("https://x/f"))
    assert resource_changes(wanted, link, there) == ResourceMetadata(format="csv", mime="text/csv")


def test_a_resource_is_written_only_where_it_differs() -> None:
    there = hosted(description="D", type="main", extras={"theirs": 1, **OURS})
    wanted = ResourceMetadata(title="T", description="D", type="api", extras=OURS)
    assert resource_changes(wanted, file(), there) == ResourceMetadata(type="api")


def test_another_schema_is_written_whole() -> None:
    there = hosted(schema=ContentSchema("a/b", "1.0"))
    new = ContentSchema("a/c", "2.0")
    assert resource_changes(ResourceMetadata(schema=new), file(), there) == ResourceMetadata(
        schema=new
    )


def test_the_changed_fields_are_named_in_order() -> None:
    assert changed_fields(DatasetMetadata(tags=(), title="T", private=False)) == (
        "title",
        "tags",
        "private",
    )
