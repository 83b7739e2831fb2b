"""What a dataset says in several parts: tags, contacts, access, area, period.

What it comes to, and what does not go together in it.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import orjson

from bulkpub.core.model import Contact, TagChanges
from bulkpub.core.shapes import shape_of
from bulkpub.language import say
from bulkpub.manifest.files import safe, slashes
from bulkpub.manifest.form import Read, reason
from bulkpub.ordinary import open_ordinary

__all__ = ["contacts_of", "parts_faults", "tag_changes_of", "with_shape"]

LARGEST_SHAPE = 5_000_000
"""Bytes; what is shown on a small map has far fewer."""
Faults = Iterator[tuple[Sequence[str | int], str]]
"""Where in the dataset, and the sentence."""


def tag_changes_of(said: Read | list[str] | None) -> TagChanges | None:
    """What is to be done to the tags, where that is said rather than the tags themselves."""
    if not isinstance(said, dict):
        return None
    add, remove = (tuple(dict.fromkeys(said.get(name) or ())) for name in ("add", "remove"))
    return TagChanges(add, remove) if add or remove else None


def contacts_of(said: Sequence[Read] | None) -> tuple[Contact, ...]:
    """The contacts, each once."""
    contacts = (
        Contact(
            each.get("name") or "",
            each.get("role") or "contact",
            each.get("email"),
            each.get("form"),
        )
        for each in said or ()
    )
    return tuple(dict.fromkeys(contacts))


def parts_faults(read: Read, said: Collection[str]) -> Faults:
    """What does not go together; `said` are the keys written, sound or not."""
    if "contacts" in said and "contact_points" in said:
        yield ("contacts",), say("a dataset has only one of 'contact_points' and 'contacts'")
    yield from _contacts_faults(read.get("contacts") or ())
    if (read.get("access") or {}).get("audiences") == {}:
        sentence = say("'audiences' of 'access' is empty: name one, as the portal takes none away")
        yield ("access", "audiences"), sentence
    changes = tag_changes_of(read.get("tags")) or TagChanges()
    for tag in sorted({*changes.add} & {*changes.remove}):
        yield ("tags", "remove"), say("'tags' cannot both add and remove '{tag}'", tag=tag)
    area, period = read.get("spatial"), read.get("temporal_coverage")
    if area is not None:
        yield from _area_faults(area)
    if period is not None:
        yield from _period_faults(period)


def _contacts_faults(contacts: Sequence[Read]) -> Faults:
    for index, contact in enumerate(contacts):
        if not contact.get("name"):
            yield ("contacts", index), say("a contact needs a 'name'")
        if not (contact.get("email") or contact.get("form")):
            yield ("contacts", index), say("a contact needs an 'email' or the address of a 'form'")


def _area_faults(area: Read) -> Faults:
    if not any(area.get(name) is not None for name in ("zones", "geometry", "granularity")):
        yield ("spatial",), say("'spatial' needs 'zones', a 'geometry' or a 'granularity'")
    if area.get("zones") and area.get("geometry") is not None:
        yield ("spatial", "geometry"), say("an area has either 'zones' or a 'geometry', not both")
    for index, zone in enumerate(area.get("zones") or ()):
        if isinstance(zone, dict) and not zone.get("name"):
            yield ("spatial", "zones", index), say("a zone that is no id needs a 'name'")


def with_shape(area: Read, base: str) -> Read:
    """The area with the shape that is in its file; ValueError, with a sentence, if none is."""
    written = area.get("geometry")
    if written is None:
        return area
    shown = safe(written)
    try:
        content = read_bounded(Path(base, written))
        return {**area, "shape": shape_of(orjson.loads(content))}
    except FileNotFoundError:
        raise ValueError(
            say(
                "the geometry {shown} does not exist{written}",
                shown=shown,
                written=slashes(written),
            )
        ) from None
    except IsADirectoryError:
        raise ValueError(say("the geometry {shown} is a folder", shown=shown)) from None
    except OSError as error:
        raise ValueError(
            say("the geometry {shown} cannot be read: {error}", shown=shown, error=reason(error))
        ) from None
    except orjson.JSONDecodeError:
        raise ValueError(
            say("the geometry {shown} is no JSON, and so no GeoJSON", shown=shown)
        ) from None
    except ValueError as error:
        raise ValueError(say("the geometry {shown} {error}", shown=shown, error=error)) from None


def read_bounded(path: Path) -> bytes:
    """What is in the file, unless that is far more than the shape of an area."""
    with open_ordinary(path) as file:
        content = file.read(LARGEST_SHAPE + 1)
    if len(content) > LARGEST_SHAPE:
        raise ValueError(
            say("has more than {megabytes} MB: simplify it", megabytes=LARGEST_SHAPE // 1000000)
        )
    return content


def _period_faults(period: Read) -> Faults:
    start, end = period.get("start"), period.get("end")
    if start is None:
        yield ("temporal_coverage",), say("'temporal_coverage' needs a 'start'")
    elif end is not None and end < start:
        sentence = say(
            "the period ends on {end}, before it starts on {start}", end=end, start=start
        )
        yield ("temporal_coverage", "end"), sentence
