"""What an answer of a host of releases says, or the error it is: refused, or of no use.

The rule: an answer is read here, against its shape; nothing behind it sees JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from bulkpub.core.addresses import shown_address
from bulkpub.core.model import Json
from bulkpub.errors import AnswerUnreadable, BulkpubError, PortalRefuses, Uncertain
from bulkpub.http.messages import Answer, Request
from bulkpub.language import say
from bulkpub.portals.shapes import Shape, Unreadable

__all__ = ["Reader"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the answers of `host`, as people call it.

    `words` finds what a refusal says in its body, empty where it says nothing; `needs` is a
    sentence on what a key has to be allowed to do.
    """

    host: str
    words: Callable[[Json], str]
    needs: str

    def read(
        self,
        shape: Shape[T],
        request: Request,
        answer: Answer,
        failure: type[BulkpubError],
        what: str,
    ) -> T:
        """What the answer says; a refusal is a `failure`, with `what` the host refused."""
        if not answer.ok:
            self.refused(answer, failure, what)
        try:
            return shape.read(answer.content)
        except Unreadable as error:
            raise self.unreadable(request, str(error)) from error

    def refused(self, answer: Answer, failure: type[BulkpubError], what: str) -> NoReturn:
        """Raise what a refusal is: of the key, or of `what`, which is a `failure`."""
        words = self.words(answer.json())
        said = f"{answer.status}: {words}" if words else str(answer.status)
        if answer.status in REDIRECTS:
            # RFC 9110, section 15.4: no write is sent on unasked, and no key goes elsewhere.
            where = shown_address(answer.headers.get("Location", ""))
            raise failure(
                say(
                    "{host} redirects {what} to {where} ({said}), where nothing is sent; if that "
                    "is the repository, name its address with `portal`",
                    host=self.host,
                    what=what,
                    where=where,
                    said=said,
                )
            )
        match answer.status:
            case 401:
                raise PortalRefuses(
                    say(
                        "{host} does not accept the key ({said}); it may be mistyped, expired or "
                        "revoked",
                        host=self.host,
                        said=said,
                    )
                )
            case 403:
                raise failure(
                    say(
                        "no right to write {what} ({said}); {needs}",
                        what=what,
                        said=said,
                        needs=self.needs,
                    )
                )
            case _:
                raise failure(f"{self.host} refused {what} ({said})")

    def unreadable(self, request: Request, fault: str) -> BulkpubError:
        """What an answer is that was asked for, or that says how a write went."""
        sentence = say(
            "{host}'s answer cannot be read: {method} {endpoint}: {fault}",
            host=self.host,
            method=request.method,
            endpoint=request.endpoint,
            fault=fault,
        )
        return AnswerUnreadable(sentence) if request.method == "GET" else Uncertain(sentence)
