"""Who is who: which of a dataset's resources on the portal the manifest's entries are.

The rule, in this order: by id, by our key in the extras, by content (checksum and size), by
title or stored file name. Whoever has been matched is out of the game for the rest: each step
takes what the ones before it left, and settles what it is sure of. Two candidates for one entry
are a `Conflict` that names both, never a guess. So is a resource that only another key marks:
somebody else published it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bulkpub.core.addresses import redacted
from bulkpub.core.model import (
    FileSource,
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceSpec,
    Sent,
    UrlSource,
)
from bulkpub.core.origin import address_of, is_key_at, unnumbered
from bulkpub.core.rules import Rules
from bulkpub.language import say

__all__ = [
    "By",
    "Conflict",
    "Match",
    "Matching",
    "hashes_needed",
    "match_resource",
    "match_resources",
    "several",
]


class By(StrEnum):
    """What an entry was recognised by."""

    ID = "id"
    KEY = "key"
    CONTENT = "content"
    TITLE = "title"
    FILE_NAME = "file name"
    URL = "url"

    @property
    def words(self) -> str:
        """How people call it."""
        return _BY_WORDS[self]


_BY_WORDS: Mapping[By, str] = {
    By.ID: say("id"),
    By.KEY: say("key"),
    By.CONTENT: say("content"),
    By.TITLE: say("title"),
    By.FILE_NAME: say("file name"),
    By.URL: say("url"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """The portal's resource that an entry of the manifest is."""

    remote: RemoteResource
    by: By


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that cannot be told apart; `message` says why and what to do.

    `marked`: what it could be carries the key of another manifest.
    """

    message: str
    marked: bool = False


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

    def all_settled(self, wanted: Sequence[ResourceSpec]) -> bool:
        """Whether that is known of all of them."""
        return len(self.matches) + len(self.conflicts) == len(wanted)

    def accept(self, spec: ResourceSpec, remote: RemoteResource, by: By) -> None:
        """Record that `spec` is `remote`."""
        self.matches[spec.key] = Match(remote, by)
        del self.unmatched[remote.id]


def several(what: str, candidates: Sequence[RemoteResource]) -> Conflict:
    """The conflict of an entry with more than one candidate, which all `what`."""
    named = " and ".join(f"'{r.metadata.title}' ({r.id})" for r in candidates)
    return Conflict(
        say(
            "{count} resources on the portal {what}: {named}; delete the wrong ones there, or set "
            "`id` to the right one",
            count=len(candidates),
            what=what,
            named=named,
        )
    )


def match_resources(
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
    *,
    rules: Rules,
    ours: bool,
) -> Matching:
    """Match the resources of one dataset.

    `fingerprints` has what is known of each file, by resource key. `bound` are the ids that
    the portal itself gave to our entries earlier in this run (resource key to id): they are
    as sure as an id in the manifest. `ours`: the dataset carries our key, so that resources with
    keys that no entry has are those of entries there were before. In any other dataset they are
    another manifest's, and an entry that is like one of them is a conflict.
    """
    series = [spec for spec in wanted if spec.series is not None]
    wanted = [spec for spec in wanted if spec.series is None] if series else wanted
    result = Matching(unmatched={r.id: r for r in remote})
    _match_by_id(result, wanted, bound or {})
    if ours:
        _match_numbered(result, wanted, wanted)
    _match_by_key(result, wanted)
    _match_series(result, series, fingerprints, rules)
    if result.all_settled(wanted):
        return result
    if rules.one_of_a_name:
        _match_one_of_a_name(result, wanted, rules)
        _match_links(result, [spec for spec in wanted if isinstance(spec.source, LinkSource)])
        return result
    _match_by_content(result, wanted, fingerprints, rules)
    if ours:
        _match_renamed(result, wanted, fingerprints)
        _match_by_address_and_title(result, wanted)
    _match_links(result, wanted)
    _match_by_name(result, wanted, rules)
    if not ours:
        _leave_to_others(result, wanted, fingerprints, rules)
    return result


def match_resource(
    entry: ResourceSpec,
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
    *,
    rules: Rules,
    ours: bool,
) -> Matching:
    """`match_resources`, as far as `entry`, one of `wanted`, is concerned; the rest is not settled.

    Most entries have an id or a key, or there is nothing left that they could be: then nobody
    else's content and name need be compared.
    """
    if entry.series is None:
        result = Matching(unmatched={r.id: r for r in remote})
        _match_by_id(result, wanted, bound or {})
        if ours:
            _match_numbered(result, [entry], wanted)
        _match_by_key(result, [entry])
        if result.settled(entry) or not result.unmatched:
            return result
    return match_resources(wanted, fingerprints, remote, bound, rules=rules, ours=ours)


def hashes_needed(
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    remote: Sequence[RemoteResource],
    bound: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """The keys of the files whose digest decides something; the others are hashed while sent.

    It decides when the counterpart has the same size, and when there is no counterpart yet
    but a file of the same size that could be adopted.
    """
    result = Matching(unmatched={r.id: r for r in remote})
    others, by_content = wanted, set[int | None]()
    if any(spec.series for spec in wanted):
        others = [spec for spec in wanted if spec.series is None]
        by_content = {remote_.size for remote_ in remote if remote_.digest}
    _match_by_id(result, others, bound or {})
    _match_by_key(result, others)
    adoptable = {r.size for r in result.unmatched.values() if r.digest}
    needed = set()
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if not isinstance(spec.source, FileSource) or known is None or known.digest:
            continue
        match = result.matches.get(spec.key)
        if spec.series is not None:
            decides = known.size in by_content
        elif match is None:
            decides = known.size in adoptable and spec.key not in result.conflicts
        else:
            there = match.remote
            decides = there.stored and there.digest is not None and there.size == known.size
        if decides:
            needed.add(spec.key)
    return frozenset(needed)


def _match_series(
    result: Matching,
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    rules: Rules,
) -> None:
    """A file of a series is the resource of the same content under any name of the series.

    All that have such a name are what was published before: nobody else's, and none is missing
    from the manifest.
    """
    free = list(result.unmatched.values())
    for spec in wanted:
        assert spec.series is not None  # noqa: S101 # the caller's part of the contract
        known = fingerprints.get(spec.key)
        for remote in free:
            if not remote.hosted or not spec.series.read(remote.file_name, rules.file_name):
                continue
            result.unmatched.pop(remote.id, None)
            if known and known.digest and _content(remote) == (known.digest, known.size):
                result.matches.setdefault(spec.key, Match(remote, By.CONTENT))


# --- by id and by key ---------------------------------------------------------------------


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
                say(
                    "the dataset has no resource with the id {id}; correct `id`, or remove it to "
                    "publish the file as a new resource",
                    id=spec.id,
                )
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
                result.conflicts[spec.key] = several(say("carry its key"), candidates)


def _match_numbered(
    result: Matching, entries: Sequence[ResourceSpec], wanted: Sequence[ResourceSpec]
) -> None:
    """What older manifests told apart by its position at an address is what its title says.

    Of several resources there the first was known by the address alone. An entry that has it
    alone by now may be any of them, and so may two resources be that carry it.
    """
    if all(address_of(spec.source) is None for spec in entries):
        return
    keys = {spec.key for spec in wanted}
    first: dict[str, list[RemoteResource]] = {}
    numbered: dict[str, list[RemoteResource]] = {}
    for remote in result.unmatched.values():
        key = remote.key or ""
        if key in keys:
            first.setdefault(key, []).append(remote)
        elif base := unnumbered(key):
            numbered.setdefault(base, []).append(remote)
    for spec in entries:
        address = address_of(spec.source)
        if result.settled(spec) or address is None or spec.key != redacted(address):
            continue
        same = [
            [remote for remote in there.get(spec.key, ()) if _same_title(spec, remote)]
            for there in (first, numbered)
        ]
        by_title = same[0] or same[1]
        if len(by_title) == 1:
            result.accept(spec, by_title[0], By.KEY if same[0] else By.TITLE)


# --- those nobody has claimed: by content, by address, by name ------------------------------

Likeness = Callable[[ResourceSpec, RemoteResource], bool]
"""In what an entry and a resource are alike."""


def _match_by_content(
    result: Matching,
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    rules: Rules,
) -> None:
    """Adopt files that the portal already has, and that no key marks."""
    for content, specs in _by_content(result, wanted, fingerprints).items():
        unmarked = [
            r for r in result.unmatched.values() if r.key is None and _content(r) == content
        ]
        _share_out(result, specs, unmarked, rules)


def _match_renamed(
    result: Matching, wanted: Sequence[ResourceSpec], fingerprints: Mapping[str, Fingerprint]
) -> None:
    """A new entry with the content of one entry that there was before: its file was renamed."""
    keys = {spec.key for spec in wanted}
    for content, specs in _by_content(result, wanted, fingerprints).items():
        before = [
            r
            for r in result.unmatched.values()
            if r.key is not None and r.key not in keys and _content(r) == content
        ]
        if len(specs) == len(before) == 1:
            result.accept(specs[0], before[0], By.CONTENT)


def _match_by_address_and_title(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    """A new entry of the address and title of one that there was before: its key was renamed."""
    keys = {spec.key for spec in wanted}
    groups: dict[tuple[str, str], list[ResourceSpec]] = {}
    for spec in wanted:
        address, title = address_of(spec.source), spec.metadata.title
        if not result.settled(spec) and address is not None and title is not None:
            groups.setdefault((address, title), []).append(spec)
    by_title: dict[str | None, list[RemoteResource]] = {}
    for remote in result.unmatched.values() if groups else ():
        if remote.key is not None and remote.key not in keys:
            by_title.setdefault(remote.metadata.title, []).append(remote)
    for (address, title), specs in groups.items():
        before = [
            remote
            for remote in by_title.get(title, ())
            if remote.origin == address or is_key_at(remote.key or "", address)
        ]
        if len(specs) == len(before) == 1:
            result.accept(specs[0], before[0], By.URL)


Digest = tuple[str, int]
"""The checksum and the size in bytes."""


def _content(remote: RemoteResource) -> Digest | None:
    """What it holds, if that is on the portal: what a link says of a file elsewhere is not."""
    if not (remote.stored and remote.digest) or remote.size is None:
        return None
    return (remote.digest, remote.size)


def _by_content(
    result: Matching, wanted: Sequence[ResourceSpec], fingerprints: Mapping[str, Fingerprint]
) -> dict[Digest, list[ResourceSpec]]:
    """The files that are not settled yet and whose content is known."""
    groups: dict[Digest, list[ResourceSpec]] = {}
    for spec in wanted:
        known = fingerprints.get(spec.key)
        if known is None or known.digest is None or not isinstance(spec.source, Sent):
            continue
        if not result.settled(spec):
            groups.setdefault((known.digest, known.size), []).append(spec)
    return groups


def _share_out(
    result: Matching,
    specs: Sequence[ResourceSpec],
    candidates: Sequence[RemoteResource],
    rules: Rules,
) -> None:
    """Give files of one and the same content to the entries that want it.

    Among equals the file name and the title decide; where they do not, the entries are
    interchangeable and take the candidates in turn, unless there are more candidates than
    entries: then the portal has it twice, and only a person can say which to keep.
    """
    same_file_name = _file_name_rule(rules)
    likenesses: tuple[Likeness, ...] = (
        lambda spec, remote: _same_title(spec, remote) and same_file_name(spec, remote),
        same_file_name,
        _same_title,
        lambda _spec, _remote: True,
    )
    left = list(candidates)
    elsewhere = [r for r in result.unmatched.values() if r.key is None and r not in candidates]
    specs = sorted(
        specs,
        key=lambda s: any(_same_title(s, r) or same_file_name(s, r) for r in elsewhere),
    )
    for alike in likenesses:
        for spec in specs:
            if result.settled(spec):
                continue
            fitting = [remote for remote in left if alike(spec, remote)]
            if not fitting:
                continue
            rivals = [
                other
                for other in specs
                if not result.settled(other) and any(alike(other, remote) for remote in fitting)
            ]
            unsettled = sum(not result.settled(other) for other in specs)
            if len(fitting) > len(rivals) and len(left) > unsettled:
                result.conflicts[spec.key] = several(say("have its content"), fitting)
            else:
                result.accept(spec, fitting[0], By.CONTENT)
                left.remove(fitting[0])


def _match_one_of_a_name(result: Matching, wanted: Sequence[ResourceSpec], rules: Rules) -> None:
    """By the stored file name alone, of which there is one: the name is the file."""
    there = {remote.file_name: remote for remote in result.unmatched.values() if remote.stored}
    first: dict[str, str] = {}
    for spec in wanted:
        if result.settled(spec) or not isinstance(spec.source, Sent):
            continue
        name = rules.file_name(spec.source.name)
        if (other := first.setdefault(name, spec.key)) != spec.key:
            result.conflicts[spec.key] = Conflict(
                say(
                    "the portal keeps one file called '{name}' in a dataset, and that is "
                    "'{other}': give it another name with `as`",
                    name=name,
                    other=other,
                )
            )
        elif remote := there.get(name):
            result.accept(spec, remote, By.FILE_NAME)


def _match_links(result: Matching, wanted: Sequence[ResourceSpec]) -> None:
    """By address and title, then by address, then by title: the surest first.

    Also what is listed there now, and is to be fetched and hosted.
    """

    def same_url(spec: ResourceSpec, remote: RemoteResource) -> bool:
        return isinstance(spec.source, LinkSource | UrlSource) and spec.source.url == remote.origin

    likenesses: tuple[tuple[By, Likeness], ...] = (
        (By.URL, lambda spec, remote: same_url(spec, remote) and _same_title(spec, remote)),
        (By.URL, same_url),
        (By.TITLE, _same_title),
    )
    links = [spec for spec in wanted if isinstance(spec.source, LinkSource | UrlSource)]
    for by, alike in likenesses:
        for spec in links:
            if result.settled(spec):
                continue
            free = [r for r in result.unmatched.values() if not r.hosted and r.key is None]
            fitting = [remote for remote in free if alike(spec, remote)]
            if len(fitting) == 1:
                result.accept(spec, fitting[0], by)
            elif fitting:
                result.conflicts[spec.key] = several(say("have its {by}", by=by.words), fitting)


def _match_by_name(result: Matching, wanted: Sequence[ResourceSpec], rules: Rules) -> None:
    """Take over the unclaimed resource with the same title or stored file name.

    Those with both first; then whoever is the only candidate of its only claimant, until
    nothing more can be told. What is left with a candidate is a conflict, unless nobody ever
    gave that candidate a title: then it is a mere upload, such as a killed run leaves behind,
    and the first of its claimants takes it.
    """
    files = [spec for spec in wanted if isinstance(spec.source, Sent)]
    same_file_name = _file_name_rule(rules)
    likenesses: tuple[Likeness, ...] = (
        lambda spec, remote: _same_title(spec, remote) and same_file_name(spec, remote),
        lambda spec, remote: _same_title(spec, remote) or same_file_name(spec, remote),
    )
    for alike in likenesses:
        while pairs := _sure_pairs(result, files, alike, rules):
            for spec, remote in pairs:
                by = By.TITLE if _same_title(spec, remote) else By.FILE_NAME
                result.accept(spec, remote, by)
    claims = _claims(result, files, likenesses[-1], rules)
    for spec, candidates in claims:
        free = [remote for remote in candidates if remote.id in result.unmatched]
        if len(free) > 1:
            result.conflicts[spec.key] = several(say("have its title or file name"), free)
        elif free and free[0].metadata.title == free[0].file_name:
            result.accept(spec, free[0], By.FILE_NAME)
        elif free:
            rivals = [other for other, theirs in claims if free[0] in theirs]
            result.conflicts[spec.key] = _rivalry(free[0], rivals)


def _claims(
    result: Matching, files: Sequence[ResourceSpec], alike: Likeness, rules: Rules
) -> list[tuple[ResourceSpec, list[RemoteResource]]]:
    by_name: dict[str | None, list[RemoteResource]] = {}
    for remote in result.unmatched.values():
        if remote.key is None:
            for name in {remote.metadata.title, remote.file_name}:
                by_name.setdefault(name, []).append(remote)

    def candidates(spec: ResourceSpec) -> list[RemoteResource]:
        names = [spec.metadata.title]
        if isinstance(spec.source, Sent):
            names.append(rules.file_name(spec.source.name))
        near = {remote.id: remote for name in names for remote in by_name.get(name, ())}
        return [remote for remote in near.values() if alike(spec, remote)]

    return [(spec, candidates(spec)) for spec in files if not result.settled(spec)]


def _sure_pairs(
    result: Matching, files: Sequence[ResourceSpec], alike: Likeness, rules: Rules
) -> list[tuple[ResourceSpec, RemoteResource]]:
    claims = _claims(result, files, alike, rules)
    claimed = Counter(remote.id for _, candidates in claims for remote in candidates)
    return [
        (spec, candidates[0])
        for spec, candidates in claims
        if len(candidates) == 1 and claimed[candidates[0].id] == 1
    ]


def _same_title(spec: ResourceSpec, remote: RemoteResource) -> bool:
    return spec.metadata.title is not None and spec.metadata.title == remote.metadata.title


def _file_name_rule(rules: Rules) -> Likeness:
    def same_file_name(spec: ResourceSpec, remote: RemoteResource) -> bool:
        return (
            isinstance(spec.source, Sent)
            and remote.hosted
            and remote.file_name == rules.file_name(spec.source.name)
        )

    return same_file_name


def _rivalry(remote: RemoteResource, rivals: Sequence[ResourceSpec]) -> Conflict:
    named = " and ".join(f"'{rival.key}'" for rival in rivals)
    return Conflict(
        say(
            "'{title}' ({id}) on the portal could be any of {named}; set `id: {id}` on the one "
            "that replaces it",
            title=remote.metadata.title,
            id=remote.id,
            named=named,
        )
    )


# --- what another manifest published --------------------------------------------------------


def _leave_to_others(
    result: Matching,
    wanted: Sequence[ResourceSpec],
    fingerprints: Mapping[str, Fingerprint],
    rules: Rules,
) -> None:
    """What is like a resource that another key marks is not taken for it: a conflict."""
    keys = {spec.key for spec in wanted}
    marked: dict[tuple[By, object], RemoteResource] = {}
    for remote in result.unmatched.values():
        if remote.key is None or remote.key in keys:
            continue
        likenesses: tuple[tuple[By, object], ...] = (
            (By.CONTENT, _content(remote)),
            (By.URL, None if remote.hosted else remote.origin),
            (By.TITLE, remote.metadata.title),
            (By.FILE_NAME, remote.file_name if remote.hosted else None),
        )
        for by, value in likenesses:
            if value:
                marked.setdefault((by, value), remote)
    for spec in wanted:
        if result.settled(spec):
            continue
        for likeness in _likenesses(spec, fingerprints.get(spec.key), rules):
            if theirs := marked.get(likeness):
                result.conflicts[spec.key] = _marked(spec, theirs, likeness[0])
                break


def _likenesses(
    spec: ResourceSpec, known: Fingerprint | None, rules: Rules
) -> Iterator[tuple[By, object]]:
    """By what an entry could be taken for a resource, the surest first."""
    if isinstance(spec.source, Sent) and known and known.digest:
        yield By.CONTENT, (known.digest, known.size)
    if isinstance(spec.source, LinkSource | UrlSource):
        yield By.URL, spec.source.url
    if spec.metadata.title is not None:
        yield By.TITLE, spec.metadata.title
    if isinstance(spec.source, Sent):
        yield By.FILE_NAME, rules.file_name(spec.source.name)


def _marked(spec: ResourceSpec, remote: RemoteResource, by: By) -> Conflict:
    return Conflict(
        say(
            "'{title}' ({id}) on the portal has the {by} of '{key}', but carries another key, "
            "'{remote_key}', so that another manifest may publish it; if it is that resource, "
            "give the entry `key: {remote_key}` or `id: {id}`",
            title=remote.metadata.title,
            id=remote.id,
            by=by.words,
            key=spec.key,
            remote_key=remote.key,
        ),
        marked=True,
    )
