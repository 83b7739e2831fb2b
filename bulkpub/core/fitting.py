"""What a portal cannot hold of what is wanted: told before anything is sent, never left out unsaid.

What only describes is taken out of what is wanted, and a note says so. What would change what
is published (a link that cannot be listed, a deletion) is a problem of the manifest. What would be
open to more people than it shall be is not published at all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from bulkpub.core.model import (
    OPEN,
    Access,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Json,
    LinkSource,
    Place,
    Prune,
    RemoteDataset,
    ResourceMetadata,
    ResourceSpec,
    State,
    is_sent,
)
from bulkpub.core.rules import Rules
from bulkpub.language import say

__all__ = ["Fitted", "closed_notes", "exposure", "fitted", "stays_open", "without"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is wanted, as far as the portal can hold it; notes and problems on the rest.

    `exposed` says why the dataset is not published: it would be open to more people than it shall.
    """

    spec: DatasetSpec
    notes: tuple[str, ...] = ()
    problems: tuple[tuple[Place, str], ...] = ()
    exposed: tuple[tuple[Place, str], ...] = ()


def fitted(spec: DatasetSpec, rules: Rules) -> Fitted:
    """Take out of `spec` what a portal with these `rules` cannot hold."""
    tag = rules.tag_of(spec.release_tag, spec.key)
    if tag != spec.release_tag:
        spec = replace(spec, release_tag=tag)
    if rules.holds_all and not spec.community:
        return Fitted(spec)
    lost = _said(spec.metadata, rules.lacks_dataset)
    if spec.contacts and "contact_points" in rules.lacks_dataset:
        lost.append("contacts")
    if spec.tag_changes and "tags" in rules.lacks_dataset:
        lost.append("tags")
    notes = [
        say("the portal cannot hold '{name}' of a dataset: left out", name=name) for name in lost
    ]
    of_resources = Counter(
        name for each in spec.resources for name in _said(each.metadata, rules.lacks_resource)
    )
    notes += [
        say(
            "the portal cannot hold '{name}' of a resource: left out of {count}",
            name=name,
            count=count,
        )
        for name, count in of_resources.items()
    ]
    if of_links := sum(map(_tells_content, spec.resources)) if not rules.links_tell_content else 0:
        notes.append(
            say(
                "the portal keeps no size and no checksum of what is on another server: left out "
                "of {of_links}",
                of_links=of_links,
            )
        )
    if not rules.orders and len(spec.resources) > 1:
        notes.append(say("the portal keeps the resources of a dataset in an order of its own"))
    if not rules.tells_digest and any(is_sent(each.source) for each in spec.resources):
        notes.append(
            say("the portal tells no checksum: whether a file changed cannot be seen there")
        )
    drafts = rules.drafts or not rules.lacks_dataset & {"private", "extras"}
    if spec.when_complete and not drafts:
        notes.append(say("the portal keeps no drafts: it is public with its first file"))
    resources = tuple(
        replace(each, metadata=without(each.metadata, rules.lacks_resource))
        for each in spec.resources
    )
    held = replace(
        spec,
        metadata=without(spec.metadata, rules.lacks_dataset),
        contacts=() if "contact_points" in rules.lacks_dataset else spec.contacts,
        tag_changes=None if "tags" in rules.lacks_dataset else spec.tag_changes,
        resources=resources,
        when_complete=spec.when_complete and drafts,
    )
    return Fitted(held, tuple(notes), tuple(_problems(spec, rules)), tuple(_exposed(spec, rules)))


def stays_open(spec: DatasetSpec, remote: RemoteDataset | None) -> bool:
    """Whether the data is for everybody once `remote` is what `spec` wants; None: a new dataset."""
    access, has = spec.metadata.access, remote.metadata.access if remote else None
    return (access.over(has) if access else has or Access()).is_open


def closed_notes(spec: DatasetSpec, remote: RemoteDataset | None, rules: Rules) -> tuple[str, ...]:
    """What of `spec` is left out because the data is not, or will not be, for everybody."""
    if stays_open(spec, remote):
        return ()
    return tuple(
        say(
            "the access to this dataset is not open to everybody, and the portal keeps no "
            "'{name}' of such a dataset: left out",
            name=name,
        )
        for name in _said(spec.metadata, rules.closed_lacks)
    )


def exposure(wanted: DatasetMetadata, has: DatasetMetadata) -> str | None:
    """Why a dataset that `has` this is open to more people than is `wanted`; None: it is not."""
    access = wanted.access
    if access is not None and not access.is_open and (has.access or Access()).is_open:
        return _OPEN_TO_ALL
    return _PUBLIC if wanted.private and not has.private else None


def _exposed(spec: DatasetSpec, rules: Rules) -> Iterator[tuple[Place, str]]:
    if spec.state is State.ABSENT:
        return
    for name in ("access", "private"):
        wanted = replace(DatasetMetadata(), **{name: getattr(spec.metadata, name)})
        if sentence := exposure(wanted, without(wanted, rules.lacks_dataset)):
            yield spec.place_of(name), sentence


_OPEN_TO_ALL = say(
    "the portal does not keep who has access to a dataset: what is to be restricted would be open "
    "to everybody, so that nothing of this dataset is sent there"
)
_PUBLIC = say(
    "the portal does not keep datasets private: everybody would see this one, so that nothing of "
    "this dataset is sent there"
)


def _problems(spec: DatasetSpec, rules: Rules) -> Iterator[tuple[Place, str]]:
    if spec.state is State.ABSENT and not rules.deletes_datasets:
        yield spec.place, say("this portal cannot delete datasets: take 'state: absent' away")
    if spec.community and not rules.community:
        yield spec.place, say("on this portal nobody can put resources beside another's dataset")
    if spec.prune is not Prune.NONE and not rules.deletes:
        yield spec.place, say("this portal cannot delete resources: take 'prune' away")
    yield from _of_files(spec, rules)
    if spec.prune is Prune.OURS and "extras" in rules.lacks_resource:
        sentence = say("this portal does not keep which files are ours: write 'prune: all'")
        yield spec.place, sentence
    for entry in spec.resources:
        if entry.id is not None and not rules.replacing_keeps_id:
            yield (
                entry.place,
                say("here a file has a new id whenever it changes: take 'id' away"),
            )
        if not rules.tells_digest and (entry.series is not None or entry.remove):
            key = "append" if entry.series is not None else "remove"
            yield (
                entry.place,
                say("this portal tells no checksum, by which '{key}' knows what it has", key=key),
            )
        match entry.source:
            case LinkSource() if not rules.links:
                yield entry.place, say("this portal cannot list what stays on another server")
            case ExistingSource(host=True) if not rules.hosts_in_place or spec.community:
                yield entry.place, say("this portal cannot host in place what points elsewhere")
            case _:
                pass


def _of_files(spec: DatasetSpec, rules: Rules) -> Iterator[tuple[Place, str]]:
    """Too many files, and such as a portal with one file of a name could not tell apart."""
    most, number = rules.limits.files, len(spec.resources)
    if most is not None and number > most:
        yield (
            spec.place,
            say(
                "it has {number} files, and this portal takes {most} in a dataset",
                number=number,
                most=most,
            ),
        )
    first: dict[str, str] = {}
    for entry in spec.resources if rules.one_of_a_name else ():
        if not isinstance(entry.source, FileSource) or entry.series is not None:
            continue
        name = rules.file_name(entry.source.name)
        if (other := first.setdefault(name, entry.key)) != entry.key:
            sentence = say(
                "this portal keeps one file called '{name}' in a dataset, and that is '{other}': "
                "give it another name with 'as'",
                name=name,
                other=other,
            )
            yield entry.place, sentence
    titled: dict[str, str] = {}
    for entry in spec.resources if rules.one_of_a_title else ():
        title = entry.metadata.title or entry.default_title
        if title and (other := titled.setdefault(title, entry.key)) != entry.key:
            sentence = say(
                "this portal keeps one resource with the title '{title}' in a dataset, and that "
                "is '{other}': give it another title",
                title=title,
                other=other,
            )
            yield entry.place, sentence


def _tells_content(entry: ResourceSpec) -> bool:
    """Whether it says what is behind a link."""
    source = entry.source
    return isinstance(source, LinkSource) and (source.size, source.checksum) != (None, None)


Metadata = TypeVar("Metadata", DatasetMetadata, ResourceMetadata)


def _said(metadata: DatasetMetadata | ResourceMetadata, lacking: frozenset[str]) -> list[str]:
    names = [field.name for field in fields(metadata) if field.name in lacking]
    return [name for name in names if not _says_nothing(getattr(metadata, name))]


def _says_nothing(value: Json | Access) -> bool:
    """Whether nothing is lost without it: what is not said, and what would be so all the same."""
    return value is None or value is False or any(value == each for each in _OPEN_ANYWAY)


_OPEN_ANYWAY = (Access(), Access(OPEN))


def without(metadata: Metadata, lacking: frozenset[str]) -> Metadata:
    """`metadata` without the fields that are `lacking`."""
    if not lacking:
        return metadata
    return replace(metadata, **dict.fromkeys(lacking))
