"""Starting and stopping, what is kept, what is seen, what can be made to go wrong."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox import Sandbox, SandboxSettings, Seen


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104  # refused, that is the point
def test_it_does_not_listen_beyond_the_loopback_unless_told(host: str) -> None:
    with pytest.raises(SettingsInvalid, match="beyond this machine"):
        SandboxSettings(host=host)
    SandboxSettings(host=host, allow_remote=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_loopback_has_several_names(host: str) -> None:
    SandboxSettings(host=host)


async def test_two_sandboxes_share_nothing(start: Any) -> None:
    async with start() as one, start() as other:
        assert one.sandbox.base_url != other.sandbox.base_url
        await one.create()
        assert len(one.sandbox.state.datasets) == 1
        assert len(other.sandbox.state.datasets) == 0


async def test_a_sandbox_that_is_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="not been started"):
        _ = Sandbox().state


async def test_temporary_data_goes_with_the_sandbox(start: Any, names_below: Any) -> None:
    async with start() as portal:
        await portal.upload(await portal.create(), "x.csv")
        folder = Path(portal.sandbox.info["data_dir"])
        assert "x.csv" in names_below(folder)
    assert names_below(folder) == []


async def test_everything_survives_a_restart_on_another_port(
    start: Any, names_below: Any, tmp_path: Path
) -> None:
    async with start(data_dir=tmp_path) as portal:
        dataset = await portal.create("Before", tags=["one-tag"], extras={"a": 1})
        resource = await portal.upload(dataset, "x.csv", b"kept")
        path = f"/datasets/{dataset['id']}/"
        await portal.call("PUT", path, json={"title": "After", "tags": ["one-tag"]})
        before = await (await portal.call("GET", path)).json()
        old_base = portal.sandbox.base_url
        shared = aiohttp.FormData({"x": "1"})
        shared.add_field("file", b"1", filename="shared.csv")
        await portal.call("POST", path + "upload/community/", data=shared)
    async with start(data_dir=tmp_path) as portal:
        base = portal.sandbox.base_url
        after = await (await portal.call("GET", path)).json()
        assert str(after) == str(before).replace(old_base, base)
        response = await portal.call("GET", resource["latest"].replace(old_base, base))
        assert await response.read() == b"kept"
        response = await portal.call("GET", "/datasets/before/", allow_redirects=False)
        assert response.status == 308
        assert len(portal.sandbox.state.community) == 1
    assert not [name for name in names_below(tmp_path) if name.endswith(".partial")]


async def test_requests_are_recorded_with_their_answers(start: Any) -> None:
    async with start() as portal:
        await portal.call("GET", "/me/")
        await portal.call("GET", "/me/", key="wrong")
        await portal.call("GET", "/datasets/?page_size=5")
        assert portal.sandbox.requests == [
            Seen("GET", "/api/1/me/", 200),
            Seen("GET", "/api/1/me/", 401),
            Seen("GET", "/api/1/datasets/", 200),
        ]


async def test_an_interceptor_can_lose_the_answer_after_the_deed(start: Any) -> None:
    async def lose(request: Any, handler: Any) -> Any:
        response = await handler(request)
        request.transport.abort()
        return response

    async with start() as portal:
        portal.sandbox.interceptor = lose
        with pytest.raises(aiohttp.ClientError):
            await portal.create()
        portal.sandbox.interceptor = None
        assert len(portal.sandbox.state.datasets) == 1


async def test_an_interceptor_can_answer_instead_of_the_portal(start: Any) -> None:
    async def refuse(_request: Any, _handler: Any) -> Any:
        return aiohttp.web.Response(status=502, text="<html>", content_type="text/html")

    async with start() as portal:
        portal.sandbox.interceptor = refuse
        response = await portal.call("GET", "/me/")
        assert (response.status, response.content_type) == (502, "text/html")
        assert portal.sandbox.requests == [Seen("GET", "/api/1/me/", 502)]


async def test_more_extensions_can_be_allowed_but_html_stays_refused(start: Any) -> None:
    async with start(extra_extensions=("parquet", "html")) as portal:
        listed = await (await portal.call("GET", "/datasets/extensions/")).json()
        assert {"parquet", "html"} <= set(listed)
        dataset = await portal.create()
        assert (await portal.upload(dataset, "x.parquet"))["title"] == "x.parquet"
        assert await portal.upload(dataset, "x.html") == {
            "message": "Incorrect file content type: HTML"
        }


async def test_a_sysadmin_is_there_when_asked_for(start: Any) -> None:
    async with start(sysadmin=True) as portal:
        dataset = await portal.create(private=True)
        key = portal.sandbox.info["sysadmin"]["api_key"]
        response = await portal.call("GET", f"/datasets/{dataset['id']}/", key=key)
        assert (await response.json())["permissions"]["edit"] is True
    assert "sysadmin" not in Sandbox().info


async def test_a_large_body_goes_to_disk_and_comes_back_whole(start: Any, names_below: Any) -> None:
    data = bytes(range(256)) * 4096 * 4
    async with start() as portal:
        resource = await portal.upload(await portal.create(), "large.csv", data)
        assert resource["filesize"] == len(data)
        response = await portal.call("GET", resource["url"])
        assert await response.read() == data
        folder = Path(portal.sandbox.info["data_dir"])
        assert names_below(folder / "spool") == []


async def test_a_refused_large_body_leaves_nothing_behind(start: Any, names_below: Any) -> None:
    async with start() as portal:
        dataset = await portal.create()
        answer = await portal.upload(dataset, "large.exe", b"x" * (1 << 20))
        assert "not allowed" in answer["message"]
        folder = Path(portal.sandbox.info["data_dir"])
        assert names_below(folder / "spool") == []
        assert names_below(folder / "resources") == []


@pytest.mark.parametrize("path", ["../state.json", "..%2Fstate.json", "%2e%2e/state.json", "a/.."])
async def test_nothing_outside_the_hosted_files_can_be_downloaded(
    start: Any, tmp_path: Path, path: str
) -> None:
    async with start(data_dir=tmp_path) as portal:
        await portal.create()
        (tmp_path / "state.json").write_text("secret")
        status, text = await portal.page(f"/resources/{path}")
        assert status == 404
        assert "secret" not in text
