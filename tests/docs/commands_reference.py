"""Writes the tables of options in `docs/reference/commands.md`, from what the commands take.

python tests/docs/commands_reference.py
"""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

from bulkpub.cli.commands import loaded
from bulkpub.cli.help import bounds, value_name
from bulkpub.harvest.kinds import Kind
from bulkpub.session.options import BY_NAME

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
TABLE = re.compile(
    r"^(## `bulkpub (\w+)`\n(?:(?!## )[^\n]*\n)*?)\| Flag \| [^\n]*\n(?:\|[^\n]*\n)*", re.MULTILINE
)
"""A section up to its table, and the table."""
HEAD = "| Flag | Variable | Default | Meaning |\n| --- | --- | --- | --- |\n"


def with_tables(page: str) -> str:
    """The page, with the tables that the commands of today have."""
    return TABLE.sub(lambda found: found[1] + HEAD + "".join(rows(found[2])), page)


def rows(command: str) -> list[str]:
    """The rows of a command's table, in the order of its flags."""
    taken: Any = loaded(command)
    parameters = inspect.signature(taken.callback).parameters
    return [
        row(option, parameters[option.name].annotation, command)
        for option in taken.params
        if option.name in parameters and option.param_type_name == "option"
    ]


def row(option: Any, annotation: Any, command: str) -> str:
    _, info = get_args(annotation)
    flags = [f"`{flag}`" for flag in (*option.opts, *option.secondary_opts)]
    flags.sort(key=lambda flag: not flag.startswith("`--"))
    value = value_name(option, annotation)
    cells = (
        ", ".join(flags) + (f" `{value}`" if value else ""),
        f"`{option.envvar}`" if option.envvar else "none",
        shown_default(option),
        meaning(option, info.help, command),
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def shown_default(option: Any) -> str:
    if isinstance(option.show_default, str):
        return f"`{option.show_default}`"
    if option.default is False or option.count:
        return "off"
    return "none" if option.default in {None, ""} else f"`{option.default}`"


def meaning(option: Any, help_: str, command: str) -> str:
    """The help, the bounds, and the kinds of harvest that have a use for it."""
    words = help_.removesuffix(".")
    if said := bounds(option):
        words += f" ({said})"
    kinds = BY_NAME[option.name].kinds if command == "harvest" and option.name in BY_NAME else ()
    others = [kind for kind in Kind if kind not in kinds]
    only = f" Only for {' and '.join(f'`{kind}`' for kind in kinds)}." if kinds else ""
    if kinds and len(others) < len(kinds):
        only = f" Not for {', '.join(f'`{kind}`' for kind in others)}."
    return f"{words}.{only}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
