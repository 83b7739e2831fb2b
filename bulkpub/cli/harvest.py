"""`bulkpub harvest`: a manifest of what exists elsewhere, and an exit code that is true.

The rule: stdout has the manifest and nothing else; everything a harvest has to say goes to
stderr as it happens, and the counts at the end. What was found is written although other parts
of a catalogue could not be read: the exit code is 1 then.
"""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status
from rich.text import Text

from bulkpub.cli.environment import with_keys
from bulkpub.cli.harvest_output import Added, Output, open_output
from bulkpub.cli.loop import run as run_in_loop
from bulkpub.cli.options import with_flags
from bulkpub.cli.problems import render_problems
from bulkpub.core.addresses import redacted
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.core.model import DatasetSpec
from bulkpub.core.origin import Gone
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.engine.choice import Engine, engine_of
from bulkpub.errors import (
    BulkpubError,
    ManifestInvalid,
    SettingsInvalid,
)
from bulkpub.harvest.base import Found, HarvestOptions, sifted
from bulkpub.harvest.kinds import Kind
from bulkpub.language import in_language, say, tr
from bulkpub.manifest.amending import Looked
from bulkpub.observers.console import SteadyConsole, is_terminal, print_line
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.text import counted, printable
from bulkpub.session.harvesting import Sought, everything
from bulkpub.session.options import OPTIONS, Settings

__all__ = ["Progress", "harvest"]

# --- the command --------------------------------------------------------------------------


def harvest(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"One of: {', '.join(Kind)}.")],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="A folder, a file of links, the address of a catalogue (or a file saved from "
            "one) or of a directory listing; for a portal organizations and datasets, by id, slug "
            "or page.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            dir_okay=False,
            help="Write the manifest there (.yaml or .jsonl), not to stdout; to one that exists, "
            "add what is new.",
        ),
    ] = None,
    settings: Settings,
) -> None:
    """Write a manifest of what exists elsewhere: in a folder, a catalogue, a portal."""
    for option in OPTIONS:
        given = option.value(settings) != option.default("harvest")
        if given and option.kinds and kind not in option.kinds:
            flags = " and ".join(flag for each in option.flags for flag in each.split("/"))
            raise SettingsInvalid(
                say(
                    "'harvest {kind}' has no use for {flags}", kind=kind, flags=flags or option.flag
                )
            )
    if kind is Kind.PORTAL and settings.harvest.organization and not settings.harvest.copy:
        raise SettingsInvalid(say("'harvest portal' takes --organization only with --copy"))
    settings = replace(settings, connection=with_keys(settings, os.environ))
    engine = engine_of(settings.engine, settings.workers)
    raise typer.Exit(_harvest(_Order(kind, tuple(sources), output, settings, engine)))


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be harvested, where the manifest goes, and how."""

    kind: Kind
    sources: tuple[str, ...]
    output: Path | None
    settings: Settings
    engine: Engine


def _harvest(order: _Order) -> ExitCode:
    """Harvest all sources into one manifest; raises `SettingsInvalid` for the command line's."""
    progress = Progress(quiet=order.settings.output.quiet)
    # A terminal has notes instead of log lines.
    level = logging.CRITICAL if is_terminal(sys.stderr) else logging.WARNING
    configure_logging(format="human", level=level, stream=progress.console)
    try:
        return run_in_loop(partial(_write_all, order, progress))
    except KeyboardInterrupt:
        progress.failed("interrupted")
        return ExitCode.INTERRUPTED
    except SettingsInvalid:
        raise
    except ManifestInvalid as invalid:
        render_problems(invalid.problems, progress.console)
        return ExitCode.WRONG
    except BulkpubError as error:
        progress.failed(str(error))
        return code_of(error)


async def _write_all(order: _Order, progress: "Progress") -> ExitCode:
    with open_output(order.output) as output:
        options = replace(
            order.settings.harvest,
            base=str(order.output.parent) if order.output else ".",
            leave_out=output.own_files,
            allow_private=order.settings.sources.allow_private,
            lost=progress.lost,
            note=progress.note,
        )
        with progress.shown():
            sought = Sought(
                order.kind,
                order.sources,
                options,
                connection=order.settings.connection,
                web=order.settings.sources,
            )
            async with aclosing(sifted(everything(sought, order.engine), options)) as found:
                async for each in found:
                    _write(each, output, order, progress)
        added = output.finish(_looked(order, options, progress))
    progress.summary(added)
    return ExitCode.SOME_FAILED if progress.incomplete else ExitCode.DONE


def _looked(order: _Order, options: HarvestOptions, progress: "Progress") -> Looked | None:
    """That all was read to its end; None where a part was left out or could not be read."""
    if "gone" not in order.kind.options:
        return None
    if progress.incomplete or not options.everything:
        if options.gone != Gone.NOTE:
            progress.note(
                tr("what the source no longer has is not looked for: this harvest is not complete")
            )
        return None
    # A listing is harvested folder by folder, or with what is below.
    datasets = options.recursive or "recursive" not in order.kind.options
    return Looked(datasets=datasets, gone=Gone(options.gone))


def _write(found: Found, output: Output, order: _Order, progress: "Progress") -> None:
    spec, kind = found.dataset, order.kind
    if not output.begun:
        if spec.organization is None and spec.id is None:
            progress.note(
                tr(
                    "no `organization` was given: the manifest says `personal: true`, which means "
                    "the account of the API key"
                )
            )
        # What a portal has belongs to somebody already; mostly all of it to one organization.
        asked = order.settings.harvest.organization
        output.begin(
            # A copy is for another portal, which the run is told.
            portal=None if order.settings.harvest.copy else order.settings.connection.portal,
            organization=spec.organization if kind is Kind.PORTAL else asked,
            fill_in=kind is Kind.FOLDER,  # which says neither
            comment=f"Harvested by bulkpub: {kind} {' '.join(map(redacted, order.sources))}",
        )
    notes = tuple(in_language(each) for each in with_flags(found.notes))
    progress.wrote(spec, output.dataset(spec, notes))


# --- what it says -------------------------------------------------------------------------


class Progress:
    """What a harvest says on stderr, and its counts.

    `quiet` keeps notes back, never what was lost.
    """

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
        """Count a dataset and say its notes."""
        self._datasets += 1
        self._resources += len(spec.resources)
        for note in notes:
            self.note(say("{key}: {note}", key=spec.key, note=note))
        if self._status is not None:
            self._status.update(
                tr("Harvesting: {datasets}", datasets=counted(self._datasets, "dataset"))
            )

    def note(self, sentence: str) -> None:
        """Say what was not carried over, or is worth knowing."""
        self._notes += 1
        if not self._quiet:
            self._print(sentence, tr("note"), "yellow")

    def lost(self, sentence: str) -> None:
        """Say what could not be read."""
        self._lost += 1
        self._print(sentence, tr("not read"), "bold red")

    def failed(self, sentence: str) -> None:
        """Say why the harvest ended before its end."""
        self._print(sentence, "bulkpub", "bold red")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """On a terminal, show for as long as it lasts that something is going on."""
        screen = self.console.is_terminal and not self.console.is_dumb_terminal
        if self._quiet or not screen or is_terminal(sys.stdout):  # the manifest itself shows it
            yield
            return
        with self.console.status(tr("Harvesting")) as self._status:
            yield
        self._status = None

    def summary(self, added: Added | None) -> None:
        """Say the counts: `12 datasets, 340 resources; 3 notes`, and what of it was `added`."""
        for note in added.notes if added else ():
            self.note(note)
        parts = [
            f"{counted(self._datasets, 'dataset')}, {counted(self._resources, 'resource')}",
        ]
        if added is not None:
            parts.append(
                tr(
                    "{datasets} added, and {resources} to datasets that were there",
                    datasets=counted(added.datasets, "dataset"),
                    resources=counted(added.resources, "resource"),
                )
            )
        if self._notes:
            parts.append(counted(self._notes, "note"))
        if self._lost:
            parts.append(tr("{lost} could not be read", lost=counted(self._lost, "part")))
        self.console.print(Text(tr("; ").join(parts), style="bold"), soft_wrap=True)

    def _print(self, sentence: str, word: str, style: str) -> None:
        line = Text.assemble(
            (f"{word}: ", style), printable(bounded(with_flags(sentence), LONGEST_SENTENCE))
        )
        print_line(self.console, line)
