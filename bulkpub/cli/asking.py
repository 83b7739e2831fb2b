"""What the commands that only ask a portal have in common: it opened, their errors as sentences."""

import logging
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
from rich.text import Text

from bulkpub.cli.environment import with_keys
from bulkpub.cli.options import with_flags
from bulkpub.cli.problems import render_problems
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    ManifestInvalid,
    PlanAgain,
    PortalUnavailable,
    ResourceFailed,
    SettingsInvalid,
)
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.text import printable
from bulkpub.portals import Portal
from bulkpub.session.asking import Asked, opened
from bulkpub.session.options import Settings

__all__ = ["ask", "failed"]

FAILED = (DatasetFailed, PlanAgain, PortalUnavailable, ResourceFailed)
"""What keeps one question from being answered; nothing is left undone."""


def ask(
    settings: Settings,
    work: Callable[[Portal], Awaitable[ExitCode]],
    *,
    portal: str | None = None,
    asked: Asked | None = None,
) -> ExitCode:
    """Do `work` with the portal of the settings, else `portal`; what goes wrong is said.

    Or with the one that is `asked` what a manifest wants.

    Raises `SettingsInvalid` for what the command line has wrong.
    """
    configure_logging(format="human", level=logging.CRITICAL, stream=sys.stderr)
    if asked is not None:
        connection = asked.connection
    else:
        connection = with_keys(settings, os.environ)
        connection = replace(connection, portal=connection.portal or portal)
    wanted = asked.wanted if asked is not None else None

    async def carry_out() -> ExitCode:
        keys, named = (wanted.keys, wanted.portal) if wanted is not None else (None, None)
        async with opened(connection, keys, named) as there:
            return await work(there)

    try:
        return anyio.run(carry_out)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except SettingsInvalid:
        raise
    except ManifestInvalid as invalid:
        render_problems(with_flags(invalid.problems), SteadyConsole(stderr=True, soft_wrap=True))
        return ExitCode.WRONG
    except FAILED as error:
        failed(str(error))
        return ExitCode.SOME_FAILED
    except BulkpubError as error:
        failed(str(error))
        return code_of(error)


def failed(sentence: str) -> None:
    """Say on stderr what went wrong."""
    console = SteadyConsole(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(f"bulkpub: {printable(with_flags(sentence))}"))
