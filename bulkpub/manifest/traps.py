"""Lines in which there is an error, and what it is that people meant.

French has apostrophes and Windows has backslashes; the grammars of manifests have other uses for
both. Each trap is known by the line in which the reading came to its end, and has a sentence.
"""

import re
from collections.abc import Sequence

from bulkpub.language import say

__all__ = ["BACKSLASH", "cut_short", "trap_in_json", "trap_in_toml", "trap_in_yaml"]

_ENDS = r"[^\s#,\]}:]"
"""What cannot follow text between quotes: it goes on where it should have ended."""
_SINGLE = r"'(?:[^']|'')*'"
_DOUBLE = r'"(?:[^"\\]|\\.)*"'

BACKSLASH = say(
    r"a \ between double quotes begins an escape; write / between folders, or use single quotes"
)
BRACE = say("text that begins with {{ goes between quotes")

Traps = Sequence[tuple[re.Pattern[str], str]]

_YAML: Traps = (
    (
        re.compile(rf"(?:^|[:,\[{{-]\s*){_SINGLE}(?:(?=\w)|\s+{_ENDS})"),
        (
            say(
                "an apostrophe ends the text here; between single quotes write it twice (''), or "
                "put the text between double quotes"
            )
        ),
    ),
    (
        re.compile(rf"(?:^|[:,\[{{-]\s*){_DOUBLE}\s*{_ENDS}"),
        (
            say(
                'a quote ends the text here; between double quotes write it \\", or put the text '
                "between single quotes"
            )
        ),
    ),
    (re.compile(r":\s+\{[^{}:]*(?::[^{}]*)?\}\s*[^\s#,}\]]"), BRACE),
    (
        re.compile(r":\s+\[[^\[\]]*\]\s*[^\s#,}\]]"),
        say("text that begins with [ goes between quotes"),
    ),
    (re.compile(r":\s+-\s+\S"), say("text that begins with - goes between quotes")),
    (re.compile(r":\s+\?\s+\S"), say("text that begins with ? goes between quotes")),
    (re.compile(r":\s+>\s+\S"), say("text that begins with > goes between quotes")),
    (re.compile(r":\s+\|\s+\S"), say("text that begins with | goes between quotes")),
)
_YAML_OPEN: Traps = (
    (
        re.compile(r"[\[{,]\s*#|[\[{].*\s#"),
        say("a # begins a remark, which hides the end of the line: put the text between quotes"),
    ),
)
"""Of the last line before the end, when something is opened that has none."""

_TOML: Traps = (
    (
        re.compile(rf"[=,\[]\s*'[^']*'\s*{_ENDS}"),
        say("an apostrophe ends the text here: put the text between double quotes"),
    ),
    (
        re.compile(rf"[=,\[]\s*{_DOUBLE}\s*{_ENDS}"),
        say('a quote ends the text here: write it \\", or put the text between single quotes'),
    ),
    (re.compile(r"=\s*\{[^={}]*\}"), BRACE),
    (
        re.compile(r"=\s*(True|False|oui|non|vrai|faux|yes|no)\s*(#|$)", re.IGNORECASE),
        say("it is written true or false, in small letters"),
    ),
)


_CURLY = tuple(map(chr, (0x201C, 0x201D, 0x2018, 0x2019, 0xAB)))
"""Quotes that word processors put in the place of plain ones."""


def trap_in_yaml(line: str, before: str = "") -> str | None:
    """What is meant by `line`, in which the reading ended, or by the one `before` it."""
    return _found(_YAML, line) or _found(_YAML_OPEN, before)


def trap_in_toml(line: str) -> str | None:
    """What is meant by `line`, in which the reading ended."""
    return _found(_TOML, line)


def trap_in_json(before: str, rest: str) -> str | None:
    """What is meant where the reading ended: after `before`, at `rest`."""
    word = re.match(r"\w+", rest)
    if rest[:1] == "\\":
        return say("a \\ begins an escape; write / between folders, or \\\\ for each \\")
    if before.endswith('"') and rest[:1].isalnum():
        return say('a quote ends the text here; within text it is written \\"')
    if word and word[0] in {"True", "False", "None"}:
        return say("true, false and null are written in small letters")
    if word and word[0] in {"NaN", "Infinity"}:
        return None
    if (word and word[0][:1].isalpha()) or rest[:1] in _CURLY:
        return say('text stands between double quotes, "so"')
    return None


def _found(traps: Traps, line: str) -> str | None:
    return next((words for pattern, words in traps if pattern.search(line)), None)


_REMARK = re.compile(r"\s*(#(?:\S|\s?\d).*)")


def cut_short(rest: str) -> str | None:
    """What of a line is lost behind text without quotes that `rest` follows; None: a remark.

    A remark begins with a # and a space, and seldom with a number.
    """
    found = _REMARK.match(rest)
    return found[1].rstrip() if found else None
