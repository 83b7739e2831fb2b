"""What French and Windows make people write, each with a sentence of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.manifests import load

Problems = Callable[..., list[str]]
OneDataset = Callable[[str], list[str]]
OneResource = Callable[[str], list[str]]
Write = Callable[..., Path]

APOSTROPHE = (
    "this is not YAML: an apostrophe ends the text here; between single quotes write it twice "
    "(''), or put the text between double quotes"
)
ESCAPE = (
    r"this is not YAML: a \ between double quotes begins an escape; write / between folders, or "
    "use single quotes"
)
BRACE = "this is not YAML: text that begins with { goes between quotes"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("title: 'L'eau'", APOSTROPHE),
        ("title: 'L'eau: les débits'", APOSTROPHE),
        ("- title: 'Qualité de l'air'", APOSTROPHE),
        ("tags: ['l'eau', air]", APOSTROPHE),
        ("tags: [air, 'l'eau']", APOSTROPHE),
        ("title: 'aujourd'hui", APOSTROPHE),
        (r'path: "data\2024.csv"', ESCAPE),
        (r'path: "C:\Users\moi\a.csv"', ESCAPE),
        (r'path: "\\srv\donnees\a.csv"', ESCAPE),
        ("title: {stem} 2024", BRACE),
        ("title: {index:03} - {stem}", BRACE),
    ],
)
def test_what_yaml_reads_otherwise_is_said(line: str, sentence: str, problems: Problems) -> None:
    (problem,) = problems(f"datasets:\n  {line}\n")
    assert problem.startswith("2:")
    assert problem.split(": ", 1)[1] == sentence


@pytest.mark.parametrize("word", ["stem", "index:03", "…"])
def test_braces_that_make_a_mapping_go_between_quotes(word: str, one_resource: OneResource) -> None:
    wanted = (
        "'title' must be text, not a mapping: text that begins with { goes between quotes, "
        f'"{{{word}}}"'
    )
    assert wanted in one_resource(f"{{link: 'https://x/', title: {{{word}}}}}")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            r"{path: 'data\a.csv'}",
            r"the file data\a.csv does not exist; write / between folders: data/a.csv",
        ),
        (
            r"{glob: 'data\*.csv'}",
            r"no file matches data\*.csv; write / between folders: data/*.csv",
        ),
        (
            r'{path: "data\new.csv"}',
            r"the file 'data\new.csv' does not exist; a \ between double quotes begins an escape",
        ),
        ("{path: 'https://x/a.csv'}", "'path' is for files on this machine: for an address write"),
        ("{glob: 'sftp://x/*.csv'}", "'glob' is for files on this machine: for an address write"),
        ("{url: data/a.csv}", "not 'data/a.csv'; for a file on this machine write `path:`"),
    ],
)
def test_a_path_or_an_address_in_the_wrong_place(
    entry: str, sentence: str, one_resource: OneResource, write: Write
) -> None:
    write("data/a.csv")
    (problem,) = one_resource(entry)
    assert sentence in problem


def test_a_name_may_hold_a_backslash_where_there_is_such_a_file(
    one_resource: OneResource, write: Write
) -> None:
    write(r"a\b.csv")
    assert one_resource(r"{path: 'a\b.csv'}") == []


@pytest.mark.parametrize("name", ["m.xlsx", "m.XLS", "m.ods"])
def test_a_spreadsheet_is_to_be_saved_as_csv(name: str, write: Write) -> None:
    (problem,) = load([write(name, b"PK\x03\x04")]).problems
    assert problem.message == "this is a spreadsheet: save it as CSV (UTF-8), and name that"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("frequency: quotidienne", "'frequency' cannot be 'quotidienne' (did you mean 'daily'?)"),
        ("frequency: Tous les mois", "'frequency' cannot be 'Tous les mois' (did you mean 'month"),
        ("frequency: dayly", "'frequency' cannot be 'dayly' (did you mean 'daily'?)"),
        ("licence: lov2", "unknown key 'licence' (did you mean 'license'?)"),
        ("Mots-clés: [a]", "unknown key 'Mots-clés' (did you mean 'tags'?)"),
        ("fréquence: daily", "unknown key 'fréquence' (did you mean 'frequency'?)"),
        ("ressources: []", "unknown key 'ressources' (did you mean 'resources'?)"),
    ],
)
def test_french_words_are_known(line: str, sentence: str, one_dataset: OneDataset) -> None:
    (problem,) = one_dataset(line)
    assert problem.startswith(sentence)


@pytest.mark.parametrize(("french", "english"), [("titre", "title"), ("clé", "key")])
def test_french_keys_that_nothing_else_stands_for(
    french: str, english: str, one_resource: OneResource
) -> None:
    (problem,) = one_resource(f"{{link: 'https://x/', {french}: x}}")
    assert problem == f"unknown key '{french}' (did you mean '{english}'?)"


@pytest.mark.parametrize("line", ["titel: x", "titre: x", "cle: x", "Title: x"])
def test_what_is_already_there_is_not_what_was_meant(line: str, one_dataset: OneDataset) -> None:
    (problem,) = one_dataset(line)
    assert "did you mean" not in problem
    assert "; a dataset knows " in problem


def test_a_file_that_is_listed_already_is_not_what_was_meant(
    problems: Problems, write: Write
) -> None:
    write("data-1.csv")
    entries = "\n".join(f"      - path: {name}" for name in ("data-1.csv", "data-2.csv"))
    text = f"datasets:\n  - id: x\n    resources:\n{entries}\n"
    assert problems(text) == ["5:15: the file data-2.csv does not exist"]


def test_a_column_that_is_there_already_is_not_what_was_meant(problems: Problems) -> None:
    (problem,) = problems("dataset_id,title,titel\na,b,c\n", "m.csv")
    assert problem.startswith("1:18: unknown column 'titel'")
    assert "'title'" not in problem
