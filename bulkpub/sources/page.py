"""One document read whole from elsewhere, and what it says as text.

The rule: a document is always readable. A charset that is wrong, unknown or missing costs at
worst a few characters, never the document.
"""

import codecs
from dataclasses import dataclass

__all__ = ["Page"]

MARKS = (
    # The longer ones first: UTF-32's mark begins with that of UTF-16.
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the encodings that take them away."""
NOT_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
"""What Python can decode too, but no server means: escapes, slow or warned about."""


@dataclass(frozen=True, slots=True)
class Page:
    """One document. `url` is where it was in the end, after redirects.

    `content_type` is in lower case and without parameters, `charset` as the server says, if it
    does; `link` is the Link header, for paging.
    """

    url: str
    content: bytes
    content_type: str = ""
    charset: str | None = None
    link: str | None = None

    def text(self) -> str:
        """The content as text.

        A byte order mark is believed first, as the WHATWG's encoding standard has it (section
        6, "decode"), then the charset the server says, then UTF-8; what none of them can read
        is Windows-1252, with U+FFFD for what that has no character for.
        """
        marked = [name for mark, name in MARKS if self.content.startswith(mark)]
        for encoding in [*marked[:1], _known(self.charset), "utf-8"]:
            try:
                if encoding:
                    return self.content.decode(encoding)
            except (UnicodeError, LookupError):  # the latter for what makes bytes, as `zlib`
                continue
        return self.content.decode("cp1252", errors="replace")


def _known(charset: str | None) -> str | None:
    """The name of a text encoding Python knows, or None."""
    try:
        name = codecs.lookup((charset or "").strip(" '\"")).name
    except (LookupError, ValueError):
        return None
    if name.replace("_", "-") in NOT_CHARSETS:
        return None
    # Those who say Latin-1 mean Windows-1252: the standard above, section 4.2.
    return "cp1252" if name == "iso8859-1" else name
