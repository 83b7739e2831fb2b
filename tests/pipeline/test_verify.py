"""`verify` writes nothing and tells exactly what is not as the manifest and its files want it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub.core.report import RunReport
from bulkpub.sandbox import Sandbox


@pytest.fixture
def verify(sandbox: Sandbox) -> Callable[..., Any]:
    async def verify(manifest: Any, *, quick: bool = False) -> RunReport:
        connection = bulkpub.Connection(portal=sandbox.base_url, key=sandbox.api_key)
        sandbox.requests.clear()
        report = await bulkpub.verify(manifest, quick=quick, connection=connection)
        assert {seen.method for seen in sandbox.requests} == {"GET"}
        return report

    return verify


def errors(report: RunReport) -> dict[str, str]:
    found = {d.key: d.error for d in report.datasets if d.error}
    found |= {f"{d.key}/{r.key}": r.error for d in report.datasets for r in d.resources if r.error}
    return {key: error for key, error in found.items() if error}


@pytest.mark.parametrize("quick", [True, False])
async def test_what_was_just_published_is_as_wanted(
    *, publish: Any, verify: Any, folder: Any, quick: bool
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "é 2.csv"), folder.dataset("b"))
    await publish(manifest)
    report = await verify(manifest, quick=quick)
    assert (report.run.exit_code, errors(report)) == (0, {})


async def test_bytes_that_changed_behind_the_portals_back_are_found_by_downloading(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    stored = next(sandbox_files(sandbox).rglob("1.csv"))
    stored.write_bytes(stored.read_bytes()[::-1])
    assert errors(await verify(manifest, quick=True)) == {}
    report = await verify(manifest)
    assert report.run.exit_code == 1
    assert list(errors(report)) == ["a/1.csv"]
    assert "serves other bytes" in errors(report)["a/1.csv"]


async def test_a_file_that_is_gone_from_the_disk_of_the_portal_is_found(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)
    next(sandbox_files(sandbox).rglob("1.csv")).unlink()
    assert "answers 404" in errors(await verify(manifest))["a/1.csv"]


async def test_what_the_manifest_changed_since_is_told(
    *, publish: Any, verify: Any, folder: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv", "3.csv")))
    folder.file("2.csv", b"other,content\n")
    entries = ["1.csv", "2.csv", {"path": "3.csv", "title": "Third"}, "4.csv"]
    manifest = folder.manifest(folder.dataset("a", *entries, tags=["new-tag"]), folder.dataset("c"))
    found = errors(await verify(manifest))
    assert found["a"] == "differs in: tags"
    assert "size changed" in found["a/2.csv"]
    assert "differs in: title" in found["a/3.csv"]
    assert "not on the portal yet" in found["a/4.csv"]
    assert found["c"] == "the dataset is not on the portal"
    assert "a/1.csv" not in found


async def test_another_order_is_told(*, publish: Any, verify: Any, folder: Any) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    report = await verify(folder.manifest(folder.dataset("a", "2.csv", "1.csv")), quick=True)
    assert errors(report) == {"a": "its resources are in another order"}


def sandbox_files(sandbox: Sandbox) -> Path:

    return Path(sandbox.info["data_dir"])
