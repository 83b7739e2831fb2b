"""The quota, as a table without a clock and as a client sees it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox import SandboxSettings
from bulkpub.sandbox.ratelimit import Limiter, Quota


@pytest.mark.parametrize(
    ("text", "quota"),
    [("1000/hour", Quota(1000, 3600)), ("60/minute", Quota(60, 60)), (" 5 / second", Quota(5, 1))],
)
def test_a_quota_is_a_count_and_a_span(text: str, quota: Quota) -> None:
    assert Quota.parse(text) == quota


@pytest.mark.parametrize("text", ["", "1000", "0/hour", "-1/hour", "10/day", "x/hour"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="1000/hour"):
        SandboxSettings(rate_limit=text)


def test_a_window_opens_with_the_first_request_and_ends_after_its_span() -> None:
    limiter = Limiter(Quota(2, 60))
    table = [
        # now, allowed, remaining, reset, retry after
        (100.0, True, 1, 160, 60),
        (130.5, True, 0, 160, 30),
        (131.0, False, 0, 160, 29),
        (159.9, False, 0, 160, 1),
        (160.0, True, 1, 220, 60),
    ]
    for now, allowed, remaining, reset, retry_after in table:
        spent = limiter.spend("key", now)
        assert (spent.allowed, spent.remaining, spent.reset, spent.retry_after) == (
            allowed,
            remaining,
            reset,
            retry_after,
        )


def test_every_key_has_a_quota_of_its_own() -> None:
    limiter = Limiter(Quota(1, 60))
    assert limiter.spend("one", 0.0).allowed
    assert limiter.spend("other", 0.0).allowed
    assert not limiter.spend("one", 1.0).allowed


async def test_every_answer_tells_where_the_quota_stands(start: Any) -> None:
    now = datetime(2024, 5, 1, tzinfo=UTC)
    moments = [now, now, now, now + timedelta(hours=1)]
    async with start(rate_limit="2/hour", clock=lambda: moments[0]) as portal:
        seen = []
        for _ in range(4):
            response = await portal.call("GET", "/datasets/extensions/")
            headers = response.headers
            seen.append((response.status, headers["X-RateLimit-Remaining"]))
            assert headers["X-RateLimit-Limit"] == "2"
            if response.status == 429:
                assert headers["X-RateLimit-Reset"] == str(int(now.timestamp()) + 3600)
                assert headers["Retry-After"] == "3600"
            moments.pop(0)
    assert seen == [(200, "1"), (200, "0"), (429, "0"), (200, "1")]


async def test_there_is_no_quota_unless_asked_for(start: Any) -> None:
    async with start() as portal:
        response = await portal.call("GET", "/datasets/extensions/")
    assert not [name for name in response.headers if name.startswith("X-RateLimit")]


async def test_downloads_cost_nothing(start: Any) -> None:
    async with start(rate_limit="3/hour") as portal:
        resource = await portal.upload(await portal.create(), "x.csv")
        for _ in range(5):
            assert (await portal.call("GET", resource["url"])).status == 200
