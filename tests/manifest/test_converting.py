"""A manifest in another spelling: the same datasets, the same problems, and its comments."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkpub.manifest.converting import SPELLINGS, Converted, converted
from tests.manifest.test_writing import TEXT, VALUES  # what readers of YAML stumble over
from tests.manifests import Loaded, load
from tests.sheets import ods, xlsx

Write = Callable[..., Path]

DOCUMENT = """\
# Les vélos de la ville
# (tenus par le service Mobilité)
version: 1
portal: demo  # d'abord demo
organization: ville
defaults:
  # license: à remplir
  frequency: daily
datasets:
  # le premier
  - key: velos  # ne change jamais
    title: 'Comptages #1'
    description: |  # long
      Une ligne # qui n'est pas une remarque.

      Une autre.
    tags: [velo, mobilite]  # deux
    temporal_coverage: {start: 2024-01, end: today}
    resources:
      # les fichiers
      - link: https://x/a.csv
        title: A  # un
        size: 010
      - {link: 'https://x/b#c.csv', title: "B"}

  - id: "0042"
    extras: {n: 1.50, "a.b": [true, null, {}]}
    license: null
# fin
"""


def convert(folder: Path, name: str, text: str | bytes, to: str) -> Converted:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    made = converted(folder / name, folder / to)
    if made.text:
        (folder / to).write_bytes(made.text.encode())
    return made


def meant(loaded: Loaded) -> tuple[Any, ...]:
    """What was read, and what is wrong, wherever it stands."""
    from tests.manifest.test_writing import bare  # noqa: PLC0415 - beside its like

    problems = sorted(
        (re.sub(r" at \S+$| at \S+(?=: )", "", each.message), each.dataset or "")
        for each in loaded.problems
    )
    return [bare(each) for each in loaded.datasets], problems, loaded.portal


def no_nulls(text: str) -> str:
    return text.replace("    license: null\n", "").replace("true, null", "true")


@pytest.mark.parametrize("to", ["n.yml", "n.toml", "n.json", "n.jsonl"])
def test_every_document_says_the_same(tmp_path: Path, to: str) -> None:
    text = no_nulls(DOCUMENT) if to == "n.toml" else DOCUMENT
    made = convert(tmp_path, "m.yaml", text, to)
    assert made.problems == ()
    assert meant(load([tmp_path / to])) == meant(load([tmp_path / "m.yaml"]))


@pytest.mark.parametrize("way", [("m.yaml", "n.toml", "o.yaml"), ("m.yaml", "n.json", "o.jsonl")])
def test_there_and_back(tmp_path: Path, way: tuple[str, ...]) -> None:
    text: str = no_nulls(DOCUMENT)
    for name, to in pairwise(way):
        made = convert(tmp_path, name, text, to)
        assert made.problems == ()
        text = made.text
    assert meant(load([tmp_path / way[-1]])) == meant(load([tmp_path / way[0]]))


COMMENTS = [
    "# Les vélos de la ville", "# (tenus par le service Mobilité)", "# d'abord demo",
    "# license: à remplir", "# le premier", "# ne change jamais", "# long", "# deux",
    "# les fichiers", "# un", "# fin",
]  # fmt: skip


def test_comments_come_along(tmp_path: Path) -> None:
    in_toml = convert(tmp_path, "m.yaml", no_nulls(DOCUMENT), "n.toml").text
    again = convert(tmp_path, "n.toml", in_toml, "o.yaml").text
    for text in (in_toml, again):
        at = [text.index(comment) for comment in COMMENTS]
        assert sorted(at) == at, text
    assert 'portal = "demo"  # d\'abord demo' in in_toml
    assert "# le premier\n[[datasets]]\n" in in_toml
    assert 'key = "velos"  # ne change jamais' in in_toml
    assert "  # le premier\n  - key: velos  # ne change jamais\n" in again
    assert "  # license: à remplir\n  frequency: daily\n" in again


def test_yaml_stays_as_people_wrote_it(tmp_path: Path) -> None:
    assert convert(tmp_path, "m.yaml", DOCUMENT, "n.yml").text == DOCUMENT


def test_comments_that_have_no_place_are_told(tmp_path: Path) -> None:
    made = convert(tmp_path, "m.yaml", DOCUMENT, "n.json")
    (warning,) = made.warnings
    assert warning.message == "11 comments have no place there, and are left out"
    assert json.loads(made.text)["datasets"][1]["extras"]["n"] == 1.5


# --- what a spelling cannot say -------------------------------------------------------------

TOP = "organization: o\ndatasets:\n"


@pytest.mark.parametrize(
    ("to", "text", "sentence"),
    [
        (
            "n.toml",
            f"defaults:\n  license: null\n{TOP}- id: a\n",
            "2:3: TOML has no null",
        ),
        ("n.toml", f"{TOP}- id: a\n  license: null\n", "4:3: TOML has no null: it cannot say that"),
        ("n.toml", f"{TOP}- id: a\n  extras: {{a: [null]}}\n", "4:16: TOML has no null, not in a"),
        ("n.toml", f"{TOP}- id: a\n  title: .5\n", "4:10: TOML cannot write the number .5 as it"),
        ("n.json", f"{TOP}- id: a\n  title: 0x1F\n", "4:10: JSON cannot write the number 0x1F"),
        ("n.csv", f"{TOP}- id: a\n  extras: {{a: b}}\n", "4:3: a table has no column for 'extras'"),
        ("n.csv", f"{TOP}- id: a\n  license: null\n", "4:12: a table cannot say what 'license'"),
        ("n.csv", f"{TOP}- id: a\n  acronym: ''\n", "4:12: a table cannot say what 'acronym'"),
        ("n.csv", f"{TOP}- id: a\n  tags: ['a, b']\n", "4:9: a table cannot say what 'tags'"),
        ("n.csv", f"{TOP}- id: a\n  private: oui\n", "4:12: a table cannot say what 'private'"),
        ("n.csv", f"{TOP}- id: a\n  resources: [{{glob: '*.csv'}}]\n", "no column for 'glob'"),
        ("n.csv", f"{TOP}- id: a\n  resources: [{{path: 'a\\b.csv'}}]\n", "cannot say what 'path'"),
        ("n.csv", f"{TOP}- id: a\n  resources: [{{path: 'https://x/'}}]\n", "say what 'path'"),
        (
            "n.csv",
            f"{TOP}- id: a\n  resources: [{{}}]\n",
            "no row for a resource that says nothing",
        ),
        ("n.csv", f"{TOP}- description: a\n", "3:3: in a table, a dataset needs a 'key', an 'id'"),
        ("n.csv", f"vars: {{a: b}}\n{TOP}- id: a\n", "1:1: a table has no column for 'vars'"),
        (
            "n.csv",
            f"{TOP}- frequency: annuelle\n  id: a\n",
            "cannot say what 'frequency' says here",
        ),
    ],
)
def test_what_a_spelling_cannot_say_is_a_problem(
    tmp_path: Path, to: str, text: str, sentence: str
) -> None:
    made = convert(tmp_path, "m.yaml", text, to)
    assert made.text == ""
    assert any(sentence in str(each) for each in made.problems), made.problems


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (problem,) = convert(tmp_path, "m.yaml", "datasets: [", "n.json").problems
    assert "this is not YAML" in problem.message


def test_paths_lead_where_they_led(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    text = f"{TOP}- id: a\n  resources: [{{path: a.csv}}]\n"
    (problem,) = convert(tmp_path, "m.yaml", text, "x/n.yaml").problems
    assert "paths start from the folder of the manifest" in problem.message
    assert convert(tmp_path, "m.yaml", f"{TOP}- id: a\n", "x/n.yaml").problems == ()


# --- tables ---------------------------------------------------------------------------------

ROWS = [
    ("Portail", "demo"),
    ("Licence", "lov2"),
    (),
    ("Titre du jeu", "Description", "Organisation", "Privé", "Adresse", "Titre", "Zones"),
    ("Vélos", "Passages\npar heure, etc.", "ville", True, "https://x/1", 2024, "Paris; Lyon"),
    (None, None, None, None, "https://x/2", 'L\'été; "ou"', None),
    ("Parcs", "Jardins.", "ville"),
]


@pytest.mark.parametrize("name", ["m.xlsx", "m.ods"])
@pytest.mark.parametrize("to", ["n.yaml", "n.toml", "n.json", "n.jsonl", "n.csv", "n.tsv"])
def test_a_spreadsheet_is_any_manifest(tmp_path: Path, name: str, to: str) -> None:
    content = xlsx({"F": ROWS}) if name == "m.xlsx" else ods({"F": ROWS})
    made = convert(tmp_path, name, content, to)
    assert made.problems == ()
    assert meant(load([tmp_path / to])) == meant(load([tmp_path / name]))
    back = convert(tmp_path, to, made.text, "o.csv")
    assert meant(load([tmp_path / "o.csv"])) == meant(load([tmp_path / name]))
    assert back.problems == ()


def test_sheets_that_say_different_things_of_all_are_not_one_manifest(tmp_path: Path) -> None:
    other = [("Portail", "www"), *ROWS[2:4], ("Eau", "Eau.", "ville")]
    (problem,) = convert(tmp_path, "m.xlsx", xlsx({"A": ROWS, "B": other}), "n.yaml").problems
    assert str(problem).endswith(
        "[B]:1:1: this sheet says something else above its columns than the first one"
    )


# --- anything -------------------------------------------------------------------------------

KEYS = st.sampled_from(
    ["key", "id", "title", "description", "license", "tags", "private", "extras", "frequency", "x"]
)
DATASETS = st.lists(
    st.dictionaries(KEYS, VALUES | TEXT, min_size=1, max_size=5), min_size=1, max_size=3
)


@given(datasets=DATASETS, to=st.sampled_from(sorted(set(SPELLINGS) - {".yml", ".ndjson"})))
@settings(deadline=None)
def test_whatever_is_said_is_said_again_or_told(
    tmp_path_factory: pytest.TempPathFactory, datasets: list[Any], to: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = json.dumps({"organization": "o", "datasets": datasets})
    made = convert(folder, "any.json", text, f"any-made{to}")
    if made.problems:
        assert made.text == ""
        assert to in {".toml", ".csv", ".tsv"}
    else:
        assert meant(load([folder / f"any-made{to}"])) == meant(load([folder / "any.json"]))
