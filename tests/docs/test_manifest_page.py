"""The tables of keys and columns on the manifest's page are those of the code.

`REGENERATE=1 python -m pytest tests/docs/test_manifest_page.py` writes them anew.
"""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bulkpub.core.fields import Field
from bulkpub.manifest.form import Key
from bulkpub.manifest.keys import DATASET, DESTINATION, RESOURCE, WAYS, described
from bulkpub.portals.udata import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "manifest.md"
TITLE = re.compile(r"^#+ (.*)$", re.MULTILINE)
AGAIN = "run: REGENERATE=1 python -m pytest tests/docs/test_manifest_page.py"

Row = Field | Key


def of_keys(rows: Iterable[Row]) -> str:
    lines = [
        f"| `{row.name}`{' *' if row.inherited else ''} | {described(row, RULES)} |" for row in rows
    ]
    return "\n".join(["| key | |", "| --- | --- |", *lines])


def of_columns() -> str:
    """The columns, those of a row together where a column is called like its key."""
    lines: list[str] = []
    for rows, whose in ((DATASET, "dataset"), (RESOURCE, "resource")):
        same = [f"`{c.name}`" for row in rows for c in row.columns if c.name == row.name]
        lines.append(f"| {', '.join(same)} | the same of the {whose} |")
        for row in rows:
            for column in row.columns:
                if column.part:
                    lines.append(f"| `{column.name}` | `{column.part}` of `{row.name}` |")
                elif column.name != row.name:
                    lines.append(f"| `{column.name}` | `{row.name}` of the {whose} |")
    return "\n".join(["| column | key |", "| --- | --- |", *lines])


TABLES: dict[str, Callable[[], str]] = {
    "destination": lambda: of_keys(DESTINATION),
    "dataset": lambda: of_keys(DATASET),
    "what a resource is made of": lambda: of_keys(row for row in RESOURCE if row.name in WAYS),
    "resource": lambda: of_keys(row for row in RESOURCE if row.name not in WAYS),
    "columns": of_columns,
}


def block(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<=<!-- generated: {name} -->\n)(.*?)(?=<!-- end of what is generated -->\n)", re.DOTALL
    )


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    wanted = f"\n{TABLES[name]()}\n\n"
    if os.environ.get("REGENERATE"):
        page = block(name).sub(lambda _: wanted, page)
        PAGE.write_text(page, encoding="utf-8")
    assert block(name).findall(page) == [wanted], AGAIN


def test_every_key_and_column_links_to_sections_that_exist() -> None:
    page = PAGE.read_text(encoding="utf-8")
    anchors = {title.lower().replace(" ", "-") for title in TITLE.findall(page)}
    for row in (*DATASET, *RESOURCE, *DESTINATION):
        assert set(re.findall(r"\(#([^)]*)\)", row.about)) <= anchors, row.name
