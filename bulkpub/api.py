"""The library: publish a manifest, or plan it, from Python; the command line calls the same.

Whatever happens, the answer is a `RunReport`: it has an exit code, an error for the run as a
whole, every problem of the manifest and the fate of every file.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from bulkpub.clerk import Clerk, ManifestLike
from bulkpub.connection import Connection
from bulkpub.core.report import RunReport
from bulkpub.observers.events import Observer
from bulkpub.pipeline import Run, RunOptions, Verify

__all__ = ["Connection", "ManifestLike", "plan", "publish", "verify"]


async def publish(
    manifest: ManifestLike,
    *,
    connection: Connection | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    interruptible: Callable[[Run], AbstractContextManager[None]] | None = None,
    state_dir: Path | None = None,
) -> RunReport:
    """Make the portal what `manifest` says, and report what happened to every file.

    Never raises for what a user or a portal can do wrong: `report.run.exit_code` is 0 only
    when everything is as wanted (1: something failed; 2: the manifest or the settings are
    wrong and nothing was sent; 3: the portal refuses; 4: stopped early; 130: interrupted),
    and `report.run.error` says why. `interruptible` is given the run for as long as it works,
    to call its `interrupt` when it shall end (the command line does so on Ctrl-C). In
    `state_dir` file hashes are remembered, and a second run of the same manifest is kept out;
    without one nothing is remembered, and the result is the same.
    """
    clerk = Clerk(
        manifest, connection or Connection(), options or RunOptions(), tuple(observers), state_dir
    )
    return await clerk.run(interruptible or (lambda _: nullcontext()))


async def plan(
    manifest: ManifestLike,
    *,
    connection: Connection | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    state_dir: Path | None = None,
) -> RunReport:
    """Tell what `publish` would do, without a single write; see there."""
    options = replace(options or RunOptions(), dry_run=True)
    return await publish(
        manifest, connection=connection, options=options, observers=observers, state_dir=state_dir
    )


async def verify(
    manifest: ManifestLike,
    *,
    quick: bool = False,
    connection: Connection | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    state_dir: Path | None = None,
) -> RunReport:
    """Tell what on the portal is not as `manifest` and its files want it, without a single write.

    Every file is downloaded through its permalink and hashed; `quick` compares the checksums
    that the portal tells instead. What differs is `failed` in the report, and its exit code 1.
    """
    how = Verify.QUICK if quick else Verify.FULL
    options = replace(options or RunOptions(), dry_run=True, verify=how)
    return await publish(
        manifest, connection=connection, options=options, observers=observers, state_dir=state_dir
    )
