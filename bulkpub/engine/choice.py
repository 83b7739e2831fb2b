"""Which engine is asked for, as a value: this process, or a cluster of Dask's.

The rule: nothing of Dask is loaded here, so that whoever works on this machine alone needs none of
it. What only Dask knows (who is there, whether its channel is encrypted) is for `engine.dask` to
find out, and to put before `check_safe`.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from bulkpub.core.addresses import is_whole, shown_address
from bulkpub.core.hosts import is_loopback
from bulkpub.errors import SettingsInvalid
from bulkpub.language import say

__all__ = ["MOST_WORKERS", "Engine", "EngineLike", "Kind", "check_safe", "engine_of"]

MOST_WORKERS = 256
"""Of a cluster on this machine, each a process of its own."""
USUAL_PORT = 8786
"""Where a scheduler of Dask's listens unless it is told otherwise."""
AS_CONFIGURED = "dask"
"""The scheme that leaves the way to talk to Dask's own configuration."""
SCHEMES = frozenset({AS_CONFIGURED, "tls", "tcp"})
ENCRYPTED = frozenset({"tls", "wss"})
WITHIN_A_PROCESS = "inproc"
NEEDED = ("distributed", "cryptography")
"""What the extra `bulkpub[dask]` brings."""

EngineLike = object
"""What the library takes for one: a text as `engine_of` reads it, an `Engine`, or a
`distributed.Client`, which nothing outside `engine.dask` can name."""


class Kind(StrEnum):
    """What works on jobs."""

    LOCAL = "local"
    """This process."""
    DASK = "dask"
    """The workers of a cluster."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Where jobs are worked on.

    Of Dask there is either a cluster on this machine, made for the run and encrypted, of so many
    `workers` (None: one for each core); or the one whose scheduler is at `address`
    (`dask://HOST:PORT`, encrypted if Dask is configured so, `tls://HOST:PORT`,
    `tcp://HOST:PORT`; 8786 where no port is said); or the one that `client`, a
    `distributed.Client`, is connected to. Raises `SettingsInvalid` for what cannot be.
    """

    kind: Kind = Kind.LOCAL
    workers: int | None = None
    address: str | None = None
    client: object | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.workers is not None:
            _check_workers(self.workers, own=self.kind == Kind.DASK and self.is_own)
        if self.address is not None:
            _parts(self.address)
        ways = (self.address, self.client).count(None)
        if ways == 0 or (ways == 1 and self.kind != Kind.DASK):
            raise SettingsInvalid(
                say("a cluster is reached by an address or by a client, and is one of Dask's")
            )

    @property
    def is_own(self) -> bool:
        """Whether nobody else's cluster is needed: all of it begins and ends with the run."""
        return self.address is None and self.client is None

    @property
    def processes(self) -> int:
        """How many workers a cluster on this machine has: one for each core unless it is said."""
        from bulkpub.pipeline.means import HASHERS  # noqa: PLC0415 - `--help` needs none of it

        return self.workers or HASHERS

    @property
    def is_encrypted(self) -> bool:
        """Whether it is certain that nobody on the way can read what workers are told."""
        return self.is_own or (self.address is not None and _parts(self.address).scheme == "tls")

    @property
    def is_here(self) -> bool:
        """Whether the scheduler is on this machine; its workers may be elsewhere all the same."""
        if self.address is None:
            return self.is_own
        return is_loopback(_parts(self.address).hostname or "")

    @property
    def scheduler(self) -> str:
        """The address as `distributed.Client` takes it; empty where there is none."""
        if self.address is None:
            return ""
        parts = _parts(self.address)
        host = parts.hostname or ""
        place = f"{f'[{host}]' if ':' in host else host}:{parts.port or USUAL_PORT}"
        return place if parts.scheme == AS_CONFIGURED else f"{parts.scheme}://{place}"

    def __str__(self) -> str:
        """As it is asked for."""
        return self.address or str(self.kind)


def engine_of(asked: EngineLike, workers: int | None = None) -> Engine:
    """The engine that is `asked` for: `local`, `dask`, an address, an `Engine`, a Dask client.

    `workers` are those of a cluster on this machine. Raises `SettingsInvalid` for anything else,
    and where an engine of Dask's is asked for and Dask is not installed.
    """
    engine = _engine(asked, workers)
    if engine.kind == Kind.DASK and not all(map(find_spec, NEEDED)):
        raise SettingsInvalid(
            say(
                "the engine {engine} needs more packages: pip install 'bulkpub[dask]'",
                engine=engine,
            )
        )
    return engine


def _engine(asked: EngineLike, workers: int | None) -> Engine:
    if isinstance(asked, Engine):
        return asked if workers is None else replace(asked, workers=workers)
    if _is_client(asked):
        return Engine(Kind.DASK, workers, client=asked)
    text = asked.strip() if isinstance(asked, str) else ""
    if text.lower() in set(Kind):
        return Engine(Kind(text.lower()), workers)
    if "://" in text:
        return Engine(Kind.DASK, workers, text)
    raise _no_engine(text if isinstance(asked, str) else type(asked).__name__)


def _is_client(asked: object) -> bool:
    """Whether it is a `distributed.Client`: who has one has loaded that, which we must not."""
    classes = type(asked).__mro__
    return any(
        each.__name__ == "Client" and each.__module__.partition(".")[0] == "distributed"
        for each in classes
    )


def _check_workers(workers: int, *, own: bool) -> None:
    if not own:
        raise SettingsInvalid(
            say(
                "`workers` says how many there are on this machine, and goes with the `engine` "
                "dask alone: leave it out (a scheduler that exists has workers of its own)"
            )
        )
    if not 1 <= workers <= MOST_WORKERS:
        raise SettingsInvalid(
            say(
                "`workers` must be from 1 to {most}, not {workers}",
                most=MOST_WORKERS,
                workers=workers,
            )
        )


def _parts(address: str) -> SplitResult:
    """The parts of a scheduler's address; raises `SettingsInvalid` when it cannot be one."""
    if "@" in address:
        raise SettingsInvalid(
            say("the scheduler's address must not carry a user name or a password")
        )
    if not is_whole(address):
        raise _no_engine(address)
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or parts.path.strip("/") or parts.query or parts.fragment:
        raise _no_engine(address)
    return parts


def _no_engine(text: str) -> SettingsInvalid:
    return SettingsInvalid(
        say(
            "'{text}' is no engine: write local, dask, or the address of a Dask scheduler as "
            "dask://HOST:PORT, tls://HOST:PORT or tcp://HOST:PORT (IPv6 in brackets)",
            text=shown_address(text),
        )
    )


# --- what a key may be handed to ----------------------------------------------------------


def check_safe(address: str, *, insecure: bool) -> None:
    """Raise `SettingsInvalid` where what is secret would go in the clear to another machine.

    `address` is a scheduler's or a worker's, as Dask writes it. Both matter: a scheduler on this
    machine hands on what it is told to workers wherever these are. One without a scheme, or with
    `dask://`, counts as not encrypted: only Dask knows, and writes the true one once connected.
    That it may go so is what `insecure` says.
    """
    scheme, _, place = address.rpartition("://")
    try:
        host = urlsplit(f"//{place}").hostname or ""
    except ValueError:
        host = ""
    if insecure or scheme in {*ENCRYPTED, WITHIN_A_PROCESS} or is_loopback(host):
        return
    raise SettingsInvalid(
        say(
            "{address} would receive keys and passwords in the clear; set Dask up with TLS "
            "(tls://), or say `insecure` if you mean it",
            address=address,
        )
    )
