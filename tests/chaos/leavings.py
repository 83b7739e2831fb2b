"""What an unfinished run leaves behind when the manifest is changed before the next one.

It may be anybody's then: a mere upload without a key, a resource whose entry is gone, a title
that nobody asks for any more. From now on the model takes it as it is.
"""

from dataclasses import dataclass

from tests.chaos.judge import Known, Portal
from tests.chaos.seen import SeenDataset, SeenResource
from tests.chaos.wanted import Entry, Wanted, WantedDataset

__all__ = ["Said", "leave_to_anybody", "note_given_up", "what_is_said"]


@dataclass(frozen=True)
class Said:
    """What a manifest says as far as it may fall silent of it: by entry, and the ids it names."""

    entries: dict[tuple[str, str], tuple[str | None, str | None, str]]
    ids: frozenset[str]


def what_is_said(wanted: Wanted) -> Said:
    """To be asked before the manifest changes."""
    entries = [(dataset, entry) for dataset in wanted.datasets for entry in dataset.entries]
    return Said(
        {(d.key, e.path): (e.title, e.type, e.link) for d, e in entries},
        frozenset(e.id for _, e in entries if e.id),
    )


def leave_to_anybody(known: Known, now: Portal) -> None:
    """What is there and was not known is from now on."""
    for seen in now.values():
        before = known.datasets.get(seen.id)
        left = set(seen.ids) - set(before.ids if before else ())
        known.note(now, seen.id, *left)


def note_given_up(wanted: Wanted, known: Known, now: Portal, said: Said) -> None:
    """What the manifest gives up stays as the unfinished run left it.

    It gives up resources, and what it `said` of them; and a resource that the unfinished run
    recognised under another key is that entry's now.
    """
    for seen in now.values():
        before = known.datasets.get(seen.id)
        old = {each.id: each.key for each in before.resources} if before else {}
        given_up = [
            each.id
            for each in seen.resources
            if (each.key is not None or each.id in said.ids)
            and (old.get(each.id, each.key) != each.key or _is_given_up(wanted, seen, each, said))
        ]
        known.note(now, seen.id, *given_up)


def _is_given_up(wanted: Wanted, seen: SeenDataset, resource: SeenResource, said: Said) -> bool:
    for dataset in wanted.datasets:
        if dataset.is_dataset(seen.id, seen.key):
            entry = dataset.entry_of(resource.id, resource.key)
            return entry is None or _fell_silent(wanted, dataset, entry, said)
    return True


def _fell_silent(wanted: Wanted, dataset: WantedDataset, entry: Entry, said: Said) -> bool:
    """Whether less is wanted of the entry than before, or it cannot be published now."""
    title, type_, link = said.entries.get((dataset.key, entry.path), (None, None, entry.link))
    less = (title and not entry.title) or (type_ and not entry.type) or link != entry.link
    content = wanted.content(dataset, entry)
    return bool(less) or content is None or (entry.guarded and content == b"")
