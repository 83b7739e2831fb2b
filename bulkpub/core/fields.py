"""The fields of a dataset and of a resource: one row each, of which all that handles them is made.

A row is named like the attribute of `DatasetMetadata` or `ResourceMetadata`, and like the key of
a manifest. From it follow the manifest's form, its JSON Schema, how it is written, its CSV
columns and its reference page; what portals are asked, told and read for; and what a harvest of
a portal takes over. A new field is an attribute there and a row here. What a portal calls
otherwise, or keeps in another form, is said in its own codec.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bulkpub.core.rules import Rules, Vocabulary

__all__ = ["DATASET", "RESOURCE", "Column", "Field", "FieldType"]


class FieldType(StrEnum):
    """What a field holds; beside it, what its attribute is."""

    TEXT = "text"
    """`str`; an empty one empties the field on the portal."""
    NAME = "name"
    """`str`, never empty."""
    FLAG = "flag"
    """`bool`."""
    WORDS = "words"
    """`tuple[str, ...]`."""
    TAGS = "tags"
    """The same, in the form in which the portal keeps them."""
    DAY = "day"
    """`date`; "" empties the field on the portal."""
    PERIOD = "period"
    """`TemporalCoverage`."""
    AREA = "area"
    """`Spatial`."""
    ACCESS = "access"
    """`Access`."""
    SCHEMA = "schema"
    """`ContentSchema`."""
    EXTRAS = "extras"
    """A mapping with the user's own names and values."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of files: its name, and the part of the value that it holds, if any.

    A cell of it is text, or else a list of words, yes or no, a day, a number or the way to a file,
    each as spreadsheets have it; or pairs: words, each with another behind a colon.
    """

    name: str
    part: str = ""
    is_list: bool = False
    is_flag: bool = False
    is_day: bool = False
    is_number: bool = False
    is_path: bool = False
    is_pairs: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `label`, `about` (Markdown, which may link to sections of the manifest's reference page) and
    `examples` are for people. `limit` names the one in `Rules.limits` for its characters,
    `vocabulary` the list its words are from. A dataset's field can be a default for all datasets
    if it is `inherited`. In a table of files it is in `columns`; without, tables cannot say it.

    Texts of a field that is `filled` may have variables in them.

    `null` in a dataset says nothing, or takes a default away; where `null_empties`, it empties
    the field on the portal, as an empty text does, and the portal is sent null for either.
    """

    name: str
    type: FieldType
    label: str
    about: str
    examples: tuple[object, ...] = ()
    limit: str | None = None
    vocabulary: Vocabulary | None = None
    inherited: bool = False
    null_empties: bool = False
    filled: bool = False
    columns: tuple[Column, ...] = ()

    def longest(self, rules: Rules) -> int | None:
        """The characters it may have at most, on portals with these rules; None: any number."""
        return getattr(rules.limits, self.limit) if self.limit else None

    def words(self, rules: Rules) -> tuple[str, ...]:
        """The words it may be, as far as they are known without asking; empty: any."""
        return rules.vocabularies.get(self.vocabulary, ()) if self.vocabulary else ()


# fmt: off
# A table reads best when a row is a few lines.
DATASET: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("title", FieldType.NAME, "Title", "What it is called.", ("Comptages vélo",),
              limit="title", filled=True, columns=(Column("dataset_title"),)),
        Field("description", FieldType.NAME, "Description", "What it is about, in Markdown.",
              limit="description", inherited=True, filled=True,
              columns=(Column("description"),)),
        Field("description_short", FieldType.TEXT, "Short description",
              "What it is about, in a sentence or two of plain text. An empty one, or `null` in "
              "the dataset itself, takes away the one that the portal has.",
              ("Passages de vélos, par heure et par compteur.",), limit="description_short",
              inherited=True, null_empties=True, filled=True,
              columns=(Column("description_short"),)),
        Field("acronym", FieldType.TEXT, "Acronym", "A short name.", ("IRVE",), inherited=True,
              filled=True, columns=(Column("acronym"),)),
        Field("license", FieldType.NAME, "License",
              "Id of one of the portal's licences: `lov2`, `fr-lo`, `odc-odbl`…; the address of "
              "its text or its usual name does as well.", ("fr-lo", "Licence Ouverte 2.0"),
              inherited=True, columns=(Column("license"),)),
        Field("frequency", FieldType.NAME, "Frequency",
              "How often it is updated: `daily`, `weekly`, `monthly`, `annual`, `punctual`, "
              "`irregular`, `unknown`… A wrong one is answered with the list.", ("daily",),
              vocabulary=Vocabulary.FREQUENCIES, inherited=True, columns=(Column("frequency"),)),
        Field("next_update", FieldType.DAY, "Next update",
              "The day on which the next update is due, `2027-01-31`; the portal reminds of it. "
              "An empty one, or `null` in the dataset itself, takes away the one that it has.",
              ("2027-01-31",), inherited=True, null_empties=True,
              columns=(Column("next_update", is_day=True),)),
        Field("tags", FieldType.TAGS, "Tags",
              "A list of words, in place of those that the dataset has; or what to `add` to them "
              "and to `remove` from them.",
              (["mobilite"], {"add": ["culture"], "remove": ["test"]}), inherited=True,
              columns=(Column("tags", is_list=True), Column("tags_add", "add", is_list=True),
                       Column("tags_remove", "remove", is_list=True))),
        Field("private", FieldType.FLAG, "Private", "`true`: a draft that only its owners see.",
              inherited=True, columns=(Column("private", is_flag=True),)),
        Field("archived", FieldType.FLAG, "Archived", "`true`: kept, but no longer maintained.",
              inherited=True, columns=(Column("archived", is_flag=True),)),
        Field("temporal_coverage", FieldType.PERIOD, "Temporal coverage",
              "The period the data covers: `start` and, unless it is open, `end`: a day, a month "
              "or a year (`2024-01-31`, `2024-01`, `2024`), or `today`. A month or a year means "
              "its first day at the start, its last day at the end.",
              ({"start": "2024-01", "end": "2024-06"},), inherited=True, filled=True,
              columns=(Column("temporal_start", "start", is_day=True),
                       Column("temporal_end", "end", is_day=True))),
        Field("spatial", FieldType.AREA, "Spatial coverage",
              "[The area the data covers](#areas): `zones` (`fr:region:11`, `country:fr`, or a "
              "name) or the `geometry` in a file, and `granularity` (`fr:commune`, `poi`…). One of "
              "them is enough.",
              ({"zones": ["fr:region:11"]},), inherited=True,
              columns=(Column("spatial_zones", "zones", is_list=True),
                       Column("spatial_geometry", "geometry", is_path=True),
                       Column("spatial_granularity", "granularity"))),
        Field("access", FieldType.ACCESS, "Access",
              "[Who may get at the data](#access): `open`, `open_with_account` or `restricted`; "
              "perhaps also for whom on which condition, why, and where to ask for it.",
              ("open", {"type": "restricted", "audiences": {"private": "no"}}), inherited=True,
              columns=(Column("access_type", "type"),
                       Column("access_audiences", "audiences", is_pairs=True),
                       Column("access_category", "category"),
                       Column("access_reason", "reason"),
                       Column("access_request_url", "request_url"))),
        Field("extras", FieldType.EXTRAS, "Extras", "[Names and values of your own](#extras).",
              ({"source": "capteurs"},), inherited=True, filled=True),
        Field("contact_points", FieldType.WORDS, "Contact points",
              "Ids of the portal's contact points.", inherited=True,
              columns=(Column("contact_points", is_list=True),)),
    )
}
"""The fields of `DatasetMetadata`, by name."""

RESOURCE: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("title", FieldType.NAME, "Title",
              "For files and a `url` a [template](#templates): `{name}`, `{stem}`, `{suffix}`, "
              "`{parent}`, `{index:03}`, `{mtime:%Y-%m}`. Without it: the file's name, unless "
              "somebody gave the resource a title on the portal, which then stays.",
              ("Archive {stem}",), limit="title", filled=True, columns=(Column("title"),)),
        Field("description", FieldType.TEXT, "Description", "Markdown.", limit="description",
              filled=True, columns=(Column("resource_description"),)),
        Field("type", FieldType.NAME, "Type", "What the resource is for.", ("main",),
              vocabulary=Vocabulary.RESOURCE_TYPES, columns=(Column("type"),)),
        Field("schema", FieldType.SCHEMA, "Schema",
              "The [schema](#schemas) the content follows: `name` and perhaps `version` in the "
              "portal's register, or `url`. One word is a name or an address.",
              ({"name": "etalab/schema-irve-statique", "version": "2.3.1"},
               "etalab/schema-irve-statique"),
              columns=(Column("schema"),)),
        Field("extras", FieldType.EXTRAS, "Extras", "As for datasets.", ({"source": "capteurs"},),
              filled=True),
        Field("format", FieldType.NAME, "Format",
              "For links, and for what is on the portal: of a file, the portal works it out from "
              "its name.", ("csv",), columns=(Column("format"),)),
        Field("mime", FieldType.NAME, "Media type", "As `format`.", ("text/csv",),
              columns=(Column("mime"),)),
    )
}
"""The fields of `ResourceMetadata`, by name."""
