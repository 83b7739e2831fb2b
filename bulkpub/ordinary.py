"""Opening what a user names, if it is an ordinary file.

The rule: a pipe is not waited for, and a device that never ends is not read. Whoever reads what a
user names opens it here, and tells the `OSError` as one of a file that cannot be read.
"""

import errno
import os
import stat
from typing import BinaryIO

from bulkpub.accents import as_it_is_there
from bulkpub.language import say

__all__ = ["open_ordinary", "read_ordinary"]

NO_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe that nobody writes to opens at once, too."""


def open_ordinary(path: str | os.PathLike[str]) -> BinaryIO:
    """The file at `path`, behind links too and however its accents are written, open for reading.

    Raises `IsADirectoryError` for a folder, `OSError` for a pipe, a socket or a device and where
    the system refuses, `ValueError` for a name that no path can have.
    """
    try:
        handle = os.open(path, NO_WAITING)
    except FileNotFoundError:
        if (there := as_it_is_there(os.fspath(path))) == os.fspath(path):
            raise
        handle = os.open(there, NO_WAITING)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    raise OSError(errno.EINVAL, say("it is not an ordinary file"), os.fspath(path))


def read_ordinary(path: str | os.PathLike[str]) -> bytes:
    """All that is in the file at `path`; raises as `open_ordinary` does."""
    with open_ordinary(path) as file:
        return file.read()
