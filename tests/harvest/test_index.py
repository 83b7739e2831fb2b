from collections.abc import Awaitable, Callable
from datetime import date
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import LinkSource, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from bulkpub.harvest.index import DEEPEST, Entry, folder_of, read_listing
from tests.manifests import Loaded

Harvest = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]

HOME = "https://files.example.org/data/"

APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /data</title></head><body><h1>Index of /data</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td><td>&nbsp;</td></tr>
<tr><td><a href="2024/">2024/</a></td><td align="right">2024-03-05 10:12  </td></tr>
<tr><td><a href="comptages%20v%C3%A9lo.csv">comptages vélo.csv</a></td>
<td align="right">2024-01-15 10:30  </td><td align="right">1.2K</td></tr>
<tr><td><a href="stations.json">stations.json</a></td><td>2023-12-31 08:00</td></tr>
</table><address>Apache/2.4.57 Server at files.example.org Port 443</address></body></html>"""

NGINX = """<html><head><title>Index of /data/</title></head><body>
<h1>Index of /data/</h1><hr><pre><a href="../">../</a>
<a href="2024/">2024/</a>                                  05-Mar-2024 10:12                   -
<a href="a.csv">a.csv</a>                                  15-Jan-2024 10:30                1234
</pre><hr></body></html>"""

LIGHTTPD = """<!DOCTYPE html><html><head><title>Index of /data/</title></head><body>
<table><tbody><tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td></tr>
<tr class="d"><td class="n"><a href="2024/">2024</a>/</td>
<td class="m">2024-Mar-05 10:12:00</td></tr>
<tr><td class="n"><a href="a.csv">a.csv</a></td><td class="m">2024-Jan-15 10:30:00</td></tr>
</tbody></table></body></html>"""

PYTHON = """<!DOCTYPE HTML><html lang="en"><head><meta charset="utf-8">
<title>Directory listing for /data/</title></head><body><h1>Directory listing for /data/</h1>
<hr><ul><li><a href="2024/">2024/</a></li><li><a href="a.csv">a.csv</a></li>
<li><a href="linked/">linked@</a></li></ul><hr></body></html>"""


def listing(*names: str) -> str:
    links = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
    return f"<html><head><title>Index of /</title></head><body>{links}</body></html>"


# --- what servers write -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "entries"),
    [
        (
            APACHE,
            [
                Entry(f"{HOME}2024/", date(2024, 3, 5)),
                Entry(f"{HOME}comptages%20v%C3%A9lo.csv", date(2024, 1, 15)),
                Entry(f"{HOME}stations.json", date(2023, 12, 31)),
            ],
        ),
        (
            NGINX,
            [Entry(f"{HOME}2024/", date(2024, 3, 5)), Entry(f"{HOME}a.csv", date(2024, 1, 15))],
        ),
        (
            LIGHTTPD,
            [Entry(f"{HOME}2024/", date(2024, 3, 5)), Entry(f"{HOME}a.csv", date(2024, 1, 15))],
        ),
        (PYTHON, [Entry(f"{HOME}2024/"), Entry(f"{HOME}a.csv"), Entry(f"{HOME}linked/")]),
    ],
    ids=["apache", "nginx", "lighttpd", "python"],
)
def test_the_listings_of_the_usual_servers_are_read(html: str, entries: list[Entry]) -> None:
    found = read_listing(html, HOME)
    assert list(found.entries) == entries
    assert found.titled


@pytest.mark.parametrize(
    "href",
    [
        "?C=N;O=D",
        "a.csv?download=1",
        "../",
        "/",
        "./",
        "https://other.example.org/data/a.csv",
        "http://files.example.org/data/a.csv",
        "//other.example.org/data/a.csv",
        "javascript:alert(1)",
        "mailto:me@example.org",
        "../../etc/passwd",
        "%2e%2e/secret.csv",
        "x/%2e%2e/%2E%2E/secret.csv",
        "..%2fsecret.csv",
        "..%5csecret.csv",
        "a%00.csv",
        "a%1b[2J.csv",
        ".htaccess",
        "http://[broken/a.csv",
        "#top",
    ],
)
def test_a_link_that_is_no_file_below_is_ignored(href: str) -> None:
    assert read_listing(listing(href), HOME).entries == ()


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/data/a.csv", f"{HOME}a.csv"),
        (f"{HOME}a.csv", f"{HOME}a.csv"),
        ("./a.csv#part", f"{HOME}a.csv"),
        ("2024/a.csv", f"{HOME}2024/a.csv"),
        ("été 2024.csv", f"{HOME}%C3%A9t%C3%A9%202024.csv"),
        ("a*b[1].csv", f"{HOME}a%2Ab%5B1%5D.csv"),
    ],
)
def test_a_link_to_a_file_below_is_made_whole(href: str, url: str) -> None:
    assert [each.url for each in read_listing(listing(href, href), HOME).entries] == [url]


@given(st.text(alphabet="./%2eEfF5cC\\\\:@?#[]a hts<>\"'=", max_size=40))
def test_no_link_leads_out_of_the_folder(href: str) -> None:
    for entry in read_listing(f"<a href=\"{href}\">x</a><a href='{href}'>x</a>", HOME).entries:
        parts = urlsplit(entry.url)
        assert f"{parts.scheme}://{parts.netloc}{normpath(unquote(parts.path))}".startswith(HOME)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        (HOME, HOME),
        ("https://files.example.org/data", HOME),
        ("https://files.example.org/data/index.html?C=M", HOME),
        ("https://files.example.org", "https://files.example.org/"),
    ],
)
def test_the_folder_of_a_listing(url: str, folder: str) -> None:
    assert folder_of(url) == folder


# --- datasets -----------------------------------------------------------------------------


async def test_a_listing_is_a_dataset(
    harvest: Harvest, fake_reader: Any, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("index", HOME, fake_reader({HOME: APACHE}))
    spec = harvested.only
    assert (spec.key, spec.metadata.title) == ("files.example.org/data", "Data")
    assert spec.metadata.extras == {"harvest:source": "files.example.org/data"}
    assert [each.source for each in spec.resources] == [
        UrlSource(f"{HOME}comptages%20v%C3%A9lo.csv"),
        UrlSource(f"{HOME}stations.json"),
    ]
    assert [each.metadata.title for each in spec.resources] == ["Comptages vélo", "Stations"]
    assert harvested.notes == [
        "1 sub-folder is left out: `recursive` takes what is in sub-folders, too"
    ]
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert [each.key for each in loaded.datasets[0].resources] == [
        each.key for each in spec.resources
    ]


async def test_with_links_nothing_is_fetched(
    harvest: Harvest, fake_reader: Any, manifest_of: ManifestOf
) -> None:
    reader = fake_reader({HOME: listing("a.csv", "page.html")})
    harvested = await harvest("index", HOME, reader, links=True)
    assert [each.source for each in harvested.only.resources] == [
        LinkSource(f"{HOME}a.csv"),
        LinkSource(f"{HOME}page.html"),
    ]
    assert manifest_of(harvested).problems == ()


async def test_a_page_is_no_file_to_fetch(harvest: Harvest, fake_reader: Any) -> None:
    harvested = await harvest("index", HOME, fake_reader({HOME: listing("a.csv", "page.html")}))
    assert len(harvested.only.resources) == 1
    assert "page.html is left out: it is a page" in harvested.told


async def test_what_no_portal_takes_is_left_out_and_told(
    harvest: Harvest, fake_reader: Any
) -> None:
    page = listing("a.csv", "carte.pmtiles", "b.exe", "c.exe", "README")
    harvested = await harvest("index", HOME, fake_reader({HOME: page}))
    assert [each.source for each in harvested.only.resources] == [
        UrlSource(f"{HOME}a.csv"),
        UrlSource(f"{HOME}README"),
    ]
    assert harvested.found[0].notes[:2] == (
        "left out, as no portal is known to take .pmtiles: carte.pmtiles",
        "left out, as no portal is known to take .exe: b.exe, c.exe",
    )
    linked = await harvest("index", HOME, fake_reader({HOME: page}), links=True)
    assert len(linked.only.resources) == 5


async def test_recursive_makes_a_dataset_of_every_folder_with_files(
    harvest: Harvest, fake_reader: Any, manifest_of: ManifestOf
) -> None:
    pages = {
        HOME: listing("b/", "a/", "x.csv"),
        f"{HOME}b/": listing("deep/"),
        f"{HOME}b/deep/": listing("y.csv"),
        f"{HOME}a/": listing("z.csv"),
    }
    harvested = await harvest("index", HOME, fake_reader(pages), recursive=True)
    assert {key: spec.metadata.title for key, spec in harvested.datasets.items()} == {
        "files.example.org/data": "Data",
        "files.example.org/data/b/deep": "Data – B – Deep",  # noqa: RUF001 - the dash of titles
        "files.example.org/data/a": "Data – A",  # noqa: RUF001 - the dash of titles
    }
    assert manifest_of(harvested).problems == ()


async def test_without_recursive_no_sub_folder_is_asked_for(
    harvest: Harvest, fake_reader: Any
) -> None:
    reader = fake_reader({HOME: listing("a/", "x.csv")})
    await harvest("index", HOME, reader)
    assert reader.asked == [HOME]


async def test_a_circle_of_folders_ends(harvest: Harvest, fake_reader: Any) -> None:
    class Endless(dict[str, str]):
        def get(self, url: str, default: object = None) -> str:
            del default
            # Each folder has one name more than the one above, so that none looks like another.
            return listing("again/", "x.csv", f"{url.count('again')}.csv")

    harvested = await harvest("index", HOME, fake_reader(Endless()), recursive=True)
    assert len(harvested.found) == DEEPEST + 1
    assert f"more than {DEEPEST} folders deep" in harvested.lost[0]


async def test_a_folder_that_lists_what_one_above_lists_is_a_circle(
    harvest: Harvest, fake_reader: Any
) -> None:
    same = listing("again/", "x.csv")
    reader = fake_reader({HOME: same, f"{HOME}again/": same})
    harvested = await harvest("index", HOME, reader, recursive=True)
    assert len(harvested.found) == 1
    assert "taken for a circle" in harvested.notes[0]


async def test_a_sub_folder_that_leads_elsewhere_is_not_followed(
    harvest: Harvest, fake_reader: Any
) -> None:
    away = Page("https://other.example.org/x/", listing("s.csv").encode(), "text/html")
    reader = fake_reader({HOME: listing("a/", "x.csv"), f"{HOME}a/": away})
    harvested = await harvest("index", HOME, reader, recursive=True)
    assert list(harvested.datasets) == ["files.example.org/data"]
    assert "leads elsewhere" in harvested.notes[0]


async def test_a_sub_folder_that_cannot_be_read_is_lost_and_the_rest_goes_on(
    harvest: Harvest, fake_reader: Any
) -> None:
    pages = {HOME: listing("a/", "b/"), f"{HOME}b/": listing("y.csv")}
    harvested = await harvest("index", HOME, fake_reader(pages), recursive=True)
    assert list(harvested.datasets) == ["files.example.org/data/b"]
    assert harvested.lost == [f"{HOME}a/ answered 404"]


async def test_the_start_may_redirect(harvest: Harvest, fake_reader: Any) -> None:
    moved = Page(HOME, listing("a.csv").encode(), "text/html")
    harvested = await harvest("index", HOME[:-1], fake_reader({HOME[:-1]: moved}))
    assert harvested.only.key == "files.example.org/data"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (Page(HOME, b"a,b\n1,2\n", "text/csv"), "is no directory listing but text/csv"),
        (Page(HOME, b"<html><p>Hello</p></html>", "text/html"), "is a page that lists no files"),
        (Page(HOME, b"\xff\xfe\0", "text/html"), "is a page that lists no files"),
    ],
)
async def test_what_is_no_listing_is_said(
    harvest: Harvest, fake_reader: Any, page: Page, why: str
) -> None:
    with pytest.raises(SourceFailed, match=why):
        await harvest("index", HOME, fake_reader({HOME: page}))


async def test_an_empty_listing_gives_nothing(harvest: Harvest, fake_reader: Any) -> None:
    harvested = await harvest("index", HOME, fake_reader({HOME: listing()}))
    assert (harvested.found, harvested.lost) == ([], [])


async def test_a_password_stays_out_of_the_manifest(harvest: Harvest, fake_reader: Any) -> None:
    secret = HOME.replace("https://", "https://me:word@")
    answer = Page(HOME, listing("a.csv").encode(), "text/html")  # told without, as `Web` does
    harvested = await harvest("index", secret, fake_reader({secret: answer}))
    assert "word" not in repr(harvested.found)
    assert harvested.notes == ["the password of the address does not go into the manifest"]


async def test_since_goes_by_the_newest_file(harvest: Harvest, fake_reader: Any) -> None:
    reader = fake_reader({HOME: NGINX})
    assert (await harvest("index", HOME, reader, since=date(2024, 2, 1))).found == []
    assert len((await harvest("index", HOME, reader, since=date(2024, 1, 15))).found) == 1
