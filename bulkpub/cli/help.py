"""`--help`, laid out for any width: who looks for a first step finds six options, not thirty.

The rule: what typer knows of a command in, lines out; nothing wider than the terminal that can be
broken. A page shows the common options, `--help-all` all of them, in their groups, with their
variables and defaults.
"""

import inspect
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand

from bulkpub.language import tr, translated

__all__ = [
    "EVERYTHING",
    "Entry",
    "Page",
    "PagedCommand",
    "Section",
    "bounds",
    "page_lines",
    "paragraphs",
    "printed",
    "value_name",
]

EVERYTHING = "--help-all"

_WIDEST, _NARROWEST = 100, 24
"""Columns: longer lines are hard to read, and below that nothing can be laid out."""
_TWO_COLUMNS = 72
"""From so many columns on, what an option does stands beside it."""
_HEAD = 26
"""Columns of what stands in front then; what is longer has a line of its own."""
_BELOW = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """An option, an argument or a command, and what it does."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a title."""

    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Page:
    """What `--help` shows; `about` and `notes` are paragraphs, before and after the sections."""

    usage: str
    about: Sequence[str]
    sections: Sequence[Section]
    notes: Sequence[str] = field(default=())


def page_lines(page: Page, width: int) -> Iterator[tuple[str, bool]]:
    """The lines of the page in `width` columns, each with whether it is a title."""
    width = max(width, _NARROWEST)
    yield from _plain(_wrapped(tr("Usage: {usage}", usage=page.usage), width, later="  "))
    for paragraph in page.about:
        yield "", False
        yield from _plain(_wrapped(paragraph, width))
    for section in page.sections:
        yield "", False
        yield tr("{title}:", title=translated(section.title)), True
        yield from _plain(_entries(section.entries, width))
    for paragraph in page.notes:
        yield "", False
        yield from _plain(_wrapped(paragraph, width))


def _plain(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    return ((line, False) for line in lines)


def _entries(entries: Sequence[Entry], width: int) -> Iterator[str]:
    heads = [len(entry.head) for entry in entries]
    beside = width >= _TWO_COLUMNS or max(heads, default=0) <= width // 3
    column = min(max((head for head in heads if head <= _HEAD), default=0), _HEAD) + 4
    indent = " " * (column if beside else _BELOW)
    for entry in entries:
        text = _wrapped(entry.text, width, first=indent, later=indent)
        if beside and len(entry.head) + 4 <= column and text:
            yield f"  {entry.head}".ljust(column) + text[0][column:]
            yield from text[1:]
        else:
            yield from _wrapped(entry.head, width, first="  ", later="    ")
            yield from text


def _wrapped(text: str, width: int, *, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a docstring or an epilog, each on one line."""
    parts = (text or "").split("\n\n")
    return [translated(" ".join(part.split())) for part in parts if part.strip()]


def printed(page: Page) -> str:
    """The page for this terminal: as wide as it is, titles in bold where it can show that."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    bold = sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return "\n".join(
        typer.style(line, bold=True) if is_title and bold else line
        for line, is_title in page_lines(page, width)
    )


# --- a command's page ---------------------------------------------------------------------


class PagedCommand(TyperCommand):
    """A command whose `--help` shows what is `common` among its options, `--help-all` all."""

    common: frozenset[str] = frozenset()

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - typer's click has no public name
        """The page of its common options."""
        return printed(self.page(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - likewise
        """Show all options where that is asked for; else read `args`."""
        if EVERYTHING in args[: args.index("--") if "--" in args else None]:
            typer.echo(printed(self.page(ctx, everything=True)))
            ctx.exit()
        return super().parse_args(ctx, args)

    def page(self, ctx: Any, *, everything: bool = False) -> Page:  # noqa: ANN401 - likewise
        """What its help shows."""
        arguments = [each for each in self.params if each.param_type_name == "argument"]
        options: list[Any] = [each for each in self.params if each.param_type_name == "option"]
        shown = [each for each in options if everything or each.name in self.common]
        names = [argument.metavar or argument.name.upper() for argument in arguments]
        sections = [
            Section(
                "Arguments",
                [
                    Entry(name, translated(getattr(argument, "help", None) or ""))
                    for name, argument in zip(names, arguments, strict=True)
                ],
            ),
            *self._grouped(shown, everything=everything),
        ]
        notes = paragraphs(self.epilog)
        if others := len(options) - len(shown):
            more = (
                tr("1 other option") if others == 1 else tr("{others} other options", others=others)
            )
            everything_shown = f"{ctx.command_path} {EVERYTHING}"
            notes.insert(0, tr("`{command}` shows {more}.", command=everything_shown, more=more))
        return Page(
            " ".join([ctx.command_path, "[OPTIONS]", *names]),
            paragraphs(self.help),
            [section for section in sections if section.entries],
            notes,
        )

    def _grouped(self, options: Sequence[Any], *, everything: bool) -> Iterator[Section]:
        groups: dict[str, list[Entry]] = {}
        for option in options:
            title = (option.rich_help_panel if everything else None) or "Options"
            groups.setdefault(title, []).append(self._entry(option, everything=everything))
        if everything:
            groups.setdefault("Options", []).append(
                Entry("-h, --help", tr("Show the common options alone."))
            )
        for title, entries in groups.items():
            yield Section(title, entries)

    def _entry(self, option: Any, *, everything: bool) -> Entry:  # noqa: ANN401 - likewise
        flags = ", ".join(sorted((*option.opts, *option.secondary_opts), key=len))
        default, annotation = _default(option), self._annotations.get(option.name)
        extra = [
            bounds(option),
            tr("default: {default}", default=default) if default else "",
            (option.envvar or "") if everything else "",
        ]
        said, text = "; ".join(filter(None, extra)), translated(option.help or "")
        if said:
            text = f"{text.removesuffix('.')} ({said})."
        return Entry(f"{flags} {value_name(option, annotation)}".rstrip(), text)

    @property
    def _annotations(self) -> dict[str, Any]:
        parameters = inspect.signature(self.callback).parameters if self.callback else {}
        return {name: each.annotation for name, each in parameters.items()}


def value_name(option: Any, annotation: Any) -> str:  # noqa: ANN401 - likewise
    """What follows the flags of an option that was declared so; empty for a switch."""
    if option.is_flag or option.count:
        return ""
    if option.metavar:
        return str(option.metavar)
    type_, *infos = get_args(annotation) or (annotation,)
    if get_origin(type_) is Literal:
        return "|".join(get_args(type_))
    plain = next((each for each in get_args(type_) if each is not type(None)), type_)
    if plain is Path:
        return "FILE" if infos and infos[0].file_okay else "DIRECTORY"
    return "N" if plain is int else "TEXT"


def bounds(option: Any) -> str:  # noqa: ANN401 - likewise
    """`1 to 32`, where an option has both bounds."""
    has_both = option.min is not None and option.max is not None
    return tr("{least:,} to {most:,}", least=option.min, most=option.max) if has_both else ""


def _default(option: Any) -> str:  # noqa: ANN401 - likewise
    """The default as people write it; empty where there is nothing to say of it."""
    if isinstance(option.show_default, str):
        said = "" if option.show_default == "none" else option.show_default
        return translated(said) if " " in said else said  # a value is written as it is
    if option.is_flag or option.count or option.default in (None, "", [], ()):
        return ""
    default = option.default
    return f"{default:g}" if isinstance(default, float) else str(default)
