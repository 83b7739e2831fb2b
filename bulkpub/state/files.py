"""Folders and files of the state: nobody else's to read, and made where they are said to be.

The rule: a link that somebody planted in the place of a file is never followed, neither to be
written through nor to be read; a file that more than one name leads to is no file of ours.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkpub.language import say

__all__ = ["opened", "private_folder"]

NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags that refuse a link; with the second one, a pipe in its place is not waited for."""
OURS = 0o600


def private_folder(folder: Path, *below: str) -> Path:
    """The folder `below` in `folder`; what is missing is made for our eyes alone.

    Raises OSError when it cannot be made, or what is below is a link.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in below:
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    return folder


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> Iterator[int]:
    """The file at `path`, open; made for our eyes alone, and an older one made so.

    Raises OSError when it cannot be opened, and when it is a link or no plain file.
    """
    handle = os.open(path, flags | NO_LINKS, OURS)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(errno.ELOOP, say("it is a link, or no plain file"), str(path))
        if flags & os.O_CREAT and stat.S_IMODE(found.st_mode) & ~OURS:
            path.chmod(OURS)
        yield handle
    finally:
        os.close(handle)
