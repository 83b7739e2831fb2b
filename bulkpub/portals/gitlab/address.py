"""The address of a GitLab project in, that of its API out.

A project lies in a group, which may lie in others. That GitLab is there an address tells by itself
of gitlab.com alone; that of any other server says so, with `gitlab+` before it.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from bulkpub.errors import SettingsInvalid
from bulkpub.language import say
from bulkpub.portals.addresses import check_safe, web_parts
from bulkpub.portals.base import Preset

__all__ = ["PRESETS", "api_url", "root_of", "shown_on_page"]

PRESETS: Mapping[str, Preset] = {}
"""No project has a name of its own."""

HOSTED = "gitlab.com"
_STEP = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*"
_PROJECT = re.compile(rf"{_STEP}(?:/{_STEP})+")
_API = re.compile(r"(.*/api/v4)/projects/([^/]+)/?")


def api_url(portal: str, insecure: bool = False) -> str | None:  # noqa: FBT001, FBT002 - see `Kind`
    """The address of the API of the GitLab project at the address `portal`; None when it is none.

    `gitlab:GROUP/PROJECT`, `https://gitlab.com/GROUP/PROJECT`, on another server
    `gitlab+https://HOST/GROUP/PROJECT`, or the API's own address,
    `https://HOST/api/v4/projects/ID`. Raises `SettingsInvalid` when it carries a password, would
    send the key in the clear to another machine (`insecure` allows that), or names no project.
    """
    if portal.startswith("gitlab:"):
        portal = f"gitlab+https://{HOSTED}/{portal.removeprefix('gitlab:').lstrip('/')}"
    is_said = portal.startswith("gitlab+")
    parts = web_parts(portal.removeprefix("gitlab+"))
    if parts is None:
        return None
    host, api = parts.hostname, _API.fullmatch(parts.path)
    if not (is_said or api or host in {HOSTED, f"www.{HOSTED}"}):
        return None
    check_safe(parts, insecure=insecure)
    root, project = (api[1], unquote(api[2])) if api else ("/api/v4", _named(parts.path))
    if not (project.isdecimal() or _PROJECT.fullmatch(project)):
        raise SettingsInvalid(
            say(
                "'{portal}' names no GitLab project: give its group and its name, as in "
                "gitlab:ville-exemple/donnees",
                portal=portal,
            )
        )
    server = parts.netloc.removeprefix("www.") if host == f"www.{HOSTED}" else parts.netloc
    return f"{parts.scheme}://{server}{root}/projects/{quote(project, safe='')}"


def _named(path: str) -> str:
    """The project of a page: what follows its address (`/-/releases`) is a page of it."""
    return path.partition("/-/")[0].strip("/").removesuffix("/-").removesuffix(".git")


def root_of(url: str) -> str:
    """The address of the server's API, of that of a project."""
    return url.rpartition("/projects/")[0]


def shown_on_page(address: str) -> tuple[str, str] | None:
    """What the page at `address` shows: a release is a dataset, its tag the id."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    _, found, rest = path.partition("/-/releases/")
    tag, _, more = rest.partition("/")
    return ("dataset", unquote(tag)) if found and tag and not more else None
