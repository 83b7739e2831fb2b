"""What must hold of a portal after a run: a small model, written without looking at bulkpub.

`Known` is what the model knows to be there: the state after the last run that succeeded, kept up
to date with what other people did since. A `Wrong` is a broken promise.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bulkpub import RunReport
from tests.chaos.seen import SeenDataset, SeenResource
from tests.chaos.wanted import Entry, Wanted, WantedDataset

__all__ = ["Known", "Wrong", "check_failures", "check_success"]

Portal = Mapping[str, SeenDataset]
NOT_DONE = {"failed", "pending"}


class Wrong(AssertionError):
    """A promise that was broken; the first word says which: duplicate, loss, or state."""


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
    exact: bool = True,
) -> None:
    """Exactly what is wanted, each once, and everything else as it was."""
    for dataset in wanted.datasets:
        seen = _the_one(dataset, now)
        before = known.datasets.get(seen.id)
        _check_dataset(dataset, seen, before)
        ours = [_the_entry(seen, entry) for entry in dataset.entries]
        for entry, resource in zip(dataset.entries, ours, strict=True):
            _check_entry(wanted, dataset, entry, resource, before)
        order = [seen.ids.index(resource.id) for resource in ours]
        in_order = order == sorted(order) or seen.id in known.reordered
        _hold(in_order, f"state: {dataset.key} is out of order")
        _check_others(dataset, seen, before, {resource.id for resource in ours})
        if report is not None:
            _check_report(dataset, report, start.get(seen.id), seen, exact=exact)
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
        if not any(seen.key == dataset.key for seen in now.values()):
            continue
        seen = _the_one(dataset, now)
        before = known.datasets.get(seen.id)
        _check_not_doubled(dataset, seen, before)
        if report is not None:
            for entry in _told_as_done(dataset, report):
                _check_entry(wanted, dataset, entry, _the_entry(seen, entry), before)
            _check_report(dataset, report, start.get(seen.id), seen, exact=exact)
    _check_other_datasets(wanted, known, now)


def _hold(truth: object, sentence: str) -> None:
    if not truth:
        raise Wrong(sentence)


# --- datasets -----------------------------------------------------------------------------


def _the_one(dataset: WantedDataset, now: Portal) -> SeenDataset:
    found = [seen for seen in now.values() if seen.key == dataset.key]
    _hold(len(found) <= 1, f"duplicate: the dataset {dataset.key} is there {len(found)} times")
    _hold(found, f"loss: the dataset {dataset.key} is not there")
    return found[0]


def _check_dataset(dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None) -> None:
    _hold(seen.title == dataset.title, f"state: {dataset.key} has the title {seen.title!r}")
    _hold(seen.description == f"About {dataset.key}.", f"state: description of {dataset.key}")
    if before is not None:
        _hold(seen.tags == before.tags, f"state: the tags of {dataset.key} are now {seen.tags}")
        _hold(seen.extras == before.extras, f"state: the extras of {dataset.key}: {seen.extras}")


def _check_other_datasets(wanted: Wanted, known: Known, now: Portal) -> None:
    keys = {dataset.key for dataset in wanted.datasets}
    for seen in now.values():
        if seen.key not in keys:
            before = known.datasets.get(seen.id)
            _hold(before is not None, f"duplicate: an unknown dataset {seen.title!r}")
            _hold(before == seen, f"state: the dataset {seen.title!r} of others was touched")
    lost = known.datasets.keys() - now.keys()
    _hold(not lost, f"loss: datasets {lost}")


# --- resources ----------------------------------------------------------------------------


def _the_entry(seen: SeenDataset, entry: Entry) -> SeenResource:
    found = [resource for resource in seen.resources if resource.key == entry.path]
    _hold(len(found) <= 1, f"duplicate: {seen.key}/{entry.path} is there {len(found)} times")
    _hold(found, f"loss: {seen.key}/{entry.path} is not there")
    return found[0]


def _check_entry(
    wanted: Wanted,
    dataset: WantedDataset,
    entry: Entry,
    resource: SeenResource,
    before: SeenDataset | None,
) -> None:
    name = f"{dataset.key}/{entry.path}"
    content = wanted.content(dataset, entry)
    sha1 = hashlib.sha1(content).hexdigest()
    _hold(resource.content == sha1, f"state: other bytes are served for {name}")
    _hold((resource.sha1, resource.size) == (sha1, len(content)), f"state: checksum of {name}")
    was = before.by_id.get(resource.id) if before else None
    for old in before.resources if before else ():
        if old.key == entry.path:
            _hold(old.id == resource.id, f"state: {name} has another permalink")
    given = was.title if was is not None and was.title != was.file_name else entry.name
    title = entry.title or given
    _hold(resource.title == title, f"state: {name} is called {resource.title!r}, not {title!r}")
    kind = entry.type or (was.type if was else "main")
    _hold(resource.type == kind, f"state: {name} is of type {resource.type}, not {kind}")
    extras = {**(was.own_extras if was else {}), **entry.extras}
    _hold(resource.own_extras == extras, f"state: {name} has the extras {resource.own_extras}")
    description = was.description if was else None
    _hold(resource.description == description, f"state: the description of {name}")


def _check_others(
    dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None, ours: set[str]
) -> None:
    """What is not in the manifest is there as before, unless it was to be pruned."""
    known = before.by_id if before else {}
    for resource in seen.resources:
        if resource.id in ours:
            continue
        what = f"{resource.title!r} ({resource.key or resource.file_name}) in {dataset.key}"
        _hold(resource.id in known, f"duplicate: {what} came from nowhere")
        was = known[resource.id]
        _hold(was == resource, f"state: {what} was touched: {was} became {resource}")
        _hold(not (dataset.prune and resource.key), f"state: {what} should have been pruned")
    for gone in known.keys() - set(seen.ids):
        _hold(dataset.prune and known[gone].key, f"loss: {known[gone].title!r} in {dataset.key}")
    others = [i for i in seen.ids if i not in ours]
    order = [i for i in known if i in others]
    _hold(others == order, f"state: what others put into {dataset.key} changed its order")


def _check_not_doubled(
    dataset: WantedDataset, seen: SeenDataset, before: SeenDataset | None
) -> None:
    known = before.by_id if before else {}
    keys = {entry.path for entry in dataset.entries}
    for entry in dataset.entries:
        found = [resource for resource in seen.resources if resource.key == entry.path]
        _hold(len(found) <= 1, f"duplicate: {dataset.key}/{entry.path} is there twice")
    new = [resource for resource in seen.resources if resource.id not in known]
    missing = keys - {resource.key for resource in known.values()}
    _hold(
        len(new) <= len(missing),
        f"duplicate: {len(new)} new resources in {dataset.key} for {len(missing)} entries: "
        f"{[(each.file_name, each.key, each.content) for each in new]}",
    )
    for gone in known.keys() - set(seen.ids):
        _hold(dataset.prune and known[gone].key, f"loss: {known[gone].title!r} in {dataset.key}")
    for resource in seen.resources:
        was = known.get(resource.id)
        if was is not None and was.key is None and resource.key is None:
            replaced = was.content != resource.content  # taken over by name, not yet described
            _hold(was == resource or replaced, f"state: {was.title!r} was touched")


# --- the report ---------------------------------------------------------------------------


def _told(dataset: WantedDataset, report: RunReport) -> Iterator[Any]:
    for told in report.datasets:
        if told.key == dataset.key:
            yield from (each for each in told.resources if each.status != "deleted")


def _told_as_done(dataset: WantedDataset, report: RunReport) -> list[Entry]:
    done = [each.key for each in _told(dataset, report) if each.status not in NOT_DONE]
    return [entry for entry in dataset.entries if entry.path in done]


def _check_report(
    dataset: WantedDataset,
    report: RunReport,
    start: SeenDataset | None,
    seen: SeenDataset,
    *,
    exact: bool,
) -> None:
    """What it says happened, happened."""
    before = start.by_id if start else {}
    for told in _told(dataset, report):
        if told.status in NOT_DONE:
            continue
        name = f"{dataset.key}/{told.key}"
        (has,) = (each for each in seen.resources if each.key == told.key)
        said = (told.id, told.title, told.sha1, told.size)
        is_ = (has.id, has.title, has.content, has.size)
        same_url = _path(told.url) == _path(has.url) or not exact
        _hold(
            said == is_ and same_url, f"state: the report says {said} of {name}, the portal {is_}"
        )
        was = before.get(has.id)
        happened = {
            "created": was is None,
            "replaced": was is not None and was.url != has.url,
            "adopted": was is not None and was.key != has.key and was.content == has.content,
            "described": was is not None and was.content == has.content,
            "unchanged": was == has,
        }[told.status]
        _hold(happened, f"state: {name} is told as {told.status}, and it was {was}, is {has}")


def _path(url: str) -> str:
    return url.rpartition("/resources/")[2]
