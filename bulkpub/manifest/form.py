"""The form of a manifest: which keys there are, what each holds, what each means.

The models check one level at a time (a dataset without its resources, then each resource),
so that one mistake hides no other. Titles, descriptions and examples are what editors show:
`json_schema()` is made of these classes.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from bulkpub.manifest.days import FirstDay, LastDay
from bulkpub.manifest.fields import (
    Description,
    Extras,
    FileName,
    Flag,
    Frequency,
    ListOf,
    Name,
    PruneWord,
    Tag,
    Text,
    Title,
    Version,
)
from bulkpub.manifest.form_parts import (
    GUARD_EXAMPLE,
    Checks,
    Form,
    GuardForm,
    described,
    written,
)
from bulkpub.manifest.resource_form import ResourceForm

__all__ = ["DatasetForm", "DefaultsForm", "DocumentForm", "HeaderForm"]


class TemporalForm(Form):
    """The period the data covers, both days included."""

    start: FirstDay | None = described(
        "Start", "First day covered; a month or a year means its first day.", "2024-01-01", 2024
    )
    end: LastDay | None = described(
        "End",
        "Last day covered; a month or a year means its last day. Without it the period is open.",
        "2024-12",
    )


class SpatialForm(Form):
    """The area the data covers."""

    zones: Annotated[list[Name], ListOf] | None = described(
        "Zones", "Ids of the portal's zones.", ["fr:region:11"]
    )
    granularity: Name | None = described(
        "Granularity", "The grain of the data, one of the portal's.", "fr:commune"
    )


class DefaultsForm(Form):
    """What every dataset has unless it says otherwise. Mappings are merged, lists replaced."""

    description: Description | None = described("Description", "What it is about, in Markdown.")
    description_file: FileName | None = described(
        "Description file", "A UTF-8 file with the description, relative to the manifest."
    )
    acronym: Text | None = described("Acronym", "A short name.", "IRVE")
    license: Name | None = described("License", "Id of one of the portal's licences.", "fr-lo")
    frequency: Frequency | None = described("Frequency", "How often it is updated.", "daily")
    tags: Annotated[list[Tag], ListOf] | None = described(
        "Tags", "Words of 3 to 96 characters; the portal keeps them as slugs.", ["mobilite"]
    )
    organization: Name | None = described(
        "Organization", "Its id or slug.", "ville-exemple", "534fff81a3a7292c64a77e5c"
    )
    personal: Flag | None = described(
        "Personal", "True to publish in the key's own account, in no organization."
    )
    private: Flag | None = described("Private", "True for a draft only its owners see.")
    archived: Flag | None = described("Archived", "True when it is kept but no longer maintained.")
    temporal_coverage: TemporalForm | None = described(
        "Temporal coverage", "The period the data covers.", {"start": "2024-01", "end": "2024-06"}
    )
    spatial: SpatialForm | None = described(
        "Spatial coverage", "The area the data covers.", {"zones": ["fr:region:11"]}
    )
    extras: Extras | None = described(
        "Extras",
        "Anything else to keep with it, by name; no null, no name with a dot or a leading $.",
        {"source": "capteurs"},
    )
    contact_points: Annotated[list[Name], ListOf] | None = described(
        "Contact points", "Ids of the portal's contact points."
    )
    guard: GuardForm | None = described(
        "Guard",
        "Which of its files not to publish: empty ones, or those that shrank too much.",
        GUARD_EXAMPLE,
    )
    check: Checks | None = described(
        "Check",
        "What its files must be, or they are not published.",
        "not-empty",
    )
    prune: PruneWord | None = described(
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
            "anyOf": [written("id"), written("title")],
            "not": {
                "anyOf": [
                    written("description", "description_file"),
                    {
                        "allOf": [written("organization")],
                        "required": ["personal"],
                        "properties": {"personal": {"const": True}},
                    },
                ]
            },
        }
    )

    key: Name | None = described(
        "Key",
        "What identifies the dataset from run to run, unique in the manifest; otherwise its id, "
        "or the slug of its title.",
        "velos",
    )
    id: Name | None = described(
        "Id", "The id of a dataset that is on the portal already.", "5d13a8b6634f41070a43dff3"
    )
    title: Title | None = described("Title", "350 characters at most.", "Comptages vélo")
    resources: Annotated[list[ResourceForm], ListOf] | None = described(
        "Resources", "Its files and links, in the order wanted on the portal."
    )


class HeaderForm(Form):
    """What a manifest says of itself and of all its datasets."""

    schema_: Text | None = described(
        "JSON Schema", "For editors; bulkpub pays it no heed.", alias="$schema"
    )
    version: Version | None = described("Version", "The version of this form: 1.", 1)
    portal: Name | None = described(
        "Portal", "www, demo, sandbox, or the address of a portal.", "demo"
    )
    organization: Name | None = described(
        "Organization", "Id or slug of the organization of every dataset.", "ville-exemple"
    )
    defaults: DefaultsForm | None = described(
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
