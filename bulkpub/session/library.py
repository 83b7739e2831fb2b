"""The library: publish a manifest, plan it, migrate; the command line calls the same.

Whatever happens, the answer is a `RunReport`: it has an exit code, an error for the run as a
whole, every problem of the manifest and the fate of every file.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from bulkpub.core.report import RunReport
from bulkpub.engine.choice import EngineLike, Kind
from bulkpub.observers.events import Observer
from bulkpub.pipeline import RunOptions, Verify
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.everywhere import Publication
from bulkpub.session.run import Interruptible, Run
from bulkpub.session.wanted import ManifestLike, Manifests, Migration

__all__ = [
    "Connection",
    "ManifestLike",
    "Sources",
    "migrate",
    "plan",
    "publish",
    "publish_sync",
    "verify",
]


async def publish(
    manifest: ManifestLike,
    *,
    variables: Mapping[str, str] | None = None,
    connection: Connection | None = None,
    sources: Sources | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    interruptible: Callable[[Interruptible], AbstractContextManager[None]] | None = None,
    state_dir: Path | None = None,
    plan: Path | None = None,
    engine: EngineLike = Kind.LOCAL,
) -> RunReport:
    """Make the portal what `manifest` says, and report what happened to every file.

    Never raises for what a user or a portal can do wrong: `report.run.exit_code` is 0 only
    when everything is as wanted (1: something failed; 2: the manifest or the settings are
    wrong and nothing was sent; 3: the portal refuses; 4: stopped early; 130: interrupted),
    and `report.run.error` says why. `interruptible` is given the run for as long as it works,
    to call its `interrupt` when it shall end (the command line does so on Ctrl-C). In
    `state_dir` file hashes are remembered, and a second run of the same manifest is kept out;
    without one nothing is remembered, and the result is the same. `variables` are those of the
    manifest that have another value in this run. `plan` is the file of a plan that was made with
    `options.exact`: only what it has is done, and a dataset of which it no longer holds is refused.
    `engine` is where the work is done: `local`, in this process; `dask`, in processes of this
    machine; the address of a Dask scheduler, as `dask://HOST:PORT`; an `Engine`, which also says
    how many workers (`engine_of("dask", 4)`); or a `distributed.Client`.

    A manifest that names several `destinations` is published to each of them at the same time,
    or only to the one that `connection.portal` names; what ends one ends no other.
    """
    run = Publication(
        Manifests(manifest, variables),
        connection=connection,
        sources=sources,
        options=options,
        observers=observers,
        state_dir=state_dir,
        plan=plan,
        engine=engine,
    )
    return await run.report(interruptible or (lambda _: nullcontext()))


def publish_sync(
    manifest: ManifestLike,
    *,
    variables: Mapping[str, str] | None = None,
    connection: Connection | None = None,
    sources: Sources | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    interruptible: Callable[[Interruptible], AbstractContextManager[None]] | None = None,
    state_dir: Path | None = None,
    plan: Path | None = None,
    engine: EngineLike = Kind.LOCAL,
) -> RunReport:
    """`publish`, for a program that is not asynchronous: it returns when the run is over.

    Raises `RuntimeError` in a program that is (where an event loop runs): await `publish` there.
    """
    return asyncio.run(
        publish(
            manifest,
            variables=variables,
            connection=connection,
            sources=sources,
            options=options,
            observers=observers,
            interruptible=interruptible,
            state_dir=state_dir,
            plan=plan,
            engine=engine,
        )
    )


async def migrate(
    *,
    organization: str | None = None,
    datasets: Iterable[str] = (),
    connection: Connection | None = None,
    sources: Sources | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    interruptible: Callable[[Interruptible], AbstractContextManager[None]] | None = None,
    state_dir: Path | None = None,
    engine: EngineLike = Kind.LOCAL,
) -> RunReport:
    """Host on the portal, in place, what resources of its datasets point to elsewhere.

    Those of an `organization` (id or slug) and of single `datasets` (ids or slugs). Ids,
    permalinks, titles, descriptions and order stay; the old address is kept in the extras.
    What cannot be fetched stays as it is, and is `failed` in the report; an API or a page is
    left alone. With `options.dry_run` nothing is fetched or written. See `publish` for the rest.
    """
    run = Run(
        Migration(organization, tuple(datasets)),
        connection=connection,
        sources=sources,
        options=options,
        observers=observers,
        state_dir=state_dir,
        engine=engine,
    )
    return await run.report(interruptible or (lambda _: nullcontext()))


async def plan(
    manifest: ManifestLike,
    *,
    variables: Mapping[str, str] | None = None,
    connection: Connection | None = None,
    sources: Sources | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    state_dir: Path | None = None,
) -> RunReport:
    """Tell what `publish` would do, without a single write; see there."""
    options = replace(options or RunOptions(), dry_run=True)
    return await publish(
        manifest,
        variables=variables,
        connection=connection,
        sources=sources,
        options=options,
        observers=observers,
        state_dir=state_dir,
    )


async def verify(
    manifest: ManifestLike,
    *,
    variables: Mapping[str, str] | None = None,
    quick: bool = False,
    connection: Connection | None = None,
    sources: Sources | None = None,
    options: RunOptions | None = None,
    observers: Iterable[Observer] = (),
    state_dir: Path | None = None,
    engine: EngineLike = Kind.LOCAL,
) -> RunReport:
    """Tell what on the portal is not as `manifest` and its files want it, without a single write.

    Every file is downloaded through its permalink and hashed; `quick` compares the checksums
    that the portal tells instead. What differs is `failed` in the report, and its exit code 1.
    """
    how = Verify.QUICK if quick else Verify.FULL
    options = replace(options or RunOptions(), dry_run=True, verify=how)
    return await publish(
        manifest,
        variables=variables,
        connection=connection,
        sources=sources,
        options=options,
        observers=observers,
        state_dir=state_dir,
        engine=engine,
    )
