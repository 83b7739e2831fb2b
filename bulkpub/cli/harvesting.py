"""From what was asked for to a manifest and an exit code: the doing of `bulkpub harvest`.

The rule: stdout has the manifest and nothing else; everything a harvest has to tell goes to
stderr as it happens, and the counts at the end. What was found is written although other parts
of a catalogue could not be read: the exit code is 1 then.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import anyio

from bulkpub.cli.harvest_output import Output, open_output
from bulkpub.cli.harvest_telling import Teller
from bulkpub.cli.render import render_problems
from bulkpub.cli.settings import Settings
from bulkpub.core.rules import Vocabulary
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    ManifestInvalid,
    NotAPortal,
    PortalRefuses,
    SettingsInvalid,
    SourceFailed,
    Stop,
    StoppedEarly,
    Uncertain,
)
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, sifted
from bulkpub.harvest.kinds import Kind, harvester
from bulkpub.http.retry import RetryPolicy
from bulkpub.manifest.addresses import public
from bulkpub.observers.log_setup import configure_logging
from bulkpub.portals import Portal
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection
from bulkpub.session.opening import open_portal
from bulkpub.sources.addresses import Reach
from bulkpub.sources.streamed import Patience
from bulkpub.sources.web import Web
from bulkpub.version import __version__

__all__ = ["Asked", "harvest_all"]

INCOMPLETE, WRONG, REFUSED, EARLY, INTERRUPTED = 1, 2, 3, 4, 130
USER_AGENT = f"bulkpub/{__version__}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    kind: Kind
    sources: tuple[str, ...]
    output: Path | None = None
    organization: str | None = None
    match: str | None = None
    since: date | None = None
    limit: int | None = None
    links: bool | None = None
    single: bool = False
    recursive: bool = False
    allow_private: bool = False
    quiet: bool = False


def harvest_all(asked: Asked, settings: Settings) -> int:
    """Harvest all sources into one manifest; returns the exit code.

    Raises `SettingsInvalid` for what the command line has wrong.
    """
    teller = Teller(quiet=asked.quiet)
    configure_logging(format="human", level=logging.WARNING, stream=teller.console)
    try:
        return anyio.run(_harvest, asked, settings, teller)
    except KeyboardInterrupt:
        teller.failed("interrupted")
        return INTERRUPTED
    except SettingsInvalid:
        raise
    except ManifestInvalid as invalid:
        render_problems(invalid.problems, teller.console)
        return WRONG
    except BulkpubError as error:
        teller.failed(str(error))
        return _code_of(error)


def _code_of(error: BulkpubError) -> int:
    match error:
        case NotAPortal():
            return WRONG
        case PortalRefuses():
            return REFUSED
        case StoppedEarly():
            return EARLY
        case _:
            return INCOMPLETE


async def _harvest(asked: Asked, settings: Settings, teller: Teller) -> int:
    with open_output(asked.output) as output:
        options = HarvestOptions(
            match=asked.match,
            since=asked.since,
            limit=asked.limit,
            organization=asked.organization,
            links=asked.links,
            recursive=asked.recursive,
            single=asked.single,
            base=str(asked.output.parent) if asked.output else ".",
            leave_out=output.own_files,
            lost=teller.lost,
            note=teller.note,
        )
        with teller.progress():
            async with aclosing(sifted(_everything(asked, settings, options), options)) as found:
                async for each in found:
                    _write(each, output, asked, settings, teller)
        added = output.finish()
    teller.summary(added)
    return INCOMPLETE if teller.incomplete else 0


def _write(found: Found, output: Output, asked: Asked, settings: Settings, teller: Teller) -> None:
    spec = found.dataset
    if not output.begun:
        if spec.organization is None and spec.id is None:
            teller.note(
                "no --organization was given: the manifest says `personal: true`, which means "
                "the account of the API key"
            )
        # What a portal has belongs to somebody already; mostly all of it to one organization.
        output.begin(
            portal=settings.portal,
            organization=spec.organization if asked.kind is Kind.PORTAL else asked.organization,
            comment=f"Harvested by bulkpub: {asked.kind} {' '.join(map(public, asked.sources))}",
        )
    teller.wrote(spec, output.dataset(spec, found.notes))


# --- reading ------------------------------------------------------------------------------


async def _everything(
    asked: Asked, settings: Settings, options: HarvestOptions
) -> AsyncGenerator[Found]:
    """What all sources have; one that cannot be read is lost, and the next one is read."""
    async with AsyncExitStack() as stack:
        if asked.kind is Kind.PORTAL:
            portal = await stack.enter_async_context(_portal(settings))
            streams = [_from_portal(source, portal, options) for source in asked.sources]
        else:
            web = await stack.enter_async_context(_web(settings, allow_private=asked.allow_private))
            read = harvester(asked.kind)
            streams = [read(source, web, options) for source in asked.sources]
        for stream in streams:
            try:
                async with aclosing(cast("AsyncGenerator[Found]", stream)) as harvest:
                    async for found in harvest:
                        yield found
            except (SettingsInvalid, NotAPortal, Stop):
                raise
            except BulkpubError as error:
                options.lost(str(error))


def _web(settings: Settings, *, allow_private: bool) -> Web:
    return Web(
        reach=Reach(allow_private=allow_private),
        user_agent=USER_AGENT,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        policy=RetryPolicy(attempts=settings.retries + 1),
        patience=Patience(answer_s=settings.timeout, between_s=settings.timeout),
    )


@asynccontextmanager
async def _portal(settings: Settings) -> AsyncGenerator[Portal]:
    """The portal to harvest; its public datasets are there for those without a key, too."""
    if not settings.portal:
        raise SettingsInvalid(
            "which portal? say so with --portal or BULKPUB_PORTAL (www, demo, sandbox, or an "
            "address)"
        )
    connection = Connection(
        key=settings.key,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        patience_s=settings.timeout,
        retry=RetryPolicy(attempts=settings.retries + 1),
    )
    # Without a key nothing secret travels, in the clear or not.
    located = locate(settings.portal, insecure=settings.insecure or settings.key is None)
    async with open_portal(located, connection) as portal:
        yield portal


async def _from_portal(source: str, portal: Portal, options: HarvestOptions) -> Harvest:
    try:
        async for found in portal_kind.harvest(source, portal, options):
            yield found
    except (SourceFailed, Uncertain):
        await _check_portal(portal)
        raise


async def _check_portal(portal: Portal) -> None:
    """See that something is not only missing there; raises `NotAPortal` when it is no portal."""
    try:
        await portal.vocabulary(Vocabulary.LICENSES)
    except (DatasetFailed, Uncertain, TypeError) as error:
        raise NotAPortal(
            "what answers there is no udata portal; is --portal the right address?"
        ) from error
