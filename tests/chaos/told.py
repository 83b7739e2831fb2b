"""What a report says, held against what is there: what it says happened, happened."""

from collections.abc import Iterator
from typing import Any

from bulkpub import RunReport
from tests.chaos.promises import hold
from tests.chaos.seen import SeenDataset, SeenResource
from tests.chaos.wanted import Entry, Kind, Wanted, WantedDataset

__all__ = ["NOT_DONE", "check_report", "refused", "the_entry", "told_as_done"]

NOT_DONE = {"failed", "pending"}


def the_entry(seen: SeenDataset, entry: Entry) -> SeenResource:
    """The one resource of an entry."""
    found = [each for each in seen.resources if entry.is_resource(each.id, each.key)]
    hold(len(found) <= 1, f"duplicate: {seen.key}/{entry.path} is there {len(found)} times")
    hold(found, f"loss: {seen.key}/{entry.path} is not there")
    return found[0]


def refused(wanted: Wanted, report: RunReport | None) -> frozenset[tuple[str, str]] | None:
    """What a run left out although all went well, rightly; None when not all went well."""
    if report is None or report.run.error or report.run.problems:
        return None
    found = set()
    for dataset in wanted.datasets:
        (said,) = (each for each in report.datasets if each.key == dataset.key)
        for told in _told(dataset, report):
            if told.status in NOT_DONE:
                (entry,) = (each for each in dataset.entries if each.path == told.key)
                if not _is_to_fail(wanted.content(dataset, entry), entry, told.error or ""):
                    return None
                found.add((dataset.key, entry.path))
        nothing = all((dataset.key, entry.path) in found for entry in dataset.entries)
        not_made = nothing and "is not created" in (said.error or "")
        if (said.error and not not_made) or said.status == "pending":
            return None
    hold(report.run.exit_code == bool(found), f"state: the exit code is {report.run.exit_code}")
    return frozenset(found)


def _is_to_fail(content: bytes | None, entry: Entry, error: str) -> bool:
    if entry.kind is Kind.FETCHED and content is None:
        return "answered 404" in error
    return entry.guarded and content == b"" and "guard" in error


def _told(dataset: WantedDataset, report: RunReport) -> Iterator[Any]:
    for told in report.datasets:
        if told.key == dataset.key:
            yield from (each for each in told.resources if each.status != "deleted")


def told_as_done(dataset: WantedDataset, report: RunReport) -> list[Entry]:
    """The entries of which the report says that they are as wanted."""
    done = [each.key for each in _told(dataset, report) if each.status not in NOT_DONE]
    return [entry for entry in dataset.entries if entry.path in done]


def check_report(
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
        (entry,) = (each for each in dataset.entries if each.path == told.key)
        has = the_entry(seen, entry)
        said: tuple[object, ...] = (told.id, told.title)
        is_: tuple[object, ...] = (has.id, has.title)
        if entry.kind is Kind.EXISTING:  # of what it is made of, nothing is known
            said, is_ = said[: 1 + bool(told.title)], is_[: 1 + bool(told.title)]
        else:
            said, is_ = (*said, told.sha1, told.size), (*is_, has.content, has.size)
        same_url = _path(told.url) == _path(has.url) or not exact
        hold(said == is_ and same_url, f"state: the report says {said} of {name}, the portal {is_}")
        was = before.get(has.id)
        happened = {
            "created": was is None,
            "replaced": was is not None and was.url != has.url,
            "adopted": was is not None and was.key != has.key and was.content == has.content,
            "described": was is not None and was.content == has.content,
            "unchanged": was == has,
        }[told.status]
        hold(happened, f"state: {name} is told as {told.status}, and it was {was}, is {has}")


def _path(url: str) -> str:
    return url.rpartition("/resources/")[2]
