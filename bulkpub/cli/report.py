"""`bulkpub report`: the report of a run to be looked at: as a page, as Markdown, or in short."""

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from bulkpub.cli.options import with_flags
from bulkpub.cli.report_file import STDOUT, check_report_path, write_whole
from bulkpub.core.report import RunReport
from bulkpub.errors import SettingsInvalid
from bulkpub.reports.reading import read_report
from bulkpub.session.options import Output

__all__ = ["report"]


def report(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The report, in JSON or JSON Lines."),
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
) -> None:
    """Show the report of a run: its summary again, or a page, or Markdown."""
    chosen = file or Path(Output().report)
    if markdown and (html or open_):
        raise SettingsInvalid("say one of --markdown and --html (or --open)")
    if open_ and html == STDOUT:
        raise SettingsInvalid("a page on stdout cannot be opened: give --html a file, or leave it")
    if html is not None:
        check_report_path(html, "the page")
    read = read_report(chosen)
    if html is not None or open_:
        _write_page(read, html, opened=open_)
    elif markdown:
        from bulkpub.reports.markdown import markdown_of  # noqa: PLC0415 - as the page below

        typer.echo(markdown_of(read), nl=False)
    else:
        from bulkpub.cli.render import render_summary  # noqa: PLC0415 - likewise
        from bulkpub.observers.console import SteadyConsole  # noqa: PLC0415 - likewise

        console = SteadyConsole(highlight=False, soft_wrap=True)
        render_summary(with_flags(read), console, report_path=str(chosen))


def _write_page(read: RunReport, html: str | None, *, opened: bool) -> None:
    from bulkpub.reports.page import page_of  # noqa: PLC0415 - pictures that only this needs

    if html is None:
        # Where others on this machine cannot read it, and for as long as the browser wants it.
        html = str(Path(tempfile.mkdtemp(prefix="bulkpub-report-")) / "report.html")
    write_whole((piece.encode() for piece in page_of(read)), html, "the page")
    if html != STDOUT:
        typer.echo(f"Page: {html}")
    if opened and not webbrowser.open(Path(html).resolve().as_uri()):
        typer.echo("No web browser was found here: open the page yourself.", err=True)
