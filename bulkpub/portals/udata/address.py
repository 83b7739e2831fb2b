"""A udata portal's name or address in, the address of its API out."""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from bulkpub.portals.addresses import check_safe, web_parts
from bulkpub.portals.base import Preset

__all__ = ["PRESETS", "SANDBOX_PORT", "api_url", "shown_on_page"]

SANDBOX_PORT = 7171

PRESETS: Mapping[str, Preset] = {
    "www": Preset("https://www.data.gouv.fr/api/1"),
    "demo": Preset("https://demo.data.gouv.fr/api/1"),
    # Its key is known to all; another portal's key must not reach it.
    "sandbox": Preset(
        f"http://127.0.0.1:{SANDBOX_PORT}/api/1",
        key="udata_test-token-user-0000000000000000000000000000",
    ),
}
"""The portals that have a name."""


def api_url(portal: str, insecure: bool = False) -> str | None:  # noqa: FBT001, FBT002 - see `Kind`
    """The address of the API of the udata site at the address `portal`; None when it is none.

    Raises `SettingsInvalid` when it carries a password, or would send the API key in the clear
    to another machine (`insecure` allows that).
    """
    parts = web_parts(portal)
    if parts is None:
        return None
    check_safe(parts, insecure=insecure)
    path = parts.path.rstrip("/").removesuffix("/api")
    if not re.search(r"/api/\d+$", path):
        path += "/api/1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def shown_on_page(address: str) -> tuple[str, str] | None:
    """What is at `address`, a page or a permalink, and its id or slug.

    As in `.../organizations/NAME/...`, `.../datasets/NAME/` and `.../datasets/r/ID`.
    """
    try:
        steps = [unquote(step) for step in urlsplit(address).path.split("/") if step]
    except ValueError:
        return None
    for kind in ("organization", "dataset"):
        if f"{kind}s" not in steps[:-1]:
            continue
        name, *more = steps[steps.index(f"{kind}s") + 1 :]
        if (kind, name) == ("dataset", "r") and more:
            return "resource", more[0]  # a permalink
        return kind, name
    return None
