"""What is found by a part of its name."""

from typing import Any

import pytest

PATH = "/organizations/suggest/"


SEEDED = ["test-organization", "other-organization"]
"""Those that are there from the beginning; other tests make more."""


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("?q=rganiz&size=500", SEEDED),
        ("?q=TEST+ORG&size=500", SEEDED[:1]),
        ("?q=&size=500", SEEDED),
        ("?q=nobody-of-that-name", []),
    ],
)
async def test_organizations_are_found_by_their_name(
    portal: Any, query: str, slugs: list[str]
) -> None:
    answer = await portal.call("GET", PATH + query, key=None, expect=200)
    assert [each["slug"] for each in answer.body if each["slug"] in SEEDED] == slugs
    fields = {"id", "name", "acronym", "slug", "image_url", "page"}
    assert all(each.keys() == fields for each in answer.body)


async def test_no_more_are_shown_than_asked_for(portal: Any) -> None:
    answer = await portal.call("GET", PATH + "?q=organ&size=1", key=None, expect=200)
    assert len(answer.body) == 1


@pytest.mark.parametrize(("query", "name"), [("", "q"), ("?q=a&size=z", "size")])
async def test_what_is_searched_for_has_to_be_said(portal: Any, query: str, name: str) -> None:
    answer = await portal.call("GET", PATH + query, key=None, expect=400)
    assert answer.body["message"] == "Input payload validation failed"
    assert list(answer.body["errors"]) == [name]
