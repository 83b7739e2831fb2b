"""Titles made from a file: `{name} {stem} {suffix} {parent} {index} {mtime:%Y-%m}`.

A small language of its own rather than `str.format`, which would reach into attributes and
could be made to fill the memory. Whatever is wrong with a template is a `TemplateFault`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from bulkpub.language import say

__all__ = [
    "FILE_WORDS",
    "IN_NAMES",
    "NAME_OF_VARIABLE",
    "SEQ",
    "TODAY",
    "FileFacts",
    "Template",
    "TemplateFault",
    "has_placeholders",
    "value_of",
]

KNOWN = ("name", "stem", "suffix", "parent", "index", "mtime")
SEQ = "seq"
"""The number of the day, in the names of a series."""
FILE_WORDS = frozenset({*KNOWN, SEQ})
"""What placeholders can say of a file; no variable of a manifest is called so."""
NAME_OF_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
TODAY = "today"
"""The variable that is always there: the day."""
IN_NAMES = (*KNOWN, TODAY, SEQ)
"""The placeholders of the names under which files are sent."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_INDEX_SPEC = re.compile(r"(?:0?[1-9])?d?")
_DIRECTIVES = frozenset("YmdHMSyjGVu%")


class TemplateFault(Exception):
    """The template is wrong; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a template may say of a file.

    `folder` is the name of the folder it is in, `index` counts from 1 within its glob,
    `mtime` is in seconds since 1970, UTC.
    """

    name: str
    folder: str = ""
    index: int = 1
    mtime: float = 0.0


class Template:
    """A parsed template; `TemplateFault` on creation when it cannot be understood."""

    __slots__ = ("fields", "pieces")

    def __init__(self, text: str, known: Sequence[str] = KNOWN) -> None:
        self.pieces: list[str | tuple[str, str]] = []
        """Texts, and placeholders, each with what follows its name."""
        end = 0
        for match in _PIECE.finditer(text):
            self.pieces.append(text[end : match.start()])
            self.pieces.append(_piece(match, known))
            end = match.end()
        self.pieces.append(text[end:])
        self.fields = frozenset(piece[0] for piece in self.pieces if isinstance(piece, tuple))

    def render(self, facts: FileFacts) -> str:
        """The text for one file."""
        return "".join(
            piece if isinstance(piece, str) else value_of(*piece, facts) for piece in self.pieces
        )


def has_placeholders(text: str) -> bool:
    """Whether the text is more than itself: what a template makes of it is something else."""
    return "{" in text or "}" in text


def _piece(match: re.Match[str], fields: Sequence[str]) -> str | tuple[str, str]:
    if match[0] in {"{{", "}}"}:
        return match[0][0]
    if match[1] is None:
        raise TemplateFault(
            say(
                "there is a '{match}' without its partner; write '{doubled}' for the character",
                match=match[0],
                doubled=match[0] * 2,
            )
        )
    name, _, spec = match[1].partition(":")
    if name not in fields:
        known = ", ".join(f"{{{field}}}" for field in fields)
        raise TemplateFault(
            say(
                "the placeholder {{{match}}} is not known; the known ones are {known}, and '{{{{' "
                "stands for the character",
                match=match[1],
                known=known,
            )
        )
    fault = _spec_fault(name, spec)
    if fault:
        raise TemplateFault(say("in {name}, {fault}", name=match[0], fault=fault))
    return name, spec


def _spec_fault(name: str, spec: str) -> str:
    if name in {"index", "seq"}:
        if not _INDEX_SPEC.fullmatch(spec):
            return say("only a width can follow, as in {{{name}:03}}", name=name)
    elif name in {"mtime", TODAY}:
        wrong = [letter for letter in re.findall(r"%(.?)", spec) if letter not in _DIRECTIVES]
        if wrong:
            words = "%Y %m %d %H %M %S %y %j %G %V %u"
            return say("only {words} can follow, as in {{{name}:%Y-%m}}", words=words, name=name)
    elif spec:
        return say("nothing can follow the name")
    return ""


def value_of(name: str, spec: str, facts: FileFacts) -> str:
    """What stands for a placeholder of `KNOWN`; raises `TemplateFault`."""
    path = PurePosixPath(facts.name)
    match name:
        case "name":
            return facts.name
        case "stem":
            return path.stem
        case "suffix":
            return path.suffix.removeprefix(".")
        case "parent":
            return facts.folder
        case "index":
            return format(facts.index, spec)
        case _:
            return _time(facts.mtime, spec or "%Y-%m-%d")


def _time(mtime: float, spec: str) -> str:
    try:
        return datetime.fromtimestamp(mtime, UTC).strftime(spec)
    except (OverflowError, ValueError, OSError):
        raise TemplateFault(say("the file's modification time is not a date that exists")) from None
