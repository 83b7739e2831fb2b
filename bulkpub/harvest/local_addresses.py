"""Addresses that only the network of a source knows, taken out of what is harvested.

Pure. `localhost:8080`, `192.168.1.4` or `geo.intranet` in a catalogue lead nobody anywhere once
they are published, and tell what nobody should know. A resource at such an address is left out,
and so is what an extra or a schema says with one; each is told. In a description they are told
only, since the text is somebody's own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bulkpub.core.addresses import is_local, redacted
from bulkpub.core.model import (
    DatasetSpec,
    Json,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.origin import ID_EXTRA
from bulkpub.language import say

__all__ = ["local_addresses_in", "without_local_addresses"]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'`\\^{}|)]+", re.IGNORECASE)
_WHOSE = say("which only the network of the source knows")
_ALLOWED = say("(`allow_private` keeps it)")


def local_addresses_in(text: str) -> Iterator[str]:
    """The addresses in a text that lead to no public host, without their secrets."""
    return (redacted(each) for each in _ADDRESS.findall(text) if is_local(each))


def without_local_addresses(spec: DatasetSpec) -> tuple[DatasetSpec, tuple[str, ...]]:
    """The dataset without what stands at such addresses, and a sentence for each of them.

    A dataset or a resource that has an id is on a portal already: there it is told only, as
    leaving it out would say nothing.
    """
    notes: list[str] = []
    metadata = spec.metadata
    is_published = spec.id is not None
    resources: list[ResourceSpec] = []
    for resource in spec.resources:
        address = _address(resource)
        if is_local(address):
            name = resource.metadata.title or resource.default_title or resource.key
            notes.append(
                _note(say("the address of '{name}'", name=name), address, is_kept=is_published)
            )
            if not is_published:
                continue
        resources.append(_resource(resource, notes, is_published=is_published))
    for name in ("description", "description_short"):
        text = getattr(metadata, name) or ""
        notes += (
            _note(say("the {name} names", name=name), each, is_kept=True) for each in _named(text)
        )
    if not is_published:
        metadata = replace(metadata, extras=_extras(metadata.extras, "", notes))
        keys = dict.fromkeys(each for key in _keys(spec, resources) for each in _named(key))
        notes += (_note(say("a key or an id names"), each, is_kept=True) for each in keys)
        if spec.resources and not resources:
            notes.append(say("nothing is left of it that could be published"))
    return replace(spec, metadata=metadata, resources=tuple(resources)), tuple(notes)


def _named(text: str) -> Iterator[str]:
    return iter(dict.fromkeys(local_addresses_in(text)))


def _keys(spec: DatasetSpec, resources: list[ResourceSpec]) -> Iterator[str]:
    """What the dataset and what is left of it are known by."""
    yield spec.key
    yield str((spec.metadata.extras or {}).get(ID_EXTRA, ""))
    yield from (resource.key for resource in resources)


def _address(resource: ResourceSpec) -> str:
    source = resource.source
    return source.url if isinstance(source, LinkSource | UrlSource) else ""


def _resource(resource: ResourceSpec, notes: list[str], *, is_published: bool) -> ResourceSpec:
    metadata: ResourceMetadata = resource.metadata
    whose = f"'{metadata.title or resource.key}'"
    named = _named(metadata.description or "")
    notes += (
        _note(say("the description of {whose} names", whose=whose), each, is_kept=True)
        for each in named
    )
    if is_published:
        return resource
    if metadata.schema is not None and is_local(metadata.schema.url or ""):
        notes.append(
            _note(
                say("the schema of {whose} is", whose=whose),
                metadata.schema.url or "",
                is_kept=False,
            )
        )
        metadata = replace(metadata, schema=None)
    extras = _extras(metadata.extras, f" of {whose}", notes)
    return replace(resource, metadata=replace(metadata, extras=extras))


def _extras(
    extras: Mapping[str, Json] | None, whose: str, notes: list[str]
) -> Mapping[str, Json] | None:
    if not extras:
        return extras
    kept: dict[str, Json] = {}
    for name, value in extras.items():
        found = {} if name == ID_EXTRA else dict.fromkeys(_inside(value))
        notes += (_note(f"{name}{whose} has", each, is_kept=False) for each in found)
        if isinstance(value, list):
            value = [each for each in value if not any(_inside(each))]  # noqa: PLW2901 # the rest
            if value:
                kept[name] = value
        elif not found:
            kept[name] = value
    return kept or None


def _inside(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from local_addresses_in(value)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _inside(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _inside(each)


def _note(what: str, address: str, *, is_kept: bool) -> str:
    verb = "" if what.endswith((" names", " has", " is")) else " is"
    end = say(", and stays") if is_kept else say(": left out {allowed}", allowed=_ALLOWED)
    return say(
        "{what}{verb} {address}, {whose}{end}",
        what=what,
        verb=verb,
        address=redacted(address),
        whose=_WHOSE,
        end=end,
    )
