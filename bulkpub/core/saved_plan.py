"""Whether what would be done to a dataset now is what somebody agreed to: a plan that was saved.

The rule: what is left to do must all be in the plan, with the same old and new values, the same
resources and the same contents. What is done already, by a run that was broken off or by somebody
else, is not there any more, and no difference; whatever else there is, is, and so is what is
neither left to do nor done.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from bulkpub.core.failures import name_of
from bulkpub.core.left_undone import left_undone
from bulkpub.core.model import RemoteDataset
from bulkpub.core.outcome import (
    Change,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.text import bounded
from bulkpub.language import say

__all__ = ["UNPLANNED", "difference"]

UNPLANNED = DatasetStatus.PENDING
"""The status that a plan has of a dataset that it does not have."""

_GONE = (None, None, None)
"""The content of what is deleted by halves: a file goes before what leads to it."""
_SENT = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})
_ARRIVED = frozenset({ResourceStatus.DESCRIBED, ResourceStatus.ADOPTED})
"""What is left to do for a file that was sent, and not described any more."""
_LEFT_ALONE = frozenset({ResourceStatus.UNCHANGED, ResourceStatus.FAILED})
_LONGEST = 80


def difference(
    saved: DatasetOutcome, now: DatasetOutcome, remote: RemoteDataset | None
) -> str | None:
    """In what the plan `saved` and `now`, what is left to do at `remote`, differ; None: nothing."""
    if saved.status is UNPLANNED:
        unchanged = now.status is DatasetStatus.UNCHANGED
        return None if unchanged else say("the plan does not have the dataset")
    unnamed = remote.slug if remote is not None else ""
    more = () if now.status is DatasetStatus.UNCHANGED else _differences(saved, now, unnamed)
    return next(chain(more, left_undone(saved, now, remote)), None)


def _differences(saved: DatasetOutcome, now: DatasetOutcome, unnamed: str) -> Iterator[str]:
    """`unnamed` is the title of what has none: a release that is begun is called as its tag."""
    once = {DatasetStatus.CREATED, DatasetStatus.DELETED}
    if (now.status in once and now.status is not saved.status) or (
        saved.status is DatasetStatus.DELETED and now.status is not saved.status
    ):
        yield _another_fate(saved.title or saved.key, saved.status, now.status)
    if saved.id is not None and now.id is not None and saved.id != now.id:
        yield say("the dataset was {old} on the portal, and is {new}", old=saved.id, new=now.id)
    planned = {(each.id or each.key): each for each in saved.resources if _is_deletion(each)}
    entries = {each.key: each for each in saved.resources if not _is_deletion(each)}
    created = saved.status is DatasetStatus.CREATED
    is_sent = any(each.status in _SENT for each in saved.resources)
    for change in now.changes:
        if created and change in _COMPLETING:
            continue
        if created and change.field == "title" and change.old == unnamed:
            change = replace(change, old=None)  # noqa: PLW2901 - as it was planned
        if change.field == "order" and is_sent:
            continue  # what is new has to be put in its place, wherever the portal put it
        yield from _change(change, saved.changes)
    for each in now.resources:
        if _is_deletion(each):
            yield from _deletion(each, planned.get(each.id or each.key))
        elif each.status not in _LEFT_ALONE:
            yield from _resource(each, entries.get(each.key))


_COMPLETING = (Change("private", old=True, new=False),)
"""What makes a dataset public that was created as a draft."""


def _is_deletion(resource: ResourceOutcome) -> bool:
    return resource.status is ResourceStatus.DELETED


def _deletion(now: ResourceOutcome, saved: ResourceOutcome | None) -> Iterator[str]:
    if saved is None:
        yield say("{name} would be deleted, which the plan does not have", name=_name(now))
    elif _content(now) not in {_content(saved), _GONE}:
        yield say("{name}, which is to be deleted, has changed since", name=_name(now))


def _resource(now: ResourceOutcome, saved: ResourceOutcome | None) -> Iterator[str]:
    if saved is None:
        yield say("the plan does not have {name}", name=_name(now))
        return
    arrived = saved.status in _SENT and now.status in _ARRIVED
    if now.status is not saved.status and not arrived:
        yield _another_fate(_name(now), saved.status, now.status)
    if not arrived and now.id != saved.id:
        yield say("{name} would be another resource of the portal", name=_name(now))
    if now.status in _SENT or arrived:
        if _content(now) != _content(saved):
            yield say("the file {name} has changed", name=_name(now))
        if now.source != saved.source:
            yield say("{name} is made of another file", name=_name(now))
    for change in now.changes:
        if not arrived:
            yield from _change(change, saved.changes, _name(now))


def _change(change: Change, saved: tuple[Change, ...], name: str = "") -> Iterator[str]:
    """What is new about the change of a field, of the resource `name` or the dataset itself."""
    if change in saved:
        return
    field = f"{name}: {change.field}" if name else change.field
    planned = next((each for each in saved if each.field == change.field), None)
    old, new = _value(change.old), _value(change.new)
    if planned is None:
        yield say(
            "`{field}` would change from {old} to {new}, which the plan does not have",
            field=field,
            old=old,
            new=new,
        )
    elif planned.new == change.new and planned.old != change.old:
        yield say(
            "`{field}` is {now} on the portal, and was {was}",
            field=field,
            now=old,
            was=_value(planned.old),
        )
    elif planned.new != change.new:
        yield say(
            "`{field}` would become {now}, and was to become {was}",
            field=field,
            now=new,
            was=_value(planned.new),
        )
    else:
        yield say("`{field}` has changed, beyond what is shown of it", field=field)


def _another_fate(name: str, planned: str, now: str) -> str:
    return say(
        "the plan has {name} as {planned}, and it would now be {now}",
        name=bounded(name, _LONGEST),
        planned=planned,
        now=now,
    )


def _content(resource: ResourceOutcome) -> tuple[str | None, str | None, int | None]:
    return resource.sha1, resource.sha256, resource.size


def _name(resource: ResourceOutcome) -> str:
    return bounded(name_of(resource), _LONGEST)


def _value(value: object) -> str:
    return "(none)" if value is None else bounded(str(value), _LONGEST)
