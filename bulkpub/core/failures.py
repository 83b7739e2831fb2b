"""What is not as wanted, each thing once, and grouped by what it has in common.

The rule: a dataset that failed as a whole has said why, and its files do not say it again; what the
manifest gets wrong is told where it is written, and not once more for the datasets it keeps from
being published. Sentences that differ in names and figures alone have one cause.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.text import bounded
from bulkpub.errors import Problem
from bulkpub.language import joined

__all__ = [
    "Cause",
    "Failure",
    "causes",
    "failures_of",
    "left_out_names",
    "name_of",
    "shares_reason",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as wanted: `error` is a sentence that says why.

    `dataset` is what a dataset is called (`DatasetOutcome.called`), and `resource` what a person
    knows one of its files by; both None when it concerns the run as a whole, or a manifest. `file`
    and `line` (from 1; 0: the whole file) are where a manifest is wrong.
    """

    error: str
    dataset: str | None = None
    resource: str | None = None
    file: str | None = None
    line: int = 0

    def __str__(self) -> str:
        """`dataset › file: why`, or `manifest.yaml:12: why`."""  # noqa: RUF002 - a path sign
        if self.file:
            return self._in(f"{self.file}:{self.line}" if self.line else self.file)
        named = " › ".join(each for each in (self.dataset, self.resource) if each)  # noqa: RUF001
        return self._in(named)

    def _in(self, where: str) -> str:
        return joined(": ", (where, self.error)) if where else self.error


def failures_of(
    datasets: Iterable[DatasetOutcome],
    *,
    error: str | None = None,
    problems: Sequence[Problem] = (),
) -> Iterator[Failure]:
    """All that is not as wanted of a run, in order.

    First what ended it early, then what is wrong in the manifest, then what failed of `datasets`.
    What the run did not come to (`pending`) is no failure of its own: `error` says why.
    """
    if error is not None:
        yield Failure(error)
    for each in problems:
        yield Failure(each.sentence, each.dataset, None, each.file or None, each.line)
    left_out = left_out_names(problems)
    shared = [each.message for each in problems if each.dataset is None]
    for dataset in datasets:
        named = {dataset.key, dataset.called}
        if dataset.status is DatasetStatus.FAILED and not named & left_out:
            yield from _of_dataset(dataset, shared)


def left_out_names(problems: Iterable[Problem]) -> frozenset[str]:
    """What datasets are called that problems of their own keep from being published.

    As `DatasetOutcome.called` has it where that is so at some destinations only, else their keys.
    """
    found: set[str] = set()
    for each in problems:
        if each.dataset is not None:
            found.update(
                [f"{name}: {each.dataset}" for name in each.destinations] or [each.dataset]
            )
    return frozenset(found)


def _of_dataset(dataset: DatasetOutcome, shared: Sequence[str]) -> Iterator[Failure]:
    if dataset.error is not None and not any(each in dataset.error for each in shared):
        yield Failure(dataset.error, dataset.called)
    for resource in dataset.resources:
        if resource.status is ResourceStatus.FAILED and not shares_reason(resource, dataset):
            yield Failure(resource.error or resource.reason, dataset.called, name_of(resource))


def shares_reason(resource: ResourceOutcome, dataset: DatasetOutcome) -> bool:
    """Whether it failed because its dataset failed as a whole, which has said why."""
    own, shared = resource.error, dataset.error
    return shared is not None and (own is None or shared in own)


def name_of(resource: ResourceOutcome) -> str:
    """What a person knows it by."""
    return resource.source or resource.title or resource.key or resource.id or "?"


# --- by cause -----------------------------------------------------------------------------


@dataclass(slots=True)
class Cause:
    """What some failures have in common: `sentence` is that of the first, `count` how many.

    `same`: the others say the very same. `failures` are the first `SHOWN` of them.
    """

    sentence: str
    count: int = 0
    same: bool = True
    failures: list[Failure] = field(default_factory=list)


SHOWN = 50
"""Failures of one cause that are kept at most."""

_VARYING = re.compile(
    r"""
      \S+://\S+                                # an address
    | \b[0-9a-f]{8}-[0-9a-f-]{27}\b            # an id
    | \b[0-9a-f]{16,}\b                        # a checksum, an id
    | '[^']*' | "[^"]*" | «[^»]*»              # a name that is quoted
    | \d[\d.,:/TZ-]*                           # a figure, a moment
    """,
    re.VERBOSE | re.IGNORECASE,
)


def causes(failures: Iterable[Failure]) -> list[Cause]:
    """The failures by cause: the most frequent first, and those as frequent in their order."""
    found: dict[tuple[bool, str], Cause] = {}  # files and datasets are counted apart
    for failure in failures:
        key = (failure.resource is None, _common(failure))
        cause = found.setdefault(key, Cause(failure.error))
        cause.count += 1
        cause.same = cause.same and failure.error == cause.sentence
        if len(cause.failures) < SHOWN:
            cause.failures.append(failure)
    return sorted(found.values(), key=lambda each: -each.count)


def _common(failure: Failure) -> str:
    """The sentence without what tells one failure from another of the same cause."""
    sentence = bounded(failure.error, 2000)
    for name in _names(failure):
        sentence = sentence.replace(name, "…")
    return _VARYING.sub("…", sentence)


def _names(failure: Failure) -> list[str]:
    """What the thing that failed may be called in its sentence, the longest first."""
    named = {failure.dataset, failure.resource, failure.file}
    if failure.resource:
        named.add(failure.resource.rpartition("/")[2])
    return sorted((each for each in named if each and len(each) > 1), key=len, reverse=True)
