"""A browser for a test, skipped where there is none; `make test-browser` wants one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.chromium import Page, browser_here, opened_browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / ".browser" / "node_modules" / "axe-core" / "axe.min.js"


def _missing(what: str) -> None:
    """Skip, unless it was promised that it is there."""
    if os.environ.get("BULKPUB_BROWSER_WANTED"):
        pytest.fail(f"there is no {what}: see `make test-browser`")
    pytest.skip(f"there is no {what} here: see `make test-browser`")


@pytest.fixture
async def browser() -> AsyncIterator[Page]:
    program = browser_here()
    if program is None:
        _missing("Chromium")
        return
    async with opened_browser(program) as page:
        yield page


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people from using a page."""
    if not AXE.is_file():
        _missing("axe-core")
    return AXE.read_text(encoding="utf-8")
