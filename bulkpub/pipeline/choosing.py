"""Leaving out what a run is not about, before anything is asked or checked.

What a pattern in an address stands for is only known once its server was asked: datasets with
such are chosen from a second time.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice

from bulkpub.core.selection import Selection, names_of_resource
from bulkpub.errors import Problem, SettingsInvalid
from bulkpub.language import joined, say
from bulkpub.pipeline.index import Index

__all__ = ["Choosing"]

MOST_NAMES = 20_000
"""Names among which those near to a pattern are looked for."""


class Choosing:
    """Which of the datasets in `index` are chosen by patterns; see `core.selection`."""

    def __init__(self, only: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self._selection = Selection(tuple(only), tuple(exclude))

    def choose(self, index: Index) -> None:
        """Leave the others out; those with patterns of their own wait for `choose_expanded`.

        Raises `SettingsInvalid` when a pattern fits nothing, or nothing is left.
        """
        if not self._selection:
            return
        for key in list(index.entries):
            if not index.entries[key].has_patterns:
                self._choose(index, key)
            elif not self._selection.may_take(key):
                index.leave_out(key)
        if not any(each.has_patterns for each in index.entries.values()):
            self._see_that_it_fits(index)

    def choose_expanded(self, index: Index, patterned: Iterable[str]) -> None:
        """Choose from the datasets `patterned`, now that all their resources are known."""
        if not self._selection or not (patterned := list(patterned)):
            return
        for key in patterned:
            self._choose(index, key)
        self._see_that_it_fits(index)

    def concerning(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Those that are not of a dataset which is left out."""
        if not self._selection:
            return tuple(problems)
        may_take = self._selection.may_take
        return tuple(p for p in problems if p.dataset is None or may_take(p.dataset))

    def _choose(self, index: Index, key: str) -> None:
        spec = index.spec(key)
        chosen = self._selection.of(spec)
        if chosen is None:
            index.leave_out(key)
        elif chosen.left_out:
            index.put(chosen)

    def _see_that_it_fits(self, index: Index) -> None:
        sentences = [_sentence(pattern, index) for pattern in self._selection.unmet]
        if sentences:
            raise SettingsInvalid(joined("; ", sentences))
        if not index.entries:
            raise SettingsInvalid(say("`only` and `left_out` together leave nothing to do"))


def _sentence(pattern: str, index: Index) -> str:
    names = list(islice(_names(index, with_resources="/" in pattern), MOST_NAMES))
    near = get_close_matches(pattern, names, n=3, cutoff=0.4)
    if not near:
        return say("nothing in the manifest fits '{pattern}'", pattern=pattern)
    return say(
        "nothing in the manifest fits '{pattern}'; the nearest names are: {names}",
        pattern=pattern,
        names=", ".join(near),
    )


def _names(index: Index, *, with_resources: bool) -> Iterator[str]:
    keys = [*index.entries, *index.left_out]
    yield from keys
    for key in keys if with_resources else ():
        for entry in index.spec(key).resources:
            for name in names_of_resource(entry):
                yield f"{key}/{name}"
