"""The digests by which files are compared with what a portal has, by their kind."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from bulkpub.core.sources import Digest

__all__ = ["DIGESTS"]

DIGESTS: Mapping[Digest, "Callable[..., Any]"] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
"""What makes a digest of each kind, to be fed."""
