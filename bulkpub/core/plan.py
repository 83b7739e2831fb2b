"""Who is who in, actions out: everything that one dataset needs, decided at one place.

`plan()` is asked before anything is sent, and asked again whenever an answer was lost: what
did arrive is then seen as there, what did not is planned anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil

from bulkpub.core.actions import (
    Adopt,
    Create,
    CreateDataset,
    Delete,
    Describe,
    Fetch,
    Keep,
    KeepDataset,
    LeaveOut,
    Plan,
    Refuse,
    Replace,
    ResourceAction,
    UpdateDataset,
)
from bulkpub.core.diff import (
    announcement,
    changed_fields,
    dataset_changes,
    named,
    new_dataset,
    resource_changes,
    wanted_resource,
)
from bulkpub.core.finish import in_order, unnamed
from bulkpub.core.guard import size_fault
from bulkpub.core.match import By, Conflict, Match, Matching, match_resource, match_resources
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Fingerprint,
    LinkSource,
    Prune,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    State,
    UrlSource,
    is_sent,
)
from bulkpub.core.origin import carries_key
from bulkpub.core.outcome import STAYS
from bulkpub.core.owners import UNSAID, Owner, change_of_owner
from bulkpub.core.rules import Rules
from bulkpub.core.states import is_restored, plan_absence, released
from bulkpub.language import joined, say

__all__ = ["plan", "plan_dataset", "plan_resource"]

ELSEWHERE = say("hosted elsewhere until now")
NEW = say("new dataset")
SAME = say("same content, same description")


def plan(
    spec: DatasetSpec,
    fingerprints: Mapping[str, Fingerprint],
    remote: RemoteDataset | None,
    rules: Rules,
    *,
    owner: Owner = UNSAID,
    bound: Mapping[str, str] | None = None,
    allow_mass_delete: bool = False,
) -> Plan:
    """Decide what makes `remote` what `spec` wants, in the hands of `owner`.

    `fingerprints` has what is known of each file, by resource key, with the digest of those
    that `hashes_needed` names. `bound` are ids the portal gave to our entries earlier in
    this run, by resource key.
    """
    if spec.state is State.ABSENT:
        return plan_absence(owner, remote)
    if remote is None:
        return _new(spec, fingerprints, rules)
    matching = match_resources(
        spec.resources,
        fingerprints,
        remote.resources,
        bound,
        rules=rules,
        ours=_is_ours(spec, remote),
    )
    actions = _numbered(
        (
            _left_out(r, matching)
            if r.key in spec.left_out
            else _action(r, matching, fingerprints, rules)
            for r in spec.resources
        ),
        remote,
        rules,
    )
    refusing = any(isinstance(action, Refuse) for action in actions)
    pruned = () if spec.left_out else _deletions(spec, matching)
    deletions, held = ((), pruned) if refusing else (pruned, ())
    dataset = plan_dataset(spec, owner, remote, rules)
    foreign = dataset.message if isinstance(dataset, Conflict) else None
    return Plan(
        KeepDataset(remote) if isinstance(dataset, Conflict) else dataset,
        actions,
        deletions,
        finish=_needs_finishing(spec, remote, actions, rules),
        finish_requests=_finish_requests(spec, remote, actions, rules),
        replacing_requests=_besides(actions, rules),
        releases=released(spec, remote) is not None,
        refused=foreign
        or _marked_by_others(spec, remote, matching, deletions)
        or _mass_delete(remote, deletions, allowed=allow_mass_delete),
        held=held,
    )


def plan_dataset(
    spec: DatasetSpec, owner: Owner, remote: RemoteDataset, rules: Rules
) -> UpdateDataset | KeepDataset | Conflict:
    """What becomes of the dataset itself; a conflict when it is with another than `owner`."""
    move = change_of_owner(spec, owner, remote, rules)
    if isinstance(move, Conflict):
        return move
    if spec.files_alone:
        return KeepDataset(remote)
    changes, restores = dataset_changes(spec, remote, rules), is_restored(spec, remote)
    if changes is None and move is None and not restores:
        return KeepDataset(remote)
    return UpdateDataset(remote, changes or DatasetMetadata(), move, restores)


def plan_resource(
    entry: ResourceSpec,
    spec: DatasetSpec,
    fingerprints: Mapping[str, Fingerprint],
    remote: RemoteDataset | None,
    bound: Mapping[str, str] | None = None,
    *,
    rules: Rules,
) -> ResourceAction:
    """What `plan` decides for `entry` of `spec`, once the content of its file is known."""
    if remote is None:
        (action,) = _numbered(
            [_created(entry, fingerprints.get(entry.key), NEW, rules)], None, rules
        )
        return action
    matching = match_resource(
        entry,
        spec.resources,
        fingerprints,
        remote.resources,
        bound,
        rules=rules,
        ours=_is_ours(spec, remote),
    )
    return _numbered([_action(entry, matching, fingerprints, rules)], remote, rules)[0]


def _numbered(
    actions: Iterable[ResourceAction], remote: RemoteDataset | None, rules: Rules
) -> tuple[ResourceAction, ...]:
    """The actions, of which each that makes a new resource of a series has its next name."""
    actions = tuple(actions)
    if not any(action.spec.series for action in actions):
        return actions
    numbered: list[ResourceAction] = []
    taken = [each.file_name for each in remote.resources if each.hosted] if remote else []
    for action in actions:
        series = action.spec.series
        if isinstance(action, Create) and series is not None:
            name = series.next_name(taken, rules.file_name)
            taken.append(rules.file_name(name))
            spec = named(action.spec, name)
            numbered.append(replace(action, spec=spec, wanted=wanted_resource(spec, None, rules)))
        else:
            numbered.append(action)
    return tuple(numbered)


def _new(spec: DatasetSpec, fingerprints: Mapping[str, Fingerprint], rules: Rules) -> Plan:
    actions = _numbered(
        (
            LeaveOut(r)
            if r.key in spec.left_out
            else _created(r, fingerprints.get(r.key), NEW, rules)
            for r in spec.resources
        ),
        None,
        rules,
    )
    finish = any(_describes(action, rules) for action in actions)
    return Plan(
        CreateDataset(new_dataset(spec, rules)),
        actions,
        finish=finish,
        finish_requests=_list_requests(actions, rules),
        replacing_requests=_besides(actions, rules),
        releases=spec.when_complete and not spec.left_out,
    )


def _left_out(spec: ResourceSpec, matching: Matching) -> LeaveOut:
    match = matching.matches.get(spec.key)
    return LeaveOut(spec, match.remote if match else None)


def _action(
    spec: ResourceSpec,
    matching: Matching,
    fingerprints: Mapping[str, Fingerprint],
    rules: Rules,
) -> ResourceAction:
    if conflict := matching.conflicts.get(spec.key):
        return Refuse(spec, conflict.message)
    match, known = matching.matches.get(spec.key), fingerprints.get(spec.key)
    if match is None:
        return _created(spec, known, say("not on the portal yet"), rules)
    match spec.source:
        case LinkSource() as source:
            return _link_action(spec, source, match, rules)
        case ExistingSource() as source:
            return _existing_action(spec, source, match, known, rules)
        case source:
            address = source if isinstance(source, UrlSource) else None
            return _file_action(spec, match, known, address, rules)


def _existing_action(
    spec: ResourceSpec,
    source: ExistingSource,
    match: Match,
    known: Fingerprint | None,
    rules: Rules,
) -> ResourceAction:
    remote = match.remote
    wanted = wanted_resource(spec, remote, rules)
    if not source.host or remote.hosted:
        return _same_content(spec, match, wanted, rules)
    if stays := _no_file(remote, rules) or (
        source.stays and say("{stays}: {why}", stays=STAYS, why=source.stays)
    ):
        left = replace(spec, source=ExistingSource())
        return Keep(left, remote, wanted_resource(left, remote, rules), stays)
    return _file_action(spec, match, known, UrlSource(remote.origin), rules)


def _file_action(
    spec: ResourceSpec,
    match: Match,
    known: Fingerprint | None,
    address: UrlSource | None,
    rules: Rules,
) -> ResourceAction:
    """What becomes of a file the portal has something for; `address`: it has to be fetched."""
    remote, wanted = match.remote, wanted_resource(spec, match.remote, rules)
    if known is None and address is not None:
        why = say("to be compared with its source") if remote.stored else ELSEWHERE
        return Fetch(spec, address, remote, wanted, why)
    if differs := _content_differs(known, remote):
        return _guarded(Replace(spec, remote, wanted, differs), known, rules)
    return _same_content(spec, match, wanted, rules)


def _created(
    spec: ResourceSpec, known: Fingerprint | None, why: str, rules: Rules
) -> ResourceAction:
    """What becomes of an entry that is not on the portal."""
    match spec.source:
        case ExistingSource():
            return Refuse(
                spec,
                say("the dataset has no such resource: give the entry a file, or correct its `id`"),
            )
        case UrlSource() as source if known is None:
            return Fetch(spec, source, None, wanted_resource(spec, None, rules), why)
        case _:
            return _guarded(Create(spec, wanted_resource(spec, None, rules), why), known, rules)


def _no_file(remote: RemoteResource, rules: Rules) -> str | None:
    """Why a resource that points elsewhere is left there: it is not a file."""
    if remote.metadata.type == "api":
        return say("{stays}: an API, not a file", stays=STAYS)
    if (remote.metadata.format or "").lower() in rules.not_files:
        return say(
            "{stays}: {format} is a service or a page, not a file",
            stays=STAYS,
            format=remote.metadata.format,
        )
    return None


def _content_differs(known: Fingerprint | None, remote: RemoteResource) -> str | None:
    """Why the file has to be sent, None when the portal has these very bytes."""
    if not remote.stored:
        return ELSEWHERE
    if known is None or remote.digest is None:
        return say("the portal has no checksum to compare with")
    if known.size != remote.size:
        return say(
            "size changed from {size} to {known_size} bytes",
            size=remote.size,
            known_size=known.size,
        )
    return None if known.digest == remote.digest else say("content changed")


def _guarded(
    action: Create | Replace, known: Fingerprint | None, rules: Rules
) -> Create | Replace | Refuse:
    """The action, unless the portal's limit or the manifest's `guard` holds the file back."""
    if known is None:
        return action
    remote = action.remote if isinstance(action, Replace) else None
    fault = size_fault(action.spec, remote, known.size, rules.limits)
    return Refuse(action.spec, fault) if fault else action


def _link_action(
    spec: ResourceSpec, source: LinkSource, match: Match, rules: Rules
) -> ResourceAction:
    remote = match.remote
    if remote.hosted:
        return Refuse(
            spec,
            say(
                "'{title}' ({id}) is a file hosted on the portal and cannot become a link; delete "
                "it there, or give the link another `key`",
                title=remote.metadata.title,
                id=remote.id,
            ),
        )
    wanted = wanted_resource(spec, remote, rules)
    if told := announcement(source, remote, rules):
        return Describe(spec, remote, wanted, told)
    return _same_content(spec, match, wanted, rules)


def _same_content(
    spec: ResourceSpec, match: Match, wanted: ResourceMetadata, rules: Rules
) -> ResourceAction:
    remote = match.remote
    can_be_marked = "extras" not in rules.lacks_resource
    claimed = (wanted.extras or {}).get(KEY_EXTRA)
    if match.by not in {By.ID, By.KEY} and remote.key != claimed and can_be_marked:
        was = (
            say("published before as '{key}'", key=remote.key)
            if remote.key
            else say("put there by other means")
        )
        return Adopt(
            spec, remote, wanted, say("same {by} on the portal, {was}", by=match.by.words, was=was)
        )
    changes = resource_changes(wanted, spec, remote, rules)
    if is_sent(spec.source) and not remote.hosted:
        return Describe(spec, remote, wanted, say("its file is on the portal, but not hosted yet"))
    if changes is None:
        return Keep(spec, remote, wanted, SAME)
    return Describe(
        spec,
        remote,
        wanted,
        say("differs in: {fields}", fields=joined(", ", changed_fields(changes))),
    )


def _deletions(spec: DatasetSpec, matching: Matching) -> tuple[Delete, ...]:
    unmatched = matching.unmatched.values()
    match spec.prune:
        case Prune.NONE:
            return ()
        case Prune.OURS:
            reason = say("published by bulkpub before, no longer in the manifest")
            ours = [r for r in unmatched if r.key is not None and not r.apart]
            return tuple(Delete(r, reason) for r in ours)
        case Prune.ALL:
            return tuple(Delete(r, say("not in the manifest")) for r in unmatched)


def _is_ours(spec: DatasetSpec, remote: RemoteDataset) -> bool:
    """Whether what keys mark in the dataset is the work of this manifest, of now or of before.

    Where no key marks the dataset itself, as when it is named by id, `prune` says so: it would
    delete what it does not recognise.
    """
    return carries_key(spec, remote) or (remote.key is None and spec.prune is not Prune.NONE)


def _marked_by_others(
    spec: DatasetSpec, remote: RemoteDataset, matching: Matching, deletions: Sequence[Delete]
) -> str | None:
    """Why the dataset is not to be touched: what is there may be another manifest's work."""
    marked = [conflict.message for conflict in matching.conflicts.values() if conflict.marked]
    if marked:
        return "; ".join(marked)
    others = remote.key is not None and not carries_key(spec, remote)
    if spec.prune is Prune.OURS and deletions and others:
        return say(
            "the dataset carries the key '{key}' of another manifest, whose resources cannot be "
            "told from those of '{spec_key}': `prune: ours` would delete them; take it away, or "
            "give the dataset `key: {key}`",
            key=remote.key,
            spec_key=spec.key,
        )
    return None


def _mass_delete(
    remote: RemoteDataset, deletions: Sequence[Delete], *, allowed: bool
) -> str | None:
    if allowed or 2 * len(deletions) <= len(remote.resources):
        return None
    return say(
        "pruning would delete {count} of the dataset's {all} resources; if that is meant, run "
        "again with `allow_mass_delete`",
        count=len(deletions),
        all=len(remote.resources),
    )


def _needs_finishing(
    spec: DatasetSpec, remote: RemoteDataset, actions: Sequence[ResourceAction], rules: Rules
) -> bool:
    described = any(_describes(action, rules) for action in actions)
    return described or not _settled(spec, remote, actions, rules)


def _settled(
    spec: DatasetSpec, remote: RemoteDataset, actions: Sequence[ResourceAction], rules: Rules
) -> bool:
    """Whether what is there and stays as it is lies in order, and all of a series is named."""
    there = {
        a.spec.key: a.remote.id
        for a in actions
        if isinstance(a, Keep | Describe | LeaveOut) and a.remote is not None
    }
    if unnamed(spec, there.values(), remote.resources, rules):
        return False
    return not rules.orders or in_order(spec, there, [resource.id for resource in remote.resources])


def _finish_requests(
    spec: DatasetSpec, remote: RemoteDataset, actions: Sequence[ResourceAction], rules: Rules
) -> int:
    """How many requests finish the dataset: one each for links that move, the list for the rest."""
    moved = [action for action in actions if rules.moves_links_alone and _moves(action, rules)]
    others = [action for action in actions if action not in moved]
    if moved and not _needs_finishing(spec, remote, others, rules):
        return len(moved) + (0 if _settled(spec, remote, actions, rules) else 1)
    return len(moved) + _list_requests(others, rules)


def _describes(action: ResourceAction, rules: Rules) -> bool:
    """Whether something is to be said of the resource, or of its place, once its file is there."""
    match action:
        case Keep() | Refuse() | LeaveOut():
            return False
        case Create() | Replace() | Fetch():
            return rules.orders or action.wanted != ResourceMetadata()
        case _:
            return True


def _has_title_of_its_own(action: ResourceAction, rules: Rules) -> bool:
    """Whether more is to be said of the resource than sending it says."""
    if not isinstance(action, Create) or not isinstance(action.spec.source, FileSource):
        return _describes(action, rules) and not isinstance(action, Create | Replace)
    return action.wanted.title != rules.file_name(action.spec.source.name)


def _besides(actions: Sequence[ResourceAction], rules: Rules) -> int:
    """The requests that new files, and such as replace others, take beside those that send them."""
    replaced = sum(isinstance(a, Replace | Fetch) and a.remote is not None for a in actions)
    sends = (a for a in actions if isinstance(a, Create | Fetch) and is_sent(a.spec.source))
    created = sum(not (isinstance(a, Fetch) and a.remote is not None) for a in sends)
    return replaced * (rules.replacing_requests - 1) + created * (rules.creating_requests - 1)


def _moves(action: ResourceAction, rules: Rules) -> bool:
    if not isinstance(action, Describe) or not isinstance(action.spec.source, LinkSource):
        return False
    return announcement(action.spec.source, action.remote, rules) is not None


def _list_requests(actions: Sequence[ResourceAction], rules: Rules) -> int:
    """How many requests describe the resources: one, where the portal takes all at once."""
    if rules.described_apart:
        return sum(_has_title_of_its_own(action, rules) for action in actions)
    if rules.described_at_once is None:
        return 1
    described = sum(_describes(action, rules) for action in actions)
    return max(ceil(described / rules.described_at_once), 1)
