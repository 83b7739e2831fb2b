"""Files that a command makes for people to go on with: complete or not there, none overwritten."""

import os
import tempfile
from pathlib import Path

from bulkpub.errors import OutputLost, SettingsInvalid
from bulkpub.language import say

__all__ = ["check_new", "write_new"]


def check_new(path: Path, *, overwrite: bool = False) -> None:
    """Raise `SettingsInvalid` where it cannot be made: it is there, or its folder is not."""
    if not path.parent.is_dir():
        raise SettingsInvalid(
            say(
                "{path} cannot be written: there is no folder {parent}",
                path=path,
                parent=path.parent,
            )
        )
    if path.is_dir():
        raise SettingsInvalid(say("{path} is a folder", path=path))
    if os.path.lexists(path) and not overwrite:
        raise SettingsInvalid(say("{path} is there already, and nothing is overwritten", path=path))


def write_new(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Writes the file; raises as `check_new`, and `OutputLost` when the system refuses."""
    check_new(path, overwrite=overwrite)
    try:
        _write(path, content, overwrite=overwrite)
    except OSError as error:
        raise OutputLost(
            say("{path} cannot be written: {strerror}", path=path, strerror=error.strerror or error)
        ) from None


def _write(path: Path, content: bytes, *, overwrite: bool) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # as a file made the plain way would be
        if overwrite:
            temporary.replace(path)
            return
        try:
            os.link(temporary, path)  # unlike a rename, this never overwrites
        except OSError:  # it exists by now, or this file system has no hard links
            check_new(path)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
