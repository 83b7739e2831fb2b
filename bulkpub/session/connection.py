"""How to reach a portal, as a value that never shows the key; how to fetch from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bulkpub.http.gate import GateLimits
from bulkpub.http.retry import RetryPolicy
from bulkpub.http.signals import RateHeaders
from bulkpub.http.transport import HttpSettings

__all__ = ["Connection", "Sources"]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the portal.

    `portal` is a known name (`www`, `demo`, `sandbox`) or the address of a udata site; None
    takes the one the manifest names. `key` is the API key; it is sent to that portal alone,
    and never appears in a representation of this object. `key_variable` is where it was found when
    nobody said where it is to be looked for. `environment` has the variables in which
    the keys are looked up that a manifest names; they are sent to the manifest's portal alone.
    `ca_file` has certificates (PEM) to trust besides the system's. `patience_s` is how long to
    wait for an answer without any progress, in seconds.
    """

    portal: str | None = None
    key: str | None = field(default=None, repr=False)
    key_variable: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    insecure: bool = False
    ca_file: str | None = None
    patience_s: float = HttpSettings().patience_s
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: GateLimits = field(default_factory=GateLimits)
    rate_headers: RateHeaders = field(default_factory=RateHeaders)


@dataclass(frozen=True, slots=True)
class Sources:
    """How to fetch files from other servers.

    They are kept in `spool_dir` (None: the user's cache directory) until they are
    published, at most `spool_size` bytes of them at a time. Addresses of private networks and
    of this machine are refused unless `allow_private`.
    """

    spool_dir: Path | None = None
    spool_size: int = 2 * 1024**3
    allow_private: bool = False
