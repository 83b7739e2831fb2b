"""A portal that answers with anything: its JSON mutated at random, in a few places at a time.

A mutation that keeps the form of an answer (another text, a null, a row that is missing) is a
lie, which nobody can see through; all others must be seen.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from aiohttp import web

from bulkpub.sandbox.calls import Handler

__all__ = ["Met", "Mutating"]

LONG, DEEP = 5_000_000, 900
RAW = {
    "@deep-list": "[" * DEEP + "]" * DEEP,
    "@deep-object": '{"a":' * DEEP + "1" + "}" * DEEP,
    "@huge": "9" * 400,
    "@very-huge": "9" * 5_000,
    "@infinite": "1e999",
    "@nan": "NaN",
    "@half": r'"\ud800"',
    "@nul": r'"\u0000\u001b[31m"',
}
"""What is written in place of a text: values that a JSON library might not write."""
ANYTHING: tuple[Any, ...] = (
    *(None, True, False, 0, 5, -1, 2.5, 2**40, "", "text", "a/b", " ", "2024-13-99", "file"),
    *([], [1], [None], [[]], {}, {"a": 1}, {"id": 5}, {"id": "x"}, [{"id": "x"}], {"": {}}),
    *RAW,
)
BODIES = (b"", b"null", b"[]", b"{}", b"5", b'"text"', b"<html>hello</html>", b"\xff\xfe[]", b"[")
REFUSALS: tuple[tuple[int, Any], ...] = (
    (400, {"errors": {"title": ["Too long"]}}),
    (400, {"errors": [{}, {"title": "@deep-list"}], "message": "@deep-object"}),
    (400, {"errors": "@deep-object"}),
    (400, {"message": "@long"}),
    (403, {"errors": ["@long", {"@long": 5}]}),
    (404, {"message": 5}),
    (409, []),
    (410, {}),
    (423, {"message": "@nul"}),
    (308, {}),
)
MOST_ANSWERS = 400
"""Asked more often than that, the run does not end."""


class Met(NamedTuple):
    """A mutation that was sent: where, what it was, and whether it was a lie."""

    call: str
    place: str
    what: str
    lie: bool


class Mutating:
    """An `Interceptor` that mutates a `share` of the answers, from the `first` on, by `chance`."""

    def __init__(self, chance: Random, share: float, first: int, *, long: bool) -> None:
        self.chance = chance
        self.first = first
        self.share = share
        self.long = long
        self.met: list[Met] = []
        self.asked = 0

    @property
    def lied(self) -> bool:
        return any(each.lie for each in self.met)

    @property
    def endless(self) -> bool:
        return self.asked > MOST_ANSWERS

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See `bulkpub.sandbox.app.Interceptor`."""
        self.asked += 1
        answer = await handler(request)
        is_json = isinstance(answer, web.Response) and answer.content_type == "application/json"
        if not is_json or self.asked < self.first or self.chance.random() >= self.share:
            return answer
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        call, status = f"{request.method} {request.path}", answer.status
        if self.chance.random() < 0.04:
            status, refusal = self.chance.choice(REFUSALS)
            self.met.append(Met(call, "", f"{status} {refusal}", lie=True))
            body = _written(refusal)
        else:
            body = self._mutated(call, answer.body)
        headers = {k: v for k, v in answer.headers.items() if k.startswith("X-")}
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/json"
        )

    def _mutated(self, call: str, body: bytes) -> bytes:
        chance = self.chance
        if chance.random() < 0.05:
            other = chance.choice(BODIES)
            self.met.append(Met(call, "", repr(other), lie=False))
            return other
        document = {"answer": json.loads(body)}
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            self._mutate(call, document)
        return _written(document["answer"])

    def _mutate(self, call: str, document: dict[str, Any]) -> None:
        """Change one value of the document, or leave it out, or say it twice."""
        chance = self.chance
        path = chance.choice(list(_paths(document["answer"], ("answer",))))
        *above, name = path
        place: Any = document
        for step in above:
            place = place[step]
        old, many = place[name], isinstance(place, list)
        what = chance.choice(("other", "other", "other", "missing", "doubled", "similar"))
        lie = what in {"missing", "similar"} or (what == "doubled" and not many)
        match what:
            case "missing" if len(path) > 1:
                del place[name]
            case "doubled":
                if many:
                    place.insert(chance.randrange(len(place) + 1), old)
                else:
                    place[name] = [old, old]
            case "similar" if isinstance(old, str):
                place[name] = old + ("x" * LONG if self.long else "x")
            case _:
                new = chance.choice(ANYTHING)
                place[name] = new
                # Of the user's own values, all are of the right form.
                own = "extras" in path[:-1]
                like = (
                    type(new) is type(old) and new not in RAW
                    if isinstance(new, str)
                    else (type(new) is type(old))
                )
                lie = own or old is None or new is None or like
        self.met.append(Met(call, ".".join(map(str, path[1:])), f"{what} {str(old)[:60]}", lie=lie))


def _written(document: Any) -> bytes:
    text = json.dumps(document)
    for word, raw in RAW.items():
        text = text.replace(json.dumps(word), raw)
    return text.replace("@long", "x" * LONG).encode()


def _paths(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    yield path
    match value:
        case dict():
            for name, inner in value.items():
                yield from _paths(inner, (*path, name))
        case list():
            for index, inner in enumerate(value):
                yield from _paths(inner, (*path, index))
