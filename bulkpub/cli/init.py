"""`bulkpub init`: from a folder or a spreadsheet to a manifest that only has to be looked through.

On a terminal it asks what it was not told; elsewhere what it was not told is left to be filled in.
Nothing that exists is overwritten.
"""

import io
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from bulkpub.cli.new_file import check_new, write_new
from bulkpub.cli.options import with_flags
from bulkpub.cli.problems import render_problems, render_warnings
from bulkpub.cli.template import NAMES, workbook
from bulkpub.core.exit_codes import ExitCode
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.errors import SettingsInvalid
from bulkpub.harvest.base import Found, HarvestOptions
from bulkpub.harvest.folder import found_in
from bulkpub.language import in_language, say, tr
from bulkpub.manifest.starting import TO_FILL_IN, with_lines_to_fill_in
from bulkpub.manifest.writing import ManifestWriter
from bulkpub.observers.console import SteadyConsole, print_line
from bulkpub.observers.text import counted, printable
from bulkpub.portals.kinds import DEFAULT
from bulkpub.session.options import Settings

__all__ = ["init"]

MANIFEST = "manifest.yaml"
ENVIRONMENT = ".env.example"
_ENVIRONMENT = (
    say(
        "Copy this file to .env, and show that to nobody: bulkpub reads it in the folder it is "
        "started in."
    ),
    say("The key is in the settings of your account on the portal."),
)
_KEY_LINE = "BULKPUB_API_KEY="
_TOP = {
    "portal": ("demo", say("demo.data.gouv.fr, for trials; www is data.gouv.fr itself")),
    "organization": ("ville-exemple", say("who publishes: as in the address of its page")),
}
"""What a manifest says at its top, with an example and what to write."""
_SOMEBODY = "ville-exemple"
"""Stands for an organization that is yet to be filled in."""


def init(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="[DIR]", exists=True, help="A folder with files to publish, or a spreadsheet."
        ),
    ] = Path(),
    *,
    license_: Annotated[
        str | None,
        typer.Option("--license", metavar="ID", help="The licence of all datasets: lov2, fr-lo…"),
    ] = None,
    frequency: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="How often all are updated: daily, annual, irregular…"),
    ] = None,
    spreadsheet: Annotated[
        bool,
        typer.Option("--spreadsheet", help="Write a spreadsheet to fill in, not a manifest."),
    ] = False,
    headers: Annotated[
        Literal["fr", "en"] | None,
        typer.Option(help="The language of the spreadsheet; that of the locale by default."),
    ] = None,
    settings: Settings,
) -> None:
    """Write a manifest of what is in a folder or a spreadsheet, to look through and fill in."""
    console = SteadyConsole(highlight=False, soft_wrap=True)
    told = _Answers(
        portal=settings.connection.portal,
        organization=settings.harvest.organization,
        license=_checked("license", license_),
        frequency=_checked("frequency", frequency),
        single=settings.harvest.single,
    )
    if spreadsheet:
        raise typer.Exit(_write_spreadsheet(place, told, headers or _language(), console))
    raise typer.Exit(_write_manifest(place, told, console))


@dataclass(frozen=True, slots=True)
class _Answers:
    """What was told by flags, or answered; None where nothing was."""

    portal: str | None
    organization: str | None
    license: str | None
    frequency: str | None
    single: bool

    @property
    def top(self) -> Mapping[str, str]:
        """What the manifest says at its top."""
        said = {"portal": self.portal, "organization": self.organization}
        return {key: value for key, value in said.items() if value}

    @property
    def defaults(self) -> Mapping[str, str]:
        """What holds for all its datasets."""
        return {key: value for key in TO_FILL_IN if (value := getattr(self, key))}


def _language() -> Literal["fr", "en"]:
    names = map(os.environ.get, ("BULKPUB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return "fr" if next(filter(None, names), "").lower().startswith("fr") else "en"


# --- what it asks ---------------------------------------------------------------------------


def _checked(key: str, text: str | None) -> str | None:
    """What a manifest says for the text; raises `SettingsInvalid` where that is nothing known."""
    if not text:
        return None
    known = _KNOWN[key](text)
    if known is None:
        raise SettingsInvalid(
            say(
                "'{text}' is no {key} that is known: {to_fill_in}",
                text=text,
                key=key,
                to_fill_in=TO_FILL_IN[key][1],
            )
        )
    return known


_KNOWN: Mapping[str, Callable[[str], str | None]] = {
    "license": lambda text: known_license([text]),
    "frequency": known_frequency,
}


def _asked(told: _Answers, *, has_folders: bool) -> _Answers:
    """What was told, and what is answered on a terminal; an empty answer leaves a line to fill in.

    Raises `typer.Abort` when somebody has had enough of it.
    """
    if not _somebody_is_there():
        return told
    answers = told
    if told.portal is None:
        question = tr("Portal (demo for trials, www for data.gouv.fr, or an address)")
        answers = replace(answers, portal=typer.prompt(question, default="demo"))
    if told.organization is None:
        question = tr("Organization (as in the address of its page; empty: later)")
        answers = replace(answers, organization=_word(question))
    if told.license is None:
        question = tr("Licence of all datasets (lov2, fr-lo, odc-odbl, cc-by…; empty: later)")
        answers = replace(answers, license=_known_word("license", question))
    if told.frequency is None:
        question = tr(
            "How often they are updated (daily, monthly, annual, irregular…; empty: later)"
        )
        answers = replace(answers, frequency=_known_word("frequency", question))
    if has_folders and not told.single:
        question = tr("One dataset for each folder? (no: one of all files)")
        answers = replace(answers, single=not typer.confirm(question, default=True))
    return answers


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _word(question: str) -> str | None:
    return str(typer.prompt(question, default="", show_default=False)).strip() or None


def _known_word(key: str, question: str) -> str | None:
    while True:
        try:
            return _checked(key, _word(question))
        except SettingsInvalid as error:
            typer.echo(in_language(str(error)))


# --- a manifest -----------------------------------------------------------------------------


def _write_manifest(place: Path, told: _Answers, console: Console) -> ExitCode:
    folder = place if place.is_dir() else place.parent
    manifest = folder / MANIFEST
    check_new(manifest)
    notes: list[_Note] = []
    options = _noting(_options(folder), notes)
    try:
        if place.is_dir():
            has_folders = len(list(found_in(str(place), options))) > 1
            notes.clear()
            told = _asked(told, has_folders=has_folders)
            options = replace(options, single=told.single)
            text, count = _of_folder(place, told, options, notes)
        else:
            told = _asked(told, has_folders=False)
            text, count = _of_spreadsheet(place, manifest, told, console)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    if not text:
        return ExitCode.WRONG
    write_new(manifest, text.encode())
    _print_notes(notes, console)
    console.print(
        tr(
            "Written: {manifest}, with {count}.", manifest=manifest, count=counted(count, "dataset")
        ),
        markup=False,
    )
    _write_environment(folder / ENVIRONMENT, console)
    shown = shlex.quote(str(manifest))
    console.print(
        tr("Next: look through it and fill in what begins with #, then")
        + f"\n  bulkpub validate {shown}\n  bulkpub plan {shown}",
        markup=False,
    )
    return ExitCode.DONE


_MOST_NOTES = 50
"""Sentences; one that is true of many datasets is told once."""

_Note = tuple[str, str]
"""The key of the dataset it is about, empty for the whole; and the sentence."""


def _print_notes(notes: Sequence[_Note], console: Console) -> None:
    """What was left out, or is worth knowing: nobody shall believe that it is in the manifest."""
    about: dict[str, list[str]] = {}
    for key, note in notes:
        about.setdefault(in_language(with_flags(note)), []).append(key)
    for note, keys in islice(about.items(), _MOST_NOTES):
        said = tr("{key}: {note}", key=keys[0], note=note) if keys[0] else note
        if len(keys) > 1 and keys[0]:
            datasets = counted(len(keys), "dataset")
            said = tr("{note} ({datasets})", note=note, datasets=datasets)
        print_line(console, tr("note: ") + printable(said))
    if (rest := len(about) - _MOST_NOTES) > 0:
        print_line(console, tr("… and {notes} more.", notes=counted(rest, "note")))


def _noting(options: HarvestOptions, notes: list[_Note]) -> HarvestOptions:
    """The options with what is told of the whole added to `notes`."""

    def note(sentence: str) -> None:
        notes.append(("", sentence))

    return replace(options, lost=note, note=note)


def _options(folder: Path) -> HarvestOptions:
    """What is in the folder and may be published: no spreadsheet of ours."""
    own = (folder / name for name in (MANIFEST, *NAMES.values()))
    return HarvestOptions(base=str(folder), leave_out=frozenset(map(os.path.realpath, own)))


def _write_environment(path: Path, console: Console) -> None:
    if not os.path.lexists(path):
        remarks = "".join(f"# {in_language(each)}\n" for each in _ENVIRONMENT)
        write_new(path, f"{remarks}{_KEY_LINE}\n".encode())
        console.print(
            tr("Written: {path}, for your key: copy it to .env.", path=path), markup=False
        )


def _of_folder(
    place: Path, told: _Answers, options: HarvestOptions, notes: list[_Note]
) -> tuple[str, int]:
    """The manifest of a folder; raises `SettingsInvalid` where there is nothing to publish."""
    out = io.StringIO()
    writer = ManifestWriter(out, rules=DEFAULT.rules)
    writer.header(
        portal=told.portal,
        organization=told.organization or _SOMEBODY,
        defaults=told.defaults,
        comment=tr(
            "What is in {name}. Look through it: titles and descriptions are what people find.",
            name=place.absolute().name or place,
        ),
        fill_in=True,
    )
    for found in found_in(str(place), options):
        spec = _told(found, told).dataset
        remarks = tuple(in_language(each) for each in with_flags(found.notes))
        said = writer.dataset(spec, remarks)
        notes += [(spec.key, note) for note in said]
    if not writer.count:
        raise SettingsInvalid(say("{place} has no files to publish", place=place))
    lines = _lines(out.getvalue())
    if told.organization is None:
        lines.remove(f"organization: {_SOMEBODY}")
    # What is to be filled in under `defaults` is there.
    text = "\n".join(with_lines_to_fill_in(lines, {*told.top, "defaults"}, TO_FILL_IN, _TOP))
    return f"{text}\n", writer.count


def _lines(text: str) -> list[str]:
    """The lines of a manifest; what only Unicode takes for the end of one is part of a title."""
    return text.removesuffix("\n").split("\n") if text else []


def _told(found: Found, told: _Answers) -> Found:
    """The dataset with what was told of all of them, where nothing in its folder says otherwise."""
    metadata = found.dataset.metadata
    dataset = replace(
        found.dataset,
        organization=found.dataset.organization or told.organization or _SOMEBODY,
        metadata=replace(
            metadata,
            license=metadata.license or told.license,
            frequency=metadata.frequency or told.frequency,
        ),
    )
    return replace(found, dataset=dataset)


def _of_spreadsheet(
    place: Path, manifest: Path, told: _Answers, console: Console
) -> tuple[str, int]:
    """The manifest that a table is; empty where it has problems, which are told."""
    from bulkpub.manifest.converting import converted  # noqa: PLC0415 - only tables need it

    made = converted(place, manifest, {**told.top, "defaults": told.defaults})
    render_warnings(made.warnings, console)
    render_problems(made.problems, console)
    lines = _lines(made.text)
    top = [line for line in lines[: lines.index("datasets:")] if lines] if made.text else []
    said = {line.partition(":")[0] for line in top if not line.startswith((" ", "#"))}
    defaults = {line.strip().partition(":")[0] for line in top if line.startswith("  ")}
    text = "\n".join(with_lines_to_fill_in(lines, said, defaults, _TOP))
    return (f"{text}\n" if made.text else ""), made.datasets


# --- a spreadsheet --------------------------------------------------------------------------


def _write_spreadsheet(
    place: Path, told: _Answers, language: Literal["fr", "en"], console: Console
) -> ExitCode:
    if not place.is_dir():
        raise SettingsInvalid(
            say("{place} is no folder: where is the spreadsheet to be written?", place=place)
        )
    path = place / NAMES[language]
    check_new(path)
    notes: list[_Note] = []
    options = _noting(replace(_options(place), single=told.single), notes)
    harvested = list(found_in(str(place), options))
    notes += [(each.dataset.key, note) for each in harvested for note in each.notes]
    found = [each.dataset for each in harvested]
    content = workbook(found, {**told.top, **told.defaults}, language)
    write_new(path, content)
    _print_notes(notes, console)
    files = sum(len(each.resources) for each in found)
    console.print(
        tr("Written: {path}, with {files}.", path=path, files=counted(files, "file"))
        if found
        else f"Written: {path}.",
        markup=False,
    )
    _write_environment(place / ENVIRONMENT, console)
    shown = shlex.quote(str(path))
    console.print(
        tr("Next: fill it in, save it, then")
        + f"\n  bulkpub validate {shown}\n  bulkpub plan {shown}",
        markup=False,
    )
    return ExitCode.DONE
