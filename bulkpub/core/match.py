"""Who is who: which of a dataset's resources on the portal the manifest's entries are.

The rule, in this order: by id, by our key in the extras, by content (SHA-1 and size), by
title or stored file name. Whoever has been matched is out of the game for the rest. Two
candidates for one entry are a `Conflict` that names both, never a guess.
"""

from collections.abc import Mapping, Sequence

from bulkpub.core.match_rules import match_by_content, match_by_name, match_links
from bulkpub.core.matching import By, Conflict, Match, Matching, several
from bulkpub.core.model import FileSource, Fingerprint, RemoteResource, ResourceSpec

__all__ = [
    "By",
    "Conflict",
    "Match",
    "Matching",
    "hashes_needed",
    "match_resource",
    "match_resources",
]


def match_resources(
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
) -> Matching:
    """Match the resources of one dataset.

    `fingerprints` has what is known of each file, by resource key. `bound` are the ids that
    the portal itself gave to our entries earlier in this run (resource key to id): they are
    as sure as an id in the manifest.
    """
    result = Matching(unmatched={r.id: r for r in remote})
    _match_by_id(result, wanted, bound or {})
    _match_by_key(result, wanted)
    match_by_content(result, wanted, fingerprints)
    match_links(result, wanted)
    match_by_name(result, wanted)
    return result


def match_resource(
    entry: ResourceSpec,
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
) -> Matching:
    """`match_resources`, as far as `entry`, one of `wanted`, is concerned; the rest is not settled.

    Most entries have an id or a key, or there is nothing left that they could be: then nobody
    else's content and name need be compared.
    """
    result = Matching(unmatched={r.id: r for r in remote})
    _match_by_id(result, wanted, bound or {})
    _match_by_key(result, [entry])
    if result.settled(entry) or not result.unmatched:
        return result
    return match_resources(wanted, fingerprints, remote, bound)


def hashes_needed(
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """The keys of the files whose SHA-1 decides something; the others are hashed while sent.

    It decides when the counterpart has the same size, and when there is no counterpart yet
    but a file of the same size that could be adopted.
    """
    result = Matching(unmatched={r.id: r for r in remote})
    _match_by_id(result, wanted, bound or {})
    _match_by_key(result, wanted)
    adoptable = {r.size for r in result.unmatched.values() if r.sha1}
    needed = set()
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if not isinstance(spec.source, FileSource) or known is None or known.sha1:
            continue
        match = result.matches.get(spec.key)
        if match is None:
            decides = known.size in adoptable and spec.key not in result.conflicts
        else:
            there = match.remote
            decides = there.stored and there.sha1 is not None and there.size == known.size
        if decides:
            needed.add(spec.key)
    return frozenset(needed)


def _match_by_id(
    result: Matching, wanted: Sequence[ResourceSpec], bound: Mapping[str, str]
) -> None:
    for spec in wanted:
        resource_id = spec.id or bound.get(spec.key)
        if resource_id is None:
            continue
        if remote := result.unmatched.get(resource_id):
            result.accept(spec, remote, By.ID)
        elif spec.id:
            result.conflicts[spec.key] = Conflict(
                f"the dataset has no resource with the id {spec.id}; "
                "correct `id`, or remove it to publish the file as a new resource"
            )


def _match_by_key(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    by_key: dict[str, list[RemoteResource]] = {}
    for remote in result.unmatched.values():
        if remote.key is not None:
            by_key.setdefault(remote.key, []).append(remote)
    for spec in wanted:
        if result.settled(spec):
            continue
        match by_key.get(spec.key, []):
            case []:
                pass
            case [remote]:
                result.accept(spec, remote, By.KEY)
            case candidates:
                result.conflicts[spec.key] = several("carry its key", candidates)
