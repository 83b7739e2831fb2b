"""Whether a zip archive is whole: every member unpacks to what the archive says it is.

The rule: a bomb is not set off. What an archive says it unpacks to is held to what its own
size allows before anything is unpacked, and unpacking never goes beyond what was said.
"""

import lzma
import struct
import zipfile
import zlib
from pathlib import Path

__all__ = ["DAMAGED", "wrong_with_zip"]

PIECE = 1024 * 1024
LARGEST = 64 * 1024**3
"""Bytes; nothing published is larger when unpacked."""
MOST_SHRUNK = 1100
"""Deflate, by which nearly all is packed, shrinks to a 1032nd at best."""
ENCRYPTED = 0x1
"""Bit 0 of a member's flags: APPNOTE.TXT, section 4.4.4."""
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, struct.error)
"""What the standard library raises for an archive that is damaged."""


def wrong_with_zip(path: Path) -> str | None:
    """What is wrong with the archive at `path`, in words; None when nothing is."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(each.file_size for each in members)
            if unpacked > min(LARGEST, MOST_SHRUNK * path.stat().st_size):
                return f"is no zip archive to trust: it says that it unpacks to {unpacked} bytes"
            for member in members:
                if wrong := _wrong_with(archive, member):
                    return f"is a damaged zip archive: {member.filename!r} {wrong}"
    except DAMAGED as error:
        return f"is not a zip archive: {error}"
    return None


def _wrong_with(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str | None:
    if member.flag_bits & ENCRYPTED:
        return "is locked with a password"
    try:
        with archive.open(member) as file:
            while file.read(PIECE):
                pass
    except NotImplementedError:
        return None  # packed in a way only others can unpack, as Deflate64: nothing to say
    except (*DAMAGED, OSError, RuntimeError) as error:  # OSError: damaged bzip2
        return f"cannot be unpacked ({error})"
    return None
