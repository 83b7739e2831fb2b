"""What the portal would refuse for its name is told before a byte of it is fetched or sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]
PASSWORD = "s3cret-of-the-ftp"


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
async def test_an_address_that_names_it_is_a_problem_and_is_not_asked(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, dry_run: bool
) -> None:
    tiles, archive = elsewhere.has("carte.pmtiles", b"PMTiles"), elsewhere.has("all.zip", b"PK")
    urls = [tiles, f"zip://d/a.pmtiles::{archive}", "ftp://127.0.0.1:1/b.exe", "s3://b/README"]
    manifest = folder.manifest(folder.dataset("a", "good.csv", *({"url": url} for url in urls)))
    report = await publish(manifest, dry_run=dry_run)
    assert report.run.exit_code == 2
    assert [problem.message for problem in report.run.problems] == [
        f"{tiles}: the portal refuses .pmtiles files",
        f"zip://d/a.pmtiles::{archive}: the portal refuses .pmtiles files",
        "ftp://127.0.0.1:1/b.exe: the portal refuses .exe files",
        (
            "s3://b/README: 'README' has no extension, and the portal would refuse it: "
            "rename it, to .csv for instance"
        ),
    ]
    assert all(problem.line and problem.dataset == "a" for problem in report.run.problems)
    assert (elsewhere.asked, site.datasets) == ([], {})


async def test_what_a_pattern_finds_is_told_file_by_file(
    *,
    publish: Publish,
    folder: Any,
    serve_ftp: Callable[[Path, str], int],
    tmp_path: Path,
) -> None:
    for name in ("a.csv", "b.pmtiles", "c.exe"):
        (tmp_path / "served").mkdir(exist_ok=True)
        (tmp_path / "served" / name).write_text("x")
    ftp = f"127.0.0.1:{serve_ftp(tmp_path / 'served', PASSWORD)}"
    entry = {"url": f"ftp://me:{PASSWORD}@{ftp}/*"}
    report = await publish(folder.manifest(folder.dataset("a", entry)), dry_run=True)
    assert [problem.message for problem in report.run.problems] == [
        f"ftp://{ftp}/b.pmtiles: the portal refuses .pmtiles files",
        f"ftp://{ftp}/c.exe: the portal refuses .exe files",
    ]
    assert len({problem.line for problem in report.run.problems}) == 1


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
async def test_a_name_that_only_the_server_tells_fails_alone_before_its_content(
    *,
    publish: Publish,
    folder: Any,
    elsewhere: Any,
    site: Site,
    statuses: Any,
    dry_run: bool,
) -> None:
    url = elsewhere.has("export", b"x" * 1000, "application/vnd.apache.parquet")
    manifest = folder.manifest(folder.dataset("a", {"url": url}, {"url": elsewhere.has("b.csv")}))
    report = await publish(manifest, dry_run=dry_run)
    assert statuses(report) == {f"a/{url}": "failed", f"a/{elsewhere.address}/b.csv": "created"}
    assert report.run.exit_code == 1
    told = report.datasets[0].resources[0]
    assert told.error == f"{url}: the portal refuses .parquet files"
    assert (told.attempts, told.size) == (0, None)
    sent = [call.content.name for call in site.calls if call.content is not None]
    assert sent == ([] if dry_run else ["b.csv"])


async def test_an_address_that_names_no_file_stays_to_be_fetched(
    *, publish: Publish, folder: Any, elsewhere: Any, statuses: Any
) -> None:
    url = elsewhere.has("export.php", "a\n1\n", "text/csv")
    report = await publish(folder.manifest(folder.dataset("a", {"url": url})), dry_run=True)
    assert list(statuses(report).values()) == ["created"]
    assert "to be fetched" in report.datasets[0].resources[0].reason
