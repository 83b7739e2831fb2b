"""One run for several organizations, each with a key of its own; on both portals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub import Connection, RunOptions, RunReport
from bulkpub.http.retry import RetryPolicy

QUICK = RetryPolicy(attempts=2, first_delay=0.01, max_delay=0.1)
OURS, THEIRS = "test-organization", "other-organization"
KEYS = {
    OURS: {"key_env": "BULKPUB_API_KEY_OURS"},
    THEIRS: {"key_env": "BULKPUB_API_KEY_THEIRS"},
}


@pytest.fixture
def variables(target: Any) -> dict[str, str]:
    """Each the key of an account that is in one of the organizations only."""
    return {
        "BULKPUB_API_KEY_OURS": target.key("user"),
        "BULKPUB_API_KEY_THEIRS": target.key("outsider"),
    }


@pytest.fixture
def seen(target: Any) -> list[tuple[str, str, str]]:
    """Of each request to the embedded portal: key, method, path."""
    requests: list[tuple[str, str, str]] = []

    async def watch(request: Any, handler: Any) -> Any:
        requests.append((request.headers.get("X-API-KEY", ""), request.method, request.path))
        return await handler(request)

    if target.sandbox is not None:
        target.sandbox.interceptor = watch
    return requests


@pytest.fixture
def run(target: Any, variables: dict[str, str]) -> Callable[..., Any]:
    async def run(manifest: Path, *, key: str | None = None, **options: Any) -> RunReport:
        environment = options.pop("environment", variables)
        connection = Connection(
            portal=target.info["base_url"], key=key, environment=environment, retry=QUICK
        )
        options = {"look_again_s": 0.1, **options}
        return await bulkpub.publish(manifest, connection=connection, options=RunOptions(**options))

    return run


@pytest.fixture
def both(folder: Any, said: Any) -> Any:
    """The file of each is changed by the name of it."""
    folder.file("a.csv")
    return lambda **more: folder.manifest(
        said("ours", "a.csv", organization=OURS, acronym="A", **more),
        said("theirs", "a.csv", organization=THEIRS, acronym="B", **more),
        organizations=KEYS,
    )


async def test_each_organization_is_written_to_with_its_own_key(
    *, target: Any, run: Any, both: Any, variables: dict[str, str], seen: Any, folder: Any
) -> None:
    report = await run(both())
    assert report.run.exit_code == 0, report
    for index, name in enumerate(("organization", "other_organization")):
        (account,) = ("user",) if index == 0 else ("outsider",)
        dataset = (
            await target.portal.call("GET", f"/datasets/{report.datasets[index].id}/", key=account)
        ).body
        assert dataset["organization"]["id"] == target.info[name]["id"]
    again = await run(both())
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 2)
    assert "PUT" not in again.totals.requests.by_method
    folder.file("a.csv", "changed\n")
    await target.next_second()
    report = await run(both(private=True))
    assert (report.run.exit_code, report.totals.resources.replaced) == (0, 2), report
    again = await run(both(private=True), dry_run=True)
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 2)
    if target.sandbox is not None:
        of = {variables[each["key_env"]]: name for name, each in KEYS.items()}
        datasets = {each.id: of_ for each, of_ in zip(report.datasets, KEYS, strict=True)}
        writes = [each for each in seen if each[1] != "GET"]
        assert len(writes) > 6
        for key, method, path in writes:
            for id_, organization in datasets.items():
                assert id_ not in path or of[key] == organization, (method, path)


async def test_a_private_dataset_by_its_id_is_found_with_the_key_of_its_organization(
    *, target: Any, run: Any, both: Any, folder: Any
) -> None:
    report = await run(both(private=True))
    assert report.run.exit_code == 0, report
    entries = [{"id": each.id, "acronym": f"N{n}"} for n, each in enumerate(report.datasets)]
    manifest = folder.manifest(*entries, organizations=KEYS, organization=None)
    report = await run(manifest, key=target.key("user"))
    assert report.run.exit_code == 0, report
    assert [each.reason for each in report.datasets] == ["differs in: acronym"] * 2


async def test_a_key_of_the_wrong_account_ends_the_run_before_anything_is_sent(
    *, target: Any, run: Any, both: Any, variables: dict[str, str], seen: Any
) -> None:
    wrong = variables | {"BULKPUB_API_KEY_THEIRS": target.key("user")}
    report = await run(both(), environment=wrong)
    assert report.run.exit_code == 3
    assert "the key of the organization 'other-organization': its account (" in report.run.error
    wrong = variables | {"BULKPUB_API_KEY_OURS": target.key("expired")}
    report = await run(both(), environment=wrong)
    assert report.run.exit_code == 3
    assert "the key of the organization 'test-organization': the portal " in report.run.error
    assert target.key("expired") not in report.run.error
    assert {method for _, method, _ in seen} <= {"GET"}


async def test_a_missing_variable_is_a_problem_that_names_it(
    run: Any, both: Any, seen: Any
) -> None:
    report = await run(both(), environment={"BULKPUB_API_KEY_OURS": ""}, keep_going=True)
    assert report.run.exit_code == 2
    told = [problem.message for problem in report.run.problems]
    assert told == [
        f"there is no API key in {name}: set it in the environment or in a .env file"
        for name in ("BULKPUB_API_KEY_OURS", "BULKPUB_API_KEY_THEIRS")
    ]
    assert all(problem.line for problem in report.run.problems)
    assert seen == []


async def test_what_has_no_key_of_its_own_needs_the_accounts(
    *, target: Any, run: Any, folder: Any, said: Any
) -> None:
    manifest = folder.manifest(
        said("ours", organization=OURS),
        said("theirs", organization=THEIRS),
        organizations={OURS: KEYS[OURS]},
    )
    report = await run(manifest)
    assert (report.run.exit_code, report.run.error[:11]) == (3, "no API key:")
    report = await run(manifest, key=target.key("outsider"))
    assert report.run.exit_code == 0, report
    personal = {**said("own"), "personal": True}
    report = await run(folder.manifest(personal, organizations=KEYS, organization=None))
    assert (report.run.exit_code, report.run.error[:11]) == (3, "no API key:")


async def test_the_key_at_the_top_is_for_everything(
    *, target: Any, run: Any, folder: Any, said: Any, variables: dict[str, str]
) -> None:
    manifest = folder.manifest(
        said("theirs", organization=THEIRS), key_env="BULKPUB_API_KEY_THEIRS"
    )
    assert (await run(manifest, key=target.key("user"))).run.exit_code == 0
    assert (await run(manifest)).totals.datasets.unchanged == 1
    assert variables  # those that `run` has
