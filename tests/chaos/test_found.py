"""What the chaos found, each as the shortest history that shows it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import bulkpub
from bulkpub import Connection
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.faults import Fault, FaultScript, ListingShortened, StoredTwice
from bulkpub.sandbox.mischief import Mischief
from bulkpub.state.journal import open_journal


@pytest.fixture
def play(sandbox: Sandbox) -> Any:
    """Play these faults on the sandbox; the test fails when one of them is never met."""
    scripts: list[FaultScript] = []

    def play(*faults: Fault) -> None:
        scripts.append(FaultScript(faults))
        sandbox.interceptor = Mischief(scripts[-1])

    yield play
    assert [fault for script in scripts for fault in script.unmet()] == []


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
async def test_a_dataset_missing_from_the_listing_is_not_created_again(
    *, publish: Any, folder: Any, sandbox: Sandbox, play: Callable[..., None], times: int | None
) -> None:
    """The listing says how many there are: as long as some are missing, nothing is new."""
    manifest = folder.manifest(folder.dataset("a", "1.csv"), folder.dataset("b", "2.csv"))
    await publish(manifest)
    play(ListingShortened(share=0.5, times=times))
    report = await publish(manifest)
    assert len(sandbox.state.datasets) == 2
    assert report.totals.datasets.created == 0
    assert (report.run.exit_code == 0) == (times == 1)


async def test_a_journal_whose_damage_cannot_even_be_told_is_begun_anew(
    sandbox: Sandbox, folder: Any, tmp_path: Path
) -> None:
    """SQLite quotes the damaged words in its error, and they are no text."""
    state = tmp_path / "state"
    with open_journal(state, sandbox.base_url):
        pass
    journal = state / "journal.sqlite"
    content = journal.read_bytes()
    damaged = content.replace(b"tablehasheshashes", b"tableha\xfdheshas\xfdes")
    assert damaged != content
    journal.write_bytes(damaged)
    report = await bulkpub.publish(
        folder.manifest(folder.dataset("a", "1.csv")),
        connection=Connection(portal=sandbox.base_url, key=sandbox.api_key),
        state_dir=state,
    )
    assert report.run.error is None
    assert report.run.exit_code == 0


async def test_an_order_written_late_does_not_undo_the_final_one(
    publish: Any, folder: Any, sandbox: Sandbox, titles: Any, dataset_of: Any
) -> None:
    """The list that keeps a title safe times out, is repeated, and is carried out after all.

    It is carried out once the publisher looks what became of it, or else at the very end.
    """
    folder.file("a.csv", "one")
    await publish(folder.manifest(folder.dataset("d", "a.csv", "b.csv")))
    dataset_of(sandbox, "d").resources[0].title = "By a person"
    folder.file("a.csv", "another")
    go_on, written = asyncio.Event(), asyncio.Event()
    lists: list[bytes] = []

    async def late(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "PUT" and request.path.endswith("/resources/"):
            lists.append(await request.read())
            if len(lists) == 1:
                await go_on.wait()
                answer = await handler(request)
                written.set()
                return answer
        answer = await handler(request)
        if lists and request.method == "GET":
            go_on.set()
        return answer

    sandbox.interceptor = late
    manifest = folder.manifest(folder.dataset("d", "b.csv", "a.csv"))
    report = await publish(manifest, patience_s=0.3)
    go_on.set()
    await written.wait()
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset d": ["b.csv", "By a person"]}


@pytest.mark.parametrize("places", [(1,), (1, 2)], ids=["one", "two"])
async def test_a_link_is_listed_where_the_manifest_has_it(
    *, publish: Any, folder: Any, sandbox: Sandbox, titles: Any, places: tuple[int, ...]
) -> None:
    """The portal puts what is new first; a link is described at once, and only its place is left.

    Of several new links nobody knows in which order they arrived.
    """
    dataset = folder.dataset("d", "a.csv")
    await publish(folder.manifest(dataset))
    names = [f"Link {place}" for place in places]
    dataset["resources"] += [
        {"link": f"https://elsewhere.example.org/{place}", "title": name}
        for place, name in zip(places, names, strict=True)
    ]
    report = await publish(folder.manifest(dataset))
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset d": ["a.csv", *names]}


@pytest.mark.parametrize("told", ["first", "last"])
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "old"])
async def test_a_link_that_a_proxy_listed_twice_is_there_once(
    *, publish: Any, folder: Any, sandbox: Sandbox, titles: Any, play: Any, told: Any, is_new: bool
) -> None:
    dataset = folder.dataset("d")
    if not is_new:
        await publish(folder.manifest(dataset))
    dataset["resources"] = [{"link": "https://elsewhere.example.org/1", "title": "Link"}]
    play(StoredTwice(method="POST", path="/api/1/datasets/*/resources/", calls=(1,), told=told))
    report = await publish(folder.manifest(dataset))
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset d": ["Link"]}
