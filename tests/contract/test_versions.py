"""What tells one version from another; `ways_of` is held to what the version really does."""

from typing import Any

from bulkpub.sandbox.versions import NEWEST, ways_of


def version_of(portal: Any) -> str:
    return str(portal.info["versions"]["udata"]) if "versions" in portal.info else NEWEST


async def test_an_account_and_the_site_tell_the_version(portal: Any) -> None:
    ways = ways_of(version_of(portal))
    me = (await portal.call("GET", "/me/", expect=200)).body
    assert ("apikey" in me) == ways.shows_key
    site = (await portal.call("GET", "/site/", key=None, expect=200)).body
    told = {name: site.get(name) for name in ("version", "feed_size")}
    assert told == {name: ways.site.get(name) for name in told}
    mask = {"X-Fields": "version,feed_size"}
    masked = (await portal.call("GET", "/site/", key=None, headers=mask, expect=200)).body
    assert masked == {name: value for name, value in told.items() if value is not None}


async def test_a_version_has_frequencies_of_its_own(portal: Any) -> None:
    ways = ways_of(version_of(portal))
    listed = (await portal.call("GET", "/datasets/frequencies/", key=None, expect=200)).body
    assert {each["id"]: each["label"] for each in listed} == ways.frequencies
    dataset = await portal.create()
    for name, kept_as in ways.renamed.items():
        assert (await portal.put(dataset, {"frequency": name}))["frequency"] == kept_as
