"""`bulkpub migrate` as a person sees it: what would be moved, what was, what was not and why."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.seeds import ORGANIZATIONS

OLD = "http://old.example.com"
Migrate = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def migrate(
    elsewhere: Any, served: Sandbox, environment: dict[str, str], tmp_path: Path
) -> Migrate:
    """Run the command in a process of its own; returns the exit code and all that it said."""
    del elsewhere  # it is the proxy on the way to the old host

    async def migrate(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", "migrate", *words),
            cwd=tmp_path,
            env=environment
            | {name: os.environ[name] for name in ("http_proxy", "no_proxy")}
            | {"BULKPUB_PORTAL": served.base_url, "BULKPUB_API_KEY": served.api_key},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert b"Traceback" not in said
        assert process.returncode is not None
        return process.returncode, said.decode()

    return migrate


@pytest.fixture
async def dataset(served: Sandbox, elsewhere: Any) -> Any:
    """Made by a person: a file elsewhere, one that is gone, an API and a page."""
    elsewhere.has("velos.csv", "a;b\n" * 250)
    elsewhere.has("carte", "<!doctype html><title>Carte</title>", "text/html")
    links = [
        {"url": f"{OLD}/velos.csv", "title": "Comptages"},
        {"url": f"{OLD}/gone.csv", "title": "Perdu"},
        {"url": f"{OLD}/v1", "title": "L'API", "type": "api"},
        {"url": f"{OLD}/carte", "title": "La carte"},
    ]
    body = {"title": "Vélos", "description": "D", "organization": ORGANIZATIONS[0].id}
    async with aiohttp.ClientSession(headers={"X-API-KEY": served.api_key}) as session:
        async with session.post(f"{served.api_url}/datasets/", json=body) as answer:
            created = await answer.json()
        path = f"{served.api_url}/datasets/{created['id']}/resources/"
        for link in reversed(links):
            said = {"type": "main", "format": "csv", **link, "filetype": "remote"}
            async with session.post(path, json=said) as answer:
                assert answer.status == 201, await answer.text()
    return served.state.datasets[created["id"]]


async def test_a_dry_run_shows_what_would_be_moved_and_what_not(
    migrate: Migrate, dataset: Any
) -> None:
    code, said = await migrate("--dataset", dataset.id, "--dry-run", "--report", "")
    assert code == 1, said
    assert f"~ {OLD}/velos.csv (1.0 kB) hosted elsewhere until now: to be fetched" in said
    assert f"! {OLD}/gone.csv {OLD}/gone.csv answered 404" in said
    assert "Vélos › L'API: left where it is: an API, not a file" in said  # noqa: RUF001
    assert "Vélos › La carte: left where it is: " in said  # noqa: RUF001
    assert "1 dataset to write to" in said
    assert [each.filetype for each in dataset.resources] == ["remote"] * 4


async def test_what_was_moved_is_reported_and_what_was_not(
    migrate: Migrate, dataset: Any, tmp_path: Path
) -> None:
    code, said = await migrate("--organization", "test-organization", "--report", "moved.json")
    assert code == 1, said
    assert "1 replaced, 2 unchanged, 1 failed" in said
    assert f"{OLD}/gone.csv answered 404" in said
    assert "L'API: left where it is: an API, not a file" in said
    report = orjson.loads((tmp_path / "moved.json").read_bytes())
    assert report["run"]["manifests"] == ["migration of organization test-organization"]
    assert [each["source"] for each in report["datasets"][0]["resources"]][:2] == [
        f"{OLD}/velos.csv",
        f"{OLD}/gone.csv",
    ]
    assert [each.filetype for each in dataset.resources] == ["file", "remote", "remote", "remote"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "say what to migrate: --organization ORG, or --dataset ID"),
        (["--organization", "nobody"], "the portal knows no organization 'nobody'"),
        (["--dataset", "none"], "the portal knows no dataset 'none'"),
        (["--dataset", "x", "--portal", "nowhere"], "unknown portal 'nowhere'"),
    ],
)
def test_what_cannot_be_migrated_is_said_in_a_sentence(
    run_cli: Callable[..., Any], words: list[str], sentence: str
) -> None:
    ran = run_cli("migrate", *words)
    assert ran.code == 2, ran.said
    assert sentence in ran.said


async def test_where_nothing_points_elsewhere_there_is_nothing_to_do(migrate: Migrate) -> None:
    code, said = await migrate("--organization", "test-organization")
    assert code == 0, said
    assert "Nothing to do" in said


async def test_a_dry_run_that_would_move_nothing_says_what_stays(
    migrate: Migrate, dataset: Any
) -> None:
    del dataset.resources[:2]
    code, said = await migrate("--dataset", dataset.id, "--dry-run", "--report", "")
    assert code == 0, said
    assert "Nothing to do" in said
    assert "Vélos › L'API: left where it is: an API, not a file" in said  # noqa: RUF001
