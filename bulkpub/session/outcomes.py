"""What became of every dataset: any number of outcomes, counted as they come, in little memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from sys import intern
from typing import Any, overload

from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.report import Tally
from bulkpub.state.overflow import Overflow

__all__ = ["Outcomes", "one_after_the_other"]


class Outcomes:
    """The outcomes of a run, by dataset key, one each; `destination` is where, of several."""

    def __init__(self, folder: Path | None, destination: str | None = None) -> None:
        self.tally = Tally()
        self._destination = destination
        self._kept: Overflow[DatasetOutcome] = Overflow(folder)

    def add(self, outcome: DatasetOutcome) -> DatasetOutcome:
        """Count and keep it; it is given back with the name of the destination."""
        if self._destination is not None:
            outcome = replace(outcome, destination=self._destination)
        self.tally.add(outcome)
        self._kept.put(intern(outcome.key), outcome, weight=len(outcome.resources) + 1)
        return outcome

    def __contains__(self, key: str) -> bool:
        """Whether there is one of the dataset `key`."""
        return key in self._kept

    def in_order(self, keys: Iterable[str]) -> Sequence[DatasetOutcome]:
        """Those of `keys`; they are in memory, or else read from the file when they are wanted."""
        if self._kept.overflows:
            return _Lazily(tuple(keys), self._kept)
        return tuple(self._kept[key] for key in keys)


def one_after_the_other(parts: Sequence[Sequence[DatasetOutcome]]) -> Sequence[DatasetOutcome]:
    """All outcomes of all the parts, read when they are wanted where those are."""
    if all(isinstance(part, tuple) for part in parts):
        return tuple(chain.from_iterable(parts))
    return _Joined(parts)


class _Joined(Sequence[DatasetOutcome]):
    """One part after the other, as a tuple of outcomes."""

    def __init__(self, parts: Sequence[Sequence[DatasetOutcome]]) -> None:
        self._parts = tuple(parts)

    @overload
    def __getitem__(self, index: int) -> DatasetOutcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DatasetOutcome]: ...
    def __getitem__(self, index: int | slice) -> DatasetOutcome | Sequence[DatasetOutcome]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        rest = range(len(self))[index]
        for part in self._parts:
            if rest < len(part):
                return part[rest]
            rest -= len(part)
        raise IndexError(index)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[DatasetOutcome]:
        return chain.from_iterable(self._parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (list(self),)


class _Lazily(Sequence[DatasetOutcome]):
    """As a tuple of outcomes, which it becomes when it is pickled; it has the file all its life."""

    def __init__(self, keys: tuple[str, ...], kept: Overflow[DatasetOutcome]) -> None:
        self._keys = keys
        self._kept = kept

    @overload
    def __getitem__(self, index: int) -> DatasetOutcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DatasetOutcome]: ...
    def __getitem__(self, index: int | slice) -> DatasetOutcome | Sequence[DatasetOutcome]:
        if isinstance(index, slice):
            return _Lazily(self._keys[index], self._kept)
        return self._kept[self._keys[index]]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[DatasetOutcome]:
        return (self._kept[key] for key in self._keys)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple | _Lazily):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # as of every sequence that is compared so

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (list(self),)
