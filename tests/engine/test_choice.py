"""Which engine is asked for: what can be written, and what a key may be handed to."""

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import distributed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.addresses import shown_address
from bulkpub.engine import choice
from bulkpub.engine.choice import Engine, Kind, check_safe, engine_of
from bulkpub.errors import SettingsInvalid
from bulkpub.pipeline.means import HASHERS

LOCAL, OWN = Engine(), Engine(Kind.DASK)


@pytest.mark.parametrize(
    ("text", "workers", "engine"),
    [
        ("local", None, LOCAL),
        (" Local ", None, LOCAL),
        ("dask", None, OWN),
        ("DASK", 2, Engine(Kind.DASK, 2)),
        ("dask", 256, Engine(Kind.DASK, 256)),
        ("dask://scheduler", None, Engine(Kind.DASK, address="dask://scheduler")),
    ],
)
def test_an_engine_is_read(text: str, workers: int | None, engine: Engine) -> None:
    assert engine_of(text, workers) == engine
    assert engine_of(engine) is engine


def test_a_cluster_on_this_machine_has_a_worker_for_each_core_unless_it_is_said() -> None:
    assert OWN.processes == HASHERS
    assert Engine(Kind.DASK, 3).processes == 3


@pytest.mark.parametrize(
    ("address", "scheduler", "encrypted", "here"),
    [
        ("dask://scheduler", "scheduler:8786", False, False),
        ("dask://scheduler:1234/", "scheduler:1234", False, False),
        ("DASK://Scheduler.Example", "scheduler.example:8786", False, False),
        ("dask://127.0.0.1:9000", "127.0.0.1:9000", False, True),
        ("dask://[::1]", "[::1]:8786", False, True),
        ("dask://[2001:db8::7]:99", "[2001:db8::7]:99", False, False),
        ("tls://10.0.0.7", "tls://10.0.0.7:8786", True, False),
        ("tls://[2001:db8::7]", "tls://[2001:db8::7]:8786", True, False),
        ("tcp://localhost:1", "tcp://localhost:1", False, True),
        ("tcp://10.0.0.7:1", "tcp://10.0.0.7:1", False, False),
    ],
)
def test_a_scheduler_is_at_its_address(
    address: str, scheduler: str, *, encrypted: bool, here: bool
) -> None:
    engine = engine_of(address)
    assert engine.scheduler == scheduler
    assert (engine.is_encrypted, engine.is_here, engine.is_own) == (encrypted, here, False)
    assert str(engine) == address


@pytest.mark.parametrize(("engine", "text"), [(LOCAL, "local"), (OWN, "dask")])
def test_what_is_made_for_the_run_is_safe(engine: Engine, text: str) -> None:
    assert (engine.is_encrypted, engine.is_here, engine.is_own) == (True, True, True)
    assert (str(engine), engine.scheduler) == (text, "")


NO_ENGINE = (
    "'{text}' is no engine: write local, dask, or the address of a Dask scheduler as "
    "dask://HOST:PORT, tls://HOST:PORT or tcp://HOST:PORT (IPv6 in brackets)"
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "desk", "ray", "scheduler:8786", "127.0.0.1:8786"),
        *("http://localhost:8787", "ws://scheduler:8786", "dask://", "dask://:8786"),
        *("dask://host:0", "dask://host:port", "dask://host:99999", "dask://::1", "dask://[::1"),
        *("dask://host:8786/status", "dask://a host"),
    ],
)
def test_anything_else_is_none_and_what_can_be_written_is_said(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="is no engine") as said:
        engine_of(text)
    assert str(said.value) == NO_ENGINE.format(text=shown_address(text))


def test_what_is_neither_a_text_nor_an_engine_is_none() -> None:
    with pytest.raises(SettingsInvalid, match=r"'int' is no engine"):
        engine_of(7)


@pytest.mark.parametrize(
    "text", ["dask://me:secret@host:8786", "me:secret@host", "dask://host:1?token=secret"]
)
def test_a_password_is_not_repeated(text: str) -> None:
    with pytest.raises(SettingsInvalid) as said:
        engine_of(text)
    assert "secret" not in str(said.value)


@pytest.mark.parametrize(
    ("asked", "workers", "sentence"),
    [
        ("local", 2, "goes with the `engine` dask alone"),
        ("dask://scheduler", 2, "a scheduler that exists has workers of its own"),
        ("dask", 0, "`workers` must be from 1 to 256, not 0"),
        ("dask", 257, "`workers` must be from 1 to 256, not 257"),
        (LOCAL, 2, "goes with the `engine` dask alone"),
    ],
)
def test_workers_are_those_of_a_cluster_on_this_machine(
    asked: str | Engine, workers: int, sentence: str
) -> None:
    with pytest.raises(SettingsInvalid) as said:
        engine_of(asked, workers)
    assert sentence in str(said.value)


@pytest.mark.parametrize(
    "values",
    [
        {"address": "dask://scheduler"},
        {"client": object()},
        {"kind": Kind.DASK, "address": "dask://scheduler", "client": object()},
    ],
)
def test_a_cluster_is_reached_in_one_way(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid, match="by an address or by a client"):
        Engine(**values)


class OwnClient(distributed.Client):
    """What somebody makes of it."""

    def __init__(self) -> None:
        """Without anything to connect to."""

    def __del__(self) -> None:
        """Nothing was opened."""


def test_a_client_is_an_engine_and_nothing_is_known_of_its_channel() -> None:
    client = OwnClient.__new__(OwnClient)
    engine = engine_of(client)
    assert (engine.kind, engine.client) == (Kind.DASK, client)
    assert (engine.is_own, engine.is_encrypted, engine.is_here) == (False, False, False)


@pytest.mark.parametrize("asked", ["dask", "tls://scheduler", OWN])
@pytest.mark.parametrize("missing", ["distributed", "cryptography"])
def test_where_dask_is_not_installed_it_is_said_how_to(
    asked: str | Engine, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        choice, "find_spec", lambda name: find_spec(name) if name != missing else None
    )
    with pytest.raises(SettingsInvalid, match=r"pip install 'bulkpub\[dask\]'"):
        engine_of(asked)
    assert engine_of("local") == LOCAL


@pytest.mark.served
def test_to_choose_dask_loads_none_of_it() -> None:
    """Nor does having asked whether it is there."""
    asked = "from bulkpub.engine.choice import engine_of; engine_of('dask', 2)"
    told = "import sys; print(*{'dask', 'distributed', 'tornado'} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"{asked}; {told}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


# --- what a key may be handed to ----------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("tls://10.0.0.7:8786", True),
        ("wss://scheduler:8786", True),
        ("inproc://10.0.0.7/1/1", True),
        ("tcp://127.0.0.1:40000", True),
        ("tcp://[::1]:40000", True),
        ("dask://localhost:8786", True),
        ("localhost:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("tcp://[2001:db8::7]:8786", False),
        ("ws://scheduler:8786", False),
        ("dask://scheduler:8786", False),
        ("scheduler:8786", False),
        ("", False),
        ("tcp://[::1", False),
    ],
)
def test_a_key_goes_in_the_clear_to_this_machine_alone(address: str, *, safe: bool) -> None:
    if safe:
        check_safe(address, insecure=False)
    else:
        with pytest.raises(SettingsInvalid, match="would receive keys and passwords in the clear"):
            check_safe(address, insecure=False)
    check_safe(address, insecure=True)


@given(st.text())
def test_whatever_is_written_is_an_engine_or_a_sentence(text: str) -> None:
    try:
        engine = engine_of(text)
    except SettingsInvalid:
        return
    assert engine.is_own or engine.scheduler


@given(st.sampled_from(["dask", "tls", "tcp"]), st.ip_addresses(), st.integers(1, 65535))
def test_every_address_of_a_host_is_one_of_a_scheduler(scheme: str, ip: Any, port: int) -> None:
    place = f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"
    engine = engine_of(f"{scheme}://{place}")
    assert engine.scheduler in {place, f"{scheme}://{place}"}
    assert engine.is_here == ip.is_loopback
