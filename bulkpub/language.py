"""Sentences in the language of whoever reads them.

The rule: a sentence is English wherever a machine may read it (reports, logs, tests, other
programs), and is put into another language only where it is shown to a person. So that this can be
done at the end, a sentence keeps what it was made of: `say` gives a string that is the English
text and knows its template and values. Sentences can be values of others.

Catalogues are gettext's (`bulkpub/locale`), the template being the message. Templates have
named places only, as `str.format` has them; what fills them is never taken for a template.
"""

import gettext
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from string import Formatter
from typing import Any, Final, Self

__all__ = [
    "DOMAIN",
    "ENGLISH",
    "FOLDER",
    "Sentence",
    "after",
    "in_language",
    "joined",
    "languages",
    "letters_of",
    "put",
    "recognised",
    "say",
    "say_n",
    "speak",
    "spoken",
    "tr",
    "tr_n",
    "translated",
    "wished",
]

DOMAIN: Final = "bulkpub"
"""The name of the catalogues."""
FOLDER: Final = Path(__file__).parent / "locale"
"""Where they are: `LANGUAGE/LC_MESSAGES/bulkpub.mo`."""
ENGLISH: Final = "en"
"""The language of the templates, which needs no catalogue."""

Format = Callable[[gettext.NullTranslations], str]

# --- making sentences ---------------------------------------------------------------------


class Sentence(str):
    """A text in English that can be had in other languages; equal to its text, and pickled with it.

    `written` gives it in the language of a catalogue. Operations of strings give plain strings,
    which stay English: `after` and `joined` do not.
    """

    __slots__ = ("written",)
    written: Format

    def __new__(cls, written: Format) -> Self:
        """The sentence that `written` gives; that must survive pickling."""
        self = super().__new__(cls, written(_ENGLISH))
        self.written = written
        return self

    def __str__(self) -> "Sentence":
        """Itself, so that an error's text is what the error was made of."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Sentence, (self.written,)


def say(template: str, /, **values: object) -> str:
    """`template` with its named places filled, as a sentence that can be translated."""
    return Sentence(partial(_filled, template, _kept(values)))


def say_n(one: str, many: str, number: int, /, **values: object) -> str:
    """As `say`: `one` or `many` as the `number` asks for, which both can name as `{n}`."""
    return Sentence(partial(_counted, one, many, number, _kept({"n": number, **values})))


def after(text: str, change: Callable[[str], str]) -> str:
    """`change(text)`, which is done after translation if `text` is a sentence.

    `change` must survive pickling.
    """
    if isinstance(text, Sentence):
        return Sentence(partial(_changed, text, change))
    return change(text)


def joined(separator: str, parts: Iterable[str]) -> str:
    """`separator.join(parts)`, a sentence if one of the parts is."""
    kept = tuple(parts)
    if any(isinstance(part, Sentence) for part in (separator, *kept)):
        return Sentence(partial(_joined, separator, kept))
    return separator.join(kept)


def put(text: str, place: str, value: str) -> str:
    """`text` with `value` for the first `place` in it; a sentence if one of the two is."""
    if isinstance(text, Sentence) or isinstance(value, Sentence):
        return Sentence(partial(_put, text, place, value))
    return text.replace(place, value, 1)


_PLAIN = (str, int, float)


def _kept(values: dict[str, object]) -> dict[str, object]:
    """The values as they are filled in: none holds more than its text, but for dates' formats."""
    return {
        name: value if isinstance(value, _PLAIN) or hasattr(value, "strftime") else str(value)
        for name, value in values.items()
    }


def _filled(template: str, values: dict[str, object], into: gettext.NullTranslations) -> str:
    return _fill(into.gettext(template) if template else "", values, into)


def _counted(
    one: str, many: str, number: int, values: dict[str, object], into: gettext.NullTranslations
) -> str:
    return _fill(into.ngettext(one, many, number), values, into)


def _fill(template: str, values: dict[str, object], into: gettext.NullTranslations) -> str:
    return template.format_map({name: _value(each, into) for name, each in values.items()})


def _value(value: object, into: gettext.NullTranslations) -> object:
    if isinstance(value, Sentence):
        return value.written(into)
    if into is not _ENGLISH and isinstance(value, int | float) and not isinstance(value, bool):
        return _Number(value, into)
    return value


class _Number:
    """A figure, written as the readers of a catalogue write figures."""

    def __init__(self, value: float, into: gettext.NullTranslations) -> None:
        self._value = value
        self._marks = _MARKS.get(into.info().get("language", ""), {})

    def __format__(self, form: str) -> str:
        return format(self._value, form).translate(self._marks)

    def __str__(self) -> str:
        return format(self, "")


_MARKS: Final = {"fr": str.maketrans({",": "\N{NARROW NO-BREAK SPACE}", ".": ","})}
"""By language: what stands between thousands, and before decimals, for what English has there."""


def _changed(text: Sentence, change: Callable[[str], str], into: gettext.NullTranslations) -> str:
    return change(text.written(into))


def _joined(separator: str, parts: tuple[str, ...], into: gettext.NullTranslations) -> str:
    return _written(separator, into).join(_written(part, into) for part in parts)


def _put(text: str, place: str, value: str, into: gettext.NullTranslations) -> str:
    return _written(text, into).replace(place, _written(value, into), 1)


def _written(text: str, into: gettext.NullTranslations) -> str:
    return text.written(into) if isinstance(text, Sentence) else text


# --- sentences that were only kept as text ------------------------------------------------

_LONGEST_RECOGNISED = 2000
_DEEPEST_RECOGNISED = 4
_LEAST_OF_A_SENTENCE = 4
"""Letters that a template has of its own at least, or any text would fit."""


def recognised(text: str, depth: int = 0) -> str:
    """`text` as the sentence that it was when it was written, in English; itself where none fits.

    What is read back from a report is English. Whatever comes of it, its English text is `text`.
    """
    if _now is _ENGLISH or len(text) > _LONGEST_RECOGNISED or depth > _DEEPEST_RECOGNISED:
        return text
    best: tuple[int, str, dict[str, object]] | None = None
    for template, parts, weight in _templates(_spoken):
        if (best is None or weight > best[0]) and (values := _parted(text, parts)) is not None:
            best = weight, template, values
    if best is None:
        return text
    _, template, found = best
    values = {name: recognised(str(value), depth + 1) for name, value in found.items()}
    sentence = Sentence(partial(_filled, template, {**values}))
    return sentence if sentence == text else text


Parts = tuple[tuple[str, str | None], ...]
"""What stands before each place of a template, and the place's name; after the last, None."""


@cache
def _templates(language: str) -> tuple[tuple[str, Parts, int], ...]:
    """The templates without formats, each with its parts and how many letters are its own."""
    found = []
    for template in getattr(_catalogue(language), "_catalog", {}):
        if not isinstance(template, str) or not template:
            continue
        parsed = list(Formatter().parse(template))
        if any(form or conversion for _, _, form, conversion in parsed):
            continue
        parts = tuple((before, name) for before, name, _, _ in parsed)
        weight = sum(map(str.isalpha, "".join(before for before, _ in parts)))
        if weight >= _LEAST_OF_A_SENTENCE:
            found.append((template, parts, weight))
    return tuple(found)


def _parted(text: str, parts: Parts) -> dict[str, object] | None:
    """What fills the places, each up to the next of the template's own words; in linear time."""
    values: dict[str, object] = {}
    at, waiting = 0, None
    for number, (before, name) in enumerate(parts):
        is_last = number == len(parts) - 1 and name is None
        if waiting is None:
            found = at if text.startswith(before, at) else -1
        elif is_last:
            found = len(text) - len(before) if text.endswith(before) else -1
        else:
            found = text.find(before, at) if before else -1
        if found < at:
            return None
        if waiting is not None:
            values[waiting] = text[at:found]
        at, waiting = found + len(before), name
    if waiting is not None:
        values[waiting], at = text[at:], len(text)
    return values if at == len(text) else None


# --- showing them -------------------------------------------------------------------------

_ENGLISH: Final = gettext.NullTranslations()
_now: gettext.NullTranslations = _ENGLISH
_spoken = ENGLISH


def speak(language: str) -> None:
    """Show everything in `language` from now on; one without a catalogue is English."""
    global _now, _spoken
    found = language if language in languages() else ENGLISH
    _now, _spoken = _catalogue(found), found


def spoken() -> str:
    """The language that is spoken now: `en`, `fr`."""
    return _spoken


def in_language(text: str) -> str:
    """`text` as it is shown: in the language that is spoken, if it is a sentence."""
    return text.written(_now) if isinstance(text, Sentence) else text


def tr(template: str, /, **values: object) -> str:
    """What `say` makes, shown at once."""
    return _filled(template, values, _now)


def tr_n(one: str, many: str, number: int, /, **values: object) -> str:
    """What `say_n` makes, shown at once."""
    return _counted(one, many, number, {"n": number, **values}, _now)


def translated(text: str) -> str:
    """A text that is in the catalogue as a whole, without values: that of a page of help."""
    return _now.gettext(text) if text else ""


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, by their two letters; English first."""
    found = sorted(path.parts[-3] for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (ENGLISH, *found)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == ENGLISH:
        return _ENGLISH
    return gettext.translation(DOMAIN, FOLDER, [language])


def letters_of(name: str) -> str:
    """The letters of the language that a locale names: `fr` for `fr_FR.UTF-8`, `FR` or `fr-CA`."""
    return re.split(r"[.@_-]", name, maxsplit=1)[0].lower()


def wished(names: Iterable[str | None]) -> str:
    """The language of the first of these that says one, as locales do: `fr_FR.UTF-8`, `fr:en`.

    `C` and `POSIX` say English; what is empty says nothing; English where nothing is said.
    """
    for name in names:
        for each in (name or "").split(":"):
            short = letters_of(each)
            if short in languages() or short in {"c", "posix"}:
                return short if short in languages() else ENGLISH
        if name:
            return ENGLISH
    return ENGLISH
