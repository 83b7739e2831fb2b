"""The TOML and CSV manifests of the reference can be loaded; YAML and JSONL are tried elsewhere."""

import re
from pathlib import Path

import pytest

from bulkpub.manifest.table import COLUMNS
from tests.manifests import load

PAGE = (Path(__file__).parents[2] / "docs/reference/manifest.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["toml", "csv"])
def test_the_manifest_shown_is_one(language: str, tmp_path: Path) -> None:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    manifest = tmp_path / f"m.{language}"
    manifest.write_text(text, encoding="utf-8")
    (tmp_path / "donnees").mkdir()
    (tmp_path / "donnees/comptages-2024.csv").write_text("a\n")
    loaded = load([manifest])
    assert loaded.problems == ()
    assert len(loaded.datasets) == 2


def test_every_column_is_in_the_reference() -> None:
    section = PAGE.split("\n## CSV\n")[1].split("\n## ")[0]
    assert set(COLUMNS) <= set(re.findall(r"`(\w+)`", section))
