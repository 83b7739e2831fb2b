"""The slugs of datasets: how titles make them, and how old ones lead to new ones."""

from typing import Any

import pytest

TITLES = {
    'Été & "co" <b>': "ete-co-b",
    "L'île_de--France": "lile-de-france",
    "日本語": "ri-ben-yu",
    "a/b": "a-b",
    "TITRE EN CAPITALES": "titre-en-capitales",
    "Straße ÆØ": "strasse-aeo",
    "1 + 1 = 2": "1-1-2",
    "  padded  ": "padded",
}


@pytest.mark.parametrize(("title", "slug"), TITLES.items())
async def test_a_title_is_slugified(portal: Any, title: str, slug: str) -> None:
    dataset = await portal.create(title)
    assert dataset["slug"] == f"{slug}-{portal.tag}"


async def test_a_slug_has_255_characters_at_most_and_leaves_out_whole_words(portal: Any) -> None:
    words = ["x" * 200, "y" * 60, "z" * 20]
    dataset = await portal.create(f"{portal.tag} {' '.join(words)}")
    assert dataset["slug"] == f"{portal.tag}-{words[0]}-{words[2]}"
    dataset = await portal.create(portal.tag + "x" * 300)
    assert dataset["slug"] == (portal.tag + "x" * 300)[:255]
    again = await portal.create(portal.tag + "x" * 300)
    assert again["slug"] == (portal.tag + "x" * 300)[:253] + "-1"


async def test_a_new_title_changes_the_slug_and_the_old_one_redirects(portal: Any) -> None:
    dataset = await portal.create("Before")
    changed = await portal.put(dataset, {"title": f"After {portal.tag}"})
    assert changed["slug"] == f"after-{portal.tag}"
    old = f"/datasets/{dataset['slug']}/"
    answer = await portal.call("GET", old, key=None, expect=308)
    assert answer.headers["Location"].endswith(f"/api/1/datasets/after-{portal.tag}/")
    answer = await portal.post_form(old + "upload/", {}, ("x.csv", b"1"), expect=308)
    assert answer.headers["Location"].endswith(f"/after-{portal.tag}/upload/")
    await portal.put(dataset, {"title": f"Later {portal.tag}"})
    answer = await portal.call("GET", old, key=None, expect=308)
    assert answer.headers["Location"].endswith(f"/later-{portal.tag}/")


async def test_a_freed_slug_can_be_taken_by_another_dataset(portal: Any) -> None:
    dataset = await portal.create("Before")
    await portal.put(dataset, {"title": f"After {portal.tag}"})
    other = await portal.create("Before")
    assert other["slug"] == dataset["slug"]
    answer = await portal.call("GET", f"/datasets/{dataset['slug']}/", expect=200)
    assert answer.body["id"] == other["id"]


async def test_the_same_title_again_keeps_the_slug(portal: Any) -> None:
    await portal.create("Same")
    second = await portal.create("Same")
    changed = await portal.put(second, {"title": second["title"]})
    assert changed["slug"] == second["slug"]


async def test_files_stay_where_they_are_when_the_slug_changes(portal: Any) -> None:
    dataset = await portal.create("Before")
    resource = await portal.upload(dataset, "x.csv", b"1")
    await portal.put(dataset, {"title": f"After {portal.tag}"})
    (same,) = await portal.resources(dataset)
    assert same["url"] == resource["url"]
    await portal.call("GET", same["url"], key=None, expect=200)
