"""`bulkpub list`: what one may write in a manifest, as the portal lists it."""

from dataclasses import asdict
from functools import partial
from typing import Annotated

import orjson
import typer
from rich.text import Text

from bulkpub.cli.asking import ask
from bulkpub.core.exit_codes import ExitCode
from bulkpub.language import tr
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import shown
from bulkpub.portals import Portal
from bulkpub.portals.telling import Listed, Listing
from bulkpub.session.options import Settings

__all__ = ["list"]

WIDEST = 40
"""Characters to which short columns are filled up."""


def list(  # noqa: A001 # the command's name
    what: Annotated[Listing, typer.Argument(metavar="WHAT", help=f"One of: {', '.join(Listing)}.")],
    search: Annotated[
        str, typer.Argument(metavar="[WORD]", help="Only those with this in them; a zone's name.")
    ] = "",
    *,
    organization: Annotated[
        str | None,
        typer.Option(
            "--organization", metavar="ORG", help="Whose contacts, by id or slug; else one's own."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document, for programs.")
    ] = False,
    settings: Settings,
) -> None:
    """List what one may write in a manifest, as the portal has it: licences, zones and more."""
    work = partial(
        _list, what=what, search=search.strip(), organization=organization, as_json=as_json
    )
    raise typer.Exit(ask(settings, work, portal="www"))


async def _list(
    portal: Portal, *, what: Listing, search: str, organization: str | None, as_json: bool
) -> ExitCode:
    rows = await portal.listed(what, search, organization=organization)
    if as_json:
        told = [asdict(row) for row in rows]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return ExitCode.DONE
    console = SteadyConsole(highlight=False, soft_wrap=True)
    if not rows:
        which = tr(" with '{search}'", search=shown(search)) if search else ""
        console.print(Text(tr("The portal lists no {what}{which}.", what=what, which=which)))
    width = min(max((len(row.id) for row in rows), default=0), WIDEST)
    for row in rows:
        console.print(_line(row, width))
    return ExitCode.DONE


def _line(row: Listed, width: int) -> Text:
    line = Text(shown(row.id).ljust(width if row.name or row.more else 0), style="bold")
    if row.name:
        line.append(f"  {shown(row.name)}", style="default")
    return line.append(f"  {shown(row.more)}", style="dim") if row.more else line
