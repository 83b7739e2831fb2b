"""What older versions of udata do otherwise than the newest known: one table, and tests obey it.

On a version that a row of `differences.toml` names, each of the row's tests has to fail, and to
be shown what the row says is seen there; then it counts as expected to fail. If it passes, or
fails for another reason, it has failed: a row skips nothing, and one that is wrong is found. Only
what is a matter of chance there, and said to be, may be either.
"""

import json
import os
import tomllib
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

__all__ = ["NEWEST", "TABLE", "VERSIONS", "Row", "pytest_pyfunc_call", "rows", "tested_version"]

TESTS = Path(__file__).parent
TABLE = TESTS / "differences.toml"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


VERSIONS = sorted(
    (path.stem for path in (TESTS / "real_portal" / "constraints").glob("[0-9]*.txt")),
    key=_numbers,
)
"""The versions that can be installed, oldest first."""
NEWEST = VERSIONS[-1]


@dataclass(frozen=True, slots=True)
class Row:
    """One fact, and the versions `on` which something else is true: `instead`.

    `since`: the version from which on udata's own list of changes has the fact, if it has.
    `tests` fail there with words that have one of `seen` in them; a test is named by its file, its
    function and, in brackets, words that its parameters have in them. `sometimes`: it is a matter
    of chance which of the two is seen.
    """

    fact: str
    instead: str
    on: tuple[str, ...]
    tests: tuple[str, ...]
    seen: tuple[str, ...]
    since: str = ""
    sometimes: bool = False

    def names(self, node: str) -> bool:
        """Whether it is about this test: `contract/test_x.py::test_y[parameters]`."""
        name, _, parameters = node.partition("[")
        for test in self.tests:
            named, _, words = test.partition("[")
            if named == name and words.removesuffix("]") in parameters:
                return True
        return False


@cache
def rows() -> tuple[Row, ...]:
    """The table."""
    return tuple(
        Row(
            fact=row["fact"],
            instead=row["instead"],
            on=tuple(row["on"]),
            tests=tuple(row["tests"]),
            seen=tuple(row["seen"]),
            since=row.get("since", ""),
            sometimes=row.get("sometimes", False),
        )
        for row in tomllib.loads(TABLE.read_text())["row"]
    )


@cache
def tested_version() -> str:
    """The version of the real udata that tests run on."""
    if info := os.environ.get("BULKPUB_REAL_PORTAL_INFO"):
        return str(json.loads(Path(info).read_text())["versions"]["udata"])
    venv = os.environ.get("BULKPUB_REAL_PORTAL_VENV")
    if venv is None:
        return NEWEST
    (found,) = Path(venv).glob("lib/python*/site-packages/udata-*.dist-info")
    return found.name.removeprefix("udata-").removesuffix(".dist-info")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Hold a test on a real udata to the table."""
    if pyfuncitem.get_closest_marker("real") is None:
        return (yield)
    node = pyfuncitem.nodeid.removeprefix("tests/")
    version = tested_version()
    row = next((row for row in rows() if version in row.on and row.names(node)), None)
    if row is None:
        return (yield)
    try:
        result = yield
    except Exception as error:
        if any(words in f"{type(error).__name__}: {error}" for words in row.seen):
            pytest.xfail(f"udata {version}: {row.instead}")
        raise
    if row.sometimes:
        return result
    return pytest.fail(f"{TABLE.name} says of udata {version}: {row.instead} It does not.")
