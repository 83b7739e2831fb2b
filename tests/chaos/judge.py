"""What must hold of a portal after a run: a small model, written without looking at bulkpub.

`Known` is what the model knows to be there: the state after the last run that succeeded, kept up
to date with what other people did since. A `Wrong` is a broken promise.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace

from bulkpub import RunReport
from tests.chaos.promises import hold
from tests.chaos.seen import SeenDataset, SeenResource
from tests.chaos.told import check_report, the_entry, told_as_done
from tests.chaos.wanted import Entry, Kind, Wanted, WantedDataset

__all__ = ["Known", "Portal", "check_failures", "check_success"]

Portal = Mapping[str, SeenDataset]
DRAFT_EXTRA = "bulkpub:draft"
Refused = Collection[tuple[str, str]]
"""Entries (dataset and key) that are not published, as they should not be."""


class Known:
    """The portal as it has to be, but for what the next run has to do."""

    def __init__(self) -> None:
        self.datasets: dict[str, SeenDataset] = {}
        self.reordered: set[str] = set()
        """Whose resources somebody reordered during the last run, perhaps after we were done."""

    def settle(self, now: Portal) -> None:
        """All that is there is as it should be."""
        self.datasets = dict(now)

    def note(self, now: Portal, dataset_id: str, *touched: str) -> None:
        """Someone else wrote to a dataset, and to these of its resources or their order."""
        new = now[dataset_id]
        old = self.datasets.get(dataset_id) or replace(new, resources=())
        kept = {each.id: each for each in old.resources if each.id not in touched}
        kept |= {each.id: each for each in new.resources if each.id in touched}
        order = [each for each in new.ids if each in kept]
        resources = tuple(kept[each] for each in order)
        self.datasets[dataset_id] = replace(
            old, tags=new.tags, extras=new.extras, resources=resources
        )


# --- after a run --------------------------------------------------------------------------


def check_success(
    wanted: Wanted,
    known: Known,
    start: Portal,
    now: Portal,
    report: RunReport | None,
    *,
    without: Refused = (),
    exact: bool = True,
) -> None:
    """Exactly what is wanted (`without` what is refused), each once, and all else as it was."""
    for dataset in wanted.datasets:
        entries = [each for each in dataset.entries if (dataset.key, each.path) not in without]
        if dataset.entries and not entries and not _is_there(dataset, start):
            hold(not _is_there(dataset, now), f"state: {dataset.key} was made, and is empty")
            continue
        seen = _the_one(dataset, now)
        before = known.datasets.get(seen.id)
        _check_dataset(dataset, seen, before)
        complete = len(entries) == len(dataset.entries)
        _check_draft(dataset, start.get(seen.id), seen, complete=complete)
        ours = [the_entry(seen, entry) for entry in entries]
        for entry, resource in zip(entries, ours, strict=True):
            _check_entry(wanted, dataset, entry, resource, before)
            _check_not_refused(wanted, dataset, entry, start.get(seen.id))
        order = [seen.ids.index(resource.id) for resource in ours]
        in_order = order == sorted(order) or seen.id in known.reordered
        hold(in_order, f"state: {dataset.key} is out of order")
        prunes = bool(dataset.prune) and len(entries) == len(dataset.entries)
        _check_others(dataset, seen, before, {resource.id for resource in ours}, prunes=prunes)
        if report is not None:
            check_report(dataset, report, start.get(seen.id), seen, exact=exact)
    _check_other_datasets(wanted, known, now)


def check_failures(
    wanted: Wanted,
    known: Known,
    start: Portal,
    now: Portal,
    report: RunReport | None,
    *,
    exact: bool = True,
) -> None:
    """Nothing doubled, nobody else's work touched, and what is told as done is done."""
    for dataset in wanted.datasets:
        if not _is_there(dataset, now):
            continue
        seen = _the_one(dataset, now)
        before = known.datasets.get(seen.id)
        _check_not_doubled(dataset, seen, before)
        if report is not None:
            for entry in told_as_done(dataset, report):
                _check_entry(wanted, dataset, entry, the_entry(seen, entry), before)
            check_report(dataset, report, start.get(seen.id), seen, exact=exact)
    _check_other_datasets(wanted, known, now)


# --- datasets -----------------------------------------------------------------------------


def _is_there(dataset: WantedDataset, portal: Portal) -> bool:
    return any(dataset.is_dataset(seen.id, seen.key) for seen in portal.values())


def _the_one(dataset: WantedDataset, now: Portal) -> SeenDataset:
    found = [seen for seen in now.values() if dataset.is_dataset(seen.id, seen.key)]
    hold(len(found) <= 1, f"duplicate: the dataset {dataset.key} is there {len(found)} times")
    hold(found, f"loss: the dataset {dataset.key} is not there")
    return found[0]


def _check_dataset(dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None) -> None:
    hold(seen.title == dataset.title, f"state: {dataset.key} has the title {seen.title!r}")
    owner = "the account's" if seen.organization is None else "the organization's"
    hold((seen.organization is None) == dataset.personal, f"state: {dataset.key} is {owner}")
    hold(seen.description == f"About {dataset.key}.", f"state: description of {dataset.key}")
    if before is not None:
        hold(seen.tags == before.tags, f"state: the tags of {dataset.key} are now {seen.tags}")
        now, then = _without_mark(seen.extras), _without_mark(before.extras)
        hold(now == then, f"state: the extras of {dataset.key}: {seen.extras}")


def _without_mark(extras: Mapping[str, object]) -> dict[str, object]:
    """Without what tells that a dataset waits, which `_check_draft` judges."""
    return {name: value for name, value in extras.items() if name != DRAFT_EXTRA}


def _check_draft(
    dataset: WantedDataset, start: SeenDataset | None, seen: SeenDataset, *, complete: bool
) -> None:
    """What waits is for everybody once all is in, and not before; nothing else ever waits."""
    if complete or not dataset.waits:
        hold(not seen.private, f"state: {dataset.key} is a draft still")
        hold(DRAFT_EXTRA not in seen.extras, f"state: {dataset.key} is marked as a draft")
    elif start is None or start.private:
        hold(seen.private, f"state: {dataset.key} is public, and incomplete")


def _check_other_datasets(wanted: Wanted, known: Known, now: Portal) -> None:
    for seen in now.values():
        if not any(dataset.is_dataset(seen.id, seen.key) for dataset in wanted.datasets):
            before = known.datasets.get(seen.id)
            hold(before is not None, f"duplicate: an unknown dataset {seen.title!r}")
            hold(before == seen, f"state: the dataset {seen.title!r} of others was touched")
    lost = known.datasets.keys() - now.keys()
    hold(not lost, f"loss: datasets {lost}")


# --- resources ----------------------------------------------------------------------------


def _check_entry(
    wanted: Wanted,
    dataset: WantedDataset,
    entry: Entry,
    resource: SeenResource,
    before: SeenDataset | None,
) -> None:
    name = f"{dataset.key}/{entry.path}"
    was = before.by_id.get(resource.id) if before else None
    for old in before.resources if before else ():
        if entry.is_resource(old.id, old.key):
            hold(old.id == resource.id, f"state: {name} has another permalink")
    _check_source(wanted.content(dataset, entry), entry, resource, was, name)
    title = entry.title or _given_title(entry, was)
    hold(resource.title == title, f"state: {name} is called {resource.title!r}, not {title!r}")
    kind = entry.type or (was.type if was else "main")
    hold(resource.type == kind, f"state: {name} is of type {resource.type}, not {kind}")
    extras = {**(was.own_extras if was else {}), **entry.extras}
    hold(resource.own_extras == extras, f"state: {name} has the extras {resource.own_extras}")
    description = was.description if was else None
    hold(resource.description == description, f"state: the description of {name}")
    if entry.id:
        key = was.key if was else None
        hold(resource.key == key, f"state: {name} got the key {resource.key!r}")


def _check_source(
    content: bytes | None, entry: Entry, resource: SeenResource, was: SeenResource | None, name: str
) -> None:
    is_ = (resource.content, resource.sha1, resource.size)
    match entry.kind:
        case Kind.LINK:
            hold(resource.url == entry.link, f"state: {name} leads to {resource.url}")
            hold(not resource.hosted and is_[0] is None, f"state: {name} became a file")
        case Kind.EXISTING:
            before = (was.content, was.sha1, was.size) if was else None
            hold(is_ == before, f"state: {name} was {before}, is {is_}")
        case _:
            hold(content is not None, f"state: {name} is told as done, and cannot be had")
            sha1 = hashlib.sha1(content or b"").hexdigest()
            hold(resource.content == sha1, f"state: other bytes are served for {name}")
            hold(is_[1:] == (sha1, len(content or b"")), f"state: checksum of {name}")
            hold(resource.hosted, f"state: {name} is not hosted")


def _given_title(entry: Entry, was: SeenResource | None) -> str:
    """The title of what the manifest gives none: a person's, or the name."""
    sent = entry.kind in {Kind.FILE, Kind.FETCHED}
    return entry.name if was is None or (sent and was.title == was.file_name) else was.title


def _check_not_refused(
    wanted: Wanted, dataset: WantedDataset, entry: Entry, start: SeenDataset | None
) -> None:
    """An empty file that is guarded is only published if it was before."""
    if entry.guarded and wanted.content(dataset, entry) == b"":
        there = start.resources if start else ()
        had = any(resource.size == 0 for resource in there)
        hold(had, f"state: {dataset.key}/{entry.path} is empty, guarded, and published")


def _check_others(
    dataset: WantedDataset,
    seen: SeenDataset,
    before: SeenDataset | None,
    ours: set[str],
    *,
    prunes: bool,
) -> None:
    """What is not in the manifest is there as before, unless it was to be pruned."""
    known = before.by_id if before else {}
    for resource in seen.resources:
        if resource.id in ours:
            continue
        what = f"{resource.title!r} ({resource.key or resource.file_name}) in {dataset.key}"
        hold(resource.id in known, f"duplicate: {what} came from nowhere")
        was = known[resource.id]
        hold(was == resource, f"state: {what} was touched: {was} became {resource}")
        hold(not (prunes and resource.key), f"state: {what} should have been pruned")
    for gone in known.keys() - set(seen.ids):
        hold(prunes and known[gone].key, f"loss: {known[gone].title!r} in {dataset.key}")
    others = [i for i in seen.ids if i not in ours]
    order = [i for i in known if i in others]
    hold(others == order, f"state: what others put into {dataset.key} changed its order")


def _check_not_doubled(
    dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None
) -> None:
    known = before.by_id if before else {}
    ids = {entry.id for entry in dataset.entries}
    for entry in dataset.entries:
        found = [each for each in seen.resources if entry.is_resource(each.id, each.key)]
        hold(len(found) <= 1, f"duplicate: {dataset.key}/{entry.path} is there twice")
    new = [resource for resource in seen.resources if resource.id not in known]
    missing = [e.path for e in dataset.entries if not _is_among(e, known.values())]
    hold(
        len(new) <= len(missing),
        f"duplicate: {len(new)} new resources in {dataset.key} for {len(missing)} entries: "
        f"{[(each.file_name, each.key, each.content) for each in new]}",
    )
    for gone in known.keys() - set(seen.ids):
        hold(dataset.prune and known[gone].key, f"loss: {known[gone].title!r} in {dataset.key}")
    for resource in seen.resources:
        was = known.get(resource.id)
        if was is not None and was.key is resource.key is None and was.id not in ids:
            replaced = was.content != resource.content  # taken over by name, not yet described
            hold(was == resource or replaced, f"state: {was.title!r} was touched")


def _is_among(entry: Entry, resources: Collection[SeenResource]) -> bool:
    return any(entry.is_resource(each.id, each.key) for each in resources)
