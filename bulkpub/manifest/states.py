"""What does not go together in a dataset whose manifest says what becomes of it as a whole."""

from collections.abc import Collection, Iterator, Sequence

from bulkpub.core.model import DatasetMetadata, State
from bulkpub.core.states import with_state
from bulkpub.manifest.form import Read
from bulkpub.manifest.values import WHEN_COMPLETE

__all__ = ["state_faults"]


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
            yield (name,), f"'{name}: {said_own}' contradicts 'state: {state}': take one away"
    if awaits and (read.get("private") or meant.private):
        yield (
            ("publish",),
            (
                f"'publish: {WHEN_COMPLETE}' makes the dataset public in the end, and the manifest "
                "wants it private: take one away"
            ),
        )


def _absence_faults(said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    if not {"id", "key"} & set(said):
        yield (
            ("state",),
            "what is to be absent needs its 'id' or its 'key': no dataset is deleted for its title",
        )
    if "resources" in said:
        yield (
            ("resources",),
            "a dataset that is to be absent has no 'resources': all it has is deleted with it",
        )
