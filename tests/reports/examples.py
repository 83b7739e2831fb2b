"""Reports to look at: an ordinary one, hostile ones, and any that Hypothesis thinks of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import (
    DestinationInfo,
    Moment,
    RateLimit,
    RequestTotals,
    RunInfo,
    RunReport,
    Tally,
    WaitTotals,
)
from bulkpub.errors import Problem

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PERMALINK = "https://portal.example/api/1/datasets/r/00000000-0000-4000-8000-{:012}"

CREATED, FAILED = ResourceStatus.CREATED, ResourceStatus.FAILED
UNCHANGED = ResourceStatus.UNCHANGED


def resource(number: int, status: ResourceStatus = CREATED, **more: Any) -> ResourceOutcome:
    """A file that was sent in its second, or was not."""
    sent = status in {ResourceStatus.CREATED, ResourceStatus.REPLACED}
    told = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "title": f"Comptages {number}",
        "source": f"exports/comptages-{number}.csv",
        "sha1": f"{number:040x}",
        "size": 1000 * (number + 1),
        "permalink": PERMALINK.format(number),
        "attempts": int(sent),
        "sent_at": NOON + timedelta(seconds=number % 60) if sent else None,
        "duration_s": 0.5 if sent else 0.0,
        "error": "the portal refuses .parquet files" if status is FAILED else None,
    }
    return ResourceOutcome(f"file-{number}", status, "as it is", **{**told, **more})


def dataset(
    key: str, *resources: ResourceOutcome, status: DatasetStatus | None = None, **more: Any
) -> DatasetOutcome:
    """A dataset of these files; what became of it follows from them."""
    bad = any(each.status is FAILED for each in resources)
    same = all(each.status is UNCHANGED for each in resources)
    follows = DatasetStatus.UNCHANGED if same else DatasetStatus.UPDATED
    told = {"title": key.title(), "page": f"https://portal.example/datasets/{key}/"}
    became = status or (DatasetStatus.FAILED if bad else follows)
    return DatasetOutcome(key, became, "as it is", resources=resources, **{**told, **more})


def run_report(
    *datasets: DatasetOutcome,
    exit_code: int | None = None,
    error: str | None = None,
    problems: tuple[Problem, ...] = (),
    **more: Any,
) -> RunReport:
    """The report of a run of a minute in which this became of the datasets."""
    tally = Tally()
    for each in datasets:
        tally.add(each)
    told: dict[str, Any] = {
        "id": "20260102T120000Z-0123abcd",
        "started_at": NOON,
        "finished_at": NOON + timedelta(seconds=60),
        "duration_s": 60.0,
        "manifests": ("velos.yaml",),
        "portal": "demo",
        "dry_run": False,
        "version": "0.1.0",
    }
    code = int(tally.exit_code) if exit_code is None else exit_code
    totals = tally.totals(
        hashed=10_000,
        uploaded=5_000,
        requests=RequestTotals(120, 100, {"GET": 20, "POST": 100}, {"POST /datasets/": 100}, 1, 2),
        waited_s=WaitTotals(3.0, 0.5),
    )
    timeline = tuple(Moment(float(n), 2 * n, 1000 - 2 * n) for n in range(0, 61, 3))
    return RunReport(
        RunInfo(exit_code=code, error=error, problems=problems, **{**told, **more}),
        totals,
        RateLimit(1000, 880, NOON + timedelta(hours=1)),
        datasets,
        timeline,
    )


def everywhere() -> RunReport:
    """One of two portals, at one of which it went well."""
    whole = run_report(
        dataset("velos", resource(0), destination="rehearsal"),
        dataset("velos", resource(1, FAILED), destination="real"),
    )
    places = (("rehearsal", "demo", 0, None), ("real", "www", 3, "the portal refuses the key"))
    destinations = tuple(
        DestinationInfo(
            name,
            portal,
            None,
            30.0,
            exit_code,
            error,
            whole.totals,
            RateLimit(1000, 900),
            whole.timeline,
        )
        for name, portal, exit_code, error in places
    )
    return replace(whole, run=replace(whole.run, destinations=destinations))


def report() -> RunReport:
    """An ordinary one: most of it went well."""
    return run_report(
        dataset("velos", resource(0), resource(1, ResourceStatus.REPLACED), resource(2, FAILED)),
        dataset("trams", resource(3, UNCHANGED), resource(4, UNCHANGED)),
        dataset("bus", resource(5), notes=("the portal keeps no schema",)),
    )


HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<!--<script>",
    "]]>",
    "\"'><img src=x onerror=alert(1)>",
    "&lt;b&gt; & &amp;",
    "\u202egpj.exe",
    "\u2028\u2029",
    "| a | `b` | [c](javascript:alert(1)) ![d](https://evil.example/x.png) @user #1",
    "::error file=x::y%0A\n::stop-commands::z",
    "é" * 300,
)
"""Titles, names and sentences that some tool or other might take for its own language."""

BAD_ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/x",
    'https://x/"onmouseover="alert(1)',
)


def hostile() -> RunReport:
    """One in which every text is somebody's attempt at something."""
    datasets = []
    for number, text in enumerate(HOSTILE):
        address = BAD_ADDRESSES[number % len(BAD_ADDRESSES)]
        told: dict[str, Any] = {"title": text, "source": text, "permalink": address}
        datasets.append(
            dataset(
                f"{number}{text}",
                resource(2 * number, **told, warnings=(text,)),
                resource(2 * number + 1, FAILED, **told, error=text),
                title=text,
                page=address,
                notes=(text,),
            )
        )
    return run_report(
        *datasets,
        id=HOSTILE[0],
        portal=HOSTILE[3],
        manifests=HOSTILE,
        error=HOSTILE[0],
        problems=tuple(Problem(text, 1, 1, text) for text in HOSTILE),
        warnings=tuple(Problem(text, 1, 1, text) for text in HOSTILE),
    )


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    (*HOSTILE, *BAD_ADDRESSES)
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
RESOURCES = st.builds(
    ResourceOutcome,
    TEXTS,
    st.sampled_from(ResourceStatus),
    TEXTS,
    title=st.none() | TEXTS,
    source=st.none() | TEXTS,
    size=st.none() | st.integers(0, 2**50),
    permalink=st.none() | TEXTS,
    sent_at=st.none() | MOMENTS,
    duration_s=st.floats(0, 1e6),
    error=st.none() | TEXTS,
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
)
DATASETS = st.builds(
    DatasetOutcome,
    TEXTS,
    st.sampled_from(DatasetStatus),
    TEXTS,
    title=st.none() | TEXTS,
    page=st.none() | TEXTS,
    error=st.none() | TEXTS,
    resources=st.lists(RESOURCES, max_size=3).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)


def reports() -> st.SearchStrategy[RunReport]:
    """Any report that a run could write, and some that none would."""
    problems = st.lists(st.builds(Problem, TEXTS, st.integers(0, 9), st.integers(0, 9), TEXTS))
    return st.builds(
        lambda datasets, error, problems: run_report(
            *datasets, error=error, problems=tuple(problems)
        ),
        st.lists(DATASETS, max_size=3),
        st.none() | TEXTS,
        problems,
    )
