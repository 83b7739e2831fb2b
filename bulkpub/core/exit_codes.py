"""How a command ended, as a number, and which error ends in which.

The page that explains them is `docs/reference/exit-codes.md`.
"""

from collections.abc import Iterable
from enum import IntEnum

from bulkpub.errors import (
    BulkpubError,
    Interrupted,
    ManifestInvalid,
    NotAPortal,
    OutputLost,
    PortalRefuses,
    ReportUnreadable,
    RunFailed,
    SettingsInvalid,
)

__all__ = ["ExitCode", "code_of", "joint_code"]


class ExitCode(IntEnum):
    """The number a command ends with."""

    DONE = 0
    """Everything is as wanted."""
    SOME_FAILED = 1
    """Some files or datasets failed, the others are done."""
    WRONG = 2
    """The manifest, a file it names or a setting is wrong; nothing was sent."""
    REFUSED = 3
    """The portal refuses everything: key, rights, read-only mode; or is too old."""
    STOPPED_EARLY = 4
    """It ended before all was done; the same command goes on from there."""
    CHANGES = 5
    """A plan that was asked to tell: there is something to do, and nothing wrong with it."""
    INTERRUPTED = 130
    """Someone asked it to end; likewise. 128 and the number of SIGINT, as shells have it."""


def code_of(error: BulkpubError) -> ExitCode:
    """The code of a command that `error` ended."""
    match error:
        case SettingsInvalid() | ManifestInvalid() | NotAPortal() | ReportUnreadable():
            return ExitCode.WRONG
        case PortalRefuses():
            return ExitCode.REFUSED
        case Interrupted():
            return ExitCode.INTERRUPTED
        case OutputLost():
            return ExitCode.SOME_FAILED
        case RunFailed():
            return ExitCode(error.exit_code)
        case _:
            return ExitCode.STOPPED_EARLY


def joint_code(codes: Iterable[int]) -> ExitCode:
    """The code of a command that did the same at several portals, which ended so.

    What they agree on; else interrupted, if one was, or stopped early, as there is something left
    to do; else wrong where nothing was sent to any, and some failed where it was.
    """
    found = {ExitCode(code) for code in codes}
    if len(found) == 1:
        return found.pop()
    for code in (ExitCode.INTERRUPTED, ExitCode.STOPPED_EARLY):
        if code in found:
            return code
    return ExitCode.WRONG if found <= {ExitCode.WRONG, ExitCode.REFUSED} else ExitCode.SOME_FAILED
