"""What a saved plan has and a run of it would not do: a run that skips it must not be a success.

The rule: whatever was planned is either left to do, or to be seen on the portal. What is neither
is no longer wanted by the manifest, or a file is what it was once more.
"""

from collections.abc import Iterator

from bulkpub.core.changes import is_yet_to_do
from bulkpub.core.failures import name_of
from bulkpub.core.model import DRAFT_EXTRA, RemoteDataset, RemoteResource
from bulkpub.core.outcome import (
    Change,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.text import bounded
from bulkpub.language import say

__all__ = ["left_undone"]

_PASSING = f"extras.{DRAFT_EXTRA}"
"""What a dataset has for as long as it is a draft: that it is gone is what was planned."""
_NOTHING = frozenset({ResourceStatus.UNCHANGED, ResourceStatus.FAILED, ResourceStatus.PENDING})
_SENT = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})
_LONGEST = 80


def left_undone(
    saved: DatasetOutcome, now: DatasetOutcome, remote: RemoteDataset | None
) -> Iterator[str]:
    """What of the plan `saved` is neither in `now`, what is left to do, nor done at `remote`."""
    there = remote if remote is not None and not remote.deleted else None
    if saved.status is DatasetStatus.DELETED:
        if there is not None and now.status is not DatasetStatus.DELETED:
            yield say(
                "the plan has {name} as deleted, and the manifest no longer says so",
                name=bounded(saved.title or saved.key, _LONGEST),
            )
        return
    if now.status is DatasetStatus.DELETED or saved.status is DatasetStatus.UNCHANGED:
        return
    if there is None and now.status is DatasetStatus.UNCHANGED:
        yield say(
            "the plan has {name} as {planned}, and the manifest now wants it to be absent",
            name=bounded(saved.title or saved.key, _LONGEST),
            planned=saved.status,
        )
        return
    yield from _fields(saved.changes, now.changes, there)
    resources = {each.id: each for each in there.resources} if there is not None else {}
    has = {each.digest for each in resources.values()} - {None}
    entries = {each.key: each for each in now.resources if not _is_deletion(each)}
    deleted = {each.id for each in now.resources if _is_deletion(each)}
    held = any(each.status is ResourceStatus.FAILED for each in now.resources)
    for planned in saved.resources:
        if _is_deletion(planned):
            if planned.id in resources and planned.id not in deleted and not held:
                yield say("{name} was to be deleted, and would stay", name=_name(planned))
        elif planned.status not in _NOTHING:
            entry = entries.get(planned.key)
            at = resources.get(entry.id or "") if entry is not None else None
            yield from _resource(planned, entry, at, stored=_digest(planned) in has)


def _is_deletion(resource: ResourceOutcome) -> bool:
    return resource.status is ResourceStatus.DELETED


def _resource(
    planned: ResourceOutcome,
    now: ResourceOutcome | None,
    at: RemoteResource | None,
    *,
    stored: bool,
) -> Iterator[str]:
    """`at` is where it is by now; `stored`: the portal has what was to be sent."""
    if now is None:
        # A file that was to be removed once it is published is named by no pattern any more.
        if not (stored and planned.status in _SENT):
            yield say(
                "the plan has {name} as {planned}, and the manifest no longer names it",
                name=_name(planned),
                planned=planned.status,
            )
        return
    if now.status not in {ResourceStatus.UNCHANGED, planned.status}:
        return  # which is told, or only what is left of it
    contents = {_digest(now), _digest(planned)} - {None}
    if planned.status in _SENT and len(contents) > 1:
        yield say("the file {name} has changed", name=_name(planned))
        return
    if at is not None or now.status is ResourceStatus.CREATED:
        called = "sha256" if planned.sha256 is not None else "sha1"
        yield from _fields(planned.changes, now.changes, at, _name(planned), called)


def _digest(resource: ResourceOutcome) -> str | None:
    return resource.sha256 or resource.sha1


def _fields(
    saved: tuple[Change, ...],
    now: tuple[Change, ...],
    remote: RemoteDataset | RemoteResource | None,
    name: str = "",
    digest: str = "",
) -> Iterator[str]:
    left = {each.field for each in now}
    for change in saved:
        if change.field in left or change.field == _PASSING:
            continue
        if remote is None or is_yet_to_do(change, remote, digest=digest):
            yield say(
                "`{field}` was to become {new}, and would stay {old}",
                field=f"{name}: {change.field}" if name else change.field,
                new=_value(change.new),
                old=_value(change.old),
            )


def _name(resource: ResourceOutcome) -> str:
    return bounded(name_of(resource), _LONGEST)


def _value(value: object) -> str:
    return "(none)" if value is None else bounded(str(value), _LONGEST)
