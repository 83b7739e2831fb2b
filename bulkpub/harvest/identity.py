"""What is harvested, told apart for good: which catalogue it is of, and what it is there.

An id is unique within its catalogue, not within an organization, so a key says where it comes
from: `data.example.org#velos`. How a catalogue is reached (http or https, its page, a filter, a
slash at the end) does not change it. What lists several things under one id or address is told
apart by what each says of itself, never by its position: taking one away renames no other.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bulkpub.core.addresses import is_local, is_web, is_whole, place_of, redacted
from bulkpub.core.model import Json
from bulkpub.core.origin import ID_EXTRA, PLACE_EXTRA

__all__ = ["Catalogue", "catalogue_at", "is_own_address", "told_apart"]

_OF_A_PAGE = frozenset(
    """
    page page_size per_page pagesize limit offset start rows startposition maxrecords
    startrecord cursor size format f outputformat profiles
    service version request resulttype outputschema elementsetname typename typenames namespace
    constraint constraintlanguage constraint_language_version sortby
    """.split()  # noqa: SIM905 # a list would be one word a line
)
"""Parameters that choose a part of a catalogue or its form: they make no other catalogue of it.

The second half are those of CSW 2.0.2.
"""
_LONGEST = 80
"""Characters of what a thing says of itself that its key repeats."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue that is harvested.

    `name` begins the keys of its datasets; `place` is what was asked for, which may be a part of
    it: one organization's datasets, say.
    """

    name: str
    place: str

    def key(self, own_id: str, address: str = "") -> str:
        """The key of the dataset with this id; `address` is its own, if it has one.

        An address that everybody can reach says already where it is from.
        """
        for each in (address, own_id):
            if is_own_address(each):
                return place_of(each)
        return f"{self.name}#{' '.join(own_id.split())}"

    def naming_itself(self, address: str) -> "Catalogue":
        """The same, with its own address as its place, wherever this copy of it lies.

        Its name stays: what catalogues call themselves is no sure sign that they are one.
        """
        _, mark, chosen = self.place.partition("?")
        return replace(self, place=f"{place_of(address)}{mark}{chosen}")

    def extras(self, own_id: str) -> dict[str, Json]:
        """What the dataset says on the portal of where it comes from."""
        return {PLACE_EXTRA: self.place, ID_EXTRA: own_id}


def catalogue_at(source: str, *, root: str = "", base: str = ".") -> Catalogue:
    """The catalogue that `source` leads to, an address or a file.

    `root` is the address of the whole of it, where `source` may lead to a part; `base` the
    folder that a file is named as seen from.
    """
    place = place_of(source) if is_web(source) else _file(source, base)
    if root:
        return Catalogue(place_of(root), place)
    return Catalogue(place_of(_whole(source)) if is_web(source) else place, place)


def _whole(source: str) -> str:
    try:
        parts = urlsplit(redacted(source))
    except ValueError:  # a bracket left open
        return source
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in _OF_A_PAGE
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def _file(path: str, base: str) -> str:
    """The way to a file from `base`, or, where it is elsewhere, its name and that of its folder.

    The same wherever the folder lies that holds it and the manifest; it shows nothing more of
    this machine.
    """
    whole, root = Path(os.path.abspath(path)), Path(os.path.abspath(base))  # noqa: PTH100 # keeps `..`
    inside = whole.relative_to(root) if whole.is_relative_to(root) else Path(*whole.parts[-2:])
    return inside.as_posix().lstrip("/")


def is_own_address(text: str) -> bool:
    """Whether `text` is an address on the web that is the same for everybody."""
    return is_web(text) and is_whole(text) and not is_local(text)


# --- several under one name -----------------------------------------------------------------


def told_apart(names: Sequence[str], sayings: Sequence[Sequence[str]]) -> list[str | None]:
    """The keys of things that `names` alone may not tell apart; None for one that is there already.

    `sayings` are what each says of itself, the most telling first: title, format and so on. A
    name that only one has is its key. To any other is added as much of what is said as no other
    of that name says, or else a digest of all. Those that say all the same are one thing.
    """
    groups: dict[str, dict[tuple[str, ...], None]] = {}
    for name, said in zip(names, sayings, strict=True):
        groups.setdefault(name, {})[tuple(said)] = None
    labels = {name: _labels(list(group)) for name, group in groups.items()}
    keys: dict[str, tuple[str, tuple[str, ...]]] = {}
    given: dict[str, None] = {}
    found: list[str | None] = []
    for name, said in zip(names, map(tuple, sayings), strict=True):
        key = name + labels[name][said]
        if keys.setdefault(key, (name, said)) != (name, said):  # some name is like this key
            key = f"{key}#{_digest((name, *said))}"
            keys.setdefault(key, (name, said))
        found.append(None if key in given else key)
        given[key] = None
    return found


def _labels(sayings: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """What sets each of one name apart, to be added to the name; nothing where there is one."""
    if len(sayings) == 1:
        return {sayings[0]: ""}
    found: dict[tuple[str, ...], str] = {}
    for most in range(1, max(map(len, sayings)) + 1):
        labels = {said: _label(said[:most]) for said in sayings}
        count = Counter(labels.values())
        for said, label in labels.items():
            if label and count[label] == 1:
                found.setdefault(said, f"#{label}")
    return {said: found.get(said) or f"#{_digest(said)}" for said in sayings}


def _label(said: Sequence[str]) -> str:
    text = " ".join(" ".join(said).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}… {_digest([text])}"


def _digest(said: Sequence[str]) -> str:
    return blake2b("\0".join(said).encode("utf-8", "replace"), digest_size=4).hexdigest()
