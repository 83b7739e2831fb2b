"""Asking a portal something for people, with a run's key, pace, patience and errors, but no run."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bulkpub.core.match import Conflict
from bulkpub.core.match_datasets import Face, Matched, face_of, match_datasets
from bulkpub.core.model import DatasetSpec, RemoteDataset, State
from bulkpub.core.owners import Owner
from bulkpub.errors import ManifestInvalid, SettingsInvalid
from bulkpub.language import say
from bulkpub.manifest import KeyNames, Toward
from bulkpub.pipeline.identify import identify
from bulkpub.pipeline.index import Datasets, Entry, Index
from bulkpub.portals import Account, Portal
from bulkpub.portals.kinds import DEFAULT, locate
from bulkpub.portals.kinds import names as portal_names
from bulkpub.portals.telling import DatasetHealth
from bulkpub.session.connection import Connection
from bulkpub.session.everywhere import chosen_of, places_of
from bulkpub.session.keys import keys_of
from bulkpub.session.opening import open_portal
from bulkpub.session.wanted import Manifests, Wanted, rules_of

__all__ = ["Asked", "Fares", "asked_of", "fares_of", "opened"]

AT_ONCE = 8


@asynccontextmanager
async def opened(
    connection: Connection, names: KeyNames | None = None, named: str | None = None
) -> AsyncIterator[Portal]:
    """The portal that `connection` names; raises `SettingsInvalid` when it names none.

    `names` are the variables for keys of manifests that are for the portal `named`; raises
    `ManifestInvalid` for those that are not set.
    """
    if not connection.portal:
        known = ", ".join(portal_names())
        raise SettingsInvalid(say("which portal? say so with `portal` ({known}, …)", known=known))
    located = locate(connection.portal, insecure=connection.insecure)
    keys = keys_of(names or KeyNames(), connection, located, named)
    if keys.problems:
        raise ManifestInvalid(keys.problems)
    connection = replace(connection, key=keys.first)
    async with open_portal(located, connection, at_once=AT_ONCE, keys=keys.own) as portal:
        yield portal


@dataclass(frozen=True, slots=True)
class Asked:
    """What manifests want of a portal, and how that is reached.

    `destination` is its name, of several.
    """

    wanted: Wanted
    connection: Connection
    destination: str | None = None


def asked_of(
    paths: Sequence[str], connection: Connection, variables: Mapping[str, str] | None = None
) -> list[Asked]:
    """What manifests want of each of their destinations, or of the one portal.

    Of the one alone that `connection` names, if it does. Raises `ManifestInvalid` when they cannot
    be read, `SettingsInvalid` when it names none of their destinations.
    """
    manifests = Manifests(paths, variables)
    destinations = manifests.destinations()
    if not destinations:
        portal = connection.portal
        rules = locate(portal).kind.rules if portal else DEFAULT.rules
        wanted = manifests.read(rules)
        own = rules_of(portal or wanted.portal)
        if own is not rules:
            wanted.index.close()
            wanted = manifests.read(own)
        return [Asked(_sound(wanted), replace(connection, portal=portal or wanted.portal))]
    places, problems = places_of(destinations, connection)
    if problems:
        raise ManifestInvalid(problems)
    names = tuple(each.name for each in destinations)
    found: list[Asked] = []
    for place in chosen_of(places, connection):
        here = place.destination
        rules = place.located.kind.rules if place.located is not None else DEFAULT.rules
        wanted = _sound(manifests.toward(Toward(here, names)).read(rules))
        found.append(Asked(wanted, place.connection, here.name))
    return found


def _sound(wanted: Wanted) -> Wanted:
    if wanted.problems:
        raise ManifestInvalid(wanted.problems)
    return wanted


@dataclass(frozen=True, slots=True)
class Fares:
    """How datasets fare, and what of a manifest is not on the portal, in sentences."""

    datasets: tuple[DatasetHealth, ...]
    missing: tuple[str, ...] = ()


async def fares_of(
    portal: Portal, *, organization: str | None = None, wanted: Index | None = None
) -> Fares:
    """How the datasets of an organization (id or slug) fare, or those that a manifest names.

    Raises `SettingsInvalid` when the portal has no such organization.
    """
    if organization is not None:
        owner_id = await _organization(portal, organization)
        found = [each async for each in portal.health(organization=owner_id)]
        if portal.rules.community:
            beside = portal.community(Owner(owner_id))
            found += [each async for each in beside.health(organization=owner_id)]
        return Fares(tuple(each for each in found if not each.dataset.deleted))
    if wanted is None:
        return Fares(())
    seen: Datasets[RemoteDataset] = Datasets(None)
    identified = await identify(portal, wanted, seen)
    wanted.know_tags(portal.rules)
    seen.close()
    all_entries = [each for each in wanted.entries.values() if each.face.state is not State.ABSENT]
    entries = [entry for entry in all_entries if not entry.community]
    apart = [entry for entry in all_entries if entry.community]
    by_name = [entry for entry in entries if entry.face.id is None]
    account = await portal.account() if by_name or apart else None
    by_owner: dict[Owner, list[Entry]] = {}
    for entry in by_name:
        by_owner.setdefault(await _owner(portal, entry, account), []).append(entry)
    fares: dict[str, DatasetHealth] = {}
    missing = [each.message for each in identified.problems]
    for owner, owned in by_owner.items():
        health = {
            each.dataset.id: each
            async for each in portal.health(organization=owner.organization, user=owner.user)
        }
        matched = _matched(wanted, owned, health)
        for entry in owned:
            match matched.get(entry.key):
                case None:
                    missing.append(say("'{key}' is not on the portal", key=entry.key))
                case Conflict(message=why):
                    missing.append(f"'{entry.key}': {why}")
                case remote_id:
                    fares[entry.key] = health[remote_id]
    missing += await _look_up(portal, entries, fares)
    missing += await _look_beside(portal, apart, account, fares)
    keys = [entry.key for entry in all_entries if entry.key in fares]
    return Fares(tuple(fares[key] for key in keys), tuple(missing))


async def _look_up(
    portal: Portal, entries: Iterable[Entry], fares: dict[str, DatasetHealth]
) -> list[str]:
    """Add those that are named by id to `fares`, by key; what is not there, in sentences."""
    missing: list[str] = []
    ids = {entry.face.id: entry.key for entry in entries if entry.face.id}
    async for each in portal.health(ids=list(ids)):
        key = ids.pop(each.dataset.id, None)
        if key is not None and not each.dataset.deleted:
            fares[key] = each
        elif key is not None:
            missing.append(say("'{key}' was deleted on the portal", key=key))
    return missing + [
        say("'{key}' ({id}) is not on the portal", key=key, id=id_) for id_, key in ids.items()
    ]


async def _look_beside(
    portal: Portal,
    entries: Iterable[Entry],
    account: Account | None,
    fares: dict[str, DatasetHealth],
) -> list[str]:
    """The same of what is put beside others' datasets."""
    missing: list[str] = []
    for entry in entries:
        owner = await _owner(portal, entry, account)
        theirs = portal.community(replace(owner, user=account.id if account else None))
        found = [each async for each in theirs.health(ids=[entry.face.id or ""])]
        if found and found[0].resources:
            fares[entry.key] = found[0]
        elif found:
            missing.append(say("nothing is beside the dataset of '{key}' yet", key=entry.key))
        else:
            missing.append(
                say("'{key}' ({id}) is not on the portal", key=entry.key, id=entry.face.id)
            )
    return missing


def _matched(
    wanted: Index, entries: Iterable[Entry], health: Mapping[str, DatasetHealth]
) -> Matched:
    def look(face: Face, remote: Face) -> tuple[DatasetSpec, RemoteDataset]:
        return wanted.spec(str(face.key)), health[str(remote.id)].dataset

    there = [face_of(each.dataset) for each in health.values()]
    return match_datasets([entry.face for entry in entries], there, look)


async def _organization(portal: Portal, id_or_slug: str) -> str:
    found = await portal.organization(id_or_slug)
    if found is None:
        raise SettingsInvalid(
            say("the portal knows no organization '{organization}'", organization=id_or_slug)
        )
    return found.id


async def _owner(portal: Portal, entry: Entry, account: Account | None) -> Owner:
    if entry.organization is None or not portal.rules.organizations:
        return Owner(user=account.id if account else None)
    own = account.organizations if account else ()
    for each in own:
        if entry.organization in {each.id, each.slug}:
            return Owner(each.id)
    return Owner(await _organization(portal, entry.organization))
