"""One run of a manifest at a time on one machine; without a lock, things go on all the same."""

from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub.errors import StoppedEarly
from bulkpub.sandbox import Sandbox
from bulkpub.state.lock import only_run_of

PORTAL = "https://portal.example/api/1"


def test_the_second_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        only_run_of(["m.yaml"], PORTAL, tmp_path),
        pytest.raises(StoppedEarly, match=r"another run .* process \d+, since 20\d\d-"),
        only_run_of(["./m.yaml"], PORTAL, tmp_path),
    ):
        pass
    with only_run_of(["m.yaml"], PORTAL, tmp_path):
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
