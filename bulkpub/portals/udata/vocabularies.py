"""The closed lists of udata that no portal has to be asked for: `data/`, each read once."""

from collections.abc import Mapping
from functools import cache

from bulkpub.data import read_column, read_pairs

__all__ = [
    "always_allowed",
    "frequencies",
    "listed_extensions",
    "renamed_frequencies",
    "resource_types",
]


@cache
def frequencies() -> tuple[str, ...]:
    """Frequencies, from often to seldom; at the end older names for some."""
    return read_column("portals/udata/data/frequencies.csv", "frequency")


@cache
def renamed_frequencies() -> Mapping[str, str]:
    """Frequencies that today's udata keeps under another name, with that name."""
    return read_pairs("portals/udata/data/frequencies.csv", "frequency", "kept_as")


@cache
def resource_types() -> tuple[str, ...]:
    """Types of resources."""
    return read_column("portals/udata/data/resource_types.csv", "type")


@cache
def always_allowed() -> frozenset[str]:
    """Extensions udata's storage takes whether its own list has them or not."""
    return frozenset(read_column("portals/udata/data/extensions.csv", "extension"))


@cache
def listed_extensions() -> frozenset[str]:
    """Extensions that a portal lists whose settings are udata's own."""
    return frozenset(read_column("portals/udata/data/listed_extensions.csv", "extension"))
