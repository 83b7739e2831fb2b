import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import orjson
import pytest
import structlog
from rich.console import Console

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit, RunInfo, RunReport, Totals
from bulkpub.core.waits import WaitReason
from bulkpub.observers.events import (
    Comparing,
    DatasetFinished,
    DatasetStarted,
    Event,
    PlanReady,
    QuotaSeen,
    Reading,
    Retrying,
    RunFinished,
    RunStarted,
    Stopping,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.log import LogObserver
from bulkpub.observers.log_setup import configure_logging, level_for

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def resource(status: ResourceStatus, error: str | None = None) -> ResourceOutcome:
    return ResourceOutcome("a.csv", status, "why", source="data/a.csv", error=error)


def dataset(
    status: DatasetStatus, *resources: ResourceOutcome, error: str | None = None
) -> DatasetFinished:
    return DatasetFinished(DatasetOutcome("velos", status, "why", error=error, resources=resources))


def finished(error: str | None = None) -> RunFinished:
    info = RunInfo(
        id="id",
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=2),
        duration_s=2.0,
        manifests=("m.yaml",),
        portal="p",
        dry_run=False,
        exit_code=0,
        version="0",
        error=error,
    )
    return RunFinished(RunReport(info, Totals(), RateLimit()))


def logged(*events: Event, level: int = logging.DEBUG) -> list[dict[str, Any]]:
    stream = StringIO()
    configure_logging(format="json", level=level, stream=stream)
    observer = LogObserver()
    for event in events:
        observer(event)
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (RunStarted("p", 1, 2, dry_run=False), [("info", "run started")]),
        (DatasetStarted("velos", "V"), [("debug", "dataset started")]),
        (PlanReady("velos", 1, 2), [("debug", "plan ready")]),
        (UploadStarted("velos", "a.csv", 5, 1), [("debug", "upload started")]),
        (UploadProgressed("velos", "a.csv", 1, 5), []),
        (UploadFinished("velos", "a.csv"), [("info", "uploaded")]),
        (UploadFinished("velos", "a.csv", "broken off"), [("info", "upload failed")]),
        (Reading(("m.yaml",), 3), []),
        (Comparing("p", 1, 3), []),
        (Stopping(1, 3.0), [("debug", "stopping")]),
        (Retrying("GET", "/me/", "502", 1.0, 1), [("warning", "retrying")]),
        (Waiting(WaitReason.USED_UP, 60, NOON), [("warning", "waiting")]),
        (Waiting(WaitReason.PACING, 0.05, NOON), [("debug", "waiting")]),
        (QuotaSeen(RateLimit(10, 5)), [("debug", "quota seen")]),
        (dataset(DatasetStatus.UPDATED), [("info", "dataset updated")]),
        (dataset(DatasetStatus.PENDING), [("warning", "dataset pending")]),
        (
            dataset(DatasetStatus.FAILED, error="no such dataset"),
            [("error", "dataset failed")],
        ),
        (
            dataset(
                DatasetStatus.FAILED,
                resource(ResourceStatus.FAILED, "refused"),
                resource(ResourceStatus.PENDING),
                resource(ResourceStatus.UNCHANGED),
                resource(ResourceStatus.ADOPTED),
            ),
            [
                ("error", "resource failed"),
                ("info", "resource pending"),
                ("debug", "resource unchanged"),
                ("info", "resource adopted"),
                ("info", "dataset failed"),
            ],
        ),
        (
            dataset(
                DatasetStatus.UPDATED,
                replace(resource(ResourceStatus.REPLACED), warnings=("it shrank",)),
            ),
            [
                ("info", "resource replaced"),
                ("warning", "odd file"),
                ("info", "dataset updated"),
            ],
        ),
        (finished(), [("info", "run finished")]),
        (finished("the key is wrong"), [("warning", "run finished")]),
    ],
)
def test_each_event_has_its_level(event: Event, told: list[tuple[str, str]]) -> None:
    assert [(line["level"], line["event"]) for line in logged(event)] == told


def test_every_line_of_a_files_story_names_dataset_and_resource() -> None:
    lines = logged(
        UploadStarted("velos", "a.csv", 5, 1),
        UploadFinished("velos", "a.csv", "broken off"),
        UploadStarted("velos", "a.csv", 5, 2),
        UploadFinished("velos", "a.csv"),
        dataset(DatasetStatus.CREATED, resource(ResourceStatus.CREATED)),
    )
    story = [line for line in lines if line.get("resource") == "a.csv"]
    assert [line["event"] for line in story] == [
        "upload started",
        "upload failed",
        "upload started",
        "uploaded",
        "resource created",
    ]
    assert {line["dataset"] for line in story} == {"velos"}
    assert story[3]["attempt"] == 2
    assert story[3]["bytes"] == 5


def test_what_a_worker_binds_is_in_the_lines_of_the_transport() -> None:
    stream = StringIO()
    configure_logging(format="json", level=logging.DEBUG, stream=stream)
    with structlog.contextvars.bound_contextvars(dataset="velos", resource="a.csv"):
        structlog.get_logger("bulkpub.http.transport").debug("request", method="POST")
        LogObserver()(Retrying("POST", "/upload/", "502", 1.0, 1))
    for line in map(orjson.loads, stream.getvalue().splitlines()):
        assert (line["dataset"], line["resource"]) == ("velos", "a.csv")


def test_the_same_wait_is_a_warning_once() -> None:
    wait = Waiting(WaitReason.USED_UP, 60, NOON)
    assert [line["level"] for line in logged(wait, wait, wait)] == ["warning", "debug", "debug"]


def test_a_pace_is_a_warning_once_however_often_it_holds_back() -> None:
    paced = [
        Waiting(WaitReason.PACING, 72, NOON + timedelta(seconds=72 * number)) for number in range(3)
    ]
    used_up = Waiting(WaitReason.USED_UP, 600, NOON)
    levels = [line["level"] for line in logged(*paced, used_up)]
    assert levels == ["warning", "debug", "debug", "warning"]


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [
        (-2, {"error"}),
        (-1, {"error"}),
        (0, {"error", "warning"}),
        (1, {"error", "warning", "info"}),
        (2, {"error", "warning", "info", "debug"}),
        (9, {"error", "warning", "info", "debug"}),
    ],
)
def test_verbosity_chooses_what_is_told(verbosity: int, levels: set[str]) -> None:
    lines = logged(
        UploadStarted("velos", "a.csv", 5, 1),
        UploadFinished("velos", "a.csv"),
        Retrying("GET", "/me/", "502", 1.0, 1),
        dataset(DatasetStatus.FAILED, error="gone"),
        level=level_for(verbosity),
    )
    assert {line["level"] for line in lines} == levels


def test_json_lines_have_a_utc_time_and_the_loggers_name() -> None:
    (line,) = logged(finished())
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
    assert line["timestamp"].endswith("Z")
    assert line["logger"] == "bulkpub.run"


@pytest.mark.parametrize("stream_kind", ["stream", "console"])
def test_a_json_line_is_one_line_however_long(stream_kind: str) -> None:
    stream = StringIO()
    console = Console(file=stream, width=40)
    configure_logging(format="json", level=0, stream=stream if stream_kind == "stream" else console)
    structlog.get_logger().info("x", name="[bold]é\n" * 30, when=NOON)
    (line,) = stream.getvalue().splitlines()
    assert orjson.loads(line)["name"] == "[bold]é\n" * 30


@pytest.mark.parametrize(
    ("value", "shown"),
    [("caf\udce9.csv", r"caf\xe9.csv"), (2**70, str(2**70)), (NOON, NOON.isoformat())],
)
def test_json_takes_any_value(value: object, shown: str) -> None:
    stream = StringIO()
    configure_logging(format="json", level=0, stream=stream)
    structlog.get_logger().info("x", value=value)
    assert orjson.loads(stream.getvalue())["value"] == shown


def human(terminal: bool = False, **values: object) -> str:  # noqa: FBT001, FBT002 - one switch
    stream = StringIO()
    console = Console(
        file=stream,
        width=60,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    configure_logging(format="human", level=0, stream=console)
    structlog.get_logger().warning("upload failed", **values)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a.csv", "v=a.csv"),
        ("two words", 'v="two words"'),
        ('say "hi"', r'v="say \"hi\""'),
        ("", 'v=""'),
        ("\x1b[2J\n", r"v=\x1b[2J\n"),
        ("[red]x", "v=[red]x"),
        (12, "v=12"),
        (None, "v=None"),
    ],
)
def test_the_human_format_escapes_and_quotes(value: object, shown: str) -> None:
    assert human(v=value).rstrip("\n").endswith(f"warning upload failed {shown}")


def test_the_human_format_is_coloured_on_a_terminal_only() -> None:
    assert "\x1b[" in human(terminal=True)
    assert "\x1b[" not in human()


def test_a_traceback_shows_neither_local_variables_nor_control_characters() -> None:
    def read(api_key: str) -> None:
        raise OSError(f"cannot read \x1b[2J.csv with a key of {len(api_key)} characters")

    stream = StringIO()
    console = Console(file=stream, force_terminal=False, color_system=None)
    configure_logging(format="human", level=0, stream=console)
    try:
        read("very-" + "secret")
    except OSError:
        structlog.get_logger().exception("unexpected")
    shown = stream.getvalue()
    assert r"OSError: cannot read \x1b[2J.csv" in shown
    assert "very-secret" not in shown
    assert "\x1b" not in shown


def test_a_json_traceback_is_a_value() -> None:
    stream = StringIO()
    configure_logging(format="json", level=0, stream=stream)
    structlog.get_logger().error("unexpected", exc_info=OSError("disk full"))
    assert orjson.loads(stream.getvalue())["exception"].endswith("OSError: disk full")


@pytest.mark.parametrize("fault", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_a_stream_that_fails_does_not_stop_the_run(fault: Exception) -> None:
    class Broken(StringIO):
        def write(self, _text: str, /) -> int:
            raise fault

    configure_logging(format="human", level=0, stream=Broken())
    LogObserver()(finished())


def test_loggers_made_before_the_set_up_follow_it(make_console: Callable[..., Console]) -> None:
    log = structlog.get_logger("bulkpub.http.transport")
    stream = StringIO()
    configure_logging(format="json", level=logging.INFO, stream=make_console())
    log.info("first set-up")
    configure_logging(format="json", level=logging.INFO, stream=stream)
    log.info("second set-up")
    assert orjson.loads(stream.getvalue())["event"] == "second set-up"


@pytest.mark.parametrize(
    "event",
    [
        UploadFinished("velos", "a.csv", "the portal is down"),
        dataset(DatasetStatus.FAILED, error="no right"),
        dataset(DatasetStatus.FAILED, resource(ResourceStatus.FAILED, "no right")),
        dataset(DatasetStatus.PENDING, resource(ResourceStatus.PENDING)),
        finished("stopped"),
    ],
)
def test_what_a_summary_will_say_is_no_warning_as_well(event: Event) -> None:
    stream = StringIO()
    configure_logging(format="json", level=logging.INFO, stream=stream)
    LogObserver(is_summed_up=True)(event)
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    assert lines
    assert {line["level"] for line in lines} == {"info"}
