"""The files of a report as rows of a table, small enough for a page of a hundred thousand.

The rule: what many rows have in common is there once. A row is a list, so that a page stays small;
`page.js` reads it, in the order of `Row`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any, NamedTuple

import orjson

from bulkpub.core.failures import shares_reason
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.observers.text import shown
from bulkpub.reports.over_time import format_of

__all__ = ["Row", "as_json", "table_of", "touched", "web_address"]

_WEB = re.compile(r"https?://[^\s\"'<>\\^`{|}\x00-\x20\x7f]+", re.IGNORECASE)
_LONGEST_ADDRESS = 2000
MOST = 200_000
"""Rows that a browser is glad to hold."""
_BADLY = frozenset({DatasetStatus.FAILED, DatasetStatus.PENDING})


class Row(NamedTuple):
    """One file, or a dataset that has none; numbers of `Words` are places in its lists.

    `sent` is when it was sent, and `took` how long that took, in seconds; `permalink` lacks what
    all of them begin with. None: not known.
    """

    status: int
    dataset: int
    name: str
    source: str
    format: int
    size: int | None
    sent: float | None
    took: float | None
    sentence: int
    permalink: str | None


class _Words(dict[str, int]):
    """Texts, each once, with their places."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]


def table_of(report: RunReport) -> dict[str, Any]:
    """The rows and what they have in common, in plain JSON; datasets as title, page and key.

    Of more than `MOST` rows those are left out that nothing became of; `total` counts all.
    """
    statuses, formats, sentences = _Words(), _Words(), _Words()
    datasets, rows = list[tuple[str, str | None, str]](), list[Row]()
    began = report.run.started_at
    for number, dataset in enumerate(report.datasets):
        datasets.append((shown(dataset.heading), web_address(dataset.page), shown(dataset.called)))
        for each in dataset.resources:
            after = (each.sent_at - began).total_seconds() if each.sent_at else None
            title, source = shown(each.title or ""), shown(each.source or each.key or "")
            rows.append(
                Row(
                    statuses[each.status.value],
                    number,
                    title or source or "?",
                    source if title and source != title else "",
                    formats[format_of(each)],
                    each.size,
                    after,
                    each.duration_s if each.attempts else None,
                    sentences[_sentence(each, dataset)],
                    web_address(each.permalink),
                )
            )
        if not dataset.resources:
            sentence = sentences[shown(dataset.error or "")]
            rows.append(
                Row(
                    statuses[dataset.status.value],
                    number,
                    "",
                    "",
                    -1,
                    None,
                    None,
                    None,
                    sentence,
                    None,
                )
            )
    total = len(rows)
    if total > MOST:
        same = statuses[ResourceStatus.UNCHANGED.value]
        rows.sort(key=lambda row: row.status == same)
        del rows[MOST:]
    prefix = _common_beginning([row.permalink for row in rows if row.permalink])
    return {
        "began": began.timestamp(),
        "statuses": list(statuses),
        "formats": list(formats),
        "sentences": list(sentences),
        "datasets": datasets,
        "prefix": prefix,
        "total": total,
        "rows": [
            (*row[:-1], None if row.permalink is None else row.permalink[len(prefix) :])
            for row in rows
        ],
    }


def _common_beginning(texts: list[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts, default=""), max(texts, default="")  # the most different of them
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _sentence(resource: ResourceOutcome, dataset: DatasetOutcome) -> str:
    """What there is to tell of it beyond its status."""
    told = list(resource.warnings)
    if resource.status is ResourceStatus.FAILED:
        whole = shares_reason(resource, dataset)
        told.insert(0, "its dataset failed" if whole else resource.error or resource.reason)
    elif resource.status is ResourceStatus.PENDING:
        told.insert(0, resource.reason)
    return shown("; ".join(told))


def as_json(table: object) -> str:
    """As JSON that can stand in a page: nothing in it ends or begins an element or a comment."""
    text = orjson.dumps(table).decode()
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def web_address(address: str | None) -> str | None:
    """The address if it is one of the web, which may become a link; None for any other text."""
    if address is None or len(address) > _LONGEST_ADDRESS or not address.isprintable():
        return None
    return address if _WEB.fullmatch(address) else None


def touched(datasets: Iterable[DatasetOutcome]) -> Iterator[DatasetOutcome]:
    """Those that something became of: the bad ones first."""
    yield from (each for each in datasets if each.status in _BADLY)
    fine = _BADLY | {DatasetStatus.UNCHANGED}
    yield from (each for each in datasets if each.status not in fine)
