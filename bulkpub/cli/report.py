"""`bulkpub report`: the report of a run to be looked at: as a page, as Markdown, or in short."""

import os
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bulkpub.cli.environment import state_folder
from bulkpub.cli.options import with_flags
from bulkpub.cli.report_file import STDOUT, check_report_path, write_whole
from bulkpub.core.report import RunReport
from bulkpub.errors import ReportUnreadable, SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.observers.console import SteadyConsole
from bulkpub.reports.reading import read_report
from bulkpub.reports.speaking import spoken_report
from bulkpub.session.options import BY_NAME, NO_REPORT, Output, Settings
from bulkpub.state.history import is_run_id, kept_report, past

__all__ = ["report"]


def report(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="The report, in JSON or JSON Lines; or the id of a run that `history` lists.",
        ),
    ] = None,
    *,
    html: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="OUT", help="Write a page that needs no network; '-' for stdout."
        ),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as Markdown, fit for a job's summary.")
    ] = False,
    open_: Annotated[
        bool, typer.Option("--open", help="Show the page in the web browser.")
    ] = False,
    last: Annotated[
        bool, typer.Option("--last", help="The last run that this machine remembers.")
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare", metavar="OLD", help="Show what differs from this report, or run, to FILE."
        ),
    ] = None,
    settings: Settings,
) -> None:
    """Show the report of a run: its summary again, or a page, or Markdown."""
    if markdown and (html or open_):
        raise SettingsInvalid(say("say one of --markdown and --html (or --open)"))
    if open_ and html == STDOUT:
        raise SettingsInvalid(
            say("a page on stdout cannot be opened: give --html a file, or leave it")
        )
    if last and file is not None:
        raise SettingsInvalid(say("say one of --last and a file"))
    if compare is not None and (html or open_):
        raise SettingsInvalid(
            say("a comparison has no page: leave --html and --open, or --compare")
        )
    if html is not None:
        check_report_path(html, say("the page"))
    state = state_folder(settings)
    chosen = _last(state) if last else _file(file or _usual_file(os.environ), state)
    read = spoken_report(read_report(chosen))
    if compare is not None:
        _print_difference(
            spoken_report(read_report(_file(compare, state))), read, markdown=markdown
        )
    elif html is not None or open_:
        _write_page(read, html, opened=open_)
    elif markdown:
        from bulkpub.reports.markdown import markdown_of  # noqa: PLC0415 - as the page below

        typer.echo(markdown_of(with_flags(read)), nl=False)
    elif read.run.dry_run and _plans(read):
        from bulkpub.cli.render_plan import render_plan  # noqa: PLC0415 - likewise

        render_plan(with_flags(read), _console())
    else:
        _print_summary(with_flags(read), chosen)


def _print_summary(read: RunReport, chosen: Path) -> None:
    """What the run printed at its end; the problems, too, to which that sends its reader."""
    from bulkpub.cli.problems import render_problems, render_warnings  # noqa: PLC0415 - likewise
    from bulkpub.cli.render import render_summary  # noqa: PLC0415 - likewise

    console = _console()
    render_warnings(read.run.warnings, console)
    if read.run.problems:
        render_problems(read.run.problems, console)
    render_summary(read, console, report_path=str(chosen))


def _plans(read: RunReport) -> bool:
    """Whether there would be anything to do, which a verification never says."""
    datasets, files = read.totals.datasets, read.totals.resources
    done = (datasets.created, datasets.updated, datasets.deleted, files.created, files.replaced)
    return any(done) or any((files.described, files.adopted, files.deleted))


def _console() -> Console:
    return SteadyConsole(highlight=False, soft_wrap=True)


def _usual_file(environment: Mapping[str, str]) -> Path:
    """Where a run writes its report when nobody says otherwise."""
    usual = BY_NAME["report"]
    said = environment.get(usual.variable or "") or Output().report
    return Path(Output().report if said in {STDOUT, NO_REPORT} else said)


def _file(named: Path, state: Path) -> Path:
    """The file that is named so, or where the report of the run is that has this id."""
    if is_run_id(str(named)) and not named.exists():
        found = kept_report(state, str(named))
        if found is None:
            raise ReportUnreadable(
                say("no report of the run {run} is kept: see `bulkpub history`", run=named)
            )
        return found
    return named


def _last(state: Path) -> Path:
    for run, _ in past(state):
        if (found := kept_report(state, run)) is not None:
            return found
    raise ReportUnreadable(say("no run is remembered here: see `bulkpub history`"))


def _print_difference(old: RunReport, new: RunReport, *, markdown: bool) -> None:
    from bulkpub.reports.compare import differences, lines_of  # noqa: PLC0415 - as the page below

    difference = differences(with_flags(old), with_flags(new))
    if markdown:
        from bulkpub.reports.markdown import difference_as_markdown  # noqa: PLC0415 - likewise

        typer.echo(difference_as_markdown(difference), nl=False)
        return
    console = _console()
    for line in lines_of(difference):
        console.print(line, markup=False)


def _write_page(read: RunReport, html: str | None, *, opened: bool) -> None:
    from bulkpub.reports.page import page_of  # noqa: PLC0415 - pictures that only this needs

    if html is None:
        # Where others on this machine cannot read it, and for as long as the browser wants it.
        html = str(Path(tempfile.mkdtemp(prefix="bulkpub-report-")) / "report.html")
    write_whole((piece.encode() for piece in page_of(read)), html, say("the page"))
    if html != STDOUT:
        typer.echo(tr("Page: {file}", file=html))
    if opened and not webbrowser.open(Path(html).resolve().as_uri()):
        typer.echo(tr("No web browser was found here: open the page yourself."), err=True)
