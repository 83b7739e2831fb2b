"""The table of versions on the page about portals is that of the tests, and names what there is."""

import ast
import re
from pathlib import Path

from tests.differences import NEWEST, VERSIONS, rows
from tests.docs.portal_table import PAGE, with_table

TESTS = Path(__file__).parents[1]


def test_the_page_has_the_table_of_the_tests() -> None:
    page = PAGE.read_text()
    assert with_table(page) == page, "run: python -m tests.docs.portal_table"
    assert rows()[0].fact in page


def test_every_row_names_tests_and_versions_that_there_are() -> None:
    there = {
        f"{path.relative_to(TESTS)}::{node.name}"
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for row in rows():
        assert row.on, f"on no version: {row.fact}"
        assert set(row.on) < set(VERSIONS) - {NEWEST}
        assert {test.partition("[")[0] for test in row.tests} <= there
        assert all(row.seen)


def test_the_page_names_the_tests_that_hold_its_facts() -> None:
    there = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    named = set(re.findall(r"`(test_[a-z_0-9]+)`", PAGE.read_text()))
    assert named - there == set()


def test_the_readme_names_the_versions_that_are_tested() -> None:
    readme = (TESTS.parent / "README.md").read_text()
    assert [version for version in VERSIONS[1:] if version not in readme] == []
