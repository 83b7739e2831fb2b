"""A portal in the memory of a test, for those who work in other processes.

What a test publishes to, with its troubles, is in the process of the test (`Exchange`); whoever
publishes has a `FarPortal`, which hands each call over on a connection of its own, as values.
Pace, traffic and what is known without asking are the publisher's own; so is reading a file that
is uploaded: the portal asks for its bytes piece by piece, in the order in which it wants them.
A call that is given up at one end is given up at the other, and is over when that has been said.
"""

import asyncio
import hmac
import os
import pickle
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from bulkpub.core.model import RemoteResource
from bulkpub.core.owners import Owner
from bulkpub.core.rules import Rules
from bulkpub.http.gate import Gate, PaceOwner
from bulkpub.portals import kinds, memory
from bulkpub.portals.base import Content, Kind, Opening, Page, Pieces
from bulkpub.portals.memory import Call, MemoryPortal, Site
from bulkpub.portals.memory.site import METHODS, SCHEME
from bulkpub.portals.telling import Listed
from bulkpub.portals.whole_or_parts import PartSizes

__all__ = [
    "WHERE",
    "Asked",
    "Exchange",
    "FarPortal",
    "connect",
    "exchanging",
    "far_kinds",
    "open_far",
    "reachable",
]

WHERE = "BULKPUB_TEST_EXCHANGE"
"""The variable that says where the test is: port and token, with a space between them."""
LAST_WORD_S = 10.0
"""Seconds for which a call that was given up is waited for until the portal has let go of it."""


# --- what is said on a connection ---------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A call of the protocol; `portal` names who asks, of the site at `address`.

    `owner` has what it put beside datasets; None: the datasets themselves.
    """

    address: str
    portal: str
    parts: PartSizes
    owner: Owner | None
    name: str
    args: tuple[Any, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """How the call ended; `error` in place of a value."""

    value: Any = None
    error: BaseException | None = None

    def given(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(frozen=True)
class GivenUp:
    """Who asked wants no answer any more."""


@dataclass(frozen=True)
class More:
    """Whoever has pages, or pieces of the reading `number`, is to hand on the next one."""

    number: int = 0


@dataclass(frozen=True)
class Next:
    """A page or a piece; None: that was the last. And what is known of the content by now."""

    value: Any = None
    digest: str | None = None
    bytes_sent: int = 0
    error: BaseException | None = None


@dataclass(frozen=True)
class Open:
    """The content is read, or `length` bytes of it from `start` on, as the reading `number`."""

    number: int
    start: int
    length: int | None


@dataclass(frozen=True)
class Close:
    """The reading `number` is over."""

    number: int


@dataclass(frozen=True)
class Progressed:
    """So many bytes of the content have been sent."""

    size: int


@dataclass(frozen=True)
class Described:
    """A content, in place of itself."""

    name: str
    size: int


class Line:
    """A connection on which values are said, each with its length before it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def note(self, value: object) -> None:
        """Say it, without waiting until it has left."""
        said = pickle.dumps(value)
        self._writer.write(len(said).to_bytes(8, "big") + said)

    async def say(self, value: object) -> None:
        self.note(value)
        await self._writer.drain()

    async def hear(self) -> Any:
        """The next value; raises `EOFError` when the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(8), "big")
            return pickle.loads(await self._reader.readexactly(length))  # noqa: S301 - ours
        except (asyncio.IncompleteReadError, ConnectionError):
            raise EOFError("the other end is gone") from None

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError), anyio.CancelScope(shield=True):
            await self._writer.wait_closed()


# --- the publisher's end ------------------------------------------------------------------


@asynccontextmanager
async def open_far(opening: Opening) -> AsyncIterator[MemoryPortal]:
    """Open the portal of that address which a test has; in place of the one in this memory."""
    asked = Asked(opening.url, secrets.token_hex(8), opening.parts, None, "rules")
    line = await connect()
    try:
        await line.say(asked)
        rules: Rules = (await line.hear()).given()
    finally:
        await line.close()
    yield FarPortal(asked, rules, opening.pace)


async def connect() -> Line:
    port, token = os.environ[WHERE].split()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(token.encode())
    return Line(reader, writer)


class FarPortal(MemoryPortal):
    """Implements `bulkpub.portals.Portal` by asking the process of the test.

    It inherits what needs no asking: its own site has nothing but the rules of the real one.
    """

    def __init__(
        self, asked: Asked, rules: Rules, pace: PaceOwner, beside: MemoryPortal | None = None
    ) -> None:
        name = asked.address.removeprefix(SCHEME)
        counted = None if beside is None else beside._counted
        super().__init__(Site(rules, name), parts=asked.parts, pace=pace, counted=counted)
        self._asked = asked

    def community(self, owner: Owner) -> MemoryPortal:
        rules = super().community(owner).rules
        return FarPortal(replace(self._asked, owner=owner), rules, self._pace, beside=self)

    async def listed(self, *args: Any, **more: Any) -> tuple[Listed, ...]:
        listed: tuple[Listed, ...] = await self._ask("listed", args, more)
        return listed

    async def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        line = await connect()
        try:
            await line.say(
                self._called("owned_by", (), {"organization": organization, "user": user})
            )

            async def read() -> Page | None:
                await line.say(More())
                heard = await line.hear()
                if heard.error is not None:
                    raise heard.error
                page: Page | None = heard.value
                return page

            while True:
                page = await self._call(Call("owned_by"), read)
                if page is None:
                    return
                yield page
                if page.last:
                    return
        finally:
            await line.close()

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        args = (dataset_id, Described(content.name, content.size), resource_id)

        async def send() -> RemoteResource:
            stored: RemoteResource = await self._ask("upload", args, {}, Read(content))
            return stored

        return await self._call(Call("upload", dataset_id, resource_id or ""), send)

    async def _ask(
        self, name: str, args: tuple[Any, ...], more: dict[str, Any], read: "Read | None" = None
    ) -> Any:
        line = await connect()
        try:
            await line.say(self._called(name, args, more))
            try:
                while not isinstance(heard := await line.hear(), Answer):
                    assert read is not None
                    await read.attend(heard, line)
            except BaseException:
                with suppress(EOFError), anyio.move_on_after(LAST_WORD_S, shield=True):
                    await line.say(GivenUp())
                    while not isinstance(await line.hear(), Answer):
                        pass
                raise
            return heard.given()
        finally:
            if read is not None:
                read.close()
            await line.close()

    def _called(self, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Asked:
        return replace(self._asked, name=name, args=args, more=more)


def _forwarding(name: str) -> Callable[..., Awaitable[Any]]:
    async def forward(self: FarPortal, *args: Any, **more: Any) -> Any:
        return await self._call(Call(name), lambda: self._ask(name, args, more))

    return forward


for each in METHODS:
    if each not in vars(FarPortal):
        setattr(FarPortal, each, _forwarding(each))


class Read:
    """What the portal reads of a content: here, where it is."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._open: dict[int, tuple[Pieces, AsyncIterator[bytes]]] = {}

    async def attend(self, wish: Open | More | Close | Progressed, line: Line) -> None:
        match wish:
            case Progressed(size):
                self._content.progressed(size)
            case Open(number, start, length):
                pieces = self._content.open(start, length)
                self._open[number] = pieces, aiter(pieces)
            case Close(number):
                self._open.pop(number)[0].close()
            case More(number):
                await line.say(await self._next(number))

    async def _next(self, number: int) -> Next:
        try:
            piece = await anext(self._open[number][1], None)
        except Exception as error:  # noqa: BLE001 - it is raised where it is read
            return Next(error=error)
        return Next(piece, self._content.digest, self._content.bytes_sent)

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1][0].close()


# --- the test's end -----------------------------------------------------------------------


@dataclass
class FarContent:
    """A file that is at the other end of the line; see `Content`."""

    name: str
    size: int
    line: Line
    heard: MemoryObjectReceiveStream[Any]
    digest: str | None = None
    bytes_sent: int = 0
    readings: int = 0

    def progressed(self, size: int) -> None:
        self.line.note(Progressed(size))

    def open(self, start: int = 0, length: int | None = None) -> "FarPieces":
        self.readings += 1
        return FarPieces(
            self, self.readings, start, self.size - start if length is None else length
        )


@dataclass
class FarPieces:
    """See `Pieces`; nothing is known here before it is asked for."""

    content: FarContent
    number: int
    start: int
    length: int
    is_open: bool = False

    def at_once(self) -> bytes | None:
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self.content
        whole = self.start == 0 and self.length == content.size
        await content.line.say(Open(self.number, self.start, None if whole else self.length))
        self.is_open = True
        try:
            while True:
                await content.line.say(More(self.number))
                heard: Next = await content.heard.receive()
                if heard.error is not None:
                    raise heard.error
                content.digest, content.bytes_sent = heard.digest, heard.bytes_sent
                if heard.value is None:
                    return
                yield heard.value
        finally:
            self.close()

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.content.line.note(Close(self.number))


class Exchange:
    """Answers those who work in other processes, with the portals that this process has.

    `listening` is a socket that is bound; what is accepted there is dealt with in the event loop
    in which this is entered. Only who knows the `token` is answered. `killed` is told of what a
    test raises in order to end the run as if its process were killed: what is no `Exception`.
    """

    def __init__(self, listening: socket.socket, token: str) -> None:
        self._listening = listening
        self._token = token.encode()
        self._portals: dict[tuple[str, Owner | None], MemoryPortal] = {}
        self._underway: set[asyncio.Task[None]] = set()
        self.killed: Callable[[BaseException], None] = lambda _: None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, sock=self._listening.dup())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._underway:
            task.cancel()
        await asyncio.gather(*self._underway, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        try:
            with suppress(EOFError, asyncio.IncompleteReadError, ConnectionError):
                token = await reader.readexactly(len(self._token))
                if hmac.compare_digest(token, self._token):
                    await self._attend(line)
        finally:
            await line.close()

    async def _attend(self, line: Line) -> None:
        asked: Asked = await line.hear()
        send, heard = anyio.create_memory_object_stream[Any](1)
        answer = Answer(error=RuntimeError("it was given up"))
        with send, heard:
            async with anyio.create_task_group() as group:
                group.start_soon(_listen, line, send, group.cancel_scope)
                answer = await self._answer(asked, line, heard)
                group.cancel_scope.cancel()
        await line.say(answer)

    async def _answer(
        self, asked: Asked, line: Line, heard: MemoryObjectReceiveStream[Any]
    ) -> Answer:
        args = tuple(
            FarContent(each.name, each.size, line, heard) if isinstance(each, Described) else each
            for each in asked.args
        )
        try:
            portal = self._portal(asked)
            if asked.name == "rules":
                return Answer(portal.rules)
            if asked.name == "owned_by":
                return await self._list(portal, asked.more, line, heard)
            answer = Answer(await getattr(portal, asked.name)(*args, **asked.more))
            pickle.dumps(answer)
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001 - raised at the other end, as itself
            self._note(error)
            return Answer(error=error)
        return answer

    def _note(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            self.killed(error)

    async def _list(
        self,
        portal: MemoryPortal,
        more: dict[str, Any],
        line: Line,
        heard: MemoryObjectReceiveStream[Any],
    ) -> Answer:
        """Hand over pages, each when it is asked for."""
        pages = portal.owned_by(**more)
        while True:
            await heard.receive()
            try:
                page = await anext(pages, None)
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:  # noqa: BLE001 - raised at the other end, as itself
                self._note(error)
                await line.say(Next(error=error))
                continue
            await line.say(Next(page))

    def _portal(self, asked: Asked) -> MemoryPortal:
        main = self._portals.get((asked.portal, None))
        if main is None:
            site = memory.site(asked.address.removeprefix(SCHEME))
            main = MemoryPortal(site, parts=asked.parts, pace=Gate())
            self._portals[asked.portal, None] = main
        if asked.owner is None:
            return main
        key = asked.portal, asked.owner
        if key not in self._portals:
            self._portals[key] = main.community(asked.owner)
        return self._portals[key]


async def _listen(line: Line, heard: MemoryObjectSendStream[Any], scope: anyio.CancelScope) -> None:
    """Hand on what the other end says; once it gives up or is gone, the call is over."""
    with suppress(EOFError):
        while not isinstance(said := await line.hear(), GivenUp):
            await heard.send(said)
    scope.cancel()


# --- putting it between -------------------------------------------------------------------


@contextmanager
def reachable() -> Iterator[Callable[[], Exchange]]:
    """A place where exchanges can be reached, one after the other, and where `WHERE` says so."""
    token = secrets.token_hex(16)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(WHERE, f"{listening.getsockname()[1]} {token}")
        yield lambda: Exchange(listening, token)


@asynccontextmanager
async def exchanging() -> AsyncIterator[Exchange]:
    """Answer those who open a portal with `open_far`."""
    with reachable() as exchange:
        async with exchange() as there:
            yield there


def far_kinds() -> tuple[Kind, ...]:
    """The kinds of portals there are; those in memory are asked where `WHERE` says."""
    return tuple(
        replace(kind, open=open_far) if kind is memory.KIND else kind for kind in kinds.KINDS
    )
