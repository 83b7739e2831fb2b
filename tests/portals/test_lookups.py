"""What a udata portal is asked before a run: in how many requests, and what its silence means."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from bulkpub.core.catalogue import KnownSchema
from bulkpub.core.owners import Owner
from bulkpub.errors import AnswerUnreadable, DatasetFailed, PortalRefuses
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.portals.udata import lookups

OURS, THEIRS = Owner("a" * 24, None), "b" * 24
ORGANIZATION = {"id": OURS.organization, "slug": "o", "name": "Ours"}
OTHER = {"id": THEIRS, "slug": "t", "name": "Theirs"}


class Scripted:
    """A transport that answers by a function; `asked` are the requests, oldest first."""

    def __init__(self, answer: Callable[[Request], tuple[int, Any]]) -> None:
        self.asked: list[Request] = []
        self._answer = answer

    async def send(self, request: Request) -> Answer:
        self.asked.append(request)
        status, body = self._answer(request)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status, {}, content)


def scripted(answer: Callable[[Request], tuple[int, Any]]) -> Any:
    return cast("Transport", Scripted(answer))


# --- silence ------------------------------------------------------------------------------

SILENT = [(code, {"message": "no"}) for code in (403, 404, 405, 410, 501, 503)]


@pytest.mark.parametrize("told", SILENT, ids=str)
async def test_what_the_portal_does_not_tell_is_not_known(told: Any) -> None:
    silent = scripted(lambda _: told)
    assert await lookups.vocabulary(silent, "/datasets/licenses/") == frozenset()
    assert await lookups.schemas(silent) == ()
    assert await lookups.unknown_zones(silent, ["fr:region:11"]) == frozenset()
    assert await lookups.foreign_contacts(silent, ["c" * 24], OURS) == {}
    assert all(503 in request.done_without for request in silent.asked)


@pytest.mark.parametrize(
    ("told", "error"),
    [((401, {}), PortalRefuses), ((400, {}), DatasetFailed), ((200, b"<html>"), AnswerUnreadable)],
)
async def test_another_answer_is_an_error(told: Any, error: type[Exception]) -> None:
    for ask in (
        lookups.vocabulary(scripted(lambda _: told), "/datasets/licenses/"),
        lookups.schemas(scripted(lambda _: told)),
        lookups.foreign_contacts(scripted(lambda _: told), ["c" * 24], OURS),
    ):
        with pytest.raises(error):
            await ask


# --- schemas ------------------------------------------------------------------------------


async def test_schemas_are_read_with_their_addresses() -> None:
    listed = [
        {
            "name": "etalab/irve",
            "schema_url": "https://s/2",
            "versions": [
                {"version_name": "1", "schema_url": "https://s/1"},
                {"version_name": "2", "schema_url": "https://s/2"},
            ],
        },
        {"name": "p", "schema_url": "https://s/p", "versions": None},
        {"name": "bare"},
    ]
    assert await lookups.schemas(scripted(lambda _: (200, listed))) == (
        KnownSchema("etalab/irve", ("1", "2"), {"https://s/1": "1", "https://s/2": "2"}),
        KnownSchema("p", addresses={"https://s/p": None}),
        KnownSchema("bare"),
    )


@pytest.mark.parametrize(
    ("listed", "fault"),
    [
        ({}, "it must be a list, not an object"),
        ([{"name": None}], "[0].name must be text, not null"),
        ([{"name": "a", "versions": [{}]}], "[0].versions[0].version_name is missing"),
        ([{"name": "a", "schema_url": []}], "[0].schema_url must be text, not a list"),
    ],
)
async def test_a_catalogue_of_another_form_is_named_with_its_field(listed: Any, fault: str) -> None:
    with pytest.raises(AnswerUnreadable) as raised:
        await lookups.schemas(scripted(lambda _: (200, listed)))
    assert str(raised.value).endswith(f"GET /datasets/schemas/: {fault}")


# --- zones --------------------------------------------------------------------------------


def zones_but(*unknown: str, hint: str = "") -> Any:
    """A portal that knows all zones but these."""

    def answer(request: Request) -> tuple[int, Any]:
        asked = request.path.split("/")[3].split(",")
        if wrong := [zone for zone in asked if zone in unknown]:
            return 404, {"message": f"Unknown zone identifiers: {', '.join(wrong)}{hint}"}
        return 200, {"features": []}

    return scripted(answer)


@pytest.mark.parametrize(
    "hint", ["", ". You have requested this URI [/a,fr:1/] but did you mean /b"]
)
async def test_zones_are_asked_for_together(hint: str) -> None:
    portal = zones_but("fr:3", "fr:5", hint=hint)
    zones = [f"fr:{number}" for number in range(20)]
    assert await lookups.unknown_zones(portal, zones) == {"fr:3", "fr:5"}
    assert len(portal.asked) == 1


async def test_a_thousand_zones_take_few_requests_and_no_long_address() -> None:
    zones = [f"fr:commune:{number:05}" for number in range(1000)]
    portal = zones_but(zones[0], zones[-1])
    assert await lookups.unknown_zones(portal, zones) == {zones[0], zones[-1]}
    assert len(portal.asked) == 12
    assert max(len(request.path) for request in portal.asked) < 1600


async def test_an_older_portal_that_fails_over_one_unknown_zone_is_asked_one_by_one() -> None:
    def answer(request: Request) -> tuple[int, Any]:
        if request.endpoint == "/spatial/zones/{ids}/":
            return 500, {"message": "Internal Server Error"}
        return (404 if request.path == "/spatial/zone/fr:7/" else 200), {"message": "x"}

    portal = scripted(answer)
    assert await lookups.unknown_zones(portal, [f"fr:{n}" for n in range(60)]) <= {"fr:7"}
    assert len(portal.asked) == 51
    assert await lookups.unknown_zones(portal, ["fr:7", "fr:8"]) == {"fr:7"}


MISLEADING: list[Any] = [
    "Unknown zone identifiers: fr:region:11, ../me, " + "x" * 10_000,
    "The requested URL was not found. You have requested this URI [/spatial/zones/fr:1/]",
    "",
    None,
    [],
]


@pytest.mark.parametrize("message", MISLEADING, ids=lambda each: str(each)[:20])
async def test_only_zones_that_were_asked_for_are_unknown(message: Any) -> None:
    portal = scripted(lambda _: (404, {"message": message}))
    assert await lookups.unknown_zones(portal, ["fr:1"]) == frozenset()


# --- contact points -----------------------------------------------------------------------


def contacts(pages: list[list[str]], others: dict[str, Any]) -> Any:
    """A portal whose organization has these pages of contact points, and that tells of others."""

    def answer(request: Request) -> tuple[int, Any]:
        if request.endpoint == "/contacts/{id}/":
            each = request.path.split("/")[2]
            found = others.get(each)
            return (200, {"id": each, **found}) if found else (404, {"message": "not found"})
        number = int(request.params["page"])
        if number > len(pages):
            return 404, {"message": "not found"}
        more = f"?page={number + 1}" if number < len(pages) else None
        data = [{"id": each} for each in pages[number - 1]]
        return 200, {"data": data, "next_page": more}

    return scripted(answer)


async def test_own_contact_points_take_one_request() -> None:
    portal = contacts([["c1", "c2"], ["c3"]], {})
    assert await lookups.foreign_contacts(portal, ["c2", "c1"], OURS) == {}
    assert len(portal.asked) == 1
    assert await lookups.foreign_contacts(portal, ["c1", "c3"], OURS) == {}
    assert len(portal.asked) == 3


async def test_whose_the_others_are_is_told() -> None:
    somebody = {"id": THEIRS, "first_name": "Otto", "last_name": "Outsider"}
    others: dict[str, Any] = {
        "c2": {"organization": OTHER, "owner": None},
        "c3": {"organization": None, "owner": somebody},
        "c4": {"organization": ORGANIZATION, "owner": None},
    }
    portal = contacts([["c1"]], others)
    found = await lookups.foreign_contacts(portal, ["c1", "c2", "c3", "c4", "c5"], OURS)
    assert found == {
        "c2": "belongs to 'Theirs'",
        "c3": "belongs to 'Otto Outsider'",
        "c5": "is not there: the portal knows none with this id",
    }


async def test_an_older_portal_that_tells_no_owner_has_none_that_is_wrong() -> None:
    portal = contacts([["c1"]], {"c2": {"name": "C"}})
    assert await lookups.foreign_contacts(portal, ["c2"], OURS) == {}


async def test_of_an_owner_without_contact_points_only_what_is_told_counts() -> None:
    portal = contacts([[]], {"c2": {"organization": OTHER}})
    found = await lookups.foreign_contacts(portal, ["c1", "c2"], OURS)
    assert found == {"c2": "belongs to 'Theirs'"}


async def test_a_listing_without_end_and_many_unknown_ones_stay_bounded() -> None:
    def answer(request: Request) -> tuple[int, Any]:
        if request.endpoint == "/contacts/{id}/":
            return 404, {}
        return 200, {"data": [{"id": f"x{request.params['page']}"}], "next_page": "more"}

    portal = scripted(answer)
    ids = [f"c{number:04}" for number in range(500)]
    found = await lookups.foreign_contacts(portal, ids, OURS)
    assert len(found) == 50
    assert len(portal.asked) == 70


async def test_a_persons_contact_points_are_listed_there() -> None:
    portal = contacts([["c1"]], {})
    assert await lookups.foreign_contacts(portal, ["c1"], Owner(None, "u" * 24)) == {}
    assert portal.asked[0].path == f"/users/{'u' * 24}/contacts/"
