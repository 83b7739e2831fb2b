"""Names as people give them, and names that are taken already."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.portals.udata.names import upload_name

Published = Callable[..., Any]

NAMES = [
    "Été à la plage, côté mer.csv",
    "DONNÉES Brutes (2024).CSV",
    "数据 2024.csv",
    'dit "le grand".csv',
    "l'apostrophe & l'autre.csv",
    "100% sûr, %41 et %C3%A9.csv",
    "back\\slash; filename=autre.csv",
    ".caché.csv",
    "archive.tar.gz",
    "emoji 🚲.csv",
    "a" * 251 + ".csv",
    "é" * 125 + "x.csv",
]


async def test_any_name_is_published_and_is_its_title(
    published: Published, manifest: Any, said: Any
) -> None:
    wanted = manifest(said("names", *NAMES))
    report = await published(wanted)
    assert [each.title for each in report.datasets[0].resources] == NAMES
    assert (await published(wanted)).totals.resources.unchanged == len(NAMES)


@pytest.mark.parametrize("name", ["a" * 251 + ".csv", "北" * 80 + ".csv", "é" * 120 + ".csv.gz"])
async def test_a_name_of_255_bytes_or_with_a_longer_slug_can_be_replaced(
    *, target: Any, published: Published, folder: Any, manifest: Any, said: Any, name: str
) -> None:
    wanted = manifest(said("long", name))
    first = await published(wanted)
    folder.file(name, "changed\n")
    await target.next_second()
    second = await published(wanted)
    assert second.totals.resources.replaced == 1
    assert first.datasets[0].resources[0].permalink == second.datasets[0].resources[0].permalink


async def test_names_that_are_stored_under_one_name_stay_apart(
    published: Published, manifest: Any, said: Any
) -> None:
    """The portal would answer 500, or mix up their bytes."""
    names = ["Été.csv", "ete.csv", "北" * 80 + ".csv", "北" * 79 + "呗.csv"]
    assert len({upload_name(name) for name in names}) == 2
    wanted = manifest(said("alike", *names))
    report = await published(wanted)
    assert [each.attempts for each in report.datasets[0].resources] == [1, 1, 1, 1]
    assert (await published(wanted)).totals.resources.unchanged == 4


async def test_one_file_name_in_two_folders_makes_two_resources(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    folder.file("2023/a.csv", "of 2023\n")
    folder.file("2024/a.csv", "of 2024\n")
    wanted = manifest(said("folders", "2023/a.csv", "2024/a.csv"))
    first = await published(wanted)
    assert first.totals.resources.created == 2
    folder.file("2023/a.csv", "of 2023, corrected\n")
    folder.file("2024/a.csv", "of 2024, corrected\n")
    await target.next_second()
    second = await published(wanted)
    assert [each.id for each in first.datasets[0].resources] == [
        each.id for each in second.datasets[0].resources
    ]


async def test_two_resources_may_have_one_title(
    published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    entries = [
        {"path": folder.file(name).name, "title": "Comptages"} for name in ("a.csv", "b.csv")
    ]
    wanted = manifest(said("twins", *entries))
    assert (await published(wanted)).totals.resources.created == 2
    assert (await published(wanted)).totals.resources.unchanged == 2
