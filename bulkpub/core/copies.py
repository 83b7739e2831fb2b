"""Copies: files the portal stored more often than we sent them.

A proxy that repeats a request it got no answer to makes two resources of one upload. They
can be told from other people's: they appeared during this run, under the name we sent, with the
bytes we sent, and nobody has claimed them.
"""

from collections.abc import Collection, Mapping, Sequence

from bulkpub.core.model import DatasetSpec, Fingerprint, RemoteResource, Sent
from bulkpub.core.names import upload_name

__all__ = ["copies"]

Identity = tuple[str | None, int | None, str]


def copies(
    spec: DatasetSpec,
    fingerprints: Mapping[str, Fingerprint],
    now: Sequence[RemoteResource],
    *,
    before: Collection[str],
    sent: Collection[str],
    bound: Mapping[str, str],
) -> tuple[RemoteResource, ...]:
    """The resources of `now` that are surplus copies of what was sent in this run.

    `before` are the ids that were there when the run began, `sent` the keys of the entries
    whose files were sent, `bound` the ids of those that are known (those are kept).
    """
    wanted: dict[Identity, int] = {}
    for entry in spec.resources:
        known = fingerprints.get(entry.key)
        if bound.get(entry.key) in before:
            continue  # sent onto a resource that was there: it made no new one
        if entry.key in sent and isinstance(entry.source, Sent) and known and known.sha1:
            sent_as: Identity = (known.sha1, known.size, upload_name(entry.source.name))
            wanted[sent_as] = wanted.get(sent_as, 0) + 1
    told = set(bound.values())
    new = [
        resource
        for resource in now
        if resource.hosted and resource.key is None and resource.id not in before
    ]
    surplus: list[RemoteResource] = []
    # Those the portal told us of come first, so that it is the others that are surplus.
    for resource in sorted(new, key=lambda resource: resource.id not in told):
        identity = (resource.sha1, resource.size, resource.file_name)
        if identity not in wanted:
            continue
        if wanted[identity] == 0 and resource.id not in told:
            surplus.append(resource)
        wanted[identity] = max(wanted[identity] - 1, 0)
    return tuple(surplus)
