"""A wrong command line, in a sentence: what is wrong with it, and where to read what is right."""

import re
from collections.abc import Container, Sequence
from typing import Any

from bulkpub.language import Sentence, in_language, say, tr

__all__ = ["usage_sentence"]

_UNKNOWN_COMMAND = re.compile(r"No such command '(?P<name>.*)'\.(?: Did you mean (?P<near>.+)\?)?")
_EXTRA = re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((?P<words>.*)\)")
_NO_VALUE = re.compile(r"Option '(?P<name>.+)' does not take a value\.")


def usage_sentence(error: Any, variables: Container[str] = ()) -> str:  # noqa: ANN401 - typer's own errors have no public name
    """What typer found wrong with the command line, and on a second line where to read more.

    `variables` are those that are set: one of them may be what is wrong.
    """
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "bulkpub"
    return _what(error, variables) + "\n" + tr("See `{path} --help`.", path=path)


def _what(error: Any, variables: Container[str]) -> str:  # noqa: ANN401 - likewise
    message = " ".join(error.format_message().split())
    param = getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return tr(
            "there is no option {option_name}{possibilities}",
            option_name=error.option_name,
            possibilities=_near(error.possibilities or ()),
        )
    if kind == "MissingParameter" and param is not None:
        return tr("{param} is missing", param=_name(param, variables))
    if kind == "BadParameter" and isinstance(error.message, Sentence):
        why = in_language(error.message)
        return tr("{option}: {why}", option=_name(param, variables), why=why)
    if kind == "BadParameter" and param is not None:
        return f"{_name(param, variables)}{_wrong_value(error.message)}"
    if kind == "BadOptionUsage" and "requires" in message:
        return tr("{option_name} needs a value", option_name=error.option_name)
    return _of_no_option(message)


def _of_no_option(message: str) -> str:
    if found := _NO_VALUE.fullmatch(message):
        return tr("{found} takes no value", found=found["name"])
    if found := _UNKNOWN_COMMAND.fullmatch(message):
        return tr(
            "there is no command '{found}'{near}", found=found["name"], near=_near([found["near"]])
        )
    if found := _EXTRA.fullmatch(message):
        return tr("'{found}' was not expected", found=found["words"])
    return message[:1].lower() + message[1:].removesuffix(".")


def _near(names: Sequence[str | None]) -> str:
    known = [name.strip("'") for name in names if name]
    return tr("; did you mean {known}?", known=tr(" or ").join(known)) if known else ""


def _name(param: Any, variables: Container[str]) -> str:  # noqa: ANN401 - likewise
    """How a person knows an option or an argument."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper()).removesuffix("...")
    flag = str(max(param.opts, key=len))
    has_variable = param.envvar is not None and param.envvar in variables
    return tr("{flag} (or {variable})", flag=flag, variable=param.envvar) if has_variable else flag


_WRONG: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r".*valid (?:integer|number|float).*"), say(" needs a number")),
    (re.compile(r".*valid boolean.*"), say(" is either 1 or 0")),
    (re.compile(r".*greater than or equal to ([\d.]+).*"), say(r" is \1 at least")),
    (re.compile(r".*less than or equal to ([\d.]+).*"), say(r" is \1 at most")),
    (re.compile(r"Value error, (.*) is not one of (.*?)\.?"), say(r": \1 is none of \2")),
    (re.compile(r"[Ff]ile (.*) does not exist\.?"), say(r": there is no file \1")),
    (re.compile(r"[Dd]ir(?:ectory)? (.*) does not exist\.?"), say(r": there is no folder \1")),
    (re.compile(r"[Dd]ir(?:ectory)? (.*) is a file\.?"), say(r": \1 is a file, no folder")),
    (re.compile(r"[Ff]ile (.*) is a directory\.?"), say(r": \1 is a folder, no file")),
    (re.compile(r"(?:Value error, )?(.*?)\.?"), say(r": \1")),
)
"""What the library that read a value says of it, and how that is said of the option."""


def _wrong_value(message: str) -> str:
    found = next((each, said) for each in _WRONG if (said := each[0].fullmatch(message)))
    return found[1].expand(in_language(found[0][1]))
