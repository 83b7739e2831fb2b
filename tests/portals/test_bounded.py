"""What comes from outside is shown at most 300 characters long, wherever it is shown."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from io import StringIO
from pathlib import Path
from typing import Any, Literal, cast

import pytest
import structlog
from aiohttp import web

from bulkpub.cli.harvest import Progress
from bulkpub.cli.report_file import to_json
from bulkpub.core.text import LONGEST, LONGEST_SENTENCE
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, sifted
from bulkpub.harvest.kinds import Kind, harvester
from bulkpub.manifest import load
from bulkpub.observers.log_setup import configure_logging
from bulkpub.portals.udata import RULES
from bulkpub.sandbox import Sandbox

Publish = Callable[..., Awaitable[Any]]
LONG = "x" * 5_000_000
SAID = "(5,000,0"
OURS = 100
"""Characters that a sentence of ours may have around what it quotes."""

REFUSALS = {
    "message": {"message": LONG},
    "error": {"error": LONG},
    "errors": {"errors": {"title": [LONG]}},
    "nested": {"errors": {"spatial": {"zones": [LONG, LONG]}}},
    "many": {"errors": {f"field{number}": ["no" * 500] for number in range(5_000)}},
    "no JSON": None,
}
CALLS = [
    ("GET", "/me/"),
    ("GET", "/licenses/"),
    ("GET", "/api/1/datasets/"),
    ("POST", "/api/1/datasets/"),
    ("POST", "/upload/"),
    ("PUT", "/resources/"),
]


@pytest.fixture
def refuses(sandbox: Sandbox, answer_instead: Callable[..., Any]) -> Callable[..., None]:
    """Let the portal answer 400 with this text, to such calls."""

    def refuses(text: str, method: str, ending: str) -> None:
        def answer() -> web.Response:
            return web.Response(status=400, text=text, content_type="application/json")

        sandbox.interceptor = answer_instead(answer, method, ending)

    return refuses


@pytest.mark.parametrize("refusal", list(REFUSALS))
@pytest.mark.parametrize("call", CALLS)
async def test_a_message_of_the_portal(
    publish: Publish,
    folder: Any,
    refuses: Callable[..., None],
    call: tuple[str, str],
    refusal: str,
) -> None:
    body = REFUSALS[refusal]
    refuses(LONG if body is None else json.dumps(body), *call)
    report = await publish(folder.manifest(folder.dataset("a", "a.csv", license="lov2")))
    assert report.run.exit_code != 0
    assert len(b"".join(to_json(report))) < 10_000
    errors = [report.run.error, *(each.error for each in report.datasets)]
    errors += [one.error for each in report.datasets for one in each.resources]
    assert any(errors)
    assert all(len(error) <= LONGEST_SENTENCE + OURS for error in errors if error)
    if refusal in {"message", "error", "errors"}:
        assert any(SAID in error for error in errors if error)


CELL = "q" * 5_000
MANIFESTS = {
    "m.yaml": [
        f"datasets:\n  - {{title: T, license: {CELL}, resources: [{{path: a.csv}}]}}\n",
        f"datasets:\n  - {{title: T, frequency: {CELL}, resources: [{{path: a.csv}}]}}\n",
        f"datasets:\n  - {{title: T, {CELL}: 1, resources: [{{path: a.csv}}]}}\n",
        f"datasets:\n  - {{title: T, resources: [{{path: {CELL}.csv}}]}}\n",
        f"datasets:\n  - {{title: T, resources: [{{link: {CELL}}}]}}\n",
        f"datasets:\n  - {{title: T, resources: [{{path: a.csv, schema: {{version: {CELL}}}}}]}}\n",
        f"datasets:\n  - {{title: '{{{{{CELL}}}}}', resources: [{{path: a.csv}}]}}\n",
        f"datasets:\n  - {{title: T, temporal_coverage: {CELL}, resources: [{{path: a.csv}}]}}\n",
        f"datasets:\n  - title: T\n    {CELL}\n",
        f"{CELL}\n",
        f"version: {CELL}\ndatasets: []\n",
    ],
    "m.json": [
        f'{{"datasets": [{{"title": "T", "license": "{CELL}", "resources": []}}]}}',
        f'{{"datasets": [{{"title": "T", "{CELL}": 1, "{CELL}": 2}}]}}',
    ],
    "m.jsonl": [f'{{"title": "T", "frequency": "{CELL}", "resources": [{{"path": "a.csv"}}]}}\n'],
    "m.toml": [
        f'[[datasets]]\ntitle = "T"\nfrequency = "{CELL}"\nresources = [{{path = "a.csv"}}]\n',
        f"[[datasets]]\n{CELL} = 1\n{CELL} = 2\n",
    ],
    "m.csv": [
        f"dataset,title,frequency,path\na,T,{CELL},a.csv\n",
        f"dataset,title,path,{CELL}\na,T,a.csv,1\n",
        f"dataset,title,path\na,T,{CELL}.csv\n",
        f"dataset,title,path,private\na,T,a.csv,{CELL}\n",
    ],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in MANIFESTS.items() for text in texts]
)
def test_a_cell_or_value_of_a_manifest(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    manifest = tmp_path / name
    manifest.write_text(text)
    problems = load([str(manifest)], rules=RULES).problems
    assert problems
    assert all(len(problem.message) <= LONGEST for problem in problems)


def ckan(**package: Any) -> bytes:
    package = {"id": "a", "title": "A", **package}
    return json.dumps({"success": True, "result": {"count": 1, "results": [package]}}).encode()


def ods(**metas: Any) -> bytes:
    dataset = {"dataset_id": "a", "metas": {"default": {"title": "A", **metas}}}
    return json.dumps({"total_count": 1, "results": [dataset]}).encode()


def dcat(triple: str) -> bytes:
    head = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
    )
    return f'{head}<https://a.example/d> a dcat:Dataset ; dct:title "T" ; {triple} .'.encode()


ANSWERS: list[tuple[str, str, bytes]] = [
    ("ckan", "application/json", b'{"success": false, "error": {"message": "%s"}}' % LONG.encode()),
    ("ckan", "application/json", ckan(license_id=CELL)),
    ("ckan", "application/json", ckan(frequency=CELL, type=CELL)),
    ("ckan", "application/json", ckan(resources=[{"url": f"ftp:{CELL}", "name": CELL}])),
    ("ckan", "application/json", b"{" + LONG.encode()),
    ("opendatasoft", "application/json", json.dumps({"message": LONG}).encode()),
    ("opendatasoft", "application/json", ods(license=CELL, territory=[CELL], **{CELL: [CELL]})),
    ("dcat", "text/turtle", dcat(f'dct:license "{CELL}" ; dct:spatial "{CELL}"')),
    ("dcat", "text/turtle", dcat(f"dcat:distribution [ dcat:downloadURL <urn:{CELL}> ]")),
    ("dcat", "text/turtle", b"<" + CELL.encode()),
    ("dcat", "application/ld+json", json.dumps({"@context": f"https://a.example/{CELL}"}).encode()),
    ("csv", "text/csv", f"url,dataset,license\nhttps://a.example/a.csv,T,{CELL}\n".encode()),
    ("csv", "text/csv", f"url,dataset\nnot:{CELL},T\n".encode()),
    ("index", "text/html", f"<title>Index of /</title><a href='{CELL}/'>x</a>".encode()),
]  # fmt: skip


class Served:
    """A server that has one page, wherever it is asked for."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self.page = Page("https://a.example/c", content, content_type)

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        del url, accept
        return self.page


@pytest.mark.parametrize(("kind", "content_type", "content"), ANSWERS)
async def test_what_a_catalogue_says(
    capsys: pytest.CaptureFixture[str], kind: str, content_type: str, content: bytes
) -> None:
    progress = Progress(quiet=False)
    options = HarvestOptions(lost=progress.lost, note=progress.note)
    stream = harvester(Kind(kind))("https://a.example/c", Served(content, content_type), options)
    notes: list[str] = []
    try:
        async for found in sifted(cast("AsyncGenerator[Found]", stream), options):
            notes += found.notes
            progress.wrote(found.dataset, found.notes)
    except SourceFailed as error:
        progress.failed(str(error))
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(len(line) <= LONGEST_SENTENCE + OURS for line in [*lines, *notes])


@pytest.mark.parametrize("log_format", ["json", "human"])
def test_what_is_logged(log_format: Literal["json", "human"]) -> None:
    stream = StringIO()
    configure_logging(format=log_format, level=0, stream=stream)
    structlog.get_logger().warning("refused", error=LONG)
    structlog.reset_defaults()
    assert len(stream.getvalue()) <= LONGEST_SENTENCE + 2 * OURS
    assert "(5,000,000 characters)" in stream.getvalue()
