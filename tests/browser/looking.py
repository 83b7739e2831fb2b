"""How a page is looked at: on every screen, for what shuts people out, and in pictures."""

import os
from pathlib import Path
from typing import Any

from tests.browser.chromium import Page

__all__ = ["SCREENS", "keep", "violations"]


async def violations(browser: Page, axe: str) -> list[Any]:
    # A page's policy lets no script in but its own; the protocol's is none of the page's.
    await browser.value(axe + ";0")
    found = await browser.value(
        "axe.run({resultTypes: ['violations']}).then(r => r.violations.map("
        "v => [v.id, v.help, v.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert isinstance(found, list)
    return found


KEPT = os.environ.get("BULKPUB_PICTURES")
"""A folder for pictures, for whoever wants to look at the page."""


def keep(name: str, picture: bytes) -> None:
    if KEPT:
        (Path(KEPT) / name).write_bytes(picture)


SCREENS = [(1280, False), (1280, True), (400, False), (400, True)]
