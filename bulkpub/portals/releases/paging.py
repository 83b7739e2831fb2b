"""Which page of a listing comes next: pure.

The rule: an answer tells the parameters of the next request and never its address, which is ours;
the key goes there.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

__all__ = ["next_params"]

_LINK = re.compile(r'<([^<>]*)>\s*((?:;\s*[^;,="]+(?:="[^"]*"|=[^;,"]*)?)*)')
_NEXT = re.compile(r';\s*rel="?next"?\s*(?:;|\Z)')


def next_params(headers: Mapping[str, str]) -> dict[str, str] | None:
    """The parameters of the request for the next page, after the header `Link` (RFC 8288).

    None where there is no next page, or nothing is told.
    """
    for address, said in _LINK.findall(headers.get("Link", "")):
        if _NEXT.search(said):
            try:
                return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
            except ValueError:
                return None
    return None
