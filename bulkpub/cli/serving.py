"""`bulkpub sandbox` and `bulkpub demo`: the embedded portal, served for a person to look at."""

import asyncio
import signal
import sys
from pathlib import Path

import anyio
from rich.markup import escape

import bulkpub
from bulkpub.cli.publishing import observing, print_report
from bulkpub.core.exit_codes import ExitCode
from bulkpub.errors import SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.observers.console import SteadyConsole
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.session.connection import Connection
from bulkpub.session.options import Output

__all__ = ["demonstrate", "serve"]


def serve(settings: SandboxSettings) -> ExitCode:
    """Serve the embedded portal until Ctrl-C or SIGTERM; returns the exit code.

    Raises `SettingsInvalid` when the port is taken or the address is not this machine's.
    """
    anyio.run(_serve, settings)
    return ExitCode.DONE


async def _serve(settings: SandboxSettings) -> None:
    try:
        async with Sandbox(settings) as sandbox:
            _introduce(sandbox)
            await _until_stopped()
    except OSError as error:
        raise SettingsInvalid(
            say(
                "cannot listen on {host}:{port}: {strerror}",
                host=settings.host,
                port=settings.port,
                strerror=error.strerror or error,
            )
        ) from error


def _introduce(sandbox: Sandbox) -> None:
    console = SteadyConsole(highlight=False, soft_wrap=True)
    console.print(
        tr(
            "Serving a portal at [bold]{base_url}/[/] until Ctrl-C.",
            base_url=escape(sandbox.base_url),
        )
    )
    console.print(tr("Another terminal publishes to it with"))
    console.print(f"  export BULKPUB_PORTAL={escape(sandbox.base_url)}")
    console.print(f"  export BULKPUB_API_KEY={escape(sandbox.api_key)}")
    console.print("  bulkpub run MANIFEST      # organization: test-organization")


async def _until_stopped() -> None:
    loop, stopped = asyncio.get_running_loop(), anyio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


# --- demo ---------------------------------------------------------------------------------


def demonstrate(*, report_file: str | None, port: int) -> ExitCode:
    """Publish the demo's manifest to a fresh embedded portal, twice; returns the exit code.

    On a terminal the portal goes on being served until Ctrl-C.
    """
    return anyio.run(_demonstrate, report_file, port)


async def _demonstrate(report_file: str | None, port: int) -> ExitCode:
    manifest = demo_manifest()
    console = SteadyConsole(highlight=False, soft_wrap=True)
    async with Sandbox(SandboxSettings(port=port)) as sandbox:
        connection = Connection(portal=sandbox.base_url, key=sandbox.api_key)
        console.print(
            tr("A portal of your own is at [bold]{base_url}/[/]", base_url=escape(sandbox.base_url))
        )
        code = ExitCode.DONE
        for headline in (tr("Publishing"), tr("Once more: what has not changed costs nothing,")):
            console.print(f"\n[bold]{headline}[/] bulkpub run {escape(str(manifest))}")
            with observing(Output()) as observers:
                report = await bulkpub.publish(
                    str(manifest), connection=connection, observers=observers
                )
            code = code or print_report(report, [report_file] if report_file else [])
        look = tr("Look at the result: [bold]{url}/[/]", url=escape(sandbox.base_url))
        console.print(f"\n{look}")
        if sys.stdin.isatty() and sys.stdout.isatty():
            console.print(tr("Ctrl-C ends it."))
            await _until_stopped()
    return code


def demo_manifest() -> Path:
    """The demo's manifest: beside the package in a checkout, inside it when installed."""
    package = Path(bulkpub.__file__).parent
    for folder in (package.parent / "manifests", package / "manifests"):
        if (folder / "demo.yaml").is_file():
            return folder / "demo.yaml"
    raise SettingsInvalid(say("the demo's manifest is missing from this installation"))
