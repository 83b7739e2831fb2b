"""Another writer is at work on the same dataset while we run: what he does survives.

He strikes at a moment of the run that the test chooses, and at once: his requests are answered
before the program's next one is sent. Uploads go one by one, as a portal whose list of resources
is rewritten while a file arrives may lose that file.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bulkpub.observers.events import DatasetStarted, Event, UploadFinished, UploadStarted

Published = Callable[..., Any]
Strike = Callable[..., Awaitable[Any]]

ONE, TWO, THREE = "Fichier 1.csv", "Fichier 2.csv", "Fichier 3.csv"
"""Replacing resets a title to the slug of the name, so that these need the finishing request."""

MOMENTS: dict[str, tuple[type[Event], str | None]] = {
    "before the uploads": (DatasetStarted, None),
    "between two files": (UploadStarted, TWO),
    "before the finishing request": (UploadFinished, TWO),
}


@dataclass
class Shared:
    """A dataset with three files of ours, two of them changed since, and two of his."""

    target: Any
    manifest: Any
    dataset: Any

    @property
    def path(self) -> str:
        return f"/datasets/{self.dataset['id']}/"

    @property
    def ours(self) -> list[Any]:
        return list(self.dataset["resources"][2:])

    @property
    def his(self) -> list[Any]:
        return list(self.dataset["resources"][:2])

    def his_now(self) -> list[Any]:
        """Every resource that is not ours, as the portal has it at this moment."""
        ours = {each["id"] for each in self.ours}
        now = self.target.at_once("GET", self.path)["resources"]
        return [each for each in now if each["id"] not in ours]

    def says(self, resource: Any, **words: Any) -> None:
        self.target.at_once("PUT", f"{self.path}resources/{resource['id']}/", words)

    def orders(self, ids: list[str]) -> None:
        self.target.at_once("PUT", f"{self.path}resources/", ids)


@pytest.fixture
async def shared(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> Shared:
    wanted = manifest(said("shared", ONE, TWO, THREE, tags=["velo"]))
    report = await published(wanted)
    dataset = await target.dataset(report)
    for name in ("his-b.csv", "his-a.csv"):
        await target.portal.upload(dataset, name, name.encode(), key="outsider")
    for name in (ONE, TWO):
        folder.file(name, f"changed {name}\n")
    await target.next_second()
    return Shared(target, wanted, await target.dataset(report))


@dataclass
class OtherWriter:
    """An observer that works once, at its moment, and looks at what he left behind."""

    shared: Shared
    work: Callable[[], object]
    moment: tuple[type[Event], str | None]
    struck: bool = False
    left: list[Any] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        kind, resource = self.moment
        now = isinstance(event, kind) and getattr(event, "resource", None) == resource
        if now and not self.struck:
            self.struck = True
            self.work()
            self.left = self.shared.his_now()


@pytest.fixture(params=MOMENTS)
def strike(
    request: pytest.FixtureRequest, shared: Shared, publish: Published, verify: Any
) -> Strike:
    """Publish while he works; his resources must be as he left them, and ours as we want them."""

    async def strike(work: Callable[[], object], **kept: Any) -> Any:
        writer = OtherWriter(shared, work, MOMENTS[request.param])
        report = await publish(shared.manifest, observers=[writer], uploads=1)
        assert writer.struck
        assert writer.left
        assert report.run.exit_code == 0, report.datasets[0]
        await verify(shared.manifest, report, account="outsider", foreign=writer.left, **kept)
        assert report.totals.resources.replaced == 2
        again = await publish(shared.manifest)
        assert again.totals.datasets.unchanged == 1
        await verify(shared.manifest, again, account="outsider", foreign=writer.left, **kept)
        return report

    return strike


async def test_a_file_he_adds_stays(shared: Shared, strike: Strike) -> None:
    work = shared.target.upload_at_once
    await strike(lambda: work(shared.dataset["id"], "his-c.csv", b"c\n"))


async def test_a_link_he_adds_stays(shared: Shared, strike: Strike) -> None:
    link = {"title": "His", "type": "api", "filetype": "remote", "url": "https://example.org/his"}
    await strike(lambda: shared.target.at_once("POST", f"{shared.path}resources/", link))


async def test_what_he_says_of_his_own_resource_stays(shared: Shared, strike: Strike) -> None:
    words = {"title": "His title", "description": "His words", "extras": {"his": 1}}
    await strike(lambda: shared.says(shared.his[0], **words))


async def test_the_title_he_gives_to_a_file_of_ours_stays_where_the_manifest_gives_none(
    shared: Shared, strike: Strike
) -> None:
    await strike(
        lambda: shared.says(shared.ours[2], title="His title", description="His words"),
        kept={THREE: {"title": "His title", "description": "His words"}},
    )


async def test_the_order_he_gives_to_his_resources_stays(shared: Shared, strike: Strike) -> None:
    ours, his = [[each["id"] for each in some] for some in (shared.ours, shared.his)]
    await strike(lambda: shared.orders([*ours, *reversed(his)]))


async def test_what_he_deletes_stays_deleted(shared: Shared, strike: Strike) -> None:
    gone = f"{shared.path}resources/{shared.his[0]['id']}/"
    await strike(lambda: shared.target.at_once("DELETE", gone))


@pytest.mark.parametrize("tags", [["velo"], None], ids=["ours", "silent"])
async def test_the_tags_and_period_he_gives_to_the_dataset_stay(
    *, target: Any, publish: Published, manifest: Any, said: Any, tags: Any
) -> None:
    """A change of the title sends them along, as the portal would wipe them otherwise."""
    more = {} if tags is None else {"tags": tags}
    wanted = said("tags", "1.csv", **more)
    first = await publish(manifest(wanted))
    path = f"/datasets/{first.datasets[0].id}/"
    period = {"start": "2024-01-01", "end": "2024-12-31"}
    body = {"tags": ["his"], "temporal_coverage": period}

    def work(event: Event) -> None:
        if isinstance(event, DatasetStarted):
            target.at_once("PUT", path, body)

    changed = manifest({**wanted, "description": "Another description"})
    report = await publish(changed, observers=[work])
    assert report.run.exit_code == 0
    dataset = await target.dataset(first)
    assert dataset["description"] == "Another description"
    assert dataset["temporal_coverage"]["start"][:10] == "2024-01-01"
    assert dataset["tags"] == (tags or ["his"])
