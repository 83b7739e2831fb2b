"""The command line, in this very process: `run_cli`, and a portal in a thread of its own."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
import structlog
from anyio.from_thread import start_blocking_portal

from bulkpub.cli import main
from bulkpub.sandbox import Sandbox, SandboxSettings


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str
    report: dict[str, Any] | None = field(repr=False)

    @property
    def said(self) -> str:
        return self.out + self.err


@pytest.fixture
def served() -> Iterator[Sandbox]:
    """A sandbox in a thread of its own, for commands that bring their own event loop."""
    with (
        start_blocking_portal() as thread,
        thread.wrap_async_context_manager(Sandbox()) as sandbox,
    ):
        yield sandbox


@pytest.fixture
def limited_sandbox() -> Iterator[Sandbox]:
    """One whose quota is soon paced."""
    settings = SandboxSettings(rate_limit="12/hour")
    with (
        start_blocking_portal() as thread,
        thread.wrap_async_context_manager(Sandbox(settings)) as sandbox,
    ):
        yield sandbox


@pytest.fixture
def run_cli(
    served: Sandbox,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    report_faults: Callable[[bytes], list[str]],
) -> Iterator[Callable[..., Ran]]:
    """Run a command in the test's folder, with the key and the address of `served`.

    `env` adds variables, or takes them away (None); `fresh` is without the report of the command
    before. Whatever the command does, there must be
    no traceback, no key in what it prints or writes, and no report that its schema refuses.
    """
    monkeypatch.chdir(tmp_path)

    def run_cli(
        *args: object, env: Mapping[str, str | None] | None = None, fresh: bool = True
    ) -> Ran:
        told: dict[str, str | None] = {
            **environment,
            "BULKPUB_PORTAL": served.base_url,
            "BULKPUB_API_KEY": served.api_key,
            **(env or {}),
        }
        variables = {name: value for name, value in told.items() if value is not None}
        report = tmp_path / "bulkpub-report.json"
        if fresh:
            report.unlink(missing_ok=True)
        code, out, err = _ran(args, variables)
        content = report.read_bytes() if report.exists() else None
        ran = Ran(code, out, err, orjson.loads(content) if content else None)
        assert "Traceback" not in ran.said
        for secret in {served.api_key, variables.get("BULKPUB_API_KEY", "").strip()} - {""}:
            assert secret not in ran.said + (content or b"").decode()
        assert content is None or report_faults(content) == []
        return ran

    yield run_cli
    structlog.reset_defaults()  # what a command configured writes to streams that are gone


@pytest.fixture
def quiet_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ran]]:
    """Run a command in the test's folder, with a portal in memory; there must be no traceback."""
    monkeypatch.chdir(tmp_path)

    def quiet_cli(*args: object, env: Mapping[str, str] | None = None) -> Ran:
        told = {
            "HOME": str(tmp_path),
            "BULKPUB_STATE_DIR": str(tmp_path / "state"),
            "BULKPUB_PORTAL": f"memory://{tmp_path.name}",
            "BULKPUB_API_KEY": "a-key-of-nobody",
            **(env or {}),
        }
        ran = Ran(*_ran(args, told), report=None)
        assert "Traceback" not in ran.said
        return ran

    yield quiet_cli
    structlog.reset_defaults()


def _ran(args: Iterable[object], variables: Mapping[str, str]) -> tuple[int, str, str]:
    """The exit code of a command, and what it printed on either stream."""
    out, err = _Captured(), _Captured()
    with (
        patch.dict(os.environ, variables, clear=True),
        patch.object(sys, "argv", ["bulkpub", *map(str, args)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = _exit_code(main)
    return code, out.text, err.text


class _Captured(io.TextIOWrapper):
    """A stream that remembers, with a buffer below it as the real ones have."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def _exit_code(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0
