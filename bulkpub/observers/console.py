"""The console that progress and logs are written to.

The rule: losing the reader loses the output, never the run. rich ends the program with exit
code 1 when a pipe breaks (`bulkpub run 2>&1 | head`); this console falls silent instead.
"""

import os
from contextlib import suppress
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions
from rich.text import Text

__all__ = ["SteadyConsole", "is_terminal", "print_line"]


class SteadyConsole(Console):
    """A rich `Console` that goes on without output when its reader is gone.

    It is as wide as the terminal is, a dumb one too, which rich takes for one of 80 columns.
    """

    def __init__(
        self,
        *,
        file: TextIO | None = None,
        stderr: bool = False,
        highlight: bool = True,
        soft_wrap: bool = False,
        force_terminal: bool | None = None,
        width: int | None = None,
    ) -> None:
        super().__init__(
            file=file,
            stderr=stderr,
            highlight=highlight,
            soft_wrap=soft_wrap,
            force_terminal=force_terminal,
            width=width,
        )
        if self.is_dumb_terminal and width is None and "COLUMNS" not in os.environ:
            with suppress(OSError, ValueError):  # what only says that it is a terminal has no size
                columns, lines = os.get_terminal_size(self.file.fileno())
                if columns and lines:
                    self.size = ConsoleDimensions(columns, lines)

    def on_broken_pipe(self) -> None:
        """Fall silent, where rich would raise `SystemExit`."""
        self.quiet = True


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees what is written to it; a stream that was closed is None in Python."""
    return stream is not None and stream.isatty()


_HANGING = "  "
"""What goes on below the first line of an entry stands a little to the right of it."""


def print_line(console: Console, line: str | Text) -> None:
    """Print it whole, however wide the terminal is.

    A terminal breaks it between words; but never an address, which would no longer be one.
    """
    text = line if isinstance(line, Text) else Text(line)
    margin = len(text.plain) - len(text.plain.lstrip(" "))
    room = console.width - margin - len(_HANGING)
    if not console.is_terminal or any(cell_len(word) >= room for word in text.plain.split()):
        console.print(text, soft_wrap=True)
        return
    before = " " * margin + (_HANGING if margin else "")
    for number, part in enumerate(text.wrap(console, room) or [text]):
        part.rstrip()
        console.print(Text.assemble(before, part) if number else part, soft_wrap=True)
