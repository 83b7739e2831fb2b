"""No field is lost between a manifest and a portal that is served: published, harvested, the same.

From each spelling to the portal, and back by a harvest of it; `tests/manifest` has the same way
without a server.
"""

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import DatasetSpec
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import HarvestOptions
from bulkpub.http.transport import connect
from bulkpub.portals.udata import Udata
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.records import ContactPoint
from tests.every_field import CONTACT, SPELLINGS, document, expected, same_content, spec_of
from tests.manifests import ManifestWriter, load

Publish = Callable[..., Awaitable[Any]]


@pytest.fixture
def spec(sandbox: Sandbox, tmp_path: Path) -> DatasetSpec:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    sandbox.state.contacts[CONTACT] = ContactPoint(
        id=CONTACT,
        name="Voirie",
        role="contact",
        email="voirie@example.org",
        organization=sandbox.info["organization"]["id"],
    )
    return spec_of(str(tmp_path / "a.csv"))


async def harvested(sandbox: Sandbox) -> DatasetSpec:
    async with connect(sandbox.api_url, credentials={"X-API-KEY": sandbox.api_key}) as transport:
        harvest = portal_kind.harvest("test-organization", Udata(transport), HarvestOptions())
        (found,) = [found async for found in harvest]
    assert found.notes == ()
    return found.dataset


@pytest.mark.parametrize("name", [*SPELLINGS, "a mapping"])
async def test_every_field_arrives_and_comes_back(
    name: str, spec: DatasetSpec, publish: Publish, sandbox: Sandbox, tmp_path: Path
) -> None:
    manifest: Path | Mapping[str, Any] = document(spec)
    if name in SPELLINGS:
        manifest = tmp_path / name
        manifest.write_text(SPELLINGS[name](spec))
    report = await publish(manifest)
    assert (report.run.exit_code, report.run.problems) == (0, ())
    assert report.totals.resources.created == 2

    found = await harvested(sandbox)
    wanted = expected(spec, name)
    same_content(found, wanted)

    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(organization="test-organization")
    assert writer.dataset(found) == ()
    (tmp_path / "harvested.yaml").write_text(out.getvalue())
    again = load([tmp_path / "harvested.yaml"])
    assert again.problems == ()
    same_content(again.datasets[0], wanted)

    sandbox.requests.clear()
    report = await publish(tmp_path / "harvested.yaml")
    assert report.run.exit_code == 0
    assert {each.method for each in sandbox.requests} == {"GET"}


async def test_a_change_of_every_field_arrives(
    spec: DatasetSpec, publish: Publish, sandbox: Sandbox
) -> None:
    bare = document(replace(spec, resources=()))
    (dataset,) = bare["datasets"]
    least = {key: dataset[key] for key in ("key", "title", "organization")}
    report = await publish({"datasets": [{**least, "description": "Avant."}]})
    assert report.run.exit_code == 0
    report = await publish(bare)
    assert report.run.exit_code == 0
    same_content(await harvested(sandbox), replace(spec, resources=()))
