"""One manifest for two portals that are served: published, changed, and published again."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from anyio.from_thread import start_blocking_portal
from ruamel.yaml import YAML

import bulkpub
from bulkpub import Connection, RunOptions, RunReport
from bulkpub.cli.report_file import to_json
from bulkpub.http.retry import RetryPolicy
from bulkpub.sandbox import Sandbox, SandboxSettings

ROOT = Path(__file__).parents[2]
PATIENT = RetryPolicy(attempts=4, first_delay=0.05, max_delay=0.5)


@pytest.fixture
def other(clock: Any) -> Iterator[Sandbox]:
    """Another portal, beside the target."""
    with start_blocking_portal() as thread, ExitStack() as stack:
        yield stack.enter_context(
            thread.wrap_async_context_manager(Sandbox(SandboxSettings(clock=clock)))
        )


@pytest.fixture
def manifest(target: Any, other: Sandbox, tmp_path: Path) -> Path:
    """The example, for the target and the other portal, with keys that nobody else has."""
    document = YAML(typ="safe").load(ROOT / "manifests/destinations.yaml")
    addresses = (target.info["base_url"], other.info["base_url"])
    for destination, address in zip(document["destinations"], addresses, strict=True):
        destination["name"] = destination["portal"]
        destination["portal"] = address
        destination["organization"] = "other-organization"
    for dataset in document["datasets"]:
        dataset["key"] += f"-{target.tag}"
        dataset["title"] += f" ({target.tag})"
    shutil.copytree(ROOT / "manifests/data", tmp_path / "data")
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document, default=str), encoding="utf-8")
    return path


@pytest.fixture
def run(
    target: Any, other: Sandbox, report_faults: Callable[[bytes], list[str]]
) -> Callable[..., Any]:
    keys = {
        "BULKPUB_API_KEY_DEMO": target.key("outsider"),
        "BULKPUB_API_KEY_WWW": str(other.info["outsider"]["api_key"]),
    }

    async def run(manifest: Path, **options: Any) -> RunReport:
        report = await bulkpub.publish(
            manifest,
            connection=Connection(environment=keys, retry=PATIENT),
            options=RunOptions(look_again_s=0.1, **options),
        )
        assert report_faults(b"".join(to_json(report))) == []
        return report

    return run


def there(other: Sandbox) -> dict[str, list[str]]:
    return {
        each.title: [one.title for one in each.resources]
        for each in other.state.datasets.values()
        if each.organization is not None
    }


async def test_the_example_is_published_changed_and_published_again_on_both(
    *, target: Any, other: Sandbox, run: Any, manifest: Path, writes: Any
) -> None:
    report = await run(manifest)
    assert report.run.exit_code == 0, report
    assert report.totals.datasets.created == 4
    for index in range(2):
        (here, beside) = report.datasets[index], report.datasets[index + 2]
        assert (here.destination, beside.destination) == ("demo", "www")
        titles = [each["title"] for each in (await target.resources(report, index))]
        assert there(other)[str(beside.title)] == titles
    before = {name: list(titles) for name, titles in there(other).items()}
    assert writes(await run(manifest)) == 0

    (changed, *_) = sorted((manifest.parent / "data/jours-feries").glob("*.csv"))
    changed.write_bytes(changed.read_bytes() + b"2030-01-01,1er janvier\n")
    await target.next_second()
    report = await run(manifest)
    assert (report.run.exit_code, report.totals.resources.replaced) == (0, 2), report
    assert there(other) == before
    assert writes(await run(manifest)) == 0


async def test_a_portal_that_is_down_stops_no_other_and_the_next_run_completes_it(
    *, target: Any, other: Sandbox, run: Any, manifest: Path, writes: Any
) -> None:
    async def down(request: Any, handler: Any) -> Any:
        del request, handler
        raise web.HTTPServiceUnavailable

    other.interceptor = down
    report = await run(manifest, attempts=1)
    codes = {each.name: each.exit_code for each in report.run.destinations}
    assert codes["demo"] == 0, report
    assert codes["www"] != 0
    assert report.run.exit_code != 0
    assert len(await target.resources(report, 0)) > 0
    other.interceptor = None
    report = await run(manifest)
    assert (report.run.exit_code, report.totals.datasets.unchanged) == (0, 2), report
    assert len(there(other)) == 2
    assert writes(await run(manifest)) == 0
