"""Who is who: which of a dataset's resources on the portal the manifest's entries are.

The rule, in this order: by id, by our key in the extras, by content (SHA-1 and size), by
title or stored file name. Whoever has been matched is out of the game for the rest. Two
candidates for one entry are a `Conflict` that names both, never a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bulkpub.core.model import (
    FileSource,
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceSpec,
)
from bulkpub.core.names import upload_name

__all__ = [
    "By",
    "Conflict",
    "Match",
    "Matching",
    "hashes_needed",
    "match_resources",
]


class By(StrEnum):
    """What an entry was recognised by."""

    ID = "id"
    KEY = "key"
    CONTENT = "content"
    TITLE = "title"
    FILE_NAME = "file name"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Match:
    """The portal's resource that an entry of the manifest is."""

    remote: RemoteResource
    by: By


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that cannot be told apart; `message` says why and what to do."""

    message: str


@dataclass(slots=True)
class Matching:
    """The result for one dataset, by resource key; a key in neither mapping is new.

    `unmatched` are the portal's resources that no entry is, by id, in the portal's order.
    """

    matches: dict[str, Match] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    unmatched: dict[str, RemoteResource] = field(default_factory=dict)

    def settled(self, spec: ResourceSpec) -> bool:
        """Whether it is already known who `spec` is, or that it cannot be known."""
        return spec.key in self.matches or spec.key in self.conflicts

    def accept(self, spec: ResourceSpec, remote: RemoteResource, by: By) -> None:
        """Record that `spec` is `remote`."""
        self.matches[spec.key] = Match(remote, by)
        del self.unmatched[remote.id]


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
    _match_by_content(result, wanted, fingerprints)
    _match_links(result, wanted)
    _match_by_name(result, wanted)
    return result


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
    adoptable = {r.size for r in result.unmatched.values() if r.hosted and r.sha1}
    needed = set()
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if not isinstance(spec.source, FileSource) or known is None or known.sha1:
            continue
        match = result.matches.get(spec.key)
        if match is None:
            decides = known.size in adoptable and spec.key not in result.conflicts
        else:
            decides = match.remote.sha1 is not None and match.remote.size == known.size
        if decides:
            needed.add(spec.key)
    return frozenset(needed)


# --- resources, rule by rule --------------------------------------------------------------


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
            case several:
                result.conflicts[spec.key] = _conflict("carry its key", several)


def _match_by_content(
    result: Matching, wanted: Sequence[ResourceSpec], fingerprints: Mapping[str, Fingerprint]
) -> None:
    """Adopt files that the portal already has: those nobody claims, then renamed ones of ours."""
    groups: dict[tuple[str, int], list[ResourceSpec]] = {}
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if known is None or known.sha1 is None or not isinstance(spec.source, FileSource):
            continue
        if not result.settled(spec):
            groups.setdefault((known.sha1, known.size), []).append(spec)
    keys = {spec.key for spec in wanted}
    for (sha1, size), specs in groups.items():
        same = [
            r for r in result.unmatched.values() if r.hosted and (r.sha1, r.size) == (sha1, size)
        ]
        _share_out(result, specs, [r for r in same if r.key is None])
        new = [spec for spec in specs if not result.settled(spec)]
        renamed = [r for r in same if r.key is not None and r.key not in keys]
        if len(new) == len(renamed) == 1:
            result.accept(new[0], renamed[0], By.CONTENT)


def _share_out(
    result: Matching, specs: Sequence[ResourceSpec], candidates: Sequence[RemoteResource]
) -> None:
    """Give files of one and the same content to the entries that want it.

    Among equals the file name and the title decide; where they do not, the entries are
    interchangeable and take the candidates in turn, unless there are more candidates than
    entries: then the portal has it twice, and only a person can say which to keep.
    """
    rules: tuple[Callable[[ResourceSpec, RemoteResource], bool], ...] = (
        lambda spec, remote: _same_title(spec, remote) and _same_file_name(spec, remote),
        _same_file_name,
        _same_title,
        lambda _spec, _remote: True,
    )
    left = list(candidates)
    for rule in rules:
        for spec in specs:
            if result.settled(spec):
                continue
            fitting = [remote for remote in left if rule(spec, remote)]
            if not fitting:
                continue
            rivals = [
                other
                for other in specs
                if not result.settled(other) and any(rule(other, remote) for remote in fitting)
            ]
            if len(fitting) > len(rivals):
                result.conflicts[spec.key] = _conflict("have its content", fitting)
            else:
                result.accept(spec, fitting[0], By.CONTENT)
                left.remove(fitting[0])


def _match_links(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    for spec in wanted:
        if result.settled(spec) or not isinstance(spec.source, LinkSource):
            continue
        url = spec.source.url
        links = [r for r in result.unmatched.values() if not r.hosted and r.key is None]
        same_url = [remote for remote in links if remote.url == url]
        same_title = [remote for remote in links if _same_title(spec, remote)]
        fitting, by = (same_url, By.URL) if same_url else (same_title, By.TITLE)
        if len(fitting) == 1:
            result.accept(spec, fitting[0], by)
        elif fitting:
            result.conflicts[spec.key] = _conflict(f"have its {by}", fitting)


def _match_by_name(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    """Take over the unclaimed resource with the same title or stored file name."""
    files = [s for s in wanted if isinstance(s.source, FileSource) and not result.settled(s)]
    free = [remote for remote in result.unmatched.values() if remote.key is None]

    def fitting(spec: ResourceSpec) -> list[RemoteResource]:
        same = [r for r in free if _same_title(spec, r) or _same_file_name(spec, r)]
        both = [r for r in same if _same_title(spec, r) and _same_file_name(spec, r)]
        return both or same

    claims = {spec.key: fitting(spec) for spec in files}
    claimants: dict[str, list[ResourceSpec]] = {}
    for spec in files:
        for remote in claims[spec.key]:
            claimants.setdefault(remote.id, []).append(spec)
    for spec in files:
        match claims[spec.key]:
            case []:
                pass
            case [remote]:
                rivals = claimants[remote.id]
                titled = [rival for rival in rivals if _same_title(rival, remote)]
                if rivals == [spec] or titled == [spec]:
                    by = By.TITLE if _same_title(spec, remote) else By.FILE_NAME
                    result.accept(spec, remote, by)
                elif len(titled) != 1:
                    result.conflicts[spec.key] = _rivalry(remote, rivals)
            case several:
                result.conflicts[spec.key] = _conflict("have its title or file name", several)


def _same_title(spec: ResourceSpec, remote: RemoteResource) -> bool:
    return spec.metadata.title is not None and spec.metadata.title == remote.metadata.title


def _same_file_name(spec: ResourceSpec, remote: RemoteResource) -> bool:
    return (
        isinstance(spec.source, FileSource)
        and remote.hosted
        and remote.file_name == upload_name(spec.source.name)
    )


def _conflict(what: str, candidates: Sequence[RemoteResource]) -> Conflict:
    named = " and ".join(f"'{r.metadata.title}' ({r.id})" for r in candidates)
    return Conflict(
        f"{len(candidates)} resources on the portal {what}: {named}; "
        "delete the wrong ones there, or set `id` to the right one"
    )


def _rivalry(remote: RemoteResource, rivals: Sequence[ResourceSpec]) -> Conflict:
    named = " and ".join(f"'{rival.key}'" for rival in rivals)
    return Conflict(
        f"'{remote.metadata.title}' ({remote.id}) on the portal could be any of {named}; "
        f"set `id: {remote.id}` on the one that replaces it"
    )
