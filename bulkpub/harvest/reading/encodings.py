"""In what encoding a document is, by the rules of its format and of HTTP: a page → one in UTF-8.

XML (RFC 7303, section 3): a byte order mark counts first, then what the server says, then the
document's own declaration. JSON and Turtle are in UTF-8 whatever a server says of their charset
(RFC 8259, section 8.1; Turtle, section 4): that is believed only of what is not. What nothing
can decode stays as it is, for its parser to explain.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from bulkpub.sources.answers import MARKS, Page, known_charset

__all__ = ["in_utf8"]

_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>", re.IGNORECASE)
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)
_XML = re.compile(r"(?:text|application)/(?:[\w.-]+\+)?xml")
_HEAD = 400
"""Bytes within which a declaration ends."""


def in_utf8(page: Page) -> Page:
    """The page in UTF-8 without a byte order mark, and without another encoding's name."""
    for encoding in _encodings(page):
        try:
            text = page.content.decode(encoding)
        except (UnicodeError, LookupError):  # the latter for what makes bytes, as `zlib`
            continue
        text = text.removeprefix("\ufeff")
        start = len(text) - len(text.lstrip())
        if found := _DECLARATION.match(text, start):
            text = '<?xml version="1.0"?>' + text[found.end() :]
        return replace(page, content=text.encode(), charset="utf-8")
    return page


def _encodings(page: Page) -> Iterator[str]:
    """The encodings to try, the likeliest first."""
    yield from (name for mark, name in MARKS if page.content.startswith(mark))
    wide = json.detect_encoding(page.content)  # by its zero bytes, which XML has as well
    if wide.startswith(("utf-16", "utf-32")):
        yield wide
        return
    head = page.content[:_HEAD].lstrip()
    declared = _ENCODING.match(head)
    said = list(_narrow(page.charset))
    if _XML.fullmatch(page.content_type) or head[:5].lower() == b"<?xml":
        yield from said
        yield from _narrow(declared[1].decode() if declared else None)
        yield "utf-8"
    else:
        yield "utf-8"
        yield from said


def _narrow(charset: str | None) -> Iterator[str]:
    """The charset, when Python knows it and text without zero bytes can be in it."""
    name = known_charset(charset)
    if name and not name.startswith(("utf-16", "utf-32")):
        yield name
        if name == "cp1252":
            yield "latin-1"  # has a character for every byte
