"""The one request that finishes a dataset: titles, descriptions, extras, order, hosted flag.

Asked once the uploads are over, when every entry's id is known.
"""

from collections.abc import Mapping, Sequence

from bulkpub.core.actions import ListItem
from bulkpub.core.diff import changed_fields, resource_changes, title_to_keep_safe
from bulkpub.core.model import (
    TITLE_EXTRA,
    DatasetSpec,
    FileSource,
    LinkSource,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)

__all__ = ["final_order", "finishing", "in_order", "safeguarding", "unfinished"]


def finishing(
    spec: DatasetSpec,
    wanted: Mapping[str, ResourceMetadata],
    ids: Mapping[str, str],
    now: Sequence[RemoteResource],
    created: frozenset[str] = frozenset(),
) -> tuple[ListItem, ...] | None:
    """Decide the list of all the dataset's resources, in order; None when it is already so.

    By resource key, `wanted` is what shall be said of each entry and `ids` which resource it
    is (an entry that failed is in neither, and its resource is left alone). `now` are the
    dataset's resources as they are after the uploads, `created` the ids of the new ones.
    """
    items = {resource.id: ListItem(resource.id) for resource in now}
    by_id = {resource.id: resource for resource in now}
    for entry in spec.resources:
        remote = by_id.get(ids.get(entry.key, ""))
        if remote is not None and entry.key in wanted:
            items[remote.id] = _item(entry, wanted[entry.key], remote)
    places = [resource.id for resource in now]
    if in_order(spec, ids, places) and not any(item.writes for item in items.values()):
        return None
    return tuple(items[resource_id] for resource_id in final_order(spec, ids, places, created))


def safeguarding(
    replaced: Sequence[tuple[ResourceSpec, RemoteResource]], now: Sequence[RemoteResource]
) -> tuple[ListItem, ...] | None:
    """The list that keeps titles safe before files are replaced; None when none is in danger.

    A replacement resets the title. Where the manifest does not give it, and the program were
    killed before it could set it again, nobody would know it any more.
    """
    items = {resource.id: ListItem(resource.id) for resource in now}
    titles = {
        remote.id: title
        for entry, remote in replaced
        if (title := title_to_keep_safe(entry, remote)) is not None
    }
    for resource in now:
        if title := titles.get(resource.id):
            extras = {**(resource.metadata.extras or {}), TITLE_EXTRA: title}
            items[resource.id] = ListItem(resource.id, ResourceMetadata(extras=extras))
    return tuple(items.values()) if titles else None


def _item(entry: ResourceSpec, wanted: ResourceMetadata, remote: RemoteResource) -> ListItem:
    url = None
    if isinstance(entry.source, LinkSource) and entry.source.url != remote.url:
        url = entry.source.url
    host = isinstance(entry.source, FileSource) and not remote.hosted
    return ListItem(remote.id, resource_changes(wanted, entry, remote), url, host)


def unfinished(
    spec: DatasetSpec,
    wanted: Mapping[str, ResourceMetadata],
    ids: Mapping[str, str],
    answer: Sequence[RemoteResource],
) -> dict[str, str]:
    """What the portal's answer still lacks, by resource key: a sentence for each entry."""
    by_id = {resource.id: resource for resource in answer}
    lacking: dict[str, str] = {}
    for entry in spec.resources:
        if entry.key not in ids or entry.key not in wanted:
            continue
        remote = by_id.get(ids[entry.key])
        if remote is None:
            lacking[entry.key] = "the resource vanished while the dataset was being finished"
            continue
        item = _item(entry, wanted[entry.key], remote)
        if item.changes is not None:
            names = ", ".join(changed_fields(item.changes))
            lacking[entry.key] = f"the portal did not take over: {names}"
        elif item.writes:
            lacking[entry.key] = "the portal did not take over its address"
    if not in_order(spec, ids, [resource.id for resource in answer]):
        for entry in spec.resources:
            if entry.key in ids:
                lacking.setdefault(entry.key, "the portal did not take over the order")
    return lacking


def final_order(
    spec: DatasetSpec, ids: Mapping[str, str], now: Sequence[str], created: frozenset[str]
) -> tuple[str, ...]:
    """The wanted order of all the resources of a dataset, by id.

    Ours follow the manifest; what the manifest does not name keeps its place. A new resource,
    which the portal puts first, counts as if it had been put last.
    """
    there = set(now)
    ours = [ids[entry.key] for entry in spec.resources if ids.get(entry.key) in there]
    places = [i for i in now if i not in created] + [i for i in now if i in created]
    mine, next_of_ours = set(ours), iter(ours)
    return tuple(next(next_of_ours) if i in mine else i for i in places)


def in_order(spec: DatasetSpec, ids: Mapping[str, str], now: Sequence[str]) -> bool:
    """Whether our resources follow each other as in the manifest."""
    place = {resource_id: index for index, resource_id in enumerate(now)}
    ours = [place[ids[entry.key]] for entry in spec.resources if ids.get(entry.key) in place]
    return ours == sorted(ours)
