"""The address of a GitHub repository in, those of its API and of its uploads out.

Releases are read and written at `https://api.github.com`, and their files are sent to
`https://uploads.github.com`; a GitHub Enterprise Server has both on its own host, below `/api/v3`
and `/api/uploads` (docs.github.com, "Getting started with the REST API").
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from bulkpub.errors import SettingsInvalid
from bulkpub.language import say
from bulkpub.portals.addresses import check_safe, web_parts
from bulkpub.portals.base import Preset

__all__ = ["PRESETS", "api_url", "root_of", "shown_on_page", "uploads_url"]

PRESETS: Mapping[str, Preset] = {}
"""No repository has a name of its own."""

HOSTED = "github.com"
API, UPLOADS = f"api.{HOSTED}", f"uploads.{HOSTED}"
_NAME = r"[A-Za-z0-9._-]+"
_PAGE = re.compile(rf"/({_NAME})/({_NAME}?)(?:\.git)?(?:/releases(?:/.*)?)?/?")
_HOSTED_API = re.compile(rf"/repos/({_NAME})/({_NAME})/?")
_OWN_API = re.compile(rf"/api/v3/repos/({_NAME})/({_NAME})/?")


def api_url(portal: str, insecure: bool = False) -> str | None:  # noqa: FBT001, FBT002 - see `Kind`
    """The address of the API of the repository at the address `portal`; None when it is none.

    `github:OWNER/REPOSITORY`, `https://github.com/OWNER/REPOSITORY`, on an Enterprise Server
    `github+https://HOST/OWNER/REPOSITORY`, or the API's own address with that before it. Raises
    `SettingsInvalid` when it carries a password, would send the key in the clear to another machine
    (`insecure` allows that), or names no repository.
    """
    if portal.startswith("github:"):
        portal = f"github+https://{HOSTED}/{portal.removeprefix('github:').lstrip('/')}"
    is_said = portal.startswith("github+")
    parts = web_parts(portal.removeprefix("github+"))
    if parts is None:
        return None
    host = parts.hostname
    is_hosted = host in {HOSTED, f"www.{HOSTED}", API}
    own = _OWN_API.fullmatch(parts.path)
    if not (is_said or is_hosted):
        return None
    check_safe(parts, insecure=insecure)
    found = own or (_HOSTED_API if host == API else _PAGE).fullmatch(parts.path)
    if not found or {".", ".."} & set(found.groups()):
        raise SettingsInvalid(
            say(
                "'{portal}' names no GitHub repository: give its owner and its name, as in "
                "github:ville-exemple/donnees",
                portal=portal,
            )
        )
    if is_hosted:
        return f"https://{API}/repos/{found[1]}/{found[2]}"
    return f"{parts.scheme}://{parts.netloc}/api/v3/repos/{found[1]}/{found[2]}"


def root_of(url: str) -> str:
    """The address of the whole API, of that of a repository."""
    return url.rpartition("/repos/")[0]


def uploads_url(api: str) -> str:
    """Where the files of the repository are sent whose API is at `api`.

    It is worked out here and not taken from an answer, as the key goes there.
    """
    parts = urlsplit(api)
    if parts.hostname == API:
        return f"https://{UPLOADS}{parts.path}"
    return f"{parts.scheme}://{parts.netloc}{parts.path.replace('/api/v3/', '/api/uploads/', 1)}"


def shown_on_page(address: str) -> tuple[str, str] | None:
    """What the page at `address` shows: a release is a dataset, its tag a name of it."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    _, found, tag = path.partition("/releases/tag/")
    return ("dataset", unquote(tag)) if found and tag and "/" not in tag else None
