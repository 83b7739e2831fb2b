"""Adds what is new to a YAML manifest that people have edited, and touches nothing else.

New datasets come at the end of `datasets`, new resources at the end of their dataset. What is
there stays, byte by byte; what a harvest says differently by now is not looked at, but for a
dataset that should be private by now, which a note names. The result is loaded and compared before
it is given out, so that it says all that it said before.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import join, normpath

from bulkpub.core.model import (
    DatasetSpec,
    FileSource,
    Json,
    Place,
    ResourceSpec,
    Source,
)
from bulkpub.core.origin import former_key, place_said, same_origin
from bulkpub.core.rules import Rules
from bulkpub.core.text import bounded
from bulkpub.errors import ManifestInvalid, Problem
from bulkpub.language import say
from bulkpub.manifest.known import compare
from bulkpub.manifest.layout import Piece, lay_out
from bulkpub.manifest.loading import Loaded, load_text
from bulkpub.manifest.nodes import child, plain
from bulkpub.manifest.speller import Shapes, Speller, Taken
from bulkpub.manifest.spelling import Spelled
from bulkpub.manifest.vanished import Looked, Vanished, vanished
from bulkpub.manifest.yaml_emit import comment, list_item_lines
from bulkpub.manifest.yaml_text import read_yaml

__all__ = ["Amended", "Looked", "amend"]

Found = Iterable[tuple[DatasetSpec, Sequence[str]]]
"""Datasets, each with notes on it."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The text with what is new, how much that is, and sentences on what could not be added.

    `resources` counts those added to datasets that were there.
    """

    text: str
    datasets: int = 0
    resources: int = 0
    notes: tuple[str, ...] = ()


def amend(
    text: str,
    found: Found,
    *,
    rules: Rules,
    base: str | os.PathLike[str],
    name: str = "<manifest>",
    looked: Looked | None = None,
    shapes: Shapes | None = None,
) -> Amended:
    """The manifest `text` with those of the `found` datasets and resources that are new.

    `rules` are those of its portal, `base` is the manifest's folder, `name` what to call it in
    problems; line ends are as in the file. A dataset is known by its id or key, or
    by the key it had when it was harvested before; a resource as `known` tells it, and a file is
    known wherever in the manifest it is listed.
    A new dataset has the manifest's defaults where it is silent itself. With `looked`, what
    the manifest has from the places that `found` is from, and they do not have any more, is told;
    see `vanished`. `shapes` puts shapes into files beside it. Raises `ManifestInvalid`
    when the manifest has problems, or is written in a way that lines cannot be added to.
    """
    mark = text[: text.startswith("\ufeff")]
    body = text[len(mark) :]
    folder = os.path.abspath(base)  # noqa: PTH100 # Path.absolute keeps `..`
    return _Amendment(body, folder, name, rules, shapes).of(found, mark, looked)


@dataclass(slots=True)
class _Known:
    """A dataset that is in the manifest: its spec, where it is, and what is taken in it."""

    spec: DatasetSpec
    piece: Piece
    taken: Taken
    resources: list[ResourceSpec]
    added: list[Spelled] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Amendment:
    def __init__(
        self, text: str, base: str, name: str, rules: Rules, shapes: Shapes | None
    ) -> None:
        self._text, self._base, self._name, self._rules = text, base, name, rules
        self._loaded = self._load(text)
        root = lay_out(text)
        self._list = root.entries["datasets"]
        self._known = [
            self._know(spec, piece)
            for spec, piece in zip(self._loaded.datasets, self._list.items, strict=True)
        ]
        self._by_id = {each.spec.id: each for each in self._known}
        self._by_key = {each.spec.key: each for each in self._known}
        self._files = {path for known in self._known for path in known.taken.files}
        organization, defaults = _header(text, name)
        self._speller = Speller(
            rules,
            organization,
            defaults,
            Taken(
                [spec.key for spec in self._loaded.datasets],
                [spec.id for spec in self._loaded.datasets if spec.id],
            ),
            inheriting=True,
            shapes=shapes,
        )
        self._left: dict[str, tuple[ResourceSpec, ...]] = {}
        self._new: list[list[str]] = []
        self._notes: list[str] = []

    def _load(self, text: str) -> Loaded:
        loaded = load_text(text, self._base, self._name, rules=self._rules)
        if loaded.problems:
            raise ManifestInvalid(loaded.problems)
        return loaded

    def of(self, found: Found, mark: str, looked: Looked | None) -> Amended:
        """The text with what is new of `found`, behind the byte order mark if it had one."""
        places = set[str]()
        for spec, notes in found:
            places.add(place_said(spec))
            if known := self._find(spec):
                if spec.metadata.private and known.spec.metadata.private is None:
                    self._notes.append(
                        say(
                            "{key}: its source does not open it to everyone, and the manifest "
                            "does not say `private: true`",
                            key=known.spec.key,
                        )
                    )
                self._add_resources(known, spec)
            else:
                self._add_dataset(spec, notes)
        gone = Vanished() if looked is None else self._vanished(places - {""}, looked)
        self._notes += gone.notes
        amended = Amended(
            mark + self._with_additions(gone.lines if self._list.block else []),
            len(self._new),
            sum(len(known.added) for known in self._known),
            tuple(self._notes),
        )
        self._check(amended.text.removeprefix(mark), gone.changed)
        return amended

    def _vanished(self, places: Collection[str], looked: Looked) -> Vanished:
        datasets = [(known.spec, known.piece) for known in self._known]
        return vanished(datasets, self._left, places, looked, self._text)

    def _know(self, spec: DatasetSpec, piece: Piece) -> _Known:
        return _Known(
            spec,
            piece,
            Taken(
                [each.key for each in spec.resources],
                [each.id for each in spec.resources if each.id],
                [path for each in spec.resources if (path := self._file(each.source))],
            ),
            list(spec.resources),
        )

    def _file(self, source: Source) -> str | None:
        if not isinstance(source, FileSource):
            return None
        return normpath(join(self._base, source.shown or source.path))

    def _find(self, spec: DatasetSpec) -> _Known | None:
        """The dataset of that id, else of that key, else what was harvested under its former key.

        Two of different ids are two, whatever their keys.
        """
        if spec.id is not None and (known := self._by_id.get(spec.id)):
            return known
        known = self._by_key.get(spec.key)
        if known is not None and None in {spec.id, known.spec.id}:
            return known
        former = former_key(spec)
        known = self._by_key.get(former) if former else None
        if known is None or not same_origin(spec, known.spec):
            return None
        self._notes.append(
            say(
                "{key} is in the manifest as '{former}', the key that it had when it was "
                "harvested before, and stays that",
                key=spec.key,
                former=former,
            )
        )
        return known

    def _elsewhere(self, spec: DatasetSpec) -> tuple[ResourceSpec, ...]:
        """Its resources without the files that the manifest lists, wherever that is."""
        return tuple(each for each in spec.resources if self._file(each.source) not in self._files)

    def _add_resources(self, known: _Known, spec: DatasetSpec) -> None:
        compared = compare(known.resources, self._elsewhere(spec))
        notes: list[str] = []
        known.added += self._speller.resources(compared.new, known.taken, notes)
        known.notes += notes
        known.resources += compared.new
        self._left[known.spec.key] = compared.left
        self._notes += [
            say("{key}: {note}", key=known.spec.key, note=note)
            for note in (*notes, *compared.notes)
        ]

    def _add_dataset(self, spec: DatasetSpec, notes: Sequence[str]) -> None:
        new = self._elsewhere(spec)
        if spec.resources and not new:
            return  # all its files are in datasets of other names by now
        spelled, more = self._speller.dataset(replace(spec, resources=new))
        said = [*notes, *more]
        self._notes += [say("{key}: {note}", key=spec.key, note=note) for note in said]
        if spelled is None:
            return
        indent = self._list.column if self._list.items else 2
        self._new.append(
            ["", *(comment(note, indent) for note in said), *list_item_lines(spelled, indent)]
        )

    def _with_additions(self, more: Iterable[tuple[int, list[str]]]) -> str:
        additions = [
            (self._place_of(known), self._lines_for(known)) for known in self._known if known.added
        ]
        additions += more
        if self._new:
            if not (self._list.block or self._list.empty):
                raise self._cannot_add(Place(self._name), "'datasets'")
            first, *rest = self._new
            lines = first if self._list.items else first[1:]
            additions.append((self._list.end, [*lines, *(line for new in rest for line in new)]))
        text, end = "", 0
        line_end = "\r\n" if "\r\n" in self._text else "\n"
        for offset, lines in sorted(additions, key=lambda each: each[0]):
            text += self._text[end:offset]
            if text and not text.endswith("\n"):
                text += line_end
            text += "".join(f"{line}{line_end}" for line in lines)
            end = offset
        return text + self._text[end:]

    def _place_of(self, known: _Known) -> int:
        """The offset at which the new resources of a dataset are to stand."""
        resources = known.piece.entries.get("resources")
        if not known.piece.block or (resources and not (resources.block or resources.empty)):
            raise self._cannot_add(known.spec.place, say("the dataset '{key}'", key=known.spec.key))
        if resources is None and known.spec.resources:  # by an alias or a merge key
            raise self._cannot_add(known.spec.place, say("the dataset '{key}'", key=known.spec.key))
        return known.piece.end if resources is None else resources.end

    def _lines_for(self, known: _Known) -> list[str]:
        resources = known.piece.entries.get("resources")
        key_column = known.piece.column
        indent = resources.column if resources and resources.items else key_column + 2
        lines = [] if resources else [f"{' ' * key_column}resources:"]
        lines += [comment(note, indent) for note in known.notes]
        for entry in known.added:
            lines += list_item_lines(entry, indent)
        return lines

    def _cannot_add(self, place: Place, what: str) -> ManifestInvalid:
        sentence = say(
            "nothing can be added to {what} as it is written: write its lists with a dash for "
            "each item, on a line of its own, without brackets, anchors or `null`",
            what=what,
        )
        return ManifestInvalid([Problem(place.file, place.line, place.column, bounded(sentence))])

    def _check(self, text: str, changed: Mapping[str, DatasetSpec]) -> None:
        """Raises when adding lines has changed more than was meant: better nothing than that."""
        now = self._load(text).datasets
        for loaded, after in zip(self._loaded.datasets, now, strict=False):
            before = changed.get(loaded.key, loaded)
            kept = replace(after, resources=after.resources[: len(before.resources)])
            if _without_places(kept) != _without_places(before):
                raise self._cannot_add(before.place, say("the dataset '{key}'", key=before.key))


def _header(text: str, name: str) -> tuple[str | None, dict[str, Json]]:
    """The organization and the defaults of a manifest that has no problems."""
    root = read_yaml(text, name)
    organization = root and child(root, "organization")
    defaults = root and child(root, "defaults")
    return (
        str(plain(organization)) if organization else None,
        dict(plain(defaults)) if defaults else {},
    )


def _without_places(spec: DatasetSpec) -> DatasetSpec:
    nowhere = Place("")
    resources = tuple(replace(each, place=nowhere) for each in spec.resources)
    return replace(spec, resources=resources, place=nowhere)
