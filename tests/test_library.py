"""What a Python program meets: the public names, the promises of `publish`, the two schemas."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

import bulkpub
from bulkpub.cli.local_commands import report_line_schema, report_schema
from bulkpub.cli.report_file import to_json, to_lines
from bulkpub.core.report import RunReport
from bulkpub.http.retry import RetryPolicy
from bulkpub.observers.events import DatasetFinished, Reading, RunFinished, RunStarted
from bulkpub.portals import memory
from bulkpub.sandbox import Sandbox
from tests.manifests import json_schema, load

ROOT = Path(__file__).parents[1]
MANIFESTS = sorted((ROOT / "manifests").glob("*.yaml"))
ELSEWHERE = {
    "bucket.yaml",
    "collection.yaml",
    "community.yaml",
    "destinations.yaml",
    "migration.yaml",
}
HERE = [path for path in MANIFESTS if path.name not in ELSEWHERE]
"""Those that need no other server and remove nothing; see test_fetching, test_producers and
tests/whole."""

Publish = Callable[..., Any]


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", bulkpub.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    thing = getattr(bulkpub, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing)


def test_no_public_name_is_left_out() -> None:
    public = {
        name
        for name, thing in vars(bulkpub).items()
        if not name.startswith("_") and not inspect.ismodule(thing)
    }
    assert public <= set(bulkpub.__all__)
    assert list(bulkpub.__all__) == sorted(bulkpub.__all__)


def test_the_key_is_in_no_representation_of_a_connection() -> None:
    connection = bulkpub.Connection(portal="demo", key="a-secret-key")
    assert connection.key == "a-secret-key"
    assert "a-secret-key" not in repr(connection) + str(connection) + f"{connection}"


# --- publishing from Python ---------------------------------------------------------------


async def test_a_manifest_may_be_a_mapping(
    sandbox: Sandbox, folder: Any, monkeypatch: pytest.MonkeyPatch, titles: Any
) -> None:
    folder.file("a.csv")
    monkeypatch.chdir(folder.path)
    manifest = {
        "portal": sandbox.base_url,
        "organization": "test-organization",
        "datasets": [{"title": "T", "description": "D", "resources": [{"path": "a.csv"}]}],
    }
    connection = bulkpub.Connection(key=sandbox.api_key)
    planned = await bulkpub.plan(manifest, connection=connection)
    assert (planned.run.dry_run, planned.run.exit_code) == (True, 0)
    assert not sandbox.state.datasets
    report = await bulkpub.publish(manifest, connection=connection)
    assert isinstance(report, bulkpub.RunReport)
    assert report.run.exit_code == 0
    assert report.run.manifests == ("<mapping>",)
    assert report.datasets[0].status is bulkpub.DatasetStatus.CREATED
    assert report.datasets[0].resources[0].status is bulkpub.ResourceStatus.CREATED
    assert titles(sandbox) == {"T": ["a.csv"]}


async def test_several_manifests_are_published_together(publish: Publish, folder: Any) -> None:
    one = folder.manifest(folder.dataset("a")).rename(folder.path / "one.json")
    two = folder.manifest(folder.dataset("b")).rename(folder.path / "two.json")
    report = await publish([one, str(two)])
    assert [each.key for each in report.datasets] == ["a", "b"]
    assert report.run.manifests == (str(one), str(two))


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"datasets": []},
        {"datasets": 7},
        {"datasets": [{"title": object()}]},
        {1: 2},
        "no-such-file.yaml",
        Path("/"),
        [],
        ["no-such-file.yaml", "nor-this.yaml"],
    ],
    ids=[
        "nothing",
        "no-datasets",
        "a-number",
        "an-object",
        "a-key-that-is-no-text",
        "a-missing-file",
        "a-folder",
        "no-file",
        "missing-files",
    ],
)
@pytest.mark.parametrize("key", ["k", None])
async def test_whatever_the_manifest_nothing_is_raised(
    manifest: Any, key: str | None, report_faults: Callable[[bytes], list[str]]
) -> None:
    connection = bulkpub.Connection(portal="http://127.0.0.1:9", key=key)
    report = await bulkpub.publish(manifest, connection=connection)
    assert report.run.exit_code == 2
    assert report.run.problems or report.run.error
    assert report_faults(b"".join(to_json(report))) == []


@pytest.mark.parametrize("engine", ["desk", 7, "dask://me:secret@host"])
async def test_whatever_the_engine_nothing_is_raised(engine: object) -> None:
    connection = bulkpub.Connection(portal="http://127.0.0.1:9", key="k")
    report = await bulkpub.publish(HERE[0], connection=connection, engine=engine)
    assert report.run.exit_code == 2
    assert "engine" in str(report.run.error) or "scheduler's address" in str(report.run.error)
    assert "secret" not in str(report.run.error)


@pytest.mark.parametrize(
    ("portal", "code"),
    [
        (None, 2),
        ("", 2),
        ("nonsense", 2),
        ("ftp://127.0.0.1", 2),
        ("http://", 2),
        ("http://[", 2),
        ("http://127.0.0.1:99999", 2),
        ("http://user:password@127.0.0.1", 2),
        ("http://portal.example", 2),
        ("http://127.0.0.1:1", 4),
    ],
)
async def test_whatever_the_portal_nothing_is_raised(
    folder: Any, portal: str | None, code: int
) -> None:
    connection = bulkpub.Connection(portal=portal, key="k", retry=RetryPolicy(attempts=1))
    manifest = folder.manifest(folder.dataset("a"))
    report = await bulkpub.publish(manifest, connection=connection)
    assert report.run.exit_code == code
    assert report.run.error
    assert "password" not in report.run.error.replace("a password", "")


async def test_a_defect_of_ours_still_ends_in_a_report(
    publish: Publish,
    folder: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("bulkpub.pipeline.prepare.check", broken)
    report = await publish(folder.manifest(folder.dataset("a")))
    assert report.run.exit_code == 4
    assert report.run.error == "unexpected ZeroDivisionError: a mistake (a defect of bulkpub's)"
    assert report.datasets[0].status == "pending"
    assert capsys.readouterr().out == ""


async def test_observers_see_the_run_from_its_start_to_its_report(
    publish: Publish, folder: Any
) -> None:
    seen: list[bulkpub.Event] = []
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b"))
    report = await publish(manifest, observers=(seen.append,))
    assert isinstance(seen[0], Reading)
    assert sum(isinstance(event, RunStarted) for event in seen) == 1
    assert seen[-1] == RunFinished(report)
    finished = [event for event in seen if isinstance(event, DatasetFinished)]
    assert {each.outcome.key for each in finished} == {"a", "b"}


# --- the schemas --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "made"),
    [("manifest", json_schema), ("report", report_schema), ("report-line", report_line_schema)],
)
def test_the_published_schema_is_up_to_date(name: str, made: Callable[[], Any]) -> None:
    path = ROOT / "docs" / "reference" / f"{name}.schema.json"
    wanted = orjson.dumps(made(), option=orjson.OPT_INDENT_2).decode() + "\n"
    regenerate = {
        "manifest": "bulkpub schema",
        "report": "bulkpub schema --report",
        "report-line": "python -c 'import bulkpub.cli.local_commands as c, orjson; "
        "print(orjson.dumps(c.report_line_schema(), option=orjson.OPT_INDENT_2).decode())'",
    }[name]
    assert path.read_text() == wanted, f"run: {regenerate} > {path.relative_to(ROOT)}"


async def test_a_report_that_has_everything_in_it_fits_its_schema(
    publish: Publish, folder: Any, report_faults: Callable[[bytes], list[str]]
) -> None:
    bad = folder.dataset("bad", {"path": "gone.csv"})
    manifest = folder.manifest(bad, folder.dataset("good", "a.csv"))
    report = await publish(manifest, keep_going=True)
    content = b"".join(to_json(report))
    assert report_faults(content) == []
    assert report_faults(content.replace(b'"created"', b'"invented"')) != []
    assert orjson.loads(content)["schema_version"] == 1
    line = importlib.import_module("jsonschema").Draft202012Validator(report_line_schema())
    assert [list(line.iter_errors(orjson.loads(each))) for each in to_lines(report)] == [[]] * 4
    assert isinstance(report, RunReport)


# --- the examples -------------------------------------------------------------------------


@pytest.mark.parametrize("path", HERE, ids=lambda path: path.name)
async def test_every_example_is_published_and_a_second_run_writes_nothing(
    publish: Publish, sandbox: Sandbox, path: Path
) -> None:
    report = await publish(path, variables={"today": "2026-11-30"})
    assert report.run.problems == ()
    assert report.run.exit_code == 0
    assert report.totals.resources.failed == 0
    sandbox.requests.clear()
    again = await publish(path, variables={"today": "2026-11-30"})
    assert again.run.exit_code == 0
    assert again.totals.datasets.unchanged == len(report.datasets)
    assert {seen.method for seen in sandbox.requests} == {"GET"}
    # What goes by its name costs a request: the contacts of an owner, and each zone.
    asked = again.totals.requests.by_endpoint
    names = ("GET /organizations/{id}/contacts/", "GET /spatial/zones/suggest/")
    assert again.totals.requests.total - sum(asked.get(name, 0) for name in names) <= 7


def test_the_demo_is_as_large_as_promised() -> None:
    loaded = load([ROOT / "manifests" / "demo.yaml"])
    assert len(loaded.datasets) >= 6
    assert sum(len(each.resources) for each in loaded.datasets) >= 40


async def test_without_a_portal_a_manifest_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one takes minutes to read; what needs no manifest is checked first."""
    dataset = b'{"title": "T", "description": "d", "personal": true}\n'
    texts = {
        "m.jsonl": dataset * 3,
        "m.csv": b"dataset,path\na,a.csv\n",
        "m.yaml": b"datasets: []\n",
        "m.json": b'{"datasets": []}',
        "m.toml": b"datasets = []\n",
    }
    monkeypatch.setattr("bulkpub.session.wanted.stream", None)  # it would not survive a call
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
        report = await bulkpub.publish(tmp_path / name)
        assert (report.run.exit_code, report.datasets) == (2, ())
        assert "which portal?" in (report.run.error or "")
    unknown = await bulkpub.publish(
        tmp_path / "m.yaml", connection=bulkpub.Connection(portal="nowhere")
    )
    assert "unknown portal 'nowhere'" in (unknown.run.error or "")


async def test_a_manifest_may_name_its_portal_anywhere_in_it(tmp_path: Path) -> None:
    text = 'datasets:\n- {title: T, description: d, personal: true}\n"portal": sandbox-of-mine\n'
    for name, content in {
        "m.yaml": text,
        "m.json": '{"datasets": [{"title": "T", "description": "d", "personal": true}], '
        '"portal": "sandbox-of-mine"}',
        "m.jsonl": '\n{"portal": "sandbox-of-mine"}\n{"title": "T", "description": "d", '
        '"personal": true}\n',
    }.items():
        (tmp_path / name).write_text(content)
        report = await bulkpub.publish(tmp_path / name)
        assert "unknown portal 'sandbox-of-mine'" in (report.run.error or ""), name


async def test_a_run_that_is_interrupted_before_it_reaches_the_portal_asks_it_nothing(
    folder: Any, tmp_path: Path
) -> None:
    name = uuid4().hex
    there = memory.site(name, memory.RULES)

    @contextmanager
    def at_once(run: Any) -> Iterator[None]:
        run.interrupt("interrupted")
        yield

    report = await bulkpub.publish(
        folder.manifest(folder.dataset("a", "a.csv")),
        connection=bulkpub.Connection(portal=there.address, key="any-key"),
        interruptible=at_once,
        state_dir=tmp_path / "state",
    )
    assert (report.run.exit_code, report.run.error) == (130, "interrupted")
    assert [each.status for each in report.datasets] == ["pending"]
    assert there.calls == []
    memory._sites.pop(name)


# --- failures -----------------------------------------------------------------------------


async def test_what_failed_is_told_and_raised(publish: Publish, folder: Any) -> None:
    folder.file("empty.csv", "")
    manifest = folder.manifest(folder.dataset("a", "empty.csv", "a.csv"))
    report = await publish(manifest)
    (failure,) = report.failures()
    assert (failure.dataset, failure.resource) == ("a", "empty.csv")
    with pytest.raises(bulkpub.RunFailed, match=r"empty\.csv") as raised:
        report.raise_for_failures()
    assert raised.value.exit_code == report.run.exit_code == 1


async def test_nothing_is_raised_when_all_is_as_wanted(publish: Publish, folder: Any) -> None:
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")))
    assert list(report.failures()) == []
    report.raise_for_failures()


def test_a_program_that_is_not_asynchronous_publishes_too(folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    connection = bulkpub.Connection(portal="memory://sync", key="any")
    report = bulkpub.publish_sync(manifest, connection=connection)
    assert report.run.error is None
    report.raise_for_failures()


@pytest.mark.parametrize("places", [1, 2])
async def test_a_run_that_is_interrupted_while_it_reads_says_so_and_asks_nobody(
    folder: Any, places: int
) -> None:
    there = [memory.site(uuid4().hex, memory.RULES) for _ in range(places)]
    asked: list[Any] = []
    read: list[Reading] = []

    @contextmanager
    def asking(run: Any) -> Iterator[None]:
        asked.append(run)
        yield

    def press(event: bulkpub.Event) -> None:
        if isinstance(event, Reading):
            read.append(event)
            assert asked[0].is_reading
            asked[0].interrupt("interrupted")

    named = [{"name": f"n{n}", "portal": site.address} for n, site in enumerate(there)]
    header = {"destinations": named} if places > 1 else {}
    keys = {f"BULKPUB_KEY_N{n}": "any-key" for n in range(places)}
    for each in named:
        each["key_env"] = f"BULKPUB_KEY_{each['name'].upper()}"
    report = await bulkpub.publish(
        folder.manifest(folder.dataset("a", "a.csv"), **header),
        connection=bulkpub.Connection(
            portal=None if places > 1 else there[0].address, key="any-key", environment=keys
        ),
        observers=[press],
        interruptible=asking,
    )
    assert report.run.exit_code == 130
    assert report.run.error == "interrupted"
    assert len(read) == 1  # of several, no other one is read any more
    assert [site.calls for site in there] == [[]] * places
