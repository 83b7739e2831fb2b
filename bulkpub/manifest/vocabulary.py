"""The closed lists of the portal that a manifest may use, so that it can be checked offline."""

from bulkpub.data import read_column

__all__ = ["FREQUENCIES", "RESOURCE_TYPES"]

FREQUENCIES = read_column("portals/udata/data/frequencies.csv", "frequency")
RESOURCE_TYPES = read_column("portals/udata/data/resource_types.csv", "type")
