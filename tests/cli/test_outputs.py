"""Where the words go: a reader that leaves or a full disk costs words, never the run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler


@pytest.fixture
def command(served: Sandbox, environment: dict[str, str], folder: Any) -> Callable[..., Any]:
    """Run `bulkpub run` on a small manifest as a process of its own."""

    def command(*arguments: str, **streams: Any) -> tuple[int, str]:
        keys = {"BULKPUB_PORTAL": served.base_url, "BULKPUB_API_KEY": served.api_key}
        more = streams.pop("env", {})
        manifest = folder.manifest(folder.dataset("a", "é.csv", title="Été … 日本"))
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bulkpub", "run", manifest, *arguments],
            env=environment | keys | more,
            cwd=folder.path,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
            **streams,
        )
        return ended.returncode, ended.stderr.decode()

    return command


@pytest.fixture
def report(folder: Any) -> Callable[[], Any]:
    return lambda: orjson.loads((folder.path / "bulkpub-report.json").read_bytes())


def test_a_full_disk_under_stdout_is_told_and_the_report_written(
    command: Callable[..., Any], report: Callable[[], Any]
) -> None:
    with Path("/dev/full").open("wb") as full:
        code, err = command(stdout=full)
    assert code == 1
    assert err.splitlines()[-1] == (
        "bulkpub: the results could not be printed: No space left on device"
    )
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert report()["run"]["exit_code"] == 0


@pytest.mark.parametrize(
    "words",
    ["--version", "history", "validate m.yaml", "init . --spreadsheet"],
)
def test_a_full_disk_under_stdout_is_a_sentence_whatever_is_printed(
    environment: dict[str, str], folder: Any, words: str
) -> None:
    (folder.path / "m.yaml").write_text("datasets: []\n")
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bulkpub", *words.split()],
            env=environment,
            cwd=folder.path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines() == [
        "bulkpub: the results could not be printed: No space left on device"
    ]


def test_a_reader_who_leaves_changes_nothing(
    command: Callable[..., Any], report: Callable[[], Any]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code, err = command(stdout=writer)
    os.close(writer)
    assert code == 0
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert report()["totals"]["resources"]["created"] == 1


def test_an_old_terminal_sees_the_letters_it_has(command: Callable[..., Any]) -> None:
    code, err = command(stdout=subprocess.DEVNULL, env={"PYTHONIOENCODING": "ascii"})
    assert (code, "Traceback" in err) == (0, False)


@pytest.mark.parametrize(
    ("form", "variables", "in_log"),
    [
        ("human", {"CI": "true"}, 0),  # one log has both
        ("human", {}, 1),  # who reads stderr alone, as cron mails it, is told there
        ("json", {"CI": "true"}, 1),  # programs read no summary
    ],
)
def test_a_failure_is_told_once_to_whoever_reads(
    *,
    run_cli: Callable[..., Any],
    folder: Any,
    served: Sandbox,
    form: str,
    variables: dict[str, str],
    in_log: int,
) -> None:
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith("/upload/"):
            await request.read()
            return web.json_response({"message": "no room for it"}, status=400)
        return await handler(request)

    served.interceptor = refuse
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--log-format", form, env={"CI": None, **variables})
    assert ran.code == 1
    assert ran.out.count("no room for it") == 1
    assert ran.err.count("no room for it") == in_log
