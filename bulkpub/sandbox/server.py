"""The embedded portal as something to start and stop.

`async with Sandbox(settings) as sandbox:` listens from the first line of the block to the last.
State kept in a directory is written half a second after a change, and at the end.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bulkpub.sandbox.app import Interceptor, Layers, Seen, make_app
from bulkpub.sandbox.auth import Directory
from bulkpub.sandbox.calls import Portal
from bulkpub.sandbox.files import FileStore
from bulkpub.sandbox.mischief import Mischief
from bulkpub.sandbox.seeds import ACCOUNTS, LICENSES, ORGANIZATIONS, SYSADMIN, ZONES
from bulkpub.sandbox.settings import SandboxSettings
from bulkpub.sandbox.store import State
from bulkpub.sandbox.vocabularies import EXTENSIONS, UNLISTED_EXTENSIONS

__all__ = ["Sandbox"]

SAVE_EVERY = 0.5
"""Seconds between two looks at whether the state has to be written."""


class Sandbox:
    """An embedded portal; an asynchronous context manager."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        accounts = (*ACCOUNTS, SYSADMIN) if self.settings.sysadmin else ACCOUNTS
        self._directory = Directory.of(accounts, ORGANIZATIONS)
        self._base_url = ""
        self._data_dir = Path()
        self._stack = contextlib.AsyncExitStack()
        self._portal: Portal | None = None
        self._layers: Layers | None = None

    # --- what tests and callers look at --------------------------------------------------

    @property
    def base_url(self) -> str:
        """The portal's address, without a final slash."""
        return self._base_url

    @property
    def api_url(self) -> str:
        """Where version 1 of the API begins."""
        return f"{self._base_url}/api/1"

    @property
    def api_key(self) -> str:
        """The key of the account that publishes: an editor of the test organization."""
        return ACCOUNTS[0].key

    @property
    def state(self) -> State:
        """What is published right now."""
        return self._running()[0].state

    @property
    def requests(self) -> list[Seen]:
        """Every request since the start, oldest first; tests may clear it."""
        return self._running()[1].requests

    @property
    def interceptor(self) -> Interceptor | None:
        """What stands before the portal, if anything."""
        return self._running()[1].interceptor

    @interceptor.setter
    def interceptor(self, interceptor: Interceptor | None) -> None:
        self._running()[1].interceptor = interceptor

    @property
    def info(self) -> dict[str, Any]:
        """Addresses, keys and ids, in the shape in which `tests/real_portal` tells its own."""
        described: dict[str, Any] = {
            "base_url": self.base_url,
            "api_url": self.api_url,
            "api_key": self.api_key,
        }
        for account in self._directory.accounts.values():
            described[account.name] = {
                "id": account.id,
                "slug": account.slug,
                "email": account.email,
                "api_key": account.key,
            }
        for organization in self._directory.organizations.values():
            described[organization.key] = {
                "id": organization.id,
                "slug": organization.slug,
                "name": organization.name,
            }
        return described | {
            "licenses": [each.id for each in LICENSES],
            "zones": [each.id for each in ZONES],
            "data_dir": str(self._data_dir),
        }

    def _running(self) -> tuple[Portal, Layers]:
        if self._portal is None or self._layers is None:
            raise RuntimeError("The sandbox has not been started.")
        return self._portal, self._layers

    # --- start and stop ------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._data_dir = self.settings.data_dir or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkpub-sandbox-"))
            )
            portal = self._open()
            self._portal = portal
            app, self._layers = make_app(portal)
            if self.settings.faults is not None:
                self._layers.interceptor = Mischief(self.settings.faults)
            if self.settings.data_dir is not None:
                stack.callback(self._save)
                saving = asyncio.create_task(self._keep_saving())
                stack.callback(saving.cancel)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, self.settings.host, self.settings.port).start()
            self._base_url = self._address(runner.addresses[0][1])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def _address(self, port: int) -> str:
        host = self.settings.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _open(self) -> Portal:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        extra = frozenset(self.settings.extra_extensions)
        return Portal(
            settings=self.settings,
            state=State.load(self._state_file),
            files=FileStore(self._data_dir),
            directory=self._directory,
            allowed_extensions=EXTENSIONS | UNLISTED_EXTENSIONS | extra,
        )

    @property
    def _state_file(self) -> Path:
        return self._data_dir / "state.json"

    def _save(self) -> None:
        state = self._running()[0].state
        if state.changes:
            state.changes = 0
            state.save(self._state_file)

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            self._save()
