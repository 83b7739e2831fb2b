"""What is in the way to a scheduler is told in a sentence with what to do, and not in Dask's words.

The schedulers are real ones of this machine, with certificates that are made for the tests.
"""

import gc
import socket
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import dask
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client, Scheduler

from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.dask import cluster as clusters
from bulkpub.engine.dask import connecting
from bulkpub.engine.dask.cluster import open_cluster
from bulkpub.errors import BulkpubError, SettingsInvalid, StoppedEarly
from bulkpub.pipeline.means import Stopping

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(60)]

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; each of them is in one file with its key."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls, folder: Path, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, name, key.public_key(), datetime.now(UTC) + A_DAY)
        signs = x509.BasicConstraints(ca=True, path_length=None)
        builder = builder.add_extension(signs, critical=True)
        made = cls(folder, name, key, builder.sign(key, hashes.SHA256()))
        Path(made.file).write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def file(self) -> str:
        return str(self.folder / f"{self.name}.pem")

    def signed(self, name: str, until: timedelta = A_DAY) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self.name, key.public_key(), datetime.now(UTC) + until)
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return str(path)


def _builder(
    name: str, issuer: str, key: ec.EllipticCurvePublicKey, until: datetime
) -> x509.CertificateBuilder:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
    builder = builder.public_key(key).serial_number(x509.random_serial_number())
    return builder.not_valid_before(until - 10 * A_DAY).not_valid_after(until)


def configured(ca_file: str | None = None, cert: str | None = None) -> dict[str, str | None]:
    """Dask's settings of TLS; None: there are none."""
    tls, roles = "distributed.comm.tls", ("client", "scheduler", "worker")
    own = {f"{tls}.{role}.{what}": cert for role in roles for what in ("cert", "key")}
    return {f"{tls}.ca-file": ca_file, **own}


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path, "ours")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECTS_S", 1.0)
    monkeypatch.setattr(clusters, "WORKERS_S", 0.3)


@pytest.fixture(autouse=True)
def garbage_of_dasks() -> Iterator[None]:
    """Connections that never came about are closed with it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@asynccontextmanager
async def scheduler(protocol: str, settings: dict[str, str | None]) -> AsyncIterator[str]:
    """A scheduler with these settings; the host and port of it."""
    with dask.config.set(settings):
        made = Scheduler(
            protocol=protocol, host="127.0.0.1", port=0, dashboard=False, dashboard_address=":0"
        )
    async with made:
        yield str(made.address).rpartition("://")[2]


async def told(address: str, settings: dict[str, Any], kind: type[BulkpubError]) -> str:
    """What is told of the way to a scheduler, by who is configured so; and nothing by Dask."""
    with dask.config.set(settings), pytest.raises(kind) as caught:
        async with open_cluster(Engine(Kind.DASK, address=address), Stopping(), lock="x"):
            pass
    return str(caught.value)


@pytest.mark.parametrize("lacks", ["both", "ca-file", "cert"])
async def test_no_certificate_is_configured(ours: Authority, lacks: str) -> None:
    there = ours.signed("there")
    ca_file = None if lacks in {"both", "ca-file"} else ours.file
    cert = None if lacks in {"both", "cert"} else there
    async with scheduler("tls://", configured(ours.file, there)) as place:
        words = await told(f"tls://{place}", configured(ca_file, cert), SettingsInvalid)
    assert "Dask has no certificate here: set distributed.comm.tls.ca-file, " in words
    assert "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT" in words


def test_the_variables_that_are_named_are_those_that_dask_reads() -> None:
    for setting in (connecting.CA_FILE, connecting.CERT, connecting.KEY):
        read = dask.config.collect_env({connecting._variable(setting): "x"})
        assert dask.config.get(setting, config=read) == "x"


@pytest.mark.parametrize("scheme", ["dask", "tcp"])
async def test_a_scheduler_takes_tls_and_is_addressed_without(ours: Authority, scheme: str) -> None:
    there = configured(ours.file, ours.signed("there"))
    async with scheduler("tls://", there) as place:
        words = await told(f"{scheme}://{place}", configured(), SettingsInvalid)
        assert "it takes TLS: write tls://HOST:PORT; Dask has no certificate here: set" in words
        words = await told(f"{scheme}://{place}", there, SettingsInvalid)
        assert words.endswith("it takes TLS: write tls://HOST:PORT")


async def test_a_scheduler_speaks_no_tls(ours: Authority) -> None:
    here = configured(ours.file, ours.signed("here"))
    async with scheduler("tcp://", configured()) as place:
        assert "speaks no TLS: start the scheduler with a certificate, or write tcp://" in (
            await told(f"tls://{place}", here, SettingsInvalid)
        )
        alone = {**here, "distributed.comm.require-encryption": True}
        assert "by TLS alone (distributed.comm.require-encryption): write tls://" in (
            await told(f"tcp://{place}", alone, SettingsInvalid)
        )


async def test_certificates_that_do_not_fit(ours: Authority, tmp_path: Path) -> None:
    others = Authority.made(tmp_path, "others")
    async with scheduler("tls://", configured(ours.file, ours.signed("there"))) as place:
        say = partial(told, f"tls://{place}", kind=SettingsInvalid)
        words = await say(configured(others.file, others.signed("other")))
        assert "its certificate is not trusted (" in words
        assert f"must name the authority that signed it, and not {others.file}" in words
        words = await say(configured(ours.file, others.signed("other")))
        assert "it does not accept the certificate here, " in words
        assert "distributed.comm.tls.client.cert must name one that the scheduler's" in words
        words = await say(configured(ours.file, ours.signed("old", -A_DAY)))
        assert (
            f"the certificate here has expired: put a new one into {tmp_path / 'old.pem'}" in words
        )
        fits = configured(ours.file, ours.signed("here"))
        assert "has no workers" in await told(f"tls://{place}", fits, StoppedEarly)
    async with scheduler("tls://", configured(ours.file, ours.signed("old", -A_DAY))) as place:
        words = await told(f"tls://{place}", fits, SettingsInvalid)
        assert "its certificate has expired, or is not valid yet: start it with a new one" in words


async def test_files_that_hold_no_certificate(ours: Authority, tmp_path: Path) -> None:
    here = ours.signed("here")
    words = await told("tls://127.0.0.1:9", configured("/no/such.pem", here), SettingsInvalid)
    assert words == (
        "there is no file /no/such.pem, which Dask's setting distributed.comm.tls.ca-file names"
    )
    (tmp_path / "junk.pem").write_text("junk", encoding="utf-8")
    junk = configured(ours.file, str(tmp_path / "junk.pem"))
    assert "the certificate that Dask is configured with cannot be used (" in (
        await told("tls://127.0.0.1:9", junk, SettingsInvalid)
    )


@pytest.mark.parametrize("scheme", ["dask", "tcp", "tls"])
async def test_nobody_is_there(ours: Authority, scheme: str, unused_tcp_port: int) -> None:
    here = configured(ours.file, ours.signed("here"))
    words = await told(f"{scheme}://no-such-host.invalid:8786", here, StoppedEarly)
    assert words.endswith("cannot be reached: the name no-such-host.invalid is unknown")
    words = await told(f"{scheme}://127.0.0.1:{unused_tcp_port}", here, StoppedEarly)
    assert (
        f"nobody listens there: start the scheduler, or look whether the port is {unused_tcp_port}"
        in words
    )


async def test_who_listens_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        words = await told(address, configured(), StoppedEarly)
    assert "what listens there says nothing: look whether it is a scheduler" in words


async def test_another_dask_that_does_not_understand_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def start(*_: object, **__: object) -> None:
        raise TypeError("Scheduler.identity() got an unexpected keyword argument")  # of 2024.8

    monkeypatch.setattr(Client, "_start", start)
    words = await told("tcp://127.0.0.1:9", configured(), StoppedEarly)
    assert "do not understand each other (Scheduler.identity() got" in words
    assert words.endswith("install the same version everywhere")


WITHOUT = (
    "import sys; sys.modules['bulkpub'] = None; from distributed.cli.dask_{} import main; main()"
)


def started(what: str, *flags: str) -> Popen[bytes]:
    """A process of Dask's that can load nothing of ours, as where other things are installed."""
    command = [sys.executable, "-c", WITHOUT.format(what), *flags, "--no-dashboard"]
    return Popen(command, stdout=DEVNULL, stderr=DEVNULL)  # noqa: S603 - Python itself


@pytest.mark.parametrize("who", ["worker", "scheduler"])
async def test_somebody_there_has_no_bulkpub(
    monkeypatch: pytest.MonkeyPatch, who: str, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(connecting, "CONNECTS_S", 20.0)
    monkeypatch.setattr(clusters, "WORKERS_S", 20.0)
    async with AsyncExitStack() as stack:
        if who == "worker":
            place = await stack.enter_async_context(scheduler("tcp://", configured()))
        else:
            place = f"127.0.0.1:{unused_tcp_port}"
            process = started("scheduler", "--host", "127.0.0.1", "--port", str(unused_tcp_port))
            stack.enter_context(process)
            stack.callback(process.kill)
        process = started("worker", f"tcp://{place}", "--no-nanny")
        stack.enter_context(process)
        stack.callback(process.kill)
        words = await told(f"tcp://{place}", configured(), StoppedEarly)
    assert f"the {who} " in words
    assert "cannot work: " in words
    assert words.endswith("install the same bulkpub[dask] everywhere, with the same Python")
