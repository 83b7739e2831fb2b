"""One address for many files on a server that does not speak HTTP: each becomes a resource."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]
PASSWORD = "s3cret-of-the-ftp"


@pytest.fixture
def ftp(serve_ftp: Callable[[Path, str], int], tmp_path: Path) -> str:
    served = tmp_path / "served"
    for name in ("2024/f2.csv", "2024/f10.csv", "2023/f2.csv", "2024/notes.txt"):
        path = served / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"name\n{name}\n")
    return f"ftp://me:{PASSWORD}@127.0.0.1:{serve_ftp(served, PASSWORD)}"


async def test_every_file_that_matches_is_published_in_natural_order(
    *, publish: Publish, folder: Any, ftp: str, site: Site, statuses: Any, titles: Any
) -> None:
    entry = {"url": f"{ftp}/2024/*.csv", "key": "{stem}", "title": "Fichier {stem} ({index})"}
    manifest = folder.manifest(folder.dataset("a", entry))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert statuses(report) == {"a/f2": "created", "a/f10": "created"}
    assert titles(site) == {"Dataset a": ["Fichier f2 (1)", "Fichier f10 (2)"]}
    assert set(statuses(await publish(manifest)).values()) == {"unchanged"}
    assert PASSWORD not in repr(report)


async def test_without_a_key_the_address_is_the_key_but_for_its_password(
    publish: Publish, folder: Any, ftp: str, site: Site
) -> None:
    report = await publish(folder.manifest(folder.dataset("a", {"url": f"{ftp}/**/f2.csv"})))
    assert report.run.exit_code == 0, report
    keys = [each.key for each in report.datasets[0].resources]
    address = ftp.replace(f"me:{PASSWORD}@", "")
    assert keys == [f"{address}/2023/f2.csv", f"{address}/2024/f2.csv"]
    (dataset,) = site.datasets.values()
    assert PASSWORD not in repr(dataset)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"url": "{ftp}/2025/*.csv"}, "no file matches"),
        ({"url": "{ftp}/2024/*.csv", "id": "3f4d5a0e-6f0b-4d2e-9a41-0c1f5f4f3c55"}, "one 'id'"),
        ({"url": "{ftp}/**/f2.csv", "key": "{stem}"}, "is the key of both"),
        ({"url": "ftp://me:{password}@127.0.0.1:1/*.csv"}, "127.0.0.1"),
    ],
)
async def test_a_pattern_that_cannot_be_used_is_told_with_its_place_and_nothing_is_sent(
    *, publish: Publish, folder: Any, ftp: str, site: Site, entry: Any, words: str
) -> None:
    url = entry["url"].format(ftp=ftp, password=PASSWORD)
    report = await publish(folder.manifest(folder.dataset("a", "good.csv", {**entry, "url": url})))
    assert report.run.exit_code == 2
    (problem,) = report.run.problems
    assert words in problem.message
    assert PASSWORD not in str(problem)
    assert problem.line
    assert not site.datasets
