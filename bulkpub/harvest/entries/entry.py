"""What a catalogue says of a dataset, in the catalogue's own words.

Each kind of catalogue is read into these; `mapping` alone turns them into what a portal knows.
All texts may be empty, which says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bulkpub.core.model import Json

__all__ = ["Entry", "Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a catalogue lists under a dataset: a file, an API, a page.

    `id` is the catalogue's own, if it has one. `url` is whole or empty. `declared` is what
    the catalogue says it is: `file`, `api`, `page` or nothing; `type` one of the portal's types
    of resources. `protocols` are names or addresses of what an API speaks, `conforms_to` is the
    schema of the content. `size` is in bytes.
    """

    id: str = ""
    url: str = ""
    title: str = ""
    description: str = ""
    format: str = ""
    mime: str = ""
    declared: str = ""
    type: str = ""
    protocols: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    size: int | None = None
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset of a catalogue.

    `key` is the catalogue's own and stable. `licenses`, `frequencies` and `places` are all ways
    in which the catalogue tells the one thing: ids, names, addresses; the first that is
    understood counts. `page` is where people look at it, `extras` are kept as they are.
    """

    key: str
    title: str = ""
    description: str = ""
    acronym: str = ""
    licenses: tuple[str, ...] = ()
    frequencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    places: tuple[str, ...] = ()
    granularity: str = ""
    page: str = ""
    modified: str = ""
    publisher: str = ""
    contact: tuple[str, ...] = ()
    extras: Mapping[str, Json] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = ()
