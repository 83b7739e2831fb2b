"""The bytes of an embedded portal: uploads on their way in, hosted files, parts of files.

Rule: a body is hashed and written while it arrives and never held in memory as a whole; only
what is smaller than a piece of it stays there. A hosted file lies where udata puts it,
`slug/YYYYMMDD-HHMMSS/name`, and is never written twice: that is how udata comes to answer 500.
"""

import hashlib
import mimetypes
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bulkpub.sandbox.answers import crashed
from bulkpub.sandbox.vocabularies import ARCHIVES, EXTENSIONS

__all__ = ["FileStore", "Spool", "format_of", "mime_of"]

PIECE = 1 << 20
"""Bytes read or written at a time when a file is copied."""

IN_MEMORY = 1 << 16
"""Bytes of a body that wait in memory for the rest before they go to disk."""

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OFFICE_XML = "application/vnd.openxmlformats-officedocument."
_MIMES = mimetypes.MimeTypes()
"""Those of Python and of Debian's `/etc/mime.types`, where udata looks."""
for _type, _extensions in (
    ("application/epub+zip", ".epub"),
    ("application/geo+json", ".geojson"),
    ("application/geopackage+sqlite3", ".gpkg"),
    ("application/rdf+xml", ".rdf"),
    ("application/rtf", ".rtf"),
    ("application/sql", ".sql"),
    ("application/vnd.dbf", ".dbf"),
    ("application/vnd.google-earth.kml+xml", ".kml"),
    ("application/vnd.google-earth.kmz", ".kmz"),
    (_OPEN_DOCUMENT + "formula", ".odf"),
    (_OPEN_DOCUMENT + "graphics", ".odg"),
    (_OPEN_DOCUMENT + "presentation", ".odp"),
    (_OPEN_DOCUMENT + "spreadsheet", ".ods"),
    (_OPEN_DOCUMENT + "text", ".odt"),
    (_OFFICE_XML + "spreadsheetml.sheet", ".xlsx"),
    (_OFFICE_XML + "wordprocessingml.document", ".docx"),
    ("application/vnd.rar", ".rar"),
    ("application/vnd.sqlite3", ".sqlite"),
    ("application/x-7z-compressed", ".7z"),
    ("application/x-abiword", ".abw"),
    ("application/x-gnumeric", ".gnumeric"),
    ("application/x-qgis", ".shp .shx"),
    ("application/xml", ".xml"),
    ("image/jp2", ".jp2"),
    ("image/vnd.dwg", ".dwg"),
    ("image/vnd.dxf", ".dxf"),
    ("image/webp", ".webp"),
    ("text/calendar", ".ics"),
    ("text/turtle", ".ttl"),
):
    for _extension in _extensions.split():
        _MIMES.add_type(_type, _extension)

_COMPRESSED = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
}


def mime_of(name: str) -> str:
    """The media type udata gives a file, from its name alone."""
    mime, encoding = _MIMES.guess_type(name)
    if encoding:
        return _COMPRESSED.get(encoding, "application/octet-stream")
    return mime or "application/octet-stream"


def format_of(name: str) -> str | None:
    """The format udata gives a file: its extension, with the one before an archive's."""
    found = None
    while "." in name:
        name, _, extension = name.rpartition(".")
        if found and extension not in EXTENSIONS:
            break
        found = f"{extension}.{found}" if found else extension
        if extension not in ARCHIVES:
            break
    return found


class Spool:
    """A body on its way in: written piece by piece, hashed and counted."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder = folder
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._waiting = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    @property
    def sha1(self) -> str:
        """The SHA-1 of all that was written, in hexadecimal."""
        return self._sha1.hexdigest()

    def write(self, data: bytes) -> None:
        """Take in the next piece."""
        self._sha1.update(data)
        self.size += len(data)
        if self._file is None and self.size <= IN_MEMORY:
            self._waiting += data
            return
        if self._file is None:
            handle, path = tempfile.mkstemp(dir=self._folder)
            self._file, self._path = os.fdopen(handle, "wb"), Path(path)
            self._file.write(self._waiting)
            self._waiting.clear()
        self._file.write(data)

    def move_to(self, target: Path) -> None:
        """Put the body where it belongs; the spool is empty afterwards.

        :raises Refused: 500 when the name is one the file system cannot hold.
        """
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if self._file is None or self._path is None:
                target.write_bytes(self._waiting)
                return
            self._file.close()
            self._path.replace(target)
        except OSError:
            self.discard()
            raise crashed() from None

    def discard(self) -> None:
        """Forget the body; harmless after `move_to`."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


class FileStore:
    """The hosted files and the parts of files yet to be assembled, below one folder."""

    def __init__(self, root: Path) -> None:
        self._resources = root / "resources"
        self._chunks = root / "chunks"
        self._spool = root / "spool"
        for folder in (self._resources, self._chunks, self._spool):
            folder.mkdir(parents=True, exist_ok=True)

    def spool(self) -> Spool:
        """Where the body of a request goes while it arrives."""
        return Spool(self._spool)

    def path(self, stored: str) -> Path | None:
        """The hosted file at `slug/stamp/name`; None when there is none."""
        path = self._resources / stored
        if not path.is_relative_to(self._resources) or ".." in Path(stored).parts:
            return None
        return path if path.is_file() else None

    def keep(self, spool: Spool, stored: str) -> None:
        """Host a body as `slug/stamp/name`.

        :raises Refused: 500 when there is a file of that name already.
        """
        target = self._resources / stored
        try:
            taken = target.exists()
        except OSError:
            raise crashed() from None
        if taken:
            raise crashed()
        spool.move_to(target)

    def delete(self, stored: str) -> None:
        """Stop hosting a file."""
        path = self.path(stored)
        if path is not None:
            path.unlink()

    # --- parts ---------------------------------------------------------------------------

    def _part(self, upload: str, index: int | None) -> Path:
        # The upload's id is the client's own choice of text: never a path.
        folder = hashlib.sha1(upload.encode(), usedforsecurity=False).hexdigest()
        return self._chunks / folder / str(index)

    def keep_part(self, spool: Spool, upload: str, index: int | None) -> None:
        """Keep one part of a file.

        :raises Refused: 500 when that part is there already.
        """
        target = self._part(upload, index)
        if target.exists():
            raise crashed()
        spool.move_to(target)

    def assemble(self, upload: str, total: int, stored: str) -> Spool:
        """Host the file made of parts 0 to `total` - 1; its size and hash are the spool's.

        :raises Refused: 500 when a part is missing. As in udata, what had been assembled so
            far then lies in the file's place until the second is over.
        """
        target = self._resources / stored
        if target.exists():
            raise crashed()
        spool = self.spool()
        complete = True
        for index in range(total):
            part = self._part(upload, index)
            if not part.exists():
                complete = False
                break
            for piece in _pieces(part):
                spool.write(piece)
        spool.move_to(target)
        if not complete:
            raise crashed()
        for index in range(total):
            self._part(upload, index).unlink()
        return spool


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
