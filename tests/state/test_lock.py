"""One run of a manifest at a time on one machine; without a lock, things go on all the same."""

from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub.errors import StoppedEarly
from bulkpub.portals.udata import RULES
from bulkpub.sandbox import Sandbox
from bulkpub.session.wanted import Manifests, Migration, Request
from bulkpub.state.lock import only_run_of

PORTAL = "https://portal.example/api/1"


def test_the_second_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        only_run_of(Manifests("m.yaml").read(RULES).identity, PORTAL, tmp_path),
        pytest.raises(StoppedEarly, match=r"another run .* process \d+, since 20\d\d-"),
        only_run_of(Manifests("./m.yaml").read(RULES).identity, PORTAL, tmp_path),
    ):
        pass
    with only_run_of(["m.yaml"], PORTAL, tmp_path):
        pass


def document(*keys: str) -> dict[str, Any]:
    datasets = [{"key": key, "title": key, "description": "d", "personal": True} for key in keys]
    return {"datasets": datasets}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Manifests("a.yaml"), Manifests("b.yaml"), False),
        (Manifests(["a.yaml", "b.yaml"]), Manifests(["b.yaml", "./a.yaml"]), True),
        (Manifests(document("x")), Manifests(document("x")), True),
        (Manifests(document("x")), Manifests(document("y")), False),
        (Manifests(document("x", "y")), Manifests(document("y", "x")), True),
        (Migration("org", ("a", "b")), Migration("org", ("b", "a")), True),
        (Migration("org", ()), Migration("other", ()), False),
    ],
)
def test_what_is_the_same_has_one_identity(one: Request, other: Request, *, same: bool) -> None:
    assert (one.read(RULES).identity == other.read(RULES).identity) is same


def test_a_migration_is_the_same_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = Migration("org", ("d",))
    here = migration.read(RULES).identity
    monkeypatch.chdir(tmp_path)
    assert migration.read(RULES).identity == here
    with (
        only_run_of(here, PORTAL, tmp_path),
        pytest.raises(StoppedEarly, match="another run"),
        only_run_of(migration.read(RULES).identity, PORTAL, tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("manifests", "portal"), [(["n.yaml"], PORTAL), (["m.yaml"], "https://other.example/api/1")]
)
def test_other_manifests_and_other_portals_are_not_kept_out(
    tmp_path: Path, manifests: list[str], portal: str
) -> None:
    with only_run_of(["m.yaml"], PORTAL, tmp_path), only_run_of(manifests, portal, tmp_path):
        pass


def test_where_no_lock_can_be_made_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with only_run_of(["m.yaml"], PORTAL, tmp_path / "file"), only_run_of(["m.yaml"], PORTAL, None):
        pass


async def test_a_second_run_sends_nothing_and_says_so(
    sandbox: Sandbox, folder: Any, tmp_path: Path
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    connection = bulkpub.Connection(portal=sandbox.base_url, key=sandbox.api_key)
    with only_run_of([str(manifest)], sandbox.api_url, tmp_path):
        report = await bulkpub.publish(manifest, connection=connection, state_dir=tmp_path)
    assert report.run.exit_code == 4
    assert "another run of this manifest" in (report.run.error or "")
    assert sandbox.requests == []
    report = await bulkpub.publish(manifest, connection=connection, state_dir=tmp_path)
    assert report.run.exit_code == 0
