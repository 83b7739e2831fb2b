"""Values and errors survive pickling, as jobs and results go from process to process."""

import dataclasses
import enum
import importlib
import inspect
import pickle
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bulkpub.core.rules import Rules
from bulkpub.errors import (
    BulkpubError,
    DescriptionsRefused,
    ManifestInvalid,
    Problem,
    Uncertain,
)
from bulkpub.pipeline.job import Job, Result
from bulkpub.portals.kinds import KINDS

ROOMS: tuple[str, ...] = (
    "cli",
    "core",
    "errors",
    "harvest",
    "http",
    "manifest",
    "observers",
    "pipeline",
)
ROOMS += ("portals", "session", "sources", "state")
TRAVELLING = ("core", "errors", "observers", "pipeline.job")
"""Where values that travel are defined."""
PLAIN: dict[Any, Any] = {
    str: "é",
    int: 7,
    float: 0.5,
    bool: True,
    type(None): None,
    Any: {"a": [1]},
    object: "x",
    datetime: datetime(2026, 1, 2, tzinfo=UTC),
    date: date(2026, 1, 2),
    Rules: KINDS[-1].rules,
}


def _classes() -> Iterator[type]:
    for room in ROOMS:
        top = importlib.import_module(f"bulkpub.{room}")
        inside = pkgutil.walk_packages(getattr(top, "__path__", ()), f"{top.__name__}.")
        for module in (top, *(importlib.import_module(each.name) for each in inside)):
            for _, cls in inspect.getmembers(module, inspect.isclass):
                if cls.__module__ == module.__name__ and not cls.__name__.startswith("_"):
                    yield cls


def _travels(cls: type) -> bool:
    travelling = any(cls.__module__.startswith(f"bulkpub.{each}") for each in TRAVELLING)
    frozen = dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen  # type: ignore[attr-defined] # of every dataclass
    return bool(travelling and frozen)


CLASSES = sorted(set(_classes()), key=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
VALUES = [cls for cls in CLASSES if _travels(cls)]
ERRORS = [cls for cls in CLASSES if issubclass(cls, BaseException)]


def _value(kind: Any) -> Any:  # noqa: PLR0911 - a table of kinds
    """Some value of a type, made by its annotations."""
    if kind in PLAIN:
        return PLAIN[kind]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return _value(args[0])
    if origin is tuple:
        return (_value(args[0]),) if args[-1] is Ellipsis else tuple(map(_value, args))
    if origin is Sequence:
        return (_value(args[0]),)
    if origin is frozenset:
        return frozenset([_value(args[0])])
    if origin is not None and issubclass(origin, Mapping):
        return {_value(args[0]): _value(args[1])}
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    if issubclass(kind, BaseException):
        return kind("a sentence")
    hints = typing.get_type_hints(kind)
    fields = [each for each in dataclasses.fields(kind) if each.init]
    return kind(**{each.name: _value(hints[each.name]) for each in fields})


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__qualname__)
def test_a_value_is_the_same_after_pickling(cls: type) -> None:
    value = _value(cls)
    after = pickle.loads(pickle.dumps(value))  # noqa: S301 - ours
    if cls is Result:  # errors are never equal: of theirs the words are compared
        assert repr(after) == repr(value)
        after, value = replace(after, stop=None), replace(value, stop=None)
    assert after == value


def test_the_values_that_matter_are_among_them() -> None:
    assert {Job, Result, Rules, Problem} <= set(VALUES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_the_rules_of_every_kind_survive(kind: Any) -> None:
    assert pickle.loads(pickle.dumps(kind.rules)) == kind.rules  # noqa: S301 - ours


# --- errors -------------------------------------------------------------------------------

PROBLEM = Problem("m.yaml", 1, 2, "wrong", "d")
MADE: dict[type, tuple[Any, ...]] = {
    ManifestInvalid: ([PROBLEM, PROBLEM],),
    DescriptionsRefused: ({"r1": "too long", "r2": "empty"},),
}


def _error(cls: type[BaseException]) -> BaseException:
    if cls in MADE:
        return cls(*MADE[cls])
    if cls.__init__ is Exception.__init__:
        return cls("a sentence")
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    known = {
        each.name: _value(typing.get_type_hints(cls.__init__)[each.name])
        for each in parameters
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    given = [
        _value(typing.get_type_hints(cls.__init__).get(each.name, str))
        for each in parameters
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    return cls(*given or ["a sentence"], **known)


def test_all_errors_are_among_them() -> None:
    assert {BulkpubError, DescriptionsRefused, ManifestInvalid, Uncertain} <= set(ERRORS)


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__qualname__)
def test_an_error_is_the_same_after_pickling(cls: type[BaseException]) -> None:
    error = _error(cls)
    after = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert type(after) is cls
    assert (str(after), vars(after)) == (str(error), vars(error))


def test_what_an_error_carries_is_carried() -> None:
    underway = pickle.loads(pickle.dumps(Uncertain("lost", underway=True)))  # noqa: S301 - ours
    assert (str(underway), underway.underway) == ("lost", True)
    invalid = pickle.loads(pickle.dumps(ManifestInvalid([PROBLEM])))  # noqa: S301 - ours
    assert invalid.problems == (PROBLEM,)
    refused = pickle.loads(pickle.dumps(DescriptionsRefused({"r": "why"})))  # noqa: S301 - ours
    assert (refused.reasons, str(refused)) == ({"r": "why"}, "r: why")
