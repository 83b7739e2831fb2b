"""What a run is asked for: what manifests say, or a migration of what is on the portal."""

import hashlib
import os
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bulkpub.core.addresses import is_local, named, shown_address
from bulkpub.core.model import DatasetSpec, LinkSource, Place, State
from bulkpub.core.rules import Rules
from bulkpub.core.text import bounded
from bulkpub.errors import Problem, SettingsInvalid
from bulkpub.language import say, say_n
from bulkpub.manifest import (
    Destination,
    Given,
    KeyNames,
    Toward,
    given_fault,
    may_say,
    named_destinations,
    stream,
    stream_document,
)
from bulkpub.pipeline.index import Entry, Index
from bulkpub.pipeline.migration import to_migrate
from bulkpub.portals import Portal
from bulkpub.portals.kinds import DEFAULT, locate

__all__ = [
    "LocalLinks",
    "ManifestLike",
    "Manifests",
    "Migration",
    "Request",
    "Wanted",
    "given_variables",
    "local_links",
    "rules_of",
    "without_terms",
]

ManifestLike = str | os.PathLike[str] | Mapping[str, Any] | Sequence[str | os.PathLike[str]]
"""A manifest: the path of a file, several paths, or the document itself as a mapping."""


class LocalLinks:
    """A warning for each host to which links lead that nobody can follow from a public portal.

    Datasets are looked at one by one, and not kept; each has a number, by which it can be left
    out of the account.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[int, tuple[Place, str, int]]] = {}

    def look_at(self, number: int, dataset: DatasetSpec) -> None:
        """Take note of the links of one dataset."""
        for resource in dataset.resources:
            source = resource.source
            if isinstance(source, LinkSource) and is_local(source.url):
                of_host = self._found.setdefault(named(source.url).host, {})
                place, url, count = of_host.get(number, (resource.place, source.url, 0))
                of_host[number] = place, url, count + 1

    def warnings(
        self, portal: str | None, without: Collection[int] = frozenset()
    ) -> tuple[Problem, ...]:
        """The warnings of all datasets but those numbered `without`.

        None where `portal`, its address or its name, is on a private network or this machine
        itself: who sees it may well follow them.
        """
        if portal is not None and is_local(portal):
            return ()
        counted = (
            [links for number, links in of_host.items() if number not in without]
            for of_host in self._found.values()
        )
        return tuple(
            _local_link(links[0][0], links[0][1], sum(count for _, _, count in links) - 1)
            for links in counted
            if links
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a portal.

    `portal` is the one it names itself, `identity` what two runs of the same have in common and
    no others, wherever they were started. `index` has what is wanted, `problems` what is wrong
    with how it was written, `warnings` what may not be meant as it was; `local_links` warns of what
    nobody can follow who sees the portal at an address; `keys` are the variables that hold API
    keys. With `find`, the datasets are only known
    once the portal was asked. Of several `destinations` it is wanted of each: it was read for none
    of them then.
    """

    identity: tuple[str, ...]
    index: Index
    portal: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    local_links: Callable[[str | None], Sequence[Problem]] = field(default=lambda _: ())
    keys: KeyNames = field(default_factory=KeyNames)
    find: Callable[[Portal], AsyncIterator[DatasetSpec]] | None = None
    destinations: tuple[Destination, ...] = ()


class Request(Protocol):
    """Something a run can be asked for; `names` are what it is called in the report."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called."""

    def may_name_portal(self) -> bool:
        """Whether it can say itself for which portal it is; found out without reading it all."""

    def read(
        self,
        rules: Rules,
        folder: Path | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Wanted:
        """What is wanted of a portal with these `rules`.

        What memory has no room for goes to `folder`; `tell` hears how many files were found so
        far. Never raises for what is wrong with how it
        was written.
        """


class Manifests:
    """What one or more manifests say."""

    def __init__(self, manifest: ManifestLike, variables: Mapping[str, str] | None = None) -> None:
        self._variables = variables or {}
        self._toward: Toward | None = None
        self._now = datetime.now(UTC)
        self._document = manifest if isinstance(manifest, Mapping) else None
        self.names: tuple[str, ...]
        if isinstance(manifest, Mapping):
            self.names = ("<mapping>",)
        elif isinstance(manifest, str | os.PathLike):
            self.names = (os.fspath(manifest),)
        else:
            self.names = tuple(os.fspath(path) for path in manifest)

    def may_name_portal(self) -> bool:
        """See `Request`."""
        if self._document is not None:
            return "portal" in self._document
        return any(may_say(name, "portal") for name in self.names)

    def destinations(self) -> tuple[Destination, ...]:
        """The portals to each of which all of it goes; none where it does not speak of several."""
        manifests = self.names if self._document is None else self._document
        return named_destinations(manifests, rules=DEFAULT.rules)

    def toward(self, toward: Toward) -> "Manifests":
        """The same for one of the destinations."""
        same = copy(self)
        same._toward = toward  # noqa: SLF001 - of this class
        return same

    def read(
        self,
        rules: Rules,
        folder: Path | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Wanted:
        """See `Request`."""
        given = replace(given_variables(self._variables), now=self._now)
        index, links = Index(rules, folder), LocalLinks()
        if self._document is not None:
            manifest = stream_document(
                self._document, rules=rules, given=given, toward=self._toward
            )
        else:
            manifest = stream(self.names, rules=rules, given=given, toward=self._toward)
        keys, files = list[str](), 0
        for number, spec in enumerate(manifest):
            files += len(spec.resources)
            tell(files)
            links.look_at(number, spec)
            keys.append(index.put(spec))
        for number in manifest.spoilt:
            index.drop(keys[number])
        if self._document is not None:
            identity = sorted(map(_identity, index.entries.values()))
        else:
            identity = sorted(str(Path(name).resolve()) for name in self.names)
        portal, keys_there, here = manifest.portal, manifest.keys, self._toward
        if here is not None:
            identity.append(f"\n{here.destination.name}")
            portal, keys_there = here.destination.portal, here.destination.keys
        return Wanted(
            tuple(identity),
            index,
            portal,
            manifest.problems,
            manifest.warnings,
            partial(links.warnings, without=manifest.spoilt),
            keys_there,
            destinations=manifest.destinations if here is None else (),
        )


def rules_of(portal: str | None, *, insecure: bool = False) -> Rules:
    """Those of the kind of a portal, by its name or address; the usual ones where nobody says it.

    What is no portal is told where one is needed.
    """
    try:
        return locate(portal, insecure=insecure).kind.rules if portal else DEFAULT.rules
    except SettingsInvalid:
        return DEFAULT.rules


def given_variables(variables: Mapping[str, str]) -> Given:
    """What a run is started with; raises `SettingsInvalid` for what cannot be a variable."""
    if fault := given_fault(variables):
        raise SettingsInvalid(f"`var`: {fault}")
    return Given(dict(variables))


def _identity(dataset: Entry) -> str:
    """A document has no name: it is known by the datasets it is about."""
    name = f"{dataset.organization}\n{dataset.face.id or dataset.key}"
    return hashlib.sha256(name.encode()).hexdigest()


def local_links(datasets: Iterable[DatasetSpec], portal: str | None) -> tuple[Problem, ...]:
    """What `LocalLinks` says of all these datasets."""
    links = LocalLinks()
    for number, dataset in enumerate(datasets):
        links.look_at(number, dataset)
    return links.warnings(portal)


def _local_link(place: Place, url: str, others: int) -> Problem:
    more = say(" (and {others} more to that host)", others=others) if others else ""
    return Problem(
        place.file,
        place.line,
        place.column,
        say(
            "only its own network knows where {url} leads{more}: nobody who sees the portal can "
            "follow the link",
            url=shown_address(url),
            more=more,
        ),
    )


def without_terms(index: Index, to_do: Iterable[str], rules: Rules) -> Iterator[Problem]:
    """A warning where new datasets name no licence or no frequency; one for all of them.

    `to_do` are the keys of those that a portal with these `rules` is asked to have.
    """
    new = [
        entry
        for entry in map(index.entries.__getitem__, to_do)
        if entry.found is None and not entry.community and entry.face.state is not State.ABSENT
    ]
    for name, told in (("license", _no_licence), ("frequency", _no_frequency)):
        silent = (
            [] if name in rules.lacks_dataset else [each for each in new if name in each.silent]
        )
        if silent:
            place = index.spec(silent[0].key).place
            message = told(bounded(silent[0].key), len(silent))
            yield Problem(place.file, place.line, place.column, message)


def _no_licence(key: str, count: int) -> str:
    return say_n(
        "the new dataset '{key}' names no licence: nobody knows what they may do with it; write "
        "`license:`, under `defaults:` for all datasets",
        "{n} new datasets, '{key}' the first, name no licence: nobody knows what they may do with "
        "them; write `license:`, under `defaults:` for all datasets",
        count,
        key=key,
    )


def _no_frequency(key: str, count: int) -> str:
    return say_n(
        "the new dataset '{key}' does not say how often it is updated; write `frequency:`, under "
        "`defaults:` for all datasets",
        "{n} new datasets, '{key}' the first, do not say how often they are updated; write "
        "`frequency:`, under `defaults:` for all datasets",
        count,
        key=key,
    )


@dataclass(frozen=True, slots=True)
class Migration:
    """Host in place what the organization's and the named datasets' resources point to."""

    organization: str | None
    datasets: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """See `Request`."""
        organization = [f"organization {self.organization}"] if self.organization else []
        datasets = [f"dataset {name}" for name in self.datasets]
        return tuple(f"migration of {name}" for name in organization + datasets)

    def may_name_portal(self) -> bool:
        """See `Request`."""
        return False

    def read(
        self,
        rules: Rules,
        folder: Path | None = None,
        tell: Callable[[int], None] = lambda _: None,  # noqa: ARG002 - there is nothing to read
    ) -> Wanted:
        """See `Request`."""
        find = partial(to_migrate, organization=self.organization, datasets=self.datasets)
        return Wanted(tuple(sorted(self.names)), Index(rules, folder), find=find)
