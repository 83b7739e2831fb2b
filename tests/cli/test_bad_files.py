"""Files that cannot be published: each told before anything is sent, the others still done."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiofiles.threadpool import wrap

from bulkpub.sandbox import Sandbox
from bulkpub.sources.local import SMALL

Run = Callable[..., Any]
Make = Callable[[Path], None]

MANIFEST = """\
organization: test-organization
datasets:
  - key: bad
    title: Bad
    description: D
    resources:
      - path: {name}
  - key: sound
    title: Sound
    description: D
    resources: [{{path: sound.csv}}]
"""


def nothing(_path: Path) -> None:
    """No file at all."""


def plain(path: Path) -> None:
    path.write_text("a\n1\n")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the whole path may be longer than an address can be
        server.bind(path.name)
        os.chdir(here)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.csv")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("gone.csv", nothing, "the file gone.csv does not exist"),
        ("no/such/a.csv", nothing, "nor does its folder no/such"),
        ("sund.csv", nothing, "the file sund.csv does not exist"),
        ("folder.csv", Path.mkdir, "folder.csv is a folder; for the files in it write"),
        ("pipe.csv", os.mkfifo, "pipe.csv is not an ordinary file"),
        ("socket.csv", a_socket, "socket.csv is not an ordinary file"),
        ("link.csv", dangling, "link.csv is a link to a file that does not exist"),
        ("circle.csv", circle, "circle.csv cannot be read: too many levels of symbolic links"),
        ("data.parquet", plain, "the portal refuses .parquet files"),
        ("page.html", plain, "the portal refuses .html files"),
        ("README", plain, "has no extension, and the portal would refuse it"),
        ("_.csv", plain, "has nothing before its extension that the portal could keep"),
        ("'!!!'", lambda path: plain(path.with_name("!!!")), "without any letter or digit"),
    ],
)
def test_a_file_that_cannot_be_published_is_named_before_anything_is_sent(
    *, run_cli: Run, folder: Any, served: Sandbox, name: str, make: Make, words: str
) -> None:
    make(folder.path / name)
    folder.file("sound.csv")
    folder.text(MANIFEST.format(name=name))
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    (line,) = [each for each in ran.err.splitlines() if each.startswith("manifest.yaml:7:")]
    assert words in line
    assert not served.state.datasets
    ran = run_cli("run", "manifest.yaml", "--keep-going")
    assert ran.code == 1
    statuses = {each["key"]: each["status"] for each in ran.report["datasets"]}
    assert statuses == {"bad": "failed", "sound": "created"}
    assert [each.title for each in served.state.datasets.values()] == ["Sound"]


def test_a_file_one_may_not_read(
    run_cli: Run, folder: Any, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root nothing is forbidden: the system's answer is put into its mouth."""
    may = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).endswith("bad.csv") and may(path, mode)
    )
    folder.file("bad.csv")
    folder.file("sound.csv")
    folder.text(MANIFEST.format(name="bad.csv"))
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    assert "manifest.yaml:7:15: the file bad.csv cannot be read: permission denied" in ran.err
    assert not served.state.datasets


def test_a_file_whose_disk_fails_while_it_is_read_fails_alone(
    run_cli: Run, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_wrap = wrap

    def failing(file: Any) -> Any:
        if file.name.endswith("bad.csv"):
            raise OSError(5, "Input/output error")
        return really_wrap(file)

    monkeypatch.setattr("bulkpub.sources.local.wrap", failing)
    folder.file("good.csv")
    manifest = folder.manifest(folder.dataset("a", "bad.csv", "good.csv"))
    (folder.path / "bad.csv").write_bytes(bytes(2 * SMALL))  # too large to be read in one go
    ran = run_cli("run", manifest)
    assert ran.code == 1
    assert "bad.csv could not be read to its end: Input/output error" in ran.out
    assert [each["status"] for each in ran.report["datasets"][0]["resources"]] == [
        "failed",
        "created",
    ]


def test_a_glob_that_matches_nothing(run_cli: Run, folder: Any, served: Sandbox) -> None:
    folder.text(
        "datasets:\n  - title: T\n    description: D\n    resources:\n      - glob: '*.csv'\n"
    )
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    assert "manifest.yaml:5:15: no file matches *.csv; write `optional: true` if" in ran.err
    assert not served.requests


def test_validate_counts_what_is_sound(run_cli: Run, folder: Any, served: Sandbox) -> None:
    link = {"link": "https://api.example.org/v1"}
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv", link))
    ran = run_cli("validate", manifest)
    assert (ran.code, ran.out) == (0, "OK: 1 dataset, 2 files of 22 B and 1 link.\n")
    assert not served.requests
