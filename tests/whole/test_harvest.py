"""Catalogues of every kind, by the commands that people type: harvest, validate, run, run again.

What is to come of each is in `catalogues.py`.
"""

import asyncio
import hashlib
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from bulkpub import RunReport

if TYPE_CHECKING:
    from tests.whole.catalogues import Case, Listed, Wanted

TYPES = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "rdf": "text/xml",
    "ttl": "text/turtle",
    "txt": "text/plain",
    "zip": "application/zip",
}
SORRY = "<!DOCTYPE html><html><head><title>Indisponible</title></head><body>Non</body></html>"


def content(origin: str) -> bytes:
    """What the file at an address (or path) holds."""
    return json.dumps({"from": origin}).encode() * 50


# --- the other servers --------------------------------------------------------------------


@dataclass
class Elsewhere:
    """All servers that a catalogue speaks of, behind one proxy, so that they have their names."""

    case: "Case"
    port: int = 0
    sent: list[str] = field(default_factory=list)
    """The files whose bytes were asked for."""

    async def answer(self, request: web.Request) -> web.Response:
        url = unquote(str(request.url))
        if text := self.case.page(request.url):
            listing = self.case.kind == "index"
            kind = "text/html" if listing else _type_of(request.url.path)
            return web.Response(text=text, content_type=kind)
        if url in self.case.sorry:
            return web.Response(text=SORRY, content_type="text/html")
        if not any(each.hosted and each.origin == url for each in self.case.resources):
            raise web.HTTPNotFound
        headers = {"ETag": f'"{hashlib.sha256(url.encode()).hexdigest()}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        self.sent.append(url)
        name = request.url.name
        if "." not in name:  # an export, in the format of that name, or of the whole
            name = f"export.{name or 'zip'}"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        headers["Content-Type"] = _type_of(name)
        return web.Response(body=content(url), headers=headers)


def _type_of(name: str) -> str:
    return TYPES.get(name.rpartition(".")[2], "application/json")


@pytest.fixture
async def elsewhere(case: "Case") -> AsyncIterator[Elsewhere]:
    servers = Elsewhere(case)
    app = web.Application()
    app.router.add_route("*", "/{name:.*}", servers.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    servers.port = runner.addresses[0][1]
    yield servers
    await runner.cleanup()


# --- the program --------------------------------------------------------------------------


@dataclass
class Program:
    """`bulkpub` in a process of its own, in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    async def __call__(self, *arguments: str, expect: int = 0) -> str:
        """What the command says; no other exit code than `expect` will do."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self.environment,
            cwd=self.folder,
        )
        output, errors = await process.communicate()
        said = (output + errors).decode()
        assert process.returncode == expect, said
        return said

    async def run(self, expect: int = 0) -> RunReport:
        flags = ("--allow-private-sources", "--quiet")
        await self("run", "manifest.yaml", *flags, expect=expect)
        report = (self.folder / "bulkpub-report.json").read_bytes()
        return TypeAdapter(RunReport).validate_json(report)


@pytest.fixture
def program(tmp_path: Path, command_environment: dict[str, str]) -> Program:
    return Program(tmp_path, {**command_environment, "BULKPUB_RETRIES": "0"})


@pytest.fixture
async def organization(target: Any) -> Any:
    """An organization that has no datasets yet."""
    if target.sandbox is not None:
        return target.info["other_organization"]
    body = {"name": f"Organization {target.tag}", "description": "For one test"}
    return (await target.portal.call("POST", "/organizations/", json=body, expect=201)).body


@pytest.fixture
def told(target: Any) -> Callable[[RunReport], Awaitable[list[Any]]]:
    """The datasets of a report, as the portal tells them now; None for one it never had."""

    async def told(report: RunReport) -> list[Any]:
        return [
            await target.dataset(report, index) if each.id else None
            for index, each in enumerate(report.datasets)
        ]

    return told


# --- what is found afterwards -------------------------------------------------------------


def in_our_terms(dataset: Any) -> dict[str, Any]:
    """What the portal says of a dataset, by the names in `Wanted`."""
    period, area = dataset["temporal_coverage"], dataset["spatial"] or {}
    return {
        "title": dataset["title"],
        "description": dataset["description"],
        "license": dataset["license"],
        "frequency": dataset["frequency"],
        "tags": tuple(sorted(dataset["tags"] or ())),
        "period": period and (period["start"][:10], period["end"] and period["end"][:10]),
        "zones": tuple(sorted(area.get("zones") or ())),
        "granularity": area.get("granularity") or "other",
    }


def check_said(wanted: "Wanted", dataset: Any) -> None:
    """The portal says of the dataset what the catalogue does, and makes nothing up."""
    unsaid = {"license": {None, "notspecified"}, "frequency": {None, "unknown"}}
    for name, value in in_our_terms(dataset).items():
        expected = getattr(wanted, name)
        if expected is None and name in unsaid:
            assert value in unsaid[name], name
        else:
            assert value == expected, name
    assert wanted.extras.items() <= dataset["extras"].items()


async def check_resources(wanted: "Wanted", dataset: Any, outcome: Any) -> None:
    """Files are there for everybody, links lead where they led, the others failed alone."""
    there = [each for each in wanted.resources if not each.failed]
    assert [each["title"] for each in dataset["resources"]] == [each.title for each in there]
    async with aiohttp.ClientSession() as files:
        for listed, resource in zip(there, dataset["resources"], strict=True):
            await check_resource(listed, resource, files)
    for listed, result in zip(wanted.resources, outcome.resources, strict=True):
        assert (result.status == "failed") == bool(listed.failed), result
        assert listed.failed in (result.error or ""), result


async def check_resource(listed: "Listed", resource: Any, files: aiohttp.ClientSession) -> None:
    assert resource["type"] == listed.type, listed
    if not listed.hosted:
        assert (resource["filetype"], resource["url"]) == ("remote", listed.origin)
        return
    assert resource["filetype"] == "file", listed
    async with files.get(resource["latest"]) as answer:
        served = await answer.read()
    assert answer.history, "the permalink leads on to the file"
    assert served == content(listed.origin)
    assert resource["checksum"]["value"] == hashlib.sha1(served).hexdigest()


TO_FILL_IN = re.compile(r"# (license|frequency): ")
"""Lines that a person completes; they are no notes."""


def check_notes(manifest: str, said: str, wanted: tuple[str, ...]) -> None:
    """What could not be carried over was told and stands in the manifest; all of it, no more."""
    lines = (line.strip() for line in manifest.splitlines())
    origin, *comments = (
        line[2:] for line in lines if line.startswith("# ") and not TO_FILL_IN.match(line)
    )
    assert origin.startswith("Harvested by bulkpub: ")
    for note in wanted:
        assert any(note in each for each in comments), note
    notes = [line[len("note: ") :] for line in said.splitlines() if line.startswith("note: ")]
    keys = [f"{each['key']}: " for each in YAML(typ="safe").load(manifest)["datasets"]]
    told = [note.removeprefix(key) for note in notes for key in keys if note.startswith(key)]
    assert sorted(told) == sorted(comments)


def links_counted(said: str) -> int:
    """How many links there are in a manifest, as `validate` says."""
    found = re.search(r"(\d+) links?\b", said)
    return int(found[1]) if found else 0


# --- from a catalogue to the portal -------------------------------------------------------


@pytest.fixture(params=["ckan", "dcat", "opendatasoft", "csv", "index", "folder"])
def case(request: pytest.FixtureRequest, tmp_path: Path, catalogues: Any) -> "Case":
    found: Case = catalogues.CASES[request.param]
    local = {each.origin: content(each.origin) for each in found.resources}
    local |= {path: text.encode() for path, text in found.files.items()}
    for path, data in local.items():
        if path and "://" not in path:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
    return found


async def test_a_catalogue_is_published_as_it_says_and_again_changes_nothing(
    *,
    case: "Case",
    organization: Any,
    elsewhere: Elsewhere,
    program: Program,
    verify: Any,
    told: Callable[[RunReport], Awaitable[list[Any]]],
    writes: Callable[[RunReport], int],
) -> None:
    program.environment["http_proxy"] = f"http://127.0.0.1:{elsewhere.port}"
    program.environment["no_proxy"] = "127.0.0.1,localhost"
    said = await program(
        *("harvest", case.kind, *case.sources, "--organization", organization["slug"]),
        *("--output", "manifest.yaml", "--allow-private-sources", *case.flags),
    )
    manifest = program.folder / "manifest.yaml"
    check_notes(manifest.read_text(encoding="utf-8"), said, case.notes)
    assert elsewhere.sent == [], "a harvest fetches no data"
    assert links_counted(await program("validate", "manifest.yaml")) == case.links

    code = int(any(each.failed for each in case.resources))
    report = await program.run(expect=code)
    published = await told(report)
    for wanted, dataset, outcome in zip(case.wanted, published, report.datasets, strict=True):
        if wanted.resources and all(each.failed for each in wanted.resources):
            assert dataset is None, "an empty one is made for nobody"
            continue
        check_said(wanted, dataset)
        await check_resources(wanted, dataset, outcome)
    if not code:
        await verify(manifest, report, account="outsider")

    elsewhere.sent.clear()
    again = await program.run(expect=code)
    assert writes(again) == 0
    assert elsewhere.sent == [], "what has not changed is not fetched again"
    assert await told(again) == published
    for before, after in zip(report.datasets, again.datasets, strict=True):
        assert [each.error for each in after.resources] == [each.error for each in before.resources]
        assert {each.status for each in after.resources} <= {"unchanged", "failed"}


# --- from the portal to the portal --------------------------------------------------------


async def test_what_is_on_the_portal_run_unchanged_writes_nothing(
    *,
    target: Any,
    organization: Any,
    program: Program,
    told: Callable[[RunReport], Awaitable[list[Any]]],
    writes: Callable[[RunReport], int],
) -> None:
    portal, by_us = target.portal, {"key": "outsider", "organization": organization["id"]}
    full = await portal.create(
        "Comptages",
        description="Ligne une.\n\n# Deux",
        acronym="CV",
        license="fr-lo",
        frequency="daily",
        tags=["mobilite", "velo"],
        temporal_coverage={"start": "2024-01-01", "end": "2024-06-30"},
        spatial={"zones": ["fr:region:11"], "granularity": "fr:commune"},
        extras={"source": "capteurs", "n": 3, "deep": {"a": [1, 2.5, True]}},
        **by_us,
    )
    file = await portal.upload(full, "Été {2024}.csv")
    named = {"title": "L'été {2024}: # 1", "description": "Une description", "type": "update"}
    await portal.put_resource(full, file, {**named, "extras": {"mine": "yes"}})
    await portal.link(full, title="L'API", type="api", format="json", mime="application/json")
    stock = {"url": "https://example.org/s.zip", "filesize": 1024, "title": "Stock"}
    await portal.link(full, **stock, checksum={"type": "sha256", "value": "0a" * 32})
    bare = await portal.create("Brouillon", private=True, **by_us)
    before = [await portal.get(full), await portal.get(bare)]
    assert len(before[0]["resources"]) == 3

    await program("harvest", "portal", organization["slug"], "--output", "manifest.yaml")
    await program("validate", "manifest.yaml")
    assert "checksum: sha256:0a0a" in (program.folder / "manifest.yaml").read_text()
    report = await program.run()
    assert writes(report) == 0
    assert {each.status for each in report.datasets} == {"unchanged"}
    by_id = {each["id"]: each for each in await told(report)}
    assert by_id == {each["id"]: each for each in before}


async def test_a_copy_is_the_same_elsewhere_and_stays_one(
    *,
    target: Any,
    organization: Any,
    program: Program,
    told: Callable[[RunReport], Awaitable[list[Any]]],
    writes: Callable[[RunReport], int],
) -> None:
    """Elsewhere is the account of the key: nothing of the copy may be known by an id it had."""
    portal, by_us = target.portal, {"key": "outsider", "organization": organization["id"]}
    source = await portal.create(
        "Comptages", tags=["mobilite", "velo"], license="fr-lo", frequency="daily", **by_us
    )
    files = [await portal.upload(source, name, name.encode()) for name in ("a.csv", "b.csv")]
    await portal.put_resource(source, files[0], {"title": "Le fichier", "type": "update"})
    await portal.link(source, title="L'API", type="api", format="json", mime="application/json")
    before = await portal.get(source)

    asked = ("--copy", "--allow-private-sources", "--output", "manifest.yaml")
    await program("harvest", "portal", organization["slug"], *asked)
    manifest = program.folder / "manifest.yaml"
    assert str(organization["slug"]) in manifest.read_text()
    copy = manifest.read_text().replace(f"organization: {organization['slug']}\n", "")
    manifest.write_text(copy.replace("datasets:\n", "defaults: {personal: true}\ndatasets:\n", 1))
    report = await program.run()
    (after,) = await told(report)
    assert after["id"] != before["id"]
    assert after["organization"] is None
    for name in ("title", "description", "tags", "license", "frequency"):
        assert after[name] == before[name]
    same = ("title", "type", "description", "format", "filesize", "filetype")
    assert [[each[name] for name in same] for each in after["resources"]] == [
        [each[name] for name in same] for each in before["resources"]
    ]
    assert [each["checksum"] for each in after["resources"]] == [
        each["checksum"] for each in before["resources"]
    ]
    again = await program.run()
    assert writes(again) == 0
    assert await portal.get(source) == before
