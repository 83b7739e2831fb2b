"""The form of a manifest: which keys there are, what each holds, what each means.

The models check one level at a time (a dataset without its resources, then each resource),
so that one mistake hides no other. Titles, descriptions and examples are what editors show:
`json_schema()` is made of these classes.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bulkpub.manifest.fields import (
    Description,
    EmptyWord,
    Extras,
    FileName,
    FirstDay,
    Flag,
    Frequency,
    LastDay,
    ListOf,
    Name,
    PruneWord,
    ResourceDescription,
    ResourceType,
    Tag,
    Text,
    Title,
    Version,
    WebAddress,
)
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.shares import Share

__all__ = ["DatasetForm", "DefaultsForm", "DocumentForm", "HeaderForm", "ResourceForm"]


def _field(title: str, description: str, *examples: object, alias: str | None = None) -> Any:  # noqa: ANN401 # as pydantic's own Field
    return Field(
        default=None, title=title, description=description, examples=list(examples), alias=alias
    )


def _written(*keys: str) -> dict[str, Any]:
    """The JSON Schema of mappings that say all of `keys`; `null` says nothing."""
    return {"required": list(keys), "properties": {key: {"not": {"const": None}} for key in keys}}


def _way(way: str, *foreign: str) -> dict[str, Any]:
    """The JSON Schema of resources given by `way`, which have no use for the `foreign` keys."""
    return {**_written(way), "not": {"anyOf": [_written(key) for key in foreign]}}


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TemporalForm(_Form):
    """The period the data covers, both days included."""

    start: FirstDay | None = _field(
        "Start", "First day covered; a month or a year means its first day.", "2024-01-01", 2024
    )
    end: LastDay | None = _field(
        "End",
        "Last day covered; a month or a year means its last day. Without it the period is open.",
        "2024-12",
    )


class SpatialForm(_Form):
    """The area the data covers."""

    zones: Annotated[list[Name], ListOf] | None = _field(
        "Zones", "Ids of the portal's zones.", ["fr:region:11"]
    )
    granularity: Name | None = _field(
        "Granularity", "The grain of the data, one of the portal's.", "fr:commune"
    )


class SchemaForm(_Form):
    """The schema the content follows."""

    name: Name | None = _field(
        "Name", "Its name in schema.data.gouv.fr.", "etalab/schema-irve-statique"
    )
    version: Name | None = _field("Version", "Its version, with a name only.", "2.3.1")
    url: WebAddress | None = _field("Address", "Where it is, when it has no name.")


class GuardForm(_Form):
    """Which files are not to be published, as something must have gone wrong with them."""

    empty: EmptyWord | None = _field("Empty files", "refuse or allow (the default).", "refuse")
    shrink: Share | None = _field(
        "Shrinking",
        "The share by which a file may at most be smaller than what is published.",
        "50%",
        0.5,
    )


_GUARD_EXAMPLE = {"empty": "refuse", "shrink": "50%"}


def _schema_in_one_word(value: object) -> object:
    if isinstance(value, Number):
        value = value.text
    if not isinstance(value, str):
        return value
    return {"url" if value.strip().lower().startswith("http") else "name": value}


class ResourceForm(_Form):
    """One file, a pattern for many files, or a link: exactly one of path, glob and link."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                _way("path", "glob", "link", "exclude", "format", "mime"),
                _way("glob", "path", "link", "format", "mime"),
                _way("link", "path", "glob", "exclude", "optional", "guard"),
            ]
        }
    )

    path: FileName | None = _field(
        "File", "A file, relative to the manifest's folder.", "data/2024.csv"
    )
    glob: FileName | None = _field(
        "Files",
        "Every file that matches, in natural order: * ? [abc] within a name, ** for any "
        "folders. Files with a leading dot only when the pattern has it.",
        "data/archives/*.csv",
    )
    exclude: Annotated[list[FileName], ListOf] | None = _field(
        "Except",
        "Patterns of files the glob leaves out; one without a slash goes for the name alone.",
        ["data/archives/draft-*.csv", "*.tmp.csv"],
    )
    link: WebAddress | None = _field(
        "Link", "An address that is only listed, never copied.", "https://api.example.org/v1"
    )
    optional: Flag | None = _field(
        "Optional", "True when the file may be missing, or the glob match nothing."
    )
    guard: GuardForm | None = _field(
        "Guard", "When not to publish the file; merged with the dataset's guard.", _GUARD_EXAMPLE
    )
    key: Name | None = _field(
        "Key",
        "What identifies the resource from run to run; otherwise the file's path relative to "
        "the manifest, or the link's address. For a glob, a template.",
        "archive-{stem}",
    )
    id: Name | None = _field("Id", "The id of a resource that is on the portal already.")
    title: Title | None = _field(
        "Title",
        "For files a template: {name} {stem} {suffix} {parent} {index:03} {mtime:%Y-%m}; "
        "{{ and }} stand for the characters. For links, the title as it is.",
        "Archive {stem}",
    )
    description: ResourceDescription | None = _field("Description", "Markdown.")
    type: ResourceType | None = _field("Type", "What the resource is for.", "main")
    schema_: (
        Annotated[
            SchemaForm,
            BeforeValidator(_schema_in_one_word, json_schema_input_type=SchemaForm | str),
        ]
        | None
    ) = _field(
        "Schema",
        "The schema the content follows; a word is its name, or its address.",
        {"name": "etalab/schema-irve-statique", "version": "2.3.1"},
        "etalab/schema-irve-statique",
        alias="schema",
    )
    extras: Extras | None = _field("Extras", "Anything else to keep with it, by name.")
    format: Name | None = _field("Format", "For links only: files tell it by name.", "csv")
    mime: Name | None = _field("Media type", "For links only: files tell it by name.", "text/csv")


class DefaultsForm(_Form):
    """What every dataset has unless it says otherwise. Mappings are merged, lists replaced."""

    description: Description | None = _field("Description", "What it is about, in Markdown.")
    description_file: FileName | None = _field(
        "Description file", "A UTF-8 file with the description, relative to the manifest."
    )
    acronym: Text | None = _field("Acronym", "A short name.", "IRVE")
    license: Name | None = _field("License", "Id of one of the portal's licences.", "fr-lo")
    frequency: Frequency | None = _field("Frequency", "How often it is updated.", "daily")
    tags: Annotated[list[Tag], ListOf] | None = _field(
        "Tags", "Words of 3 to 96 characters; the portal keeps them as slugs.", ["mobilite"]
    )
    organization: Name | None = _field(
        "Organization", "Its id or slug.", "ville-exemple", "534fff81a3a7292c64a77e5c"
    )
    personal: Flag | None = _field(
        "Personal", "True to publish in the key's own account, in no organization."
    )
    private: Flag | None = _field("Private", "True for a draft only its owners see.")
    archived: Flag | None = _field("Archived", "True when it is kept but no longer maintained.")
    temporal_coverage: TemporalForm | None = _field(
        "Temporal coverage", "The period the data covers.", {"start": "2024-01", "end": "2024-06"}
    )
    spatial: SpatialForm | None = _field(
        "Spatial coverage", "The area the data covers.", {"zones": ["fr:region:11"]}
    )
    extras: Extras | None = _field(
        "Extras",
        "Anything else to keep with it, by name; no null, no name with a dot or a leading $.",
        {"source": "capteurs"},
    )
    contact_points: Annotated[list[Name], ListOf] | None = _field(
        "Contact points", "Ids of the portal's contact points."
    )
    guard: GuardForm | None = _field(
        "Guard",
        "Which of its files not to publish: empty ones, or those that shrank too much.",
        _GUARD_EXAMPLE,
    )
    prune: PruneWord | None = _field(
        "Prune",
        "Which resources to delete when the manifest no longer names them: none, ours (what "
        "bulkpub published), or all.",
        "none",
    )


class DatasetForm(DefaultsForm):
    """One dataset. Without an id it needs a title, a description, and an owner.

    Description and owner (an organization, or `personal: true`) may be defaults.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [_written("id"), _written("title")],
            "not": {
                "anyOf": [
                    _written("description", "description_file"),
                    {
                        "allOf": [_written("organization")],
                        "required": ["personal"],
                        "properties": {"personal": {"const": True}},
                    },
                ]
            },
        }
    )

    key: Name | None = _field(
        "Key",
        "What identifies the dataset from run to run, unique in the manifest; otherwise its id, "
        "or the slug of its title.",
        "velos",
    )
    id: Name | None = _field(
        "Id", "The id of a dataset that is on the portal already.", "5d13a8b6634f41070a43dff3"
    )
    title: Title | None = _field("Title", "350 characters at most.", "Comptages vélo")
    resources: Annotated[list[ResourceForm], ListOf] | None = _field(
        "Resources", "Its files and links, in the order wanted on the portal."
    )


class HeaderForm(_Form):
    """What a manifest says of itself and of all its datasets."""

    schema_: Text | None = _field(
        "JSON Schema", "For editors; bulkpub pays it no heed.", alias="$schema"
    )
    version: Version | None = _field("Version", "The version of this form: 1.", 1)
    portal: Name | None = _field(
        "Portal", "www, demo, sandbox, or the address of a portal.", "demo"
    )
    organization: Name | None = _field(
        "Organization", "Id or slug of the organization of every dataset.", "ville-exemple"
    )
    defaults: DefaultsForm | None = _field(
        "Defaults",
        "What every dataset has unless it says otherwise.",
        {"license": "fr-lo", "tags": ["mobilite"]},
    )


class DocumentForm(HeaderForm):
    """A manifest: the datasets that should be on a portal, with their files."""

    datasets: Annotated[list[DatasetForm], ListOf, Field(min_length=1)] = Field(
        title="Datasets",
        description="The datasets, one or more.",
        examples=[[{"title": "Comptages", "description": "…", "resources": [{"path": "a.csv"}]}]],
    )
