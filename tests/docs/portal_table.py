"""Writes the table of versions in `docs/reference/portal.md`, from `tests/differences.toml`.

python -m tests.docs.portal_table
"""

import re
from pathlib import Path

from tests.differences import VERSIONS, Row, rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "portal.md"
TABLE = re.compile(r"^\| Fact \| [^\n]*\n(?:\|[^\n]*\n)*", re.MULTILINE)
TOO_OLD = "9."
"""Versions that nothing is published to have no column."""


def with_table(page: str) -> str:
    """The page, with the table of today."""
    return TABLE.sub(lambda _: table(), page)


def table() -> str:
    versions = [version for version in VERSIONS if not version.startswith(TOO_OLD)]
    head = ["Fact", "since", *versions, "instead"]
    lines = [head, ["---"] * len(head), *(cells(row, versions) for row in rows())]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def cells(row: Row, versions: list[str]) -> list[str]:
    no = "sometimes" if row.sometimes else "no"
    marks = [no if version in row.on else "yes" for version in versions]
    return [row.fact, row.since, *marks, row.instead]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
