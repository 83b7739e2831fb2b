"""Variables: what nobody knows when a manifest is written, put into its texts when it is read.

They come from `vars:`, from a file of figures that an export writes (`vars_file:`), and from who
starts the run, who comes first. `today` is always there: the day in the manifest's `timezone`.
The rule: they are put in before anything else looks at a dataset, so that what is checked is what
is published. A placeholder is a name between braces, `{name}`; other braces are text, and two
braces around a name stand for one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bulkpub.core.model import Json, Place
from bulkpub.language import joined, say
from bulkpub.manifest.files import safe, slashes
from bulkpub.manifest.form import Fault, reason
from bulkpub.manifest.json_text import read_json
from bulkpub.manifest.keys import DATASET, RESOURCE
from bulkpub.manifest.nodes import Deferred, Node, Number, Unreadable, bare, child, find
from bulkpub.manifest.siret import fails_luhn, siret_fault
from bulkpub.manifest.templates import FILE_WORDS, NAME_OF_VARIABLE, TODAY
from bulkpub.manifest.values import kind, nearest
from bulkpub.ordinary import read_ordinary

__all__ = [
    "Given",
    "UnknownVariable",
    "Values",
    "escaped",
    "filled",
    "given_fault",
    "siret_faults",
    "values_of",
    "with_values",
]

_PLACEHOLDER = re.compile(r"(\{+)([A-Za-z_][A-Za-z0-9_]*)(?::(%[^{}]*|[0-9]+))?(\}+)")
_OF_TEMPLATES = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}")
_DIRECTIVES = frozenset("YmdHMSyjGVu%")
_PERIOD, _EXTRAS, _TITLE = "temporal_coverage", "extras", "title"
_FILLED = tuple(row.name for row in DATASET if row.filled)
_FILLED_OF_RESOURCE = tuple(row.name for row in RESOURCE if row.filled)
_OF_FILES = ("path", "glob", "url")


class UnknownVariable(Exception):
    """A placeholder cannot be filled; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of variables before a manifest is read.

    `values` are those given by who starts the run, `now` is the moment it started (UTC). `files`
    keeps what was read of files of variables, by path. What may not be meant is added to
    `warnings` while a manifest is read.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    files: dict[str, "_Read"] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)


def given_fault(values: Mapping[str, str]) -> str:
    """What is wrong with the variables that somebody starts a run with; empty when nothing is."""
    for name, value in values.items():
        if fault := _name_fault(name):
            return fault
        if name == TODAY and _day(value) is None:
            return say(
                "'{today}' must be a day, as in 2024-01-31, not {kind}",
                today=TODAY,
                kind=kind(value),
            )
    return ""


# --- which there are ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """The variables of one dataset: their texts, and the day it is."""

    texts: Mapping[str, str]
    today: date

    def text(self, name: str, spec: str) -> str:
        """What stands for `{name:spec}`; raises `UnknownVariable`."""
        if name not in self.texts:
            raise UnknownVariable(self._unknown(name))
        value = self.texts[name]
        if not spec:
            return value
        if spec.isdecimal() and value.isdecimal():
            return value.zfill(int(spec)) if int(spec) < _WIDEST else value
        day = _day(value)
        if day is None:
            raise UnknownVariable(
                say(
                    "in {{{name}:{spec}}}, '{name}' is {kind}, which is no day",
                    name=name,
                    spec=spec,
                    kind=kind(value),
                )
            )
        if "%" not in spec or set(re.findall(r"%(.?)", spec)) - _DIRECTIVES:
            raise UnknownVariable(
                say(
                    "in {{{name}:{spec}}}, only {words} can follow, as in {{{name}:%d/%m/%Y}}",
                    name=name,
                    spec=spec,
                    words=_WORDS,
                )
            )
        return day.strftime(spec)

    def may_mean(self, name: str) -> bool:
        """Whether a placeholder of a file's own template is one of these, perhaps misspelled."""
        return name in self.texts or nearest(name, {*self.texts, *FILE_WORDS}) in self.texts

    def _unknown(self, name: str) -> str:
        if name in FILE_WORDS:
            return say(
                "{{{name}}} is only known of files, in their 'title', 'key' and 'as'", name=name
            )
        found = nearest(name, self.texts)
        hint = (
            say(" (did you mean '{found}'?)", found=found)
            if found
            else say("; there are {texts}", texts=", ".join(self.texts))
        )
        return say(
            "there is no variable '{name}'{hint}; for the text itself write {{{{{name}}}}}",
            name=name,
            hint=hint,
        )


_WIDEST = 100
_WORDS = "%Y %m %d %H %M %S %y %j %G %V %u"


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file of variables says, or what is wrong with it."""

    texts: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    sentence: str = ""


def values_of(node: Node, base: str, given: Given) -> tuple[Values, list[Fault]]:
    """The variables of the dataset at `node`, which has what it inherits; and what is wrong.

    `base` is the manifest's folder.
    """
    faults: list[Fault] = []
    texts: dict[str, str] = {TODAY: _today(child(node, "timezone"), given, faults).isoformat()}
    if (file := child(node, "vars_file")) is not None and isinstance(file.value, str):
        read = _file(Path(base, file.value), file.value, given)
        faults += [Fault(file.place, read.sentence)] if read.sentence else []
        faults += read.faults
        texts |= read.texts
    if (said := child(node, "vars")) is not None and isinstance(said.value, dict):
        found, wrong = _texts(said)
        faults += wrong
        texts |= found
    texts |= given.values
    if "siret" in texts:
        written = (child(said, "siret") if said is not None else None) or node
        faults += siret_faults(texts["siret"].strip(), written.place, given)
    today = _day(texts[TODAY])
    if today is None:
        where = child(said, TODAY) if said else None
        sentence = say(
            "'{today}' must be a day, as in 2024-01-31, not {texts}",
            today=TODAY,
            texts=kind(texts[TODAY]),
        )
        faults.append(Fault((where or node).place, sentence))
        today = given.now.date()
    return Values(texts | {TODAY: today.isoformat()}, today), faults


def siret_faults(text: str, place: Place, given: Given) -> list[Fault]:
    """What is wrong with a SIRET; one whose check digit is odd is only warned of."""
    if fault := siret_fault(text):
        return [Fault(place, fault)]
    if fails_luhn(text):
        sentence = say(
            "the check digit of the SIRET {text} is not that of its other digits", text=text
        )
        given.warnings.append(Fault(place, sentence))
    return []


def _today(zone: Node | None, given: Given, faults: list[Fault]) -> date:
    if zone is None or not isinstance(zone.value, str):
        return given.now.astimezone(UTC).date()
    try:
        return given.now.astimezone(ZoneInfo(zone.value.strip())).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = say(
            "'timezone' must be one such as Europe/Paris, not {kind}", kind=kind(zone.value)
        )
        faults.append(Fault(zone.place, sentence))
        return given.now.date()


def _texts(node: Node) -> tuple[dict[str, str], list[Fault]]:
    """The variables that a mapping has, but for those of which nothing is said (`null`)."""
    assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for name, below in node.value.items():
        value = below.value
        if fault := _name_fault(name):
            faults.append(Fault(below.key or below.place, fault))
        elif isinstance(value, str | Number):
            texts[name] = value.text if isinstance(value, Number) else value
        elif value is not None:
            faults.append(Fault(below.place, _no_text(name, below)))
    return texts, faults


def _no_text(name: str, node: Node) -> str:
    return say(
        "the variable '{name}' must be text or a number, not {node}",
        name=name,
        node=kind(bare(node)),
    )


def _file(path: Path, written: str, given: Given) -> _Read:
    """What a file of variables says; read once."""
    known = given.files.get(str(path))
    if known is None:
        known = given.files[str(path)] = _read_file(path, safe(written))
    return known


def _read_file(path: Path, shown: str) -> _Read:
    what = say("the file of variables {shown}", shown=shown)
    try:
        root = read_json(read_ordinary(path).decode("utf-8-sig"), str(path))
    except Unreadable as error:
        return _Read(faults=(Fault(error.place, str(error)),))
    except (OSError, ValueError) as error:
        return _Read(sentence=joined("", (what, " ", _unreadable(error), slashes(shown))))
    if not isinstance(root.value, dict):
        return _Read(
            sentence=say(
                "{what} must hold a JSON object, not {root}", what=what, root=kind(bare(root))
            )
        )
    # An export may tell more than a manifest has a use for: what is no variable is none.
    usable = {
        name: below
        for name, below in root.value.items()
        if isinstance(below.value, str | Number) and not _name_fault(name)
    }
    return _Read(_texts(Node(usable, root.place))[0])


def _unreadable(error: OSError | ValueError) -> str:
    """What is wrong with a file, as the end of a sentence."""
    match error:
        case FileNotFoundError():
            return say("does not exist")
        case IsADirectoryError():
            return say("is a folder")
        case UnicodeDecodeError():
            return say("is not UTF-8 text")
        case OSError():
            return say("cannot be read: {error}", error=reason(error))
        case _:
            return say("has a name that holds a character no path can have")


def _name_fault(name: str) -> str:
    if name in FILE_WORDS:
        return say("no variable can be called '{name}': that is the file's own", name=name)
    if not re.fullmatch(NAME_OF_VARIABLE, name):
        return say(
            "no variable can be called {name}: write letters, digits and _, as in first_date",
            name=kind(name),
        )
    return ""


def _day(text: str) -> date | None:
    """The day that a text begins with, which may be a moment."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])", text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


# --- putting them in ------------------------------------------------------------------------

Fill = Callable[[str, Place], str]


def with_values(node: Node, values: Values) -> tuple[Node, list[Fault]]:
    """The dataset at `node` with its variables put in, and what is wrong with placeholders."""
    faults: list[Fault] = []
    assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract

    def fill(text: str, place: Place) -> str:
        try:
            return filled(text, values)
        except UnknownVariable as error:
            faults.append(Fault(place, str(error)))
            return text

    said = _with(node, _FILLED, fill)
    if (period := child(said, _PERIOD)) is not None:
        said = _replaced(said, _PERIOD, _with_days(period, child(node, _PERIOD), values))
    if (entries := child(said, "resources")) is not None and isinstance(entries.value, list):
        items = [_entry(each, values, fill, faults) for each in entries.value]
        if any(new is not old for new, old in zip(items, entries.value, strict=True)):
            said = _replaced(said, "resources", Node(items, entries.place, entries.key))
    title = child(node, _TITLE)
    unnamed = child(node, "key") is None and child(node, "id") is None
    if title is not None and unnamed and escaped(bare(find(said, (_TITLE,)))) != bare(title):
        sentence = say("a title with variables changes with them: give the dataset a 'key'")
        faults.append(Fault(title.place, sentence))
    return said, faults


def filled(text: str, values: Values) -> str:
    """The text with its variables put in; raises `UnknownVariable`."""

    def put(match: re.Match[str]) -> str:
        opened, name, spec, closed = match[1], match[2], match[3] or "", match[4]
        if min(len(opened), len(closed)) > 1:
            return match[0][1:-1]
        return f"{opened[1:]}{values.text(name, spec)}{closed[1:]}"

    return _PLACEHOLDER.sub(put, text) if "{" in text else text


def escaped(value: Json) -> Json:
    """A value as it has to be written for `filled` to give its texts."""
    match value:
        case str():
            return _PLACEHOLDER.sub(lambda match: f"{{{match[0]}}}", value)
        case Mapping():
            return {name: escaped(each) for name, each in value.items()}
        case list() | tuple():
            return [escaped(each) for each in value]
        case _:
            return value


def _in_template(
    text: str, values: Values, place: Place, faults: list[Fault], own: frozenset[str]
) -> str:
    """A template of files with the variables put in, and its `own` placeholders left."""

    def put(match: re.Match[str]) -> str:
        name, spec = match[1], match[2] or ""
        if name is None or name in own or not values.may_mean(name):
            return match[0]
        try:
            return values.text(name, spec).replace("{", "{{").replace("}", "}}")
        except UnknownVariable as error:
            faults.append(Fault(place, str(error)))
            return "x"  # no second fault at this place

    return _OF_TEMPLATES.sub(put, text) if "{" in text else text


def _entry(node: Node, values: Values, fill: Fill, faults: list[Fault]) -> Node:
    if isinstance(node, Deferred) and node.said is not None and not _has_braces(node.said):
        return node
    if not isinstance(node.value, dict):
        return node
    of_files = any(child(node, way) for way in _OF_FILES)

    def template(text: str, place: Place) -> str:
        return _in_template(text, values, place, faults, FILE_WORDS)

    def name_of_file(text: str, place: Place) -> str:
        return _in_template(text, values, place, faults, FILE_WORDS | {TODAY})

    fills = {_TITLE: template, "as": name_of_file} if of_files else {"as": name_of_file}
    for name in _FILLED_OF_RESOURCE:
        node = _with(node, (name,), fills.get(name, fill))
    return node


def _has_braces(said: Json) -> bool:
    """Whether any of the texts may hold a placeholder."""
    match said:
        case str():
            return "{" in said
        case Mapping():
            return any(map(_has_braces, said.values()))
        case list():
            return any(map(_has_braces, said))
        case _:
            return False


def _with(node: Node, names: Iterable[str], fill: Fill) -> Node:
    """The mapping with what it has under `names` filled; the same one where nothing changes."""
    for name in names:
        below = child(node, name)
        if below is not None and (new := _deep(below, fill)) is not below:
            node = _replaced(node, name, new)
    return node


def _deep(node: Node, fill: Fill) -> Node:
    """The same with its texts filled, however deep."""
    match node.value:
        case str() as text:
            new = fill(text, node.place)
            return node if new == text else Node(new, node.place, node.key)
        case dict() as below:
            return _with(node, list(below), fill)
        case list() as items:
            made = [_deep(each, fill) for each in items]
            same = all(new is old for new, old in zip(made, items, strict=True))
            return node if same else Node(made, node.place, node.key)
        case _:
            return node


def _with_days(period: Node, written: Node | None, values: Values) -> Node:
    """The period with the day it is for `today`, and of moments that were put in their days."""
    for name in ("start", "end"):
        below = child(period, name)
        if below is None or not isinstance(below.value, str):
            continue
        day = values.today if below.value.strip() == TODAY else None
        if written is not None and child(written, name) is not below:
            day = day or _day(below.value)
        if day is not None:
            period = _replaced(period, name, Node(day.isoformat(), below.place, below.key))
    return period


def _replaced(node: Node, name: str, below: Node) -> Node:
    assert isinstance(node.value, dict)  # noqa: S101 # it has what is replaced
    return Node({**node.value, name: below}, node.place, node.key)
