"""Which of a manifest's datasets and resources a run is about: patterns over their names.

The rule: a filter takes work away and never adds any. What is left out still counts as named: who
is who, what is pruned and in which order resources stand is decided as without the filter.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from bulkpub.core.addresses import named
from bulkpub.core.model import DatasetSpec, ExistingSource, FileSource, LinkSource, ResourceSpec

__all__ = ["Selection", "names_of_resource"]


@dataclass(slots=True)
class Selection:
    """The patterns that are asked for, and which of them something was found for (`found`).

    A pattern is compared with the key of each dataset; one with a slash also with
    `dataset/resource` for each resource, by its key and by the name of its file. `*` stands for
    anything, slashes included, `?` for one character, `[abc]` for one of these; the case of
    letters counts.
    """

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    found: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self.only or self.exclude)

    @property
    def unmet(self) -> list[str]:
        """The patterns that nothing fits."""
        return [each for each in (*self.only, *self.exclude) if each not in self.found]

    def of(self, spec: DatasetSpec) -> DatasetSpec | None:
        """`spec` with what is left out of it; None when all of it is."""
        key = spec.key
        whole = not self.only or self._fits(self.only, key)
        if self._fits(self.exclude, key):
            return None
        left_out: set[str] = set()
        for entry in spec.resources:
            names = [f"{key}/{name}" for name in names_of_resource(entry)]
            wanted = self._fits_resource(self.only, names) or whole
            if self._fits_resource(self.exclude, names) or not wanted:
                left_out.add(entry.key)
        if len(left_out) == len(spec.resources) and (left_out or not whole):
            return None
        return replace(spec, left_out=frozenset(left_out), files_alone=bool(left_out) and not whole)

    def may_take(self, key: str) -> bool:
        """Whether anything of a dataset of which only the key is known may be taken."""
        if self._fits(self.exclude, key):
            return False
        beginnings = {part for each in self.only for part in _beginnings(each)}
        return not self.only or self._fits((*self.only, *beginnings), key)

    def _fits(self, patterns: Iterable[str], name: str) -> bool:
        fitting = [each for each in patterns if _fits(each, name)]
        self.found.update(fitting)
        return bool(fitting)

    def _fits_resource(self, patterns: Iterable[str], names: list[str]) -> bool:
        with_slash = [each for each in patterns if "/" in each]
        return any([self._fits(with_slash, name) for name in names])  # noqa: C419 - `found` has all


def _fits(pattern: str, name: str) -> bool:
    return fnmatchcase(_plain(name), _plain(pattern))


def _plain(text: str) -> str:
    """As every system writes it: some take letters and their accents apart."""
    return unicodedata.normalize("NFC", text)


def _beginnings(pattern: str) -> Iterator[str]:
    """What stands before each slash: it may fit the key of a dataset."""
    return (pattern[:at] for at, letter in enumerate(pattern) if letter == "/")


def names_of_resource(entry: ResourceSpec) -> tuple[str, ...]:
    """What a resource goes by: its key, and the name of its file."""
    match entry.source:
        case ExistingSource():
            name = ""
        case LinkSource(url=url):
            name = named(url).name
        case FileSource(path=path) as source:
            return tuple(dict.fromkeys((entry.key, source.name, path.rsplit("/", 1)[-1])))
        case source:
            name = source.name
    return (entry.key, name) if name and name != entry.key else (entry.key,)
