"""Titles made from a file: `{name} {stem} {suffix} {parent} {index} {mtime:%Y-%m}`.

A small language of its own rather than `str.format`, which would reach into attributes and
could be made to fill the memory. Whatever is wrong with a template is a `TemplateFault`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

__all__ = [
    "FILE_WORDS",
    "NAME_OF_VARIABLE",
    "TODAY",
    "FileFacts",
    "Template",
    "TemplateFault",
    "has_placeholders",
]

KNOWN = ("name", "stem", "suffix", "parent", "index", "mtime")
FILE_WORDS = frozenset({*KNOWN, "seq"})
"""What placeholders can say of a file; no variable of a manifest is called so."""
NAME_OF_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
TODAY = "today"
"""The variable that is always there: the day."""

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

    __slots__ = ("_pieces", "fields")

    def __init__(self, text: str) -> None:
        self._pieces: list[str | tuple[str, str]] = []
        end = 0
        for match in _PIECE.finditer(text):
            self._pieces.append(text[end : match.start()])
            self._pieces.append(_piece(match))
            end = match.end()
        self._pieces.append(text[end:])
        self.fields = frozenset(piece[0] for piece in self._pieces if isinstance(piece, tuple))

    def render(self, facts: FileFacts) -> str:
        """The text for one file."""
        return "".join(
            piece if isinstance(piece, str) else _value(*piece, facts) for piece in self._pieces
        )


def has_placeholders(text: str) -> bool:
    """Whether the text is more than itself: what a template makes of it is something else."""
    return "{" in text or "}" in text


def _piece(match: re.Match[str]) -> str | tuple[str, str]:
    if match[0] in {"{{", "}}"}:
        return match[0][0]
    if match[1] is None:
        raise TemplateFault(
            f"there is a '{match[0]}' without its partner; write '{match[0] * 2}' for the character"
        )
    name, _, spec = match[1].partition(":")
    if name not in KNOWN:
        known = ", ".join(f"{{{field}}}" for field in KNOWN)
        raise TemplateFault(
            f"the placeholder {{{match[1]}}} is not known; the known ones are {known}, "
            "and '{{' stands for the character"
        )
    fault = _spec_fault(name, spec)
    if fault:
        raise TemplateFault(f"in {match[0]}, {fault}")
    return name, spec


def _spec_fault(name: str, spec: str) -> str:
    if name == "index":
        if not _INDEX_SPEC.fullmatch(spec):
            return "only a width can follow, as in {index:03}"
    elif name == "mtime":
        wrong = [letter for letter in re.findall(r"%(.?)", spec) if letter not in _DIRECTIVES]
        if wrong:
            return "only %Y %m %d %H %M %S %y %j %G %V %u can follow, as in {mtime:%Y-%m}"
    elif spec:
        return "nothing can follow the name"
    return ""


def _value(name: str, spec: str, facts: FileFacts) -> str:
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
        raise TemplateFault("the file's modification time is not a date that exists") from None
