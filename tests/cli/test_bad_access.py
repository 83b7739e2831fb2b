"""Keys, rights and organizations that do not open the door."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]


def info(sandbox: Sandbox, who: str, what: str) -> str:
    return str(sandbox.info[who][what])


def test_without_a_key_it_says_where_the_key_goes(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, env={"BULKPUB_API_KEY": None})
    assert ran.code == 3
    assert "no API key: set BULKPUB_API_KEY (or DATAGOUV_API_KEY)" in ran.out
    assert ran.report["run"]["exit_code"] == 3
    assert ran.report["totals"]["requests"]["total"] == 0


def test_without_a_key_the_manifests_problems_come_first(run_cli: Run, folder: Any) -> None:
    folder.text("datasets:\n  - titel: T\n")
    ran = run_cli("run", "manifest.yaml", env={"BULKPUB_API_KEY": None})
    assert ran.code == 2
    assert "manifest.yaml:2:5: unknown key 'titel'" in ran.err


@pytest.mark.parametrize("who", ["nobody", "expired"])
def test_a_key_the_portal_does_not_accept(
    run_cli: Run, folder: Any, served: Sandbox, who: str
) -> None:
    key = "wrong-key-of-nobody" if who == "nobody" else info(served, who, "api_key")
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, env={"BULKPUB_API_KEY": key})
    assert ran.code == 3
    assert "the portal does not accept the API key" in ran.out
    assert "mistyped, expired or revoked" in ran.out
    assert ran.report["totals"]["requests"]["total"] == 1
    assert ran.report["datasets"][0]["status"] == "pending"


def test_a_key_with_a_line_break_inside_is_refused_without_being_shown(
    run_cli: Run, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, env={"BULKPUB_API_KEY": "abc\ndef"})
    assert ran.code == 2
    assert "BULKPUB_API_KEY does not hold an API key" in ran.err


def test_blanks_around_a_key_do_no_harm(run_cli: Run, folder: Any, served: Sandbox) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    assert run_cli("run", manifest, env={"BULKPUB_API_KEY": f" {served.api_key}\n"}).code == 0


def test_the_second_variable_for_the_key_does_as_well(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    key = {"BULKPUB_API_KEY": None, "DATAGOUV_API_KEY": served.api_key}
    assert run_cli("run", manifest, env=key).code == 0


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_the_variable_of_open_terms_archive_does_where_there_is_none_of_ours(
    where: str, *, run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    none = {"BULKPUB_API_KEY": None, "DATAGOUV_API_KEY": None}
    key = {"OTA_ENGINE_DATAGOUV_API_KEY": served.api_key}
    if where == ".env":
        folder.file(".env", f"OTA_ENGINE_DATAGOUV_API_KEY={served.api_key}\n").chmod(0o600)
        key = {}
    assert run_cli("run", manifest, env={**none, **key}).code == 0
    assert run_cli("run", manifest, env={**key, "BULKPUB_API_KEY": "wrong-key"}).code == 3


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_manifest_names_the_variable_of_its_key(
    where: str, *, run_cli: Run, folder: Any, served: Sandbox
) -> None:
    """The file tells it as well; `validate` needs none, and the others name the one missing."""
    name = "BULKPUB_API_KEY_VILLE"
    manifest = folder.manifest(
        folder.dataset("a", "a.csv"), organizations={"test-organization": {"key_env": name}}
    )
    env: dict[str, str | None] = {"BULKPUB_API_KEY": None}
    assert run_cli("validate", manifest, env=env).code == 0
    for command in ("plan", "run", "verify", "status"):
        ran = run_cli(command, manifest, env=env)
        assert ran.code == 2, command
        assert f"there is no API key in {name}" in ran.said
    if where == ".env":
        file = folder.file(".env", f"{name}={served.api_key}\n")
        file.chmod(0o644)
        assert "chmod 600 .env" in run_cli("validate", manifest, env=env).err
        file.chmod(0o600)
    else:
        env[name] = served.api_key
    for command in ("plan", "run", "verify", "status"):
        assert run_cli(command, manifest, env=env).code == 0


def test_a_manifest_names_no_secret_of_another_program(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"), key_env="CLOUD_SECRET")
    ran = run_cli("run", manifest, env={"CLOUD_SECRET": "not-for-portals"})
    assert (ran.code, served.requests) == (2, [])
    assert "not-for-portals" not in ran.said


def test_the_env_file_tells_the_key_and_the_environment_overrules_it(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    folder.file(".env", f"BULKPUB_API_KEY={served.api_key}\n")
    assert run_cli("run", manifest, env={"BULKPUB_API_KEY": None}).code == 0
    assert run_cli("run", manifest, env={"BULKPUB_API_KEY": "another"}).code == 3
    assert "BULKPUB_API_KEY" not in os.environ


def test_the_key_of_someone_who_is_no_member(run_cli: Run, folder: Any, served: Sandbox) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    key = info(served, "outsider", "api_key")
    ran = run_cli("run", manifest, env={"BULKPUB_API_KEY": key})
    assert ran.code == 3
    assert "Otto Outsider" in ran.out
    assert "not a member of the organization 'Test Organization'" in ran.out
    assert not served.state.datasets


def test_no_member_of_one_organization_still_publishes_in_the_other(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    foreign = folder.dataset("a", "a.csv", organization="other-organization")
    manifest = folder.manifest(foreign, folder.dataset("b", "b.csv"))
    assert run_cli("run", manifest).code == 2
    assert not served.state.datasets
    ran = run_cli("run", manifest, "--keep-going")
    assert ran.code == 1
    assert "not a member of the organization 'Other Organization'" in ran.err
    assert [each["status"] for each in ran.report["datasets"]] == ["failed", "created"]


def test_the_right_to_a_dataset_of_another_member_may_be_lacking(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    run_cli("run", folder.manifest(folder.dataset("a", "a.csv")))
    folder.file("a.csv", "changed and longer than before\n")
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b", "b.csv"))
    ran = run_cli("run", manifest, env={"BULKPUB_API_KEY": info(served, "partial", "api_key")})
    assert ran.code == 1
    assert "no right to write the file (403" in ran.said
    assert [each["status"] for each in ran.report["datasets"]] == ["failed", "created"]


def test_an_unknown_organization_is_named_with_the_nearest_known(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    folder.file("a.csv")
    folder.text(
        "organization: test-organisation\n"
        "datasets:\n"
        "  - title: T\n"
        "    description: D\n"
        "    resources: [{path: a.csv}]\n"
    )
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    assert "manifest.yaml:1:15: the portal knows no organization 'test-organisation'" in ran.err
    assert "did you mean 'test-organization'?" in ran.err
    assert not served.state.datasets
    assert ran.report["run"]["problems"]


def test_a_portal_in_maintenance_is_left_alone(
    run_cli: Run, folder: Any, served: Sandbox, answer_instead: Callable[..., Any]
) -> None:
    words = '{"message": "creation is currently disabled"}'
    served.interceptor = answer_instead(
        lambda: web.Response(status=423, text=words, content_type="application/json"), "POST"
    )
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b", "b.csv"))
    ran = run_cli("run", manifest, "--concurrency", 1)
    assert ran.code == 3
    assert "the portal accepts no writes at present (423: creation is currently disabled)" in (
        ran.out
    )
    assert {each["status"] for each in ran.report["datasets"]} <= {"pending", "failed"}


def test_the_key_is_never_sent_to_another_host_in_the_clear(
    run_cli: Run, folder: Any, tmp_path: Path
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--portal", "http://portal.example")
    assert ran.code == 2
    assert "would receive the API key in the clear" in ran.out
    assert (tmp_path / "bulkpub-report.json").exists()


def test_an_address_that_is_none_is_told_before_a_missing_key(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--portal", "htp:/x", env={"BULKPUB_API_KEY": None})
    assert ran.code == 2
    assert "unknown portal 'htp:/x'" in ran.said
    assert "Requests" not in ran.out, "figures of a run that was none"


def test_one_wrong_organization_is_one_problem_at_its_own_line(run_cli: Run, folder: Any) -> None:
    folder.text(
        "datasets: \n"
        + "".join(f"  - {{key: {k}, title: {k}, description: D, private: true}}\n" for k in "abc")
        + "organization: test-organisation\n"
    )
    ran = run_cli("plan", "manifest.yaml")
    assert ran.code == 2
    assert ran.err.count("the portal knows no organization") == 1
    assert "manifest.yaml:5:15: the portal knows no organization" in ran.err
    assert "1 problem found" in ran.err


def test_a_wrong_default_is_one_problem_and_keeps_only_its_datasets_back(
    run_cli: Run, folder: Any
) -> None:
    folder.text(
        "organization: test-organization\n"
        "defaults: {license: lov3}\n"
        "datasets:\n"
        "  - {key: a, title: A, description: D}\n"
        "  - {key: b, title: B, description: D}\n"
        "  - {key: c, title: C, description: D, license: fr-lo}\n"
    )
    ran = run_cli("run", "manifest.yaml", "--keep-going")
    assert ran.code == 1
    sentence = "manifest.yaml:2:21: the portal knows no licence 'lov3'; did you mean 'lov2'?"
    assert ran.err.count(sentence) == 1
    status = {each["key"]: each["status"] for each in ran.report["datasets"]}
    assert status == {"a": "failed", "b": "failed", "c": "created"}
