"""The kinds of harvest: a new one is a module with a `harvest`, and one line here."""

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Self, cast

from bulkpub.harvest.base import Harvest, HarvestOptions, Reader
from bulkpub.language import say

__all__ = ["Harvester", "Kind", "harvester"]

Harvester = Callable[[str, Reader, HarvestOptions], Harvest]
"""What every kind but `portal` is: a source, how to read it, what was asked for."""


_OF_CATALOGUES = ("gone", "language", "links", "organization", "restricted")


class Kind(StrEnum):
    """What can be harvested.

    Each has its name, its module in this folder, and those of the options (by their names in
    `HarvestOptions`) that it obeys and others do not.
    """

    module: str
    options: frozenset[str]

    def __new__(cls, name: str, module: str = "", *options: str) -> Self:
        """A kind of that name, as one line below gives it."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.module = module
        kind.options = frozenset(options)
        return kind

    FOLDER = "folder", "folder", "links", "organization", "single"
    PORTAL = "portal", "portal", "copy", "organization"
    CKAN = "ckan", "ckan", *_OF_CATALOGUES
    DCAT = "dcat", "dcat", *_OF_CATALOGUES
    OPENDATASOFT = "opendatasoft", "opendatasoft", *_OF_CATALOGUES
    CSV = "csv", "links", "gone", "links", "organization", "restricted", "single"
    INDEX = "index", "index", "links", "organization", "recursive", "gone"


def harvester(kind: Kind) -> Harvester:
    """The harvester of a kind; `portal` has one of its own, `harvest.portal.harvest`.

    Each is loaded only here, as some need libraries that take a while to load.
    """
    if kind is Kind.PORTAL:
        raise ValueError(say("a portal is asked through its API: see bulkpub.harvest.portal"))
    module = import_module(f"bulkpub.harvest.{kind.module}")
    return cast("Harvester", module.harvest)
