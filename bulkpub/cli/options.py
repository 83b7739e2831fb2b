"""The flags of the commands: what typer has to know of the options in `session.options`.

A command is a function of its own arguments and of `settings`; `with_options` gives it the flags
of all options that name it. This is also where sentences get their flags: outside the command
line they call an option by its name, in backticks.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import typer

from bulkpub.language import after
from bulkpub.session.options import (
    BY_NAME,
    OPTIONS,
    READERS,
    SEVERAL,
    Option,
    Unit,
    pairs,
    settings_of,
)

__all__ = ["Manifests", "ManifestsOrPlans", "uncommon", "with_flags", "with_options"]

T = TypeVar("T")
Command = Callable[..., None]

Manifests = Annotated[
    list[Path],
    typer.Argument(
        metavar="MANIFEST...",
        help="YAML, TOML, JSON, JSONL or CSV files, or spreadsheets: what should be there.",
    ),
]

ManifestsOrPlans = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[MANIFEST...]",
        help="YAML, TOML, JSON, JSONL or CSV files, or spreadsheets: what should be there; those "
        "of the plan, where one is carried out.",
    ),
]

# --- flags for typer ----------------------------------------------------------------------


def with_options(command: Command) -> Command:
    """`command` with the options that name it, for typer; it is given them as `settings`."""
    name = command.__name__
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
    options = [option for option in OPTIONS if name in option.commands]
    if not options:
        return command

    @functools.wraps(command)
    def with_settings(**given: object) -> None:
        mine = {parameter.name: given.pop(parameter.name) for parameter in own}
        command(**mine, settings=settings_of(given))

    parameters = [*own, *(_parameter(option, name) for option in options)]
    with_settings.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # see inspect.signature
    with_settings.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_settings


def uncommon(command: str) -> frozenset[str]:
    """The options that `--help` of the command leaves to `--help-all`."""
    return frozenset(
        option.name
        for option in OPTIONS
        if command in option.commands and command not in option.common
    )


_TYPES: dict[Unit, Any] = {
    Unit.SWITCH: bool,
    Unit.COUNT: int,
    Unit.SECONDS: float,
    Unit.FILE: Path,
    Unit.FOLDER: Path,
    Unit.TIMES: int,
    Unit.TEXTS: list[str],
    Unit.PAIRS: list[str],
}
_METAVARS = {
    Unit.SECONDS: "SECONDS",
    Unit.AT_ONCE: "N|auto",
    Unit.SIZE: "SIZE",
    Unit.DURATION: "DURATION",
    Unit.SHARE: "PERCENT",
    Unit.TIMES: "",
}


def _parameter(option: Option, command: str) -> inspect.Parameter:
    default = None if option.unit in SEVERAL else option.default(command)
    type_ = Literal[option.choices] if option.choices else _TYPES.get(option.unit, str)
    shown = option.shown_default(command)
    info = typer.Option(
        *(option.flags or (option.flag,)),
        envvar=option.variable,
        metavar=_METAVARS.get(option.unit) if option.metavar is None else option.metavar,
        help=option.help_of.get(command, option.help),
        min=option.least,
        max=option.most,
        parser=_reader(READERS[option.unit]) if option.unit in READERS else None,
        callback=_read_pairs if option.unit is Unit.PAIRS else None,
        count=option.unit is Unit.TIMES,
        exists=option.unit is Unit.FILE,
        dir_okay=option.unit is not Unit.FILE,
        file_okay=option.unit is not Unit.FOLDER,
        show_default=True if shown is None else shown,
        rich_help_panel=option.group,
    )
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[type_ | None if default is None else type_, info],
    )


def _read_pairs(texts: list[str] | None) -> list[str]:
    """The texts, if each is a name and a value."""
    try:
        pairs(texts or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return texts or []


def _reader(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """`read` as typer calls it: with the default, too, and a mistake is its `BadParameter`."""

    def parse(text: Any) -> Any:  # noqa: ANN401 - a default is a value already
        try:
            return read(text) if isinstance(text, str) else text
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parse


# --- flags in sentences -------------------------------------------------------------------

_NAMES = re.compile("`({})`".format("|".join(BY_NAME)))
_SAID = (
    *("error", "reason", "message"),
    *("report", "run", "problems", "outcome", "datasets", "resources"),
)
"""Fields that are sentences, and fields of values that have some."""


def with_flags(said: T) -> T:
    """A sentence with the flag of each option that it names; an event, a report, likewise."""
    found: Any = said
    if isinstance(found, str):
        return cast("T", after(found, _flagged) if "`" in found else found)
    if isinstance(found, tuple):
        written = tuple(map(with_flags, found))
        same = all(new is old for new, old in zip(written, found, strict=True))
        return said if same else cast("T", written)
    if isinstance(found, Sequence) and not isinstance(found, list | bytes):
        return cast("T", _Flagged(found))
    kind: Any = type(found)
    changes = {
        name: new
        for name in _saying(kind)
        if (new := with_flags(old := getattr(found, name))) is not old
    }
    return cast("T", replace(found, **changes)) if changes else said


def _flagged(text: str) -> str:
    return _NAMES.sub(_flag, text)


def _flag(name: re.Match[str]) -> str:
    return BY_NAME[name[1]].flag


@functools.cache
def _saying(kind: type) -> tuple[str, ...]:
    """The fields of such a value in which there may be sentences: most events have none."""
    named = {each.name for each in fields(kind)} if is_dataclass(kind) else set()
    return tuple(name for name in _SAID if name in named)


class _Flagged(Sequence[Any]):
    """Values that are not in memory, each with its flags when it is wanted."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - a number or a slice
        return with_flags(self._values[index])

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return map(with_flags, self._values)
