"""The kinds of harvest, by name: which module harvests what; each is loaded when it is used."""

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import cast

from bulkpub.harvest.found import Harvest, Reader
from bulkpub.harvest.options import HarvestOptions

__all__ = ["Harvester", "Kind", "harvester"]

Harvester = Callable[[str, Reader, HarvestOptions], Harvest]
"""What every kind but `portal` is: a source, how to read it, what was asked for."""


class Kind(StrEnum):
    """What can be harvested."""

    FOLDER = "folder"
    PORTAL = "portal"
    CKAN = "ckan"
    DCAT = "dcat"
    OPENDATASOFT = "opendatasoft"
    CSV = "csv"
    INDEX = "index"


_MODULES = {Kind.CSV: "links"}
"""Modules that are not called as their kind is."""


def harvester(kind: Kind) -> Harvester:
    """The harvester of a kind; `portal` has one of its own, `harvest.portal.harvest`.

    Some are loaded only here, as they need libraries that take a while to load.
    """
    if kind is Kind.PORTAL:
        raise ValueError("a portal is asked through its API: see bulkpub.harvest.portal")
    module = import_module(f"bulkpub.harvest.{_MODULES.get(kind, kind.value)}")
    return cast("Harvester", module.harvest)
