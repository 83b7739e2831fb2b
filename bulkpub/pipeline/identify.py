"""What a manifest means that names datasets by a slug or a page, resources by a permalink.

The rule: everything behind goes by ids, which never change; what was found by another name is told
with its id. A name that the portal does not know stays as it is, and is told of as an unknown id.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

import anyio

from bulkpub.core.addresses import redacted
from bulkpub.core.match_datasets import Face, face_of
from bulkpub.core.model import DatasetSpec, Place, RemoteDataset
from bulkpub.core.rules import Rules
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.errors import Problem
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.pipeline.index import Datasets, Entry, Index, is_permalink
from bulkpub.portals import Portal

__all__ = ["Identified", "identify"]

ASKED_AT_ONCE = 8


@dataclass(slots=True)
class Identified:
    """What was `found`, a note by dataset key that says how, and what is wrong."""

    found: list[Face] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


async def identify(portal: Portal, index: Index, seen: Datasets[RemoteDataset]) -> Identified:
    """Ask for those of `index` whose id is none of the portal's; one request each.

    They get the portal's ids; `seen` has what was found.
    """
    identified, rules = Identified(), portal.rules
    odd = [entry for entry in index.entries.values() if _is_odd(entry, rules)]
    asked: dict[str, RemoteDataset | None] = {
        entry.face.id: None for entry in odd if entry.face.id and not rules.is_id(entry.face.id)
    }

    async def ask(written: str) -> None:
        if name := _name(written, rules):
            asked[written] = await portal.dataset(name)

    await side_by_side([partial(ask, each) for each in asked], anyio.CapacityLimiter(ASKED_AT_ONCE))
    for entry in odd:
        spec = index.spec(entry.key)
        remote = asked.get(spec.id or "")
        if spec.id in asked and (fault := _fault(spec.id or "", remote, rules)):
            identified.problems.append(_problem(spec, fault))
        elif remote is not None:
            seen.put(remote.id, remote)
            identified.found.append(face_of(remote))
            identified.notes[spec.key] = _said(spec.id or "", remote)
        known = _with_resources(spec, identified, rules)
        index.put(known if remote is None else replace(known, id=remote.id))
    first: dict[str, Entry] = {}
    for entry in index.entries.values() if odd else ():
        own = entry.face.id
        if own and (twin := first.setdefault(own, entry)) is not entry:
            there = index.head(twin.key).place
            sentence = say(
                "the id '{own}' is already that of the dataset at {there}", own=own, there=there
            )
            identified.problems.append(_problem(index.head(entry.key), sentence))
    return identified


def _is_odd(entry: Entry, rules: Rules) -> bool:
    return entry.has_permalinks or (entry.face.id is not None and not rules.is_id(entry.face.id))


def _with_resources(spec: DatasetSpec, identified: Identified, rules: Rules) -> DatasetSpec:
    """The spec with the ids of resources that it names by their permalinks."""
    resources = []
    for entry in spec.resources:
        if not is_permalink(entry):
            resources.append(entry)
            continue
        kind, name = rules.shown_on_page(entry.id or "") or ("", "")
        if kind != "resource":
            sentence = say(
                "'id' is {id}, which is not a resource's permalink", id=redacted(entry.id or "")
            )
            identified.problems.append(_problem(spec, sentence, entry.place))
        resources.append(replace(entry, id=name))
    return replace(spec, resources=tuple(resources))


def _said(written: str, remote: RemoteDataset) -> str:
    return say(
        "'{written}' is the dataset {id}: that id never changes, and spares a request",
        written=redacted(written),
        id=remote.id,
    )


def _name(written: str, rules: Rules) -> str:
    """The id or slug in what is written; empty when there is none."""
    if "://" not in written:
        return written
    kind, name = rules.shown_on_page(written) or ("", "")
    return name if kind == "dataset" else ""


def _fault(written: str, remote: RemoteDataset | None, rules: Rules) -> str:
    if "://" not in written:
        return ""
    if not _name(written, rules):
        return say(
            "'id' is {written}, which is not the address of a dataset's page",
            written=redacted(written),
        )
    if remote is None or _host(remote.page) == _host(written):
        return ""
    return say(
        "'id' is a page at {written}, but the portal's are at {page}: this is another portal's "
        "dataset",
        written=_host(written),
        page=_host(remote.page),
    )


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""


def _problem(spec: DatasetSpec, sentence: str, place: Place | None = None) -> Problem:
    place = place or spec.place_of("id")
    sentence = bounded(sentence, LONGEST_SENTENCE)
    return Problem(place.file, place.line, place.column, sentence, spec.key)
