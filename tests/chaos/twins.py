"""What must hold after two publishers of one manifest were at work at once, on two machines.

Both may have found that something was missing, and both have published it (see
`docs/explanation/never-twice.md`): what was not there before may be there twice, and nothing
else; nothing is lost, nobody else's work is touched.
"""

import hashlib
from collections.abc import Sequence

from bulkpub import RunReport
from tests.chaos.judge import Known, Portal
from tests.chaos.others import Others
from tests.chaos.promises import hold
from tests.chaos.seen import KEY, SeenDataset
from tests.chaos.told import NOT_DONE
from tests.chaos.wanted import Entry, Kind, Wanted, WantedDataset

__all__ = ["check_told_by_twins", "check_twins", "settle_twins"]


def check_twins(wanted: Wanted, known: Known, now: Portal) -> None:
    """Nothing is there more often than two publishers may make it, nothing known is gone."""
    for dataset in wanted.datasets:
        found = [seen for seen in now.values() if dataset.is_dataset(seen.id, seen.key)]
        was_there = any(dataset.is_dataset(s.id, s.key) for s in known.datasets.values())
        hold(
            len(found) <= 2 - was_there,
            f"duplicate: the dataset {dataset.key} is there {len(found)} times",
        )
        for seen in found:
            _check_dataset(dataset, seen, known.datasets.get(seen.id))
    ours = [s.id for d in wanted.datasets for s in now.values() if d.is_dataset(s.id, s.key)]
    for seen in now.values():
        if seen.id not in ours:
            hold(known.datasets.get(seen.id) == seen, f"state: {seen.title!r} was touched")
    hold(known.datasets.keys() <= now.keys(), "loss: a dataset is gone")


def _check_dataset(dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None) -> None:
    known = before.by_id if before else {}
    room = 0
    for entry in dataset.entries:
        was_there = any(entry.is_resource(each.id, each.key) for each in known.values())
        most = 2 - was_there
        room += 2 * (not was_there)
        found = [each for each in seen.resources if entry.is_resource(each.id, each.key)]
        hold(
            len(found) <= most,
            f"duplicate: {dataset.key}/{entry.path} is there {len(found)} times",
        )
    new = [each for each in seen.resources if each.id not in known]
    hold(len(new) <= room, f"duplicate: {len(new)} new resources in {dataset.key}, not {room}")
    for gone in known.keys() - set(seen.ids):
        hold(dataset.prune and known[gone].key, f"loss: {known[gone].title!r} in {dataset.key}")
    for each in seen.resources:
        is_theirs = each.id in known and dataset.entry_of(each.id, each.key) is None
        if is_theirs and each.key is None:
            hold(known[each.id] == each, f"state: {each.title!r} was touched")


def check_told_by_twins(wanted: Wanted, now: Portal, reports: Sequence[RunReport]) -> None:
    """What either of them tells as done is there, by the other's hand or its own."""
    for report in reports:
        for dataset in wanted.datasets:
            seen = [each for each in now.values() if dataset.is_dataset(each.id, each.key)]
            for told in (t for d in report.datasets if d.key == dataset.key for t in d.resources):
                entries = [each for each in dataset.entries if each.path == told.key]
                if told.status not in {*NOT_DONE, "deleted"} and entries:
                    _check_is_there(wanted.content(dataset, entries[0]), entries[0], seen)


def _check_is_there(content: bytes | None, entry: Entry, seen: Sequence[SeenDataset]) -> None:
    found = [r for each in seen for r in each.resources if entry.is_resource(r.id, r.key)]
    hold(found, f"loss: {entry.path} is told as done, and is not there")
    if entry.kind in {Kind.FILE, Kind.FETCHED}:
        sha1 = hashlib.sha1(content or b"").hexdigest()
        hold(
            any(resource.content == sha1 for resource in found),
            f"state: {entry.path} is told as done, and other bytes are served",
        )


def settle_twins(wanted: Wanted, others: Others) -> None:
    """A person deletes what is there twice: of datasets and of resources the first stays."""
    for each in wanted.datasets:
        there = others.datasets_of(each)
        for surplus in there[1:]:
            others.delete_dataset(surplus)
        for kept in there[:1]:
            taken = set()
            for resource in list(kept.resources):
                entry = each.entry_of(resource.id, resource.extras.get(KEY))
                if others.is_mere_upload(resource) or (entry and entry.path in taken):
                    others.delete(kept, resource)
                elif entry:
                    taken.add(entry.path)
