"""The pages for people."""

import gzip
import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from bulkpub.sandbox.records import Dataset, Resource

HOSTILE = '<script>alert("x")</script>'
MOMENT = "2026-01-02T03:04:05.000006+00:00"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def many_datasets(portal: Any, number: int) -> None:
    owner = portal.sandbox.info["organization"]["id"]
    for n in range(number):
        state = portal.sandbox.state
        state.add(
            Dataset(
                id=f"{n:024x}",
                title=f"Été numéro {n}",
                slug="",
                created_at=MOMENT,
                last_modified=f"{MOMENT[:20]}{n:06}+00:00",
                last_update=MOMENT,
                organization=owner,
                extras={"bulkpub:key": f"jeux/{n}"},
            )
        )


def file(n: int) -> Resource:
    return Resource(
        id=f"{n:08x}-0000-4000-8000-000000000000",
        title=f"file {n}.",
        created_at=MOMENT,
        last_modified=MOMENT,
        url="https://example.org/",
        filetype="remote",
    )


async def test_an_empty_portal_says_so(start: Any) -> None:
    async with start() as portal:
        status, page = await portal.page("/")
    assert status == 200
    assert "Nothing is published yet" in page
    assert "<form" not in page


async def test_the_home_page_shows_producers_and_datasets(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create(
            "Comptages vélo", tags=["mobilite"], extras={"bulkpub:key": "velos"}
        )
        await portal.upload(dataset, "a.csv")
        _, page = await portal.page("/")
    for text in (
        "Test Organization",
        'href="/organizations/test-organization/"',
        "Comptages vélo",
        "1 file<",
        "mobilite",
        "<code>velos</code>",
        "/datasets/comptages-velo/",
    ):
        assert text in page.replace(" · ", "<")
    assert "Other Organization" not in page


async def test_the_page_of_a_dataset_shows_all_there_is_to_know_and_to_copy(start: Any) -> None:
    async with start() as portal:
        contact = {"name": "Service", "email": "s@example.org", "role": "contact"}
        body = contact | {"organization": portal.sandbox.info["organization"]["id"]}
        contact = await (await portal.call("POST", "/contacts/", json=body)).json()
        dataset = await portal.create(
            "Comptages vélo",
            tags=["mobilite"],
            license="lov2",
            frequency="daily",
            description="# About\n\nSee **[here](https://example.org/)**.",
            temporal_coverage={"start": "2024-01-01", "end": None},
            spatial={"zones": ["fr:departement:75"]},
            extras={"bulkpub:key": "velos"},
            contact_points=[contact["id"]],
        )
        resource = await portal.upload(dataset, "Été 2024.csv", b"x" * 1500)
        _, page = await portal.page("/datasets/comptages-velo/")
    moment = resource["created_at"][:16].replace("T", " ") + " UTC"
    for text in (
        "Test Organization",
        "ete-2024.csv",
        "1.5 kB",
        f"<code>{resource['checksum']['value']}</code>",
        f"<code>{resource['id']}</code>",
        f"<code>{dataset['id']}</code>",
        "<code>velos</code>",
        f"/api/1/datasets/r/{resource['id']}",
        urlsplit(resource["url"]).path,
        "Licence Ouverte / Open Licence version 2.0",
        "Daily",
        "2024-01-01 to today",
        "Paris",
        'href="mailto:s@example.org"',
        "mobilite",
        moment,
        "<h3>About</h3>",
        '<strong><a href="https://example.org/" rel="nofollow noopener noreferrer">here</a>',
    ):
        assert text in page


async def test_a_dataset_has_a_page_of_its_own_and_moves_with_its_slug(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create("Before", description="What it is about.")
        for path in ("/datasets/before/", "/datasets/before", f"/datasets/{dataset['id']}/"):
            status, page = await portal.page(path)
            assert status == 200
            assert "What it is about." in page
        await portal.call("PUT", f"/datasets/{dataset['id']}/", json={"title": "After"})
        status, page = await portal.page("/datasets/before/")
        assert (status, "After" in page) == (200, True)
        assert (await portal.page("/datasets/unknown/"))[0] == 404


async def test_hidden_datasets_are_counted_and_not_shown(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create("Hidden", private=True)
        for path in ("/", "/organizations/test-organization/"):
            _, page = await portal.page(path)
            assert "Hidden" not in page
            assert "1 dataset is private, archived or deleted, and not listed." in page
        assert (await portal.page(f"/datasets/{dataset['slug']}/"))[0] == 404
        gone = await portal.create("Gone")
        await portal.call("DELETE", f"/datasets/{gone['id']}/")
        assert (await portal.page(f"/datasets/{gone['slug']}/"))[0] == 410
        assert "2 datasets are private" in (await portal.page("/"))[1]


async def test_every_page_that_the_api_names_is_there(start: Any) -> None:
    async with start() as portal:
        theirs = await portal.create("Theirs")
        mine = await portal.create("Mine", organization=None)
        for page in (theirs["page"], theirs["organization"]["page"], mine["owner"]["page"]):
            assert (await portal.page(urlsplit(page).path))[0] == 200
        _, organization = await portal.page("/organizations/test-organization/")
        _, account = await portal.page("/users/ursula-uploader/")
    assert ("Theirs" in organization, "Mine" in organization) == (True, False)
    assert ("Theirs" in account, "Mine" in account) == (False, True)
    assert "Ada Admin</bdi> (admin)" in organization
    assert "(partial editor)" in organization


async def test_what_others_added_is_shown_apart(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create("Theirs")
        added = file(7)
        added.dataset = dataset["id"]
        portal.sandbox.state.community[added.id] = added
        _, page = await portal.page(dataset["page"].removeprefix(portal.sandbox.base_url))
    assert page.index("No file yet.") < page.index("Files of others") < page.index("file 7.")


async def test_ten_thousand_datasets_are_searched_and_leafed_through(start: Any) -> None:
    async with start() as portal:
        many_datasets(portal, 10_000)
        _, first = await portal.page("/")
        assert first.count("<h3>") == 25
        assert "Page 1 of 400" in first
        assert first.index("Été numéro 9999<") < first.index("Été numéro 9998<")
        assert len(first) < 40_000
        _, last = await portal.page("/?page=400")
        assert "Été numéro 0<" in last
        assert (await portal.page("/?page=401"))[0] == 404
        for wanted in ("ete+NUMERO+777", "JEUX/777", f"{777:024x}"):
            _, found = await portal.page(f"/?q={wanted}")
            assert "Été numéro 777<" in found
            assert "of 10,000 for" in found
        _, found = await portal.page("/organizations/test-organization/?q=numero&page=2")
        (following,) = re.findall('href="([^"]*)" rel=next', found)
        _, third = await portal.page("/organizations/test-organization/" + unescape(following))
        assert "Page 3 of 400" in third
        _, nothing = await portal.page(f"/?q={HOSTILE}")
    assert "0 datasets of 10,000" in nothing
    assert "<script>" not in nothing


async def test_two_thousand_files_come_in_pages(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create("Many")
        kept = portal.sandbox.state.datasets[dataset["id"]]
        portal.sandbox.state.replace_resources(kept, [file(n) for n in range(2000)])
        _, first = await portal.page("/datasets/many/")
        _, last = await portal.page("/datasets/many/?files=40")
        assert (await portal.page("/datasets/many/?files=41"))[0] == 404
    assert ("file 0." in first, "file 49." in first, "file 50." in first) == (True, True, False)
    assert "file 1999." in last
    assert "Page 40 of 40" in last


async def test_a_browser_is_told_in_html_and_a_program_in_json(start: Any) -> None:
    async with start() as portal:
        base = portal.sandbox.base_url
        for path in ("/datasets/no/", "/organizations/no/", "/users/no/", "/no", "/?page=2"):
            response = await portal.call("GET", base + path, headers=BROWSER)
            assert (response.status, response.content_type) == (404, "text/html")
            assert "Not found</h1>" in await response.text()
            assert (await portal.call("GET", base + path)).content_type == "application/json"
        for path in ("/api/1/datasets/no/", "/api/1/no/", "/api/1/datasets/r/no"):
            response = await portal.call("GET", base + path, headers=BROWSER)
            assert (response.status, response.content_type) == (404, "application/json")


@pytest.mark.parametrize("path", ["/", "/datasets/no/"])
async def test_a_page_may_load_and_run_nothing(start: Any, path: str) -> None:
    async with start() as portal:
        base = portal.sandbox.base_url
        response = await portal.call("GET", base + path, headers=BROWSER)
        page = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "<script" not in page
    assert page.index('class="skip" href="#content"') < page.index('<main id="content"')


async def test_what_publishers_write_is_text_and_never_markup(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create(
            HOSTILE, description=HOSTILE, description_short=HOSTILE, acronym=HOSTILE
        )
        link = {
            "title": HOSTILE,
            "description": HOSTILE,
            "filetype": "remote",
            "type": "main",
            "url": 'https://example.org/"><script>alert(1)</script>',
            "format": HOSTILE,
            "checksum": {"type": "sha1", "value": HOSTILE},
        }
        path = f"/datasets/{dataset['id']}/resources/"
        assert (await portal.call("POST", path, json=link)).status == 201
        for page_path in ("/", f"/datasets/{dataset['slug']}/"):
            _, page = await portal.page(page_path)
            assert "<script>" not in page
            assert "&lt;script&gt;" in page


async def test_a_published_page_may_run_nothing_beside_ours(start: Any) -> None:
    policies = {"a.html.gz": "sandbox", "a.svg": "sandbox", "a.xml": "sandbox", "a.csv": None}
    async with start(extra_extensions=("svg",)) as portal:
        dataset = await portal.create()
        for name, policy in policies.items():
            content = gzip.compress(b"<p>") if name.endswith("gz") else b"<p/>"
            resource = await portal.upload(dataset, name, content)
            response = await portal.call("GET", resource["url"])
            assert response.headers.get("Content-Security-Policy") == policy
