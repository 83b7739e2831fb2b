"""Faults, scripted: each kind does what it says, to the requests it was scripted for."""

import asyncio
import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.faults import (
    Damaged,
    Failure,
    Fault,
    FaultScript,
    Headers,
    Late,
    ListingShortened,
    ReplyCut,
    ReplyLost,
    Reset,
    StoredTwice,
    TooMany,
    Trickle,
    read_faults,
)
from bulkpub.sandbox.records import Dataset

UPLOAD = "/api/1/datasets/*/upload/"
CONTENT = b"a,b\n1,2\n"


class Client:
    """A dataset on a sandbox, and what a person does with it."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, dataset: Dataset) -> None:
        self.sandbox = sandbox
        self.session = session
        self.dataset = dataset

    async def call(self, method: str, path: str, **more: Any) -> tuple[aiohttp.ClientResponse, Any]:
        url = f"{self.sandbox.api_url}{path}"
        async with self.session.request(method, url, **more) as answer:
            is_json = answer.content_type == "application/json"
            return answer, await answer.json() if is_json else await answer.text()

    async def upload(self, content: bytes = CONTENT, name: str = "a.csv") -> Any:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        return await self.call("POST", f"/datasets/{self.dataset.id}/upload/", data=form)

    @property
    def stored(self) -> list[bytes]:
        folder = Path(self.sandbox.info["data_dir"]) / "resources"
        return [(folder / str(each.stored)).read_bytes() for each in self.dataset.resources]


@pytest.fixture
def scripted() -> Iterator[Callable[..., FaultScript]]:
    """A script of these faults; the test fails when one of them is never met."""
    scripts: list[FaultScript] = []

    def scripted(*faults: Fault, seed: int = 0) -> FaultScript:
        scripts.append(FaultScript(faults, seed=seed))
        return scripts[-1]

    yield scripted
    assert [fault for script in scripts for fault in script.unmet()] == []


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[..., Any]]:
    """A client of a sandbox on which a script is played."""
    async with AsyncExitStack() as stack:

        async def client_of(script: FaultScript) -> Client:
            ahead = iter(range(10**9))

            def clock() -> datetime:
                return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(ahead))

            sandbox = await stack.enter_async_context(
                Sandbox(SandboxSettings(faults=script, clock=clock))
            )
            session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    headers={"X-API-KEY": sandbox.api_key}, cookie_jar=aiohttp.DummyCookieJar()
                )
            )
            body = {"title": "D", "description": "d"}
            url = f"{sandbox.api_url}/datasets/"
            async with session.post(url, json=body) as answer:
                assert answer.status == 201
            (dataset,) = sandbox.state.datasets.values()
            return Client(sandbox, session, dataset)

        yield client_of


# --- kinds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "handled"),
    [
        (ReplyLost(path=UPLOAD), True),
        (ReplyCut(path=UPLOAD), True),
        (Reset(path=UPLOAD), False),
        (Reset(path=UPLOAD, when="after-body"), False),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
@pytest.mark.parametrize("size", [0, 8, 500_000])
async def test_a_broken_connection_tells_the_client_nothing(
    *, scripted: Any, client_of: Any, fault: Fault, handled: bool, size: int
) -> None:
    client = await client_of(scripted(fault))
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await client.upload(b"x" * size)
    assert client.stored == ([b"x" * size] if handled else [])


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("handled", [True, False])
async def test_a_proxy_that_fails_answers_in_html(
    *, scripted: Any, client_of: Any, status: Any, handled: bool
) -> None:
    client = await client_of(scripted(Failure(path=UPLOAD, status=status, handled=handled)))
    answer, page = await client.upload()
    assert answer.status == status
    assert page.startswith("<html>")
    assert client.stored == ([CONTENT] if handled else [])


@pytest.mark.parametrize("retry_after", [None, "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_storm_of_429_passes(scripted: Any, client_of: Any, retry_after: Any) -> None:
    script = scripted(TooMany(path=UPLOAD, calls=(2,), in_a_row=3, retry_after=retry_after))
    client = await client_of(script)
    answers = [(await client.upload(name=f"{n}.csv"))[0] for n in range(6)]
    assert [answer.status for answer in answers] == [201, 429, 429, 429, 201, 201]
    assert answers[1].headers.get("Retry-After") == retry_after
    assert len(client.stored) == 3
    assert script.met == {"too-many-requests": 3}


async def test_headers_are_set_and_taken_away(scripted: Any, client_of: Any) -> None:
    wrong = {"X-RateLimit-Remaining": "-5", "Content-Type": None}
    client = await client_of(scripted(Headers(path="/api/1/me/", headers=wrong)))
    answer, _ = await client.call("GET", "/me/")
    assert answer.status == 200
    assert answer.headers["X-RateLimit-Remaining"] == "-5"
    assert answer.headers.get("Content-Type") != "application/json"


@pytest.mark.parametrize("handled_first", [True, False])
async def test_a_late_answer_is_carried_out_although_nobody_waits(
    *, scripted: Any, client_of: Any, handled_first: bool
) -> None:
    script = scripted(Late(path=UPLOAD, seconds=0.3, handled_first=handled_first))
    client = await client_of(script)
    client.session._timeout = aiohttp.ClientTimeout(0.1)
    with pytest.raises(TimeoutError):
        await client.upload()
    assert client.stored == ([CONTENT] if handled_first else [])
    async with asyncio.timeout(5):
        while not client.stored:  # noqa: ASYNC110 - nobody is told when it is carried out
            await asyncio.sleep(0.01)
    assert client.stored == [CONTENT]


async def test_a_trickle_is_slow_and_complete(scripted: Any, client_of: Any) -> None:
    client = await client_of(scripted(Trickle(path=UPLOAD, seconds=0.05, pieces=5)))
    started = time.monotonic()
    answer, told = await client.upload()
    assert time.monotonic() - started >= 0.05
    assert answer.status == 201
    assert told["filesize"] == len(CONTENT)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, b"\r\n--\r\n\r\n", b"x" * 300_000])
async def test_a_damaged_file_has_another_checksum(
    scripted: Any, client_of: Any, content: bytes
) -> None:
    client = await client_of(scripted(Damaged()))
    _, told = await client.upload(content)
    (stored,) = client.stored
    assert stored != content
    assert told["checksum"]["value"] == hashlib.sha1(stored).hexdigest()


@pytest.mark.parametrize(("told", "place"), [("first", 1), ("last", 0)])
async def test_a_proxy_stores_twice_and_tells_once(
    *, scripted: Any, client_of: Any, told: Any, place: int
) -> None:
    client = await client_of(scripted(StoredTwice(path=UPLOAD, told=told)))
    answer, resource = await client.upload()
    assert answer.status == 201
    assert client.stored == [CONTENT, CONTENT]
    assert client.dataset.resources[place].id == resource["id"]


async def test_a_shortened_listing_still_counts_all(scripted: Any, client_of: Any) -> None:
    client = await client_of(scripted(ListingShortened(share=0.5)))
    for number in range(3):
        body = {"title": f"Other {number}", "description": "d"}
        await client.call("POST", "/datasets/", json=body)
    answer, page = await client.call("GET", "/datasets/")
    assert answer.status == 200
    assert page["total"] == 4
    assert len(page["data"]) == 2


# --- when ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "met"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"calls": (2, 4)}, [2, 4]),
        ({"times": 2}, [1, 2]),
        ({"calls": (2,), "in_a_row": 3}, [2, 3, 4]),
        ({"calls": (2,), "in_a_row": 3, "times": 2}, [2, 3]),
        ({"probability": 0.0}, []),
        ({"method": "POST"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "PUT"}, []),
        ({"path": "/api/1/datasets/*/upload/"}, [1, 2, 3, 4, 5, 6]),
        ({"path": "/api/1/*/upload/"}, []),
        ({"path": "/api/**"}, [1, 2, 3, 4, 5, 6]),
        ({"path": "/api/1/datasets/d.1/upload/"}, []),
    ],
)
def test_a_fault_meets_the_requests_it_picks(which: dict[str, Any], met: list[int]) -> None:
    script = FaultScript([ReplyLost(**which)])
    picked = [n for n in range(1, 7) if script.pick("POST", "/api/1/datasets/d-1/upload/")]
    assert picked == met
    assert script.met.total() == len(met)
    assert bool(script.unmet()) == (not met)


def test_chance_comes_from_the_seed() -> None:
    def picked(seed: int) -> list[bool]:
        script = FaultScript([ReplyLost(probability=0.5)], seed=seed)
        return [script.pick("GET", "/api/1/me/") is not None for _ in range(50)]

    assert picked(1) == picked(1) != picked(2)
    assert 10 < sum(picked(1)) < 40


def test_of_several_faults_the_first_is_met() -> None:
    first, second = Reset(times=1), ReplyLost()
    script = FaultScript([first, second])
    assert [script.pick("GET", "/api/1/me/") for _ in range(2)] == [first, second]


# --- files --------------------------------------------------------------------------------

SCRIPT = """
seed: 7
faults:
  - kind: reply-lost
    method: POST
    path: /api/1/datasets/*/upload/
    calls: [1, 3]
  - {kind: failure, status: 502, handled: true, probability: 0.1, times: 5}
  - {kind: headers, headers: {X-RateLimit-Reset: yesterday, X-RateLimit-Limit: null}}
"""


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(SCRIPT)
    assert read_faults(file).unmet() == [
        ReplyLost(method="POST", path=UPLOAD, calls=(1, 3)),
        Failure(status=502, handled=True, probability=0.1, times=5),
        Headers(headers={"X-RateLimit-Reset": "yesterday", "X-RateLimit-Limit": None}),
    ]
    file.write_text('{"faults": [{"kind": "damaged"}]}')
    assert read_faults(file).unmet() == [Damaged()]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("faults: [{kind: gremlins}]", "faults[0]: Input tag 'gremlins'"),
        ("faults: [{kind: reply-lost, often: 3}]", "faults[0].often: Unexpected keyword"),
        ("faults: [{kind: failure, status: 200}]", "faults[0].status: Input should be 408"),
        ("faults: [{kind: late}]", "faults[0].seconds: Field required"),
        ("faults: [{kind: reset, calls: [0]}]", "faults[0].calls[0]: Input should be greater"),
        ("seed: 1", "faults: Field required"),
        ("[1]", "the script: Input should be a dictionary"),
        ("faults: [", "is neither YAML nor JSON"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_faulty_script_is_refused_in_words(
    tmp_path: Path, text: str | None, sentence: str
) -> None:
    file = tmp_path / "faults.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsInvalid) as refused:
        read_faults(file)
    assert str(refused.value).startswith(str(file))
    assert sentence in str(refused.value)


def test_the_command_line_refuses_a_faulty_script(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults: [{kind: gremlins}]")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bulkpub", "sandbox", "--port", "0", "--faults", file],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 2
    assert f"{file}: faults[0]: Input tag 'gremlins'" in done.stderr
