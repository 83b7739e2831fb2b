"""The short description: set, left alone, and taken away, as the portal wants it said."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bulkpub.sandbox import Sandbox

Publish = Callable[..., Awaitable[Any]]


def manifest(**said: Any) -> dict[str, Any]:
    dataset = {"key": "velos", "title": "Vélos", "description": "Des vélos.", **said}
    return {"organization": "test-organization", "datasets": [dataset]}


@pytest.mark.parametrize("nothing", ["", None])
async def test_an_empty_one_and_null_take_it_away_and_silence_leaves_it(
    nothing: str | None, publish: Publish, sandbox: Sandbox, dataset_of: Any
) -> None:
    assert (await publish(manifest(description_short="En bref."))).run.exit_code == 0
    assert dataset_of(sandbox, "velos").description_short == "En bref."

    assert (await publish(manifest(title="Les vélos"))).run.exit_code == 0
    assert dataset_of(sandbox, "velos").description_short == "En bref."

    bodies: list[Any] = []

    async def watch(request: Any, handler: Any) -> Any:
        if request.method == "PUT":
            bodies.append(await request.json())
        return await handler(request)

    sandbox.interceptor = watch
    report = await publish(manifest(title="Les vélos", description_short=nothing))
    assert report.run.exit_code == 0
    assert "description_short" in report.datasets[0].reason
    assert [body["description_short"] for body in bodies] == [None]
    assert dataset_of(sandbox, "velos").description_short is None

    bodies.clear()
    assert (
        await publish(manifest(description_short=nothing, title="Les vélos"))
    ).run.exit_code == 0
    assert bodies == []
