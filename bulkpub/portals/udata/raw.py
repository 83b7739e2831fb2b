"""Any request of udata's API, versions 1 and 2, as people write it.

The rule: it goes to the portal's own API or nowhere, as it carries the key.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

from bulkpub.core.addresses import redacted
from bulkpub.core.model import Json
from bulkpub.errors import DatasetFailed, SettingsInvalid
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.telling import RawAnswer, RawRequest
from bulkpub.portals.udata import codec

__all__ = ["raw", "raw_request"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_VERSIONED = re.compile(r"/api/([12])(?=/)")
_LITERAL = "/:@!$&'()*+,;=~%"
"""What stands for itself in a path; a percent sign begins what is quoted already."""
_ID = re.compile(r"/[0-9a-f]{24}(?=/)|/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/)")


async def raw(transport: Transport, request: RawRequest) -> RawAnswer:
    """Send `request`; see `Portal.raw`."""
    answer = await transport.send(raw_request(request, transport.base_url))
    refusal = "" if answer.ok else _words(answer)
    data = answer.json() if answer.ok else None
    items = data.get("data") if isinstance(data, Mapping) else None
    return RawAnswer(
        answer.status,
        answer.content,
        refusal,
        _next_page(data),
        tuple(items) if isinstance(items, list) else None,
    )


def raw_request(request: RawRequest, base_url: str) -> Request:
    """What is sent for `request` to the portal whose API 1 is at `base_url`.

    Raises `SettingsInvalid` when its address or method is none of the portal's.
    """
    method, path, params = request.method.upper(), request.path.strip(), dict(request.params)
    if method not in METHODS:
        raise SettingsInvalid(
            say(
                "there is no method '{method}'; it is one of {methods}",
                method=method,
                methods=", ".join(METHODS),
            )
        )
    api = urlsplit(base_url)
    parts = urlsplit(path)
    if parts.scheme or parts.netloc:
        if (parts.scheme, parts.netloc) != (api.scheme, api.netloc):
            raise SettingsInvalid(
                say(
                    "{path} is not at the portal ({netloc}), and nobody else is sent the key; "
                    "give a path, such as /datasets/",
                    path=redacted(path),
                    netloc=api.netloc,
                )
            )
    elif parts.fragment or path.startswith("//"):
        raise SettingsInvalid(
            say("{path} is no path of an API, such as /datasets/", path=redacted(path))
        )
    below = "/" + parts.path.lstrip("/")
    root: str | None = None
    versioned = _VERSIONED.match(below)
    if versioned:
        below = below[versioned.end() :]
        root = f"{base_url.rpartition('/')[0]}/{versioned[1]}"
    elif parts.netloc:
        raise SettingsInvalid(
            say("{path} is not below {base_url}", path=redacted(path), base_url=base_url)
        )
    if ".." in below.split("/") or any(ord(each) <= ord(" ") for each in below):
        raise SettingsInvalid(
            say("'{below}' is no path of an API, such as /datasets/", below=below)
        )
    # A missing final slash is answered with a redirect, which is not followed.
    name = below.rpartition("/")[2]
    below = below if not name or "." in name else f"{below}/"
    params = dict(parse_qsl(parts.query, keep_blank_values=True)) | params
    return Request(
        method,
        quote(below, safe=_LITERAL),
        _ID.sub("/{id}", below),
        params=params,
        headers={"X-Fields": _mask(request)} if request.mask else {},
        json=request.json,
        root=root,
    )


def _mask(request: RawRequest) -> str:
    needs = request.paged and not re.search(r"\bnext_page\b|\*", request.mask)
    return f"next_page,{request.mask}" if needs else request.mask


def _words(answer: Answer) -> str:
    words = codec.error_message(answer.json())
    if answer.status in {301, 302, 303, 307, 308}:
        words = say("it is at {location}", location=redacted(answer.headers.get("Location", "?")))
    return f"{answer.status}: {words}" if words else f"{answer.status}"


def _next_page(data: Json) -> int | None:
    if not isinstance(data, Mapping) or not data.get("next_page"):
        return None
    address = str(data["next_page"])
    for name, value in parse_qsl(urlsplit(address).query):
        if name == "page" and value.isdecimal():
            return int(value)
    raise DatasetFailed(say("the next page has no number: {address}", address=redacted(address)))
