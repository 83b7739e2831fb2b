"""What goes to a portal and what comes back, as values; and who is told what happens between."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import orjson

from bulkpub.core.model import Json
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason

__all__ = ["ASIDE", "Answer", "Body", "Request", "TransportListener"]


ASIDE = 2
"""Requests that a portal is given to deal with aside (`Request.aside`), at once at most."""


class Body(Protocol):
    """The body of one attempt: so many bytes of such a type, given out in pieces."""

    content_type: str
    length: int

    def at_once(self) -> bytes | None:
        """All of it, when it is small enough to be held; what it raises, nothing was sent of."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; an exception breaks the request off before it is complete."""

    def close(self) -> None:
        """Let go of what the pieces are read from; called at the end of every request.

        A request that is given up leaves its iterator where it stands, to be closed by nobody.
        """


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `endpoint` names it in logs and the report, without ids: `/datasets/{id}/`.

    `json` is sent as JSON; `body` makes a streamed body, afresh for each attempt. `handles` is
    how many bytes the portal has to deal with besides the body, which takes it time. `done_without`
    are statuses that are an answer like any other when they last, as what it asks for can be done
    without: 503 of a list, say. `root` is the address that the path is below, of the same origin;
    None: that of the API. `aside`: the portal deals with it for long, and others need not wait for
    that. `creates`: carried out twice it makes two things, whatever is usual for its method.
    """

    method: str
    path: str
    endpoint: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    body: Callable[[], Body] | None = None
    handles: int = 0
    done_without: frozenset[int] = frozenset()
    root: str | None = None
    aside: bool = False
    creates: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer that was not worth repeating: done or refused."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether the portal did what was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3

    def json(self) -> Json:
        """The body as JSON; None when it is something else, such as a proxy's HTML page."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return None


class TransportListener(Protocol):
    """Someone who is told what the transport goes through; must return at once."""

    def retrying(self, request: Request, reason: str, delay_s: float, attempt: int) -> None:
        """`request` failed for `reason` and is sent again after `delay_s` seconds."""

    def waiting(self, reason: WaitReason, delay_s: float, until: datetime) -> None:
        """Requests are held back for `delay_s` seconds."""

    def quota_seen(self, rate_limit: RateLimit) -> None:
        """An answer told the rate limit."""
