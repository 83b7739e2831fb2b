import inspect
import pkgutil
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

import bulkpub.harvest
from bulkpub.harvest import portal
from bulkpub.harvest.base import HarvestOptions
from bulkpub.harvest.kinds import Kind, harvester

ROOT = Path(__file__).resolve().parents[2]
every_kind = pytest.mark.parametrize("kind", Kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PORTAL])
def test_every_kind_is_harvested_the_same_way(kind: Kind) -> None:
    harvest = harvester(kind)
    assert inspect.isasyncgenfunction(harvest)
    assert list(inspect.signature(harvest).parameters) == ["source", "reader", "options"]


def test_a_portal_is_asked_through_its_api() -> None:
    assert list(inspect.signature(portal.harvest).parameters) == ["source", "portal", "options"]
    with pytest.raises(ValueError, match=r"harvest\.portal"):
        harvester(Kind.PORTAL)


def test_every_module_that_harvests_is_a_kind() -> None:
    names = [each.name for each in pkgutil.iter_modules(bulkpub.harvest.__path__)]
    harvesting = [
        name for name in names if hasattr(import_module(f"bulkpub.harvest.{name}"), "harvest")
    ]
    assert sorted(harvesting) == sorted(kind.module for kind in Kind)


@every_kind
def test_what_a_kind_obeys_can_be_asked_for(kind: Kind) -> None:
    assert kind.options <= {each.name for each in fields(HarvestOptions)}


@every_kind
def test_a_kind_is_tested(kind: Kind) -> None:
    assert (ROOT / "tests" / "harvest" / f"test_{kind.module}.py").is_file()


@every_kind
def test_a_kind_is_documented(kind: Kind) -> None:
    text = (ROOT / "docs" / "how-to" / "harvest.md").read_text(encoding="utf-8")
    assert f"bulkpub harvest {kind} " in text
    own = import_module(f"bulkpub.harvest.{kind.module}")
    assert (own.__doc__ or "").startswith(f"`bulkpub harvest {kind} ")


@every_kind
def test_a_kind_stands_in_the_contract_that_keeps_kinds_apart(kind: Kind) -> None:
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (layer,) = re.findall(r'"(ckan \|[^"]*)"', contracts)
    assert kind.module in layer.split(" | ")
