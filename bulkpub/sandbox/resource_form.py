"""What a client may change of a resource, and what the portal makes of it.

One reader serves udata's three ways to write a resource: alone, in the list of all, as part of
a dataset. Rule: of a hosted file, what the portal worked out itself (address, checksum, size,
format) is validated but never taken from the client, except that the flip of `filetype` on a
link goes through in a list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bulkpub.core.model import Json
from bulkpub.sandbox.fields import (
    FieldRefused,
    read_choice,
    read_extras,
    read_text,
    read_url,
)
from bulkpub.sandbox.records import Resource, Schema
from bulkpub.sandbox.vocabularies import CHECKSUM_TYPES, RESOURCE_TYPES

__all__ = ["RESERVED_EXTRAS", "ResourceChange", "is_assignable", "read_resource"]
__all__ += ["schema_refusal"]

Catalogue = Sequence[Mapping[str, Json]]

TITLE_LIMIT = 350
DESCRIPTION_LIMIT = 100_000
FILETYPES = ("file", "remote")
PROTECTED = frozenset(["filetype", "url", "checksum", "filesize", "mime", "format"])
RESERVED_EXTRAS = ("analysis:*", "check:*", "csv-export:*", "validation-report:*", "dcat")
_URL_EXTRAS = frozenset(["apidocUrl", "datafairOrigin"])


@dataclass(slots=True)
class ResourceChange:
    """What a body changes: attribute → value; and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Json] = field(default_factory=dict)

    def read(self, name: str, reader: Callable[[], Any]) -> None:
        """Note what `reader` makes of a field, or what it has against it."""
        try:
            self.values[name] = reader()
        except FieldRefused as refusal:
            self.errors[name] = refusal.errors

    def apply_to(self, resource: Resource) -> None:
        """Change the resource, sparing what is protected in it."""
        hosted = resource.is_hosted
        for name, value in self.values.items():
            if not (hosted and name in PROTECTED):
                setattr(resource, name, value)


def _read_size(value: Json) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise FieldRefused(["Not a valid integer value."]) from None


def _read_format(value: Json) -> str | None:
    text = read_text(value)
    return text.strip().lower() if text else None


def _read_checksum(value: dict[str, Json], current: dict[str, str] | None) -> dict[str, str]:
    merged = {"type": "sha1"} | (current or {}) | value
    try:
        kind = read_choice(merged.get("type"), CHECKSUM_TYPES)
    except FieldRefused as refusal:
        raise FieldRefused({"type": refusal.errors}) from None
    try:
        digest = read_text(merged.get("value"), required=True)
    except FieldRefused as refusal:
        raise FieldRefused({"value": refusal.errors}) from None
    return {"type": kind, "value": str(digest)}


def _read_schema(value: dict[str, Json], current: Schema | None, catalogue: Catalogue) -> Schema:
    # A schema is merged into the one there is: a new address keeps the old name.
    merged = dict(current or {"name": None, "url": None, "version": None})
    for name in ("name", "version"):
        if name in value:
            merged[name] = read_text(value[name])
    if "url" in value:
        try:
            merged["url"] = read_url(value["url"]) if value["url"] else None
        except FieldRefused as refusal:
            raise FieldRefused({"url": refusal.errors}) from None
    if merged["version"] and not merged["name"] and not merged["url"]:
        raise FieldRefused(
            {"version": ["A schema must contains a name or an URL when a version is provided."]}
        )
    if merged["url"]:
        return _of_address(merged, catalogue)
    _check_in_catalogue(merged, [each for each in catalogue if is_assignable(each)])
    return merged


def is_assignable(known: Mapping[str, Json]) -> bool:
    """Whether a schema of the catalogue is one for files, and not a collection of some."""
    return known.get("schema_type") != "datapackage"


def _of_address(schema: Schema, catalogue: Catalogue) -> Schema:
    """An address of the catalogue becomes the name and the version it is of."""
    for known in catalogue:
        versions = {each["schema_url"]: each["version_name"] for each in known["versions"]}
        for address, version in (*versions.items(), (known["schema_url"], None)):
            if address == schema["url"]:
                return {"name": known["name"], "url": None, "version": version}
    return schema


def schema_refusal(resource: Resource, catalogue: Catalogue) -> dict[str, Json]:
    """What is wrong with the schema a resource has, which the form on a list checks anew."""
    try:
        _check_in_catalogue(
            resource.schema or {"name": None}, [each for each in catalogue if is_assignable(each)]
        )
    except FieldRefused as refusal:
        return {"schema": refusal.errors}
    return {}


def _check_in_catalogue(schema: Schema, catalogue: Catalogue) -> None:
    if not catalogue or not schema["name"]:
        return
    names = [each["name"] for each in catalogue]
    if schema["name"] not in names:
        sentence = (
            f'Schema name "{schema["name"]}" is not an allowed value. '
            f"Allowed values: {', '.join(names)}"
        )
        raise FieldRefused({"name": [sentence]})
    known = catalogue[names.index(schema["name"])]
    versions = [*(each["version_name"] for each in known["versions"]), "latest"]
    if schema["version"] and schema["version"] not in versions:
        sentence = (
            f'Version "{schema["version"]}" is not an allowed value for the schema '
            f'"{schema["name"]}". Allowed versions: {", ".join(versions)}'
        )
        raise FieldRefused({"version": [sentence]})


def read_resource(
    body: dict[str, Json], current: Resource | None, catalogue: Catalogue
) -> ResourceChange:
    """What `body` makes of `current`; None for a resource that is still to be.

    `catalogue` has the schemas there are; empty: any will do.
    """
    change = ResourceChange()
    new = current is None

    def given(name: str, default: Json = None) -> Json:
        return body.get(name, default)

    if new or "title" in body:
        change.read("title", lambda: read_text(given("title"), required=True, limit=TITLE_LIMIT))
    if new or "url" in body:
        change.read("url", lambda: read_url(given("url")))
    if new or "filetype" in body:
        change.read("filetype", lambda: read_choice(given("filetype", "file"), FILETYPES))
    if new or "type" in body:
        change.read("type", lambda: read_choice(given("type", "other"), RESOURCE_TYPES))
    if "description" in body:
        change.read("description", lambda: read_text(body["description"], limit=DESCRIPTION_LIMIT))
    if "format" in body:
        change.read("format", lambda: _read_format(body["format"]))
    if "mime" in body:
        change.read("mime", lambda: read_text(body["mime"]))
    if "filesize" in body:
        change.read("filesize", lambda: _read_size(body["filesize"]))
    _read_objects(body, current, change, catalogue)
    return change


def _read_objects(
    body: dict[str, Json], current: Resource | None, change: ResourceChange, catalogue: Catalogue
) -> None:
    if isinstance(body.get("checksum"), dict) and body["checksum"]:
        checksum = current.checksum if current else None
        change.read("checksum", lambda: _read_checksum(body["checksum"], checksum))
    if isinstance(body.get("schema"), dict) and body["schema"]:
        schema = current.schema if current else None
        change.read("schema", lambda: _read_schema(body["schema"], schema, catalogue))
    if "extras" in body:
        extras = current.extras if current else {}
        change.read(
            "extras",
            lambda: read_extras(body["extras"], extras, reserved=RESERVED_EXTRAS, urls=_URL_EXTRAS),
        )
