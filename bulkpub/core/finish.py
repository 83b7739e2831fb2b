"""The one request that finishes a dataset: titles, descriptions, extras, order, hosted flag.

Asked once the uploads are over, when every entry's id is known.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from bulkpub.core.actions import ListItem
from bulkpub.core.diff import announced, changed_fields, resource_changes, title_to_keep_safe
from bulkpub.core.fitting import without
from bulkpub.core.model import (
    KEY_EXTRA,
    SOURCE_EXTRA,
    TITLE_EXTRA,
    DatasetSpec,
    LinkSource,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Sent,
    is_sent,
)
from bulkpub.core.rules import Rules
from bulkpub.language import say

__all__ = ["final_order", "finishing", "in_order", "in_requests", "moving", "safeguarding"]
__all__ += ["unfinished", "unnamed"]


def finishing(
    spec: DatasetSpec,
    wanted: Mapping[str, ResourceMetadata],
    ids: Mapping[str, str],
    now: Sequence[RemoteResource],
    rules: Rules,
    *,
    created: frozenset[str] = frozenset(),
    given_up: frozenset[str] = frozenset(),
) -> tuple[ListItem, ...] | None:
    """Decide the list of all the dataset's resources, in order; None when it is already so.

    By resource key, `wanted` is what shall be said of each entry and `ids` which resource it
    is (an entry that failed is in neither, and its resource is left alone). `now` are the
    dataset's resources as they are after the uploads, `created` the ids of the new ones,
    `given_up` those that point elsewhere and were to be hosted, but cannot be.
    """
    items = {resource.id: ListItem(resource.id) for resource in now}
    by_id = {resource.id: resource for resource in now}
    for entry in spec.resources:
        remote = by_id.get(ids.get(entry.key, ""))
        if remote is not None and entry.key in wanted:
            items[remote.id] = _item(entry, wanted[entry.key], remote, rules)
    for remote in now:
        if remote.id in given_up and (changes := _as_before(remote)):
            items[remote.id] = ListItem(remote.id, changes)
    items |= unnamed(spec, ids.values(), now, rules)
    places = [resource.id for resource in now]
    # Where the portal put new ones nobody knows; said in so many words, it is sure.
    settled = not created and in_order(spec, ids, places)
    settled = settled or not rules.orders
    if settled and not any(item.writes for item in items.values()):
        return None
    return tuple(items[resource_id] for resource_id in final_order(spec, ids, places, created))


def unnamed(
    spec: DatasetSpec, known: Collection[str], now: Sequence[RemoteResource], rules: Rules
) -> dict[str, ListItem]:
    """What names those of a series that a run uploaded and could not describe any more, by id.

    Their content is no longer that of any file here, so that no entry is one of them; `known` are
    the ids of those that entries are.
    """
    series = [entry.series for entry in spec.resources if entry.series is not None]
    found: dict[str, ListItem] = {}
    for remote in now if series else ():
        raw = remote.key is None and remote.metadata.title == remote.file_name
        if not raw or not remote.hosted or remote.id in known:
            continue
        for each in series:
            if said := each.read(remote.file_name, rules.file_name):
                extras = {**(remote.metadata.extras or {}), KEY_EXTRA: said.name}
                changes = ResourceMetadata(title=said.name, extras=extras)
                found[remote.id] = ListItem(remote.id, without(changes, rules.lacks_resource))
                break
    return found


def moving(
    entry: ResourceSpec, wanted: ResourceMetadata, remote: RemoteResource, rules: Rules
) -> ListItem | None:
    """What tells that a link leads to something else now, and says what is `wanted` of it.

    None: its address is the same, and what it says of the file behind it.
    """
    item = _item(entry, wanted, remote, rules)
    return item if item.announces else None


def in_requests(items: Sequence[ListItem], rules: Rules) -> Iterator[tuple[ListItem, ...]]:
    """The list as the requests have it: all at once, or with so many written items in each.

    Each names all the resources, in order.
    """
    written = [item.id for item in items if item.writes]
    most = rules.described_at_once or max(len(written), 1)
    for start in range(0, max(len(written), 1), most):
        now = set(written[start : start + most])
        yield tuple(item if item.id in now else ListItem(item.id) for item in items)


def safeguarding(
    replaced: Sequence[tuple[ResourceSpec, RemoteResource]],
    now: Sequence[RemoteResource],
    rules: Rules,
) -> tuple[ListItem, ...] | None:
    """The list that keeps titles and addresses safe before files are replaced; None: none is lost.

    A replacement resets the title, and the address of a resource that pointed elsewhere. Where
    the manifest does not give it, and the program were killed before it could set it again,
    nobody would know it any more.
    """
    kept = {remote.id: _kept_safe(entry, remote, rules) for entry, remote in replaced}
    if not any(kept.values()):
        return None
    return tuple(
        ListItem(r.id, _with_extras(r, kept[r.id]) if kept.get(r.id) else None) for r in now
    )


def _kept_safe(entry: ResourceSpec, remote: RemoteResource, rules: Rules) -> dict[str, str]:
    extras: dict[str, str] = {}
    if title := title_to_keep_safe(entry, remote, rules):
        extras[TITLE_EXTRA] = title
    if not remote.stored and (remote.metadata.extras or {}).get(SOURCE_EXTRA) != remote.url:
        extras[SOURCE_EXTRA] = remote.url
    return extras


def _with_extras(remote: RemoteResource, extras: Mapping[str, str]) -> ResourceMetadata:
    return ResourceMetadata(extras={**(remote.metadata.extras or {}), **extras})


def _as_before(remote: RemoteResource) -> ResourceMetadata | None:
    """What takes back what was kept safe of a resource whose file did not come after all."""
    extras = dict(remote.metadata.extras or {})
    if remote.stored or extras.pop(SOURCE_EXTRA, None) != remote.url:
        return None
    extras.pop(TITLE_EXTRA, None)
    return ResourceMetadata(extras=extras)


def _item(
    entry: ResourceSpec, wanted: ResourceMetadata, remote: RemoteResource, rules: Rules
) -> ListItem:
    url, size, checksum = None, None, None
    if isinstance(entry.source, LinkSource):
        url, size, checksum = announced(entry.source, remote, rules)
    host = is_sent(entry.source) and remote.stored and not remote.hosted
    changes = resource_changes(wanted, entry, remote, rules)
    if host:
        changes = _without_kept_title(changes, remote)
    return ListItem(remote.id, changes, url, host, size, checksum)


def _without_kept_title(
    changes: ResourceMetadata | None, remote: RemoteResource
) -> ResourceMetadata | None:
    """A resource that was moved here is left as it was: the title is back where it belongs."""
    extras = dict((changes and changes.extras) or remote.metadata.extras or {})
    if extras.pop(TITLE_EXTRA, None) is None:
        return changes
    return replace(changes or ResourceMetadata(), extras=extras)


def unfinished(
    spec: DatasetSpec,
    wanted: Mapping[str, ResourceMetadata],
    ids: Mapping[str, str],
    answer: Sequence[RemoteResource],
    rules: Rules,
) -> dict[str, str]:
    """What the portal's answer still lacks, by resource key: a sentence for each entry."""
    by_id = {resource.id: resource for resource in answer}
    lacking: dict[str, str] = {}
    for entry in spec.resources:
        if entry.key not in ids or entry.key not in wanted:
            continue
        remote = by_id.get(ids[entry.key])
        if remote is None:
            lacking[entry.key] = say("the resource vanished while the dataset was being finished")
            continue
        item = _item(entry, wanted[entry.key], remote, rules)
        if item.changes is not None:
            names = ", ".join(changed_fields(item.changes))
            lacking[entry.key] = say("the portal did not take over: {names}", names=names)
        elif item.writes or (isinstance(entry.source, Sent) and not remote.hosted):
            what = say("size and checksum") if item.announces and item.url is None else "address"
            lacking[entry.key] = say("the portal did not take over its {what}", what=what)
    if rules.orders and not in_order(spec, ids, [resource.id for resource in answer]):
        for entry in spec.resources:
            if entry.key in ids:
                lacking.setdefault(entry.key, say("the portal did not take over the order"))
    return lacking


def final_order(
    spec: DatasetSpec, ids: Mapping[str, str], now: Sequence[str], created: frozenset[str]
) -> tuple[str, ...]:
    """The wanted order of all the resources of a dataset, by id.

    Ours follow the manifest; what the manifest does not name keeps its place. A new resource,
    which the portal puts first, counts as if it had been put last.
    """
    there = set(now)
    # Two files of one content in a series are one resource.
    ours = list(
        dict.fromkeys(ids[entry.key] for entry in spec.resources if ids.get(entry.key) in there)
    )
    places = [i for i in now if i not in created] + [i for i in now if i in created]
    mine, next_of_ours = set(ours), iter(ours)
    return tuple(next(next_of_ours) if i in mine else i for i in places)


def in_order(spec: DatasetSpec, ids: Mapping[str, str], now: Sequence[str]) -> bool:
    """Whether our resources follow each other as in the manifest."""
    place = {resource_id: index for index, resource_id in enumerate(now)}
    ours = list(
        dict.fromkeys(
            place[ids[entry.key]] for entry in spec.resources if ids.get(entry.key) in place
        )
    )
    return ours == sorted(ours)
