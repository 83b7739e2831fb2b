"""Which of the resources that a harvest finds are in a dataset of the manifest already.

By id, by key, by address and title, then by the address alone where it leaves no choice. What
was numbered by its position, and has another title by now, may be any of those at its address:
then nothing is added there, and a sentence says so.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from bulkpub.core.addresses import redacted
from bulkpub.core.model import ResourceSpec
from bulkpub.core.origin import address_of, unnumbered
from bulkpub.language import say

__all__ = ["Compared", "compare"]


@dataclass(frozen=True, slots=True)
class Compared:
    """What of a harvest is `new`, what of the manifest it did not find (`left`), what to say."""

    new: tuple[ResourceSpec, ...]
    left: tuple[ResourceSpec, ...]
    notes: tuple[str, ...]


def compare(known: Sequence[ResourceSpec], found: Sequence[ResourceSpec]) -> Compared:
    """Tell what is new of `found` and what is left of `known`, each in its order."""
    alone = _alone(known) & _alone(found)
    left, new = _paired(known, found, lambda each: each.id)
    left, new = _paired(left, new, lambda each: each.key)
    left, new = _paired(left, new, _address_and_title)
    left, new = _paired(left, new, lambda each: _address(each) if _address(each) in alone else None)
    by_position: dict[str | None, list[str]] = {}
    for each in left:
        if (address := _address(each)) and _by_position(each.key, address):
            by_position.setdefault(address, []).append(f"'{each.metadata.title or each.key}'")
    sure, notes = [], []
    for each in new:
        if names := by_position.get(_address(each)):
            notes.append(
                say(
                    "'{title}' is not added: it may be one that was numbered at its address "
                    "before ({names}); if it is none of them, add it with the key '{key}'",
                    title=each.metadata.title or each.key,
                    names=", ".join(names),
                    key=each.key,
                )
            )
        else:
            sure.append(each)
    return Compared(tuple(sure), tuple(left), tuple(notes))


def _alone(specs: Iterable[ResourceSpec]) -> set[str]:
    """The addresses that only one has."""
    count = Counter(filter(None, map(_address, specs)))
    return {address for address, number in count.items() if number == 1}


def _address(spec: ResourceSpec) -> str | None:
    return address_of(spec.source)


def _paired(
    known: Sequence[ResourceSpec],
    found: Sequence[ResourceSpec],
    said: Callable[[ResourceSpec], Hashable | None],
) -> tuple[list[ResourceSpec], list[ResourceSpec]]:
    """Both without those that say the same."""
    groups: dict[Hashable, tuple[list[int], list[int]]] = {}
    for side, specs in enumerate((known, found)):
        for place, each in enumerate(specs):
            if (value := said(each)) is not None:
                groups.setdefault(value, ([], []))[side].append(place)
    taken: tuple[set[int], set[int]] = (set(), set())
    for sides in groups.values():
        most = min(map(len, sides))
        for gone, places in zip(taken, sides, strict=True):
            gone.update(places[:most])
    left, new = (
        [each for place, each in enumerate(specs) if place not in gone]
        for specs, gone in zip((known, found), taken, strict=True)
    )
    return left, new


def _address_and_title(spec: ResourceSpec) -> tuple[str, str] | None:
    address, title = _address(spec), spec.metadata.title
    return (address, title) if address is not None and title is not None else None


def _by_position(key: str, address: str) -> bool:
    return redacted(address) in {key, unnumbered(key)}
