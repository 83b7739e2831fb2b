"""The commands, as typer sees them: options in, the work elsewhere, the exit code out."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from bulkpub.cli.commands import EXIT_CODES, HELP, Commands
from bulkpub.cli.environment import add_env_file, cluster_wished, language_wished
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.errors import OutputLost, ReportUnreadable, SettingsInvalid, StoppedEarly
from bulkpub.language import in_language, speak, tr
from bulkpub.version import __version__

__all__ = ["app", "main"]

STDERR = 2
"""The last number of a standard stream."""

app = typer.Typer(
    name="bulkpub",
    cls=Commands,
    context_settings=HELP,
    help="Publish open data in bulk to data.gouv.fr and to any udata portal.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they show local variables, and a key may be among them
    add_completion=True,
)


def main() -> None:
    """Run the command line; a user's mistake ends in a sentence and exit code 2."""
    _keep_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show é must not end us
            stream.reconfigure(errors="backslashreplace")
    if sys.getfilesystemencoding() != "utf-8":
        sys.stderr.write(
            "bulkpub: warning: this locale reads file names as "
            f"{sys.getfilesystemencoding()}; PYTHONUTF8=1 makes it UTF-8\n"
        )
    words = sys.argv[1:]
    try:
        if warning := add_env_file(os.environ, Path(".env")):
            sys.stderr.write(f"bulkpub: warning: {in_language(warning)}\n")
        language, words = language_wished(words, os.environ)
        speak(language)
        _load_meanwhile(words)
        raise SystemExit(app(words, standalone_mode=False) or 0)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
        else:
            from bulkpub.cli.usage import usage_sentence  # noqa: PLC0415 - when it is needed

            sys.stderr.write(f"bulkpub: {usage_sentence(error, os.environ)}\n")
        raise SystemExit(error.exit_code) from None
    except (SettingsInvalid, ReportUnreadable, OutputLost) as error:
        from bulkpub.cli.options import with_flags  # noqa: PLC0415 - all options, when it is needed

        sys.stderr.write(f"bulkpub: {in_language(with_flags(str(error)))}\n")
        raise SystemExit(code_of(error)) from None
    except OSError as error:
        if error.filename is not None or error.strerror is None:
            raise
        # No file has that trouble: it is what was printed, on a disk that is full, say.
        sys.stderr.write(
            tr("bulkpub: the results could not be printed: {strerror}", strerror=error.strerror)
            + "\n"
        )
        # What is still buffered would fail once more, with exit code 120, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.SOME_FAILED) from None


def _load_meanwhile(words: Sequence[str]) -> None:
    """Have what a cluster's processes need loaded beside all else, where there will be some.

    What is in the way is told by the command, if it gets there.
    """
    if cluster_wished(words, os.environ):
        from bulkpub.engine.forks import get_ready  # noqa: PLC0415 - others need none

        with suppress(StoppedEarly):
            get_ready()


def _keep_standard_streams() -> None:
    """See that nothing else gets the number of a standard stream that was closed.

    What is printed would go there, and uvloop's library ends the process when it closes one.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(number, True)  # noqa: FBT003 - os has no names for it
    os.close(number)


def _version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        typer.echo(f"bulkpub {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="LANGUAGE",
            envvar="BULKPUB_LANG",
            help="Speak en or fr; by default the language of the locale.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Publish open data in bulk to data.gouv.fr and to any udata portal."""
