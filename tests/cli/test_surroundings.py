"""What surrounds the program: limits, rights, streams, a home, a locale."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub.sandbox import Sandbox

COMMAND = [sys.executable, "-m", "bulkpub"]


def run(
    served: Sandbox, environment: dict[str, str], folder: Path, *arguments: str, shell: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the program by a shell, after `shell` has set the scene."""
    return subprocess.run(  # noqa: S603 - our own program
        ["/bin/bash", "-c", f'{shell} exec "$@"', "-", *COMMAND, *arguments],
        cwd=folder,
        env={
            **environment,
            "BULKPUB_API_KEY": served.api_key,
            "BULKPUB_PORTAL": served.base_url,
            "PYTHONPATH": os.getcwd(),  # noqa: PTH109
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.timeout(90)
@pytest.mark.parametrize("limit", [32, 40, 64])
def test_few_open_files_are_enough(
    served: Sandbox, environment: dict[str, str], folder: Any, titles: Any, limit: int
) -> None:
    names = [f"{number:02}.csv" for number in range(40)]
    datasets = [folder.dataset(key, *names) for key in ("a", "b", "c")]
    manifest = folder.manifest(*datasets)
    shell = f"ulimit -n {limit};"
    ran = run(served, environment, folder.path, "run", str(manifest), shell=shell)
    assert ran.returncode == 0, ran.stderr
    assert "Too many open files" not in ran.stderr
    assert titles(served) == {f"Dataset {key}": names for key in ("a", "b", "c")}
    ran = run(served, environment, folder.path, "verify", str(manifest), shell=shell)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    "shell",
    ["exec >&-;", "exec 2>&-;", "exec <&- >&- 2>&-;", "unset HOME;", "export HOME=/nonexistent;",
     "export LC_ALL=C;", "export LC_ALL=POSIX LANG=;", "export PYTHONIOENCODING=ascii;"],
)  # fmt: skip
def test_a_run_needs_no_stdout_no_home_and_no_locale(
    served: Sandbox, environment: dict[str, str], folder: Any, titles: Any, shell: str
) -> None:
    manifest = folder.manifest(folder.dataset("é", "vélos €.csv", title="Vélos à Nîmes €"))
    ran = run(served, environment, folder.path, "run", str(manifest), shell=shell)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(titles(served)) == ["Vélos à Nîmes €"]


def test_a_locale_that_has_no_such_name_is_told(
    served: Sandbox, environment: dict[str, str], folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "vélos €.csv"))
    shell = "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0;"
    ran = run(served, environment, folder.path, "run", str(manifest), shell=shell)
    assert ran.returncode == 2
    assert "PYTHONUTF8=1" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(served.requests) == []


@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o640, True), (0o600, False)])
def test_a_key_that_others_can_read_is_warned_of(
    run_cli: Any, tmp_path: Path, *, mode: int, warned: bool
) -> None:
    file = tmp_path / ".env"
    file.write_text("BULKPUB_API_KEY=MARKED-key\n")
    file.chmod(mode)
    ran = run_cli("schema")
    assert ran.code == 0
    assert ("others on this machine can read it: chmod 600 .env" in ran.err) is warned
    assert "MARKED-key" not in ran.err


def test_a_file_without_a_key_may_be_read(run_cli: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BULKPUB_UPLOADS=2\n")
    assert "chmod" not in run_cli("schema").err


@pytest.mark.parametrize(
    "key", ["MARK ED", "MARKED\nX-Evil: 1", "MARKED\r\n", "MARKÉD", "\tMARKED"]
)
async def test_a_key_that_can_be_none_is_told_before_anything_is_sent(
    served: Sandbox, folder: Any, key: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    report = await bulkpub.publish(
        manifest, connection=bulkpub.Connection(portal=served.base_url, key=key)
    )
    assert report.run.exit_code == 2
    assert "API key has white space" in (report.run.error or "")
    assert "MARK" not in (report.run.error or "")
    assert list(served.requests) == []


@pytest.mark.cluster
@pytest.mark.parametrize("deep", [False, True])
def test_a_cluster_needs_no_short_name_of_the_folder_for_temporary_files(
    *, served: Sandbox, environment: dict[str, str], folder: Any, tmp_path: Path, deep: bool
) -> None:
    temporary = tmp_path / ("t" * 110 if deep else "t")
    temporary.mkdir()
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    words = ["run", str(manifest), "--engine", "dask", "--workers", "1"]
    scene = f"export TMPDIR={temporary};"
    done = run(served, environment, tmp_path, *words, shell=scene)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 created" in done.stdout
