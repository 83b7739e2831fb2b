"""Every command that a page shows is run, page by page, in the order in which it is read.

One embedded portal stands for every udata portal that has a name. The files that a page speaks of
are there; what it shows of them is not compared here. What cannot be run is in `NOT_RUN`, and why.
"""

import re
import shlex
import subprocess
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from typing import Any

import orjson
import pytest
from anyio.from_thread import start_blocking_portal

from bulkpub.portals.base import Preset
from bulkpub.portals.udata.address import PRESETS
from bulkpub.sandbox import Sandbox
from tests.docs.test_documented_commands import FENCE, INLINE, PAGES, ROOT, SHELLS, fences
from tests.sheets import xlsx

RunCli = Callable[..., Any]

NOT_RUN: Mapping[str, str] = {
    r"make ": "installs into the checkout; .ci/run runs them",
    r"(uv|uvx|pipx|pip|python3?|py|\.|/srv/opendata/venv/bin/pip) ": "installs; see `make wheel`",
    r"(dask|helm|kubectl|openssl) ": "needs machines, or makes certificates for them",
    r"bulkpub .*--engine tls://": "needs a cluster; tests/engine has some on this machine",
    r"docker ": "needs a container engine; test_schedules.py holds the image and its commands",
    r"export ": "sets what the test has set",
    r"bulkpub (demo|sandbox)\b": "stays until it is ended; tests/whole/test_demo.py, test_start.py",
    r"bulkpub watch ": "stays until it is ended; test_watch.py",
    r"bulkpub .*(github:|gitlab\+\$)": "needs GitHub or GitLab; tests/portals imitate them",
    r"bulkpub api --portal demo POST /discussions/": "the embedded portal has no discussions",
    r"bulkpub run a\.yaml b\.yaml": "said of what does not work",
}
"""By what a line begins with, why it is not run."""

NOBODY_THERE = "bulkpub run --portal http://127.0.0.1:9 --retries 0 velos.yaml"
CODES: Mapping[tuple[str, str], int] = {("recover-from-failures.md", NOBODY_THERE): 4}
"""What a page's command ends with where that is not 0."""

COUNTS = "jour,compteur,passages\n2024-01-01,Pont Neuf,1204\n"
FILES = {
    "donnees/README.md": "Passages par jour.\n",
    "donnees/archives/README.md": "Passages des années passées.\n",
    "donnees/comptages-2024.csv": COUNTS,
    "donnees/archives/comptages-2023.csv": COUNTS + "2024-01-03,Pont Neuf,7\n",
    "donnees/archives/comptages-2022.csv": COUNTS + "2024-01-04,Pont Neuf,8\n",
    "donnees/colonnes.csv": "colonne,sens\njour,Jour du comptage\n",
    "catalog.ttl": """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
<https://example.org/c> a dcat:Catalog ; dcat:dataset <https://example.org/d> .
<https://example.org/d> a dcat:Dataset ; dct:title "D" ; dct:description "De D." ;
  dct:modified "2024-06-01" ; dcat:distribution [ dcat:downloadURL <https://example.org/d.csv> ] .
""",
    "liens.csv": "titre,url\nStations,https://files.example.org/stations.csv\n",
}
MANIFESTS = (*("manifest.yaml", "nightly.yaml", "gros.yaml", "bornes.yaml", "deux.yaml"),)


LIST = [
    ["Portail", "sandbox"],
    ["Organisation", "test-organization"],
    ["Titre du jeu", "Description", "Licence", "Fréquence", "Fichier"],
    ["Comptages", "Par jour.", "lov2", "annuelle", "donnees/comptages-2024.csv"],
]


def manifest(*keys: str) -> str:
    """A manifest with a dataset for each key."""
    return "version: 1\nportal: sandbox\norganization: test-organization\ndatasets:\n" + "".join(
        f"  - {{key: {key}, title: 'Données {key}', description: D., license: lov2,"
        " frequency: daily,\n     resources: [{path: donnees/comptages-2024.csv, title: T}]}\n"
        for key in keys
    )


def shown(page: Path) -> Iterator[str]:
    """The command lines of a page: of its blocks, in order, then the whole ones in its text."""
    for language, text in (
        (language, text)
        for _, language, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if language in SHELLS
    ):
        lines = re.sub(r"\\\n\s*", "", re.sub(r"^ +", "", text, flags=re.MULTILINE)).splitlines()
        for line in lines:
            if language != "console":
                yield line
            elif line.startswith("$ "):
                yield line.removeprefix("$ ")
    for text in fences(page, "yaml"):  # jobs
        for line in re.findall(r"^\s*- (?:run: )?((?:pip|bulkpub) .*)$", text, re.MULTILINE):
            yield from line.split(" && ")
    for span in INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"bulkpub .*\w\.(yaml|xlsx|json|csv|ttl)$", span):
            yield span


def made_by(words: list[str]) -> list[str]:
    """The files that a command makes, and that are not there yet when somebody types it."""
    if words[1] == "convert":
        return words[-1:]
    if words[1] == "init":
        return ["list.xlsx", "liste.xlsx"] if "--spreadsheet" in words else ["manifest.yaml"]
    return []


def fill_in(made: Path) -> None:
    """What a reader does with it, as the page says: who publishes, a description."""
    if made.suffix == ".xlsx":
        made.write_bytes(xlsx({"Liste": LIST}))
    elif "organization:" not in re.sub("#.*", "", made.read_text(encoding="utf-8")):
        made.write_text(manifest("manifest"), encoding="utf-8")


def why_not(line: str) -> str | None:
    """Why a line is not run; None when it is."""
    return next((why for start, why in NOT_RUN.items() if re.match(start, line)), None)


# --- a place where they can be run ---------------------------------------------------------


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests keep quiet."""


ENVIRONMENT = {"BULKPUB_PORTAL": None, "BULKPUB_ALLOW_PRIVATE_SOURCES": "1"}
TUTORIAL = ROOT / "docs" / "tutorial.md"
SHOWN = "http://127.0.0.1:7171"
CATALOGUES = ROOT / "tests" / "harvest" / "catalogues"


@pytest.fixture
def www() -> Iterator[Sandbox]:
    """Another portal than `served`."""
    with (
        start_blocking_portal() as thread,
        thread.wrap_async_context_manager(Sandbox()) as sandbox,
    ):
        yield sandbox


@pytest.fixture
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server that lists a folder `data`, with another one in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "data" / "sub").mkdir(parents=True)
    for name in ("data/a.csv", "data/sub/b.csv"):
        (folder / name).write_text("a,b\n1,2\n")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def named(served: Sandbox, www: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portals that have names are embedded ones, and there is a browser."""
    for name, portal in (("www", www), ("demo", served), ("sandbox", served)):
        preset = Preset(f"{portal.base_url}/api/1", portal.api_key)
        monkeypatch.setitem(PRESETS, name, preset)
    monkeypatch.setattr(webbrowser, "open", lambda _: True)


@dataclass(frozen=True)
class Shell:
    """Runs a line as a shell would: its exit code and what it printed on stdout and stderr.

    `instead` has what stands here for names that a page has.
    """

    folder: Path
    run: RunCli
    instead: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, line: str) -> tuple[int, str, str]:
        for name, here in self.instead.items():
            line = line.replace(name, here)
        if not line.startswith("bulkpub "):
            return self._other(line)
        line, _, pipe = line.partition(" | jq ")
        words = shlex.shlex(line, posix=True, punctuation_chars="<>")
        words.whitespace_split, words.commenters = True, "#"
        given, _, target = " \0".join(words).partition(" \0> \0")
        arguments = given.split(" \0")
        for name in made_by(arguments):  # nothing is written over
            (self.folder / name).unlink(missing_ok=True)
        ran = self.run(*arguments[1:])
        for made in filter(Path.exists, (self.folder / name for name in made_by(arguments))):
            fill_in(made)
        if target:
            (self.folder / target).write_text(ran.out, encoding="utf-8")
        return self._other(f"jq {pipe}", ran.out) if pipe else (ran.code, ran.out, ran.err)

    def _other(self, line: str, given: str = "") -> tuple[int, str, str]:
        ran = subprocess.run(  # noqa: S603 - what our own pages say
            ["/bin/bash", "-c", line],
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def shell(
    run_cli: RunCli, named: None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Shell:
    """In an empty folder; what is remembered is elsewhere."""
    assert named is None
    state = {"BULKPUB_STATE_DIR": str(tmp_path_factory.mktemp("state"))}
    return Shell(tmp_path, partial(run_cli, env={**ENVIRONMENT, **state}, fresh=False))


@pytest.fixture
def furnished(shell: Shell, served: Sandbox, listing: str, page: Path) -> Shell:
    """In a folder that has what the page speaks of, with something published."""
    texts = {name: manifest(name.removesuffix(".yaml")) for name in MANIFESTS}
    texts["velos.yaml"] = manifest("velos", "gares", "archives")
    texts["lignes.jsonl"] = (
        '{"version": 1, "organization": "test-organization"}\n'
        '{"key": "lignes", "title": "L", "description": "D.", "license": "lov2"}\n'
    )
    folder = shell.folder
    for name, text in {**FILES, **texts}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "liste.xlsx").write_bytes(xlsx({"Liste": LIST}))
    copy(CATALOGUES / "ckan_1.json", folder / "ckan.json")
    copy(CATALOGUES / "opendatasoft.json", folder / "ods.json")
    text = page.read_text(encoding="utf-8")
    reports = (name for name in ("rapport.jsonl", "hier.json") if name in text)
    for arguments in (
        ("run", "manifest.yaml", "--portal", "www"),
        *(("run", "velos.yaml", "--report", name) for name in reports),
        ("run", "velos.yaml"),
    ):
        assert shell.run(*arguments).code == 0
    past = orjson.loads(shell.run("history", "--json").out.splitlines()[0])
    # A command that looks at the folder is to see what a reader has there.
    unknown = {*texts, "liste.xlsx", "liens.csv", "catalog.ttl"}
    for name in {each for each in unknown if each not in text} | (
        set() if "harvest" in page.name else {"ods.json", "ckan.json"}
    ):
        (folder / name).unlink()
    dataset = next(iter(served.state.datasets.values()))
    instead = {
        "ville-exemple": "test-organization",
        "5d13a8b6634f41070a43dff3": dataset.id,
        "3f4d5a0e-6f0b-4d2e-9a41-0c1f5f4f3c55": dataset.resources[0].id,
        "20260102T033000Z-0123abcd": past["id"],
        "https://ckan.example.org": "ckan.json",
        "https://example.org/catalog.ttl": "catalog.ttl",
        "https://catalogue.example.org/all.ttl": "catalog.ttl",
        "https://data.example.org": "ods.json",
        "https://files.example.org": listing,
        "/var/lib/node_exporter/textfile/": "",
        "manifests/liste.xlsx": "liste.xlsx",
    }
    return replace(shell, instead=instead)


WITH_COMMANDS = [page for page in PAGES if any(why_not(line) is None for line in shown(page))]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_work(page: Path, furnished: Shell) -> None:
    wrong = []
    for line in shown(page):
        if not line or line.startswith("#") or why_not(line):
            continue
        code, out, err = furnished(line)
        if code != CODES.get((page.name, line), 0):
            wrong.append(f"{line}: {code}\n{(out + err)[-600:]}")
    assert not wrong, "\n".join(wrong)


def as_shown(text: str) -> str:
    """What a command printed, without what is otherwise each time: how long it took."""
    return re.sub(r"\b\d+\.\d s\b", "N s", text).strip()


CHANGED = "Comptages 2024 (provisoires)"
SLIPS = {"frequency": "frequncy", "colonnes.csv": "colonne.csv"}


def test_who_follows_the_tutorial_sees_what_it_shows(shell: Shell, served: Sandbox) -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    manifest = shell.folder / "velos.yaml"
    for _, language, block in FENCE.findall(text[: text.index("\n## 9")]):
        if language == "yaml":
            manifest.write_text(block, encoding="utf-8")
        elif language == "sh":
            for line in filter(None, block.splitlines()):
                assert why_not(line) or shell(line)[0] == 0, line
        elif language == "console" and not why_not(block.removeprefix("$ ")):
            line, _, wanted = block.removeprefix("$ ").partition("\n")
            right = manifest.read_text(encoding="utf-8")
            if "problems found" in wanted:
                for good, bad in SLIPS.items():
                    manifest.write_text(manifest.read_text().replace(good, bad), encoding="utf-8")
            elif CHANGED in wanted:
                right = right.replace(
                    "title: Comptages 2024", "title: Comptages 2024 (provisoires)"
                )
                manifest.write_text(right, encoding="utf-8")
            _, out, _ = shell(line)
            manifest.write_text(right, encoding="utf-8")
            assert as_shown(out.replace(served.base_url, SHOWN)) == as_shown(wanted), line


def test_what_is_not_run_is_shown() -> None:
    lines = [line for page in PAGES for line in shown(page)]
    assert len(lines) > 150
    assert [start for start in NOT_RUN if not any(re.match(start, line) for line in lines)] == []
