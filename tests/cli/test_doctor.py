"""`bulkpub doctor` says what keeps a run from working, each with its cure, and writes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import unused_port

from bulkpub.sandbox import Sandbox

RunCli = Callable[..., Any]


@pytest.fixture
def look(run_cli: RunCli, tmp_path: Path) -> RunCli:
    """The findings by what was looked at, and the exit code."""

    def look(*args: object, **more: Any) -> tuple[int, dict[str, dict[str, Any]]]:
        state = ("--state-dir", tmp_path / "state", "--spool-dir", tmp_path / "spool")
        ran = run_cli("doctor", "--json", *state, *args, **more)
        return ran.code, {each["what"]: each for each in orjson.loads(ran.out)}

    return look


def test_a_machine_that_can_publish_is_told_so(
    look: RunCli, run_cli: RunCli, served: Sandbox, tmp_path: Path
) -> None:
    code, found = look()
    assert code == 0
    assert {each["health"] for each in found.values()} == {"good"}
    assert list(found) == [
        *("versions", "key", "network", "clock", "account", "quota"),
        *("state", "spool", "open files"),
    ]
    assert served.info["organization"]["slug"] in found["account"]["says"]
    assert {seen.method for seen in served.requests} == {"GET"}
    assert sorted(tmp_path.iterdir()) == []
    assert "Nothing keeps a run from working" in run_cli("doctor").out


def test_without_a_key_it_says_where_to_find_one(look: RunCli) -> None:
    code, found = look(env={"BULKPUB_API_KEY": None})
    assert code == 1
    assert found["key"]["health"] == "bad"
    assert "BULKPUB_API_KEY" in found["key"]["cure"]
    assert found["account"]["health"] == "unseen"
    assert found["network"]["health"] == "good"


def test_a_key_that_can_be_none_is_not_sent(look: RunCli, served: Sandbox) -> None:
    code, found = look(env={"BULKPUB_API_KEY": "two words"})
    assert (code, found["key"]["health"]) == (1, "bad")
    assert "two words" not in str(found)
    assert [seen for seen in served.requests if seen.path.startswith("/api")] == []


def test_a_key_that_the_portal_refuses_is_bad(look: RunCli) -> None:
    code, found = look(env={"BULKPUB_API_KEY": "of-nobody"})
    assert (code, found["account"]["health"]) == (1, "bad")
    assert "of-nobody" not in str(found)


def test_a_portal_that_is_not_there_is_one_thing_to_mend(run_cli: RunCli) -> None:
    ran = run_cli("doctor", "--portal", f"http://127.0.0.1:{unused_port()}")
    assert ran.code == 1
    assert "1 thing to be mended" in ran.out
    assert "cannot be reached" in ran.out


@pytest.mark.parametrize("portal", ["nowhere", "http://portal.example", "https://me:pw@x.example"])
def test_an_address_that_can_be_no_portals_is_told(run_cli: RunCli, portal: str) -> None:
    ran = run_cli("doctor", "--portal", portal)
    assert ran.code == 1
    assert "BAD  portal" in ran.out
    assert "pw@" not in ran.out
    if portal.startswith("http:"):
        assert "--insecure" in ran.out


def test_a_folder_that_is_none_of_ours_is_bad(look: RunCli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, found = look("--spool-size", "900TB", "--state-dir", tmp_path / "file" / "state")
    assert (code, found["state"]["health"]) == (1, "bad")
    assert "--state-dir" in found["state"]["cure"]
    assert found["spool"]["health"] == "odd"


# --- with a manifest ----------------------------------------------------------------------

NAMED = "BULKPUB_API_KEY_OURS"


def test_a_manifest_says_which_portal_and_which_keys_are_looked_at(
    look: RunCli, served: Sandbox, folder: Any
) -> None:
    manifest = folder.manifest(
        folder.dataset("a", "a.csv"),
        portal=served.base_url,
        organizations={"test-organization": {"key_env": NAMED}},
    )
    env = {"BULKPUB_API_KEY": None, "BULKPUB_PORTAL": None, NAMED: served.api_key}
    code, found = look(manifest, env=env)
    assert (code, found["key"]["says"]) == (0, "there are those of test-organization")
    assert "test-organization" in found["account"]["says"]
    code, found = look(manifest, env={**env, NAMED: None})
    assert (code, found["key"]["health"]) == (1, "bad")
    assert f"there is no API key in {NAMED}" in found["key"]["says"]
    code, found = look(manifest, env={**env, NAMED: "of-nobody"})
    assert (code, found["account"]["health"]) == (1, "bad")
    assert "the key of the organization 'test-organization'" in found["account"]["says"]


def test_keys_for_another_portal_are_not_sent_there(
    look: RunCli, served: Sandbox, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"), portal="demo", key_env=NAMED)
    code, found = look(manifest, "--portal", served.base_url, env={NAMED: "for-demo"})
    assert (code, found["key"]["health"], found["account"]["health"]) == (0, "odd", "good")
    assert f"the key of {NAMED} is for the portal demo" in found["key"]["says"]
    assert 401 not in {seen.status for seen in served.requests}


def test_a_manifest_that_cannot_be_read_is_told(run_cli: RunCli, folder: Any) -> None:
    ran = run_cli("doctor", folder.text("datasets: 1\n"))
    assert (ran.code, "datasets" in ran.err) == (2, True)


def test_of_several_destinations_each_is_looked_at_with_its_own_key(
    run_cli: RunCli, served: Sandbox, folder: Any
) -> None:
    gone = f"http://127.0.0.1:{unused_port()}"
    manifest = folder.manifest(
        folder.dataset("a", "a.csv"),
        destinations=[
            {"name": "here", "portal": served.base_url, "key_env": NAMED},
            {"name": "there", "portal": gone, "key_env": "BULKPUB_API_KEY_THERE"},
        ],
    )
    env = {"BULKPUB_PORTAL": None, NAMED: served.api_key, "BULKPUB_API_KEY": "of-nobody"}
    ran = run_cli("doctor", manifest, "--json", env=env)
    assert ran.code == 1
    found = {(each["at"], each["what"]): each["health"] for each in orjson.loads(ran.out)}
    assert found["here", "key"] == found["here", "account"] == found[None, "state"] == "good"
    assert (found["there", "key"], found["there", "network"]) == ("bad", "bad")
    assert "ok  account     here: " in run_cli("doctor", manifest, env=env).out
    ran = run_cli("doctor", manifest, "--portal", "here", env=env)
    assert (ran.code, "there: " in ran.out) == (0, False)
