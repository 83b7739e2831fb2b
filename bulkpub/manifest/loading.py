"""Manifests → datasets and problems: the way from the first byte to the last check.

Nothing a user can write raises here: it becomes a `Problem` with its place. A dataset with a
problem, or one that inherits a faulty default, is not among the sound ones; what is wrong with
a manifest's header or defaults spoils every dataset of that manifest, since all inherit it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from posixpath import basename, normpath
from typing import Any

from bulkpub.core.addresses import shown_portal
from bulkpub.core.model import DatasetSpec, FileSource, Place
from bulkpub.core.natural import naturally
from bulkpub.core.rules import Rules
from bulkpub.core.text import bounded
from bulkpub.errors import Problem
from bulkpub.language import joined, say
from bulkpub.manifest.datasets import name_of, own_faults, read_dataset
from bulkpub.manifest.destinations import (
    Destination,
    Toward,
    destination_faults,
    destinations_of,
)
from bulkpub.manifest.extras import extras_faults
from bulkpub.manifest.files import Files, safe
from bulkpub.manifest.form import Fault, check
from bulkpub.manifest.key_names import KeyNames
from bulkpub.manifest.keys import VARIABLES, forms
from bulkpub.manifest.merging import with_defaults
from bulkpub.manifest.nodes import Node, Unreadable, bare, child, find, from_python, walk
from bulkpub.manifest.reading import (
    Source,
    document_source,
    is_text,
    may_say,
    open_sources,
    text_source,
)
from bulkpub.manifest.values import kind
from bulkpub.manifest.variables import Given

__all__ = [
    "Loaded",
    "Stream",
    "load",
    "load_text",
    "named_destinations",
    "parse",
    "stream",
    "stream_document",
]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What manifests say.

    `datasets` are the sound ones, in the order written; `problems` is everything wrong,
    sorted by place; `portal` is the one the manifests name, None when they name none or
    disagree (which is a problem). `warnings` are what may not be meant as it was read, `keys` name
    the variables that hold API keys.
    """

    datasets: tuple[DatasetSpec, ...]
    problems: tuple[Problem, ...]
    portal: str | None
    warnings: tuple[Problem, ...] = ()
    keys: KeyNames = field(default_factory=KeyNames)


class Stream:
    """The datasets of manifests, in the order written, each as soon as it is read.

    Iterated once, and to its end: only then are the other attributes complete, which are as in
    `Loaded`. A dataset in which something was found wrong is never given out; what is only seen
    further down (another one with its key or id) spoils it afterwards: `spoilt` has the numbers
    of those datasets among the ones given out, which count from 0. Who reads the same manifests
    again is given the same under the same numbers.

    Of a dataset that was given out nothing is kept but its key, its id and its place.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        rules: Rules,
        given: Given | None = None,
        toward: Toward | None = None,
    ) -> None:
        self._sources = sources
        self._reading = _Reading(rules, given or Given(), toward)
        self.problems: tuple[Problem, ...] = ()
        self.warnings: tuple[Problem, ...] = ()
        self.portal: str | None = None
        self.keys = KeyNames()
        self.destinations: tuple[Destination, ...] = ()
        self.spoilt: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[DatasetSpec]:
        """The datasets that are sound as far as is known."""
        problems: dict[Problem, None] = {}
        warnings: list[Problem] = []
        tops = self._reading.tops = _Tops(self.keys)
        order: dict[str, int] = {}
        names = _Names()
        given = 0
        for source in self._sources:
            order.setdefault(source.name, len(order))
            for spec, sound in _datasets(source, self._reading, problems):
                number = given if sound else None
                if names.takes(spec, number, rows=source.has_rows) and sound:
                    given += 1
                    yield spec
            warnings += (_problem(fault) for fault in source.warnings)
        problems |= dict.fromkeys(names.problems)
        _check_portals(tops, problems)
        self.destinations = tops.destinations[0][0] if tops.destinations else ()
        self.spoilt = frozenset(names.spoilt)
        self.problems = tuple(
            naturally(
                problems,
                key=lambda each: (order.get(each.file, 0), each.file, each.line, each.column),
            )
        )
        named = {portal for portal, _ in tops.portals}
        self.portal = tops.portals[0][0] if len(named) == 1 else None
        self.warnings = tuple(warnings)

    def loaded(self) -> Loaded:
        """All of it at once."""
        datasets = list(self)
        sound = (spec for number, spec in enumerate(datasets) if number not in self.spoilt)
        return Loaded(tuple(sound), self.problems, self.portal, self.warnings, self.keys)


def stream(
    paths: Iterable[str | os.PathLike[str]],
    *,
    rules: Rules,
    given: Given | None = None,
    toward: Toward | None = None,
) -> Stream:
    """Reads manifest files for a portal with these `rules`, together and in that order.

    `given` is what is known of their variables; reading them again with it puts in the same.
    They are read `toward` one of their destinations, where they have some; else the first one.

    Never raises for anything a user can do wrong, and never reads the files to be published:
    it looks at their names and their `stat`. Of JSONL and CSV, one dataset at a time is in memory.
    """
    return Stream(chain.from_iterable(map(open_sources, paths)), rules, given, toward)


def load(
    paths: Sequence[str | os.PathLike[str]], *, rules: Rules, given: Given | None = None
) -> Loaded:
    """What `stream` gives, all at once."""
    return stream(paths, rules=rules, given=given).loaded()


def stream_document(
    data: Mapping[str, Any],
    *,
    rules: Rules,
    base: str | os.PathLike[str] = ".",
    name: str = "<manifest>",
    given: Given | None = None,
    toward: Toward | None = None,
) -> Stream:
    """Reads a manifest given as Python values; `base` is the folder its paths start from.

    Problems name the way to the value, as in `<manifest> datasets[0].title`.
    """
    return Stream([_given_source(data, base, name)], rules, given, toward)


def _given_source(data: Mapping[str, Any], base: str | os.PathLike[str], name: str) -> Source:
    source = Source(name, os.path.abspath(base))  # noqa: PTH100 # Path.absolute keeps `..`
    try:
        document_source(source, from_python(data, name))
    except Unreadable as error:
        source.faults.append(Fault(error.place, str(error)))
    return source


def named_destinations(
    manifests: Iterable[str | os.PathLike[str]] | Mapping[str, Any], *, rules: Rules
) -> tuple[Destination, ...]:
    """The destinations that manifests name, files or one given as Python values; those alone.

    What is wrong with them is found when the manifests are read for one of them. Of JSONL the first
    line is read, of a table or a workbook, which cannot hold them, nothing.
    """
    if isinstance(manifests, Mapping):
        if "destinations" not in manifests:
            return ()
        sources = [_given_source(manifests, ".", "<manifest>")]
    else:
        texts = [name for path in manifests if is_text(name := os.fspath(path))]
        sources = [
            source
            for path in texts
            if may_say(path, "destinations")
            for source in open_sources(path)
        ]
    for source in sources:
        if source.header is not None and child(source.header, "destinations") is not None:
            top, _ = check(forms(rules).header, source.header, leave=("defaults",))
            if found := destinations_of(top, source.header):
                return found
    return ()


def parse(
    data: Mapping[str, Any],
    *,
    rules: Rules,
    base: str | os.PathLike[str] = ".",
    name: str = "<manifest>",
    given: Given | None = None,
) -> Loaded:
    """What `stream_document` gives, all at once."""
    return stream_document(data, rules=rules, base=base, name=name, given=given).loaded()


def load_text(text: str, base: str, name: str, *, rules: Rules) -> Loaded:
    """Reads a YAML manifest given as text; `base` (absolute) is the folder its paths start from.

    One whose `datasets` are left empty has none, and no problem: some may be added.
    """
    return Stream([text_source(text, base, name)], rules).loaded()


@dataclass(frozen=True, slots=True)
class _Tops:
    """What the tops of all manifests say of portals and of their keys."""

    keys: KeyNames = field(default_factory=KeyNames)
    portals: list[tuple[str, Place]] = field(default_factory=list)
    destinations: list[tuple[tuple[Destination, ...], Place]] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """How manifests are read that are read together, and what their tops say."""

    rules: Rules
    given: Given
    toward: Toward | None = None
    tops: _Tops = field(default_factory=_Tops)


_Named = tuple[int | None, Place]
"""The number of a dataset among those given out, if it is, and its place."""


def _datasets(
    source: Source, reading: _Reading, problems: dict[Problem, None]
) -> Iterator[tuple[DatasetSpec, bool]]:
    """The datasets of one manifest, one at a time, and whether each is sound.

    What is wrong goes to `problems`.
    """
    rules, given = reading.rules, reading.given
    defaults, header_faults = _header(source, reading)
    toward = reading.toward
    inherited = _places(defaults)
    files, removed = Files(source.base, rules), dict[str, tuple[Place, str]]()
    for number, own in enumerate(source.datasets, 1):
        if not isinstance(own.value, dict):
            sentence = say("a dataset must be a mapping, not {own}", own=kind(bare(own)))
            _add(problems, [Fault(own.place, sentence)], f"#{number}")
            continue
        between_rows, of_destination = source.own_faults, list[Fault]()
        if toward is not None:
            own, of_destination = toward.dataset(own)  # noqa: PLW2901 - as it is meant there
        whole = with_defaults(defaults, own)
        spec, faults = read_dataset(whole, source.base, files, rules, given)
        faults = [*between_rows, *of_destination, *faults, *own_faults(own, spec)]
        name = name_of(own) or f"#{number}"
        _add(problems, (fault for fault in faults if fault.place not in inherited), name)
        _add(problems, (fault for fault in faults if fault.place in inherited), None)
        removed |= {
            normpath(each.source.path): (each.place, name)
            for each in spec.resources
            if each.remove and isinstance(each.source, FileSource)
        }
        yield spec, not (faults or header_faults)
    for path in sorted(files.named_again(removed)):
        place, name = removed[path]
        sentence = say(
            "the file {path} is listed elsewhere, too: it cannot be removed",
            path=safe(basename(path)),
        )
        _add(problems, [Fault(place, sentence)], name)
    for fault in {fault.sentence: fault for fault in reversed(given.warnings)}.values():
        source.warn(fault.place, fault.sentence)
    given.warnings.clear()
    _add(problems, [*header_faults, *source.faults], None)
    _add_hints(problems, files.meant())


def _add_hints(problems: dict[Problem, None], hints: Mapping[str, str]) -> None:
    for problem in [each for each in problems if each.message in hints]:
        del problems[problem]
        problems[
            replace(problem, message=joined("", (problem.message, hints[problem.message])))
        ] = None


def _places(defaults: Node | None) -> set[Place]:
    """Where the inherited values and their keys are written."""
    if defaults is None or not isinstance(defaults.value, dict):
        return set()
    nodes = [node for below in defaults.value.values() for node in walk(below)]
    return {place for node in nodes for place in (node.place, node.key) if place}


def _add(problems: dict[Problem, None], faults: Iterable[Fault], dataset: str | None) -> None:
    for fault in faults:
        problems[_problem(fault, dataset)] = None


def _problem(fault: Fault, dataset: str | None = None) -> Problem:
    place = fault.place
    return Problem(place.file, place.line, place.column, bounded(fault.sentence), dataset)


def _header(source: Source, reading: _Reading) -> tuple[Node | None, list[Fault]]:
    """What every dataset inherits, without what is unknown; and the faults of the header."""
    node, rules, tops = source.header, reading.rules, reading.tops
    if node is None:
        return None, []
    top, faults = check(forms(rules).header, node, leave=("defaults",))
    faults += tops.keys.take(top, node)
    if "portal" in top:
        tops.portals.append((top["portal"], find(node, ("portal",)).place))
    if destinations := destinations_of(top, node):
        tops.destinations.append((destinations, find(node, ("destinations",)).place))
        if reading.toward is None:
            reading.toward = Toward(destinations[0], tuple(each.name for each in destinations))
    faults += destination_faults(top, node)
    if (toward := reading.toward) is None:
        return _inherited(node, rules, faults), faults
    inherited = _inherited(node, rules, faults, toward)
    own = toward.organization()
    return inherited if own is None else with_defaults(inherited, own), faults


def _inherited(node: Node, rules: Rules, faults: list[Fault], toward: Toward | None = None) -> Node:
    """What every dataset inherits of a header, without what is unknown; adds to `faults`."""
    names = ("organization", *(key.name for key in VARIABLES))
    said = {name: below for name in names if (below := child(node, name))}
    inherited = Node(said, node.place)
    defaults = child(node, "defaults")
    if defaults is None:
        return inherited
    if toward is not None and isinstance(defaults.value, dict):
        defaults, wrong = toward.defaults(defaults)
        faults += wrong
    if not isinstance(defaults.value, dict):
        given = kind(bare(defaults))
        faults.append(
            Fault(defaults.place, say("'defaults' must be a mapping, not {given}", given=given))
        )
        return inherited
    form = forms(rules).defaults
    faults += check(form, defaults, leave=("extras",))[1]
    faults += extras_faults(child(defaults, "extras"), rules)
    known = {key: each for key, each in defaults.value.items() if key in form.keys}
    return with_defaults(inherited, Node(known, defaults.place))


class _Names:
    """The keys and ids of the datasets so far, and those that cannot be told apart by them."""

    def __init__(self) -> None:
        self._keys: dict[str, _Named] = {}
        self._ids: dict[str, _Named] = {}
        self.problems: list[Problem] = []
        self.spoilt: set[int] = set()

    def takes(self, spec: DatasetSpec, number: int | None, *, rows: bool = False) -> bool:
        """Whether no dataset before has this one's id or key; if one has, that is spoilt, too.

        `number` is the one under which it is given out, None when it is not; `rows`: it is made of
        rows of a table.
        """
        same_id = self._ids.get(spec.id) if spec.id else None
        same_key = self._keys.get(spec.key) if spec.key else None
        other = same_id or same_key
        here = (None if other else number), spec.place
        if spec.id:
            self._ids.setdefault(spec.id, here)
        if spec.key:
            self._keys.setdefault(spec.key, here)
        if other is None:
            return True
        given, place = other
        sentence = _named_twice(spec, place, by_id=same_id is not None)
        if rows and place.file == spec.place.file:
            sentence = say(
                "this row is of the dataset at {place}, and rows of others stand between them: "
                "rows of one dataset follow one another, so sort the table by dataset; or give "
                "one of them another key",
                place=place,
            )
        self.problems.append(_problem(Fault(spec.place, sentence), spec.key))
        if given is not None:
            self.spoilt.add(given)
        return False


def _named_twice(spec: DatasetSpec, place: Place, *, by_id: bool) -> str:
    what, hint = say("id '{id}'", id=spec.id), ""
    if not by_id:
        what, hint = say("key '{key}'", key=spec.key), say(": give one of them another 'key'")
    return say(
        "the {what} is already that of the dataset at {place}{hint}",
        what=what,
        place=place,
        hint=hint,
    )


def _check_portals(tops: _Tops, problems: dict[Problem, None]) -> None:
    if tops.destinations:
        first_ones, there = tops.destinations[0]
        for others, place in tops.destinations[1:]:
            if [each.says for each in others] != [each.says for each in first_ones]:
                sentence = say(
                    "these 'destinations' are not those at {there}: in one run they are the same",
                    there=there,
                )
                _add(problems, [Fault(place, sentence)], None)
        for portal, place in tops.portals:
            if place.file != there.file:  # of one manifest it is told there
                sentence = say(
                    "this manifest is for the portal {portal}, the one at {there} for several",
                    portal=shown_portal(portal),
                    there=there,
                )
                _add(problems, [Fault(place, sentence)], None)
        return
    for portal, place in tops.portals[1:]:
        first, first_place = tops.portals[0]
        if portal != first:
            sentence = say(
                "this manifest is for the portal {portal}, the one at {first_place} for {first}",
                portal=shown_portal(portal),
                first_place=first_place,
                first=shown_portal(first),
            )
            _add(problems, [Fault(place, sentence)], None)
