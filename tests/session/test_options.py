"""Each option is declared once: its flag and its variable put a value where the table says."""

import ast
import os
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer
from typer.testing import CliRunner

import bulkpub
from bulkpub.cli.app import app
from bulkpub.cli.commands import loaded
from bulkpub.cli.options import with_flags, with_options
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit, RunInfo, RunReport, Totals
from bulkpub.errors import Problem
from bulkpub.observers.events import DatasetFinished, RunStarted, UploadFinished
from bulkpub.session.options import BY_NAME, OPTIONS, Option, Settings, Unit, settings_of

PACKAGE = Path(bulkpub.__file__).parent

NO_OPTIONS = {
    "connection.environment": "keys have no options",
    "connection.key": "comes from the environment alone",
    "connection.key_variable": "is found with the key",
    "connection.retry.first_delay": "the library's alone",
    "connection.retry.max_delay": "the library's alone",
    "connection.limits.most": "follows from concurrency",
    "connection.limits.finds": "follows from concurrency",
    "connection.limits.window": "the portal's kind says it",
    "run.verify": "the command is called so",
    "run.exact": "follows from where a plan is written",
    "run.attempts": "the library's alone",
    "run.look_again_s": "the library's alone",
    "harvest.allow_private": "that of the sources, which the command hands on",
    "harvest.base": "where the manifest goes",
    "harvest.leave_out": "the manifest itself",
    "harvest.lost": "the command's way to tell",
    "harvest.note": "the command's way to tell",
    "harvest.today": "the clock's",
    "harvest.rules": "those of the portal that the manifest is for",
}
"""Fields that are no option, and why."""

WRITTEN: dict[Unit, tuple[str, Any, str]] = {
    Unit.COUNT: ("7", 7, "8"),
    Unit.SECONDS: ("7.5", 7.5, "8"),
    Unit.SIZE: ("7 MB", 7_000_000, "8MiB"),
    Unit.DURATION: ("2h30m", 9000.0, "8s"),
    Unit.SHARE: ("7%", 0.07, "8%"),
    Unit.AT_ONCE: ("7", 7, "auto"),
    Unit.DAY: ("2024-01-31", date(2024, 1, 31), "2023-01-31"),
    Unit.LANGUAGE: ("NL-be", "nl", "en"),
    Unit.TEXT: ("some words", "some words", "others"),
    Unit.CHOICE: ("json", "json", "human"),
}
"""By unit: how a value is written, what it is, and how another one is written."""


def cases() -> list[Any]:
    return [
        pytest.param(option, command, id=f"{command}-{option.name}")
        for option in OPTIONS
        for command in option.commands
    ]


@cache
def telling(command: str) -> Callable[..., Settings]:
    """A command of this name that answers with what it is given."""
    got: list[Settings] = []

    def asked(*, settings: Settings) -> None:
        got.append(settings)

    asked.__name__ = command
    one = typer.Typer()
    one.command()(with_options(asked))
    command_line = typer.main.get_command(one)

    def answer(words: list[str]) -> Settings:
        command_line.main(words, standalone_mode=False)
        return got.pop()

    return answer


def given(command: str, *words: str, env: dict[str, str] | None = None) -> Settings:
    """What a command of this name is given for a command line and variables."""
    with patch.dict(os.environ, env or {}):
        return telling(command)(list(words))


@cache
def silent(command: str) -> Settings:
    """What it is given for nothing."""
    return given(command)


def sample(option: Option, tmp_path: Path) -> tuple[list[str], Any]:
    """The words that set the option to something else, and what that is."""
    match option.unit:
        case Unit.SWITCH | Unit.TIMES | Unit.PAIRS | Unit.TEXTS:
            return {
                Unit.SWITCH: ([option.flag], True),
                Unit.TIMES: ([option.flag, option.flag], 2),
                Unit.TEXTS: ([option.flag, "a*", option.flag, "b"], ("a*", "b")),
                Unit.PAIRS: (
                    [option.flag, "a=1", option.flag, "b=2=3"],
                    {"a": "1", "b": "2=3"},
                ),
            }[option.unit]
        case Unit.FILE:
            (tmp_path / "ca.pem").write_text("")
            return [option.flag, str(tmp_path / "ca.pem")], str(tmp_path / "ca.pem")
        case Unit.FOLDER:
            return [option.flag, str(tmp_path)], tmp_path
        case Unit.CHOICE:
            other = next(each for each in option.choices if each != option.value(Settings()))
            return [option.flag, other], other
        case _:
            written, value, _ = WRITTEN[option.unit]
            return [option.flag, written], value


@pytest.mark.parametrize(("option", "command"), cases())
def test_a_flag_reaches_its_place_and_no_other(
    option: Option, command: str, tmp_path: Path
) -> None:
    words, value = sample(option, tmp_path)
    settings, unsaid = given(command, *words), silent(command)
    assert option.name in BY_NAME
    assert option.value(settings) == value
    assert option.value(unsaid) == option.default(command) != value
    others = [o for o in OPTIONS if o is not option and command in o.commands]
    assert [o.value(settings) for o in others] == [o.value(unsaid) for o in others]


@pytest.mark.parametrize(("option", "command"), cases())
def test_a_variable_does_the_same_and_a_flag_beats_it(
    option: Option, command: str, tmp_path: Path
) -> None:
    words, value = sample(option, tmp_path)
    if option.variable is None:
        name = f"BULKPUB_{option.name.upper()}"
        assert given(command, env={name: words[-1]}) == silent(command)
        return
    written = "1" if option.unit is Unit.SWITCH else words[-1]
    assert option.value(given(command, env={option.variable: written})) == value
    if option.unit in WRITTEN:
        choices = [each for each in option.choices if each != words[-1]]
        other = {option.variable: choices[0] if choices else WRITTEN[option.unit][2]}
        assert option.value(given(command, env=other)) != value
        assert option.value(given(command, *words, env=other)) == value


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--chunk-size huge", "'huge' is no size; write for instance 64MiB"),
        ("--max-wait soon", "'soon' is no duration; write for instance 30m"),
        ("--quota-reserve 100%", "'100%' leaves nothing; write for instance 5%"),
        ("--var today", "'today' gives no value; write for instance today=2024-01-31"),
        ("--var a=1 --var a=2", "'a' is given two values"),
        ("--concurrency 0", "'0' is neither auto nor a number from 1 to 64"),
        ("--concurrency 65", "'65' is neither auto nor a number from 1 to 64"),
        ("--concurrency many", "'many' is neither auto nor a number from 1 to 64"),
        ("--quota-reserve five", "'five' is no share; write for instance 5%"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(words: str, sentence: str) -> None:
    ended = CliRunner().invoke(app, ["run", "m.yaml", *words.split()])
    assert ended.exit_code == 2
    assert sentence in " ".join(ended.output.replace("│", " ").split())


# --- the table ----------------------------------------------------------------------------


def test_no_two_options_share_a_name_or_a_place_nor_a_flag_or_a_variable_of_one_command() -> None:
    assert len(BY_NAME) == len(OPTIONS) == len({option.place for option in OPTIONS})
    for command in {command for option in OPTIONS for command in option.commands}:
        options = [option for option in OPTIONS if command in option.commands]
        assert len({option.flag for option in options}) == len(options)
        variables = [option.variable for option in options if option.variable]
        assert len(set(variables)) == len(variables)


def test_every_field_of_what_the_library_takes_is_an_option_or_is_known_to_be_none() -> None:
    places = {option.place for option in OPTIONS}
    assert set(leaves(Settings())) == places | set(NO_OPTIONS)
    assert not places & set(NO_OPTIONS)


def leaves(value: Any, place: str = "") -> list[str]:
    if not is_dataclass(value) or place in NO_OPTIONS:
        return [place]
    names = [field.name for field in fields(value)]
    return [
        leaf
        for name in names
        for leaf in leaves(getattr(value, name), f"{place}.{name}".lstrip("."))
    ]


def test_every_command_an_option_names_exists_and_has_it() -> None:
    for option in OPTIONS:
        for command in option.commands:
            flags = {flag for each in loaded(command).params for flag in each.opts}
            assert option.flag in flags, (command, option.flag)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_says_what_it_does_in_a_sentence(option: Option) -> None:
    for words in (option.help, *option.help_of.values()):
        assert words[0].isupper()
        assert words.endswith(".")
    assert {*option.help_of, *option.default_of} <= set(option.commands)


def test_nothing_given_is_the_defaults() -> None:
    assert settings_of({}) == Settings()


# --- flags in sentences -------------------------------------------------------------------

NAMED = "wait `max_wait`, fetch with `allow_private`; `portal:` and `other` stay"
FLAGGED = "wait --max-wait, fetch with --allow-private-sources; `portal:` and `other` stay"


def test_a_sentence_gets_the_flags_of_the_options_it_names() -> None:
    assert with_flags(NAMED) == FLAGGED
    assert with_flags(Problem("m.yaml", 1, 2, NAMED)) == Problem("m.yaml", 1, 2, FLAGGED)


def test_a_report_gets_flags_in_its_sentences_and_nowhere_else() -> None:
    def report(sentence: str) -> RunReport:
        resource = ResourceOutcome(
            NAMED, ResourceStatus.FAILED, sentence, title=NAMED, error=sentence
        )
        dataset = DatasetOutcome(
            NAMED, DatasetStatus.FAILED, sentence, error=sentence, resources=(resource,)
        )
        now = datetime(2026, 1, 1, tzinfo=UTC)
        run = RunInfo("id", now, now, 0.0, (NAMED,), NAMED, dry_run=False, exit_code=1, version="1")
        run = replace(run, error=sentence, problems=(Problem(NAMED, 1, 1, sentence),))
        return RunReport(run, Totals(), RateLimit(), (dataset,))

    assert with_flags(report(NAMED)) == report(FLAGGED)
    outcome = report(NAMED).datasets[0]
    assert with_flags(DatasetFinished(outcome)) == DatasetFinished(report(FLAGGED).datasets[0])


def test_events_get_them_too_and_figures_stay() -> None:
    finished = with_flags(UploadFinished("d", "r", NAMED))
    assert finished == UploadFinished("d", "r", FLAGGED)
    started = RunStarted("demo", 1, 2, dry_run=False)
    assert with_flags(started) is started


def test_only_the_command_line_speaks_of_flags() -> None:
    """A test of the rule: outside it a sentence names an option as the library does."""
    speaking = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in {"cli", "sandbox"}
        and path.name != "options.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"(?<![-\w])--[a-z]", node.value)
    ]
    assert speaking == []
