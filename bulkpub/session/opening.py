"""Opening what a run works with, from plain values: the portal, other servers, the state.

Each is a context manager, and there is no other way to open one: `run`, `plan`, `verify`,
`migrate`, `harvest` and the library reach every server through the same doors.
"""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from bulkpub.core.sources import Digest
from bulkpub.http.gate import Gate, PaceOwner
from bulkpub.http.lending import Borrower, Lendable
from bulkpub.http.messages import ASIDE, TransportListener
from bulkpub.http.transport import HttpSettings
from bulkpub.http.turns import SpacedOut, Turns
from bulkpub.pipeline.job import MOST_AT_ONCE
from bulkpub.pipeline.means import DOWNLOADERS
from bulkpub.portals import Portal
from bulkpub.portals.base import Located, Opening
from bulkpub.portals.keyed import KeyedPortal
from bulkpub.portals.kinds import locate
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.session.connection import Connection, Sources
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.politeness import Courtesy, Hosts, borrowed, lendable
from bulkpub.sources.reach import Reach
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web
from bulkpub.state.journal import Memory, open_journal
from bulkpub.state.lock import only_run_of
from bulkpub.version import __version__

__all__ = [
    "FetchedHosts",
    "WorkerMeans",
    "open_fetcher",
    "open_portal",
    "open_state",
    "open_web",
    "portal_gate",
]

USER_AGENT = f"bulkpub/{__version__}"


def portal_gate(
    located: Located,
    connection: Connection,
    *,
    at_once: int = MOST_AT_ONCE,
    finds: bool = False,
    listener: TransportListener | None = None,
) -> Gate:
    """The pace of a portal, as `connection` and the portal's rules say; see `open_portal`."""
    return Gate(
        replace(
            connection.limits,
            most=at_once,
            finds=finds,
            window=located.kind.rules.quota_window,
        ),
        on_wait=listener.waiting if listener is not None else lambda *_: None,
        awake=time.monotonic,
    )


@asynccontextmanager
async def open_portal(
    located: Located,
    connection: Connection,
    *,
    parts: PartSizes | None = None,
    at_once: int = MOST_AT_ONCE,
    finds: bool = False,
    listener: TransportListener | None = None,
    keys: Mapping[str, str] | None = None,
    pace: PaceOwner | None = None,
    apart: Callable[[float], SpacedOut] = Turns,
) -> AsyncIterator[Portal]:
    """The portal, with at most `at_once` requests in flight, paced as `connection` says.

    When it `finds` out how many it is the faster for, no more than those.

    `keys` are those of organizations, by id or slug; the connection's is for everything else, or,
    where it has none, the first of these. A key that everybody knows takes the place of all, which
    must not reach that portal.

    Who has the pace already, or borrows it, passes it as `pace`, and by `apart` what says when the
    next write may start (`Opening`); None: one of its own.
    """
    pace = pace or portal_gate(located, connection, at_once=at_once, finds=finds, listener=listener)
    opening = Opening(
        located.url,
        pace,
        http=HttpSettings(
            connections=at_once + ASIDE,
            patience_s=connection.patience_s,
            policy=connection.retry,
            rate_headers=connection.rate_headers,
            user_agent=USER_AGENT,
            ca_file=connection.ca_file,
        ),
        parts=parts or PartSizes(),
        listener=listener,
        apart=apart,
    )
    own = {} if located.key else dict(keys or {})
    first = located.key or connection.key or next(iter(own.values()), None)
    async with AsyncExitStack() as stack:
        sessions = {
            key: await stack.enter_async_context(located.kind.open(replace(opening, key=key)))
            for key in dict.fromkeys((first, *own.values()))
        }
        if not own:
            yield sessions[first]
            return
        yield KeyedPortal(sessions[first], {name: sessions[key] for name, key in own.items()})


SOURCES, PORTAL = "sources", "portal"
FROM_PORTAL = Courtesy(at_once=DOWNLOADERS)


@dataclass(frozen=True, slots=True)
class FetchedHosts:
    """The hosts that files come from: `sources`, and where the `portal` keeps what it published."""

    sources: Hosts
    portal: Hosts

    @classmethod
    def own(cls) -> Self:
        """They are known in this process alone, and may be lent to others (`lendable`)."""
        return cls(Hosts(), Hosts(FROM_PORTAL))

    @classmethod
    def borrowed(cls, borrower: Borrower) -> Self:
        """Another process has their paces, and lends them."""
        return cls(
            Hosts(paced=borrowed(borrower, SOURCES)),
            Hosts(FROM_PORTAL, paced=borrowed(borrower, PORTAL)),
        )

    def lendable(self, name: str) -> Lendable:
        """For a `Lender`: what who borrowed them asks for by this name."""
        return lendable({SOURCES: self.sources, PORTAL: self.portal}, name)


@asynccontextmanager
async def open_web(
    connection: Connection,
    sources: Sources,
    *,
    trusted: Collection[str] = (),
    hosts: Hosts | None = None,
) -> AsyncIterator[Web]:
    """Other people's servers, asked as patiently as the portal is.

    `trusted` hosts may be on a private network though others may not.
    """
    async with Web(
        user_agent=USER_AGENT,
        ca_file=connection.ca_file,
        reach=Reach(allow_private=sources.allow_private, trusted=trusted),
        policy=connection.retry,
        patience=Patience.without_progress(connection.patience_s),
        hosts=hosts,
    ) as web:
        yield web


@asynccontextmanager
async def open_fetcher(
    connection: Connection,
    sources: Sources,
    portal_url: str,
    digest: Digest,
    hosts: FetchedHosts | None = None,
) -> AsyncIterator[Fetcher]:
    """Files from elsewhere, kept in the spool for as long as they are needed.

    What is published is read from the host of `portal_url` wherever that is; what its
    permalinks lead to elsewhere is as much out of reach as any source there. Files are hashed as
    the portal tells it (`digest`). `hosts` say how each is treated; None: they are known here
    alone.
    """
    hosts = hosts or FetchedHosts.own()
    host = urlsplit(portal_url).hostname or ""
    async with (
        open_web(connection, sources, hosts=hosts.sources) as web,
        open_web(connection, sources, trusted={host}, hosts=hosts.portal) as portal_web,
        Spool(sources.spool_dir, sources.spool_size, digest) as spool,
    ):
        yield Fetcher(web, spool, portal_web=portal_web)


@contextmanager
def open_state(
    folder: Path | None, portal_url: str, identity: Sequence[str], *, writes: bool
) -> Iterator[Memory]:
    """What this machine remembers of the portal, in `folder`; None: nothing.

    A run that `writes` keeps others of the same `identity` out (`StoppedEarly`).
    """
    with (
        only_run_of(identity, portal_url, folder if writes else None),
        open_journal(folder, portal_url) as memory,
    ):
        yield memory


@dataclass(frozen=True, slots=True)
class WorkerMeans:
    """What another process opens to work on jobs: a value that has the keys, and never shows them.

    An `engine.base.Opener`; see `open_portal` and `open_fetcher` for what it has.
    """

    portal: str
    connection: Connection
    sources: Sources
    parts: PartSizes
    at_once: int
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @asynccontextmanager
    async def open(
        self, turns: Borrower, listener: TransportListener
    ) -> AsyncIterator[tuple[Portal, Fetcher]]:
        """See `Opener`."""
        located = locate(self.portal, insecure=self.connection.insecure)
        async with (
            open_portal(
                located,
                self.connection,
                parts=self.parts,
                at_once=self.at_once,
                listener=listener,
                keys=self.keys,
                pace=turns.portal,
                apart=turns.apart,
            ) as portal,
            open_fetcher(
                self.connection,
                self.sources,
                located.url,
                portal.rules.digest,
                FetchedHosts.borrowed(turns),
            ) as fetcher,
        ):
            yield portal, fetcher
