"""The commands that publish, or would: run, plan, verify, migrate; and what they print."""

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import bulkpub
from bulkpub.cli.afterwards import check_outputs, folded, leave_behind
from bulkpub.cli.environment import state_folder, with_keys
from bulkpub.cli.interrupts import interruptible
from bulkpub.cli.lines import nothing_changed
from bulkpub.cli.loop import run as run_in_loop
from bulkpub.cli.options import Manifests, ManifestsOrPlans, with_flags
from bulkpub.cli.problems import render_problems, render_warnings
from bulkpub.cli.render import render_not_as_wanted, render_summary
from bulkpub.cli.render_plan import render_plan
from bulkpub.cli.report_file import STDOUT, check_report_path, holds_last_run, write_report
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.core.report import RunReport
from bulkpub.engine.choice import engine_of
from bulkpub.errors import OutputLost, SettingsInvalid
from bulkpub.language import in_language, say, tr
from bulkpub.observers import Event, Observer
from bulkpub.observers.console import SteadyConsole, is_terminal
from bulkpub.pipeline import Verify
from bulkpub.session.observing import open_observers
from bulkpub.session.options import Output, Settings
from bulkpub.session.saved_plan import is_complete, read_saved_plan

__all__ = [
    "migrate",
    "observing",
    "plan",
    "print_report",
    "run",
    "see_that_nothing_is_overwritten",
    "verify",
]

Task = Callable[..., Awaitable[RunReport]]
"""`bulkpub.publish` with its manifests, or `bulkpub.migrate` with what to migrate."""


# --- the commands -------------------------------------------------------------------------


def run(manifests: ManifestsOrPlans = None, *, settings: Settings) -> None:
    """Make the portal what the manifest says: observe, plan, publish, report."""
    if settings.plan is not None and settings.run.dry_run:
        raise SettingsInvalid(say("a plan is made or carried out: say one of --dry-run and --plan"))
    manifests = manifests or _manifests_of_plan(settings.plan)
    if settings.run.dry_run and settings.output.report == Output().report:
        settings = replace(settings, output=replace(settings.output, report=""))  # as for `plan`
    raise typer.Exit(_carry_out("run", _publishing(manifests, settings), settings))


def plan(
    manifests: Manifests,
    *,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the plan as JSON, for programs: the report of a run to come."
        ),
    ] = False,
    detailed: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="End with exit code 5, not 0, when there are changes."
        ),
    ] = False,
    settings: Settings,
) -> None:
    """Show what `run` would do, without a single write."""
    out = settings.output.out
    settings = replace(settings, run=replace(settings.run, dry_run=True, exact=bool(out)))
    task, also = _publishing(manifests, settings), [STDOUT] if as_json else []
    raise typer.Exit(_carry_out("plan", task, settings, also=also, out=out, detailed=detailed))


def verify(
    manifests: Manifests,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare the portal's checksums, download nothing.")
    ] = False,
    settings: Settings,
) -> None:
    """Compare everything published with the manifest and its files, without a single write."""
    how = Verify.QUICK if quick else Verify.FULL
    settings = replace(settings, run=replace(settings.run, dry_run=True, verify=how))
    raise typer.Exit(_carry_out("verify", _publishing(manifests, settings), settings))


def migrate(
    *,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ORG", help="All datasets of this id or slug."),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option("--dataset", metavar="ID", help="This dataset; can be given several times."),
    ] = None,
    settings: Settings,
) -> None:
    """Host on the portal, in place, the files that its datasets only point to.

    Ids, permalinks, titles and order stay, and the old address is kept. What cannot be fetched
    stays as it is (exit code 1); an API or a page is left alone.
    """
    if not (organization or dataset):
        raise SettingsInvalid(say("say what to migrate: --organization ORG, or --dataset ID"))
    task = partial(bulkpub.migrate, organization=organization, datasets=tuple(dataset or ()))
    raise typer.Exit(_carry_out("migrate", task, settings))


def _publishing(manifests: Manifests, settings: Settings) -> Task:
    paths = [str(path) for path in manifests]
    see_that_nothing_is_overwritten(settings, paths)
    task: Task = partial(bulkpub.publish, paths, variables=settings.variables)
    return task if settings.plan is None else partial(task, plan=Path(settings.plan))


def see_that_nothing_is_overwritten(settings: Settings, manifests: Sequence[str]) -> None:
    """Raises `SettingsInvalid` where what is written would take the place of what is read."""
    output = settings.output
    written = [each for each in (output.report_file, output.out) if each and each != STDOUT]
    read = [*manifests, *([settings.plan] if settings.plan else [])]
    places = {os.path.realpath(each) for each in read}
    for each in written:
        if os.path.realpath(each) in places:
            raise SettingsInvalid(
                say("{file} is read, and would be written over: give another name", file=each)
            )


def _manifests_of_plan(path: str | None) -> list[Path]:
    """Those that the plan in the file at `path` was made of."""
    if path is None:
        raise SettingsInvalid(say("MANIFEST is missing: give one, or a plan with --plan"))
    return [Path(name) for name in read_saved_plan(Path(path)).run.manifests]


# --- carrying them out --------------------------------------------------------------------


def _carry_out(
    command: str,
    task: Task,
    settings: Settings,
    *,
    also: Sequence[str] = (),
    out: str = "",
    detailed: bool = False,
) -> ExitCode:
    """Do it, and print how it went; the report goes to the files (or stdout) `also`, too.

    To the file `out` it goes if it is that of a plan which can be carried out.
    `detailed`: that a plan has changes is told by the exit code. Raises `SettingsInvalid` when the
    report could not be written where it is wanted, or the engine is none: that is found out before
    anything is sent.
    """
    report_files = list(dict.fromkeys(filter(None, (settings.output.report_file, *also))))
    for each in filter(None, (*report_files, out)):
        check_report_path(each)
    check_outputs(settings.output)
    engine = engine_of(settings.engine, settings.workers)
    connection = with_keys(settings, os.environ)
    told = f"bulkpub {command}"
    with folded(os.environ, told), observing(settings.output) as observers:
        report = run_in_loop(
            partial(
                task,
                connection=connection,
                sources=settings.sources,
                options=settings.run,
                observers=observers,
                interruptible=interruptible,
                state_dir=state_folder(settings),
                engine=engine,
            )
        )
    planned = settings.run.dry_run and settings.run.verify is Verify.NO
    if detailed and report.run.exit_code == ExitCode.DONE and _has_changes(report):
        report = replace(report, run=replace(report.run, exit_code=ExitCode.CHANGES))
    report = with_flags(report)
    if out and is_complete(report.run):
        report_files.append(out)
    elif out:
        sys.stderr.write(tr("bulkpub: no plan was written to {file}", file=out) + "\n")
    code = print_report(report, report_files, settings.output.report_format, planned=planned)
    state = None if planned else state_folder(settings)
    left = leave_behind(command, report, settings.output, state=state, environment=os.environ)
    return code or left


def _has_changes(report: RunReport) -> bool:
    """Whether a run would do something, be it only to remove files here that are published."""
    removes = (each.removed for dataset in report.datasets for each in dataset.resources)
    return not nothing_changed(report) or any(removes)


@contextmanager
def observing(output: Output, *, is_summed_up: bool = True) -> Iterator[list[Observer]]:
    """Those who watch at the terminal, where sentences name flags; a summary may follow."""
    here = is_summed_up and (output.report == STDOUT or is_read_together())
    with open_observers(output, is_summed_up=is_summed_up, is_read_here=here) as observers:
        yield _with_flags(observers)


def is_read_together() -> bool:
    """Whether who reads stderr reads stdout as well: the same file, or the log of a CI system."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        return True
    try:
        out, err = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # None, where it was closed
        return False
    return (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)


def _with_flags(observers: Sequence[Observer]) -> list[Observer]:
    def observe(event: Event) -> None:
        event = with_flags(event)
        for observer in observers:
            observer(event)

    return [observe]


# --- the results --------------------------------------------------------------------------


def print_report(
    report: RunReport, report_files: Sequence[str], form: str = "json", *, planned: bool = False
) -> ExitCode:
    """Write the report, print the summary or the plan, and return the exit code."""
    report = with_flags(report)
    errors = SteadyConsole(stderr=True, highlight=False, soft_wrap=True)
    to_stdout = STDOUT in report_files
    results = errors if to_stdout else SteadyConsole(highlight=False, soft_wrap=True)
    code = ExitCode(report.run.exit_code)
    render_warnings(report.run.warnings, errors)
    if report.run.problems:
        render_problems(report.run.problems, errors)
    written: str | None = None
    for each in report_files:
        if holds_last_run(each, report):
            kept = tr("{file} still has the report of the run before.", file=each)
            errors.print(kept, markup=False)
            continue
        try:
            write_report(report, each, form)
        except OutputLost as lost:
            errors.print(f"bulkpub: {in_language(str(lost))}", markup=False)
            code = code or code_of(lost)
        else:
            written = written or (each if each != STDOUT else None)
    try:
        if planned:
            render_plan(report, results)
        else:
            render_summary(report, results, report_path=written)
            if is_terminal(sys.stderr) and not is_terminal(sys.stdout) and not to_stdout:
                # The summary went elsewhere, and there is no log here.
                render_not_as_wanted(report, errors, report_path=written)
    except OSError as error:  # a disk that is full; a broken pipe has silenced the console
        errors.print(
            tr("bulkpub: the results could not be printed: {strerror}", strerror=error.strerror),
            markup=False,
        )
        # What is still buffered would fail once more, with exit code 120, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or ExitCode.SOME_FAILED
    return code
