"""After a run: is the portal what the manifest says, and did the report tell the truth?

Reads the portal through its API and its permalinks and compares with the manifest field by
field, without any of the code that decided what to write.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from bulkpub import RunReport
from bulkpub.core.model import DatasetSpec, FileSource, LinkSource, ResourceSpec
from bulkpub.core.outcome import DatasetOutcome
from bulkpub.manifest import Given
from bulkpub.portals.udata.names import tag_slug
from tests.manifests import load, parse

if TYPE_CHECKING:
    from tests.contract.conftest import Portal

OURS, TITLE = "bulkpub:key", "bulkpub:title"
PIECE = 1 << 20
SIDE_BY_SIDE = 8

ON_PORTAL = {"created", "replaced", "described", "adopted", "unchanged"}


@dataclass
class Verify:
    """Holds portal, manifest and report to each other."""

    portal: "Portal"
    files: aiohttp.ClientSession

    async def __call__(
        self,
        manifest: Any,
        report: RunReport,
        *,
        account: str,
        foreign: Sequence[Any] = (),
        kept: Mapping[str, Mapping[str, Any]] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Fail unless the portal is as the manifest wants and the report says.

        `foreign` are the resources the manifest does not name, in their order, as the portal
        told them before; there must be no others. `kept` is, by resource key, what the manifest
        is silent about and must have stayed.
        """
        given = Given(variables or {})
        if isinstance(manifest, Mapping):
            loaded = parse(manifest, given=given)
        else:
            loaded = load([str(manifest)], given=given)
        assert not loaded.problems
        assert [spec.key for spec in loaded.datasets] == [each.key for each in report.datasets]
        told = [await self._dataset(outcome, account) for outcome in report.datasets]
        await self._only_once(loaded.datasets, told, account)
        for spec, outcome, dataset in zip(loaded.datasets, report.datasets, told, strict=True):
            _check_dataset(spec, outcome, dataset)
            _check_resources(spec, outcome, dataset, foreign, kept or {})
        await self._download_all(loaded.datasets, report.datasets)

    async def _dataset(self, outcome: DatasetOutcome, account: str) -> Any:
        dataset = await self.portal.get({"id": outcome.id}, key=account)
        paged = await self.portal.call(
            "GET",
            self.portal.v2(f"/datasets/{outcome.id}/resources/?page_size=5000"),
            key=account,
            expect=200,
        )
        ids = [resource["id"] for resource in dataset["resources"]]
        assert [resource["id"] for resource in paged.body["data"]] == ids
        return dataset

    async def _only_once(
        self, specs: Iterable[DatasetSpec], told: Iterable[Any], account: str
    ) -> None:
        owners = {
            f"organization={each['organization']['id']}"
            if each["organization"]
            else f"owner={each['owner']['id']}"
            for each in told
        }
        listed: list[Any] = []
        for owner in owners:
            answer = await self.portal.call(
                "GET",
                f"/datasets/?{owner}&page_size=5000",
                key=account,
                expect=200,
                headers={"X-Fields": "data{id,title,extras}"},
            )
            listed += answer.body["data"]
        for spec in specs:
            same = {each["id"] for each in listed if each["extras"].get(OURS) == spec.key}
            same |= {each["id"] for each in listed if each["title"] == spec.metadata.title}
            assert len(same) == 1, spec.key

    # --- bytes -----------------------------------------------------------------------------

    async def _download_all(
        self, specs: Iterable[DatasetSpec], outcomes: Iterable[DatasetOutcome]
    ) -> None:
        at_once = asyncio.Semaphore(SIDE_BY_SIDE)

        async def download(path: Path, permalink: str) -> None:
            async with at_once:
                assert await self._served(permalink) == _digest(path), path

        async with asyncio.TaskGroup() as tasks:
            for spec, outcome in zip(specs, outcomes, strict=True):
                for entry, resource in zip(spec.resources, outcome.resources, strict=False):
                    if isinstance(entry.source, FileSource):
                        path = Path(entry.source.path)
                        tasks.create_task(download(path, str(resource.permalink)))

    async def _served(self, permalink: str) -> tuple[str, int]:
        """SHA-1 and size of what anybody gets who follows the permalink.

        The bytes as they are sent: udata's own storage announces a `.csv.gz` as a CSV that is
        compressed on its way, and a client would unpack it.
        """
        digest, size = hashlib.sha1(), 0
        async with self.files.get(permalink, allow_redirects=True) as answer:
            assert answer.status == 200, f"{permalink}: {answer.status}"
            assert answer.history, f"{permalink} does not redirect"
            async for piece in answer.content.iter_chunked(PIECE):
                digest.update(piece)
                size += len(piece)
        return digest.hexdigest(), size


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest(), path.stat().st_size


# --- metadata -----------------------------------------------------------------------------


def _check_dataset(spec: DatasetSpec, outcome: DatasetOutcome, dataset: Any) -> None:
    wanted = spec.metadata
    assert (outcome.id, outcome.title) == (dataset["id"], dataset["title"])
    assert outcome.page == dataset["page"]
    assert outcome.error is None
    assert dataset["deleted"] is None
    for name in ("title", "description", "acronym", "license", "frequency", "private"):
        value = getattr(wanted, name)
        assert value is None or dataset[name] == value, name
    if wanted.archived is not None:
        assert bool(dataset["archived"]) == wanted.archived
    if wanted.tags is not None:
        assert set(dataset["tags"]) == {tag_slug(tag) for tag in wanted.tags}
    if (coverage := wanted.temporal_coverage) is not None:
        assert dataset["temporal_coverage"]["start"][:10] == coverage.start.isoformat()
        end = dataset["temporal_coverage"]["end"]
        assert (end and end[:10]) == (coverage.end and coverage.end.isoformat())
    if (spatial := wanted.spatial) is not None:
        assert spatial.zones is None or set(dataset["spatial"]["zones"]) == set(spatial.zones)
        assert spatial.granularity in {None, dataset["spatial"]["granularity"]}
    extras = dict(wanted.extras or {}) | ({} if spec.id else {OURS: spec.key})
    assert extras.items() <= dataset["extras"].items()


def _check_resources(
    spec: DatasetSpec,
    outcome: DatasetOutcome,
    dataset: Any,
    foreign: Sequence[Any],
    kept: Mapping[str, Mapping[str, Any]],
) -> None:
    """Each wanted one exactly once, in order; the others as they were; and so it is told."""
    others = {each["id"]: each for each in foreign}
    ours = [each for each in dataset["resources"] if each["id"] not in others]
    found = [each for each in dataset["resources"] if each["id"] in others]
    assert found == list(foreign)
    assert [each["extras"].get(OURS) for each in ours] == [each.key for each in spec.resources]
    told = [each for each in outcome.resources if each.status != "deleted"]
    assert [each.key for each in told] == [each.key for each in spec.resources]
    for entry, resource, result in zip(spec.resources, ours, told, strict=True):
        _check_resource(entry, resource, kept.get(entry.key, {}))
        assert result.status in ON_PORTAL
        assert result.error is None
        assert (result.id, result.title) == (resource["id"], resource["title"])
        assert (result.url, result.permalink) == (resource["url"], resource["latest"])
        assert result.source == entry.source.shown
        if isinstance(entry.source, FileSource):
            checksum = {"type": "sha1", "value": result.sha1}
            assert (resource["checksum"], resource["filesize"]) == (checksum, result.size)


def _check_resource(entry: ResourceSpec, resource: Any, kept: Mapping[str, Any]) -> None:
    wanted = entry.metadata
    title = wanted.title or kept.get("title") or entry.default_title
    assert resource["title"] == title
    for name, default in (("description", None), ("type", "main")):
        value = getattr(wanted, name)
        assert (resource[name] or None) == (value or kept.get(name, default) or None), name
    extras = {**kept.get("extras", {}), **(wanted.extras or {}), OURS: entry.key}
    assert {name: value for name, value in resource["extras"].items() if name != TITLE} == extras
    schema = {name: value for name, value in (resource["schema"] or {}).items() if value}
    if wanted.schema is None:
        assert schema == kept.get("schema", {})
    else:
        assert schema.get("name") == wanted.schema.name
        assert schema.get("version") == wanted.schema.version
        assert schema.get("url") == wanted.schema.url
    if isinstance(entry.source, LinkSource):
        assert (resource["filetype"], resource["url"]) == ("remote", entry.source.url)
    else:
        assert resource["filetype"] == "file"
