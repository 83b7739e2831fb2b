"""`bulkpub convert`: nothing is overwritten without saying so, and nothing half."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

TEXT = "organization: o\ndatasets:\n- id: a\n  tags: [un, deux]\n"


def test_a_manifest_is_written_in_another_spelling(run_cli: Run) -> None:
    Path("m.yaml").write_text(TEXT)
    ran = run_cli("convert", "m.yaml", "m.toml")
    assert ran.code == 0
    assert "Written: m.toml. Is it right? bulkpub validate m.toml" in ran.said
    assert 'tags = ["un", "deux"]' in Path("m.toml").read_text()


@pytest.mark.parametrize("content", ["", "mine"])
def test_nothing_is_overwritten_unless_asked_for(run_cli: Run, content: str) -> None:
    Path("m.yaml").write_text(TEXT)
    Path("m.json").write_text(content)
    ran = run_cli("convert", "m.yaml", "m.json")
    assert ran.code == 2
    assert "m.json is there already, and nothing is overwritten" in ran.said
    assert Path("m.json").read_text() == content
    assert run_cli("convert", "m.yaml", "m.json", "--overwrite").code == 0
    assert '"tags": ["un", "deux"]' in Path("m.json").read_text()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("m.doc", "a manifest's name ends in one of .yaml .yml .toml .json"),
        ("m.xlsx", "a manifest's name ends in one of .yaml .yml .toml .json"),
        ("no/m.json", "there is no folder no"),
        ("m.toml", "m.yaml:4:10: TOML has no null, not in a list either"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(run_cli: Run, output: str, sentence: str) -> None:
    Path("m.yaml").write_text(TEXT.replace("un, deux", "null"))
    ran = run_cli("convert", "m.yaml", output)
    assert ran.code == 2
    assert sentence in ran.said
    assert not Path(output).exists()
    assert {each.name for each in Path.cwd().iterdir()} >= {"m.yaml"}


def test_what_a_harvest_leaves_to_be_filled_in_can_be_converted(run_cli: Run) -> None:
    Path("m.yaml").write_text(f"defaults:\n  # license: lov2\n{TEXT}")
    ran = run_cli("convert", "m.yaml", "m.toml")
    assert ran.code == 0, ran.said
    assert "defaults" not in Path("m.toml").read_text()
