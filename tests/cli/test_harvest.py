"""`bulkpub harvest`: the manifest on stdout, all else on stderr, and an exit code that is true."""

import functools
import http.server
import io
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bulkpub.cli import harvest_output
from bulkpub.cli.harvest import Progress
from bulkpub.core.model import DatasetMetadata, DatasetSpec
from bulkpub.harvest.base import Found
from bulkpub.observers.console import SteadyConsole
from bulkpub.sandbox import Sandbox
from tests.manifests import amend, load

RunCli = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two datasets."""
    for name in ("velos/2024.csv", "velos/README.md", "bus/arrets.json"):
        path = tmp_path / "donnees" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Contenu de {name}\n", encoding="utf-8")
    return tmp_path / "donnees"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests keep quiet."""


@pytest.fixture
def web(data: Path) -> Iterator[str]:
    """The address at which Python's own web server lists `data`."""
    handler = functools.partial(_Quiet, directory=str(data))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def document(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


# --- what goes where ----------------------------------------------------------------------


def test_a_harvest_is_a_manifest_that_run_accepts_as_it_is(
    run_cli: RunCli, data: Path, tmp_path: Path, served: Sandbox
) -> None:
    harvested = run_cli("harvest", "folder", data, "--organization", "test-organization")
    assert harvested.code == 0
    assert "2 datasets, 2 resources; 1 note" in harvested.err
    (tmp_path / "m.yaml").write_text(harvested.out, encoding="utf-8")
    ran = run_cli("run", "m.yaml")
    assert ran.code == 0
    titles = {each.title for each in served.state.datasets.values()}
    assert titles == {"Velos", "Bus"}
    assert run_cli("run", "m.yaml").report["totals"]["resources"]["unchanged"] == 2


def test_a_note_is_told_and_kept_as_a_comment(run_cli: RunCli, data: Path) -> None:
    harvested = run_cli("harvest", "folder", data, "--organization", "o")
    note = "no README says what this is"
    assert f"note: donnees/bus: {note}" in harvested.err
    assert any(line.strip().startswith(f"# {note}") for line in harvested.out.splitlines())


def test_quiet_keeps_notes_back_and_still_counts_them(run_cli: RunCli, data: Path) -> None:
    harvested = run_cli("harvest", "folder", data, "--organization", "o", "-q")
    assert harvested.err == "2 datasets, 2 resources; 1 note\n"


def test_without_an_organization_the_account_publishes_and_that_is_said(
    run_cli: RunCli, data: Path
) -> None:
    harvested = run_cli("harvest", "folder", data)
    assert "no --organization was given" in harvested.err
    assert all(each["personal"] is True for each in document(harvested.out)["datasets"])


def test_several_sources_are_one_manifest(run_cli: RunCli, data: Path) -> None:
    harvested = run_cli("harvest", "folder", data / "velos", data / "bus", "--organization", "o")
    assert [each["key"] for each in document(harvested.out)["datasets"]] == ["velos", "bus"]


@pytest.mark.parametrize(
    ("flags", "keys"),
    [
        (("--match", "VELOS"), ["donnees/velos"]),
        (("--match", "*/b*"), ["donnees/bus"]),
        (("--limit", "1"), ["donnees/bus"]),
        (("--since", "2020-01-01"), ["donnees/bus", "donnees/velos"]),
        (("--single",), ["donnees"]),
    ],
)
def test_filters(run_cli: RunCli, data: Path, flags: tuple[str, ...], keys: list[str]) -> None:
    harvested = run_cli("harvest", "folder", data, "--organization", "o", *flags)
    assert [each["key"] for each in document(harvested.out)["datasets"]] == keys


def test_nothing_found_is_no_manifest_and_no_failure(run_cli: RunCli, data: Path) -> None:
    harvested = run_cli("harvest", "folder", data, "--match", "nothing", "--organization", "o")
    assert (harvested.code, harvested.out) == (0, "")
    assert "0 datasets" in harvested.err


def in_a_shell(line: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command line as a person would; the exit code and what was said on stderr."""
    command = line.replace("bulkpub", f"{shlex.quote(sys.executable)} -m bulkpub")
    ended = subprocess.run(  # noqa: S602 - redirections are what is tested
        command, shell=True, cwd=folder, env=environment, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    return ended.returncode, ended.stderr.decode()


def test_a_manifest_redirected_into_the_folder_is_not_harvested_itself(
    data: Path, environment: dict[str, str]
) -> None:
    line = "bulkpub harvest folder . --organization o > m.yaml"
    code, said = in_a_shell(line, data, environment)
    assert (code, "2 datasets, 2 resources" in said) == (0, True)
    assert len(load([data / "m.yaml"]).datasets) == 2


def test_a_reader_that_goes_away_ends_it_without_a_traceback(
    data: Path, environment: dict[str, str]
) -> None:
    for number in range(200):
        (data / f"folder-{number}").mkdir()
        (data / f"folder-{number}" / "README.md").write_text("words " * 200)
        (data / f"folder-{number}" / "a.csv").write_text("1")
    line = "bash -o pipefail -c 'bulkpub harvest folder . --organization o | head -1'"
    code, said = in_a_shell(line, data, environment)
    assert code == 1
    assert "Traceback" not in said
    assert "could not be written to stdout" in said


# --- a file of its own --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.yaml", "m.yml", "m.jsonl"])
def test_output_writes_a_file_with_paths_from_its_own_folder(
    run_cli: RunCli, data: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "manifests").mkdir()
    harvested = run_cli(
        "harvest", "folder", data, "--organization", "o", "--output", f"manifests/{name}"
    )
    assert (harvested.code, harvested.out) == (0, "")
    loaded = load([tmp_path / "manifests" / name])
    assert loaded.problems == ()
    assert len(loaded.datasets) == 2
    assert [path.name for path in (tmp_path / "manifests").iterdir()] == [name]


def test_the_manifest_is_not_harvested_itself(run_cli: RunCli, data: Path) -> None:
    flags = ("--organization", "o", "--output", data / "m.yaml")
    assert run_cli("harvest", "folder", data, *flags).code == 0
    loaded = load([data / "m.yaml"])
    assert [each.key for each in loaded.datasets] == ["donnees/bus", "donnees/velos"]


def test_nothing_found_leaves_no_file(run_cli: RunCli, data: Path, tmp_path: Path) -> None:
    run_cli("harvest", "folder", data, "--match", "nothing", "--output", "m.yaml")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == []


def test_an_existing_manifest_is_added_to_and_never_overwritten(
    run_cli: RunCli, data: Path, tmp_path: Path
) -> None:
    flags = ("harvest", "folder", data, "--organization", "o", "--output", "m.yaml")
    assert run_cli(*flags).code == 0
    manifest = tmp_path / "m.yaml"
    edited = manifest.read_text().replace("title: Velos", "title: Mes vélos  # à la main")
    manifest.write_text(edited, encoding="utf-8")
    again = run_cli(*flags)
    assert again.code == 0
    assert manifest.read_text(encoding="utf-8") == edited
    (data / "tram").mkdir()
    (data / "tram" / "lignes.csv").write_text("1\n")
    (data / "velos" / "2025.csv").write_text("2025\n")
    added = run_cli(*flags)
    assert added.code == 0
    assert "1 dataset added, and 1 resource to datasets that were there" in added.err
    text = manifest.read_text(encoding="utf-8")
    assert "title: Mes vélos  # à la main" in text
    loaded = load([manifest])
    assert loaded.problems == ()
    assert {each.key: len(each.resources) for each in loaded.datasets} == {
        "donnees/bus": 1,
        "donnees/velos": 2,
        "donnees/tram": 1,
    }


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.yaml", b"datasets: [", "m.yaml:1:12: this is not YAML"),
        ("m.yaml", b"version: 2\ndatasets: []\n", "m.yaml:1:10: "),
        ("m.yaml", b"\xff\xfe", "m.yaml is not UTF-8 text"),
        ("m.jsonl", b'{"version": 1}\n', "only to YAML anything is added"),
    ],
)
def test_what_is_in_the_way_stays_as_it_is_and_is_told(
    *, run_cli: RunCli, data: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    harvested = run_cli("harvest", "folder", data, "--organization", "o", "--output", name)
    assert harvested.code == 2
    assert said in harvested.err
    assert (tmp_path / name).read_bytes() == content


def test_somebody_elses_edit_is_not_lost(
    run_cli: RunCli, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("harvest", "folder", data, "--organization", "o", "--output", "m.yaml")
    run_cli(*flags)
    (data / "bus" / "lignes.csv").write_text("1\n")

    def edited_meanwhile(*arguments: Any, **named: Any) -> Any:
        (tmp_path / "m.yaml").write_text("somebody's\n")
        return amend(*arguments, **named)

    monkeypatch.setattr(harvest_output, "amend", edited_meanwhile)
    harvested = run_cli(*flags)
    assert harvested.code == 1
    assert "m.yaml was changed by somebody else meanwhile" in harvested.err
    assert (tmp_path / "m.yaml").read_text() == "somebody's\n"


# --- over the network ---------------------------------------------------------------------


def test_a_listing_is_harvested_and_published(
    run_cli: RunCli, web: str, data: Path, tmp_path: Path, served: Sandbox
) -> None:
    (data / "velos" / "README.md").unlink()  # a portal refuses .md files
    private = "--allow-private-sources"
    flags = ("--recursive", private, "--organization", "test-organization", "--output", "m.yaml")
    harvested = run_cli("harvest", "index", web, *flags)
    assert harvested.code == 0
    assert "2 datasets, 2 resources" in harvested.err
    assert f"url: {web}velos/2024.csv" in (tmp_path / "m.yaml").read_text(encoding="utf-8")
    ran = run_cli("run", "m.yaml", private)
    assert ran.code == 0
    assert ran.report["totals"]["resources"]["created"] == 2
    assert {
        resource.title for each in served.state.datasets.values() for resource in each.resources
    } == {"2024", "Arrets"}


def test_this_machine_is_out_of_reach_unless_allowed(run_cli: RunCli, web: str) -> None:
    harvested = run_cli("harvest", "index", web)
    assert (harvested.code, harvested.out) == (1, "")
    assert "--allow-private-sources" in harvested.err


def test_what_cannot_be_read_is_told_and_the_rest_is_harvested(
    run_cli: RunCli, web: str, data: Path
) -> None:
    flags = ("--allow-private-sources", "--organization", "o", "--retries", "0")
    harvested = run_cli("harvest", "index", f"{web}gone/", f"{web}bus/", *flags)
    assert harvested.code == 1
    assert "not read: " in harvested.err
    assert "1 part could not be read" in harvested.err
    assert len(document(harvested.out)["datasets"]) == 1
    assert data.exists()


@pytest.mark.parametrize("kind", ["ckan", "dcat", "opendatasoft", "csv", "index"])
def test_a_server_that_is_not_there_is_told(run_cli: RunCli, kind: str) -> None:
    flags = ("--allow-private-sources", "--retries", "0")
    harvested = run_cli("harvest", kind, "http://127.0.0.1:1/catalogue", *flags)
    assert (harvested.code, harvested.out) == (1, "")
    assert "not read: http://127.0.0.1:1/" in harvested.err


@pytest.mark.parametrize("kind", ["ckan", "dcat", "opendatasoft", "csv"])
def test_what_is_no_catalogue_is_told(run_cli: RunCli, web: str, kind: str) -> None:
    flags = ("--allow-private-sources", "--retries", "0")
    harvested = run_cli("harvest", kind, web, *flags)
    assert (harvested.code, harvested.out) == (1, "")
    assert "not read: " in harvested.err


def test_a_list_of_links_is_harvested_and_published(
    run_cli: RunCli, web: str, tmp_path: Path, served: Sandbox
) -> None:
    table = f"jeu;lien;titre\nVélos;{web}velos/2024.csv;Comptages\nBus;{web}bus/arrets.json;\n"
    (tmp_path / "liens.csv").write_text(table, encoding="cp1252")
    flags = ("--organization", "test-organization", "--output", "m.yaml")
    refused = run_cli("harvest", "csv", "liens.csv", "--organization", "o")
    assert "which only the network of the source knows" in refused.err
    assert "(--allow-private-sources keeps it)" in refused.err
    assert "url: " not in refused.out
    allowed = "--allow-private-sources"
    assert run_cli("harvest", "csv", "liens.csv", *flags, allowed).code == 0
    assert run_cli("run", "m.yaml", allowed).code == 0
    assert {
        each.title: [resource.title for resource in each.resources]
        for each in served.state.datasets.values()
    } == {
        "Vélos": ["Comptages"],
        "Bus": ["Arrets"],
    }


RESTRICTED = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
<https://c.example.org/d> a dcat:Dataset ; dct:identifier "d" ; dct:title "Agents" ;
  dct:description "Interne." ; dct:accessRights "non public" ;
  dcat:distribution [ dct:title "F" ; dcat:downloadURL <https://c.example.org/a.csv> ] .
"""


def test_what_a_saved_catalogue_restricts_is_published_for_nobody(
    run_cli: RunCli, tmp_path: Path, served: Sandbox
) -> None:
    (tmp_path / "catalogue.ttl").write_text(RESTRICTED)
    ours = ("--organization", "test-organization")
    harvested = run_cli("harvest", "dcat", "catalogue.ttl", *ours, "--output", "m.yaml")
    assert harvested.code == 0
    assert "does not open it to everyone (accessRights: non public)" in harvested.err
    assert run_cli("run", "m.yaml").code == 0
    (dataset,) = served.state.datasets.values()
    assert dataset.private is True
    assert [(each.filetype, each.url) for each in dataset.resources] == [
        ("remote", "https://c.example.org/a.csv")
    ]
    skipped = run_cli("harvest", "dcat", "catalogue.ttl", *ours, "--restricted", "skip")
    assert (skipped.code, skipped.out) == (0, "")
    assert "'Agents'" in skipped.err
    assert "is left out" in skipped.err


def test_a_list_of_links_with_a_bad_line_is_incomplete(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "liens.csv").write_text("url\nhttps://example.org/a.csv\nnowhere\n")
    harvested = run_cli("harvest", "csv", "liens.csv", "--organization", "o", "--links")
    assert harvested.code == 1
    assert "not read: liens.csv:3: " in harvested.err
    (dataset,) = document(harvested.out)["datasets"]
    assert [each["link"] for each in dataset["resources"]] == ["https://example.org/a.csv"]


# --- a portal -----------------------------------------------------------------------------


def test_what_a_portal_has_run_unchanged_writes_nothing(
    run_cli: RunCli, data: Path, tmp_path: Path, served: Sandbox
) -> None:
    run_cli("harvest", "folder", data, "--organization", "test-organization", "--output", "a.yaml")
    assert run_cli("run", "a.yaml").code == 0
    harvested = run_cli("harvest", "portal", "test-organization", "--output", "b.yaml")
    assert harvested.code == 0
    assert "2 datasets, 2 resources" in harvested.err
    served.requests.clear()
    ran = run_cli("run", "b.yaml", env={"BULKPUB_STATE_DIR": None})
    assert ran.code == 0
    assert [seen.method for seen in served.requests if seen.method != "GET"] == []
    assert ran.report["totals"]["resources"]["unchanged"] == 2
    assert document((tmp_path / "b.yaml").read_text())["portal"] == served.base_url


def test_without_a_key_a_portal_shows_what_is_public(
    run_cli: RunCli, data: Path, served: Sandbox
) -> None:
    run_cli("harvest", "folder", data, "--organization", "test-organization", "--output", "a.yaml")
    run_cli("run", "a.yaml")
    harvested = run_cli("harvest", "portal", "test-organization", env={"BULKPUB_API_KEY": None})
    assert (harvested.code, len(document(harvested.out)["datasets"])) == (0, 2)
    assert served.state.datasets


def test_the_key_goes_to_no_other_server(run_cli: RunCli, served: Sandbox) -> None:
    source = f"{served.base_url}/"
    run_cli("harvest", "index", source, "--allow-private-sources", "--retries", "0")
    assert served.requests
    assert not any(served.api_key in json.dumps(vars_of(seen)) for seen in served.requests)


def vars_of(seen: Any) -> dict[str, str]:
    return {name: str(getattr(seen, name)) for name in dir(seen) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("arguments", "env", "code", "said"),
    [
        (("portal", "nobody"), {}, 1, "no organization and no dataset 'nobody'"),
        (("portal", "x"), {"BULKPUB_API_KEY": "wrong"}, 3, "does not accept the API key"),
        (("portal", "x"), {"BULKPUB_PORTAL": None}, 2, "which portal?"),
        (("portal", "x", "--portal", "nowhere"), {}, 2, "unknown portal 'nowhere'"),
        (("portal", "x", "--links"), {}, 2, "'harvest portal' has no use for --links"),
        (("portal", "x", "--organization", "o"), {}, 2, "takes --organization only with --copy"),
        (("folder", "none"), {}, 2, "none is not a folder"),
        (("folder", ".", "--recursive"), {}, 2, "'harvest folder' has no use for --recursive"),
        (("folder", ".", "--output", "m.txt"), {}, 2, "a manifest's name ends in one of"),
        (("folder", ".", "--output", "no/m.yaml"), {}, 2, "no/m.yaml cannot be written"),
        (("folder", ".", "--since", "yesterday"), {}, 2, "is no day"),
        (("folder", ".", "--limit", "0"), {}, 2, "--limit"),
        (("csv", "none.csv"), {}, 2, "none.csv cannot be read"),
        (("index", "ftp://example.org/"), {}, 1, "only http and https"),
        (("index", "http://["), {}, 1, "is no whole web address"),
        (("portal", "http://["), {}, 1, "is no whole web address"),
        (("ckan", "http://["), {}, 1, "is no whole web address"),
        (("nonsense", "x"), {}, 2, "nonsense"),
        (("folder",), {}, 2, "SOURCE"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    run_cli: RunCli, arguments: tuple[str, ...], env: dict[str, str | None], code: int, said: str
) -> None:
    harvested = run_cli("harvest", *arguments, env=env)
    assert harvested.code == code
    assert said in harvested.err
    assert harvested.out == ""


def test_an_address_that_is_no_portal_is_said(run_cli: RunCli, web: str) -> None:
    harvested = run_cli("harvest", "portal", "x", "--portal", web)
    assert harvested.code == 2
    assert "no udata portal" in harvested.err


def test_an_interrupted_harvest_leaves_no_half_of_a_manifest(
    run_cli: RunCli, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: object) -> AsyncIterator[Found]:
        yield Found(DatasetSpec("d", DatasetMetadata(title="D", description="D")))
        raise KeyboardInterrupt

    monkeypatch.setattr("bulkpub.session.harvesting.harvester", lambda _: interrupted)
    harvested = run_cli("harvest", "folder", data, "--output", "m.yaml", "--organization", "o")
    assert harvested.code == 130
    assert "bulkpub: interrupted" in harvested.err
    assert not list(tmp_path.glob("*m.yaml*"))


def test_on_a_terminal_it_shows_how_far_it_is() -> None:
    progress, screen = Progress(quiet=False), io.StringIO()
    progress.console = SteadyConsole(file=screen, force_terminal=True, width=80)
    with progress.shown():
        progress.wrote(DatasetSpec("velos"), ["a note"])
    progress.summary(None)
    assert "Harvesting" in screen.getvalue()
    assert "velos: a note" in screen.getvalue()
    assert "1 dataset, 0 resources; 1 note" in screen.getvalue()


@pytest.mark.parametrize("there", [False, True], ids=["free", "taken"])
def test_a_file_system_without_hard_links_serves_too(
    *, run_cli: RunCli, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def refusing(*_: object) -> None:
        if there:
            (tmp_path / "m.yaml").write_text("somebody's\n")
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", refusing)
        harvested = run_cli("harvest", "folder", data, "--output", "m.yaml", "--organization", "o")
    assert harvested.code == (1 if there else 0)
    written = (tmp_path / "m.yaml").read_text(encoding="utf-8")
    assert (written == "somebody's\n") is there
    assert [path.name for path in tmp_path.glob("*m.yaml*")] == ["m.yaml"]


def test_a_full_disk_is_said(
    run_cli: RunCli, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        harvested = run_cli("harvest", "folder", data, "--output", "m.yaml", "--organization", "o")
    assert harvested.code == 1
    assert "could not be written to m.yaml: No space left on device" in harvested.err
    assert not list(tmp_path.glob("*m.yaml*"))


# --- what its source no longer has --------------------------------------------------------

CASES = Path(__file__).parents[1] / "harvest" / "cases"
AGAIN = ("--organization", "test-organization", "--links", "--output", "m.yaml")


@pytest.mark.parametrize("gone", ["note", "archive", "draft"])
def test_what_vanished_is_told_and_its_manifest_says_what_was_asked_for(
    run_cli: RunCli, tmp_path: Path, gone: str
) -> None:
    first = run_cli("harvest", "dcat", CASES / "vanished_1.ttl", *AGAIN)
    assert (first.code, run_cli("run", "m.yaml").code) == (0, 0)
    second = run_cli("harvest", "dcat", CASES / "vanished_2.ttl", *AGAIN, "--gone", gone)
    assert second.code == 0
    assert "v.example.org/d/2: it is no longer found in v.example.org/c" in second.err
    assert "v.example.org/d/1: 'b' is not, or no longer, in v.example.org/c" in second.err
    text = (tmp_path / "m.yaml").read_text()
    assert text.count("# no longer found in v.example.org/c\n  - key: v.example.org/d/2\n") == 1
    ran = run_cli("run", "m.yaml")
    assert ran.code == 0
    assert ran.report is not None
    changed = {each["key"] for each in ran.report["datasets"] if each["status"] != "unchanged"}
    assert ("v.example.org/d/2" in changed) is (gone != "note")
    again = run_cli("harvest", "dcat", CASES / "vanished_2.ttl", *AGAIN, "--gone", gone)
    assert "v.example.org/d/2: it is no longer found" in again.err
    assert (tmp_path / "m.yaml").read_text() == text


@pytest.mark.parametrize("filtered", [("--limit", 1), ("--match", "Un"), ("--since", "2020-01-01")])
def test_a_harvest_of_a_part_says_that_nothing_is_gone(
    run_cli: RunCli, tmp_path: Path, filtered: tuple[str, object]
) -> None:
    run_cli("harvest", "dcat", CASES / "vanished_1.ttl", *AGAIN)
    second = CASES / "vanished_2.ttl"
    part = run_cli("harvest", "dcat", second, *AGAIN, *filtered, "--gone", "archive")
    assert part.code == 0
    assert "no longer found" not in part.err + (tmp_path / "m.yaml").read_text()
    assert "is not looked for: this harvest is not complete" in part.err
    lost = run_cli("harvest", "dcat", second, "http://127.0.0.1:9/x", *AGAIN, "--gone", "archive")
    assert lost.code == 1
    assert "no longer found" not in lost.err + (tmp_path / "m.yaml").read_text()


# --- shapes, in files beside the manifest -------------------------------------------------

RING = [[2.5, 48.0], [3.0, 48.0], [3.0, 49.0], [2.5, 48.0]]
SHAPE = {"type": "MultiPolygon", "coordinates": [[RING]]}


@pytest.fixture
def drawn(run_cli: RunCli, served: Sandbox, tmp_path: Path) -> str:
    """The id of a dataset whose area somebody has drawn on the portal."""
    body = {"title": "Zone", "description": "D", "spatial": {"geom": SHAPE, "granularity": "poi"}}
    body["organization"] = served.info["organization"]["id"]
    (tmp_path / "body.json").write_text(json.dumps(body))
    made = run_cli("api", "POST", "/datasets/", "--input", "body.json")
    return str(json.loads(made.out)["id"])


def test_a_drawn_area_is_in_a_file_beside_the_manifest(
    run_cli: RunCli, served: Sandbox, drawn: str, tmp_path: Path
) -> None:
    ran = run_cli("harvest", "portal", drawn, "--output", "m.yaml")
    assert (ran.code, "note" in ran.said) == (0, False), ran.said
    said = document((tmp_path / "m.yaml").read_text())["datasets"][0]["spatial"]
    assert said == {"geometry": "m-zone.geojson", "granularity": "poi"}
    assert json.loads((tmp_path / "m-zone.geojson").read_text()) == SHAPE
    ran = run_cli("run", "m.yaml")
    assert ran.code == 0
    assert ran.report["totals"]["datasets"]["unchanged"] == 1
    spatial = served.state.datasets[drawn].spatial
    assert spatial is not None
    assert spatial["geom"] == SHAPE
    # Added to another manifest, the same file serves; another of that name is left alone.
    (tmp_path / "m.yaml").unlink()
    run_cli("harvest", "portal", drawn, "--output", "m.yaml")
    assert [each.name for each in tmp_path.glob("*.geojson")] == ["m-zone.geojson"]
    (tmp_path / "m-zone.geojson").write_text("mine")
    (tmp_path / "m.yaml").write_text("datasets:\n  - id: other\n    title: T\n")
    ran = run_cli("harvest", "portal", drawn, "--output", "m.yaml")
    assert ran.code == 0, ran.said
    assert "geometry: m-zone-2.geojson" in (tmp_path / "m.yaml").read_text()
    assert (tmp_path / "m-zone.geojson").read_text() == "mine"


def test_a_manifest_without_a_file_has_none_beside_it(
    run_cli: RunCli, drawn: str, tmp_path: Path
) -> None:
    ran = run_cli("harvest", "portal", drawn)
    assert (ran.code, "geometry" in ran.out) == (0, False)
    assert "the shape of its area is left out" in ran.err
    assert list(tmp_path.glob("*.geojson")) == []


def test_what_was_beside_a_manifest_that_is_not_kept_is_gone(
    run_cli: RunCli, drawn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bulkpub.cli.harvest_output.os.fsync", lost)
    ran = run_cli("harvest", "portal", drawn, "--output", "m.yaml")
    assert ran.code != 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["body.json"]
