"""The console that progress and logs are written to.

The rule: losing the reader loses the output, never the run. rich ends the program with exit
code 1 when a pipe breaks (`bulkpub run 2>&1 | head`); this console falls silent instead.
"""

from typing import TextIO

from rich.console import Console

__all__ = ["SteadyConsole", "is_terminal"]


class SteadyConsole(Console):
    """A rich `Console` that goes on without output when its reader is gone."""

    def on_broken_pipe(self) -> None:
        """Fall silent, where rich would raise `SystemExit`."""
        self.quiet = True


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees what is written to it; a stream that was closed is None in Python."""
    return stream is not None and stream.isatty()
