"""What an answer of a udata portal says, or the error it is: refused, or of no use.

The rule: an answer is read here, against its shape; nothing behind it sees JSON.
"""

from typing import NoReturn, TypeVar

from bulkpub.core.addresses import shown_address
from bulkpub.errors import AnswerUnreadable, BulkpubError, PortalRefuses, Uncertain
from bulkpub.http.messages import Answer, Request
from bulkpub.language import say
from bulkpub.portals.shapes import Shape, Unreadable
from bulkpub.portals.udata import codec

__all__ = ["read", "refused", "unreadable"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

T = TypeVar("T")


def read(
    shape: Shape[T],
    request: Request,
    answer: Answer,
    failure: type[BulkpubError],
    what: str,
) -> T:
    """What the answer says; a refusal is a `failure`, with `what` the portal refused."""
    if not answer.ok:
        refused(answer, failure, what)
    try:
        return shape.read(answer.content)
    except Unreadable as error:
        raise unreadable(request, str(error)) from error


def refused(answer: Answer, failure: type[BulkpubError], what: str) -> NoReturn:
    """Raise what a refusal is: of the key, of all writes, or of `what`, which is a `failure`."""
    words = codec.error_message(answer.json())
    said = f"{answer.status}: {words}" if words else str(answer.status)
    if answer.status in REDIRECTS:
        # RFC 9110, section 15.4: no write is sent on unasked, and no key goes to another host.
        where = shown_address(answer.headers.get("Location", ""))
        raise failure(
            say(
                "the portal redirects {what} to {where} ({said}), where nothing is sent; if that "
                "is the portal, name its address with `portal`",
                what=what,
                where=where,
                said=said,
            )
        )
    match answer.status:
        case 401:
            raise PortalRefuses(
                say(
                    "the portal does not accept the API key ({said}); it may be mistyped, expired "
                    "or revoked",
                    said=said,
                )
            )
        case 423:
            raise PortalRefuses(say("the portal accepts no writes at present ({said})", said=said))
        case 403:
            raise failure(say("no right to write {what} ({said})", what=what, said=said))
        case _:
            raise failure(say("the portal refused {what} ({said})", what=what, said=said))


def unreadable(request: Request, fault: str) -> BulkpubError:
    """What an answer is that was asked for, or that says how a write went."""
    sentence = say(
        "the portal's answer cannot be read: {method} {endpoint}: {fault}",
        method=request.method,
        endpoint=request.endpoint,
        fault=fault,
    )
    return AnswerUnreadable(sentence) if request.method == "GET" else Uncertain(sentence)
