"""The pure parts: masks, slugs, formats, header parameters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox import SandboxSettings, masks
from bulkpub.sandbox.answers import Refused
from bulkpub.sandbox.files import format_of, mime_of
from bulkpub.sandbox.multipart import disposition
from bulkpub.sandbox.slugs import MAX_SLUG, free_slug, title_slug


@pytest.mark.parametrize(
    ("mask", "parsed"),
    [
        ("a,b", {"a": None, "b": None}),
        ("{a,b}", {"a": None, "b": None}),
        ("a{b{c}},d", {"a": {"b": {"c": None}}, "d": None}),
        ("a , b", {"a": None, "b": None}),
        ("*", {"*": None}),
        ("", {}),
    ],
)
def test_a_mask_is_read(mask: str, parsed: Any) -> None:
    assert masks.parse(mask) == parsed


@pytest.mark.parametrize("mask", ["a{b", "a}", ",a", "a,,b", "{a", "a{,b}", "{{a}}"])
def test_a_mask_that_cannot_be_read_is_refused(mask: str) -> None:
    with pytest.raises(Refused):
        masks.parse(mask)


@given(st.text(alphabet="ab{},* ", max_size=20))
def test_any_mask_is_either_read_or_refused(mask: str) -> None:
    status = 200
    try:
        masks.apply(masks.parse(mask), {"a": 1, "b": {"a": 2}})
    except Refused as refused:
        status = refused.status
    assert status in {200, 400}


def test_a_mask_keeps_only_what_it_names() -> None:
    value = {"data": [{"id": 1, "x": 2}, {"id": 3}], "total": 2}
    assert masks.apply(masks.parse("data{id}"), value) == {"data": [{"id": 1}, {"id": 3}]}


@given(st.text(max_size=400))
def test_a_slug_is_short_and_plain(title: str) -> None:
    slug = title_slug(title)
    assert len(slug) <= MAX_SLUG
    assert not slug.startswith("-")
    assert "--" not in slug
    assert title_slug(slug) == slug


@given(st.text(max_size=300), st.integers(min_value=0, max_value=12))
def test_a_free_slug_is_free(title: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others):
        taken.add(free_slug(title, taken))
    assert len(taken) == others
    slug = free_slug(title, taken)
    assert slug not in taken
    assert len(slug) <= MAX_SLUG


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.csv", "csv"),
        ("x.csv.gz", "csv.gz"),
        ("x.geojson.csv", "csv"),
        ("x.unknown", "unknown"),
        ("x.unknown.gz", "gz"),
        ("x.csv.tar.gz", "csv.tar.gz"),
        ("x", None),
    ],
)
def test_the_format_is_the_extension_with_what_an_archive_holds(
    name: str, expected: str | None
) -> None:
    assert format_of(name) == expected


def test_an_unknown_extension_is_just_bytes() -> None:
    assert mime_of("x.unknown") == "application/octet-stream"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('form-data; name="a"', {"name": "a"}),
        ('form-data; name="file"; filename="x.csv"', {"name": "file", "filename": "x.csv"}),
        ("form-data; name=file; filename=x.csv", {"name": "file", "filename": "x.csv"}),
        ('form-data; filename="a\\"b;c.csv"', {"filename": 'a"b;c.csv'}),
        ("form-data; filename*=UTF-8''%C3%A9.csv", {"filename": "é.csv"}),
        ("form-data; filename=\"x.csv\"; filename*=UTF-8''y.csv", {"filename": "y.csv"}),
        ("", {}),
    ],
)
def test_header_parameters_are_read_as_werkzeug_does(header: str, expected: Any) -> None:
    assert disposition(header) == expected


@pytest.mark.parametrize("version", ["", "ten", "10", "10.9.0-1", "10.9.0.1.2", "\uff11\uff10.9"])
def test_what_is_no_version_is_told(version: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"'{version}' is no version of udata such as 17"):
        SandboxSettings(version=version)
