"""A harvest carried out: what it found, what it told, and the manifest that comes of it."""

import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bulkpub.core.model import DatasetSpec
from bulkpub.core.origin import ID_EXTRA
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, sifted
from bulkpub.harvest.kinds import Kind, harvester
from tests.manifests import Loaded, ManifestWriter, load


@dataclass
class Harvested:
    """What a harvest gave."""

    found: list[Found] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def datasets(self) -> dict[str, DatasetSpec]:
        return {each.dataset.key: each.dataset for each in self.found}

    @property
    def by_id(self) -> dict[str, DatasetSpec]:
        """By the id that each has in its catalogue."""
        return {_id_of(each): each for each in self.datasets.values()}

    @property
    def only(self) -> DatasetSpec:
        (found,) = self.found
        return found.dataset

    @property
    def told_of(self) -> dict[str, str]:
        """The notes on each dataset, by its id in its catalogue."""
        return {_id_of(each.dataset): "\n".join(each.notes) for each in self.found}

    @property
    def told(self) -> str:
        """All notes on all datasets."""
        return "\n".join(note for each in self.found for note in each.notes)


def _id_of(dataset: DatasetSpec) -> str:
    return str((dataset.metadata.extras or {})[ID_EXTRA])


class FakeReader:
    """Serves pages from memory; what it has no page for fails, as a server would."""

    def __init__(self, pages: Mapping[str, str | Page]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept is None or "/" in accept
        self.asked.append(url)
        page = self.pages.get(url)
        if page is None:
            raise SourceFailed(f"{url} answered 404")
        return page if isinstance(page, Page) else Page(url, page.encode(), "text/html", "utf-8")


@pytest.fixture
def fake_reader() -> type[FakeReader]:
    return FakeReader


@pytest.fixture
def harvest() -> Callable[..., Awaitable[Harvested]]:
    """Harvest `source`; keyword arguments are those of `HarvestOptions`."""

    async def harvest(
        kind: str, source: str | Path, reader: FakeReader | None = None, **asked: Any
    ) -> Harvested:
        harvested = Harvested()
        if isinstance(source, Path) and source.suffix:
            asked.setdefault("base", str(source.parent))
        options = HarvestOptions(lost=harvested.lost.append, note=harvested.notes.append, **asked)
        stream = harvester(Kind(kind))(str(source), reader or FakeReader({}), options)
        async for found in sifted(cast("AsyncGenerator[Found]", stream), options):
            harvested.found.append(found)
        return harvested

    return harvest


@pytest.fixture
def manifest_of(tmp_path: Path) -> Callable[..., Loaded]:
    """What loading the manifest of a harvest gives; `folder` is where it is written."""

    def manifest_of(harvested: Harvested, folder: Path = tmp_path) -> Loaded:
        out = io.StringIO()
        writer = ManifestWriter(out)
        writer.header(organization="test-organization")
        for found in harvested.found:
            writer.dataset(found.dataset, found.notes)
        path = folder / "manifest-of-the-harvest.yaml"
        path.write_text(out.getvalue(), encoding="utf-8")
        return load([path])

    return manifest_of
