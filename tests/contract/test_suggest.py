"""What is found by a part of its name."""

from typing import Any

import pytest

PATH = "/organizations/suggest/"


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("?q=rganiz", ["test-organization", "other-organization"]),
        ("?q=TEST", ["test-organization"]),
        ("?q=organ&size=1", ["test-organization"]),
        ("?q=", ["test-organization", "other-organization"]),
        ("?q=nobody-of-that-name", []),
    ],
)
async def test_organizations_are_found_by_their_name(
    portal: Any, query: str, slugs: list[str]
) -> None:
    answer = await portal.call("GET", PATH + query, key=None, expect=200)
    assert [each["slug"] for each in answer.body] == slugs
    fields = {"id", "name", "acronym", "slug", "image_url", "page"}
    assert {*fields} == set().union(fields, *(each.keys() for each in answer.body))


@pytest.mark.parametrize(("query", "name"), [("", "q"), ("?q=a&size=z", "size")])
async def test_what_is_searched_for_has_to_be_said(portal: Any, query: str, name: str) -> None:
    answer = await portal.call("GET", PATH + query, key=None, expect=400)
    assert answer.body["message"] == "Input payload validation failed"
    assert list(answer.body["errors"]) == [name]
