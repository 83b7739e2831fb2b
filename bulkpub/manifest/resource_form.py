"""The form of one entry of `resources:`, and which keys go together in it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict

from bulkpub.core.schemes import SCHEMES
from bulkpub.manifest.fields import (
    ExpectWord,
    Extras,
    FileAddress,
    FileName,
    Flag,
    ListOf,
    Name,
    ResourceDescription,
    ResourceType,
    Title,
    WebAddress,
)
from bulkpub.manifest.form_parts import (
    GUARD_EXAMPLE,
    Checks,
    Form,
    GuardForm,
    described,
    written,
)
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.sizes import Size

__all__ = ["FOREIGN", "WAYS", "ResourceForm"]

WAYS = ("path", "glob", "url", "link", "host")
"""The keys that say what a resource is made of; `host` does when it is true."""

FOREIGN = {
    "path": ("exclude", "max_size", "expect", "format", "mime"),
    "glob": ("max_size", "expect", "format", "mime"),
    "url": ("exclude", "optional", "format", "mime"),
    "link": ("exclude", "optional", "guard", "check", "max_size", "expect"),
    "host": ("exclude", "optional", "max_size", "expect", "format", "mime"),
    "id": ("exclude", "optional", "guard", "check", "max_size", "expect"),
}
"""The keys for which a resource given in that way has no use; `id` stands for it alone."""


def _schemes() -> str:
    plain = [name for name, scheme in SCHEMES.items() if not scheme.is_archive]
    archives = [f"{name}://file::address" for name in SCHEMES if name not in plain]
    return f"{', '.join(plain)}, or {' or '.join(archives)} for a file in an archive"


class SchemaForm(Form):
    """The schema the content follows."""

    name: Name | None = described(
        "Name", "Its name in schema.data.gouv.fr.", "etalab/schema-irve-statique"
    )
    version: Name | None = described("Version", "Its version, with a name only.", "2.3.1")
    url: WebAddress | None = described("Address", "Where it is, when it has no name.")


def _schema_in_one_word(value: object) -> object:
    if isinstance(value, Number):
        value = value.text
    if not isinstance(value, str):
        return value
    return {"url" if value.strip().lower().startswith("http") else "name": value}


def _one_way(way: str) -> dict[str, Any]:
    """The JSON Schema of the resources that are given by `way` and by nothing else."""
    others = [_given(other) for other in WAYS if other != way]
    return {**_given(way), "not": {"anyOf": [*others, *map(written, FOREIGN[way])]}}


def _given(way: str) -> dict[str, Any]:
    if way != "host":
        return written(way)
    return {"required": ["host"], "properties": {"host": {"const": True}}}


class ResourceForm(Form):
    """A file, files, an address to fetch or to list, or what is on the portal already.

    Exactly one of path, glob, url, link and `host: true`; or an id, and none of them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [_one_way(way) for way in (*WAYS, "id")],
            "if": _given("host"),
            "then": {"anyOf": [written("id"), written("key")]},
        }
    )

    path: FileName | None = described(
        "File", "A file, relative to the manifest's folder.", "data/2024.csv"
    )
    glob: FileName | None = described(
        "Files",
        "Every file that matches, in natural order: * ? [abc] within a name, ** for any "
        "folders. Files with a leading dot only when the pattern has it.",
        "data/archives/*.csv",
    )
    exclude: Annotated[list[FileName], ListOf] | None = described(
        "Except",
        "Patterns of files the glob leaves out; one without a slash goes for the name alone.",
        ["data/archives/draft-*.csv", "*.tmp.csv"],
    )
    url: FileAddress | None = described(
        "Address of a file",
        f"A file elsewhere, fetched and hosted on the portal: {_schemes()}.",
        "https://data.example.org/stations.csv",
    )
    max_size: Size | None = described(
        "Largest size", "A larger file at the address is refused.", "500 MB", "2 GiB", 1000000
    )
    expect: ExpectWord | None = described(
        "Expected", "html when the address is meant to give a page, which is refused otherwise."
    )
    link: WebAddress | None = described(
        "Link", "An address that is only listed, never copied.", "https://api.example.org/v1"
    )
    host: Flag | None = described(
        "Host",
        "True to fetch the file of a resource that points elsewhere, and to host it on the "
        "portal in place: its id and permalink stay. It is named by its id or key.",
    )
    optional: Flag | None = described(
        "Optional", "True when the file may be missing, or the glob match nothing."
    )
    guard: GuardForm | None = described(
        "Guard", "When not to publish the file; merged with the dataset's guard.", GUARD_EXAMPLE
    )
    check: Checks | None = described(
        "Check",
        "What the file must be, or it is not published; otherwise as the dataset says.",
        "csv",
        ["not-empty", "json"],
    )
    key: Name | None = described(
        "Key",
        "What identifies the resource from run to run; otherwise the file's path relative to "
        "the manifest, or the address. For files a template.",
        "archive-{stem}",
    )
    id: Name | None = described("Id", "The id of a resource that is on the portal already.")
    title: Title | None = described(
        "Title",
        "For files a template: {name} {stem} {suffix} {parent} {index:03} {mtime:%Y-%m}; "
        "{{ and }} stand for the characters. Otherwise the title as it is.",
        "Archive {stem}",
    )
    description: ResourceDescription | None = described("Description", "Markdown.")
    type: ResourceType | None = described("Type", "What the resource is for.", "main")
    schema_: (
        Annotated[
            SchemaForm,
            BeforeValidator(_schema_in_one_word, json_schema_input_type=SchemaForm | str),
        ]
        | None
    ) = described(
        "Schema",
        "The schema the content follows; a word is its name, or its address.",
        {"name": "etalab/schema-irve-statique", "version": "2.3.1"},
        "etalab/schema-irve-statique",
        alias="schema",
    )
    extras: Extras | None = described("Extras", "Anything else to keep with it, by name.")
    format: Name | None = described("Format", "Not for files, which tell it by name.", "csv")
    mime: Name | None = described("Media type", "Not for files, which tell it by name.", "text/csv")
