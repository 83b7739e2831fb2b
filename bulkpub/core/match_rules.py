"""How an entry that nobody has claimed by id or key is recognised: content, address, name.

Each rule takes what the ones before it left, and settles what it is sure of.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bulkpub.core.matching import By, Conflict, Matching, several
from bulkpub.core.model import (
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceSpec,
    Sent,
    UrlSource,
)
from bulkpub.core.names import upload_name

__all__ = ["match_by_content", "match_by_name", "match_links"]

Rule = Callable[[ResourceSpec, RemoteResource], bool]


def match_by_content(
    result: Matching, wanted: Sequence[ResourceSpec], fingerprints: Mapping[str, Fingerprint]
) -> None:
    """Adopt files that the portal already has: those nobody claims, then renamed ones of ours."""
    groups: dict[tuple[str, int], list[ResourceSpec]] = {}
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if known is None or known.sha1 is None or not isinstance(spec.source, Sent):
            continue
        if not result.settled(spec):
            groups.setdefault((known.sha1, known.size), []).append(spec)
    keys = {spec.key for spec in wanted}
    for (sha1, size), specs in groups.items():
        same = [r for r in result.unmatched.values() if (r.sha1, r.size) == (sha1, size)]
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
    elsewhere = [r for r in result.unmatched.values() if r.key is None and r not in candidates]
    specs = sorted(
        specs,
        key=lambda s: any(_same_title(s, r) or _same_file_name(s, r) for r in elsewhere),
    )
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
            unsettled = sum(not result.settled(other) for other in specs)
            if len(fitting) > len(rivals) and len(left) > unsettled:
                result.conflicts[spec.key] = several("have its content", fitting)
            else:
                result.accept(spec, fitting[0], By.CONTENT)
                left.remove(fitting[0])


def match_links(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    """By address and title, then by address, then by title: the surest first.

    Also what is listed there now, and is to be fetched and hosted.
    """

    def same_url(spec: ResourceSpec, remote: RemoteResource) -> bool:
        return isinstance(spec.source, LinkSource | UrlSource) and spec.source.url == remote.origin

    rules: tuple[tuple[By, Callable[[ResourceSpec, RemoteResource], bool]], ...] = (
        (By.URL, lambda spec, remote: same_url(spec, remote) and _same_title(spec, remote)),
        (By.URL, same_url),
        (By.TITLE, _same_title),
    )
    links = [spec for spec in wanted if isinstance(spec.source, LinkSource | UrlSource)]
    for by, rule in rules:
        for spec in links:
            if result.settled(spec):
                continue
            free = [r for r in result.unmatched.values() if not r.hosted and r.key is None]
            fitting = [remote for remote in free if rule(spec, remote)]
            if len(fitting) == 1:
                result.accept(spec, fitting[0], by)
            elif fitting:
                result.conflicts[spec.key] = several(f"have its {by}", fitting)


def match_by_name(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    """Take over the unclaimed resource with the same title or stored file name.

    Those with both first; then whoever is the only candidate of its only claimant, until
    nothing more can be told. What is left with a candidate is a conflict, unless nobody ever
    gave that candidate a title: then it is a mere upload, such as a killed run leaves behind,
    and the first of its claimants takes it.
    """
    files = [spec for spec in wanted if isinstance(spec.source, Sent)]
    rules: tuple[Rule, ...] = (
        lambda spec, remote: _same_title(spec, remote) and _same_file_name(spec, remote),
        lambda spec, remote: _same_title(spec, remote) or _same_file_name(spec, remote),
    )
    for rule in rules:
        while pairs := _sure_pairs(result, files, rule):
            for spec, remote in pairs:
                by = By.TITLE if _same_title(spec, remote) else By.FILE_NAME
                result.accept(spec, remote, by)
    claims = _claims(result, files, rules[-1])
    for spec, candidates in claims:
        free = [remote for remote in candidates if remote.id in result.unmatched]
        if len(free) > 1:
            result.conflicts[spec.key] = several("have its title or file name", free)
        elif free and free[0].metadata.title == free[0].file_name:
            result.accept(spec, free[0], By.FILE_NAME)
        elif free:
            rivals = [other for other, theirs in claims if free[0] in theirs]
            result.conflicts[spec.key] = _rivalry(free[0], rivals)


def _claims(
    result: Matching, files: Sequence[ResourceSpec], rule: Rule
) -> list[tuple[ResourceSpec, list[RemoteResource]]]:
    by_name: dict[str | None, list[RemoteResource]] = {}
    for remote in result.unmatched.values():
        if remote.key is None:
            for name in {remote.metadata.title, remote.file_name}:
                by_name.setdefault(name, []).append(remote)

    def candidates(spec: ResourceSpec) -> list[RemoteResource]:
        names = [spec.metadata.title]
        if isinstance(spec.source, Sent):
            names.append(upload_name(spec.source.name))
        near = {remote.id: remote for name in names for remote in by_name.get(name, ())}
        return [remote for remote in near.values() if rule(spec, remote)]

    return [(spec, candidates(spec)) for spec in files if not result.settled(spec)]


def _sure_pairs(
    result: Matching, files: Sequence[ResourceSpec], rule: Rule
) -> list[tuple[ResourceSpec, RemoteResource]]:
    claims = _claims(result, files, rule)
    claimed = Counter(remote.id for _, candidates in claims for remote in candidates)
    return [
        (spec, candidates[0])
        for spec, candidates in claims
        if len(candidates) == 1 and claimed[candidates[0].id] == 1
    ]


def _same_title(spec: ResourceSpec, remote: RemoteResource) -> bool:
    return spec.metadata.title is not None and spec.metadata.title == remote.metadata.title


def _same_file_name(spec: ResourceSpec, remote: RemoteResource) -> bool:
    return (
        isinstance(spec.source, Sent)
        and remote.hosted
        and remote.file_name == upload_name(spec.source.name)
    )


def _rivalry(remote: RemoteResource, rivals: Sequence[ResourceSpec]) -> Conflict:
    named = " and ".join(f"'{rival.key}'" for rival in rivals)
    return Conflict(
        f"'{remote.metadata.title}' ({remote.id}) on the portal could be any of {named}; "
        f"set `id: {remote.id}` on the one that replaces it"
    )
