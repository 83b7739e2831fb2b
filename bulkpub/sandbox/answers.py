"""How the embedded portal answers: JSON, and udata's several shapes of refusal.

Rule: a handler that cannot go on raises `Refused`; one outermost place turns it into an answer.
"""

import orjson
from aiohttp import web

from bulkpub.core.model import Json

__all__ = [
    "NOT_FOUND",
    "Refused",
    "crashed",
    "invalid",
    "json_answer",
    "not_found",
    "refused_file",
    "refused_id",
    "refused_input",
]

NOT_FOUND = (
    "The requested URL was not found on the server. If you entered the URL manually please "
    "check your spelling and try again."
)


class Refused(Exception):
    """The request is answered with this status and body instead of being carried out."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}

    @classmethod
    def saying(cls, status: int, message: str) -> "Refused":
        """A refusal of the common shape, `{"message": ...}`."""
        return cls(status, {"message": message})


def not_found(message: str = NOT_FOUND) -> Refused:
    """Nothing is here, or nothing that this account may see."""
    return Refused.saying(404, message)


def invalid(errors: Json) -> Refused:
    """A form that does not validate: `{"errors": {field: [...]}}`."""
    return Refused(400, {"errors": errors})


def refused_input(name: str, sentence: str) -> Refused:
    """An argument of the query string or of an upload that cannot be read."""
    return Refused(400, {"errors": {name: sentence}, "message": "Input payload validation failed"})


def refused_id(value: Json) -> Refused:
    """What should be an id of MongoDB's has not the form of one."""
    sentence = f"{value!r} is not a valid ObjectId, it must be a 12-byte input or a 24-character "
    return Refused(400, {"errors": {}, "message": f"{sentence}hex string"})


def refused_file(error: str) -> Refused:
    """An upload that udata's storage refuses; the only place where it says `error`."""
    return Refused(400, {"error": error, "message": "", "success": False})


def crashed() -> Refused:
    """What udata answers where it meets an exception of its own."""
    return Refused.saying(500, "Internal Server Error")


def json_answer(
    data: Json, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """The value as JSON, with its length."""
    return web.Response(
        body=orjson.dumps(data),
        status=status,
        headers=headers,
        content_type="application/json",
    )
