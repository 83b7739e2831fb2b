"""CSV as the programs of others write it: its encoding, its lines, the separator it names.

Pure. The rule: CR, LF and CRLF end a line, and nothing else does. What Word (U+2028) and
FileMaker (vertical tab) leave in a cell stays in it, which `str.splitlines` would not grant.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator

from bulkpub.language import say

__all__ = [
    "SEPARATORS",
    "encoding_of",
    "lines_of",
    "marked_encoding",
    "no_text_but",
    "separator_named",
    "separator_of",
]

SEPARATORS = ",;\t|"
"""Those that a table may have between its cells; on a tie, the first."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXTS = {
    b"pk\x03\x04": say("a spreadsheet or another archive: save it as CSV (UTF-8)"),
    b"\xd0\xcf\x11\xe0": say("a document of an office program: save it as CSV (UTF-8)"),
    b"{\\rtf": say("a document of a word processor: save it as plain text"),
    b"<!doctype html": say("a page of HTML"),
    b"<html": say("a page of HTML"),
}
"""How files begin, in small letters, that people give the name of a table or a manifest."""
_LATIN_IN_UTF8 = re.compile(rb"\xc3[\x80-\xbf]")
"""A letter with an accent, of which Windows-1252 would make Ã and a sign."""
_QUOTED = re.compile(rf'(^|[{SEPARATORS}])"(?:[^"]|"")*"')
_NAMED = re.compile(r'\s*"?sep=(?P<separator>[^\s"]|\t)"?[\s,;]*', re.IGNORECASE)


def marked_encoding(head: bytes) -> str | None:
    """The encoding that the byte order mark at the beginning names; None without one."""
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def no_text_but(head: bytes) -> str:
    """What a file is that begins so, and what to do about it; empty for what may be a text."""
    begins = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    return next((what for sign, what in _NO_TEXTS.items() if begins.startswith(sign)), "")


def encoding_of(blocks: Iterable[bytes]) -> str:
    """The encoding of a whole file: by its mark, else UTF-8 if it is that, else Windows-1252.

    What has letters in UTF-8 and a fault elsewhere counts as UTF-8: as Windows-1252 it would be
    read to its end, and every `é` as `Ã©`.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_sound, is_first = True, True
    for block in blocks:
        if is_first and (marked := marked_encoding(block)) is not None:
            return marked
        if _LATIN_IN_UTF8.search(block):
            return "utf-8"
        is_first, is_sound = False, is_sound and _decodes(decoder, block)
    return "utf-8" if is_sound and _decodes(decoder, b"", final=True) else "cp1252"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final=final)
    except UnicodeDecodeError:
        return False
    return True


def lines_of(content: bytes) -> Iterator[str]:
    """The lines with their ends, whatever the encoding; bytes that mean nothing in it are �."""
    text = content.decode(encoding_of([content]), errors="replace")
    return iter(io.StringIO(text, newline=""))


def separator_named(line: str) -> str:
    """The separator that a first line such as `sep=;` names; empty when it is no such line.

    Excel writes that line and reads it; it is no row of the table.
    """
    found = _NAMED.fullmatch(line)
    return found["separator"] if found else ""


def separator_of(record: str) -> str:
    """The separator that the first record of a table has most of, outside of quotes."""
    return max(SEPARATORS, key=_QUOTED.sub(r"\1", record).count)
