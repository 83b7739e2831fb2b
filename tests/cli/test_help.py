"""`--help` and what is said of a wrong command line: short, whole, and as wide as the terminal."""

import os
import re
from collections.abc import Container
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from bulkpub.cli.app import app
from bulkpub.cli.commands import COMMANDS, Group, loaded
from bulkpub.cli.help import Entry, Page, PagedCommand, Section, page_lines
from bulkpub.cli.usage import usage_sentence

SIX = 6
LONGEST_WORD = re.compile(r"\S{55,}")


def pages() -> list[Any]:
    return [
        pytest.param(name, everything, id=f"{name}{'-all' * everything}")
        for name in COMMANDS
        for everything in (False, True)
    ]


def page_of(name: str, *, everything: bool = False) -> Page:
    command = loaded(name)
    assert isinstance(command, PagedCommand)
    context = command.make_context(f"bulkpub {name}", [], resilient_parsing=True)
    return command.page(context, everything=everything)


def lines_of(page: Page, width: int) -> list[str]:
    return [line for line, _ in page_lines(page, width)]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize(("name", "everything"), pages())
def test_a_page_is_no_wider_than_the_terminal(name: str, everything: bool, width: int) -> None:  # noqa: FBT001 - a parameter
    for line in lines_of(page_of(name, everything=everything), width):
        assert len(line) <= width or LONGEST_WORD.search(line) or " " not in line.strip()
        assert line == line.rstrip()


@pytest.mark.parametrize("name", COMMANDS)
def test_six_options_at_most_stand_at_the_door_and_the_others_behind_it(name: str) -> None:
    short, whole = page_of(name), page_of(name, everything=True)
    flags = {entry.head for section in whole.sections for entry in section.entries}
    shown = [entry.head for section in short.sections for entry in section.entries]
    assert set(shown) <= flags
    options = [head for head in shown if head.startswith("-")]
    assert len(options) <= SIX
    others = len(flags) - len(shown) - 1  # that of --help itself
    hint = f"`bulkpub {name} --help-all` shows {others} other option{'s' * (others != 1)}."
    assert (hint in short.notes) == bool(others)


@pytest.mark.parametrize(("name", "everything"), pages())
def test_nothing_on_a_page_is_the_machines_own_word(name: str, everything: bool) -> None:  # noqa: FBT001 - a parameter
    text = "\n".join(lines_of(page_of(name, everything=everything), 80))
    assert not re.search(r"<\w+>|\(none\)|default: (None|False|\[\])|\\\[|list\[", text)


def test_all_options_have_their_group_bounds_variable_and_default() -> None:
    lines = lines_of(page_of("run", everything=True), 80)
    text = " ".join(" ".join(lines).split())
    assert "Pace and patience:" in lines
    assert "--uploads N" in text
    assert "to one dataset (1 to 32; default: 8; BULKPUB_UPLOADS)." in text
    assert (
        "Trust the certificates in this file (PEM) besides the system's (BULKPUB_CA_FILE)." in text
    )


@pytest.mark.parametrize("width", [80, 60])
def test_every_command_is_listed_in_a_group(width: int) -> None:
    group: Any = typer.main.get_command(app)
    lines = group.get_help(group.make_context("bulkpub", [], resilient_parsing=True)).splitlines()
    assert [f"{each.value}:" for each in Group] == [
        line for line in lines if re.fullmatch("[^ ].*:", line) and line != "Options:"
    ]
    assert {line.split()[0] for line in lines if line.startswith("  ")} >= set(COMMANDS)
    assert width  # how wide it is drawn, `page_lines` is asked above


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "Usage: p",
                "",
                "Options:",
                "  -q, --quiet  No progress.",
                "  --portal www|demo|sandbox|URL",
                "               The portal.",
            ],
        ),
        (
            30,
            [
                "Usage: p",
                "",
                "Options:",
                "  -q, --quiet",
                "      No progress.",
                "  --portal",
                "    www|demo|sandbox|URL",
                "      The portal.",
            ],
        ),
    ],
)
def test_what_an_option_does_stands_beside_it_or_below(width: int, lines: list[str]) -> None:
    entries = [
        Entry("-q, --quiet", "No progress."),
        Entry("--portal www|demo|sandbox|URL", "The portal."),
    ]
    assert lines_of(Page("p", [], [Section("Options", entries)]), width) == lines


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("rnu", "there is no command 'rnu'; did you mean run?"),
        ("plan", "MANIFEST is missing"),
        ("run m --nope", "there is no option --nope"),
        ("run m --reprt x", "there is no option --reprt; did you mean --report or --portal"),
        ("run m --uploads x", "--uploads needs a number"),
        ("run m --uploads 99", "--uploads is 32 at most"),
        ("run m --uploads 0", "--uploads is 1 at least"),
        ("run m --portal", "--portal needs a value"),
        ("run m --quiet=3", "--quiet takes no value"),
        ("run m --ca-file nope", "--ca-file: there is no file 'nope'"),
        ("run m --ca-file /", "--ca-file: '/' is a folder, no file"),
        ("run m --log-format x", "--log-format: 'x' is none of 'human', 'json'"),
        ("run m --chunk-size x", "--chunk-size: 'x' is no size; write for instance 64MiB"),
        ("watch m", "--cron is missing"),
        ("list licenses a b", "'b' was not expected"),
        ("harvest foo x", "KIND: 'foo' is none of "),
    ],
)
def test_a_wrong_command_line_is_told_in_a_sentence(words: str, sentence: str) -> None:
    said = wrong(words)
    assert said.startswith(sentence)
    assert re.search(r"\nSee `bulkpub.* --help`\.$", said)


def test_an_option_without_a_variable_is_named_alone() -> None:
    assert wrong("harvest folder x --limit 0", os.environ).startswith("--limit is 1 at least")


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKPUB_UPLOADS", "x")
    assert wrong("run m", ["BULKPUB_UPLOADS"]).startswith("--uploads (or BULKPUB_UPLOADS) needs a")
    monkeypatch.setenv("BULKPUB_UPLOADS", "1")
    monkeypatch.setenv("BULKPUB_KEEP_GOING", "x")
    assert wrong("run m").startswith("--keep-going is either 1 or 0")


def wrong(words: str, variables: Container[str] = ()) -> str:
    group: Any = typer.main.get_command(app)
    with pytest.raises(TyperException) as raised:
        group.main(words.split(), prog_name="bulkpub", standalone_mode=False)
    return usage_sentence(raised.value, variables)
