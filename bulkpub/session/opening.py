"""Opening what a run works with, from plain values: the portal, other servers, the state.

Each is a context manager, and there is no other way to open one: `run`, `plan`, `verify`,
`migrate`, `harvest` and the library reach every server through the same doors.
"""

import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bulkpub.core.sources import Digest
from bulkpub.http.gate import Gate
from bulkpub.http.messages import ASIDE, TransportListener
from bulkpub.http.transport import HttpSettings
from bulkpub.pipeline.job import MOST_AT_ONCE
from bulkpub.pipeline.means import DOWNLOADERS
from bulkpub.portals import Portal
from bulkpub.portals.base import Located, Opening
from bulkpub.portals.keyed import KeyedPortal
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.session.connection import Connection, Sources
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.politeness import Courtesy
from bulkpub.sources.reach import Reach
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web
from bulkpub.state.journal import Memory, open_journal
from bulkpub.state.lock import only_run_of
from bulkpub.version import __version__

__all__ = ["open_fetcher", "open_portal", "open_state", "open_web"]

USER_AGENT = f"bulkpub/{__version__}"


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
) -> AsyncIterator[Portal]:
    """The portal, with at most `at_once` requests in flight, paced as `connection` says.

    When it `finds` out how many it is the faster for, no more than those.

    `keys` are those of organizations, by id or slug; the connection's is for everything else, or,
    where it has none, the first of these. A key that everybody knows takes the place of all, which
    must not reach that portal.
    """
    pace = Gate(
        replace(
            connection.limits,
            most=at_once,
            finds=finds,
            window=located.kind.rules.quota_window,
        ),
        on_wait=listener.waiting if listener is not None else lambda *_: None,
        awake=time.monotonic,
    )
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


@asynccontextmanager
async def open_web(
    connection: Connection,
    sources: Sources,
    *,
    trusted: Collection[str] = (),
    courtesy: Courtesy | None = None,
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
        courtesy=courtesy,
    ) as web:
        yield web


@asynccontextmanager
async def open_fetcher(
    connection: Connection, sources: Sources, portal_url: str, digest: Digest
) -> AsyncIterator[Fetcher]:
    """Files from elsewhere, kept in the spool for as long as they are needed.

    What is published is read from the host of `portal_url` wherever that is; what its
    permalinks lead to elsewhere is as much out of reach as any source there. Files are hashed as
    the portal tells it (`digest`).
    """
    host = urlsplit(portal_url).hostname or ""
    async with (
        open_web(connection, sources) as web,
        open_web(
            connection, sources, trusted={host}, courtesy=Courtesy(at_once=DOWNLOADERS)
        ) as portal_web,
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
