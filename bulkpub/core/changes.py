"""What a plan changes, field by field: the old value and the new one, for people and programs.

The rule: what is told is what is going to be written, no more. Fields are called as the manifest
calls them, parts of a value behind a dot (`spatial.zones`, `extras.theme`). Long values are cut to
the place where they differ, and carry a digest of the whole, so that what is equal here is equal.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bulkpub.core.actions import (
    Adopt,
    Create,
    CreateDataset,
    Describe,
    Fetch,
    KeepDataset,
    Plan,
    Refuse,
    Replace,
    ResourceAction,
    UpdateDataset,
)
from bulkpub.core.diff import announced, changed_fields, resource_changes
from bulkpub.core.model import (
    Access,
    ContentSchema,
    DatasetMetadata,
    Fingerprint,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
    TemporalCoverage,
    is_sent,
)
from bulkpub.core.outcome import Change
from bulkpub.core.owners import Owner
from bulkpub.core.rules import Rules
from bulkpub.core.sources import NO_CHECKSUM
from bulkpub.language import say

__all__ = ["changes_of_dataset", "changes_of_resource", "differing_parts", "is_yet_to_do"]

MOST = 300
"""Characters of a text that are told at most."""
MOST_ITEMS = 20
"""Members of a list that are told at most."""
AROUND = 30
"""Characters, and a tenth of that in members, that are told before the first that differs."""
DRAWN = say("an area drawn on the portal")
PERSONAL = say("the account itself")


def changes_of_dataset(plan: Plan, owner: Owner, rules: Rules) -> tuple[Change, ...]:
    """What `plan` writes to the dataset itself, the order of its resources included."""
    match plan.dataset:
        case CreateDataset(metadata):
            whose = owner.name or owner.organization or PERSONAL
            said = _differing(DatasetMetadata(), metadata)
            return (*said, Change("owner", None, whose)) if rules.organizations else tuple(said)
        case UpdateDataset() as update:
            changes = list(_differing(update.remote.metadata, update.changes))
            if update.move is not None:
                to = update.move.to
                changes.append(Change("owner", PERSONAL, to.name or to.organization))
            if update.restores:
                changes.append(Change("deleted", old=True, new=False))
        case _:
            changes = []
    if plan.releases and not any(each.field == "private" for each in changes):
        changes.append(Change("private", old=True, new=False))
    return (*changes, *_reordered(plan, rules))


def changes_of_resource(
    action: ResourceAction, known: Fingerprint | None, rules: Rules
) -> tuple[Change, ...]:
    """What `action` writes of the resource; `known` is what is known of its file."""
    if isinstance(action, Create) or (isinstance(action, Fetch) and action.remote is None):
        return tuple(_differing(ResourceMetadata(), action.wanted))
    if not isinstance(action, Replace | Adopt | Describe | Fetch) or action.remote is None:
        return ()
    remote, source = action.remote, action.spec.source
    changes: list[Change] = []
    if isinstance(action, Replace):
        changes += _replaced(remote, known, rules)
    if isinstance(source, LinkSource):
        changes += _announced(source, remote, rules)
    if is_sent(source) and not remote.hosted:
        changes.append(Change("hosted", old=False, new=True))
    if said := resource_changes(action.wanted, action.spec, remote, rules):
        changes += _differing(remote.metadata, said)
    return tuple(changes)


def is_yet_to_do(
    change: Change, remote: RemoteDataset | RemoteResource, *, digest: str = ""
) -> bool:
    """Whether what `remote` has is still the old value of `change`; False where nobody can tell.

    `digest` is what the checksum is called by which files are compared.
    """
    parts: dict[str, Json] = {}
    if isinstance(remote, RemoteResource):
        checksum = remote.checksum and str(remote.checksum)
        parts = {"url": remote.url, "size": remote.size, "checksum": checksum}
        parts |= {digest: remote.digest} if digest else {}
    name, _, below = change.field.partition(".")
    if below or hasattr(remote.metadata, name):
        parts |= _parts(name, getattr(remote.metadata, name, None))
    elif change.field not in parts:
        return False
    now = parts.get(change.field)
    return _is_told(change.old, now, change) and not _is_told(change.new, now, change)


def _is_told(told: Json, value: Json, change: Change) -> bool:
    """Whether `value` is what a change tells, which may be a part of it."""
    if change.digest is None or told is None or value is None:
        return told == value and isinstance(told, bool) is isinstance(value, bool)
    value = _text_of(value)
    if isinstance(told, str) and isinstance(value, str):
        return told.removeprefix("…").removesuffix("…") in value
    if isinstance(told, list) and isinstance(value, list):
        return all(each in value for each in told if each != "…")
    return False


def _replaced(remote: RemoteResource, known: Fingerprint | None, rules: Rules) -> Iterator[Change]:
    if known is not None and known.size != remote.size:
        yield Change("size", remote.size, known.size)
    if known is not None and known.digest is not None and known.digest != remote.digest:
        yield Change(rules.digest, remote.digest, known.digest)


def _announced(source: LinkSource, remote: RemoteResource, rules: Rules) -> Iterator[Change]:
    url, size, checksum = announced(source, remote, rules)
    if url is not None:
        yield change("url", remote.url, url)
    if size is not None:
        yield Change("size", remote.size, size)
    if checksum is not None:
        was = remote.checksum
        told = None if checksum == NO_CHECKSUM else str(checksum)
        yield Change("checksum", was and str(was), told)


def _reordered(plan: Plan, rules: Rules) -> Iterator[Change]:
    """The order of our resources that are there already, by their titles, where it changes."""
    if not rules.orders or not isinstance(plan.dataset, KeepDataset | UpdateDataset):
        return
    place = {each.id: at for at, each in enumerate(plan.dataset.remote.resources)}
    there: dict[str, RemoteResource] = {}
    for action in plan.resources:
        if not isinstance(action, Create | Refuse) and action.remote is not None:
            there[action.remote.id] = action.remote
    wanted = [each for each in there.values() if each.id in place]
    now = sorted(wanted, key=lambda each: place[each.id])
    if now != wanted:
        yield change("order", *([_title(each) for each in some] for some in (now, wanted)))


def _title(remote: RemoteResource) -> str:
    return remote.metadata.title or remote.file_name or remote.id


# --- values -------------------------------------------------------------------------------


def _differing(
    has: DatasetMetadata | ResourceMetadata, changes: DatasetMetadata | ResourceMetadata
) -> Iterator[Change]:
    for name in changed_fields(changes):
        old, new = _parts(name, getattr(has, name)), _parts(name, getattr(changes, name))
        for part in dict.fromkeys((*new, *old)):
            was, becomes = old.get(part), new.get(part)
            if was != becomes or isinstance(was, bool) is not isinstance(becomes, bool):
                yield change(part, was, becomes)


def _parts(name: str, value: Json) -> dict[str, Json]:
    """A field as the parts that people know it by, as JSON; what is empty is None."""
    match value:
        case Spatial(zones=zones, granularity=granularity, drawn=drawn, shape=shape):
            parts: dict[str, Json] = {
                "zones": zones,
                "granularity": granularity,
                "geometry": shape or (DRAWN if drawn else None),
            }
        case Access():
            parts = {
                "type": value.type,
                "audiences": dict(value.audiences or ()),
                "category": value.category,
                "reason": value.reason,
                "request_url": value.request_url,
            }
        case TemporalCoverage(start=start, end=end):
            parts = {"start": start, "end": end}
        case ContentSchema():
            parts = {"name": value.name, "version": value.version, "url": value.url}
        case Mapping():
            parts = dict(value)
        case _:
            return {name: _plain(value)}
    return {f"{name}.{part}": _plain(each) for part, each in parts.items()}


def _plain(value: Json) -> Json:
    """As JSON has it; None for what is empty."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        value = list(value)
    empty = not isinstance(value, bool | int | float) and not value
    return None if empty else value


def change(field: str, old: Json, new: Json) -> Change:
    """A field's change, however large its values are."""
    told = differing_parts(_text_of(old), _text_of(new), MOST)
    if told == (old, new):
        return Change(field, old, new)
    digest = hashlib.sha256(json.dumps([old, new], sort_keys=True).encode()).hexdigest()
    return Change(field, *told, digest)


def _text_of(value: Json) -> Json:
    """A value that is bounded by what it is, or a text or a list that can be cut."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    if isinstance(value, list | Mapping):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        return text if len(text) > MOST else value
    return value


def differing_parts(old: Json, new: Json, most: int) -> tuple[Json, Json]:
    """Both values, and of those that are long only what is around the first place they differ."""
    if isinstance(old, str) and isinstance(new, str):
        start = _start(old, new, most, AROUND)
        return _excerpt(old, start, most), _excerpt(new, start, most)
    if isinstance(old, list) and isinstance(new, list):
        start = _start(old, new, MOST_ITEMS, AROUND // 10)
        return _some(old, start, most), _some(new, start, most)
    return _bounded(old, most), _bounded(new, most)


def _bounded(value: Json, most: int) -> Json:
    if isinstance(value, str):
        return _excerpt(value, 0, most)
    return _some(value, 0, most) if isinstance(value, list) else value


def _start(old: Sequence[Json], new: Sequence[Json], most: int, around: int) -> int:
    """Where to begin, so that the first place that differs is seen; 0 where all of it is."""
    if max(len(old), len(new)) <= most:
        return 0
    same = next(
        (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    return max(0, same - around)


def _excerpt(text: str, start: int, most: int) -> str:
    if not start and len(text) <= most:
        return text
    room = most - (2 if start else 1)
    rest = text[start:]
    return ("…" if start else "") + (rest if len(rest) <= room else f"{rest[:room]}…")


def _some(items: list[Json], start: int, most: int) -> list[Json]:
    shown = [_bounded(each, most) for each in items[start : start + MOST_ITEMS]]
    after = ["…"] if len(items) > start + MOST_ITEMS else []
    return [*(["…"] if start else []), *shown, *after]
