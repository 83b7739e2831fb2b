"""`bulkpub harvest`: its options, and whether each has a meaning for the kind asked for."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bulkpub.cli import options as o
from bulkpub.cli.harvesting import Asked, harvest_all
from bulkpub.cli.settings import Settings, api_key
from bulkpub.errors import SettingsInvalid
from bulkpub.harvest.kinds import Kind

__all__ = ["harvest"]

DEFAULTS = Settings()

_FLAGS = {
    "single": "--single",
    "recursive": "--recursive",
    "links": "--links and --fetch",
    "organization": "--organization",
}
"""Options that have no meaning for some kinds, and the flags that give them."""


def _day(text: str | date) -> date:
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day; write for instance 2024-01-31") from None


def harvest(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"One of: {', '.join(Kind)}.")],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="A folder, a file of links, the address of a catalogue or of a directory "
            "listing; for a portal organizations and datasets, by id, slug or page.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            dir_okay=False,
            help="Write the manifest there, not to stdout; to one that exists, add what is new.",
        ),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ID", help="The organization to publish for."),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option(
            "--match",
            metavar="TEXT",
            help="Only datasets with this in their title or key; or a pattern for the whole of it, "
            r"with * ? \[abc].",
        ),
    ] = None,
    since: Annotated[
        date | None,
        typer.Option(
            "--since",
            parser=_day,
            metavar="DAY",
            help="Only datasets that changed on that day or later, as far as is known.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many datasets.")
    ] = None,
    links: Annotated[
        bool | None,
        typer.Option(
            "--links/--fetch",
            help="List files where they are, or fetch and host them.",
            show_default="fetch",
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option("--single", help="For a folder: one dataset of all that is in it.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="For a listing: its sub-folders, too.")
    ] = False,
    portal: Annotated[
        str | None,
        typer.Option(
            "--portal",
            envvar="BULKPUB_PORTAL",
            metavar="www|demo|sandbox|URL",
            help="The portal that the manifest is for, and that `portal` harvests.",
        ),
    ] = None,
    insecure: o.Insecure = False,
    allow_private_sources: o.AllowPrivateSources = False,
    ca_file: o.CaFile = None,
    timeout: o.Timeout = DEFAULTS.timeout,
    retries: o.Retries = DEFAULTS.retries,
    quiet: o.Quiet = False,
) -> None:
    """Write a manifest of what exists elsewhere: in a folder, a catalogue, a portal."""
    given = {
        "single": single,
        "recursive": recursive,
        "links": links is not None,
        "organization": organization is not None,
    }
    for name in (name for name, is_given in given.items() if is_given):
        if name not in kind.options:
            raise SettingsInvalid(f"'harvest {kind}' has no use for {_FLAGS[name]}")
    asked = Asked(
        kind=kind,
        sources=tuple(sources),
        output=output,
        organization=organization,
        match=match,
        since=since,
        limit=limit,
        links=links,
        single=single,
        recursive=recursive,
        allow_private=allow_private_sources,
        quiet=quiet,
    )
    settings = Settings(
        portal=portal,
        key=api_key(os.environ),
        insecure=insecure,
        ca_file=ca_file,
        timeout=timeout,
        retries=retries,
    )
    raise typer.Exit(harvest_all(asked, settings))
