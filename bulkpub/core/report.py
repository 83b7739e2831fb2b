"""Outcomes in, `RunReport` out: the whole story of a run as one value.

The field names are those of the JSON report (`docs/reference/report.schema.json`). Adding a
field keeps `SCHEMA_VERSION`; renaming or removing one raises it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.failures import SHOWN, Failure, failures_of
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceStatus
from bulkpub.core.text import bounded
from bulkpub.errors import Problem, RunFailed
from bulkpub.language import say

__all__ = [
    "SCHEMA_VERSION",
    "ByteTotals",
    "DatasetTotals",
    "DestinationInfo",
    "LeftOutTotals",
    "Moment",
    "RateLimit",
    "RequestTotals",
    "ResourceTotals",
    "RunInfo",
    "RunReport",
    "Tally",
    "Totals",
    "VerifiedTotals",
    "WaitTotals",
    "added",
]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run. Times are UTC, `duration_s` in seconds.

    `error` is why the run as a whole ended early or never began; `exit_code` is what the
    command returned: an `ExitCode`. `warnings` are what the manifest may not mean as it was read.
    Of several `destinations`, each has its part here, and `portal` is the names of all of them.
    `only` and `exclude` are the patterns by which something was left out, `exact`: it is a plan for
    which every file was hashed, and that can be carried out as it is. `verify` is how what is
    published was only compared: `quick`, by checksums, or `full`, by downloading it; None: it was
    not.
    """

    id: str
    started_at: datetime
    finished_at: datetime
    duration_s: float
    manifests: tuple[str, ...]
    portal: str
    dry_run: bool
    exit_code: int
    version: str
    error: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    destinations: tuple["DestinationInfo", ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exact: bool = False
    verify: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetTotals:
    """How many datasets ended in each status."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class ResourceTotals:
    """How many resources ended in each status."""

    created: int = 0
    replaced: int = 0
    described: int = 0
    adopted: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class ByteTotals:
    """Bytes read to be hashed before sending, bytes sent, and bytes that needed no sending."""

    hashed: int = 0
    uploaded: int = 0
    spared: int = 0


@dataclass(frozen=True, slots=True)
class RequestTotals:
    """Requests sent. `by_endpoint` is keyed by method and endpoint: `GET /datasets/`.

    `planned` is how many writes the plans needed when first made, had nothing failed; of a plan,
    `planned_wait_s` is how many seconds the portal's quota will make them wait. `at_once` is how
    many were allowed in flight in the end, None when the portal was not asked.
    """

    total: int = 0
    planned: int = 0
    by_method: Mapping[str, int] = field(default_factory=dict)
    by_endpoint: Mapping[str, int] = field(default_factory=dict)
    retried: int = 0
    rate_limited: int = 0
    at_once: int | None = None
    planned_wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WaitTotals:
    """Seconds during which requests were held back: for the quota, and after failures."""

    quota: float = 0.0
    backoff: float = 0.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The portal's rate limit as last seen; all None when it announces none."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftOutTotals:
    """How many whole datasets of the manifest, and resources in all, the run was not about."""

    datasets: int = 0
    resources: int = 0


@dataclass(frozen=True, slots=True)
class VerifiedTotals:
    """The files whose content was only compared, and how many bytes of them."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The run in figures."""

    datasets: DatasetTotals = field(default_factory=DatasetTotals)
    resources: ResourceTotals = field(default_factory=ResourceTotals)
    bytes: ByteTotals = field(default_factory=ByteTotals)
    requests: RequestTotals = field(default_factory=RequestTotals)
    waited_s: WaitTotals = field(default_factory=WaitTotals)
    left_out: LeftOutTotals = field(default_factory=LeftOutTotals)
    verified: VerifiedTotals = field(default_factory=VerifiedTotals)


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run was, `after_s` seconds after it started.

    `requests` were sent until then, and the portal's quota had `remaining`, None when untold.
    """

    after_s: float
    requests: int
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class DestinationInfo:
    """How a run went at one of several portals; the fields are those of a run and of its report.

    `name` is what the manifest calls the destination, `organization` the one it names for it.
    """

    name: str
    portal: str
    organization: str | None
    duration_s: float
    exit_code: int
    error: str | None
    totals: Totals
    rate_limit: RateLimit
    timeline: tuple["Moment", ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything a run has to say; `datasets` in the manifest's order.

    With several destinations: all of the first one's, then all of the next one's.
    `timeline` has some moments of the run, in order: few, however long it was.
    """

    run: RunInfo
    totals: Totals
    rate_limit: RateLimit
    datasets: Sequence[DatasetOutcome] = ()
    timeline: tuple[Moment, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def failures(self) -> Iterator[Failure]:
        """All that is not as wanted, each thing once.

        First what ended the run early, then what is wrong in the manifest, then datasets and files.
        """
        run = self.run
        return failures_of(self.datasets, error=run.error, problems=run.problems)

    def raise_for_failures(self) -> None:
        """Raise `RunFailed` unless everything is as wanted, or planned: nothing failed."""
        if self.run.exit_code in {ExitCode.DONE, ExitCode.CHANGES}:
            return
        first = list(islice(self.failures(), SHOWN))
        lines = [bounded(str(each)) for each in first] or [say("not everything is as wanted")]
        raise RunFailed("\n".join(lines), self.run.exit_code)


def added(totals: Iterable[Totals]) -> Totals:
    """The figures of several portals together."""
    whole = Totals()
    for each in totals:
        whole = Totals(
            _sum(whole.datasets, each.datasets),
            _sum(whole.resources, each.resources),
            _sum(whole.bytes, each.bytes),
            _sum(whole.requests, each.requests),
            _sum(whole.waited_s, each.waited_s),
            _sum(whole.left_out, each.left_out),
            _sum(whole.verified, each.verified),
        )
    return whole


Figures = TypeVar(
    "Figures",
    DatasetTotals,
    ResourceTotals,
    ByteTotals,
    RequestTotals,
    WaitTotals,
    LeftOutTotals,
    VerifiedTotals,
)


def _sum(one: Figures, other: Figures) -> Figures:
    figures = {
        each.name: _plus(getattr(one, each.name), getattr(other, each.name)) for each in fields(one)
    }
    return replace(one, **figures)


def _plus(one: Any, other: Any) -> Any:  # noqa: ANN401 - numbers, or numbers by name
    if isinstance(one, Mapping):
        return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}
    if one is None or other is None:
        return other if one is None else one
    return one + other


class Tally:
    """Counts outcomes as they come; none of them is kept."""

    def __init__(self) -> None:
        self._datasets = dict.fromkeys(DatasetStatus, 0)
        self._resources = dict.fromkeys(ResourceStatus, 0)
        self.spared = 0
        """Bytes of the files that did not have to be sent."""

    def add(self, outcome: DatasetOutcome) -> None:
        """Count the outcome."""
        self._datasets[outcome.status] += 1
        for resource in outcome.resources:
            self._resources[resource.status] += 1
            if resource.status in _SPARED:
                self.spared += resource.size or 0

    @property
    def exit_code(self) -> ExitCode:
        """`DONE` when every dataset and resource is as wanted, else `SOME_FAILED`."""
        bad = (
            self._datasets[DatasetStatus.FAILED]
            + self._datasets[DatasetStatus.PENDING]
            + self._resources[ResourceStatus.FAILED]
            + self._resources[ResourceStatus.PENDING]
        )
        return ExitCode.SOME_FAILED if bad else ExitCode.DONE

    def totals(
        self,
        *,
        hashed: int,
        uploaded: int,
        requests: RequestTotals,
        waited_s: WaitTotals,
        left_out: LeftOutTotals | None = None,
        verified: VerifiedTotals | None = None,
    ) -> Totals:
        """The outcomes counted by status, and the other figures beside them."""
        return Totals(
            datasets=DatasetTotals(**{each.value: n for each, n in self._datasets.items()}),
            resources=ResourceTotals(**{each.value: n for each, n in self._resources.items()}),
            bytes=ByteTotals(hashed, uploaded, self.spared),
            requests=requests,
            waited_s=waited_s,
            left_out=left_out or LeftOutTotals(),
            verified=verified or VerifiedTotals(),
        )


_SPARED = frozenset({ResourceStatus.UNCHANGED, ResourceStatus.ADOPTED, ResourceStatus.DESCRIBED})
