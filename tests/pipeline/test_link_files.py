"""Links that tell of the file behind them: written alone when it changes, never for nothing."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from bulkpub import ResourceStatus
from bulkpub.core.model import Checksum
from bulkpub.pipeline import Verify
from bulkpub.portals.memory import Site

ADDRESS = "https://www.example.org/stock.zip"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def sha256(content: bytes) -> Checksum:
    return Checksum("sha256", hashlib.sha256(content).hexdigest())


def link(**more: Any) -> dict[str, Any]:
    return {"link": ADDRESS, "title": "Stock", **more}


def told(site: Site) -> tuple[int | None, Checksum | None]:
    (dataset,) = site.datasets.values()
    (found,) = (each for each in dataset.resources if not each.hosted)
    return found.size, found.checksum


@pytest.fixture
def run(publish: Any, folder: Any, site: Site) -> Any:
    """Publish a link and a file; the outcome of the link, and the calls that wrote."""

    async def run(*, exit_code: int = 0, options: Any = None, **more: Any) -> Any:
        site.calls.clear()
        manifest = folder.manifest(folder.dataset("k", "a.csv", link(**more)))
        report = await publish(manifest, **(options or {}))
        assert report.run.exit_code == exit_code, report
        made = [call.name for call in site.calls if call.method != "GET"]
        return report.datasets[0].resources[1], made

    return run


@pytest.mark.parametrize("state", [True, False], ids=["remembering", "forgetful"])
async def test_of_a_file_here(run: Any, site: Site, tmp_path: Path, *, state: bool) -> None:
    options = {"state_dir": tmp_path / "state"} if state else {}
    file = tmp_path / "stock.zip"
    file.write_bytes(b"one")
    outcome, made = await run(of="stock.zip", options=options)
    assert (outcome.status, outcome.size) == (ResourceStatus.CREATED, 3)
    assert told(site) == (3, sha256(b"one"))

    outcome, made = await run(of="stock.zip", options=options)
    assert (outcome.status, made) == (ResourceStatus.UNCHANGED, [])

    file.write_bytes(b"three")
    planned, made = await run(of="stock.zip", options={**options, "dry_run": True})
    assert planned.status is ResourceStatus.DESCRIBED
    assert planned.reason == "the file behind it changed: its size from 3 to 5 bytes"
    assert made == []
    outcome, made = await run(of="stock.zip", options=options)
    assert outcome.status is ResourceStatus.DESCRIBED
    assert made == ["move_link"]
    assert told(site) == (5, sha256(b"three"))

    file.write_bytes(b"seven")
    outcome, made = await run(of="stock.zip", options=options)
    assert outcome.reason == f"the file behind it changed: its checksum was {sha256(b'three')}"
    assert made == ["move_link"]
    assert told(site) == (5, sha256(b"seven"))


async def test_in_words(run: Any, site: Site) -> None:
    await run()
    assert told(site) == (None, None)
    outcome, made = await run(size=7, checksum=f"md5:{MD5.upper()}")
    assert outcome.reason == "the size and checksum of the file behind it are new"
    assert made == ["move_link"]
    assert told(site) == (7, Checksum("md5", MD5))
    assert (await run(size=7, checksum=f"md5:{MD5}"))[1] == []
    assert (await run(checksum=f"md5:{MD5}"))[1] == []
    assert (await run())[1] == []
    assert told(site) == (7, Checksum("md5", MD5))
    await run(checksum="crc:00000000", description="as well")
    assert told(site) == (7, Checksum("crc", "00000000"))


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_a_lost_answer_is_looked_after(
    run: Any, site: Site, lose_answers: Any, *, before: bool
) -> None:
    await run()
    site.trouble = lose_answers("move_link", before=before)
    _, made = await run(size=7)
    assert made == ["move_link"] * (2 if before else 1)
    assert told(site) == (7, None)


async def test_a_file_that_cannot_be_read_fails_its_link_alone(
    run: Any, site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "stock.zip"
    file.write_bytes(b"one")
    await run(of="stock.zip")
    file.write_bytes(b"two!")

    async def trouble(_call: Any, carry_out: Any) -> Any:
        file.unlink(missing_ok=True)  # once the manifest is read
        return await carry_out()

    site.trouble = trouble
    outcome, _ = await run(of="stock.zip", exit_code=1)
    assert outcome.status is ResourceStatus.FAILED
    assert "stock.zip cannot be read" in outcome.error
    assert told(site) == (3, sha256(b"one"))


async def test_what_a_link_says_is_no_file_on_the_portal(
    publish: Any, folder: Any, site: Site, tmp_path: Path
) -> None:
    """A file of the same content is uploaded, and does not take the place of the link."""
    content = b"a,b\n1,2\n"
    sha1 = f"sha1:{hashlib.sha1(content).hexdigest()}"
    await publish(folder.manifest(folder.dataset("k", link(size=len(content), checksum=sha1))))
    (tmp_path / "b.csv").write_bytes(content)
    (dataset,) = site.datasets.values()
    site.order(dataset, [])
    site.add_link(dataset.id, ADDRESS, dataset.resources[0].metadata, len(content))
    await publish(folder.manifest(folder.dataset("k", {"path": "b.csv"}, link())))
    (dataset,) = site.datasets.values()
    assert [each.hosted for each in dataset.resources] == [True, False]


async def test_verify_tells_of_another_file(
    run: Any, publish: Any, folder: Any, tmp_path: Path
) -> None:
    (tmp_path / "stock.zip").write_bytes(b"one")
    await run(of="stock.zip")
    (tmp_path / "stock.zip").write_bytes(b"two")
    manifest = folder.manifest(folder.dataset("k", "a.csv", link(of="stock.zip")))
    report = await publish(manifest, dry_run=True, verify=Verify.QUICK)
    assert report.run.exit_code == 1
    assert "the file behind it changed" in str(report.datasets[0].resources[1].error)
