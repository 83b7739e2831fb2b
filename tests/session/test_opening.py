"""What is opened uses the pace that it is given, and makes its own otherwise."""

import pytest

from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.turns import Turns
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import FetchedHosts, open_fetcher, open_portal, portal_gate


@pytest.mark.parametrize(
    "url", ["memory://opening", "https://data.example.org", "github:example/data"]
)
async def test_a_portal_is_paced_by_who_has_the_pace_already(url: str) -> None:
    spaced: list[float] = []

    def apart(seconds: float) -> Turns:
        spaced.append(seconds)
        return Turns(seconds)

    gate = Gate(GateLimits(most=3))
    async with open_portal(locate(url), Connection(), pace=gate, apart=apart) as portal:
        assert portal.at_once == 3
    async with open_portal(locate(url), Connection(), at_once=5) as portal:
        assert portal.at_once == 5
    assert spaced == ([1.0] if url.startswith("github") else [])


def test_the_pace_of_a_portal_is_as_the_connection_and_the_kind_say() -> None:
    limits = GateLimits(quota_reserve=0.5, most=7)
    gate = portal_gate(locate("memory://opening"), Connection(limits=limits), at_once=4)
    assert (gate.limits.quota_reserve, gate.at_once, gate.limits.finds) == (0.5, 4, False)


async def test_files_are_fetched_from_hosts_as_others_know_them() -> None:
    hosts = FetchedHosts.own()
    opened = open_fetcher(Connection(), Sources(), "https://data.example.org", "sha1", hosts)
    async with opened as fetcher:
        assert fetcher.web.hosts is hosts.sources
