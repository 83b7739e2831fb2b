"""What sources have, one after the other: read here, or by the workers of a cluster.

The rule: whoever reads them, the same comes of it in the same order: what was found, what could not
be read, what there is to note. Workers read sources of several hosts at the same time; those of one
host are one worker's, one after the other, so that nobody is asked for more than by one process.
A portal, which may be asked with a key, is read here.
"""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

from bulkpub.core.addresses import redacted
from bulkpub.core.rules import Vocabulary
from bulkpub.engine.choice import Engine
from bulkpub.engine.choice import Kind as EngineKind
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    NotAPortal,
    SettingsInvalid,
    SourceFailed,
    Stop,
)
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, unheard
from bulkpub.harvest.kinds import Kind, harvester
from bulkpub.harvest.reading.local import WithFiles, is_file
from bulkpub.language import say
from bulkpub.pipeline.means import Stopping
from bulkpub.portals import Portal
from bulkpub.portals.kinds import locate
from bulkpub.portals.kinds import names as portal_names
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import open_portal, open_web

__all__ = ["Sought", "everything"]

MOST_ENTRIES = 100
"""Of what lies in a folder, so much has to be seen by each worker before anything is begun."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is to be harvested, and how: a value that never shows an address or a key.

    `web` says how others' servers are asked, `named` which files of this machine may be read, as
    they are the sources themselves (`WithFiles`).
    """

    kind: Kind
    sources: tuple[str, ...] = field(repr=False)
    options: HarvestOptions
    connection: Connection = field(default_factory=Connection)
    web: Sources = field(default_factory=Sources)
    named: tuple[str, ...] = field(default=(), repr=False)


async def everything(sought: Sought, engine: Engine) -> AsyncGenerator[Found]:
    """What all sources have, in their order; one that cannot be read is lost, and the next is read.

    What was lost and noted is told through `sought.options`, between what was found. Raises what
    makes the others useless as well (`SettingsInvalid`, `NotAPortal`, `Stop`).
    """
    # A portal is one host, so that nothing would be gained, and its key need not go anywhere.
    is_here = engine.kind is EngineKind.LOCAL or sought.kind is Kind.PORTAL
    read = _here(sought) if is_here else _there(sought, engine)
    async with aclosing(read) as streams:
        async for stream in streams:
            try:
                async with aclosing(stream) as harvest:
                    async for found in harvest:
                        yield found
            except (SettingsInvalid, NotAPortal, Stop):
                raise
            except BulkpubError as error:
                sought.options.lost(str(error))


# --- here ---------------------------------------------------------------------------------


async def _here(sought: Sought) -> AsyncGenerator[AsyncGenerator[Found]]:
    """A stream for each source, to be read while the next one was not asked for."""
    options = sought.options
    if sought.kind is Kind.PORTAL:
        async with _portal(sought.connection) as portal:
            for source in sought.sources:
                yield cast("AsyncGenerator[Found]", _from_portal(source, portal, options))
        return
    async with open_web(sought.connection, sought.web) as web:
        reader = WithFiles(web, (*sought.sources, *sought.named))
        read = harvester(sought.kind)
        for source in sought.sources:
            yield cast("AsyncGenerator[Found]", read(source, reader, options))


def _portal(connection: Connection) -> AbstractAsyncContextManager[Portal]:
    """The portal to harvest; its public datasets are there for those without a key, too."""
    if not connection.portal:
        known = ", ".join(portal_names())
        raise SettingsInvalid(say("which portal? say so with `portal` ({known}, …)", known=known))
    # Without a key nothing secret travels, in the clear or not.
    insecure = connection.insecure or connection.key is None
    return open_portal(locate(connection.portal, insecure=insecure), connection)


async def _from_portal(source: str, portal: Portal, options: HarvestOptions) -> Harvest:
    try:
        async for found in portal_kind.harvest(source, portal, options):
            yield found
    except SourceFailed:
        await _check_portal(portal)
        raise


async def _check_portal(portal: Portal) -> None:
    """See that something is not only missing there; raises `NotAPortal` when it is no portal."""
    try:
        extensions = await portal.vocabulary(Vocabulary.EXTENSIONS)
    except DatasetFailed:
        extensions = frozenset()
    if not extensions:  # every portal takes some kinds of files
        raise NotAPortal(
            say("what answers there is no udata portal; is `portal` the right address?")
        )


# --- elsewhere ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lost:
    sentence: str


@dataclass(frozen=True, slots=True)
class _Noted:
    sentence: str


@dataclass(frozen=True, slots=True)
class _Logged:
    line: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of one source, in the order in which it came, and what ended it."""

    came: Sequence[Found | _Lost | _Noted | _Logged]
    failure: BulkpubError | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """Sources that one worker reads, one after the other: those of one host (`name`).

    What it logs of `level` and above is part of what comes of it.
    """

    name: str
    sought: Sought
    level: int

    async def read(self) -> list[_Read]:
        """What came of each source, up to the first that makes the others useless."""
        return [each async for each in self._each()]

    def unread(self, why: SourceFailed) -> list[_Read]:
        """That none of them was read."""
        return [
            _Read((), SourceFailed(say("{source} was not read: {why}", source=each, why=why)))
            for each in map(redacted, self.sought.sources)
        ]

    async def _each(self) -> AsyncGenerator[_Read]:
        from bulkpub.engine.dask.forwarding import forwarding  # noqa: PLC0415 - only there

        came: list[Any] = []
        options = replace(
            self.sought.options,
            lost=lambda sentence: came.append(_Lost(sentence)),
            note=lambda sentence: came.append(_Noted(sentence)),
        )
        logged = forwarding(uuid4().hex, lambda *line: came.append(_Logged(line)), self.level)
        with logged:
            async with aclosing(_here(replace(self.sought, options=options))) as streams:
                async for stream in streams:
                    failure = None
                    try:
                        await _read_into(came, stream, options)
                    except BulkpubError as error:
                        failure = error
                    yield _Read(tuple(came), failure)
                    came.clear()
                    if isinstance(failure, SettingsInvalid | NotAPortal | Stop):
                        return


async def _read_into(
    came: list[Any], stream: AsyncGenerator[Found], options: HarvestOptions
) -> None:
    """Read a source, no further than the limit can need.

    Others may have some of the same datasets: each of those counts for the limit where it was.
    """
    silent = replace(options, note=unheard)
    counted = set()
    async with aclosing(stream) as harvest:
        async for found in harvest:
            came.append(found)
            if options.limit and options.wanted(found.dataset) and not silent.leaves_out(found):
                counted.add((found.dataset.key, found.dataset.id))
                if len(counted) == options.limit:
                    return


async def _there(sought: Sought, engine: Engine) -> AsyncGenerator[AsyncGenerator[Found]]:
    from bulkpub.engine.dask.cluster import (  # noqa: PLC0415 - Dask is loaded where it works
        open_cluster,
        see_that_it_sees,
    )
    from bulkpub.engine.dask.forwarding import at_home, effective_level  # noqa: PLC0415 - likewise
    from bulkpub.engine.dask.reading import read_there  # noqa: PLC0415 - likewise

    sought = _as_told(sought, engine)
    hosts = [_host(number, sought) for number in range(len(sought.sources))]
    groups = {
        host: _Group(host[0], _part(sought, hosts, host), effective_level())
        for host in dict.fromkeys(hosts)
    }
    if engine.is_own:  # more would have nothing to do
        engine = replace(engine, workers=min(engine.processes, len(groups)))
    async with AsyncExitStack() as stack:
        stack.enter_context(at_home())
        client = await stack.enter_async_context(
            open_cluster(engine, Stopping(), insecure=sought.connection.insecure)
        )
        if not engine.is_own:
            await see_that_it_sees(client, _some_paths(sought))
        waiting = await stack.enter_async_context(read_there(client, list(groups.values())))
        answers = dict(zip(groups, waiting, strict=True))
        read: dict[tuple[str, int], list[_Read]] = {}
        for host in hosts:  # in the order of the sources
            if host not in read:
                try:
                    read[host] = await answers[host]()
                except SourceFailed as lost:
                    read[host] = groups[host].unread(lost)
            yield _again(read[host].pop(0), sought.options)


def _as_told(sought: Sought, engine: Engine) -> Sought:
    """The same for other processes: without any key, and with paths that lead there."""
    sought = replace(
        sought,
        connection=replace(sought.connection, key=None, environment={}),
        named=tuple(filter(is_file, sought.sources)),
    )
    if engine.is_own:  # it works in the same folder
        return sought
    return replace(
        sought,
        sources=tuple(map(_whole, sought.sources)),
        named=tuple(map(_whole, sought.named)),
        options=replace(sought.options, base=str(Path(sought.options.base).absolute())),
    )


def _whole(source: str) -> str:
    return os.path.abspath(source) if is_file(source) else source  # noqa: PTH100 # no link is followed


def _host(number: int, sought: Sought) -> tuple[str, int]:
    """Where a source is read from; two are read one after the other where it is the same."""
    source = sought.sources[number]
    if is_file(source):
        return "files", number
    try:
        host = urlsplit(source).hostname
    except ValueError:
        host = None
    return (host, 0) if host else ("nowhere", number)


def _part(sought: Sought, hosts: Sequence[tuple[str, int]], host: tuple[str, int]) -> Sought:
    pairs = zip(sought.sources, hosts, strict=True)
    return replace(
        sought,
        sources=tuple(source for source, its in pairs if its == host),
        options=replace(sought.options, lost=unheard, note=unheard),
    )


def _some_paths(sought: Sought) -> list[str]:
    """What workers have to see: files, folders, and some of what lies in these.

    A folder that is empty there would be harvested as one in which nothing is any more.
    """
    here = [Path(each) for each in sought.named if Path(each).exists()]  # others are told later
    inside = [
        entry for each in here if each.is_dir() for entry in islice(each.iterdir(), MOST_ENTRIES)
    ]
    return [str(each) for each in (*here, *inside)]


async def _again(read: _Read, options: HarvestOptions) -> AsyncGenerator[Found]:
    """What came of a source elsewhere, as if it came now and here."""
    from bulkpub.engine.dask.forwarding import tell  # noqa: PLC0415 - only there

    for each in read.came:
        match each:
            case _Lost(sentence):
                options.lost(sentence)
            case _Noted(sentence):
                options.note(sentence)
            case _Logged(line):
                tell(*line)
            case found:
                yield found
    if read.failure is not None:
        raise read.failure
