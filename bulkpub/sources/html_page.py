"""Whether what begins so is a page of HTML, whatever its name and content type say.

The rule: a page is known by its first tag, so that a CSV served as `text/html` is data and an
error page served as `text/csv` is not. XML that is no XHTML is data.
"""

import codecs
import re

__all__ = ["ENOUGH", "is_html"]

ENOUGH = 4096
"""So many bytes from the beginning are enough to know."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BEFORE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""What may stand before the first tag: space, comments, the XML declaration, PHP left over."""
PAGE = re.compile(
    # A document type or tag of HTML; elements that only stand in pages; XHTML by its doctype.
    r"<!doctype\s+html\b|<(html|head|body|title|meta|script|style|link|noscript|frameset|h1|div|"
    r"table|center|p|br|iframe)(\s[^>]*)?/?>",
    re.IGNORECASE,
)
XHTML = "http://www.w3.org/1999/xhtml"
SPACE_NAMED = re.compile(r"<([\w.-]+):html\b([^>]*)>", re.IGNORECASE)


def is_html(head: bytes) -> bool:
    """Whether content that begins with `head` (`ENOUGH` bytes of it, if it has as many) is a page.

    An XML document whose first element merely is called as one of HTML's (`<table>`, `<title>`)
    and that says it is XML, is data, unless it is XHTML.
    """
    text = _text(head[:ENOUGH])
    declared = text.lstrip().startswith("<?xml")
    at = 0
    while before := BEFORE.match(text, at):
        at = before.end()
    if text.startswith("<!--", at):  # a comment longer than what we see: no data begins so
        return not declared
    if (named := SPACE_NAMED.match(text, at)) is not None:
        return XHTML in named[2]
    page = PAGE.match(text, at)
    if page is None:
        return False
    if declared and page[1]:
        return page[1].lower() == "html" or XHTML in page[0]
    return True


def _text(head: bytes) -> str:
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace")
    if head[:4] == b"<\0!\0" or head[1:2] == b"\0":
        return head.decode("utf-16-le", errors="replace")
    return head.decode("latin-1")
