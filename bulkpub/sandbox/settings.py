"""How an embedded portal is set up: where it listens, what it keeps, what it holds back.

Everything has a default that suits a test: the loopback, a free port, a temporary directory,
no quota, no delay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox.faults import FaultScript
from bulkpub.sandbox.ratelimit import Quota
from bulkpub.sandbox.versions import NEWEST, Ways, ways_of

__all__ = ["SandboxSettings"]


def _now() -> datetime:
    return datetime.now(UTC)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """What an embedded portal is started with.

    `port` 0 takes a free one. `data_dir` keeps the state across restarts; None keeps it in a
    temporary directory, removed at the end. `rate_limit` is `COUNT/hour`, `/minute` or
    `/second`, counted per key; None sets no quota, as udata itself does. `latency` (seconds)
    delays every answer. `read_only` answers 423 to what creates content, as udata's
    READ_ONLY_MODE does. `sysadmin` adds an account that may do everything.
    `version` is the udata that it is in the ways of `Ways`.
    `extra_extensions` are allowed on top of udata's default list. `schemas` is a catalogue, as
    that of `SCHEMA_CATALOG_URL` has it; without, any name of a schema is accepted. `faults` is
    what shall go wrong. `clock` tells the time in UTC.

    :raises SettingsInvalid: when the host is not on the loopback and `allow_remote` is not
        set, or when the rate limit or the version cannot be read.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data_dir: Path | None = None
    rate_limit: str | None = None
    latency: float = 0.0
    read_only: bool = False
    allow_remote: bool = False
    sysadmin: bool = False
    version: str = NEWEST
    extra_extensions: tuple[str, ...] = ()
    schemas: Sequence[Mapping[str, Any]] = ()
    faults: FaultScript | None = None
    clock: Callable[[], datetime] = _now

    def __post_init__(self) -> None:
        if not self.allow_remote and not _is_loopback(self.host):
            raise SettingsInvalid(
                f"The sandbox would listen on {self.host}, beyond this machine, with keys that "
                "everybody knows: allow it expressly if that is meant."
            )
        if self.rate_limit is not None:
            Quota.parse(self.rate_limit)
        ways_of(self.version)

    @property
    def ways(self) -> Ways:
        """What its version does otherwise."""
        return ways_of(self.version)
