"""The library's page says all that the signatures do, and nothing that they do not."""

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import bulkpub

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "library.md").read_text()
FUNCTIONS: list[Callable[..., Any]] = [
    bulkpub.publish,
    bulkpub.publish_sync,
    bulkpub.plan,
    bulkpub.verify,
    bulkpub.migrate,
]
TABLES = re.findall(
    r"^\| `(bulkpub\.[\w.]+)` \| default \|.*\n\|[- |]*\n((?:\|.*\n)+)", PAGE, re.MULTILINE
)


def rows(table: str) -> dict[str, str]:
    """The names in the first column, each with what stands in the second."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {row[0].strip("`"): row[1] for row in cells}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: str(each.__name__))
def test_every_function_is_there_with_all_its_arguments(function: Any) -> None:
    signature = inspect.signature(function)
    shown = re.search(rf"`{function.__name__}\(([^)]*)\)`", PAGE)
    assert shown is not None
    named = [name for name in shown[1].split(", ") if name != "*"]
    assert named == list(signature.parameters)


def test_every_argument_is_explained_once() -> None:
    table = re.search(r"^\| argument \| default \|.*\n\|[- |]*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    known = {name for each in FUNCTIONS for name in inspect.signature(each).parameters}
    assert rows(table[1]).keys() == known


def _of(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize(("path", "table"), TABLES, ids=[path for path, _ in TABLES])
def test_every_field_of_a_value_is_there_with_its_default(path: str, table: str) -> None:
    documented = rows(table)
    assert documented.keys() == {each.name for each in fields(_of(path))}
    for each in fields(_of(path)):
        shown = documented[each.name].strip("`").replace(",", "")
        match each.default:
            case Enum() as word:
                assert shown == f"{type(word).__name__}.{word.name}"
            case bool() | str():
                assert shown == str(each.default), each.name
            case int() | float() if not shown.endswith("iB"):
                assert float(shown) == each.default, each.name
            case default if default is MISSING:
                assert shown == f"{each.default_factory.__name__}()", each.name  # type: ignore[union-attr] # one of both there is
            case _:
                assert shown, each.name


def test_every_value_a_function_takes_has_a_table() -> None:
    documented = {path.rpartition(".")[2] for path, _ in TABLES}
    assert documented == {
        "Connection",
        "GateLimits",
        "RateHeaders",
        "RetryPolicy",
        "RunOptions",
        "Sources",
    }
