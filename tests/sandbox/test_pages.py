"""The pages for people."""

from typing import Any

HOSTILE = '<script>alert("x")</script>'


async def test_an_empty_portal_says_so(start: Any) -> None:
    async with start() as portal:
        status, page = await portal.page("/")
    assert status == 200
    assert "Nothing is published yet" in page


async def test_the_home_page_shows_organizations_datasets_and_files(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create(
            "Comptages vélo", tags=["mobilite"], license="lov2", frequency="daily"
        )
        resource = await portal.upload(dataset, "Été 2024.csv", b"x" * 1500)
        _, page = await portal.page("/")
    for text in (
        "Test Organization",
        "Comptages vélo",
        "ete-2024.csv",
        "1.5 kB",
        resource["checksum"]["value"],
        f"/api/1/datasets/r/{resource['id']}",
        resource["url"],
        "Licence Ouverte / Open Licence version 2.0",
        "Daily",
        "mobilite",
        "/datasets/comptages-velo/",
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


async def test_hidden_datasets_are_not_shown(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create("Hidden", private=True)
        assert "Hidden" not in (await portal.page("/"))[1]
        assert (await portal.page(f"/datasets/{dataset['slug']}/"))[0] == 404


async def test_personal_datasets_are_shown_under_their_owner(start: Any) -> None:
    async with start() as portal:
        await portal.create("Mine", organization=None)
        assert "Ursula Uploader" in (await portal.page("/"))[1]


async def test_what_publishers_write_is_text_and_never_markup(start: Any) -> None:
    async with start() as portal:
        dataset = await portal.create(HOSTILE, description=HOSTILE)
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
