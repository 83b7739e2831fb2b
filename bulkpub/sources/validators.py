"""What a server says of a version of its file: to ask whether it changed, and to go on with it.

By RFC 9110, sections 8.8 (validators), 13 (conditional requests) and 14 (ranges).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from bulkpub.core.model import LastFetch

__all__ = ["Range", "conditions", "content_range", "strong_validator", "told"]

LONGEST = 1000
"""Characters of a validator worth keeping and sending back."""
STRONG_AFTER = 60.0
"""Seconds; a file that did not change for so long before it was sent is told by its date."""
CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Range:
    """The stretch of a file that a 206 holds, in bytes: `start` to `end`, `total` if told."""

    start: int
    end: int
    total: int | None


def told(headers: Mapping[str, str], name: str) -> str | None:
    """A header worth sending back one day, as the server wrote it; None for nonsense."""
    value = headers.get(name, "").strip()
    return value if value and len(value) <= LONGEST and value.isascii() else None


def conditions(last: LastFetch | None) -> dict[str, str]:
    """The headers that ask for the file only if it is not the one that was fetched last."""
    asked: dict[str, str] = {}
    if last is not None and last.etag:
        asked["If-None-Match"] = last.etag
    if last is not None and last.last_modified:
        asked["If-Modified-Since"] = last.last_modified
    return asked


def strong_validator(headers: Mapping[str, str]) -> str | None:
    """What `If-Range` may be asked with: it changes whenever a single byte does.

    That is a strong ETag, or a date of modification well before the answer's own date.
    """
    if headers.get("Accept-Ranges", "").strip().lower() == "none":
        return None
    etag = told(headers, "ETag")
    if etag is not None:
        return etag if etag.startswith('"') else None
    modified = told(headers, "Last-Modified")
    try:
        changed = parsedate_to_datetime(modified or "")
        sent = parsedate_to_datetime(headers.get("Date", ""))
        apart = sent.timestamp() - changed.timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return modified if apart >= STRONG_AFTER else None


def content_range(headers: Mapping[str, str]) -> Range | None:
    """What a 206 says it holds; None when that makes no sense."""
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None:
        return None
    start, end, total = int(found[1]), int(found[2]), found[3]
    of = None if total == "*" else int(total)
    if end < start or (of is not None and end >= of):
        return None
    return Range(start, end, of)
