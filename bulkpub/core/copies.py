"""Copies: files the portal stored more often than we sent them.

A proxy that repeats a request it got no answer to makes two resources of one upload. They
can be told from other people's: they appeared during this run, under the name we sent, with the
bytes we sent, and nobody has claimed them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from bulkpub.core.model import (
    DatasetSpec,
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceSpec,
    Sent,
)
from bulkpub.core.rules import Rules

__all__ = ["copies"]

Identity = tuple[str | None, int | None, str, str | None]
"""Checksum, size, the name or address it is stored under, and our key."""


def copies(
    spec: DatasetSpec,
    fingerprints: Mapping[str, Fingerprint],
    now: Sequence[RemoteResource],
    rules: Rules,
    *,
    before: Collection[str],
    sent: Collection[str],
    bound: Mapping[str, str],
) -> tuple[RemoteResource, ...]:
    """The resources of `now` that are surplus copies of what was sent in this run.

    `before` are the ids that were there when the run began, `sent` the keys of the entries
    whose files were sent, `bound` the ids of those that are known (those are kept).
    """
    series = {entry.series for entry in spec.resources if entry.series is not None}

    def called(name: str) -> str:
        """The name; those of a series are as good as one another."""
        return next((repr(e.parts) for e in series if e.read(name, rules.file_name)), name)

    sent_as = (
        _sent_as(entry, fingerprints.get(entry.key), rules, called)
        for entry in spec.resources
        # What was sent onto a resource that was there made no new one.
        if entry.key in sent and bound.get(entry.key) not in before
    )
    wanted = Counter(identity for identity in sent_as if identity is not None)
    known = set(bound.values())
    new = [resource for resource in now if resource.id not in before]
    surplus: list[RemoteResource] = []
    # Those the portal told us of come first, so that it is the others that are surplus.
    for resource in sorted(new, key=lambda resource: resource.id not in known):
        identity = _stored_as(resource, called)
        if identity not in wanted:
            continue
        if wanted[identity] == 0 and resource.id not in known:
            surplus.append(resource)
        wanted[identity] = max(wanted[identity] - 1, 0)
    return tuple(surplus)


def _sent_as(
    entry: ResourceSpec, known: Fingerprint | None, rules: Rules, called: Callable[[str], str]
) -> Identity | None:
    """What a resource made of `entry` looks like: a link has its key at once, a file none yet."""
    if isinstance(entry.source, LinkSource):
        return (None, None, entry.source.url, entry.key)
    if isinstance(entry.source, Sent) and known and known.digest:
        return (known.digest, known.size, called(rules.file_name(entry.source.name)), None)
    return None


def _stored_as(resource: RemoteResource, called: Callable[[str], str]) -> Identity:
    if resource.hosted:
        return (resource.digest, resource.size, called(resource.file_name), resource.key)
    return (None, None, resource.url, resource.key)
