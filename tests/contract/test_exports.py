"""What a portal exports of itself as tables is what `harvest csv` makes datasets of."""

from pathlib import Path
from typing import Any

import pytest

from bulkpub.harvest.base import Found, HarvestOptions, Reader
from bulkpub.harvest.links import harvest
from bulkpub.sources.answers import Page

pytestmark = pytest.mark.real


class _Nobody(Reader):
    async def read(self, url: str, *, accept: str | None = None) -> Page:
        raise AssertionError((url, accept))


async def exported(portal: Any, name: str, folder: Path) -> dict[str, Found]:
    """The datasets of this test in an export of the portal, by title."""
    url = f"{portal.info['api_url']}/site/{name}?organization={portal.org}"
    async with portal.session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        path = folder / name
        path.write_bytes(await answer.read())
    options = HarvestOptions(match=portal.tag, allow_private=True)
    found = [each async for each in harvest(str(path), _Nobody(), options)]
    return {str(each.dataset.metadata.title).removesuffix(f" {portal.tag}"): each for each in found}


@pytest.mark.parametrize("portal", ["real"], indirect=True)
async def test_its_own_exports_give_datasets_with_what_they_say(
    portal: Any, tmp_path: Path
) -> None:
    said = {"license": "odc-odbl", "frequency": "monthly", "tags": ["arbres", "parcs"]}
    period = {"start": "2019-01-01", "end": "2020-12-31"}
    arbres = await portal.create("Arbres", temporal_coverage=period, **said)
    bancs = await portal.create("Bancs", license="lov2", frequency="annual")
    await portal.upload(arbres, "un.csv")
    await portal.upload(arbres, "deux.csv")
    await portal.upload(bancs, "bancs.csv")

    datasets = await exported(portal, "datasets.csv", tmp_path)
    first, second = datasets["Arbres"].dataset, datasets["Bancs"].dataset
    assert first.metadata.license == "odc-odbl"
    assert first.metadata.frequency == "monthly"
    assert first.metadata.tags == ("arbres", "parcs")
    assert first.metadata.temporal_coverage is not None
    assert first.metadata.extras is not None
    assert first.metadata.extras["harvest:remote_id"] == arbres["id"]
    assert (second.metadata.license, second.metadata.frequency) == ("lov2", "annual")

    resources = await exported(portal, "resources.csv", tmp_path)
    assert len(resources["Arbres"].dataset.resources) == 2
    assert len(resources["Bancs"].dataset.resources) == 1
    assert resources["Arbres"].dataset.metadata.license == "odc-odbl"
    assert resources["Bancs"].dataset.metadata.license == "lov2"
