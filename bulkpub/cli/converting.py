"""`bulkpub convert`: a manifest in another spelling, with its comments, and nothing lost."""

from pathlib import Path
from typing import Annotated

import typer

from bulkpub.cli.new_file import check_new, write_new
from bulkpub.cli.problems import render_problems, render_warnings
from bulkpub.core.exit_codes import ExitCode
from bulkpub.errors import SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.manifest.converting import SPELLINGS, converted
from bulkpub.observers.console import SteadyConsole

__all__ = ["convert"]


def convert(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="A YAML, TOML, JSON, JSONL or CSV file, or a spreadsheet."
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help=f"The file to write; its name ends in one of {' '.join(SPELLINGS)}."
        ),
    ],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write it though there is a file of that name.")
    ] = False,
) -> None:
    """Write a manifest in another spelling, with its comments; nothing is lost on the way."""
    console = SteadyConsole(highlight=False, soft_wrap=True)
    if output.suffix.lower() not in SPELLINGS:
        raise SettingsInvalid(
            say(
                "{output}: a manifest's name ends in one of {spellings}",
                output=output,
                spellings=" ".join(SPELLINGS),
            )
        )
    check_new(output, overwrite=overwrite)
    made = converted(manifest, output)
    render_warnings(made.warnings, console)
    if made.problems:
        render_problems(made.problems, console)
        raise typer.Exit(ExitCode.WRONG)
    write_new(output, made.text.encode(), overwrite=overwrite)
    console.print(
        tr("Written: {output}. Is it right? bulkpub validate {output}", output=output), markup=False
    )
