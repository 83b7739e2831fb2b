"""Manifests → datasets and problems: the way from the first byte to the last check.

Nothing a user can write raises here: it becomes a `Problem` with its place. A dataset with a
problem, or one that inherits a faulty default, is not among the sound ones; what is wrong with
a manifest's header or defaults spoils every dataset of that manifest, since all inherit it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from natsort import natsorted

from bulkpub.core.model import DatasetSpec, Place
from bulkpub.core.rules import Rules
from bulkpub.core.text import bounded
from bulkpub.errors import Problem
from bulkpub.manifest.datasets import name_of, read_dataset
from bulkpub.manifest.extras import extras_faults
from bulkpub.manifest.files import Files
from bulkpub.manifest.form import Fault, check
from bulkpub.manifest.keys import forms
from bulkpub.manifest.merging import with_defaults
from bulkpub.manifest.nodes import Node, Unreadable, bare, child, find, from_python, walk
from bulkpub.manifest.reading import Source, document_source, open_source, text_source
from bulkpub.manifest.values import kind

__all__ = ["Loaded", "load", "load_text", "parse"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What manifests say.

    `datasets` are the sound ones, in the order written; `problems` is everything wrong,
    sorted by place; `portal` is the one the manifests name, None when they name none or
    disagree (which is a problem). `warnings` are what may not be meant as it was read.
    """

    datasets: tuple[DatasetSpec, ...]
    problems: tuple[Problem, ...]
    portal: str | None
    warnings: tuple[Problem, ...] = ()


def load(paths: Sequence[str | os.PathLike[str]], *, rules: Rules) -> Loaded:
    """Reads manifest files for a portal with these `rules`, together and in that order.

    Never raises for anything a user can do wrong, and never reads the files to be published:
    it looks at their names and their `stat`.
    """
    return _load([open_source(path) for path in paths], rules)


def parse(
    data: Mapping[str, Any],
    *,
    rules: Rules,
    base: str | os.PathLike[str] = ".",
    name: str = "<manifest>",
) -> Loaded:
    """Reads a manifest given as Python values; `base` is the folder its paths start from.

    Problems name the way to the value, as in `<manifest> datasets[0].title`.
    """
    source = Source(name, os.path.abspath(base))  # noqa: PTH100 # Path.absolute keeps `..`
    try:
        document_source(source, from_python(data, name))
    except Unreadable as error:
        source.faults.append(Fault(error.place, str(error)))
    return _load([source], rules)


def load_text(text: str, base: str, name: str, *, rules: Rules) -> Loaded:
    """Reads a YAML manifest given as text; `base` (absolute) is the folder its paths start from.

    One whose `datasets` are left empty has none, and no problem: some may be added.
    """
    return _load([text_source(text, base, name)], rules)


@dataclass(frozen=True, slots=True)
class _Draft:
    """One dataset as read; `sound` when nothing was found wrong with it so far."""

    spec: DatasetSpec
    sound: bool


def _load(sources: Sequence[Source], rules: Rules) -> Loaded:
    problems: dict[Problem, None] = {}
    drafts: list[_Draft] = []
    portals: list[tuple[str, Place]] = []
    for source in sources:
        drafts += _datasets(source, rules, problems, portals)
    twins = set(_twins([draft.spec for draft in drafts], problems))
    _check_portals(portals, problems)
    order = {source.name: number for number, source in reversed(list(enumerate(sources)))}
    return Loaded(
        tuple(
            draft.spec for number, draft in enumerate(drafts) if draft.sound and number not in twins
        ),
        tuple(
            natsorted(
                problems,
                key=lambda each: (order.get(each.file, 0), each.file, each.line, each.column),
            )
        ),
        portals[0][0] if len({portal for portal, _ in portals}) == 1 else None,
        tuple(_warnings(sources)),
    )


def _warnings(sources: Iterable[Source]) -> Iterator[Problem]:
    for source in sources:
        for fault in source.warnings:
            place = fault.place
            yield Problem(place.file, place.line, place.column, bounded(fault.sentence))


def _datasets(
    source: Source,
    rules: Rules,
    problems: dict[Problem, None],
    portals: list[tuple[str, Place]],
) -> Iterator[_Draft]:
    """The datasets of one manifest, one at a time; what is wrong goes to `problems`."""
    defaults, header_faults = _header(source, rules, portals)
    inherited = _places(defaults)
    files = Files(source.base, rules)
    for number, own in enumerate(source.datasets, 1):
        if not isinstance(own.value, dict):
            sentence = f"a dataset must be a mapping, not {kind(bare(own))}"
            _add(problems, [Fault(own.place, sentence)], f"#{number}")
            continue
        between_rows = source.own_faults
        spec, faults = read_dataset(with_defaults(defaults, own), source.base, files, rules)
        faults = [*between_rows, *faults]
        name = name_of(own) or f"#{number}"
        _add(problems, (fault for fault in faults if fault.place not in inherited), name)
        _add(problems, (fault for fault in faults if fault.place in inherited), None)
        yield _Draft(spec, not (faults or header_faults))
    _add(problems, [*header_faults, *source.faults], None)
    _add_hints(problems, files.meant())


def _add_hints(problems: dict[Problem, None], hints: Mapping[str, str]) -> None:
    for problem in [each for each in problems if each.message in hints]:
        del problems[problem]
        problems[replace(problem, message=problem.message + hints[problem.message])] = None


def _places(defaults: Node | None) -> set[Place]:
    """Where the inherited values and their keys are written."""
    if defaults is None or not isinstance(defaults.value, dict):
        return set()
    nodes = [node for below in defaults.value.values() for node in walk(below)]
    return {place for node in nodes for place in (node.place, node.key) if place}


def _add(problems: dict[Problem, None], faults: Iterable[Fault], dataset: str | None) -> None:
    for fault in faults:
        place, sentence = fault.place, bounded(fault.sentence)
        problems[Problem(place.file, place.line, place.column, sentence, dataset)] = None


def _header(
    source: Source, rules: Rules, portals: list[tuple[str, Place]]
) -> tuple[Node | None, list[Fault]]:
    """What every dataset inherits, without what is unknown; and the faults of the header."""
    node = source.header
    if node is None:
        return None, []
    top, faults = check(forms(rules).header, node, leave=("defaults",))
    if "portal" in top:
        portals.append((top["portal"], find(node, ("portal",)).place))
    organization = child(node, "organization")
    inherited = Node({"organization": organization} if organization else {}, node.place)
    defaults = child(node, "defaults")
    if defaults is None:
        return inherited, faults
    if not isinstance(defaults.value, dict):
        given = kind(bare(defaults))
        faults.append(Fault(defaults.place, f"'defaults' must be a mapping, not {given}"))
        return inherited, faults
    form = forms(rules).defaults
    faults += check(form, defaults, leave=("extras",))[1]
    faults += extras_faults(child(defaults, "extras"), rules)
    known = {key: each for key, each in defaults.value.items() if key in form.keys}
    return with_defaults(inherited, Node(known, defaults.place)), faults


def _twins(specs: Sequence[DatasetSpec], problems: dict[Problem, None]) -> Iterator[int]:
    """The numbers of datasets that cannot be told apart from another one."""
    keys: dict[str, int] = {}
    ids: dict[str, int] = {}
    for number, spec in enumerate(specs):
        same_key = keys.setdefault(spec.key, number) if spec.key else number
        same_id = ids.setdefault(spec.id, number) if spec.id else number
        if same_id != number:
            what, other = f"id '{spec.id}' is already that", same_id
        elif same_key != number:
            what, other = f"key '{spec.key}' is already that", same_key
        else:
            continue
        hint = "" if same_id != number else ": give one of them another 'key'"
        sentence = f"the {what} of the dataset at {specs[other].place}{hint}"
        _add(problems, [Fault(spec.place, sentence)], spec.key)
        yield from (number, other)


def _check_portals(portals: Sequence[tuple[str, Place]], problems: dict[Problem, None]) -> None:
    for portal, place in portals[1:]:
        first, first_place = portals[0]
        if portal != first:
            sentence = (
                f"this manifest is for the portal {portal}, the one at {first_place} for {first}"
            )
            _add(problems, [Fault(place, sentence)], None)
