"""JSON of catalogues, read loosely: anything may stand anywhere, and nothing of it is an error.

What is asked for and is not there, or is of another kind, reads as empty. Text comes out as one
string whatever it was: a number, a language map (that which `in_language` left of it, else French
first, then English, then any), the text of a language map. Control characters are taken out, since
no manifest can hold them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bulkpub.core.addresses import redacted
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from bulkpub.harvest.reading.encodings import in_utf8
from bulkpub.harvest.words.languages import rank_of, short_language
from bulkpub.language import say

__all__ = [
    "LANGUAGES",
    "clean",
    "in_language",
    "is_html",
    "items",
    "keywords_of",
    "mapping",
    "parse_json",
    "parse_json_lines",
    "text",
    "texts",
    "truth",
]

LANGUAGES = ("fr", "en")
"""The languages in the order wanted, where a catalogue has several."""

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_DEEPEST = 8
_DEEPEST_DOCUMENT = 50
"""Levels below which nobody writes translations."""


def clean(value: str) -> str:
    """The text without control characters and white space around it; lines end as they do here."""
    return _UNWANTED.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def text(value: object) -> str:
    """What is written there, as one text; empty when nothing is."""
    return _text(value, _DEEPEST)


def _text(value: object, depth: int) -> str:
    found = ""
    match value:
        case str():
            found = _of_text(value, depth)
        case int() | float() if not isinstance(value, bool):
            found = str(value)
        case Mapping() if depth:
            found = _of_languages(value, depth)
        case [*several] if depth:
            found = next((inner for each in several if (inner := _text(each, depth - 1))), "")
    return found


def _of_text(value: str, depth: int) -> str:
    written = clean(value)
    if written.startswith('{"'):  # a language map that was put into a text field
        try:
            inner = json.loads(written)
        except (ValueError, RecursionError):
            return written
        if isinstance(inner, dict) and inner and all(_is_language(name) for name in inner):
            return _of_languages(inner, depth)
    return written


def _is_language(name: str) -> bool:
    return re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?", name) is not None


def _of_languages(value: Mapping[Any, Any], depth: int) -> str:
    names = [str(name) for name in value]
    ranked = sorted(names, key=_rank)
    if "@value" in names:
        ranked = ["@value"]
    elif not all(_is_language(name) for name in names):
        return ""
    return next((found for name in ranked if (found := _text(value.get(name), depth - 1))), "")


def _rank(language: str) -> int:
    short = re.split(r"[-_]", language.lower())[0]
    return LANGUAGES.index(short) if short in LANGUAGES else len(LANGUAGES)


def in_language(fields: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The fields with each translation in one language: the wanted one, none, then any."""
    return {name: _chosen(value, language, _DEEPEST_DOCUMENT) for name, value in fields.items()}


def _chosen(value: Any, language: str, depth: int) -> Any:  # noqa: ANN401 # JSON is anything
    found = value
    match value:
        case _ if not depth:
            pass
        case str() if value.lstrip().startswith('{"'):  # a map that was put into a text field
            with suppress(ValueError, RecursionError):
                inner = json.loads(value)
                found = _best(inner, language) if _is_translated(inner, language) else value
        case dict() if _is_translated(value, language):
            found = _chosen(_best(value, language), language, depth - 1)
        case dict():
            found = {name: _chosen(each, language, depth - 1) for name, each in value.items()}
        case list():
            found = [_chosen(each, language, depth - 1) for each in value]
    return found


def _is_translated(value: object, language: str) -> bool:
    """Whether it is a map of languages, one of them known: `id` and `url` look like some, too."""
    return (
        isinstance(value, dict)
        and bool({language, "en", "fr"} & {short_language(str(name)) for name in value})
        and all(not name or _is_language(str(name)) for name in value)
    )


def _best(value: Mapping[str, Any], language: str) -> Any:  # noqa: ANN401 # JSON is anything
    ranked = sorted(value, key=lambda name: rank_of(name, language))
    return next((value[name] for name in ranked if texts(value[name])), "")


def texts(value: object) -> list[str]:
    """All that is written there, in order: of a list each item, of one text that one."""
    if isinstance(value, Mapping) and value:
        ranked = sorted(map(str, value), key=_rank)
        lists = [value.get(name) for name in ranked if isinstance(value.get(name), list)]
        if lists:  # a list for each language
            return texts(next((each for each in lists if each), []))
    several = value if isinstance(value, list) else [value]
    return [found for each in several if (found := text(each))]


def keywords_of(value: object) -> list[str]:
    """The keywords written there: a list, or one text with commas, semicolons or bars between."""
    said = texts(value)
    if len(said) == 1:
        said = [part.strip() for part in re.split(r"[,;|]", said[0])]
    return [each for each in said if each]


def mapping(value: object) -> Mapping[str, Any]:
    """The mapping that is there, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Iterator[Mapping[str, Any]]:
    """The mappings in the list that is there."""
    several: Sequence[object] = value if isinstance(value, list) else []
    return (each for each in several if isinstance(each, dict))


def truth(value: object) -> bool | None:
    """Whether it says yes; None when it says neither yes nor no."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return value if isinstance(value, bool) else words.get(text(value).lower())


def is_html(page: Page) -> bool:
    """Whether the page is one for people, whatever its content type."""
    return _HTML.match(page.content[:4000].removeprefix(b"\xef\xbb\xbf")) is not None


def parse_json(page: Page) -> Any:  # noqa: ANN401 # JSON is anything
    """What the page holds as JSON; SourceFailed when that is something else."""
    page, where = in_utf8(page), redacted(page.url)
    if is_html(page):
        raise SourceFailed(
            say("{where} answers with a page of HTML where JSON was asked for", where=where)
        )
    try:
        return json.loads(page.content.decode(), strict=False)
    except RecursionError:
        raise SourceFailed(
            say("{where} answers with JSON that is nested too deeply", where=where)
        ) from None
    except ValueError as error:
        raise SourceFailed(
            say("{where} answers with something that is no JSON: {error}", where=where, error=error)
        ) from None


def parse_json_lines(page: Page) -> list[Any]:
    """What the page holds as JSON: one document, or one a line; SourceFailed as `parse_json`."""
    lines = [line for line in in_utf8(page).content.split(b"\n") if line.strip()]
    if len(lines) < 2 or not all(line.lstrip()[:1] == b"{" for line in lines):  # noqa: PLR2004 # one is no list
        return [parse_json(page)]
    return [parse_json(replace(page, content=line)) for line in lines]
