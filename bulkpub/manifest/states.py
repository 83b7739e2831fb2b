"""What does not go together in a dataset that is more than its files: its state, its place.

A `state` says what becomes of it as a whole, `community` that its files stand beside another's.
"""

from collections.abc import Collection, Iterator, Sequence

from bulkpub.core.model import DatasetMetadata, Prune, State
from bulkpub.core.states import with_state
from bulkpub.language import say
from bulkpub.manifest.form import Read
from bulkpub.manifest.merging import OF_COMMUNITY
from bulkpub.manifest.values import WHEN_COMPLETE

__all__ = ["community_faults", "state_faults"]

_BESIDE = frozenset({"key", "id", "community", "resources", *OF_COMMUNITY})
"""What can be said where resources stand beside another's dataset."""


def state_faults(read: Read, said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    """What does not go together with `state` and `publish`: where in it, and the sentence."""
    state, awaits = read.get("state"), read.get("publish") == WHEN_COMPLETE
    if state is State.ABSENT:
        yield from _absence_faults(said)
        return
    meant = with_state(DatasetMetadata(), state)
    for name in ("private", "archived"):
        own, implied = read.get(name), getattr(meant, name)
        if own is not None and implied is not None and own != implied:
            said_own = "true" if own else "false"
            yield (
                (name,),
                say(
                    "'{name}: {said_own}' contradicts 'state: {state}': take one away",
                    name=name,
                    said_own=said_own,
                    state=state,
                ),
            )
    if awaits and (read.get("private") or meant.private):
        yield (
            ("publish",),
            (
                say(
                    "'publish: {when_complete}' makes the dataset public in the end, and the "
                    "manifest wants it private: take one away",
                    when_complete=WHEN_COMPLETE,
                )
            ),
        )


def _absence_faults(said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    if not {"id", "key"} & set(said):
        yield (
            ("state",),
            say(
                "what is to be absent needs its 'id' or its 'key': no dataset is deleted for its "
                "title"
            ),
        )
    if "resources" in said:
        yield (
            ("resources",),
            say("a dataset that is to be absent has no 'resources': all it has is deleted with it"),
        )


def community_faults(read: Read, said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    """What does not go together with `community: true`: where in it, and the sentence."""
    if "id" not in said:
        yield (
            ("community",),
            say("'community' needs the 'id' of the dataset beside which the files are put"),
        )
    for name in sorted(set(said) - _BESIDE):
        yield (
            (name,),
            (
                say(
                    "'{name}' is for a dataset of one's own: beside another's there are only "
                    "'resources'",
                    name=name,
                )
            ),
        )
    if read.get("prune") is Prune.ALL:
        yield (
            ("prune",),
            (
                say(
                    "beside another's dataset 'prune' is 'ours' or 'none': what others put there "
                    "is not ours to delete"
                )
            ),
        )
    if read.get("organization") is not None and read.get("personal"):
        yield ("personal",), say("a dataset is either in an 'organization' or 'personal', not both")
