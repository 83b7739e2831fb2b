"""What would keep a run from working, looked at one by one, each with its cure.

Nothing is written, on the portal or on the disk. What one look finds out, the next may need: a
portal that cannot be reached is not asked for rights.
"""

import os
import platform
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from bulkpub.core.report import RateLimit
from bulkpub.core.rules import Rules
from bulkpub.core.text import bounded
from bulkpub.core.units import spell_size
from bulkpub.errors import BulkpubError, SettingsInvalid
from bulkpub.http.diagnosis import Certificate, Untrusted, Way, look_at
from bulkpub.http.retry import RetryPolicy
from bulkpub.language import joined, say
from bulkpub.manifest import KeyNames
from bulkpub.observers.text import counted, duration_text, moment_text
from bulkpub.portals import Account
from bulkpub.portals.base import Located
from bulkpub.portals.kinds import locate
from bulkpub.session.asking import asked_of
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.keys import Keys, keys_of
from bulkpub.session.opening import open_portal
from bulkpub.version import __version__

__all__ = ["Finding", "Health", "Target", "examine", "targets_of"]

ORGANIZATIONS_SHOWN = 12
CLOCK_OFF_S = 60.0
"""Seconds by which clocks may differ: certificates and days near midnight suffer from more."""
EXPIRES_SOON_S = 14 * 24 * 3600.0
LITTLE_SPACE = 1000**3
"""Bytes; a run writes little but what it fetches."""
FEW_FILES = 256
PATIENCE_S = 20.0


class Health(StrEnum):
    """What a look found."""

    GOOD = "good"
    ODD = "odd"
    """It works, but may not always."""
    BAD = "bad"
    """A run cannot work."""
    UNSEEN = "unseen"
    """It could not be looked at, as something before it is bad."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `cure` is what to do, where something is to be done.

    `at` is the destination of a manifest, where it has several.
    """

    what: str
    health: Health
    says: str
    cure: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A portal to be looked at, and the variables for keys that manifests for the one `named` name.

    `at` is what a manifest with several destinations calls it.
    """

    connection: Connection
    names: KeyNames = field(default_factory=KeyNames)
    named: str | None = None
    at: str | None = None


def targets_of(
    connection: Connection, paths: Sequence[str], variables: Mapping[str, str]
) -> list[Target]:
    """The portal that `connection` is for, or those that manifests name; else data.gouv.fr.

    Raises `ManifestInvalid` when they cannot be read, `SettingsInvalid` when `connection` names
    none of their destinations.
    """
    if not paths:
        return [Target(replace(connection, portal=connection.portal or "www"))]
    return [
        Target(
            replace(each.connection, portal=each.connection.portal or "www"),
            each.wanted.keys,
            each.wanted.portal,
            each.destination,
        )
        for each in asked_of(paths, connection, variables)
    ]


async def examine(
    targets: Sequence[Target],
    sources: Sources,
    *,
    state_dir: Path,
    spool_dir: Path,
    key_fault: str | None = None,
) -> AsyncIterator[Finding]:
    """Look at everything; `key_fault` is why the environment's key cannot be one."""
    yield _versions()
    for target in targets:
        async for finding in _target(target, key_fault):
            yield replace(finding, at=target.at)
    yield _disk(say("state"), state_dir, LITTLE_SPACE, "state_dir")
    yield _disk(say("spool"), spool_dir, sources.spool_size, "spool_dir")
    yield _open_files()


async def _target(target: Target, key_fault: str | None) -> AsyncIterator[Finding]:
    connection, located = target.connection, None
    try:
        located = locate(connection.portal or "", insecure=connection.insecure)
    except SettingsInvalid as error:
        yield Finding(say("portal"), Health.BAD, str(error))
    keys = Keys(connection.key)
    if located is not None and not key_fault:
        try:
            keys = keys_of(target.names, connection, located, target.named)
        except SettingsInvalid as error:
            key_fault = str(error)
    for finding in _key(located, keys, key_fault):
        yield finding
    for each in keys.warnings:
        yield Finding(say("key"), Health.ODD, each.message)
    if located is None:
        for what in ("network", "account"):
            yield Finding(what, Health.UNSEEN, say("which portal is not known"))
        return
    async for finding in _portal(located, connection, keys, key_fault):
        yield finding


# --- this program -------------------------------------------------------------------------


def _versions() -> Finding:
    parts = sorted(_parts().items())
    there = [name for name, complete in parts if complete]
    missing = [name for name, complete in parts if not complete]
    says = say(
        "bulkpub {version}, Python {platform}, {system} {release}",
        version=__version__,
        platform=platform.python_version(),
        system=platform.system(),
        release=platform.release(),
    )
    parts_there = say("; with {names}", names=", ".join(there)) if there else ""
    parts_missing = say("; without {names}", names=", ".join(missing)) if missing else ""
    said = joined("", (says, parts_there, parts_missing))
    return Finding(say("versions"), Health.GOOD, said)


def _parts() -> dict[str, bool]:
    """The optional parts of the package, and whether all that each needs is installed."""
    parts: dict[str, bool] = {}
    with suppress(metadata.PackageNotFoundError):
        for wanted in metadata.requires("bulkpub") or ():
            name, part = (
                re.match(r"[\w.-]+", wanted),
                re.search(r"""extra == ['"]([\w-]+)""", wanted),
            )
            if name is None or part is None or part[1] == "dev":
                continue
            parts[part[1]] = parts.get(part[1], True) and _installed(name[0])
    return parts


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _key(located: Located | None, keys: Keys, key_fault: str | None) -> Iterator[Finding]:
    if located is not None and located.key:
        yield Finding(say("key"), Health.GOOD, say("the one of this portal, which everybody knows"))
    elif key_fault:
        yield Finding(
            say("key"),
            Health.BAD,
            key_fault,
            say("copy it anew, from the settings of your account"),
        )
    elif keys.problems:
        for each in keys.problems:
            yield Finding(say("key"), Health.BAD, each.message)
    elif not keys.first and not keys.own:
        yield Finding(
            say("key"),
            Health.BAD,
            say("there is none"),
            say(
                "set BULKPUB_API_KEY in the environment or in a .env file; you find yours on the "
                "portal, in the settings of your account"
            ),
        )
    elif keys.own:
        yield Finding(
            say("key"),
            Health.GOOD,
            say("there are those of {own}", own=", ".join(sorted(keys.own))),
        )
    else:
        length = len(keys.first or "")
        yield Finding(
            say("key"), Health.GOOD, say("there is one, of {length} characters", length=length)
        )


# --- the portal ---------------------------------------------------------------------------


async def _portal(
    located: Located, connection: Connection, keys: Keys, key_fault: str | None
) -> AsyncIterator[Finding]:
    site = urlsplit(located.url)
    patience = min(connection.patience_s, PATIENCE_S)
    try:
        way = await look_at(
            f"{site.scheme}://{site.netloc}/", ca_file=connection.ca_file, patience_s=patience
        )
    except SettingsInvalid as error:
        yield Finding(say("network"), Health.BAD, str(error))
        return
    yield _network(located, way)
    if finding := _certificate(way):
        yield finding
    if way.failure or way.untrusted:
        yield Finding(say("account"), Health.UNSEEN, say("the portal cannot be reached"))
        return
    if way.clock_ahead is not None:
        yield _clock(way.clock_ahead)
    if key_fault or keys.problems or not (located.key or keys.first or keys.own):
        yield Finding(say("account"), Health.UNSEEN, say("there is no key to ask with"))
        return
    once = replace(connection, key=keys.first, retry=RetryPolicy(attempts=1), patience_s=patience)
    try:
        async with open_portal(located, once, keys=keys.own) as portal:
            account = await portal.account()
            yield _account(account, portal.rules)
            yield _quota(portal.traffic.rate_limit)
    except BulkpubError as error:
        yield Finding(say("account"), Health.BAD, bounded(str(error)))


def _network(located: Located, way: Way) -> Finding:
    through = say(" through the proxy {proxy}", proxy=way.proxy) if way.proxy else ""
    if way.failure:
        cure = (
            say("see that the proxy is the right one (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)")
            if way.proxy
            else say(
                "see that this machine reaches the portal; if only a proxy does, name it in "
                "HTTPS_PROXY"
            )
        )
        return Finding(
            say("network"),
            Health.BAD,
            say("{url}{through}: {why}", url=located.url, through=through, why=way.failure),
            cure,
        )
    return Finding(
        say("network"), Health.GOOD, say("{url} answers{through}", url=located.url, through=through)
    )


def _certificate(way: Way) -> Finding | None:
    if way.untrusted is not None:
        return Finding(
            say("certificate"),
            Health.BAD,
            say("the portal's is not trusted: {why}", why=way.untrusted.why),
            _trust_it(way.untrusted),
        )
    if way.certificate is None:
        return None
    return _lasting(way.certificate)


def _trust_it(untrusted: Untrusted) -> str:
    if untrusted.expired:
        return say(
            "see that the clock of this machine is right; if it is, whoever runs the portal has "
            "to renew it"
        )
    if not untrusted.incomplete:
        return say("see that the portal's address is the one that its certificate is for")
    issuer = f"'{untrusted.issuer}'" if untrusted.issuer else say("its issuer")
    return say(
        "the chain of certificates is incomplete: get the certificate (PEM) of {issuer} from "
        "whoever runs the portal, or the proxy that reads along, and name it in `ca_file`",
        issuer=issuer,
    )


def _lasting(certificate: Certificate) -> Finding:
    left = duration_text(certificate.expires_in)
    says = say(
        "the portal's is trusted; issued by {issuer}, good for {left}",
        issuer=certificate.issuer,
        left=left,
    )
    if certificate.expires_in > EXPIRES_SOON_S:
        return Finding(say("certificate"), Health.GOOD, says)
    return Finding(
        say("certificate"), Health.ODD, says, say("tell whoever runs the portal to renew it")
    )


def _clock(ahead: float) -> Finding:
    if abs(ahead) <= CLOCK_OFF_S:
        return Finding(say("clock"), Health.GOOD, say("agrees with the portal's"))
    how = say("ahead of") if ahead > 0 else "behind"
    return Finding(
        say("clock"),
        Health.ODD,
        say("is {ahead} {how} the portal's", ahead=duration_text(abs(ahead)), how=how),
        say("have it set by the network (timedatectl set-ntp true)"),
    )


def _account(account: Account, rules: Rules) -> Finding:
    if not rules.organizations:
        return Finding(say("account"), Health.GOOD, account.name)
    if account.administrator:
        return Finding(
            say("account"),
            Health.GOOD,
            say("{name}, an administrator: may publish for everybody", name=account.name),
        )
    if not account.organizations:
        return Finding(
            say("account"),
            Health.ODD,
            say(
                "{name}: a member of no organization, so that only personal datasets can be "
                "published",
                name=account.name,
            ),
            say("ask an administrator of your organization on the portal to make you a member"),
        )
    several = account.organizations
    named = ", ".join(f"{each.name} ({each.slug})" for each in several[:ORGANIZATIONS_SHOWN])
    more = len(several) - ORGANIZATIONS_SHOWN
    also = say(" and {more} more", more=more) if more > 0 else ""
    return Finding(
        say("account"),
        Health.GOOD,
        say("{name}; may publish for {named}{also}", name=account.name, named=named, also=also),
    )


def _quota(quota: RateLimit) -> Finding:
    if quota.limit is None or quota.remaining is None:
        return Finding(say("quota"), Health.GOOD, say("the portal announces none"))
    says = say(
        "{remaining} of {limit} left",
        remaining=quota.remaining,
        limit=counted(quota.limit, "request"),
    )
    says += f", until {moment_text(quota.reset_at)}" if quota.reset_at else ""
    if quota.remaining > quota.limit // 10:
        return Finding(say("quota"), Health.GOOD, says)
    return Finding(
        say("quota"),
        Health.ODD,
        says,
        say("a run waits by itself until there are more; `max_wait` says for how long at most"),
    )


# --- this machine -------------------------------------------------------------------------


def _disk(what: str, folder: Path, wanted: int, option: str) -> Finding:
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            what,
            Health.BAD,
            say("nothing can be written in {there}", there=there),
            say("name another folder in `{option}`, or make that one yours", option=option),
        )
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(what, Health.ODD, f"{folder}: {error.strerror}")
    says = say("{folder}: {free} free", folder=folder, free=spell_size(_rounded(free)))
    if free >= wanted:
        return Finding(what, Health.GOOD, says)
    return Finding(
        what,
        Health.ODD,
        say("{says}, and it may need {wanted}", says=says, wanted=spell_size(wanted)),
        say("make room there, or name another folder in `{option}`", option=option),
    )


def _rounded(size: int) -> int:
    step = 1000**3 if size >= 10 * 1000**3 else 1000**2
    return size // step * step


def _open_files() -> Finding:
    unlimited = Finding(say("open files"), Health.GOOD, say("without limit"))
    if sys.platform == "win32":
        return unlimited
    import resource  # noqa: PLC0415 # Windows has none

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return unlimited
    says = say("{limit} may be open at once", limit=limit)
    if limit >= FEW_FILES:
        return Finding(say("open files"), Health.GOOD, says)
    return Finding(
        say("open files"),
        Health.ODD,
        say("{says}, so that fewer uploads go on at once", says=says),
        "ulimit -n 1024",
    )
