"""What a harvest tells the person who started it: on stderr, as it happens, and the counts."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.status import Status
from rich.text import Text

from bulkpub.cli.harvest_output import Added
from bulkpub.core.model import DatasetSpec
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import counted, printable

__all__ = ["Teller"]


class Teller:
    """Tells and counts; `quiet` keeps what was noted to itself, never what was lost."""

    def __init__(self, *, quiet: bool) -> None:
        self._datasets = 0
        self._resources = 0
        self._quiet = quiet
        self._notes = 0
        self._lost = 0
        self._status: Status | None = None
        self.console = SteadyConsole(stderr=True, highlight=False, soft_wrap=True)

    @property
    def incomplete(self) -> bool:
        """Whether a part of what was to be harvested could not be read."""
        return self._lost > 0

    def wrote(self, spec: DatasetSpec, notes: Sequence[str]) -> None:
        """Count a dataset and tell its notes."""
        self._datasets += 1
        self._resources += len(spec.resources)
        for note in notes:
            self.note(f"{spec.key}: {note}")
        if self._status is not None:
            self._status.update(f"Harvesting: {counted(self._datasets, 'dataset')}")

    def note(self, sentence: str) -> None:
        """Tell what was not carried over, or is worth knowing."""
        self._notes += 1
        if not self._quiet:
            self._print(sentence, "note", "yellow")

    def lost(self, sentence: str) -> None:
        """Tell what could not be read."""
        self._lost += 1
        self._print(sentence, "not read", "bold red")

    def failed(self, sentence: str) -> None:
        """Tell why the harvest ended before its end."""
        self._print(sentence, "bulkpub", "bold red")

    @contextmanager
    def progress(self) -> Iterator[None]:
        """On a terminal, show for as long as it lasts that something is going on."""
        shown = self.console.is_terminal and not self.console.is_dumb_terminal
        if self._quiet or not shown or sys.stdout.isatty():  # the manifest itself shows it
            yield
            return
        with self.console.status("Harvesting") as self._status:
            yield
        self._status = None

    def summary(self, added: Added | None) -> None:
        """Tell the counts: `12 datasets, 340 resources; 3 notes`, and what of it was `added`."""
        for note in added.notes if added else ():
            self.note(note)
        parts = [
            f"{counted(self._datasets, 'dataset')}, {counted(self._resources, 'resource')}",
        ]
        if added is not None:
            parts.append(
                f"{counted(added.datasets, 'dataset')} added, and "
                f"{counted(added.resources, 'resource')} to datasets that were there"
            )
        if self._notes:
            parts.append(counted(self._notes, "note"))
        if self._lost:
            parts.append(f"{counted(self._lost, 'part')} could not be read")
        self.console.print(Text("; ".join(parts), style="bold"), soft_wrap=True)

    def _print(self, sentence: str, word: str, style: str) -> None:
        line = Text.assemble((f"{word}: ", style), printable(sentence))
        self.console.print(line, soft_wrap=True)
