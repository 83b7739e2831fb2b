"""The connection to a scheduler that exists; and where there is none, why, and what to do.

Of much Dask says that it timed out, or was closed. What it does not say is looked at here: whether
the name is known, whether anybody listens, and whether that speaks TLS. What no waiting changes is
a matter of settings (`SettingsInvalid`); what may pass by itself is `StoppedEarly`.
"""

import asyncio
import os
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import dask
from distributed import Client
from distributed.security import Security
from distributed.versions import VersionMismatchWarning

from bulkpub.core.text import bounded
from bulkpub.engine.choice import Engine
from bulkpub.errors import BulkpubError, SettingsInvalid, StoppedEarly
from bulkpub.language import say

__all__ = ["connected"]

CONNECTS_S = 10.0
"""Seconds within which a scheduler has to answer."""
CA_FILE, CERT, KEY = (
    f"distributed.comm.tls.{each}" for each in ("ca-file", "client.cert", "client.key")
)
"""Dask's settings of a certificate; the key may be in the file of the certificate."""
EXPIRED = frozenset({9, 10})
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED."""
UNUSABLE = (OSError, TimeoutError, ValueError, TypeError, RuntimeError, ImportError, MemoryError)
"""What Dask raises where it cannot connect. `MemoryError`: a server that is none of Dask's is
taken to announce more than any memory holds."""
MISFITS = (ImportError, TypeError)
"""Of those, what it raises where one version does not understand the other."""


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of the certificate here, or what is in them: Dask takes both."""

    ca_file: str | None
    cert: str | None

    @classmethod
    def of(cls, security: Security) -> "_Files":
        told = security.get_tls_config_for_role("client")
        return cls(told["ca_file"], told["cert"])

    @property
    def are_there(self) -> bool:
        return bool(self.ca_file and self.cert)


@asynccontextmanager
async def connected(engine: Engine) -> AsyncIterator[Client]:
    """A client of our own, in this event loop, to the cluster that `engine` names.

    Raises `SettingsInvalid` or `StoppedEarly` when there is no way to its scheduler.
    """
    given: Any = engine.client
    address = engine.scheduler if given is None else str(given.scheduler.address)
    security = _security(address) if given is None else given.security
    client: Client | None = None
    try:
        # Versions that do not fit are told where that does any harm, and not by Dask.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = Client(
                address,
                asynchronous=True,
                set_as_default=False,
                timeout=CONNECTS_S,
                security=security,
            )
            async with asyncio.timeout(2 * CONNECTS_S):  # Dask waits for ever for the first word
                await client
    except UNUSABLE as error:
        if client is not None:
            with suppress(*UNUSABLE):
                await client.close()
        raise await _why(error, address, _Files.of(security)) from error
    try:
        yield client
    finally:
        with anyio.CancelScope(shield=True), suppress(OSError):
            await client.close()


def _security(address: str) -> Security:
    """What Dask is configured to protect connections with; raises `SettingsInvalid`."""
    for setting in (CA_FILE, CERT, KEY):
        path = dask.config.get(setting, None)
        if path and "\n" not in path and not Path(path).is_file():
            raise SettingsInvalid(
                say(
                    "there is no file {path}, which Dask's setting {setting} names",
                    path=path,
                    setting=setting,
                )
            )
    try:
        security = Security()
        security.get_connection_args("client")
    except (OSError, ValueError) as error:
        raise SettingsInvalid(
            say(
                "the certificate that Dask is configured with cannot be used ({error}): see to its "
                "settings {settings}",
                error=bounded(str(error)),
                settings=f"{CA_FILE}, {CERT}, {KEY}",
            )
        ) from error
    if _is_tls(address) and not _Files.of(security).are_there:
        raise _unreachable(SettingsInvalid, address, _how_to_certify())
    if security.require_encryption and not _is_tls(address):
        raise _unreachable(
            SettingsInvalid,
            address,
            say(
                "Dask is configured to talk by TLS alone (distributed.comm.require-encryption): "
                "write tls://HOST:PORT"
            ),
        )
    return security


def _is_tls(address: str) -> bool:
    scheme, _, _ = address.rpartition("://")
    return (scheme or dask.config.get("distributed.comm.default-scheme")) == "tls"


def _how_to_certify() -> str:
    """What is to be set where Dask has no certificate."""
    settings = (CA_FILE, CERT, KEY)
    return say(
        "Dask has no certificate here: set {settings} in its configuration "
        "(~/.config/dask/*.yaml or /etc/dask/*.yaml), or in the environment {variables}",
        settings=", ".join(settings),
        variables=", ".join(map(_variable, settings)),
    )


def _variable(setting: str) -> str:
    """The variable of the environment that Dask reads a setting from."""
    return f"DASK_{setting.upper().replace('.', '__').replace('-', '_')}"


# --- why there is no connection -----------------------------------------------------------


def _unreachable(kind: type[BulkpubError], address: str, why: str) -> BulkpubError:
    return kind(
        say("the Dask scheduler at {address} cannot be reached: {why}", address=address, why=why)
    )


async def _why(error: BaseException, address: str, files: _Files) -> BulkpubError:
    kind: type[BulkpubError] = StoppedEarly
    about_tls = next((each for each in _causes(error) if isinstance(each, ssl.SSLError)), None)
    if about_tls is not None:
        kind, why = SettingsInvalid, _about_tls(about_tls, files)
    elif isinstance(error, MISFITS):
        why = say(
            "its Dask and the one here do not understand each other ({error}): install the same "
            "version everywhere",
            error=_words(error),
        )
    elif nobody := await _nobody_there(*_place(address)):
        why = nobody
    elif await _speaks_tls(*_place(address)) and isinstance(error, OSError):
        kind = SettingsInvalid
        why = _not_accepted(files) if _is_tls(address) else _takes_tls(files)
    elif type(error) is TimeoutError:
        why = say("what listens there says nothing: look whether it is a scheduler, and works")
    elif isinstance(error, MemoryError):
        why = say(
            "what answers there is no scheduler of Dask's (which mostly listens at 8786; 8787 is "
            "its dashboard)"
        )
    else:
        why = _words(error)
    return _unreachable(kind, address, why)


def _place(address: str) -> tuple[str, int]:
    """The host and port of a scheduler; none of a scheduler in this process."""
    parts = urlsplit(f"//{address.rpartition('://')[2]}")
    if address.startswith("inproc://"):
        return "", 0
    return parts.hostname or "", parts.port or 0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, also where tornado alone knows that."""
    while error is not None:
        yield error
        error = getattr(error, "real_error", None) or error.__cause__ or error.__context__


def _about_tls(error: ssl.SSLError, files: _Files) -> str:
    """What is wrong with whose certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in EXPIRED:
            return say(
                "its certificate has expired, or is not valid yet: start it with a new one, and "
                "look at the clocks"
            )
        return say(
            "its certificate is not trusted ({error}): Dask's setting {setting} must name the "
            "authority that signed it, and not {path}",
            error=error.verify_message,
            setting=CA_FILE,
            path=_shown(files.ca_file),
        )
    reason = error.reason or ""
    if "EXPIRED" in reason:
        return say(
            "the certificate here has expired: put a new one into {path}",
            path=_shown(files.cert),
        )
    if "ALERT" in reason:
        return _not_accepted(files)
    return say(
        "what answers there speaks no TLS: start the scheduler with a certificate, or write "
        "tcp://HOST:PORT if it is to go without"
    )


def _takes_tls(files: _Files) -> str:
    if files.are_there:
        return say("it takes TLS: write tls://HOST:PORT")
    return say("it takes TLS: write tls://HOST:PORT; {how}", how=_how_to_certify())


def _not_accepted(files: _Files) -> str:
    return say(
        "it does not accept the certificate here, {path}: Dask's setting {setting} must name one "
        "that the scheduler's authority signed, and that has not expired",
        path=_shown(files.cert),
        setting=CERT,
    )


def _shown(path: str | None) -> str:
    """A file's path, or, where it is given instead, no content."""
    return say("the one in memory") if path is None or "\n" in path else path


def _words(error: BaseException) -> str:
    return bounded(str(error)) or type(error).__name__


async def _nobody_there(host: str, port: int) -> str | None:
    """Why nothing can be connected to there, if that is so."""
    if not host:
        return None
    try:
        async with asyncio.timeout(CONNECTS_S):
            _, writer = await asyncio.open_connection(host, port)
    except socket.gaierror:
        return say("the name {host} is unknown", host=host)
    except ConnectionRefusedError:
        return say(
            "nobody listens there: start the scheduler, or look whether the port is {port}",
            port=port,
        )
    except TimeoutError:
        return say(
            "it did not answer within {n:.0f} s: look whether it runs, and whether a firewall is "
            "in between",
            n=CONNECTS_S,
        )
    except OSError as error:
        return os.strerror(error.errno) if error.errno else _words(error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


async def _speaks_tls(host: str, port: int) -> bool:
    """Whether TLS is spoken there, whatever the certificate; nothing is sent but a greeting."""
    if not host:
        return False
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(CONNECTS_S):
            _, writer = await asyncio.open_connection(host, port, ssl=blind)
    except ssl.SSLError as error:  # one that refuses who comes without a certificate speaks it
        return "ALERT" in (error.reason or "")
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
