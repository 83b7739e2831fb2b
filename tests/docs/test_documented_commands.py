"""The documentation says what the program does: its commands, flags, manifests and links exist."""

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # it comes without types
import pytest
import typer
from ruamel.yaml import YAML

from bulkpub.cli.app import app
from bulkpub.cli.commands import COMMANDS, loaded
from bulkpub.cli.help import EVERYTHING
from tests.manifests import json_schema, load

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS_PAGE = ROOT / "docs" / "reference" / "commands.md"
MAKER = Path(__file__).with_name("commands_reference.py")

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SHELLS = {"sh", "console", "bash"}


def fences(page: Path, *languages: str) -> Iterator[str]:
    for indent, language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield "\n".join(line.removeprefix(indent) for line in text.splitlines())


# --- command lines ------------------------------------------------------------------------


def command_lines(page: Path) -> Iterator[str]:
    """What follows `bulkpub` in the page's shell blocks and inline code, one per command."""
    spans = [
        line.removeprefix("$ ")
        for text in fences(page, *SHELLS, "yaml", "text")
        for line in text.splitlines()
        if not line.startswith("#")
    ]
    spans += INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    for span in spans:
        for part in re.split(r"\s(?:&&|\|\|?|;)\s|^- |^\s+- ", span):
            words = part.strip()
            if words == "bulkpub" or words.startswith("bulkpub "):
                yield words


@cache
def manifest_schema() -> Any:
    return jsonschema.Draft202012Validator(json_schema())


@cache
def flags() -> dict[str, dict[str, Any]]:
    """By command (`""` is bulkpub itself): its flags and what typer knows of each."""
    group: Any = typer.main.get_command(app)
    return {
        name: {
            flag: option
            for option in command.params
            if option.param_type_name == "option"
            for flag in (*option.opts, *option.secondary_opts)
        }
        | {"--help": None, EVERYTHING: None}
        for name, command in {
            "": group,
            **{name: loaded(name) for name in COMMANDS},
        }.items()
    }


def faults_of(line: str) -> list[str]:
    """What a command line names that does not exist."""
    words = shlex.split(line, comments=True)[1:]
    command = ""
    if words and not words[0].startswith("-") and not words[0].isupper():
        command = words.pop(0)
    if command not in flags():
        return [f"there is no command '{command}'"]
    given = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    known = flags()[command]
    return [
        f"'bulkpub {command}' has no flag {flag}"
        for flag in given
        if flag not in known and not _bundled(flag, known)
    ]


def _bundled(flag: str, known: dict[str, Any]) -> bool:
    """Whether `flag` is short ones written together, as in -vv."""
    return flag[1] != "-" and all(f"-{letter}" in known for letter in flag[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_names_commands_and_flags_that_exist(page: Path) -> None:
    wrong = {line: faults for line in command_lines(page) if (faults := faults_of(line))}
    assert not wrong


def test_the_pages_do_show_command_lines() -> None:
    shown = [line for page in PAGES for line in command_lines(page)]
    assert len(shown) > 40
    used = {shlex.split(line, comments=True)[1] for line in shown if " " in line}
    assert used >= set(flags()) - {""}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("bulkpub run velos.yaml", None),
        ("bulkpub run -vv --portal demo velos.yaml  # as seen", None),
        ("bulkpub run --portal=demo velos.yaml", None),
        ("bulkpub publish velos.yaml", "there is no command 'publish'"),
        ("bulkpub validate --portal demo velos.yaml", "'bulkpub validate' has no flag --portal"),
        ("bulkpub run -x velos.yaml", "'bulkpub run' has no flag -x"),
    ],
)
def test_a_command_line_that_does_not_exist_is_noticed(line: str, fault: str | None) -> None:
    assert faults_of(line) == ([fault] if fault else [])


def test_every_harvest_shown_says_for_which_portal() -> None:
    """A manifest without one is refused by the very next command."""
    lines = [
        line
        for page in PAGES
        for text in fences(page, *SHELLS)
        for line in text.splitlines()
        if line.startswith("bulkpub harvest ")
    ]
    assert len(lines) > 8
    assert [line for line in lines if "--portal " not in line] == []


# --- the reference of the commands --------------------------------------------------------


def documented_rows(command: str) -> dict[str, str]:
    """The rows of the command's table, by flag."""
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    section = next((s for s in sections if s.startswith(f"`bulkpub {command}`\n")), "")
    return {
        flag: row
        for row in section.splitlines()
        if row.startswith("| `-")
        for flag in re.findall(r"`(-[\w-]+)`", row.split(" | ")[0])
    }


def test_the_tables_of_the_reference_are_made_from_the_commands() -> None:
    spec = importlib.util.spec_from_file_location("commands_reference", MAKER)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = COMMANDS_PAGE.read_text(encoding="utf-8")
    assert maker.with_tables(page) == page, "run: python tests/docs/commands_reference.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_in_the_reference_with_its_variable_and_default(command: str) -> None:
    rows = documented_rows(command)
    known = {flag: option for flag, option in flags()[command].items() if option is not None}
    assert set(rows) == set(known)
    for flag, option in known.items():
        _, variable, default = rows[flag].replace("\\|", "/").split(" | ")[:3]
        assert variable == (f"`{option.envvar}`" if option.envvar else "none"), flag
        assert default == shown_default(option), flag


def shown_default(option: Any) -> str:
    if isinstance(option.show_default, str):
        return f"`{option.show_default}`"
    if option.default is False or option.count:
        return "off"
    return "none" if option.default in {None, ""} else f"`{option.default}`"


def test_the_flags_of_bulkpub_itself_are_in_the_reference() -> None:
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    own = {flag for flag, option in flags()[""].items() if option is not None}
    assert all(f"bulkpub {flag}`" in text for flag in own | {"--help"})


# --- links --------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and GitLab make of the page's headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_internal_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


# --- manifests ----------------------------------------------------------------------------


def manifests() -> list[Any]:
    found = []
    for page in PAGES:
        name = page.relative_to(ROOT)
        documents = [text for text in fences(page, "yaml") if "\ndatasets:" in text]
        found += [
            pytest.param("manifest.yaml", text, id=f"{name}-{number}")
            for number, text in enumerate(documents, 1)
        ]
        found += [
            pytest.param("manifest.jsonl", text, id=f"{name}-jsonl{number}")
            for number, text in enumerate(fences(page, "jsonl"), 1)
        ]
    return found


def datasets_of(name: str, text: str) -> list[dict[str, Any]]:
    if name.endswith(".yaml"):
        datasets: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)["datasets"]
        return datasets
    return [dataset for line in text.splitlines() if "key" in (dataset := json.loads(line))]


def make_files(folder: Path, datasets: list[dict[str, Any]]) -> None:
    """Everything the datasets name; for a glob one file that matches."""
    for dataset in datasets:
        named = [dataset.get("description_file")]
        for resource in dataset.get("resources", []):
            named += [resource.get(way) for way in ("path", "glob", "of")]
        for name in filter(None, named):
            file = folder / name.replace("**", "dossier").replace("*", "exemple")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("exemple\n", encoding="utf-8")


@pytest.mark.parametrize(("name", "text"), manifests())
def test_every_manifest_shown_is_one(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    make_files(tmp_path, datasets_of(name, text))
    loaded = load([tmp_path / name])
    assert not loaded.problems
    assert loaded.datasets


def test_manifests_are_shown_at_all() -> None:
    assert len(manifests()) > 8


@pytest.mark.parametrize(
    ("name", "text"), [each for each in manifests() if each.values[0].endswith(".yaml")]
)
def test_every_manifest_shown_fits_the_schema_that_editors_use(name: str, text: str) -> None:
    # JSON and back: as an editor sees it, dates are text.
    document = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    manifest_schema().validate(document)
    assert name == "manifest.yaml"
