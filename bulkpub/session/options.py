"""Every option, declared once: what it is called, how it is written, and where it goes.

The rule: an option goes to a field of a value that the library takes, and its default is that
field's. Flags, `BULKPUB_*` variables, the values themselves and the tables of
`docs/reference/commands.md` follow from the rows of `OPTIONS`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from bulkpub.core import units
from bulkpub.core.origin import Gone
from bulkpub.engine.choice import MOST_WORKERS
from bulkpub.engine.choice import Kind as EngineKind
from bulkpub.harvest.base import HarvestOptions
from bulkpub.harvest.kinds import Kind
from bulkpub.harvest.words.languages import short_language
from bulkpub.language import say
from bulkpub.pipeline import RunOptions
from bulkpub.pipeline.job import MOST_AT_ONCE
from bulkpub.session.connection import Connection, Sources

__all__ = [
    "BY_NAME",
    "NO_REPORT",
    "OPTIONS",
    "READERS",
    "SEVERAL",
    "Option",
    "Output",
    "Settings",
    "Unit",
    "pairs",
    "settings_of",
]


# --- where options go ---------------------------------------------------------------------


NO_REPORT = "none"


@dataclass(frozen=True, slots=True)
class Output:
    """What a command prints, logs and writes.

    `report` is the file of the JSON report, `-` for stdout, `none` or empty for none;
    `report_format` says whether it is one document or JSON Lines. `junit` and `metrics` are files
    of the same for other programs: JUnit's XML, and Prometheus' text. `verbose` logs
    every file (1) or every request (2); `quiet` leaves only errors and the summary.
    """

    report: str = "bulkpub-report.json"
    out: str = ""
    report_format: Literal["json", "jsonl"] = "json"
    junit: str | None = None
    metrics: str | None = None
    log_format: Literal["human", "json"] = "human"
    verbose: int = 0
    quiet: bool = False

    @property
    def report_file(self) -> str | None:
        """Where the report is to be written; None: nowhere."""
        return None if self.report in {"", NO_REPORT} else self.report


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command was given, as the values that the library takes."""

    connection: Connection = field(default_factory=Connection)
    sources: Sources = field(default_factory=Sources)
    run: RunOptions = field(default_factory=RunOptions)
    harvest: HarvestOptions = field(default_factory=HarvestOptions)
    variables: Mapping[str, str] = field(default_factory=dict)
    state_dir: Path | None = None
    key_env: str | None = None
    output: Output = field(default_factory=Output)
    plan: str | None = None
    engine: str = EngineKind.LOCAL
    workers: int | None = None


# --- what an option is --------------------------------------------------------------------


def _quota_share(text: str) -> float:
    part = units.share(text)
    if part == 1:
        raise ValueError(say("'{text}' leaves nothing; write for instance 5%", text=text))
    return part


def _at_once(text: str) -> int | None:
    if text.strip().lower() == AUTO:
        return None
    if not re.fullmatch(r"\d{1,3}", text.strip()) or not 1 <= int(text) <= MOST_AT_ONCE:
        raise ValueError(
            say(
                "'{text}' is neither {auto} nor a number from 1 to {most_at_once}",
                text=text,
                auto=AUTO,
                most_at_once=MOST_AT_ONCE,
            )
        )
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            say("'{text}' is no day; write for instance 2024-01-31", text=text)
        ) from None


def _language(text: str) -> str:
    code = short_language(text) if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_]\w+)?", text.strip()) else ""
    if not code:
        raise ValueError(say("'{text}' is no code of a language; write for instance fr", text=text))
    return code


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """What each `NAME=VALUE` says; raises `ValueError` with a sentence."""
    said: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(
                say("'{text}' gives no value; write for instance today=2024-01-31", text=text)
            )
        if said.setdefault(name.strip(), value) != value:
            raise ValueError(say("'{name}' is given two values", name=name.strip()))
    return said


class Unit(Enum):
    """What an option's value is."""

    SWITCH = "switch"
    COUNT = "count"
    SECONDS = "seconds"
    SIZE = "size"
    DURATION = "duration"
    SHARE = "share"
    AT_ONCE = "at once"
    """A number of things at once; None: as many as turn out well."""
    DAY = "day"
    LANGUAGE = "language"
    TEXT = "text"
    CHOICE = "choice"
    FILE = "file"
    """One that exists."""
    FOLDER = "folder"
    TIMES = "times"
    """How often the flag is given."""
    TEXTS = "texts"
    """Any number of texts: a flag for each."""
    PAIRS = "pairs"
    """Names, each with a value: a flag for each."""


SEVERAL = frozenset({Unit.TEXTS, Unit.PAIRS})
"""Those whose flag can be given several times, each with a value."""

READERS: Mapping[Unit, Callable[[str], Any]] = {
    Unit.SIZE: units.size,
    Unit.DURATION: units.duration,
    Unit.SHARE: _quota_share,
    Unit.AT_ONCE: _at_once,
    Unit.DAY: _day,
    Unit.LANGUAGE: _language,
}
"""How what is written becomes a value; raises `ValueError` with a sentence."""
_WRITERS: Mapping[Unit, Callable[[Any], str]] = {
    Unit.SIZE: lambda size: units.spell_size(size).replace(" ", ""),
    Unit.DURATION: units.spell_duration,
    Unit.SHARE: units.spell_share,
}

AUTO = "auto"
ENGINE = "Where the work is done"
PACE = "Pace and patience"
OUTPUT = "Output"
FETCHING = "Files fetched from elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    `name` is what sentences call it, in backticks, and what flag and variable are made of;
    `place` is the field of `Settings` it goes to (`connection.limits.max_wait`), `commands`
    those that have it, `help` what it does, in a sentence.

    `common` are the commands that people give it to most: their `--help` has it, that of the others
    leaves it to `--help-all`. `flags` and `metavar` where they do not follow from name and unit;
    `environment`: whether there is a variable, too. `least` and `most` are bounds. `nothing` says
    what its absence means, where the default is None; `more` is by how much the field is more than
    what is written; `group` is its title in `--help-all`. Commands in `help_of` and `default_of`
    have words and defaults of their own.
    """

    name: str
    place: str
    unit: Unit
    commands: tuple[str, ...]
    help: str
    common: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    environment: bool = True
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    nothing: str | None = None
    more: int = 0
    group: str | None = None
    help_of: Mapping[str, str] = field(default_factory=dict)
    default_of: Mapping[str, object] = field(default_factory=dict)

    @property
    def flag(self) -> str:
        """The flag that switches it on, or that its value follows."""
        long = f"--{self.name.replace('_', '-')}"
        return next((flag for flag in self.flags if flag.startswith("--")), long).split("/")[0]

    @property
    def variable(self) -> str | None:
        """The environment variable, if it has one."""
        return f"BULKPUB_{self.flag[2:].upper().replace('-', '_')}" if self.environment else None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of harvest that have a use for it; empty: it means the same to all."""
        return tuple(kind for kind in Kind if self.name in kind.options)

    def default(self, command: str) -> Any:  # noqa: ANN401 - its unit says what it is
        """What it is for `command` when nobody says anything: what its place has."""
        return self.default_of[command] if command in self.default_of else self.value(Settings())

    def value(self, settings: Settings) -> Any:  # noqa: ANN401 - likewise
        """What `settings` say of it, as it is written."""
        value: Any = settings
        for name in self.place.split("."):
            value = getattr(value, name)
        return value - self.more if self.more else value

    def shown_default(self, command: str) -> str | None:
        """The default as people write it; None: as it is."""
        default = self.default(command)
        if default is None or self.unit in SEVERAL:
            return self.nothing
        return _WRITERS[self.unit](default) if self.unit in _WRITERS else None


def settings_of(given: Mapping[str, Any]) -> Settings:
    """What was `given`, by the names of options, as values; else the defaults."""
    settings = Settings()
    for name, value in given.items():
        option = BY_NAME[name]
        stored = value + option.more if option.more else value
        if option.unit is Unit.TEXTS:
            stored = tuple(value or ())
        if option.unit is Unit.PAIRS:
            stored = pairs(value or ())
        if option.unit is Unit.FILE and value is not None:
            stored = str(value)
        settings = _with(settings, option.place.split("."), stored)
    return settings


def _with(value: Any, place: list[str], stored: object) -> Any:  # noqa: ANN401 - any dataclass
    head, *rest = place
    return replace(value, **{head: _with(getattr(value, head), rest, stored) if rest else stored})


# --- the options --------------------------------------------------------------------------

_HEADER = "The header in which the portal tells"
_WRITING = ("run", "watch", "migrate")
_MANIFEST = ("run", "watch", "plan", "verify")
_CHOOSING = ("run", "plan", "verify", "migrate")
_PORTAL = ("run", "watch", "plan", "verify", "migrate")
_ALL = (*_PORTAL, "harvest")
_ELSEWHERE = ("run", "verify", "migrate", "harvest")
_ASKING = ("status", "list", "api")
_PACED = (*_ALL, *_ASKING)
_LOOKING = (*_PACED, "doctor")

OPTIONS: tuple[Option, ...] = (
    # Of a harvest alone, and of a migration.
    Option(
        name="organization",
        place="harvest.organization",
        unit=Unit.TEXT,
        metavar="ID",
        commands=("harvest", "init"),
        common=("harvest", "init"),
        environment=False,
        help="The organization to publish for; without it, the account of the API key.",
        help_of={"init": "The organization to publish for, by id or slug."},
    ),
    Option(
        name="match",
        place="harvest.match",
        unit=Unit.TEXT,
        metavar="TEXT",
        commands=("harvest",),
        common=("harvest",),
        environment=False,
        help="Only datasets with this in their title or key, whatever the case and accents; or a "
        "pattern for the whole of it, with * ? [abc].",
    ),
    Option(
        name="since",
        place="harvest.since",
        unit=Unit.DAY,
        metavar="DAY",
        commands=("harvest",),
        environment=False,
        help="Only datasets that changed on that day or later, as far as is known.",
    ),
    Option(
        name="limit",
        place="harvest.limit",
        unit=Unit.COUNT,
        metavar="N",
        least=1,
        commands=("harvest",),
        environment=False,
        help="At most so many datasets.",
    ),
    Option(
        name="links",
        place="harvest.links",
        unit=Unit.SWITCH,
        flags=("--links/--fetch",),
        nothing="fetch",
        commands=("harvest",),
        common=("harvest",),
        environment=False,
        help="List files where they are (`link:`), or fetch and host them (`url:`).",
    ),
    Option(
        name="restricted",
        place="harvest.restricted",
        unit=Unit.CHOICE,
        choices=("draft", "skip"),
        commands=("harvest",),
        environment=False,
        help="What becomes of a dataset that its source does not open to everyone: private and "
        "with links only, or left out.",
    ),
    Option(
        name="language",
        place="harvest.language",
        unit=Unit.LANGUAGE,
        metavar="CODE",
        nothing="the portal's",
        commands=("harvest",),
        environment=False,
        help="Of texts in several languages the one to take, as fr or en; else what is in none, "
        "else any.",
    ),
    Option(
        name="single",
        place="harvest.single",
        unit=Unit.SWITCH,
        commands=("harvest", "init"),
        common=("init",),
        environment=False,
        help="For a folder or a table: one dataset of all that is in it.",
        help_of={"init": "One dataset of all files, not one for each folder."},
    ),
    Option(
        name="recursive",
        place="harvest.recursive",
        unit=Unit.SWITCH,
        commands=("harvest",),
        environment=False,
        help="For a listing: its sub-folders, too.",
    ),
    Option(
        name="copy",
        place="harvest.copy",
        unit=Unit.SWITCH,
        commands=("harvest",),
        environment=False,
        help="Of a portal: for another one. Without ids; files are fetched from where they are.",
    ),
    Option(
        name="gone",
        place="harvest.gone",
        unit=Unit.CHOICE,
        choices=tuple(Gone),
        commands=("harvest",),
        environment=False,
        help="What a manifest that exists is to say of datasets that a complete harvest no longer "
        "finds: a comment only, `archived: true`, or `private: true`. Nothing is taken away.",
    ),
    Option(
        name="dry_run",
        place="run.dry_run",
        unit=Unit.SWITCH,
        commands=("run", "migrate"),
        common=("run", "migrate"),
        environment=False,
        help="Show what would be moved, without a single write.",
        help_of={"run": "Only show what would be done: the same as `plan`."},
    ),
    # The portal, and what is done to it.
    Option(
        name="portal",
        place="connection.portal",
        unit=Unit.TEXT,
        metavar="www|demo|sandbox|URL",
        commands=(*_LOOKING, "init"),
        common=(*_LOOKING, "init"),
        help="The portal: a name, an address, github:OWNER/REPO; by default the manifest's. Of its "
        "destinations, one of them.",
        help_of={
            "init": "The portal that the manifest is for.",
            "harvest": "The portal that the manifest is for, and that `portal` harvests.",
            "doctor": "The portal; by default the one the manifest names, else data.gouv.fr.",
            "list": "The portal; by default data.gouv.fr.",
            "api": "The portal; there is no default.",
        },
    ),
    Option(
        name="var",
        place="variables",
        unit=Unit.PAIRS,
        metavar="NAME=VALUE",
        commands=(*_MANIFEST, "validate", "status", "doctor"),
        common=("verify", "validate", "status"),
        environment=False,
        nothing="what the manifest says",
        help="Give a variable of the manifest this value; can be given several times.",
    ),
    Option(
        name="out",
        place="output.out",
        unit=Unit.TEXT,
        metavar="FILE",
        commands=("plan",),
        common=("plan",),
        environment=False,
        help="Write the plan there, for `run --plan`; every file that would be sent is hashed.",
    ),
    Option(
        name="plan_file",
        place="plan",
        unit=Unit.FILE,
        flags=("--plan",),
        metavar="FILE",
        commands=("run",),
        environment=False,
        nothing="none",
        help="Carry out this plan, which `plan --out` wrote, and nothing else; what has changed "
        "since is refused. Without a manifest: the plan's.",
    ),
    Option(
        name="only",
        place="run.only",
        unit=Unit.TEXTS,
        metavar="PATTERN",
        commands=_CHOOSING,
        common=("run", "plan"),
        environment=False,
        nothing="all",
        help="Only what fits: datasets by their key, as 'velos*'; resources as 'velos/*.csv'. Can "
        "be given several times; nothing that is left out is deleted.",
    ),
    Option(
        name="left_out",
        place="run.exclude",
        unit=Unit.TEXTS,
        flags=("--exclude",),
        metavar="PATTERN",
        commands=_CHOOSING,
        environment=False,
        nothing="none",
        help="Not what fits, by the same patterns; can be given several times.",
    ),
    Option(
        name="keep_going",
        place="run.keep_going",
        unit=Unit.SWITCH,
        commands=_MANIFEST,
        common=("run", "watch"),
        help="Publish the sound datasets although others have problems (exit code 1).",
    ),
    Option(
        name="allow_mass_delete",
        place="run.allow_mass_delete",
        unit=Unit.SWITCH,
        commands=("run", "watch", "plan"),
        help="Let `prune` delete more than half of a dataset's resources, and `state: absent` more "
        "than 10 datasets, or than half of an owner's.",
    ),
    Option(
        name="insecure",
        place="connection.insecure",
        unit=Unit.SWITCH,
        commands=_LOOKING,
        help="Send the API key over plain http to another machine.",
    ),
    Option(
        name="ca_file",
        place="connection.ca_file",
        unit=Unit.FILE,
        nothing="none",
        commands=_LOOKING,
        common=("doctor",),
        help="Trust the certificates in this file (PEM) besides the system's.",
    ),
    Option(
        name="key_env",
        place="key_env",
        unit=Unit.TEXT,
        metavar="NAME",
        nothing="BULKPUB_API_KEY or DATAGOUV_API_KEY",
        commands=("migrate", "harvest", *_ASKING, "doctor"),
        common=("list",),
        environment=False,
        help="The variable that holds the API key, as a manifest's `key_env` names it.",
    ),
    Option(
        name="state_dir",
        place="state_dir",
        unit=Unit.FOLDER,
        nothing="the user's state directory",
        commands=(*_PORTAL, "doctor", "report", "history"),
        common=("doctor", "report", "history"),
        help="Remember file hashes and past reports there, to be quicker next time; deleting it is "
        "always safe.",
        help_of=dict.fromkeys(("report", "history"), "Where past reports are remembered."),
    ),
    # Where the work is done.
    Option(
        name="engine",
        place="engine",
        unit=Unit.TEXT,
        metavar="local|dask|dask://HOST:PORT",
        commands=_ELSEWHERE,
        group=ENGINE,
        help="In this process (local), or by the workers of a Dask cluster: one that is made on "
        "this machine (dask), or the one whose scheduler is at that address; tls:// and tcp:// "
        "are known, too.",
        help_of={
            "harvest": "Read the sources in this process, one after the other (local), or by the "
            "workers of a Dask cluster, those of several hosts at the same time: one that is made "
            "on this machine (dask), or the one whose scheduler is at that address. For sources "
            "of one host nothing is gained."
        },
    ),
    Option(
        name="workers",
        place="workers",
        unit=Unit.COUNT,
        metavar="N",
        least=1,
        most=MOST_WORKERS,
        nothing="one for each core",
        commands=_ELSEWHERE,
        group=ENGINE,
        help="Processes of the cluster on this machine, with `--engine dask`.",
    ),
    # Pace and patience.
    Option(
        name="concurrency",
        place="run.concurrency",
        unit=Unit.AT_ONCE,
        nothing=AUTO,
        commands=_PORTAL,
        group=PACE,
        help=f"Requests in flight at once, 1 to {MOST_AT_ONCE}; by default as many as the portal "
        "is the faster for, which is found out.",
    ),
    Option(
        name="uploads",
        place="run.uploads",
        unit=Unit.COUNT,
        least=1,
        most=32,
        commands=_WRITING,
        group=PACE,
        help="Of those, uploads to one dataset.",
    ),
    Option(
        name="chunk_size",
        place="run.chunk_size",
        unit=Unit.SIZE,
        commands=_WRITING,
        group=PACE,
        help="Send large files in parts of this size.",
    ),
    Option(
        name="chunk_above",
        place="run.chunk_above",
        unit=Unit.SIZE,
        nothing="when the portal or the line asks for it",
        commands=_WRITING,
        group=PACE,
        help="Files larger than this are sent in parts, all others whole.",
    ),
    Option(
        name="chunk_after",
        place="run.chunk_after_s",
        unit=Unit.DURATION,
        commands=_WRITING,
        group=PACE,
        help="Files that would take longer than this whole are sent in parts.",
    ),
    Option(
        name="timeout",
        place="connection.patience_s",
        unit=Unit.SECONDS,
        least=0.1,
        commands=_LOOKING,
        common=("doctor",),
        group=PACE,
        help="Wait so long for an answer, without any progress, before it counts as lost.",
    ),
    Option(
        name="retries",
        place="connection.retry.attempts",
        more=1,
        unit=Unit.COUNT,
        least=0,
        most=100,
        commands=_PACED,
        group=PACE,
        help="Send a request again so often, when that is safe.",
    ),
    Option(
        name="quota_reserve",
        place="connection.limits.quota_reserve",
        unit=Unit.SHARE,
        commands=_PACED,
        group=PACE,
        help="Leave this share of the quota to others who use the same key.",
    ),
    Option(
        name="max_wait",
        place="connection.limits.max_wait",
        unit=Unit.DURATION,
        nothing="as long as it takes",
        commands=_PACED,
        group=PACE,
        help="Stop (exit code 4) rather than wait longer than this for the quota.",
    ),
    Option(
        name="give_up_after",
        place="connection.limits.give_up_after",
        unit=Unit.DURATION,
        commands=_PACED,
        group=PACE,
        help="Stop (exit code 4) when the portal has been down for this long.",
    ),
    # Files fetched from elsewhere.
    Option(
        name="spool_dir",
        place="sources.spool_dir",
        unit=Unit.FOLDER,
        nothing="the user's cache directory",
        commands=("run", "watch", "verify", "migrate", "doctor"),
        group=FETCHING,
        help="Keep fetched files there until they are published.",
    ),
    Option(
        name="spool_size",
        place="sources.spool_size",
        unit=Unit.SIZE,
        commands=("run", "watch", "verify", "migrate", "doctor"),
        group=FETCHING,
        help="Keep at most so much there; fetching waits when it is full.",
    ),
    Option(
        name="allow_private",
        place="sources.allow_private",
        unit=Unit.SWITCH,
        flags=("--allow-private-sources",),
        commands=_ALL,
        group=FETCHING,
        help="Fetch also from addresses of private networks and of this machine.",
        help_of={
            "harvest": "Read also from addresses of private networks and of this machine, and "
            "keep those that a catalogue gives."
        },
    ),
    # What the portal's quota is called.
    Option(
        name="header_limit",
        place="connection.rate_headers.limit",
        unit=Unit.TEXT,
        metavar="NAME",
        commands=_LOOKING,
        group=PACE,
        help=f"{_HEADER} its rate limit.",
    ),
    Option(
        name="header_remaining",
        place="connection.rate_headers.remaining",
        unit=Unit.TEXT,
        metavar="NAME",
        commands=_LOOKING,
        group=PACE,
        help=f"{_HEADER} how many requests are left.",
    ),
    Option(
        name="header_reset",
        place="connection.rate_headers.reset",
        unit=Unit.TEXT,
        metavar="NAME",
        commands=_LOOKING,
        group=PACE,
        help=f"{_HEADER} when the count begins anew.",
    ),
    # Output.
    Option(
        name="report",
        place="output.report",
        unit=Unit.TEXT,
        metavar="FILE",
        commands=(*_PORTAL, "demo"),
        common=("run", "watch", "verify", "migrate", "demo"),
        group=OUTPUT,
        default_of={"plan": "", "verify": ""},
        help="Write the JSON report there; '-' for stdout, 'none' for no report.",
    ),
    Option(
        name="report_format",
        place="output.report_format",
        unit=Unit.CHOICE,
        choices=("json", "jsonl"),
        commands=_PORTAL,
        group=OUTPUT,
        help="The report as one document, or one line for each dataset.",
    ),
    Option(
        name="junit",
        place="output.junit",
        unit=Unit.TEXT,
        metavar="FILE",
        nothing="none",
        commands=_PORTAL,
        group=OUTPUT,
        help="Write the files as the test cases of JUnit's XML there, as CI systems show them.",
    ),
    Option(
        name="metrics",
        place="output.metrics",
        unit=Unit.TEXT,
        metavar="FILE",
        nothing="none",
        commands=_PORTAL,
        group=OUTPUT,
        help="Write figures there as Prometheus' text files have them (`.prom`).",
    ),
    Option(
        name="log_format",
        place="output.log_format",
        unit=Unit.CHOICE,
        choices=("human", "json"),
        commands=_PORTAL,
        group=OUTPUT,
        help="Logs on stderr: for people, or one JSON object a line.",
    ),
    Option(
        name="verbose",
        place="output.verbose",
        unit=Unit.TIMES,
        flags=("-v", "--verbose"),
        commands=_PORTAL,
        common=("run", "watch", "plan", "verify", "migrate"),
        group=OUTPUT,
        environment=False,
        help="Log every file; twice: every request.",
    ),
    Option(
        name="quiet",
        place="output.quiet",
        unit=Unit.SWITCH,
        flags=("-q", "--quiet"),
        commands=tuple(each for each in _ALL if each != "watch"),  # it is
        common=("verify", "harvest"),
        group=OUTPUT,
        environment=False,
        help="No progress, only errors and the summary.",
        help_of={"harvest": "No notes, only what could not be read and the counts."},
    ),
)

BY_NAME = {option.name: option for option in OPTIONS}
