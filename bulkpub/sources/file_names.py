"""The name of a fetched file: what the server calls it, else the last part of its address.

The rule: whatever the server says, what comes out is one plain file name, never a path, never
empty, of a length every file system takes. An extension it lacks is that of its content type,
since the portal goes by extensions alone.
"""

import mimetypes
import re
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Any
from urllib.parse import unquote, urlsplit

from bulkpub.core.addresses import archive_of
from bulkpub.core.schemes import scheme_of
from bulkpub.data import extensions_of_content_types, formats

__all__ = ["file_name", "plain_name", "told_by_address"]

EXTENSION = re.compile(r"\.(?=[^.]*[a-z])([a-z0-9_-]{1,12})$", re.IGNORECASE)
"""With a letter in it: the end of `stock.2024` or `v1.2` says nothing."""
LONGEST = 200
"""Bytes in UTF-8; file systems take 255."""
NOTHING = "file"
"""The name of what has none."""


def file_name(url: str, headers: Mapping[str, str], asked: str = "") -> str:
    """The name of the file at `url` (where it was in the end) by the headers of its answer.

    `asked` is the address before redirects: storage often has names that say less.
    """
    # A program answers behind `.php` and the like: no extension of the file it gives.
    scripts = formats().scripts
    given = _sanitised(_disposed(headers.get("Content-Disposition", "")))
    parts = [part for part in (_sanitised(_last_part(each)) for each in (url, asked)) if part]
    named = [part for part in parts if _extension(part, scripts)]
    name = given or next(iter([*named, *parts]), NOTHING)
    if not _extension(name, frozenset() if given else scripts):
        derived = _extension_of(headers.get("Content-Type", ""))
        ended = EXTENSION.search(name) if derived else None
        name = f"{name[: ended.start()] if ended else name}{derived}"
    return _shortened(name)


def told_by_address(url: str) -> str:
    """The name that the file at `url` is going to have, as far as its address alone tells it.

    On the web, empty for an address that may not name its file: one that does not end in the
    extension of a known format, or in one behind which a program answers. A server can name its
    file otherwise all the same; one that does for `a.exe` is not waited for.
    """
    member, archive = archive_of(url)
    scheme = scheme_of(url)
    if archive:
        return plain_name(member.partition("://")[2])
    if scheme is None:
        return ""
    if not scheme.is_web:
        path = url.strip().partition("://")[2]
        return plain_name(unquote(path) if scheme.port else path)
    name, known = _sanitised(_last_part(url)), formats()
    extension = _extension(name, known.scripts)[1:].lower()
    is_known = extension in known.files | known.other_files | known.page_extensions
    return _shortened(name) if is_known else ""


def plain_name(path: str) -> str:
    """The name of the file at `path`, which is taken as it is written."""
    return _shortened(_sanitised(path) or NOTHING)


def _extension(name: str, none: AbstractSet[str]) -> str:
    """The extension of `name`, with its dot; empty when there is none, or one of `none`."""
    found = EXTENSION.search(name)
    return "" if found is None or found[1].lower() in none else found[0]


def _disposed(header: str) -> str:
    """The file name in a Content-Disposition: `filename*` before `filename`, RFC 6266.

    Read by the standard library's parser of MIME parameters, which also survives what servers
    write against the rules: names without quotes, with spaces, without a disposition.
    """
    if "=" in header.partition(";")[0]:
        header = f"attachment; {header}"
    message = Message()
    message["Content-Disposition"] = _readable(header).replace("\r", " ").replace("\n", " ")
    found: list[tuple[str, Any]] = [*message.get_params([], "Content-Disposition")]
    named = [value for key, value in found if key.lower() == "filename"]
    # What came as `filename*` is a tuple: charset, language, text.
    for value in sorted(named, key=lambda each: not isinstance(each, tuple)):
        decoded = _extended(*value) if isinstance(value, tuple) else _plain(value)
        if decoded.strip():
            return decoded
    return ""


def _readable(header: str) -> str:
    """Bytes that were no UTF-8 (surrogates, in aiohttp's headers) are taken for Windows-1252."""
    try:
        header.encode()
    except UnicodeEncodeError:
        return header.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return header


def _extended(charset: str | None, _language: str | None, text: str) -> str:
    try:
        return text.encode("latin-1").decode(charset or "utf-8")
    except (UnicodeError, LookupError):
        return ""


def _plain(text: str) -> str:
    """A plain parameter; some servers encode it all the same, as mail does or as addresses do."""
    if "=?" in text:
        try:
            return str(make_header(decode_header(text)))
        except (HeaderParseError, UnicodeError, LookupError, ValueError):
            return text
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        return text


def _last_part(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    part = path.rstrip("/").rpartition("/")[2]
    try:
        return unquote(part, errors="strict")
    except UnicodeError:
        return unquote(part, "cp1252", errors="replace")


def _sanitised(name: str) -> str:
    """One plain file name, or nothing."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    name = name.rstrip("/ ").rpartition("/")[2]
    kept = (each if each.isprintable() else " " for each in name)
    cleaned = re.sub(r'[<>:"|?*]', "-", "".join(kept))
    return " ".join(cleaned.split()).lstrip(". ").rstrip(". ")


def _extension_of(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    # That of a page is no extension for data.
    if not kind or kind == "text/html" or kind in formats().unspecific:
        return ""
    return extensions_of_content_types().get(kind) or mimetypes.guess_extension(kind) or ""


def _shortened(name: str) -> str:
    """At most `LONGEST` bytes; the extension is kept."""
    if len(name.encode()) <= LONGEST:
        return name
    extension = EXTENSION.search(name)
    tail = extension[0] if extension else ""
    stem = name[: len(name) - len(tail)].encode()[: LONGEST - len(tail)]
    return stem.decode(errors="ignore").rstrip(". ") + tail
