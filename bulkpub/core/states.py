"""Datasets as a whole: what is deleted, restored, and kept a draft until all its files are in.

The rule: only an id or a key deletes a dataset, never a title; and only who made a dataset a
draft, by a mark that it carries, makes it public by itself.
"""

from dataclasses import replace

from bulkpub.core.actions import DeleteDataset, KeepAbsent, Plan
from bulkpub.core.model import (
    DRAFT_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    RemoteDataset,
    State,
)
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.language import say

__all__ = ["is_restored", "plan_absence", "released", "with_state"]


def with_state(metadata: DatasetMetadata, state: State | None) -> DatasetMetadata:
    """`metadata` with what `state` says of them; of what is to be absent only the title counts."""
    match state:
        case State.ABSENT:
            return DatasetMetadata(title=metadata.title)
        case State.PRESENT | State.DRAFT:
            return replace(metadata, private=state is State.DRAFT, archived=False)
        case State.ARCHIVED:
            return replace(metadata, archived=True)
        case None:
            return metadata


def plan_absence(owner: Owner, remote: RemoteDataset | None) -> Plan:
    """What makes a dataset absent; refused where it is not that of `owner`."""
    if remote is None or remote.deleted:
        return Plan(KeepAbsent())
    foreign = owner != UNSAID and owner.organization != remote.organization
    return Plan(DeleteDataset(remote), refused=_foreign(owner, remote) if foreign else None)


def _foreign(owner: Owner, remote: RemoteDataset) -> str:
    is_of = (
        say("the organization {organization}", organization=remote.organization)
        if remote.organization
        else say("an account")
    )
    return say(
        "'{title}' ({id}) is not deleted: on the portal it belongs to {owner_there}, and in the "
        "manifest to {owner}; correct `id`, or let the manifest say whose it is",
        title=remote.metadata.title,
        id=remote.id,
        owner_there=is_of,
        owner=owner,
    )


def is_restored(spec: DatasetSpec, remote: RemoteDataset) -> bool:
    """Whether `spec` takes back that `remote` was deleted."""
    return remote.deleted and spec.state not in {None, State.ABSENT}


# --- public once it is complete ------------------------------------------------------------


def released(spec: DatasetSpec, remote: RemoteDataset) -> DatasetMetadata | None:
    """What makes `remote` public once all its files are in; None when it is, or stays private.

    While some of them are left out, it stays what it is.
    """
    extras = dict(remote.metadata.extras or {})
    is_marked = extras.pop(DRAFT_EXTRA, None) is not None
    awaited = spec.when_complete and spec.metadata.private is False and remote.metadata.private
    if spec.metadata.private is True or spec.left_out or not (is_marked or awaited):
        return None
    return DatasetMetadata(private=False, extras=extras if is_marked else None)
