"""What differs between what is wanted of a dataset or resource and what the portal says of it.

The answer has the shape of the metadata itself: only the fields to be written, with the
values to write; None when nothing differs. What the manifest is silent about never differs.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TypeVar

from bulkpub.core.fitting import stays_open, without
from bulkpub.core.model import (
    DRAFT_EXTRA,
    KEY_EXTRA,
    OPEN,
    SOURCE_EXTRA,
    TITLE_EXTRA,
    Access,
    Checksum,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Sent,
    Spatial,
    is_sent,
)
from bulkpub.core.rules import Rules
from bulkpub.core.sources import NO_CHECKSUM
from bulkpub.language import say

__all__ = [
    "announced",
    "announcement",
    "changed_fields",
    "claim",
    "dataset_changes",
    "named",
    "new_dataset",
    "resource_changes",
    "title_to_keep_safe",
    "told_changes",
    "wanted_resource",
]


def changed_fields(changes: DatasetMetadata | ResourceMetadata) -> tuple[str, ...]:
    """The names of the fields that `changes` writes."""
    return tuple(name for name in _NAMES[type(changes)] if getattr(changes, name) is not None)


_NAMES = {
    each: tuple(field.name for field in fields(each))
    for each in (DatasetMetadata, ResourceMetadata)
}


def told_changes(changes: DatasetMetadata, remote: RemoteDataset) -> tuple[str, ...]:
    """The same of what is written to `remote`, for people, who are to know what they lose."""
    names = dict(zip(given := changed_fields(changes), given, strict=True))
    if changes.spatial is not None and changes.spatial.drawn is False:
        names["spatial"] = say("spatial (zones take the place of the area drawn on the portal)")
    has = remote.metadata.spatial
    if changes.spatial is not None and changes.spatial.shape and has is not None and has.zones:
        names["spatial"] = say(
            "spatial (the shape takes the place of {zones})", zones=", ".join(has.zones[:5])
        )
    if KEY_EXTRA in (changes.extras or {}) and remote.key is None:
        names["extras"] = say("extras (it gets our key, as it has this title and no key marks it)")
    lost = remote.metadata.license
    if changes.access is not None and not changes.access.is_open and remote.is_open and lost:
        names["access"] = say(
            "access (without the licence '{lost}', which is of open data)", lost=lost
        )
    return tuple(names.values())


# --- datasets -----------------------------------------------------------------------------


def new_dataset(spec: DatasetSpec, rules: Rules) -> DatasetMetadata:
    """The metadata with which `spec` is created: as wanted, and carrying our key if it can.

    It is a draft, and marked so, where it becomes public only once all its files are in.
    """
    keyed = _keyed(spec)
    if spec.when_complete:
        extras = {**(keyed.extras or {}), DRAFT_EXTRA: True}
        keyed = replace(keyed, private=True, extras=extras)
    if not stays_open(spec, None):
        keyed = without(keyed, rules.closed_lacks)
    return without(keyed, rules.lacks_dataset)


def _keyed(spec: DatasetSpec) -> DatasetMetadata:
    metadata = _tagged(spec, ())
    return replace(metadata, extras={**(metadata.extras or {}), KEY_EXTRA: spec.key})


def dataset_changes(
    spec: DatasetSpec, remote: RemoteDataset, rules: Rules
) -> DatasetMetadata | None:
    """What has to be written for `remote` to become what `spec` wants.

    A dataset the manifest names by id is someone's dataset already: it is recognised by
    that id and gets no key of ours. Where it becomes public only once all its files are in, that
    is not written here.
    """
    spec = replace(spec, metadata=_tagged(spec, remote.metadata.tags), tag_changes=None)
    wanted = spec.metadata if spec.id else without(_keyed(spec), rules.lacks_dataset)
    if spec.when_complete and wanted.private is False:
        wanted = replace(wanted, private=None)
    if not stays_open(spec, remote):
        wanted = without(wanted, rules.closed_lacks)
    return _changes(wanted, remote.metadata)


def _tagged(spec: DatasetSpec, tags: tuple[str, ...] | None) -> DatasetMetadata:
    """The metadata wanted of a dataset that has these tags."""
    if spec.tag_changes is None:
        return spec.metadata
    return replace(spec.metadata, tags=spec.tag_changes.applied(tags))


# --- resources ----------------------------------------------------------------------------


def wanted_resource(
    spec: ResourceSpec, remote: RemoteResource | None, rules: Rules
) -> ResourceMetadata:
    """All that `spec` wants said of its resource, with our key among the extras.

    A resource the manifest names by id is recognised by that, and gets no key of ours. One
    that pointed elsewhere and becomes hosted keeps its old address among the extras. Where the
    manifest gives no title, the one the portal has stays, as someone may have written it
    there. A resource that has none but its raw file name, which is what the portal makes of
    every upload, gets back the title that was kept safe, or else the file's real name.
    """
    said = spec.metadata
    title = said.title
    if title is None:
        given = _given_title(remote) if remote else None
        if isinstance(spec.source, Sent) and given == rules.file_name(spec.source.name):
            given = None  # once the file is sent, nobody could tell it from a raw one
        title = given or _default_title(spec, remote, rules)
    extras = {**(said.extras or {}), **claim(spec, remote, rules)}
    if remote is not None and not remote.hosted and is_sent(spec.source):
        extras[SOURCE_EXTRA] = remote.origin
    wanted = ResourceMetadata(  # field by field: it is made for every file, several times
        title=title,
        description=said.description,
        type=said.type,
        schema=said.schema,
        format=said.format,
        mime=said.mime,
        extras=None if said.extras is None and not extras else extras,
    )
    return without(wanted, rules.lacks_resource)


def named(spec: ResourceSpec, name: str) -> ResourceSpec:
    """The entry of a file of a series, to be sent under this name of it."""
    assert isinstance(spec.source, FileSource)  # noqa: S101 # no other is in a series
    return replace(spec, source=replace(spec.source, sent_as=name), default_title=name)


def _default_title(spec: ResourceSpec, remote: RemoteResource | None, rules: Rules) -> str | None:
    if spec.series is not None and remote is not None:
        named = spec.series.read(remote.file_name, rules.file_name)
        return named.name if named else spec.default_title
    return spec.default_title or None


def claim(spec: ResourceSpec, remote: RemoteResource | None, rules: Rules) -> dict[str, Json]:
    """The extras by which the resource is recognised as `spec` from run to run.

    Each of a series has a key of its own, its name, as it is never another's.
    """
    if spec.series is not None:
        named = spec.series.read(remote.file_name, rules.file_name) if remote else None
        return {KEY_EXTRA: named.name if named else spec.default_title}
    return {} if spec.id else {KEY_EXTRA: spec.key}


def title_to_keep_safe(spec: ResourceSpec, remote: RemoteResource, rules: Rules) -> str | None:
    """The title that replacing the file would lose if the program were killed right after.

    It is one that the manifest does not give, and that is not kept safe yet.
    """
    if not rules.replacing_resets_title:
        return None
    given = _given_title(remote)
    kept = (remote.metadata.extras or {}).get(TITLE_EXTRA)
    if spec.metadata.title is not None or (kept is None and given == spec.default_title):
        return None  # the manifest gives it, or it is what the file's name gives
    return given if given != kept else None


def _given_title(remote: RemoteResource) -> str | None:
    """The title somebody gave; None when the resource only has the one the portal made up."""
    current = remote.metadata.title
    if current and not (remote.stored and current == remote.file_name):
        return current
    kept = (remote.metadata.extras or {}).get(TITLE_EXTRA)
    return kept if isinstance(kept, str) else None


def resource_changes(
    wanted: ResourceMetadata, spec: ResourceSpec, remote: RemoteResource, rules: Rules
) -> ResourceMetadata | None:
    """What has to be written for `remote` to say what is `wanted` of it.

    Where the format and media type of a hosted file are the portal's to say, they never differ.
    """
    is_file = not isinstance(spec.source, LinkSource) and (remote.stored or is_sent(spec.source))
    if is_file and rules.tells_format and (wanted.format or wanted.mime):
        wanted = replace(wanted, format=None, mime=None)
    changes = _changes(wanted, remote.metadata)
    if changes is None and remote.apart:  # whatever is written makes it the organization's
        return ResourceMetadata(title=remote.metadata.title)
    return changes


def announced(
    source: LinkSource, remote: RemoteResource, rules: Rules
) -> tuple[str | None, int | None, Checksum | None]:
    """What a link says of where it leads, and `remote` does not: address, size, checksum.

    Each is None where the two say the same, or the link says nothing that the portal keeps.
    """
    url = None if source.url == remote.url else source.url
    if not rules.links_tell_content:
        return url, None, None
    return (
        url,
        None if source.size == remote.size else source.size,
        None if source.checksum == (remote.checksum or NO_CHECKSUM) else source.checksum,
    )


def announcement(source: LinkSource, remote: RemoteResource, rules: Rules) -> str | None:
    """The same for people, in a sentence; None when there is nothing new to say."""
    match announced(source, remote, rules):
        case str(), _, _:
            return say("address changed from {url}", url=remote.url)
        case None, None, None:
            unknown = source.of is not None and source.checksum is None
            compared = rules.links_tell_content and unknown
            return say("the file behind it is to be compared") if compared else None
        case _, size, checksum:
            return _new_behind(size, checksum, remote)


def _new_behind(size: int | None, checksum: Checksum | None, remote: RemoteResource) -> str:
    if size is not None and remote.size is not None:
        return say(
            "the file behind it changed: its size from {size} to {size2} bytes",
            size=remote.size,
            size2=size,
        )
    if size is None and checksum == NO_CHECKSUM:
        return say("its checksum, {checksum}, is taken away", checksum=remote.checksum)
    if checksum is not None and remote.checksum is not None:
        return say(
            "the file behind it changed: its checksum was {checksum}", checksum=remote.checksum
        )
    return say("the size and checksum of the file behind it are new")


# --- both ---------------------------------------------------------------------------------


Metadata = TypeVar("Metadata", DatasetMetadata, ResourceMetadata)


def _changes(wanted: Metadata, remote: Metadata) -> Metadata | None:
    changes: dict[str, Json] = {}
    for name in changed_fields(wanted):
        want, has = getattr(wanted, name), getattr(remote, name)
        if _plainly_same(want, has):
            continue
        want = _merged(want, has)
        if not _same(want, has):
            changes[name] = want
    return type(wanted)(**changes) if changes else None


def _plainly_same(want: Json, has: Json) -> bool:
    """Whether they are the same at a glance, as what most files say is: texts, extras of texts."""
    if isinstance(want, str):
        return bool(want == has)
    if not isinstance(want, dict) or not isinstance(has, dict):
        return False
    return all(isinstance(each, str) and has.get(key) == each for key, each in want.items())


def _merged(want: Json, has: Json) -> Json:
    """`want` on top of `has`, for the values that are made of parts."""
    match want:
        case Mapping():
            return {**(has or {}), **want}
        case Spatial(zones=zones, granularity=granularity) if isinstance(has, Spatial):
            if want.shape is not None:
                grain = granularity or has.granularity
                return Spatial((), grain, drawn=True, shape=want.shape)
            drawn = False if zones and has.drawn else has.drawn
            shape = has.shape if drawn else None
            zones = has.zones if zones is None else zones
            return Spatial(zones, granularity or has.granularity, drawn, shape)
        case Access():
            return want.over(has)
        case Spatial(zones=(), granularity=None) if has is None:
            return None  # no area at all is what an empty one says
        case _:
            return want


def _same(want: Json, has: Json) -> bool:
    """Whether the two say the same; an emptied value and an absent one do.

    Values are compared as JSON has them, where `true` is not `1`, as Python would have it.
    """
    if isinstance(want, Mapping):
        there = has or {}
        return want.keys() == there.keys() and all(_same_json(want[k], there[k]) for k in want)
    if isinstance(want, Access):
        return _told(want) == _told(has or Access())
    if want == has:
        return True
    return not want and not has and not isinstance(want, bool)


def _told(access: Access) -> Access:
    """What it comes to, however nothing is said in it."""
    return Access(
        access.type or OPEN,
        access.audiences or None,
        access.category or None,
        access.reason or None,
        access.request_url or None,
    )


def _same_json(want: Json, has: Json) -> bool:
    if isinstance(want, Mapping) and isinstance(has, Mapping):
        return want.keys() == has.keys() and all(_same_json(want[k], has[k]) for k in want)
    if isinstance(want, list | tuple) and isinstance(has, list | tuple):
        return len(want) == len(has) and all(map(_same_json, want, has))
    return isinstance(want, bool) is isinstance(has, bool) and bool(want == has)
