"""`verify` writes nothing and tells exactly what is not as the manifest and its files want it.

Without downloading, as nothing can be downloaded from a portal in memory; the rest is in
`tests/portals/test_verifying_udata.py`.
"""

from collections.abc import Callable
from typing import Any

import pytest

import bulkpub
from bulkpub.core.report import RunReport
from bulkpub.portals.memory import Site


@pytest.fixture
def verify(site: Site) -> Callable[..., Any]:
    async def verify(manifest: Any) -> RunReport:
        connection = bulkpub.Connection(portal=site.address, key="any-key")
        site.calls.clear()
        report = await bulkpub.verify(manifest, quick=True, connection=connection)
        assert {call.method for call in site.calls} == {"GET"}
        return report

    return verify


def errors(report: RunReport) -> dict[str, str]:
    found = {d.key: d.error for d in report.datasets if d.error}
    found |= {f"{d.key}/{r.key}": r.error for d in report.datasets for r in d.resources if r.error}
    return {key: error for key, error in found.items() if error}


async def test_what_was_just_published_is_as_wanted(publish: Any, verify: Any, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "é 2.csv"), folder.dataset("b"))
    await publish(manifest)
    report = await verify(manifest)
    assert (report.run.exit_code, errors(report)) == (0, {})


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
    report = await verify(folder.manifest(folder.dataset("a", "2.csv", "1.csv")))
    assert errors(report) == {"a": "its resources are in another order"}


async def test_what_another_key_marks_is_told_of_the_resource_alone(
    *, publish: Any, verify: Any, folder: Any
) -> None:
    theirs = (await publish(folder.manifest(folder.dataset("first", "a.csv")))).datasets[0]
    folder.file("other/a.csv", "other bytes\n")
    report = await verify(
        folder.manifest({"id": theirs.id, "resources": [{"path": "other/a.csv"}]})
    )
    assert report.datasets[0].error is None
    assert "another key" in str(report.datasets[0].resources[0].error)


async def test_it_says_how_much_it_compared_and_how(publish: Any, verify: Any, folder: Any) -> None:
    link = {"link": "https://example.org/api"}
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", link), folder.dataset("b"))
    await publish(manifest)
    report = await verify(manifest)
    assert report.run.verify == "quick"
    assert (report.totals.verified.files, report.totals.verified.bytes) == (2, 22)
    folder.file("2.csv", "another content\n")
    report = await verify(manifest)
    assert report.totals.verified.files == 2  # it was compared, and differs
    done = await publish(manifest)
    assert (done.run.verify, done.totals.verified.files) == (None, 0)
