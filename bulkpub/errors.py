"""What can go wrong, sorted by what the caller does about it.

Every error bulkpub raises on purpose is one of these; other people's exceptions are
translated once, at the edge where they appear. The message is a sentence for the person
at the terminal: what, where, and what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkpub.language import joined, say

__all__ = [
    "AnswerUnreadable",
    "BulkpubError",
    "DatasetFailed",
    "DescriptionsRefused",
    "FileChanged",
    "Interrupted",
    "ListingIncomplete",
    "ManifestInvalid",
    "NotAFile",
    "NotAPortal",
    "Outdated",
    "OutputLost",
    "PlanAgain",
    "PortalRefuses",
    "PortalUnavailable",
    "Problem",
    "ReportUnreadable",
    "ResourceFailed",
    "RunFailed",
    "SettingsInvalid",
    "SourceFailed",
    "Stop",
    "StoppedEarly",
    "Uncertain",
]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with what the user wrote, and where.

    `line` and `column` count from 1; 0 means that the place is the whole file (`line`)
    or the whole line (`column`). Of several `destinations` it has those at which it is wrong, where
    that is not so everywhere. `dataset` is the key of the dataset the problem belongs
    to, or None when it concerns the whole manifest: with
    `keep_going` the datasets that no problem names are published all the same.
    """

    file: str
    line: int
    column: int
    message: str
    dataset: str | None = None
    destinations: tuple[str, ...] = ()

    @property
    def at(self) -> str:
        """`file:line:column`, as far as it is known."""
        return f"{self.file}:{self.line}:{self.column or 1}" if self.line else self.file

    def __str__(self) -> str:
        """`file:line:column: message`, the form editors and CI systems can follow."""
        return joined(": ", (self.at, self.sentence)) if self.file else self.sentence

    @property
    def sentence(self) -> str:
        """The message, with the destinations that it is about."""
        if not self.destinations:
            return self.message
        return say(
            "{message} (at {destinations})",
            message=self.message,
            destinations=", ".join(self.destinations),
        )


class BulkpubError(Exception):
    """The root: catching it catches everything bulkpub raises on purpose.

    It survives pickling with all it carries, whatever it is made of.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, vars(self))


def _again(cls: type[BulkpubError], args: tuple[Any, ...], carried: dict[str, Any]) -> BulkpubError:
    error = cls.__new__(cls)
    error.args = args
    vars(error).update(carried)
    return error


# --- fix what you wrote: nothing was sent, exit code 2 -----------------------------------


class SettingsInvalid(BulkpubError):
    """The command line, the environment or `.env` says something impossible."""


class ManifestInvalid(BulkpubError):
    """The manifest, or what it names, is wrong; `problems` has everything at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(joined("\n", (str(problem) for problem in self.problems)))


class ReportUnreadable(BulkpubError):
    """A file that should be the report of a run cannot be read, or is none."""


class NotAPortal(BulkpubError):
    """Something answers at the portal's address, but it is no udata portal."""


# --- it is over, but nobody can read how it went: exit code 1 --------------------------


class OutputLost(BulkpubError):
    """What a command had to write, a report or a manifest, could not be written."""


class RunFailed(BulkpubError):
    """Not everything is as wanted after a run: one line for each failure, the first of them.

    `exit_code` is the run's. The library raises it when it is asked to, and never by itself.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(message)


# --- fail this file, or this dataset; the others go on -----------------------------------


class ResourceFailed(BulkpubError):
    """This file cannot be published now; repeating the request would not help."""


class DatasetFailed(BulkpubError):
    """This dataset cannot be published now; repeating the request would not help."""


class AnswerUnreadable(DatasetFailed):
    """The portal answered a question with something else than its API promises."""


class DescriptionsRefused(BulkpubError):
    """The portal refuses what is said of some resources; the others can be described.

    `reasons` has the portal's words by resource id.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = dict(reasons)
        super().__init__(joined("; ", (joined(": ", each) for each in self.reasons.items())))


class PortalUnavailable(BulkpubError):
    """The portal did not answer in a useful way, however often it was asked."""


class ListingIncomplete(PortalUnavailable):
    """A listing of the portal's shows fewer datasets than there are, or has no end."""


class SourceFailed(ResourceFailed):
    """What another server has could not be fetched; the sentence names its address."""


class NotAFile(SourceFailed):
    """What another server has there is no file but a page, an API or a viewer."""


class FileChanged(ResourceFailed):
    """The file is not the one that was planned: it changed, shrank, grew or vanished."""


# --- plan again --------------------------------------------------------------------------


class PlanAgain(BulkpubError):
    """What was believed of the portal does not hold: observe it afresh, then plan again."""


class Uncertain(PlanAgain):
    """A write was sent and its answer was lost: only a fresh look at the portal can tell.

    `underway`: the portal may still be at it, as when a proxy or our patience gave up first.
    """

    def __init__(self, message: str, *, underway: bool = False) -> None:
        self.underway = underway
        super().__init__(message)


class Outdated(PlanAgain):
    """The dataset is no longer what was observed: someone else wrote to it meanwhile."""


# --- stop the run ------------------------------------------------------------------------


class Stop(BulkpubError):
    """Nothing more can be done in this run."""


class PortalRefuses(Stop):
    """The portal refuses all we would do: key, rights, read-only; or is too old (exit code 3)."""


class StoppedEarly(Stop):
    """The run ended before all was done; the same command goes on from there (exit code 4)."""


class Interrupted(Stop):
    """Someone asked the run to end; the same command goes on from there (exit code 130)."""
