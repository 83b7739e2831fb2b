import os
import pty
import re
import termios
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from bulkpub.cli.doctor import show_finding
from bulkpub.cli.harvest import Progress
from bulkpub.cli.problems import render_problems, render_warnings
from bulkpub.cli.render import render_summary
from bulkpub.cli.render_plan import render_plan
from bulkpub.core.outcome import (
    SENT_ALREADY,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.report import (
    RateLimit,
    RequestTotals,
    RunInfo,
    RunReport,
    Tally,
    WaitTotals,
)
from bulkpub.errors import Problem
from bulkpub.observers.console import SteadyConsole, print_line
from bulkpub.session.doctor import Finding, Health

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "\x1b[2J[red]é\n.csv"
ESCAPED = r"\x1b[2J[red]é\n.csv"


def console(width: int = 80, *, terminal: bool = False) -> Console:
    return Console(
        file=StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )


def lines_of(out: Console) -> list[str]:
    assert isinstance(out.file, StringIO)
    return out.file.getvalue().splitlines()


def report_of(
    datasets: Sequence[DatasetOutcome],
    *,
    exit_code: int = 0,
    error: str | None = None,
    dry_run: bool = False,
    waited_s: WaitTotals | None = None,
    quota: RateLimit | None = None,
    planned: int = 0,
    planned_wait_s: float = 0.0,
) -> RunReport:
    info = RunInfo(
        id="id",
        started_at=NOON,
        finished_at=NOON,
        duration_s=12.4,
        manifests=("demo.yaml",),
        portal="http://127.0.0.1:7000",
        dry_run=dry_run,
        exit_code=exit_code,
        version="0.1.0",
        error=error,
    )
    tally = Tally()
    for each in datasets:
        tally.add(each)
    tally.spared = 300_000
    totals = tally.totals(
        hashed=10,
        uploaded=2_100_000,
        requests=RequestTotals(
            total=63,
            planned=planned,
            planned_wait_s=planned_wait_s,
            by_method={"POST": 45, "GET": 12, "PUT": 6},
            retried=2,
        ),
        waited_s=waited_s or WaitTotals(),
    )
    return RunReport(info, totals, quota or RateLimit(), tuple(datasets))


def resource(
    key: str, status: ResourceStatus, *, size: int | None = 1000, error: str | None = None
) -> ResourceOutcome:
    return ResourceOutcome(key, status, "why", source=f"data/{key}", size=size, error=error)


CREATED = DatasetOutcome(
    "velos",
    DatasetStatus.CREATED,
    "no such dataset yet",
    title="Comptages vélo",
    page="http://127.0.0.1:7000/datasets/comptages-velo/",
    resources=(
        resource("2024.csv", ResourceStatus.CREATED, size=1_200_000),
        resource("api", ResourceStatus.CREATED, size=None),
    ),
)
UPDATED = DatasetOutcome(
    "gares",
    DatasetStatus.UPDATED,
    "other tags",
    title="Gares",
    page="http://127.0.0.1:7000/datasets/gares/",
    resources=(
        resource("a.csv", ResourceStatus.REPLACED),
        resource("b.csv", ResourceStatus.DESCRIBED),
        resource("c.csv", ResourceStatus.ADOPTED),
        resource("d.csv", ResourceStatus.UNCHANGED),
        resource("e.csv", ResourceStatus.UNCHANGED),
        ResourceOutcome("f.csv", ResourceStatus.DELETED, "no longer named", title="Vieux fichier"),
    ),
)
UNCHANGED = DatasetOutcome(
    "ecoles",
    DatasetStatus.UNCHANGED,
    "as wanted",
    title="Écoles",
    page="http://127.0.0.1:7000/datasets/ecoles/",
    resources=(resource("a.csv", ResourceStatus.UNCHANGED),),
)
PARTLY_FAILED = DatasetOutcome(
    "arbres",
    DatasetStatus.FAILED,
    "1 resource failed",
    title="Arbres",
    page="http://127.0.0.1:7000/datasets/arbres/",
    resources=(
        resource("a.csv", ResourceStatus.FAILED, error="the portal refuses this extension"),
        resource("b.csv", ResourceStatus.CREATED),
    ),
)
WHOLLY_FAILED = DatasetOutcome(
    "lycees",
    DatasetStatus.FAILED,
    "failed",
    error="the portal has no dataset 5d13a8b6634f41070a43dff3",
    resources=(
        resource(
            "a.csv",
            ResourceStatus.FAILED,
            error="the portal has no dataset 5d13a8b6634f41070a43dff3",
        ),
        resource("b.csv", ResourceStatus.FAILED),
    ),
)


def summary(report: RunReport, *, width: int = 80, path: str | None = "report.json") -> list[str]:
    out = console(width)
    render_summary(report, out, report_path=path)
    return lines_of(out)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_summary_tells_figures_links_and_where_the_report_is(width: int) -> None:
    report = report_of(
        [CREATED, UPDATED, UNCHANGED],
        waited_s=WaitTotals(quota=200, backoff=3),
        quota=RateLimit(1000, 870, NOON),
    )
    assert summary(report, width=width) == [
        "Done in 12 s",
        "  Datasets  1 created, 1 updated, 1 unchanged",
        "  Files     2 created, 1 replaced, 1 described, 1 adopted, 3 unchanged, 1 deleted",
        "  Bytes     2.1 MB sent, 300.0 kB spared",
        "  Requests  63 (12 GET, 45 POST, 6 PUT), 2 retried",
        "  Waited    3 min 20 s for the quota, 3.0 s after failures",
        "  Quota     870 of 1,000 requests left until 12:00 UTC",
        "Datasets:",
        "  + Comptages vélo: http://127.0.0.1:7000/datasets/comptages-velo/",
        "  ~ Gares: http://127.0.0.1:7000/datasets/gares/",
        "Report: report.json",
    ]


def test_a_run_that_changed_nothing_says_so_in_one_line() -> None:
    assert summary(report_of([UNCHANGED, UNCHANGED])) == [
        "Nothing to do: 2 datasets and 2 files are as wanted. (63 requests, 12 s)",
        "Report: report.json",
    ]


def test_every_failure_is_told_with_its_reason_once() -> None:
    shown = summary(report_of([PARTLY_FAILED, WHOLLY_FAILED], exit_code=1), path=None)
    assert shown[0] == "Done in 12 s, but not everything is as wanted"
    start = shown.index("Not as wanted:")
    assert shown[start:] == [
        "Not as wanted:",
        "  ! arbres › data/a.csv: the portal refuses this extension",  # noqa: RUF001 - the sign shown
        "  ! lycees: the portal has no dataset 5d13a8b6634f41070a43dff3",
        "Datasets:",
        "  ! Arbres: http://127.0.0.1:7000/datasets/arbres/",
    ]


def test_a_failure_without_words_of_its_own_gives_its_reason() -> None:
    failed = replace(PARTLY_FAILED, resources=(resource("a.csv", ResourceStatus.FAILED),))
    assert "  ! arbres › data/a.csv: why" in summary(report_of([failed], exit_code=1))  # noqa: RUF001 - the sign shown


def test_what_failed_for_one_cause_is_told_once_with_its_first_names() -> None:
    failed = [replace(PARTLY_FAILED, key=f"d{n}", title=f"D{n}") for n in range(73)]
    shown = summary(report_of([*failed, WHOLLY_FAILED], exit_code=1))
    start = shown.index("Not as wanted:")
    assert shown[start + 1 : start + 7] == [
        "  ! 73 files: the portal refuses this extension",
        "      d0 › data/a.csv",  # noqa: RUF001 - the sign shown
        "      d1 › data/a.csv",  # noqa: RUF001 - the sign shown
        "      d2 › data/a.csv",  # noqa: RUF001 - the sign shown
        "      and 70 more (report: report.json)",
        "  ! lycees: the portal has no dataset 5d13a8b6634f41070a43dff3",
    ]
    assert "      and 70 more" in summary(report_of(failed, exit_code=1), path=None)


def test_of_sentences_that_differ_in_names_the_first_is_told() -> None:
    gone = [resource(f"{n}.csv", ResourceStatus.FAILED, error=f"{n}.csv vanished") for n in "abcde"]
    shown = summary(report_of([replace(PARTLY_FAILED, resources=tuple(gone))], exit_code=1))
    start = shown.index("Not as wanted:")
    assert shown[start + 1 : start + 5] == [
        "  ! 5 files, for instance arbres › data/a.csv: a.csv vanished",  # noqa: RUF001 - the sign
        "      arbres › data/b.csv",  # noqa: RUF001 - the sign shown
        "      arbres › data/c.csv",  # noqa: RUF001 - the sign shown
        "      and 2 more (report: report.json)",
    ]


def test_beyond_fifty_causes_and_twenty_links_the_report_has_the_rest() -> None:
    failed = [
        replace(PARTLY_FAILED, key=f"d{n}", resources=(replace(file, error="x" * (n + 1)),))
        for n in range(73)
        for file in PARTLY_FAILED.resources[:1]
    ]
    shown = summary(report_of(failed, exit_code=1))
    assert sum("data/a.csv: x" in line for line in shown) == 50
    assert "  … and 23 more in report.json" in shown
    assert sum("datasets/arbres" in line for line in shown) == 20
    assert "  … and 53 more in report.json" in shown


@pytest.mark.parametrize(
    ("exit_code", "error", "headline"),
    [
        (2, "the manifest is wrong", "Nothing was sent: the manifest is wrong"),
        (3, "the key is revoked", "The portal refuses: the key is revoked"),
        (
            4,
            "the quota is used up until 14:32 UTC",
            "Stopped early after 12 s: the quota is used up until 14:32 UTC",
        ),
        (130, None, "Interrupted after 12 s"),
        (99, None, "Ended after 12 s"),
    ],
)
def test_the_first_line_says_how_it_ended(exit_code: int, error: str | None, headline: str) -> None:
    assert summary(report_of([], exit_code=exit_code, error=error))[0] == headline


def test_on_a_terminal_lines_break_between_words_and_addresses_never() -> None:
    out = console(40, terminal=True)
    long = replace(PARTLY_FAILED, page="http://127.0.0.1:7000/datasets/" + "x" * 40)
    render_summary(report_of([long], exit_code=1), out, report_path="report.json")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines_of(out)))
    assert "  ! arbres › data/a.csv: the portal\n    refuses this extension" in text  # noqa: RUF001
    assert "http://127.0.0.1:7000/datasets/" + "x" * 40 in text


MESSAGE = "the column 'Remarques' says nothing that is known, and is left out of all this"


def a_note(out: Console) -> None:
    progress = Progress(quiet=False)
    progress.console = out  # type: ignore[assignment]  # as it prints, one like the other
    progress.note(MESSAGE)


PRINTED: dict[str, Callable[[Console], None]] = {
    "problem": lambda out: render_problems([Problem("liste.xlsx", 6, 7, MESSAGE)], out),
    "warning": lambda out: render_warnings([Problem("liste.xlsx", 6, 7, MESSAGE)], out),
    "note of a harvest": a_note,
    "finding": lambda out: show_finding(Finding("account", Health.GOOD, MESSAGE), out),
    "cure": lambda out: show_finding(Finding("account", Health.BAD, "no", MESSAGE), out),
}


@pytest.mark.parametrize("what", PRINTED)
def test_on_a_terminal_sentences_break_between_words(what: str) -> None:
    out = console(60, terminal=True)
    PRINTED[what](out)
    lines = [Text.from_ansi(line).plain for line in lines_of(out)]
    assert max(map(len, lines)) <= 60
    assert MESSAGE in " ".join(line.strip() for line in lines)


def test_a_dumb_terminal_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    first, second = pty.openpty()
    termios.tcsetwinsize(second, (20, 60))
    with os.fdopen(second, "w") as file:
        out = SteadyConsole(file=file)
        assert (out.is_dumb_terminal, out.width, out.height) == (True, 60, 20)
        print_line(out, "ab " * 40)
        file.flush()
        told = ""
        while told.count("ab") < 40:  # a terminal gives out what it has so far
            told += os.read(first, 4096).decode()
        lines = told.splitlines()
    os.close(first)
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60


def test_where_nothing_was_verified_no_way_of_verifying_is_told() -> None:
    refused = report_of([], exit_code=3, error="the key is not accepted")
    refused = replace(refused, run=replace(refused.run, verify="full"))
    shown = summary(refused)
    assert "Nothing was verified." in shown
    assert not [line for line in shown if line.startswith("Verified")]


def test_a_portal_that_was_not_asked_refuses_nothing() -> None:
    report = report_of([], exit_code=3, error="no API key")
    silent = replace(report, totals=replace(report.totals, requests=RequestTotals()))
    assert summary(silent)[0] == "Nothing was sent: no API key"


def test_a_run_that_can_go_on_says_how() -> None:
    assert "No file was sent. Run again to go on." in summary(report_of([], exit_code=4))
    waiting = DatasetOutcome(
        "gares",
        DatasetStatus.PENDING,
        "why",
        resources=(
            ResourceOutcome("a", ResourceStatus.PENDING, f"{SENT_ALREADY}, but not described"),
            *(resource(f"{n}.csv", ResourceStatus.PENDING) for n in range(3)),
        ),
    )
    shown = summary(report_of([CREATED, waiting], exit_code=130))
    assert "Arrived: 3 files; left: 3 files. Run again to do the rest." in shown


def test_hostile_names_are_escaped_everywhere() -> None:
    bad = DatasetOutcome(
        HOSTILE,
        DatasetStatus.FAILED,
        HOSTILE,
        title=HOSTILE,
        page=HOSTILE,
        error=HOSTILE,
        resources=(ResourceOutcome(HOSTILE, ResourceStatus.FAILED, "", error="no \udce9"),),
    )
    out = console()
    report = report_of([bad], exit_code=1, error=HOSTILE)
    render_summary(report, out, report_path=HOSTILE)
    render_plan(report, out)
    render_problems([Problem(HOSTILE, 1, 2, HOSTILE)], out)
    text = "\n".join(lines_of(out))
    assert "\x1b" not in text
    assert text.count(ESCAPED) >= 10
    assert f"{ESCAPED} › {ESCAPED}: no \\xe9" in text  # noqa: RUF001 - the sign shown


def test_colour_is_for_terminals() -> None:
    out = console(terminal=True)
    render_summary(report_of([CREATED]), out)
    assert "\x1b[1;32mDone" in "\n".join(lines_of(out))


def plan(report: RunReport, width: int = 100) -> list[str]:
    out = console(width)
    render_plan(report, out)
    return lines_of(out)


def test_the_plan_marks_every_change_under_its_dataset() -> None:
    report = report_of([CREATED, UPDATED, UNCHANGED], dry_run=True, quota=RateLimit(10, 5))
    assert plan(report) == [
        "+ Comptages vélo [velos] no such dataset yet",
        "    + data/2024.csv (1.2 MB) why",
        "    + data/api why",
        "~ Gares [gares] other tags",
        "    ~ data/a.csv (1.0 kB) why",
        "    ~ data/b.csv why",
        "    ~ data/c.csv why",
        "    - Vieux fichier no longer named",
        "    = 2 files unchanged",
        "= 1 dataset unchanged",
        (
            "2 datasets to write to http://127.0.0.1:7000, 2 uploads of 1.2 MB, 1 taken over, "
            "1 deletion, 0 requests. Nothing was sent."
        ),
        "Quota: 5 of 10 requests left.",
    ]


def test_the_plan_tells_the_requests_and_the_wait_when_they_are_known() -> None:
    shown = plan(report_of([CREATED], dry_run=True, planned=1234, planned_wait_s=7500))
    assert shown[-2].endswith("1 upload of 1.2 MB, 1,234 requests. Nothing was sent.")
    assert shown[-1] == "The quota makes that wait about 2 h 05 min."


def test_the_plan_shows_what_cannot_be_done() -> None:
    shown = plan(report_of([WHOLLY_FAILED, PARTLY_FAILED], exit_code=1, error="stopped here"))
    assert shown == [
        "! lycees [lycees] the portal has no dataset 5d13a8b6634f41070a43dff3",
        "! Arbres [arbres] 1 resource failed",
        "    ! data/a.csv the portal refuses this extension",
        "    + data/b.csv (1.0 kB) why",
        "Stopped: stopped here",
        (
            "1 dataset to write to http://127.0.0.1:7000, 1 upload of 1.0 kB, 0 requests. "
            "Nothing was sent."
        ),
    ]


PENDING = DatasetOutcome(
    "later",
    DatasetStatus.PENDING,
    "not begun",
    resources=(resource("a.csv", ResourceStatus.PENDING),),
)
WRONG = Problem("m.yaml", 8, 11, "the file f0.csv does not exist", "wrong")
LEFT_OUT = DatasetOutcome(
    "wrong", DatasetStatus.FAILED, "the manifest is wrong", error=WRONG.message
)


def with_problems(report: RunReport, *problems: Problem) -> RunReport:
    return replace(report, run=replace(report.run, problems=problems))


@pytest.mark.parametrize(
    ("exit_code", "error", "why"),
    [
        (2, None, "see the problems"),
        (2, "unknown portal 'x'", "unknown portal 'x'"),
        (3, "the key is revoked", "the key is revoked"),
        (4, "GET /me/ failed 5 times", "GET /me/ failed 5 times"),
        (130, "interrupted by SIGINT", "interrupted by SIGINT"),
    ],
)
def test_a_plan_that_ended_early_is_two_lines_however_many_datasets_wait(
    exit_code: int, error: str | None, why: str
) -> None:
    report = report_of([PENDING] * 1234 + [LEFT_OUT], exit_code=exit_code, error=error)
    assert plan(with_problems(report, WRONG)) == [
        f"Nothing was planned: {why}",
        "? 1,234 datasets not looked at",
    ]


def test_a_plan_that_was_broken_off_tells_what_it_saw() -> None:
    report = report_of([UPDATED, PENDING, PENDING], exit_code=130, error="interrupted by SIGINT")
    shown = plan(report)
    assert shown[0] == "~ Gares [gares] other tags"
    assert shown[-3:-1] == ["? 2 datasets not looked at", "Stopped: interrupted by SIGINT"]


def test_a_run_in_which_nothing_began_is_one_line() -> None:
    report = with_problems(report_of([PENDING, LEFT_OUT], exit_code=2), WRONG)
    assert summary(report) == ["Nothing was sent: see the problems", "Report: report.json"]


def test_what_a_problem_has_told_is_named_by_its_place() -> None:
    shared = Problem("m.yaml", 2, 15, "the portal knows no organization 'x'")
    both = f"{WRONG.message}; {shared.message}"
    others = [replace(LEFT_OUT, key=f"d{n}", error=shared.message) for n in range(70)]
    report = report_of([CREATED, replace(LEFT_OUT, error=both), *others], exit_code=1)
    report = with_problems(report, shared, WRONG)
    lines = [
        "! wrong: left out, see m.yaml:8:11, m.yaml:2:15",
        "! 70 datasets: left out, see m.yaml:2:15",
    ]
    assert plan(report)[-3:-1] == lines
    shown = summary(report)
    start = shown.index("Not as wanted:")
    assert shown[start + 1 : start + 3] == [f"  {line}" for line in lines]


def test_what_is_odd_is_told_at_the_end_of_plan_and_summary() -> None:
    odd = replace(resource("a.csv", ResourceStatus.REPLACED), warnings=("the file shrank",))
    many = replace(UPDATED, resources=(odd,) * 60)
    line = "warning: gares › data/a.csv: the file shrank"  # noqa: RUF001 - the sign shown
    shown = plan(report_of([many], dry_run=True))
    assert shown[-52:-1] == [*([line] * 50), "  … and 10 more in the report"]
    assert summary(report_of([many]))[-52:] == [
        *([line] * 50),
        "  … and 10 more in report.json",
        "Report: report.json",
    ]


def test_a_plan_without_changes_is_one_line() -> None:
    assert plan(report_of([UNCHANGED], dry_run=True)) == [
        "Nothing to do: 1 dataset and 1 file are as wanted. (63 requests, 12 s)"
    ]


def test_problems_are_sorted_and_counted() -> None:
    out = console()
    render_problems(
        [
            Problem("b.yaml", 2, 1, "unknown key `titel`, did you mean `title`?"),
            Problem("a.yaml", 12, 3, "the file data/x.csv does not exist"),
            Problem("a.yaml", 3, 5, "unknown licence `fr-l`"),
            Problem("a.yaml", 0, 0, "no datasets"),
            Problem("", 0, 0, "no API key"),
        ],
        out,
    )
    assert lines_of(out) == [
        "no API key",
        "a.yaml: no datasets",
        "a.yaml:3:5: unknown licence `fr-l`",
        "a.yaml:12:3: the file data/x.csv does not exist",
        "b.yaml:2:1: unknown key `titel`, did you mean `title`?",
        "5 problems found.",
    ]


def test_what_one_place_says_of_many_files_is_one_entry_that_counts_and_names_them() -> None:
    refused = "the portal refuses .exe1 files; it lists those it takes at http://p/"
    out = console()
    files = [Problem("a.yaml", 6, 56, f"f/{n}.exe1: {refused}") for n in range(3)]
    others = [Problem("a.yaml", 7, 1, f"f/0.exe1: {refused}"), Problem("a.yaml", 6, 56, "other")]
    render_problems([*files, *others], out)
    assert lines_of(out) == [
        f"a.yaml:6:56: f/0.exe1: {refused}",
        "  and the same of 2 more: f/1.exe1, f/2.exe1",
        "a.yaml:6:56: other",
        f"a.yaml:7:1: f/0.exe1: {refused}",
        "5 problems found.",
    ]
    out = console()
    render_problems([Problem("a.yaml", 1, 1, f"{n}: {refused}") for n in range(5000)], out)
    assert lines_of(out)[1].endswith("9, 10 … and 4,989 more")
    assert lines_of(out)[2:] == ["5,000 problems found."]


def test_no_problem_is_nothing_to_print() -> None:
    out = console()
    render_problems([], out)
    assert lines_of(out) == []


def test_a_long_problem_stays_on_its_line() -> None:
    out = console(40)
    render_problems([Problem("a.yaml", 1, 1, "word " * 50)], out)
    assert len(lines_of(out)) == 2
