"""What `make docs` makes a site of: each page has its place, and asks nobody else for anything."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.site_check import faults_of
from tests.docs.test_documented_commands import FENCE, LINK

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def in_nav(entries: list[Any]) -> Iterator[str]:
    """The pages of a menu and its submenus, in order."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from in_nav(value) if isinstance(value, list) else [value]


def test_every_page_has_one_place_in_the_menu() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    placed = sorted(in_nav(site["nav"]))
    assert placed == sorted(str(page.relative_to(DOCS).as_posix()) for page in PAGES)
    assert site["theme"]["font"] is False


def test_the_first_page_leads_to_every_other() -> None:
    led_to = set(LINK.findall((DOCS / "index.md").read_text(encoding="utf-8")))
    pages = {page.relative_to(DOCS).as_posix() for page in PAGES}
    assert {page for page in pages if not page.startswith("adr/")} - led_to == {"index.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_makes_a_site_too(page: Path) -> None:
    """No link leaves the site's folder, and lists hold what they hold in whatever renders them."""
    text = page.read_text(encoding="utf-8")
    for link in LINK.findall(FENCE.sub("", text)):
        if not re.match(r"[a-z]+:|#", link):
            assert DOCS in (page.parent / link.partition("#")[0]).resolve().parents, link
    # Makers of sites want four blanks before what belongs to an item of a list.
    assert not [len(indent) for indent, _, _ in FENCE.findall(text) if len(indent) % 4]


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<link rel="stylesheet" href="assets/a.css"><p>A <a href="https://b.example/">b</a>', ""),
        ('<link rel="stylesheet" href="https://fonts.example/a.css">', "loads"),
        ('<script src="//cdn.example/a.js"></script>', "loads"),
        ("<p>- one\n- two</p>", "Markdown"),
        ("<p>a\n```sh\nls</p>", "Markdown"),
        ("<p>a <code>- b</code></p>", ""),
    ],
)
def test_a_page_that_is_not_as_it_looks_here_is_noticed(html: str, fault: str) -> None:
    faults = faults_of(html)
    assert bool(faults) is bool(fault)
    assert all(fault in each for each in faults)
