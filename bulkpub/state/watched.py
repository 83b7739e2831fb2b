"""When a run was last due, of those that are made by the clock: so that a stopped watch is noticed.

Losing it costs nothing but a run that was missed while nothing watched.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bulkpub.state.files import opened, private_folder

__all__ = ["last_due", "was_due"]

LONGEST = 64
"""Bytes of a moment."""


def _file(folder: Path, watched: Sequence[str]) -> Path:
    digest = hashlib.sha256("\n".join(watched).encode()).hexdigest()[:32]
    return private_folder(folder, "watched") / digest


def last_due(folder: Path, watched: Sequence[str]) -> datetime | None:
    """When a run of what is `watched` was due last; None when that is not known."""
    try:
        with opened(_file(folder, watched), os.O_RDONLY) as handle:
            moment = datetime.fromisoformat(os.read(handle, LONGEST).decode("ascii"))
    except (OSError, ValueError):
        return None
    return moment if moment.tzinfo and moment <= datetime.now(UTC) else None


def was_due(folder: Path, watched: Sequence[str], moment: datetime) -> None:
    """Keep that a run was due at `moment`; a disk that is full keeps nothing."""
    with suppress(OSError), opened(_file(folder, watched)) as handle:
        os.truncate(handle, 0)
        os.write(handle, moment.isoformat().encode("ascii"))
