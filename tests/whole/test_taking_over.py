"""What is on the portal already, put there by other means: recognised, never doubled."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulkpub.core.model import SOURCE_EXTRA

Published = Callable[..., Any]


async def curl(target: Any, dataset: Any, path: Path) -> Any:
    """Upload a file the way the portal's documentation tells people to."""
    url = f"{target.info['api_url']}/datasets/{dataset['id']}/upload/"
    curl = await asyncio.create_subprocess_exec(
        "curl",
        *("--silent", "--show-error", "--fail", "--output", "/dev/null", "--noproxy", "*"),
        *("--header", f"X-API-KEY: {target.key('outsider')}", "--form", f"file=@{path}", url),
    )
    assert await curl.wait() == 0
    return (await target.portal.resources(dataset))[0]


async def test_files_uploaded_with_curl_are_adopted_or_replaced_in_place(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    """The same bytes under whatever name are adopted; another edition of a name is replaced."""
    wanted = said("curl")
    first = await published(manifest(wanted))
    dataset = await target.dataset(first)
    same = await curl(target, dataset, folder.file("as a person called it.csv", "the same\n"))
    older = await curl(target, dataset, folder.file("older.csv", "an older edition\n"))
    other = await curl(target, dataset, folder.file("theirs.csv", "nothing of ours\n"))
    folder.file("same.csv", "the same\n")
    folder.file("older.csv", "the edition of today\n")
    await target.next_second()
    wanted = folder.dataset(wanted["key"], "same.csv", "older.csv")
    report = await published(manifest(wanted), foreign=[other])
    done = report.datasets[0].resources
    assert [each.status for each in done] == ["adopted", "replaced"]
    assert [each.permalink for each in done] == [same["latest"], older["latest"]]
    again = await published(manifest(wanted), foreign=[other])
    assert again.totals.datasets.unchanged == 1


async def test_a_dataset_made_by_hand_is_taken_over_by_its_title(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = said("hand", "a.csv", "b.csv")
    dataset = await target.portal.create(
        wanted["title"], key="outsider", tags=["velo"], extras={"mine": 1}
    )
    theirs = await target.portal.upload(dataset, "a.csv", (folder.path / "a.csv").read_bytes())
    report = await published(manifest(wanted))
    assert report.datasets[0].id == dataset["id"]
    assert [each.status for each in report.datasets[0].resources] == ["adopted", "created"]
    assert report.datasets[0].resources[0].id == theirs["id"]
    after = await target.dataset(report)
    assert (after["tags"], after["extras"]["mine"]) == (["velo"], 1)


async def test_a_link_with_the_title_becomes_a_hosted_file_in_place(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = said("link", {"path": folder.file("a.csv").name, "title": "Comptages"}, "b.csv")
    dataset = await target.portal.create(wanted["title"], key="outsider")
    words = {"description": "By hand", "extras": {"mine": 1}}
    link = await target.portal.link(dataset, title="Comptages", **words)
    words = {**words, "extras": {"mine": 1, SOURCE_EXTRA: link["url"]}}
    report = await published(manifest(wanted), kept={"a.csv": words})
    done = report.datasets[0].resources[0]
    assert (done.status, done.id, done.permalink) == ("replaced", link["id"], link["latest"])
    folder.file("a.csv", "the next edition\n")
    await target.next_second()
    again = await published(manifest(wanted), kept={"a.csv": words})
    assert again.datasets[0].resources[0].permalink == link["latest"]
