"""What lies beside data and says what it is: READMEs, data packages, metadata in our own keys.

Each reader gives what it understood and notes on what it could not carry over; `Unusable` is
for a sidecar that cannot be read at all. A sidecar speaks of its own folder only: a path that
leads out of it is never followed.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulkpub.core.model import (
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.rules import Rules
from bulkpub.data.known_licenses import known_license
from bulkpub.harvest.reading.loose import keywords_of, mapping
from bulkpub.language import joined, say
from bulkpub.manifest.datasets import read_dataset
from bulkpub.manifest.files import Files, Unusable
from bulkpub.manifest.form import reason
from bulkpub.manifest.merging import with_defaults
from bulkpub.manifest.nodes import Unreadable, child, from_python, plain
from bulkpub.manifest.variables import Given, escaped
from bulkpub.manifest.yaml_text import read_yaml
from bulkpub.ordinary import open_ordinary

__all__ = ["Sidecar", "Unusable", "read_metadata", "read_package", "read_text"]

MOST_TEXT = 4 * 1024 * 1024
"""Bytes of a README or a sidecar; what is larger is none."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says: `spec` has its files spelled as the sidecar does, from its folder.

    `says_key` is whether the key of `spec` was written there, or only had to be something.
    """

    spec: DatasetSpec
    notes: tuple[str, ...] = ()
    says_key: bool = False


def read_text(path: Path) -> str:
    """The text of a file, UTF-8 or else Windows-1252; raises `Unusable`."""
    try:
        with open_ordinary(path) as file:
            raw = file.read(MOST_TEXT + 1)
    except OSError as error:
        raise Unusable(
            say("{name} cannot be read: {error}", name=path.name, error=reason(error))
        ) from None
    if len(raw) > MOST_TEXT:
        raise Unusable(say("{name} is too large to describe anything", name=path.name))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Unusable(say("{name} is no text", name=path.name))
    return text.replace("\r\n", "\n").strip()


# --- data packages ------------------------------------------------------------------------


_PACKAGE_KEYS = frozenset(
    {"name", "title", "description", "license", "licenses", "keywords", "resources"}
)
_PACKAGE_FORMAL = frozenset({"$schema", "profile", "id"})
"""Keys that say something of the descriptor, nothing of the data."""


def read_package(path: Path, *, links: bool) -> Sidecar:
    """A data package's descriptor, in JSON or YAML; raises `Unusable` when it is none.

    Files on other servers are `link:` with `links`, else `url:`.
    """
    package = _document(path)
    if not isinstance(package, dict):
        what = say("JSON object") if path.suffix == ".json" else "mapping"
        raise Unusable(
            say("{name} is no data package: a {what} was expected", name=path.name, what=what)
        )
    notes: list[str] = []
    entries = package.get("resources")
    resources = [
        spec
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        for spec in _package_resources(entry, notes, links=links)
    ]
    metadata = DatasetMetadata(
        title=_said(package, "title"),
        description=_said(package, "description"),
        license=_package_license(package.get("licenses") or package.get("license"), notes),
        tags=tuple(keywords_of(package.get("keywords"))) or None,
    )
    left = sorted(set(package) - _PACKAGE_KEYS - _PACKAGE_FORMAL)
    if left:
        notes.append(
            say("of {name}, not carried over: {left}", name=path.name, left=", ".join(left))
        )
    return Sidecar(DatasetSpec("", metadata, tuple(resources)), tuple(notes))


def _document(path: Path) -> Any:  # noqa: ANN401 # JSON is anything
    text = read_text(path)
    if path.suffix != ".json":
        try:
            root = read_yaml(text, path.name)
        except Unreadable as error:
            raise Unusable(f"{error.place}: {error}") from None
        return None if root is None else plain(root)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable(say("{name} is no JSON: {error}", name=path.name, error=error)) from None


def _said(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _package_license(licenses: object, notes: list[str]) -> str | None:
    for entry in licenses if isinstance(licenses, list) else [licenses]:
        values = {"name": entry} if isinstance(entry, str) else mapping(entry)
        said = [_said(values, name) or "" for name in ("name", "type", "path", "url", "title")]
        if not any(said):
            continue
        if (known := known_license(said)) is not None:
            return known
        notes.append(
            say("unknown licence '{licence}', left out", licence=next(filter(None, said), ""))
        )
    return None


def _package_resources(
    entry: Mapping[str, Any], notes: list[str], *, links: bool
) -> Iterator[ResourceSpec]:
    written = entry.get("path")
    paths = written if isinstance(written, list) else [written]
    title = _said(entry, "title")
    metadata = ResourceMetadata(
        title=title if len(paths) == 1 else None,
        description=_said(entry, "description"),
        schema=_package_schema(entry.get("schema")),
    )
    for path in paths:
        name = _said(entry, "name") or title or "?"
        if not isinstance(path, str) or not path.strip():
            notes.append(say("the resource '{name}' of the data package has no file", name=name))
        elif "://" in path:
            source = LinkSource(path) if links else UrlSource(path)
            yield ResourceSpec(path, source, metadata)
        elif _leads_out(path):
            notes.append(
                say(
                    "the resource '{name}' is left out: {path} leads out of the folder",
                    name=name,
                    path=path,
                )
            )
        else:
            yield ResourceSpec(path, FileSource(path, posixpath.normpath(path)), metadata)


def _package_schema(schema: object) -> ContentSchema | None:
    return ContentSchema(url=schema) if isinstance(schema, str) and "://" in schema else None


def _leads_out(path: str) -> bool:
    normal = posixpath.normpath(path)
    return posixpath.isabs(normal) or normal.split("/")[0] == ".."


# --- our own keys -------------------------------------------------------------------------


_NOBODY = "-"
"""Stands for the organization, or the key, where the sidecar has none: a dataset needs both."""


def read_metadata(path: Path, shown: str, below: DatasetMetadata, rules: Rules) -> Sidecar:
    """A sidecar with the keys of a dataset in a manifest; what it leaves open is as `below`.

    Raises `Unusable` with everything wrong with it, each with its place in `shown`.
    """
    try:
        own = read_yaml(read_text(path), shown)
    except Unreadable as error:
        raise Unusable(f"{error.place}: {error}") from None
    if own is None or not isinstance(own.value, dict):
        raise Unusable(
            say("{shown} is not used: it must be a mapping with the keys of a dataset", shown=shown)
        )
    title = below.title or path.parent.name
    needed = {
        "key": _NOBODY,
        "title": escaped(title),
        "description": escaped(below.description or title),
        "organization": _NOBODY,
    }
    node = with_defaults(from_python(needed, shown), own)
    folder = str(path.parent)
    spec, faults = read_dataset(node, folder, Files(folder, rules), rules, Given())
    if faults:
        raise Unusable(
            joined(
                "; ",
                (
                    say("{place}: {sentence}", place=fault.place, sentence=fault.sentence)
                    for fault in faults
                ),
            )
        )
    owner = spec.organization != _NOBODY
    metadata = spec.metadata
    if not (below.description or child(own, "description") or child(own, "description_file")):
        metadata = replace(metadata, description=None)  # it only had to be something
    resources, notes = [], []
    if spec.organization is None:
        notes.append(
            say("`personal: true` in {name} counts only without `organization`", name=path.name)
        )
    for resource in spec.resources:
        source = resource.source
        if isinstance(source, FileSource) and _leads_out(source.shown):
            notes.append(say("{shown} is left out: it leads out of the folder", shown=source.shown))
            continue
        resources.append(resource)
    return Sidecar(
        replace(
            spec,
            metadata=metadata,
            resources=tuple(resources),
            organization=spec.organization if owner else None,
        ),
        tuple(notes),
        says_key=child(own, "key") is not None,
    )
