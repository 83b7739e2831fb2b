"""Catalogues that never end: each is left after as many pages as make sense, and that is said."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bulkpub.harvest import paging
from bulkpub.harvest.base import Page

Harvest = Callable[..., Awaitable[Any]]
SITE = "https://data.example.org"
LINKED = '<https://data.example.org/c?page={}>; rel="next"'


class Endless:
    """Answers every page, however many are asked for, as `make` says (by its number from 0)."""

    def __init__(self, make: Callable[[int], Page]) -> None:
        self.make = make
        self.asked = 0

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        del url, accept
        self.asked += 1
        return self.make(self.asked - 1)


def ckan(count: object, *names: str) -> Page:
    results = [{"id": name, "title": name} for name in names]
    answer = {"success": True, "result": {"count": count, "results": results}}
    return Page(SITE, json.dumps(answer).encode(), "application/json")


def opendatasoft(count: object, *names: str) -> Page:
    answer = {"total_count": count, "results": [{"dataset_id": name} for name in names]}
    return Page(SITE, json.dumps(answer).encode(), "application/json")


def dcat(number: int, *names: str, count: int | None = None) -> Page:
    lines = ["@prefix dcat: <http://www.w3.org/ns/dcat#> .",
             "@prefix dct: <http://purl.org/dc/terms/> .",
             "@prefix hydra: <http://www.w3.org/ns/hydra/core#> .",
             "<https://data.example.org/> a dcat:Catalog ."]  # fmt: skip
    lines += [f'<{SITE}/{name}> a dcat:Dataset ; dct:title "{name}" .' for name in names]
    if count is not None:
        lines.append(f"<{SITE}/c> a hydra:PagedCollection ; hydra:totalItems {count} .")
    content = "\n".join(lines).encode()
    return Page(f"{SITE}/c?page={number}", content, "text/turtle", link=LINKED.format(number + 1))


@pytest.mark.parametrize(
    ("kind", "make", "said"),
    [
        ("ckan", lambda _: ckan(None, "a", "b"), "same page again"),
        ("ckan", lambda _: ckan(900, "a", "b"), "same page again"),
        ("ckan", lambda n: ckan(900, f"a{n % 2}"), "same page again"),
        ("ckan", lambda n: ckan(3, f"a{n}", f"b{n}"), "tells of 3 datasets and gives 4"),
        ("opendatasoft", lambda _: opendatasoft(None, "a", "b"), "same page again"),
        ("opendatasoft", lambda n: opendatasoft(3, f"a{n}", f"b{n}"), "tells of 3 datasets"),
        ("dcat", lambda n: dcat(n, "a", "b"), "brings nothing new"),
        ("dcat", dcat, "brings nothing new"),
        ("dcat", lambda n: dcat(n, f"a{n}", f"b{n}", count=4), "beyond the 4 datasets"),
        ("dcat", lambda n: dcat(n % 2, f"a{n}", f"b{n}"), "was read before"),
    ],
)
async def test_it_ends_soon_and_says_so(
    harvest: Harvest, kind: str, make: Callable[[int], Page], said: str
) -> None:
    reader = Endless(make)
    harvested = await harvest(kind, f"{SITE}/c", reader)
    (lost,) = harvested.lost
    assert said in lost
    assert reader.asked <= 4
    keys = [each.dataset.key for each in harvested.found]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("ckan", lambda n: ckan(None, f"a{n}")),
        ("opendatasoft", lambda n: opendatasoft(None, *(f"a{n}-{m}" for m in range(100)))),
        ("dcat", lambda n: dcat(n, f"a{n}")),
    ],
)
async def test_one_that_always_has_something_new_ends_too(
    harvest: Harvest, kind: str, make: Callable[[int], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 50)
    reader = Endless(make)
    harvested = await harvest(kind, f"{SITE}/c", reader)
    (lost,) = harvested.lost
    assert "has no end" in lost or "gives no more than 10000 datasets" in lost
    assert reader.asked <= 101


async def test_as_many_as_announced_is_all(harvest: Harvest) -> None:
    makes: dict[str, Callable[[int], Page]] = {
        "ckan": lambda n: ckan(4, f"a{n}", f"b{n}"),
        "opendatasoft": lambda n: opendatasoft(4, f"a{n}", f"b{n}"),
    }
    for kind, make in makes.items():
        harvested = await harvest(kind, SITE, Endless(make))
        assert (len(harvested.found), harvested.lost) == (4, [])
    pages = {0: dcat(0, "a", "b", count=3), 1: dcat(1, "c", count=3)}
    last = Page(pages[1].url, pages[1].content, "text/turtle")
    harvested = await harvest(
        "dcat", f"{SITE}/c?page=0", Endless(lambda n: last if n else pages[0])
    )
    assert (len(harvested.found), harvested.lost) == (3, [])
