"""`bulkpub init`: from a folder or a spreadsheet to published, by what it says to do next."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bulkpub.cli import init as module
from bulkpub.cli.template import workbook
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.manifest.table import COLUMNS
from bulkpub.manifest.workbook import read_workbook
from tests.manifests import load
from tests.sheets import xlsx

Run = Callable[..., Any]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Two folders of files, one of them described."""
    for name in ("Espaces verts/arbres 2024.csv", "voirie/comptages.csv", "voirie/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"a;b\n{name};1\n")
    (tmp_path / "voirie" / "README.md").write_text("Passages par heure.\n")
    return tmp_path


TOLD = ("--organization", "test-organization", "--license", "Licence Ouverte 2.0")


def test_a_folder_is_published_by_what_is_said_next(run_cli: Run, city: Path) -> None:
    assert city == Path.cwd()
    ran = run_cli("init", *TOLD, "--frequency", "mensuelle")
    assert ran.code == 0
    assert "Written: manifest.yaml, with 2 datasets." in ran.said
    assert "  bulkpub validate manifest.yaml\n  bulkpub plan manifest.yaml\n" in ran.said
    loaded = load(["manifest.yaml"])
    assert loaded.problems == ()
    assert loaded.portal is not None
    assert {each.metadata.license for each in loaded.datasets} == {"lov2"}
    assert {each.metadata.frequency for each in loaded.datasets} == {"monthly"}
    assert "2 created" in run_cli("run", "manifest.yaml", env={"BULKPUB_PORTAL": None}).said
    again = run_cli("run", "manifest.yaml", env={"BULKPUB_PORTAL": None})
    assert "Nothing to do: 2 datasets and 3 files are as wanted." in again.said


def test_what_nobody_told_is_left_to_be_filled_in(run_cli: Run, city: Path) -> None:
    run_cli("init", str(city), "--single", env={"BULKPUB_PORTAL": None})
    text = (city / "manifest.yaml").read_text()
    loaded = load([city / "manifest.yaml"])
    assert {each.message[:30] for each in loaded.problems} == {"say who publishes this dataset"}
    lines = [line for line in text.splitlines() if line.lstrip().startswith("# ")]
    for key in ("portal", "organization", "license", "frequency"):
        (line,) = (line for line in lines if line.lstrip().startswith(f"# {key}: "))
        text = text.replace(line, line.replace("# ", "", 1))
    (city / "manifest.yaml").write_text(text)
    loaded = load([city / "manifest.yaml"])
    assert loaded.problems == ()
    assert loaded.portal == "demo"
    (dataset,) = loaded.datasets
    assert (dataset.organization, dataset.metadata.license) == ("ville-exemple", "lov2")
    assert dataset.metadata.frequency == "annual"
    assert len(dataset.resources) == 3


def test_what_was_told_is_not_left_to_be_filled_in(run_cli: Run, city: Path) -> None:
    run_cli("init", *TOLD)
    text = (city / "manifest.yaml").read_text()
    assert "defaults:\n  # frequency: annual " in text
    assert "  license: lov2\n" in text
    assert "# license" not in text
    assert "# organization" not in text
    assert load([city / "manifest.yaml"]).problems == ()


def test_nothing_is_overwritten(run_cli: Run, city: Path) -> None:
    (city / "manifest.yaml").write_text("mine")
    (city / ".env.example").write_text("mine")
    ran = run_cli("init")
    assert ran.code == 2
    assert "manifest.yaml is there already, and nothing is overwritten" in ran.said
    (city / "manifest.yaml").unlink()
    assert run_cli("init", *TOLD).code == 0
    assert (city / ".env.example").read_text() == "mine"
    (city / "list.xlsx").write_text("mine")
    assert run_cli("init", "--spreadsheet", "--headers", "en").code == 2
    assert (city / "list.xlsx").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere"),
        (["--license", "truc"], "'truc' is no license that is known"),
        (["--frequency", "parfois"], "'parfois' is no frequency that is known"),
        (["empty"], "empty has no files to publish"),
        (["a.csv", "--spreadsheet"], "a.csv is no folder"),
    ],
)
def test_what_is_wrong_is_told(
    run_cli: Run, tmp_path: Path, words: list[str], sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.csv").write_text("a;b\n")
    ran = run_cli("init", *words)
    assert ran.code == 2
    assert sentence in ran.said
    assert not list(tmp_path.rglob("manifest.yaml"))


def test_the_variables_are_an_example_that_has_no_key(run_cli: Run, city: Path) -> None:
    run_cli("init", *TOLD)
    assert (city / ".env.example").read_text().splitlines()[-1] == "BULKPUB_API_KEY="


@pytest.mark.parametrize("words", [(), ("--spreadsheet",), ("--single",)], ids=" ".join)
def test_a_file_that_is_left_out_is_told(run_cli: Run, city: Path, words: tuple[str, ...]) -> None:
    Path(os.fsdecode(os.fsencode(city) + b"/voirie/caf\xe9.csv")).write_text("a;b\n")
    ran = run_cli("init", *TOLD, *words)
    assert ran.code == 0
    (line,) = (line for line in ran.said.splitlines() if "not UTF-8" in line)
    assert line.startswith("note: ")
    assert "left out" in line
    assert "caf" in line


def test_notes_on_a_large_folder_are_each_told_once_and_bounded(run_cli: Run, city: Path) -> None:
    for number in range(60):
        folder = city / f"d{number}"
        folder.mkdir()
        (folder / "a.csv").write_text("a;b\n")
        Path(os.fsdecode(os.fsencode(folder) + b"/%d\xe9.csv" % number)).write_text("a;b\n")
    ran = run_cli("init", *TOLD)
    assert ran.code == 0
    told = [line for line in ran.said.splitlines() if line.startswith("note: ")]
    (readme,) = (line for line in told if "no README" in line)
    assert readme.endswith("(61 datasets)")
    assert len(told) == 50
    assert "… and 11 notes more." in ran.said


# --- a spreadsheet --------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "name"), [("fr", "liste.xlsx"), ("en", "list.xlsx")])
def test_a_template_is_read_by_ourselves(
    run_cli: Run, tmp_path: Path, language: str, name: str
) -> None:
    """The example is sound but for its file; what holds for all is left to be filled in."""
    assert run_cli("init", "--spreadsheet", "--headers", language).code == 0
    loaded = load([tmp_path / name])
    assert loaded.warnings == ()
    who, where = (each.message for each in loaded.problems)
    assert who.startswith("say who publishes this dataset")
    assert "2024.csv does not exist" in where


def test_a_folder_fills_the_template_and_that_is_published(run_cli: Run, city: Path) -> None:
    ran = run_cli("init", "--spreadsheet", *TOLD, "--frequency", "annual", env={"LANG": "fr_FR"})
    assert "Écrit\N{NO-BREAK SPACE}: liste.xlsx, avec 3 fichiers." in ran.said
    loaded = load([city / "liste.xlsx"])
    (problem,) = loaded.problems
    assert problem.message.startswith("a dataset needs a 'description'")
    (voirie,) = loaded.datasets
    assert voirie.metadata.description == "Passages par heure."
    assert (voirie.organization, voirie.metadata.license) == ("test-organization", "lov2")
    assert run_cli("init", *TOLD).code == 0
    assert "liste.xlsx" not in (city / "manifest.yaml").read_text()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_template_offers_what_a_manifest_understands(language: Any) -> None:
    from bulkpub.cli.template import _LICENSES, _WORDS  # noqa: PLC0415 - its words alone

    words = _WORDS[language]
    assert set(words.columns) - {"#"} <= set(COLUMNS)
    assert all(map(known_frequency, words.frequencies))
    assert [known_license([each]) for each in _LICENSES] == list(_LICENSES)
    files, helping = read_workbook(workbook([], {"portal": "demo"}, language))
    assert files.rows[0][:2] == [words.top["portal"][0], "demo"]
    assert [row[0] for row in helping.rows] == list(words.help)


def test_a_spreadsheet_becomes_a_manifest(run_cli: Run, city: Path) -> None:
    rows = [
        ("Titre du jeu", "Description", "Fichier"),
        ("Vélos", "Passages.", "voirie/comptages.csv"),
    ]
    (city / "m.xlsx").write_bytes(xlsx({"F": rows}))
    ran = run_cli("init", "m.xlsx", *TOLD)
    assert ran.code == 0
    assert "Written: manifest.yaml, with 1 dataset." in ran.said
    assert "problem" not in ran.said
    text = (city / "manifest.yaml").read_text()
    assert "# frequency: annual" in text
    assert "# license" not in text
    loaded = load([city / "manifest.yaml"])
    assert loaded.problems == ()
    assert loaded.datasets[0].metadata.license == "lov2"


def test_a_spreadsheet_with_problems_becomes_none(run_cli: Run, city: Path) -> None:
    (city / "m.xlsx").write_bytes(xlsx({"F": [("dataset_title", "titel"), ("A", "B")]}))
    ran = run_cli("init", "m.xlsx")
    assert ran.code == 2
    assert "m.xlsx:1:2: unknown column 'titel' (did you mean 'title'?)" in ran.said
    assert not (city / "manifest.yaml").exists()


def test_the_example_of_a_spreadsheet_is_published_and_stays_as_it_is(
    run_cli: Run,
) -> None:
    example = str(Path(__file__).parents[2] / "manifests" / "liste.xlsx")
    ran = run_cli("run", example)
    assert ran.code == 0
    assert "2 created" in ran.said
    again = run_cli("run", example)
    assert "Nothing to do: 2 datasets and 4 files are as wanted." in again.said
    assert run_cli("verify", example).code == 0


# --- questions ------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What somebody at a terminal types, in order; all of it must be asked for."""
    waiting: list[Any] = []
    monkeypatch.setattr(module, "_somebody_is_there", lambda: True)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: waiting.pop(0))
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: waiting.pop(0))
    yield waiting
    assert waiting == []


def asked(**told: Any) -> Any:
    nothing = dict.fromkeys(("portal", "organization", "license", "frequency"))
    return module._asked(module._Answers(**{**nothing, "single": False, **told}), has_folders=True)


def test_what_was_not_told_is_asked(answers: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    answers += ["www", " ville ", "truc", "Licence Ouverte 2.0", "", False]
    found = asked()
    assert found == module._Answers("www", "ville", "lov2", None, single=True)
    assert "'truc' is no license that is known" in capsys.readouterr().out


def test_what_was_told_is_not_asked(answers: list[Any]) -> None:
    answers.append("annuelle")
    found = asked(portal="demo", organization="ville", license="lov2", single=True)
    assert found == module._Answers("demo", "ville", "lov2", "annual", single=True)


def test_who_has_enough_of_it_leaves_nothing_behind(
    run_cli: Run, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enough(*_: object, **__: object) -> Any:
        raise typer.Abort

    monkeypatch.setattr(module, "_asked", enough)
    assert run_cli("init").code == 130
    assert not (city / "manifest.yaml").exists()


# --- licence and frequency at the plan ------------------------------------------------------

TERMS = """\
organization: test-organization
datasets:
  - {key: a, title: A, description: A.}
  - {key: b, title: B, description: B., frequency: daily}
  - {key: c, title: C, description: C., frequency: daily, license: lov2}
"""


def test_a_plan_warns_once_of_new_datasets_without_licence_or_frequency(run_cli: Run) -> None:
    Path("m.yaml").write_text(TERMS)
    ran = run_cli("plan", "m.yaml")
    assert ran.code == 0
    warnings = [line for line in ran.said.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        (
            "warning: m.yaml:3:5: 2 new datasets, 'a' the first, name no licence: nobody knows "
            "what they may do with them; write `license:`, under `defaults:` for all datasets"
        ),
        (
            "warning: m.yaml:3:5: the new dataset 'a' does not say how often it is updated; write "
            "`frequency:`, under `defaults:` for all datasets"
        ),
    ]
    assert run_cli("run", "m.yaml").code == 0
    assert "warning: " not in run_cli("plan", "m.yaml").said
