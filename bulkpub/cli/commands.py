"""The commands: each with where it stands and its line in `--help`, loaded when it is used.

Most of what a command needs, others do not, and `--help`, `--version` and the completion of a
shell none of it: they load neither the network nor a reader of manifests.
"""

import gc
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from threading import current_thread, main_thread
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from bulkpub.cli.help import Entry, Page, PagedCommand, Section, paragraphs, printed
from bulkpub.language import tr, translated

__all__ = ["COMMANDS", "EXIT_CODES", "HELP", "Commands", "loaded"]

EXIT_CODES = """
Exit codes: 0 all as wanted; 1 some files or datasets failed, the others are done; 2 the
manifest or the command line is wrong, nothing was sent; 3 the portal refuses (key, rights,
read-only); 4 stopped early, run again to go on; 5 with plan --detailed-exitcode, there are
changes; 130 interrupted, run again to go on.

The API key comes from BULKPUB_API_KEY or DATAGOUV_API_KEY, in the environment or in .env, or
from the variables that the manifest names.
"""


HELP = {"help_option_names": ["-h", "--help"]}


class Group(Enum):
    """What a command is for: those of a group stand together in `--help`."""

    START = "Start"
    PUBLISH = "Publish"
    LOOK = "Look at what is published"
    HARVEST = "Take over what exists elsewhere"
    SERVE = "Try it out"


@dataclass(frozen=True, slots=True)
class Command:
    """The function of a command's name in a module of this room; `help` begins its docstring.

    `rare` are options of its own that `--help` leaves to `--help-all`.
    """

    group: Group
    module: str
    help: str
    epilog: str | None = None
    rare: tuple[str, ...] = ()


COMMANDS: Mapping[str, Command] = {
    "run": Command(
        Group.PUBLISH,
        "publishing",
        "Make the portal what the manifest says: observe, plan, publish, report.",
        EXIT_CODES,
    ),
    "plan": Command(
        Group.PUBLISH, "publishing", "Show what `run` would do, without a single write.", EXIT_CODES
    ),
    "verify": Command(
        Group.PUBLISH,
        "publishing",
        "Compare everything published with the manifest and its files, without a single write.",
        EXIT_CODES,
    ),
    "migrate": Command(
        Group.PUBLISH,
        "publishing",
        "Host on the portal, in place, the files that its datasets only point to.",
        EXIT_CODES,
    ),
    "harvest": Command(
        Group.HARVEST,
        "harvest",
        "Write a manifest of what exists elsewhere: in a folder, a catalogue, a portal.",
    ),
    "watch": Command(
        Group.PUBLISH,
        "watch",
        "Run again and again, by the clock, until stopped; one JSON line a run.",
    ),
    "status": Command(
        Group.LOOK,
        "status",
        "Show how what is published fares: quality, whether it can be had, whether it is late.",
    ),
    "report": Command(
        Group.LOOK,
        "report",
        "Show the report of a run: its summary again, or a page, or Markdown.",
    ),
    "history": Command(
        Group.LOOK,
        "history",
        "List the runs of the last 90 days on this machine, the newest first.",
    ),
    "list": Command(
        Group.LOOK,
        "listing",
        "List what one may write in a manifest, as the portal has it: licences, zones and more.",
    ),
    "api": Command(
        Group.LOOK,
        "api",
        "Ask the portal's API anything, with the key, pace, safe repeats and errors of a run.",
    ),
    "init": Command(
        Group.START,
        "init",
        "Write a manifest of what is in a folder or a spreadsheet, to look through and fill in.",
        rare=("headers",),
    ),
    "convert": Command(
        Group.START,
        "converting",
        "Write a manifest in another spelling, with its comments; nothing is lost on the way.",
    ),
    "validate": Command(
        Group.START,
        "local_commands",
        "Check manifests and the files they name, offline; every problem at once.",
    ),
    "doctor": Command(
        Group.START,
        "doctor",
        "See what would keep a run from working: key, rights, network, disk; and what to do "
        "about it.",
    ),
    "schema": Command(
        Group.START, "local_commands", "Print the JSON Schema of the manifest, for editors."
    ),
    "sandbox": Command(
        Group.SERVE,
        "local_commands",
        "Serve the embedded portal until stopped.",
        rare=("host", "version", "faults", "allow_remote"),
    ),
    "demo": Command(
        Group.SERVE,
        "local_commands",
        "Start the embedded portal, publish a manifest of real data to it, twice, and show it.",
    ),
}


@cache
def loaded(name: str) -> TyperCommand:
    """The command of that name, with its options; raises `KeyError` when there is none.

    Always the same: to put one together takes longer than to read what was typed.
    """
    row = COMMANDS[name]
    with _loading():
        module = import_module(f"bulkpub.cli.{row.module}")
        options = import_module("bulkpub.cli.options")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name, cls=PagedCommand, epilog=row.epilog, context_settings=HELP)(
        options.with_options(getattr(module, name))
    )
    command = cast("PagedCommand", typer.main.get_command(alone))
    names = {each.name or "" for each in command.params} - {*row.rare}
    command.common = frozenset(names - options.uncommon(name))
    return command


@contextmanager
def _loading() -> Iterator[None]:
    """While modules are loaded nothing becomes garbage; looking for some takes a tenth of the time.

    Nor has anything begun: Ctrl-C ends the program there and then. As an exception it would come
    out of the middle of whatever is being loaded, or be lost there.
    """
    before = signal.getsignal(signal.SIGINT)
    is_ours = before is signal.default_int_handler and current_thread() is main_thread()
    if is_ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
        if is_ours:
            signal.signal(signal.SIGINT, before)


class _Unloaded(TyperCommand):
    """What `--help` of all commands and the completion of a shell have to know of one."""

    def make_context(  # the types are those of typer's click, which has no public name
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - see above
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Load the command, and go on with it in the place of this."""
        return loaded(self.name or "").make_context(info_name, args, parent, **extra)


class Commands(TyperGroup):
    """All commands, none of them loaded."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(**attributes)
        self.commands = {name: _Unloaded(name, help=row.help) for name, row in COMMANDS.items()}

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - typer's
        """All commands, in their groups."""
        options = [
            Entry("--version", tr("Show the version.")),
            Entry("--lang en|fr", tr("Speak this language; by default that of the locale.")),
            Entry("-h, --help", tr("Show this.")),
        ]
        options.append(
            Entry("--install-completion", tr("Make this shell complete commands and options."))
        )
        sections = [
            Section(
                group.value,
                [
                    Entry(name, translated(row.help))
                    for name, row in COMMANDS.items()
                    if row.group is group
                ],
            )
            for group in Group
        ]
        notes = [
            tr(
                "`{command_path} COMMAND --help` shows what a command takes.",
                command_path=ctx.command_path,
            ),
            *paragraphs(self.epilog),
        ]
        usage = f"{ctx.command_path} COMMAND [OPTIONS] [ARGUMENTS]"
        about = paragraphs(self.help)
        return printed(Page(usage, about, [*sections, Section("Options", options)], notes))
