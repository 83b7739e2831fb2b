"""What French and Windows make people write, each with a sentence of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.manifests import Loaded, load

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
BEGINS = "this is not YAML: text that begins with {} goes between quotes"
BRACE = BEGINS.format("{")
QUOTE = (
    'this is not YAML: a quote ends the text here; between double quotes write it \\", or put the '
    "text between single quotes"
)
REMARK = (
    "this is not YAML: a # begins a remark, which hides the end of the line: put the text between "
    "quotes"
)


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
        ("title: 'Données de l' agence'", APOSTROPHE),
        ('title: "Le "grand" lac"', QUOTE),
        ("title: [Brouillon] Eau", BEGINS.format("[")),
        ("title: - Eau", BEGINS.format("-")),
        ("title: > Eau", BEGINS.format(">")),
        ("title: | Eau", BEGINS.format("|")),
        ("tags: [eau, #air]", REMARK),
    ],
)
def test_what_yaml_reads_otherwise_is_said(line: str, sentence: str, problems: Problems) -> None:
    (problem,) = problems(f"datasets:\n  {line}\n")
    assert problem.startswith(("2:", "3:1:"))  # or at the end, where nothing was closed
    assert problem.split(": ", 1)[1] == sentence


TOML_ESCAPE = ESCAPE.replace("YAML", "TOML")
JSON_ESCAPE = (
    "this is not JSON: a \\ begins an escape; write / between folders, or \\\\ for each \\"
)
TOML_APOSTROPHE = (
    "this is not TOML: an apostrophe ends the text here: put the text between double quotes"
)
JSON_SMALL = "this is not JSON: true, false and null are written in small letters"
JSON_TEXT = 'this is not JSON: text stands between double quotes, "so"'


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("title = 'L'eau'", TOML_APOSTROPHE),
        ("title = 'Qualité de l'air' # ici", TOML_APOSTROPHE),
        ("tags = ['air', 'l'eau']", TOML_APOSTROPHE),
        (
            'title = "Le "grand" lac"',
            (
                'this is not TOML: a quote ends the text here: write it \\", or put the text '
                "between single quotes"
            ),
        ),
        (r'path = "data\2024.csv"', TOML_ESCAPE),
        (r'path = "C:\Users\moi\a.csv"', TOML_ESCAPE),
        ("title = {stem}", BRACE.replace("YAML", "TOML")),
        ("title = {stem} 2024", BRACE.replace("YAML", "TOML")),
        ("title = {…}", BRACE.replace("YAML", "TOML")),
        ("title = L'eau", "this is not TOML: a value is missing, or is text without quotes"),
        ("private = Vrai", "this is not TOML: it is written true or false, in small letters"),
    ],
)
def test_what_toml_reads_otherwise_is_said(line: str, sentence: str, problems: Problems) -> None:
    (problem,) = problems(f"[[datasets]]\n{line}\n", "m.toml")
    assert problem.startswith("2:")
    assert problem.split(": ", 1)[1] == sentence


@pytest.mark.parametrize("name", ["m.json", "m.jsonl"])
@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (r'{"path": "data\2024.csv"}', JSON_ESCAPE),
        (r'{"path": "C:\Users\moi"}', JSON_ESCAPE),
        (r'{"path": "\\srv\donnees"}', JSON_ESCAPE),
        (
            '{"title": "Le "grand" lac"}',
            'this is not JSON: a quote ends the text here; within text it is written \\"',
        ),
        ('{"title": {stem}}', JSON_TEXT),
        ('{"title": Eau}', JSON_TEXT),
        ('{"title": “Eau”}', JSON_TEXT),
        ("{titre: 1}", JSON_TEXT),
        ("{'titre': 1}", "this is not JSON: text stands between double quotes, not single ones"),
        (
            '{"private": True}',
            "this is not JSON: true, false and null are written in small letters",
        ),
    ],
)
def test_what_json_reads_otherwise_is_said(
    name: str, entry: str, sentence: str, problems: Problems
) -> None:
    (problem,) = problems(entry, name)
    assert problem.startswith("1:")
    assert problem.split(": ", 1)[1] == sentence


# --- what a # cuts short ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "column", "left", "lost"),
    [
        ("title: Lot #3", 10, "'Lot'", "#3"),
        ("title: Lot # 3", 10, "'Lot'", "# 3"),
        ("title: Lot #3 # suite", 10, "'Lot'", "#3 # suite"),
        ("title: #1 des jeux", 3, "nothing", "#1 des jeux"),
        ("description: L'eau #eau", 16, "'L'eau'", "#eau"),
        ("resources: [{path: a #1.csv\n  }]", 22, "'a'", "#1.csv"),
    ],
)
def test_text_that_is_cut_short_is_warned_of(
    line: str, column: int, left: str, lost: str, read: Callable[..., Loaded]
) -> None:
    (warning,) = read(f"datasets:\n- key: k\n  {line}\n").warnings
    name = line.partition(":")[0] if "{" not in line else "path"
    assert (warning.line, warning.column) == (3, column)
    assert warning.message == (
        f"of '{name}' {left} is left, as a # begins a remark; if '{lost}' is part of it, put all "
        "of it between quotes"
    )


@pytest.mark.parametrize(
    "line",
    [
        "title: Eau # à revoir",
        "title: 'Lot #3'",
        'title: "Lot #3"',
        "title: Rapport n#3",
        "title: C# pour tous",
        "title: Eau",
        "license: lov2 #lov2",
        "title: |\n    Lot #3",
    ],
)
def test_a_remark_is_no_news(line: str, read: Callable[..., Loaded]) -> None:
    assert read(f"datasets:\n- key: k\n  {line}\n").warnings == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", '{"datasets": [{"id": "x", "title": "Lot #3"}]}'),
        ("m.toml", "[[datasets]]\nid = 'x'\ntitle = 'Lot #3' #4\n"),
        ("m.jsonl", '{"id": "x", "title": "Lot #3"}'),
        ("m.csv", "dataset_id,dataset_title\nx,Lot #3\n"),
    ],
)
def test_elsewhere_a_hash_cuts_nothing(name: str, text: str, read: Callable[..., Loaded]) -> None:
    loaded = read(text, name)
    assert (loaded.warnings, loaded.problems) == ((), ())
    assert loaded.datasets[0].metadata.title == "Lot #3"


# --- braces, paths, addresses ----------------------------------------------------------------


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
        (
            r'{path: "data\0.csv"}',
            r"holds a character no path can have; a \ between double quotes begins an escape",
        ),
        (
            r"{glob: 'data\*.csv', optional: true}",
            r"no file matches data\*.csv; write / between folders: data/*.csv",
        ),
        (
            r"{glob: 'data/*.csv', exclude: ['data\a*']}",
            r"nothing is excluded by data\a*; write / between folders: data/a*",
        ),
        ("{path: 'ftps://x/a.csv'}", "for an address write `url:`, which starts with http, https,"),
        ("{path: 'file:///x/a.csv'}", "on this machine: write its path alone, /x/a.csv"),
        ("{url: 'file:///x/a.csv'}", "'file:///x/a.csv'; for a file on this machine write `path:`"),
        ("{url: www.x.fr/a.csv}", "not 'www.x.fr/a.csv'; write https:// in front"),
        ("{link: x.fr/api}", "not 'x.fr/api'; write https:// in front"),
        ("{link: data/a.csv}", "not 'data/a.csv'; for a file on this machine write `path:`"),
        ("{link: 'ftp://x/a'}", "not 'ftp://x/a'; for a file to be fetched write `url:`"),
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


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            name,
            text,
            sentence,
        )
        for column, value, sentence in [
            ("path", r"data\a.csv", r"the file data\a.csv does not exist; write / between folders"),
            ("path", "https://x/a.csv", "'path' is for files on this machine: for an address"),
            ("url", "data/a.csv", "not 'data/a.csv'; for a file on this machine write `path:`"),
            ("link", "data/a.csv", "not 'data/a.csv'; for a file on this machine write `path:`"),
        ]
        for name, text in [
            # In a table, only one thing can be meant by either: see test_cells.
            *([("m.csv", f"dataset_id;{column}\nx;{value}\n")] if column != "path" else []),
            ("m.toml", f"[[datasets]]\nid = 'x'\n[[datasets.resources]]\n{column} = '{value}'\n"),
            ("m.json", json.dumps({"datasets": [{"id": "x", "resources": [{column: value}]}]})),
            ("m.jsonl", json.dumps({"id": "x", "resources": [{column: value}]})),
        ]
    ],
)
def test_so_it_is_in_every_spelling(
    name: str, text: str, sentence: str, problems: Problems, write: Write
) -> None:
    write("data/a.csv")
    (problem,) = problems(text, name)
    assert sentence in problem


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("frequency", "quotidienne", "'frequency' cannot be 'quotidienne' (did you mean 'daily'?)"),
        ("licence", "lov2", "unknown key 'licence' (did you mean 'license'?)"),
        ("mots_cles", "eau", "unknown key 'mots_cles' (did you mean 'tags'?)"),
    ],
)
@pytest.mark.parametrize("name", ["m.yaml", "m.toml", "m.json", "m.jsonl"])
def test_french_is_answered_in_every_spelling(
    name: str, key: str, value: str, sentence: str, problems: Problems
) -> None:
    dataset = {"id": "x", key: value}
    text = {
        "m.yaml": f"datasets:\n- id: x\n  {key}: {value}\n",
        "m.toml": f"[[datasets]]\nid = 'x'\n{key} = '{value}'\n",
        "m.json": json.dumps({"datasets": [dataset]}),
        "m.jsonl": json.dumps(dataset),
    }[name]
    (problem,) = problems(text, name)
    assert problem.split(": ", 1)[1] == sentence


def test_a_name_may_hold_a_backslash_where_there_is_such_a_file(
    one_resource: OneResource, write: Write
) -> None:
    write(r"a\b.csv")
    assert one_resource(r"{path: 'a\b.csv'}") == []


@pytest.mark.parametrize("name", ["m.xlsb", "m.XLS", "m.numbers"])
def test_a_spreadsheet_of_another_kind_is_to_be_saved_anew(name: str, write: Write) -> None:
    (problem,) = load([write(name, b"PK\x03\x04")]).problems
    assert problem.message == (
        "this kind of spreadsheet is not read: save it as .xlsx, .ods or CSV, and name that"
    )


@pytest.mark.parametrize("name", ["m.csv", "m.yaml", "m.json", "m.toml", "m.jsonl"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04\x14\0", "a spreadsheet or another archive: save it as CSV (UTF-8)"),
        (b"\xd0\xcf\x11\xe0\xa1", "a document of an office program: save it as CSV (UTF-8)"),
        (b"{\\rtf1 titre}", "a document of a word processor: save it as plain text"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a page of HTML"),
        (b"<html lang='fr'>", "a page of HTML"),
    ],
)
def test_what_was_given_the_name_of_a_manifest_is_told_as_what_it_is(
    name: str, content: bytes, what: str, write: Write
) -> None:
    (problem,) = load([write(name, content)]).problems
    assert problem.message == f"whatever its name says, this is {what}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("frequency: quotidienne", "'frequency' cannot be 'quotidienne' (did you mean 'daily'?)"),
        ("frequency: Tous les mois", "'frequency' cannot be 'Tous les mois' (did you mean 'month"),
        ("frequency: dayly", "'frequency' cannot be 'dayly' (did you mean 'daily'?)"),
        ("licence: lov2", "unknown key 'licence' (did you mean 'license'?)"),
        ("Mots-clés: [a]", "unknown key 'Mots-clés' (did you mean 'tags'?)"),
        ("fréquence: daily", "unknown key 'fréquence' (did you mean 'frequency'?)"),
        ("private: VRAI", "'private' must be true or false, not 'VRAI' (did you mean true?)"),
        ("private: non", "'private' must be true or false, not 'non' (did you mean false?)"),
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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("organization: o\ndatasets:\n- titre: T\n  description: D\n", ["titre", "title"]),
        ("organization: o\ndatasets:\n- titel: T\n  description: D\n", ["titel", "title"]),
        ("datasets:\n- id: x\n  resources:\n  - chemin: a.csv\n", ["chemin", "path"]),
        (
            "datasets:\n- title: T\n  description: D\n  organisme: o\n",
            ["organisme", "organization"],
        ),
        ("jeux de données:\n- id: x\n", ["jeux de données", "datasets"]),
    ],
)
def test_what_is_misspelled_is_not_missing_too(
    text: str, wanted: list[str], problems: Problems
) -> None:
    (problem,) = problems(text)
    word, meant = wanted
    assert problem.split(": ", 1)[1] == f"unknown key '{word}' (did you mean '{meant}'?)"


def test_a_first_line_in_french_is_a_dataset(problems: Problems) -> None:
    assert problems('{"titre": "T", "description": "D", "organization": "o"}\n', "m.jsonl") == [
        "1:2: unknown key 'titre' (did you mean 'title'?)"
    ]


@pytest.mark.parametrize("line", ["titel: x", "titre: x", "cle: x", "Title: x", "Description: x"])
def test_what_is_already_there_is_not_what_was_meant(line: str, one_dataset: OneDataset) -> None:
    (problem,) = one_dataset(line)
    assert "did you mean" not in problem
    assert "; a dataset knows " in problem


def test_a_file_that_is_listed_already_is_not_what_was_meant(
    problems: Problems, write: Write
) -> None:
    write("data-1.csv")
    for names in (("data-1.csv", "data-2.csv"), ("data-2.csv", "data-1.csv")):
        entries = "\n".join(f"      - path: {name}" for name in names)
        text = f"datasets:\n  - id: x\n    resources:\n{entries}\n"
        line = 4 + names.index("data-2.csv")
        assert problems(text) == [f"{line}:15: the file data-2.csv does not exist"]
    other = "datasets:\n  - id: y\n    resources: [{path: data-2.csv}]\n"
    assert problems(other) == [
        "3:24: the file data-2.csv does not exist (did you mean 'data-1.csv'?)"
    ]


def test_a_column_that_is_there_already_is_not_what_was_meant(problems: Problems) -> None:
    (problem,) = problems("dataset_id,title,titel\na,b,c\n", "m.csv")
    assert problem.startswith("1:18: unknown column 'titel'")
    assert "'title'" not in problem
