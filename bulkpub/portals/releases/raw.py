"""Any request of the API of a host of releases, as people write it.

The rule: it goes to the host's own API or nowhere, as it carries the key.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit

from bulkpub.core.addresses import redacted
from bulkpub.core.model import Json
from bulkpub.errors import SettingsInvalid
from bulkpub.http.messages import Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.releases.paging import next_params
from bulkpub.portals.telling import RawAnswer, RawRequest

__all__ = ["raw", "raw_request"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_LITERAL = "/:@!$&'()*+,;=~%"
"""What stands for itself in a path; a percent sign begins what is quoted already."""


async def raw(
    transport: Transport, request: RawRequest, root: str, words: Callable[[Json], str]
) -> RawAnswer:
    """Send `request`; see `Portal.raw`. `root` is the API's address, `words` as in `Reader`."""
    answer = await transport.send(raw_request(request, root))
    data = answer.json()
    said = "" if answer.ok else words(data)
    refusal = "" if answer.ok else f"{answer.status}: {said}" if said else f"{answer.status}"
    page = (next_params(answer.headers) or {}).get("page", "")
    return RawAnswer(
        answer.status,
        answer.content,
        refusal,
        int(page) if page.isdecimal() else None,
        tuple(data) if answer.ok and isinstance(data, list) else None,
    )


def raw_request(request: RawRequest, root: str) -> Request:
    """What is sent for `request` to the API at `root`.

    Raises `SettingsInvalid` when its address or method is none of the API's.
    """
    method, path = request.method.upper(), request.path.strip()
    if method not in METHODS:
        raise SettingsInvalid(
            say(
                "there is no method '{method}'; it is one of {methods}",
                method=method,
                methods=", ".join(METHODS),
            )
        )
    if "://" in path:
        if not path.startswith(f"{root}/"):
            raise SettingsInvalid(
                say(
                    "{path} is not below {root}, and nobody else is sent the key; give a path, "
                    "such as /projects",
                    path=redacted(path),
                    root=root,
                )
            )
        path = path.removeprefix(root)
    parts = urlsplit(path)
    below = "/" + parts.path.lstrip("/")
    odd = ".." in below.split("/") or any(ord(each) <= ord(" ") for each in below)
    if odd or parts.netloc or parts.fragment:
        raise SettingsInvalid(
            say("'{path}' is no path of an API, such as /projects", path=redacted(path))
        )
    params = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(request.params)
    return Request(
        method, quote(below, safe=_LITERAL), below, params=params, json=request.json, root=root
    )
