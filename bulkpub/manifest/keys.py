"""The keys of a manifest: the fields of `core.fields`, and what else one may say.

Forms are made once for each kind of portal, from its `Rules`. They check one level at a time (a
dataset without its resources, then each resource), so that one mistake hides no other. Labels,
descriptions and examples are what editors and the reference page show.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from bulkpub.core import fields
from bulkpub.core.fields import Column, FieldType
from bulkpub.core.model import (
    Access,
    ContentSchema,
    Json,
    NamedZone,
    Spatial,
    State,
    TemporalCoverage,
)
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.core.schemes import SCHEMES
from bulkpub.data import access_words, contact_roles
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.language import say
from bulkpub.manifest import values
from bulkpub.manifest.extras import RESERVED
from bulkpub.manifest.form import Form, Key, Read, form_of
from bulkpub.manifest.link_values import Bucket, LinkChecksum, LinkSize
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.values import (
    FileAddress,
    FileName,
    Flag,
    LinkAddress,
    Name,
    Text,
    WebAddress,
    WebAddressOrNone,
    list_of,
    mapping_or,
)

__all__ = [
    "DATASET",
    "DESTINATION",
    "FOREIGN",
    "OF_FILES",
    "OF_LINKS",
    "RESOURCE",
    "VARIABLES",
    "WAYS",
    "Forms",
    "described",
    "forms",
    "json_schema",
    "metadata_of",
]

WAYS = ("path", "glob", "url", "link", "host")
"""The keys that say what a resource is made of; `host` does when it is true."""

OF_LINKS = ("of", "size", "checksum", "upload_to")
"""The keys of what a link says of the file behind it."""
OF_FILES = ("optional", "remove", "as", "append")
"""The keys of files here."""
FOREIGN = {
    "path": ("exclude", "max_size", "expect", "format", "mime", *OF_LINKS),
    "glob": ("max_size", "expect", "format", "mime", *OF_LINKS),
    "url": ("exclude", *OF_FILES, "format", "mime", *OF_LINKS),
    "link": ("exclude", *OF_FILES, "guard", "check", "max_size", "expect"),
    "host": ("exclude", *OF_FILES, "max_size", "expect", "format", "mime", *OF_LINKS),
    "id": ("exclude", *OF_FILES, "guard", "check", "max_size", "expect", *OF_LINKS),
}
"""The keys for which a resource given in that way has no use; `id` stands for it alone."""

_WORDS = list_of(Name)


def _schemes() -> str:
    plain = [name for name, scheme in SCHEMES.items() if not scheme.is_archive]
    archives = [f"{name}://file::address" for name in SCHEMES if name not in plain]
    return f"{', '.join(plain)}, or {' or '.join(archives)} for a file in an archive"


# --- mappings within a dataset or a resource ------------------------------------------------

# fmt: off
# A table reads best when a row is a few lines.
_PERIOD = form_of(
    "TemporalForm", "", "The period the data covers, both days included.",
    [
        Key("start", values.FirstDay, "Start",
            "First day covered; a month or a year means its first day.", ("2024-01-01", 2024)),
        Key("end", values.LastDay, "End",
            "Last day covered; a month or a year means its last day. Without it the period is "
            "open.", ("2024-12",)),
    ],
)
_ZONE = form_of(
    "ZoneForm", "", "A zone by its name.",
    [
        Key("name", Name, "Name", "Its name, with its accents.", ("Paris",)),
        Key("level", Name, "Level", "Its level, where several have the name.", ("fr:commune",)),
    ],
)
_AREA = form_of(
    "SpatialForm", "", "The area the data covers.",
    [
        Key("zones", list_of(mapping_or(_ZONE.shape, Name)), "Zones",
            "Ids of the portal's zones, or their names.",
            (["fr:region:11", {"name": "Paris", "level": "fr:commune"}],), below=_ZONE),
        Key("geometry", FileName, "Geometry",
            "A file of GeoJSON with the shape of the area, in place of zones.", ("zone.geojson",)),
        Key("granularity", Name, "Granularity", "The grain of the data, one of the portal's.",
            ("fr:commune",)),
    ],
)
_SCHEMA = form_of(
    "SchemaForm", "", "The schema the content follows.",
    [
        Key("name", Name, "Name", "Its name in the portal's register.",
            ("etalab/schema-irve-statique",)),
        Key("version", Name, "Version", "Its version, with a name only.", ("2.3.1",)),
        Key("url", WebAddress, "Address", "Where it is, when it has no name."),
    ],
)
_AUDIENCES = form_of(
    "AudiencesForm", "", "What is answered to whom who asks for access.",
    [
        Key(role, values.condition(), role.replace("_", " ").capitalize(),
            "`yes`, `no` or `under_condition`.", ("under_condition",))
        for role in access_words().roles
    ],
)
_ACCESS = form_of(
    "AccessForm", "", "Who may get at the data, and why not everybody.",
    [
        Key("type", values.choice(access_words().types), "Type",
            "`open`, `open_with_account` or `restricted`.", ("restricted",)),
        Key("audiences", _AUDIENCES.shape, "Audiences", "What is answered to whom who asks.",
            ({"private": "no"},), below=_AUDIENCES),
        Key("category", values.choice(access_words().reasons, may_be_empty=True), "Category",
            "Why access is limited, in a word of the INSPIRE directive.",
            ("confidentiality_of_personal_data",)),
        Key("reason", Text, "Reason", "Why access is limited."),
        Key("request_url", WebAddressOrNone, "Address for requests", "Where to ask for access.",
            ("https://example.org/demande",)),
    ],
)
_GUARD = form_of(
    "GuardForm",
    "",
    "Which files are not to be published, as something must have gone wrong with them.",
    [
        Key("empty", values.EmptyWord, "Empty files", "refuse (the default) or allow.",
            ("allow",)),
        Key("shrink", values.Share, "Shrinking",
            "The share by which a file may at most be smaller than what is published.",
            ("50%", 0.5)),
        Key("html", values.HtmlWord, "Pages in place of data",
            "A page of HTML whose name says that it is something else: refuse, warn (the "
            "default) or allow.", ("refuse",)),
    ],
)
_GUARD_COLUMNS = (Column("guard_empty", "empty"), Column("guard_shrink", "shrink", is_number=True),
                  Column("guard_html", "html"))


_CONTACT = form_of(
    "ContactForm", "", "Somebody to write to about a dataset.",
    [
        Key("name", values.contact_name(), "Name", "Who it is.", ("Service SIG",)),
        Key("email", values.Mail, "E-mail", "An address for mail.", ("sig@ville-exemple.fr",)),
        Key("form", WebAddress, "Form", "The address of a form.",
            ("https://ville-exemple.fr/contact",)),
        Key("role", values.choice(contact_roles()), "Role", "`contact` (the default), or another.",
            ("publisher",)),
    ],
)
_OF_AN_ORGANIZATION = form_of(
    "OrganizationForm", "", "What is said of an organization.",
    [
        Key("key_env", values.KeyVariable, "Variable of the key",
            "The variable that holds the API key for the organization's datasets.",
            ("BULKPUB_API_KEY_VILLE",)),
    ],
)
_ORGANIZATIONS = Key(
    "organizations",
    dict[Name, _OF_AN_ORGANIZATION.shape],  # type: ignore[name-defined]
    "Organizations",
    "Organizations, by id or slug, that have [keys of their own](#keys).",
    ({"ville-exemple": {"key_env": "BULKPUB_API_KEY_VILLE"}},),
    below=_OF_AN_ORGANIZATION,
)
DESTINATION: tuple[Key, ...] = (
    Key("portal", Name, "Portal", "The name of a portal, or the address of one.", ("demo",)),
    Key("name", Name, "Name",
        "What it is called in this manifest, on the command line and in the report; without one, "
        "as `portal` has it.", ("recette",)),
    Key("organization", Name, "Organization",
        "Id or slug of the organization of every dataset there.", ("ville-exemple",)),
    Key("key_env", values.KeyVariable, "Variable of the key",
        "[The variable](#keys) that holds the API key for it.", ("BULKPUB_API_KEY_DEMO",)),
    _ORGANIZATIONS,
)
"""The keys of a destination."""
_DESTINATION = form_of(
    "DestinationForm", "a destination", "A portal to which all the datasets go.", DESTINATION,
    schema={"required": ["portal"]},
)


# --- the keys, in the order of the reference ------------------------------------------------

VARIABLES: tuple[Key, ...] = (
    Key("vars", values.Variables, "Variables",
        "[Variables](#variables): names, and texts or numbers that stand for `{name}`.",
        ({"siret": "89764547841001"},), inherited=True),
    Key("vars_file", FileName, "File of variables",
        "A JSON file (UTF-8) with more of them, as an export writes it; relative to the manifest. "
        "`vars` comes before it.", ("stats.json",), inherited=True),
    Key("timezone", Name, "Time zone", "Where it is `today`; UTC without one.", ("Europe/Paris",),
        inherited=True),
)
"""Keys of datasets that can also stand at the top."""

DATASET: tuple[fields.Field | Key, ...] = (
    Key("key", Name, "Key",
        "Identifies the dataset from run to run; unique in the manifest. Without it: the id, or "
        "the slug of the title; then a new title means a new dataset, so give one.", ("velos",),
        columns=(Column("dataset"),)),
    Key("id", values.for_each_destination(), "Id",
        "The id of a dataset that is on the portal already; its slug and the address of its page "
        "do as well, but they can change, and cost a request a run. With several "
        "[destinations](#destinations), one for each: `{demo: …, www: …}`.",
        ("5d13a8b6634f41070a43dff3",), columns=(Column("dataset_id"),)),
    *fields.DATASET.values(),
    Key("description_file", FileName, "Description file",
        "A UTF-8 file with the description, in place of `description`; relative to the manifest.",
        inherited=True, columns=(Column("description_file", is_path=True),)),
    Key("release_tag", Name, "Tag of the release",
        "Where datasets are [releases](../how-to/releases.md): the tag of this one, with `{key}`, "
        "`{today}` and other [variables](#variables); `{key}` without it.",
        ("{key}-{today}",), inherited=True, columns=(Column("release_tag"),)),
    Key("organization", values.for_each_destination(), "Organization",
        "Id or slug; before that at the top. With several [destinations](#destinations), one for "
        "each.",
        ("ville-exemple", "534fff81a3a7292c64a77e5c"), inherited=True,
        columns=(Column("organization"),)),
    Key("personal", Flag, "Personal", "`true`: in the account of the API key, in no organization.",
        inherited=True, columns=(Column("personal", is_flag=True),)),
    Key("community", Flag, "Community",
        "`true`, with the `id` of somebody else's dataset: the files and links are "
        "[put beside it](#community-resources), as the organization's own.",
        (True,), columns=(Column("community", is_flag=True),)),
    Key("state", values.StateWord, "State",
        "What [becomes of it as a whole](#state): `present`, `draft` (private), `archived`, or "
        "`absent`: it is deleted, with all its files. Unlike silence, the first three restore one "
        "that was deleted.", ("present",), columns=(Column("state"),)),
    Key("publish", values.PublishWord, "Publish",
        "`when-complete`: a new dataset stays [private until all its files are in](#state), and "
        "becomes public then, in one request. `at-once` (default): with its first file.",
        (values.WHEN_COMPLETE,), inherited=True, columns=(Column("publish"),)),
    *VARIABLES,
    Key("contacts", list_of(_CONTACT.shape), "Contacts",
        "[Contact points](#contacts) by `name` and `email` or `form`, made where the owner has "
        "none that says the same; in place of `contact_points`.",
        ([{"name": "Service SIG", "email": "sig@ville-exemple.fr"}],), inherited=True,
        below=_CONTACT),
    Key("guard", _GUARD.shape, "Guard",
        "Which of its files [not to publish](#guard): those that shrank too much, pages in place "
        "of data.",
        ({"shrink": "50%", "html": "refuse"},), inherited=True, below=_GUARD),
    Key("check", values.Checks, "Check",
        "What its files [must be](#check), or they are not published.", ("not-empty",),
        inherited=True),
    Key("prune", values.PruneWord, "Prune",
        "Which resources to [delete](../how-to/prune.md) when the manifest no longer names them: "
        "`none` (default), `ours` (what bulkpub published) or `all`.", ("none",), inherited=True,
        columns=(Column("prune"),)),
)
"""The keys of a dataset, but for `resources`."""

RESOURCE: tuple[fields.Field | Key, ...] = (
    Key("path", FileName, "File", "A file, relative to the manifest's folder.", ("data/2024.csv",),
        columns=(Column("path", is_path=True),)),
    Key("glob", FileName, "Files",
        "[Every file that matches](#globs) (`*`, `?` or `[abc]` in a name, `**` for any "
        "folders), in natural order; each becomes a resource.", ("data/archives/*.csv",)),
    Key("exclude", list_of(FileName), "Except",
        "For a glob: patterns of files to leave out; one without a slash goes for the name alone.",
        (["data/archives/draft-*.csv", "*.tmp.csv"],)),
    Key("url", FileAddress, "Address of a file",
        "[An address](#addresses) from which a file is fetched, to be hosted on the portal: "
        f"{_schemes()}.",
        ("https://data.example.org/stations.csv",), columns=(Column("url"),)),
    Key("max_size", values.Size, "Largest size",
        "For a `url`: a larger file is refused. Bytes, or a word: `500 MB`, `2 GiB` (1 MB is "
        "1,000,000 bytes, 1 MiB and 1 M are 1,048,576).", ("500 MB", "2 GiB", 1000000),
        columns=(Column("max_size", is_number=True),)),
    Key("expect", values.ExpectWord, "Expected",
        "For a `url`: `html`, when a page is what you want. Otherwise a page of HTML in place of "
        "a file is refused.", columns=(Column("expect"),)),
    Key("link", LinkAddress, "Link",
        "A web address that is only listed on the portal, never copied.",
        ("https://api.example.org/v1",), columns=(Column("link"),)),
    Key("of", FileName, "File behind a link",
        "For a [link](#links): a file here, of which it tells size and checksum (SHA-256).",
        ("data/stock.zip",), columns=(Column("of", is_path=True),)),
    Key("size", LinkSize, "Size behind a link",
        "For a link without `of`: the size of the file there. Bytes, or a word as for `max_size`.",
        (123456, "1.5 GB"), columns=(Column("size", is_number=True),)),
    Key("checksum", LinkChecksum, "Checksum behind a link",
        "For a link without `of`: the checksum of the file there, `sha256:` and its hex digits; "
        "or `sha1:`, `sha2:`, `md5:`, `crc:`. `null` takes away the one that the portal has.",
        ("md5:d41d8cd98f00b204e9800998ecf8427e",), columns=(Column("checksum"),)),
    Key("upload_to", Bucket, "Upload to",
        "For a link with `of`: the folder of a bucket where [the file is put](#links) before the "
        "portal is told.", ("s3://bucket/folder",), columns=(Column("upload_to"),)),
    Key("host", Flag, "Host",
        "`true`, with an `id` or a `key`: a resource on the portal that points elsewhere. Its "
        "file is fetched from there and hosted in place: id and permalink stay.",
        columns=(Column("host", is_flag=True),)),
    Key("optional", Flag, "Optional",
        "`true`: the file may be missing, or the glob match nothing. Not for what is elsewhere.",
        columns=(Column("optional", is_flag=True),)),
    Key("as", Name, "Sent as",
        "The [name under which](#names) the file is sent: a [template](#templates), with "
        "`{today:%Y-%m-%d}`, `{seq:02}` and variables besides.",
        ("DECP-{siret}-{today:%Y-%m-%d}-{seq:02}{suffix}",), filled=True,
        columns=(Column("as"),)),
    Key("append", Flag, "Append",
        "`true`, with `as`: each new content is [a new resource](#names), under the next number "
        "of the day.", columns=(Column("append", is_flag=True),)),
    Key("remove", values.RemoveWord, "Remove",
        "`verified`: the file is [removed here](#remove) once the portal is known to have it. A "
        "glob may then match nothing.", ("verified",), columns=(Column("remove"),)),
    Key("guard", _GUARD.shape, "Guard",
        "When [not to publish](#guard) the file; merged with the dataset's, key by key.",
        ({"shrink": "50%", "html": "refuse"},), columns=_GUARD_COLUMNS, below=_GUARD),
    Key("check", values.Checks, "Check",
        "What the file [must be](#check), in place of what the dataset says.",
        ("csv", ["not-empty", "json"]), columns=(Column("check", is_list=True),)),
    Key("key", Name, "Key",
        "Identifies it from run to run; unique in the dataset. Without it: the file's path as "
        "seen from the manifest, or the address (without its [secrets](#addresses)), or the id. "
        "For files and a `url` a [template](#templates).", ("archive-{stem}",),
        columns=(Column("resource_key"),)),
    Key("id", values.for_each_destination(), "Id",
        "The id, or the permalink, of a resource that is on the portal already. With several "
        "[destinations](#destinations), one for each.",
        columns=(Column("resource_id"),)),
    *fields.RESOURCE.values(),
)
"""The keys of an entry of `resources:`."""
# fmt: on


# --- what a field holds ---------------------------------------------------------------------


def _key(row: fields.Field | Key, rules: Rules) -> Key:
    if isinstance(row, Key):
        return row
    holds, below = _holds(row, rules)
    return Key(
        row.name,
        holds,
        row.label,
        described(row, rules),
        row.examples,
        row.inherited,
        row.columns,
        below,
        filled=row.filled,
    )


def _holds(field: fields.Field, rules: Rules) -> tuple[Any, Form | None]:
    match field.type:
        case FieldType.NAME | FieldType.TEXT:
            if words := field.words(rules):
                is_frequency = field.vocabulary is Vocabulary.FREQUENCIES
                return values.choice(words, known_frequency if is_frequency else None), None
            may_be_empty = field.type is FieldType.TEXT
            return values.limited(field.longest(rules), may_be_empty=may_be_empty), None
        case FieldType.TAGS:
            tags = list_of(values.tag(rules))
            changes = form_of(
                "TagsForm",
                "",
                "Changes to the tags that the dataset has.",
                [
                    Key("add", tags, "Add", "Those it is to have besides.", (["culture"],)),
                    Key("remove", tags, "Remove", "Those it is not to have.", (["test"],)),
                ],
            )
            return mapping_or(changes.shape, tags), changes
        case FieldType.EXTRAS:
            names = {"allOf": [{"pattern": f"^(?!{RESERVED})"}, {"pattern": rules.extra_pattern}]}
            schema = WithJsonSchema({"type": "object", "propertyNames": names})
            # Others check them, because their faults have places of their own.
            return Annotated[Any, PlainValidator(lambda value: value), schema], None
        case _:
            return _WHATEVER_THE_RULES[field.type]


def _access_in_one_word(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


def _schema_in_one_word(value: object) -> object:
    if isinstance(value, Number):
        value = value.text
    if not isinstance(value, str):
        return value
    return {"url" if value.strip().lower().startswith("http") else "name": value}


_WHATEVER_THE_RULES: Mapping[FieldType, tuple[Any, Form | None]] = {
    FieldType.FLAG: (Flag, None),
    FieldType.WORDS: (_WORDS, None),
    FieldType.DAY: (values.Day, None),
    FieldType.PERIOD: (_PERIOD.shape, _PERIOD),
    FieldType.AREA: (_AREA.shape, _AREA),
    FieldType.ACCESS: (
        Annotated[
            _ACCESS.shape,
            BeforeValidator(_access_in_one_word, json_schema_input_type=_ACCESS.shape | str),
        ],
        _ACCESS,
    ),
    FieldType.SCHEMA: (
        Annotated[
            _SCHEMA.shape,
            BeforeValidator(_schema_in_one_word, json_schema_input_type=_SCHEMA.shape | str),
        ],
        _SCHEMA,
    ),
}


def described(row: fields.Field | Key, rules: Rules) -> str:
    """What a key means and, where it is a field, what portals of this kind demand of it."""
    if isinstance(row, Key):
        return row.about
    limits, said = rules.limits, [row.about]
    if (limit := row.longest(rules)) is not None:
        said.append(f"At most {limit:,} characters.")
    if 0 < len(words := row.words(rules)) <= _FEW:
        said.append(f"One of {', '.join(f'`{word}`' for word in words)}.")
    if row.type is FieldType.TAGS and limits.longest_tag is not None:
        said.append(f"Each has {limits.shortest_tag} to {limits.longest_tag} characters.")
    if row.type is FieldType.TAGS and (kept := rules.tag(_TAG)) != _TAG:
        said.append(f"The portal keeps `{_TAG}` as `{kept}`.")
    return " ".join(said)


_FEW = 10
"""Of a longer vocabulary, not every word is named."""
_TAG = "Qualité de l'air"


def metadata_of(rows: Mapping[str, fields.Field], read: Read, written: Iterable[str]) -> Read:
    """What the form `read` for the fields in `rows`, as the metadata have it.

    `written` are the keys that are there at all, with `null` or without.
    """
    said = {
        name: value if rows[name].type in _AS_READ else _value(rows[name], value)
        for name, value in read.items()
        if name in rows and value is not None
    }
    for name in _NULL_EMPTIES.intersection(written):
        if name in rows and rows[name].null_empties:
            said.setdefault(name, "")
    return said


_NULL_EMPTIES = frozenset(
    row.name for row in (*fields.DATASET.values(), *fields.RESOURCE.values()) if row.null_empties
)
_AS_READ = frozenset({FieldType.TEXT, FieldType.NAME, FieldType.FLAG, FieldType.EXTRAS})
"""The types of which the metadata have what the form reads."""


def _value(field: fields.Field, said: Any) -> Any:  # noqa: ANN401, PLR0911 # any field's; one for each form
    match field.type:
        case FieldType.TAGS:
            return None if isinstance(said, dict) else tuple(dict.fromkeys(said))
        case FieldType.WORDS:
            return tuple(said)
        case FieldType.PERIOD:
            start = said.get("start")
            return TemporalCoverage(start, said.get("end")) if start else None
        case FieldType.AREA:
            return _area(said)
        case FieldType.ACCESS:
            return _access(said)
        case FieldType.SCHEMA:
            return ContentSchema(said.get("name"), said.get("version"), said.get("url"))
        case _:
            return said


def _area(said: Read) -> Spatial:
    zones = said.get("zones")
    named = tuple(
        NamedZone(each.get("name") or "", each.get("level"))
        for each in zones or ()
        if isinstance(each, dict)
    )
    ids = None if zones is None else tuple(each for each in zones if isinstance(each, str))
    return Spatial(ids, said.get("granularity"), shape=said.get("shape"), named=named)


def _access(said: Read) -> Access:
    """Null empties what it is written at, as an empty text does."""
    audiences = said.get("audiences")
    if audiences is not None:
        audiences = tuple(sorted((role, word) for role, word in audiences.items() if word))
    emptied = {
        name: said[name] or "" for name in ("category", "reason", "request_url") if name in said
    }
    return Access(said.get("type"), audiences, **emptied)


# --- the forms ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """The forms for portals of one kind; `document` is all of a manifest, `header` its top."""

    document: Form
    header: Form
    defaults: Form
    dataset: Form
    resource: Form


@cache
def forms(rules: Rules) -> Forms:
    """The forms for portals with these rules."""
    resource = form_of(
        "ResourceForm",
        "a resource",
        "A file, files, an address to fetch or to list, or what is on the portal already.\n\n"
        "Exactly one of path, glob, url, link and `host: true`; or an id, and none of them.",
        [_key(row, rules) for row in RESOURCE],
        schema={
            "oneOf": [_one_way(way) for way in (*WAYS, "id")],
            "if": _given("host"),
            "then": {"anyOf": [_written("id"), _written("key")]},
        },
    )
    keys = [_key(row, rules) for row in DATASET]
    inherited = [key for key in keys if key.inherited]
    own = [key for key in keys if not key.inherited]
    own.append(
        Key(
            "resources",
            list_of(resource.shape),
            "Resources",
            "Its files and links, in the order wanted on the portal.",
            below=resource,
        )
    )
    defaults = form_of(
        "DefaultsForm",
        "the defaults",
        "What every dataset has unless it says otherwise. Mappings are merged, lists replaced.",
        inherited,
        elsewhere={
            key.name: f"'{key.name}' cannot be a default: every dataset has its own" for key in own
        },
    )
    dataset = form_of(
        "DatasetForm",
        "a dataset",
        "One dataset. Without an id it needs a title, a description, and an owner; one that is to "
        "be absent only its key and owner.\n\n"
        "Description and owner (an organization, or `personal: true`) may be defaults.",
        [*inherited, *own],
        schema=_ONE_DATASET,
    )
    top = _top(defaults)
    names = {key.name for key in top}
    header = form_of(
        "HeaderForm",
        "a manifest",
        "What a manifest says of itself and of all its datasets.",
        top,
        elsewhere=_NEVER
        | {"datasets": "'datasets' has no place here: in this spelling every line is a dataset"}
        | {
            key.name: f"'{key.name}' belongs in a dataset, one of those in 'datasets'"
            + (", or in 'defaults'" if key.inherited else "")
            for key in (*inherited, *own)
            if key.name not in names
        },
        also=("datasets",),
    )
    document = form_of(
        "DocumentForm",
        "a manifest",
        "A manifest: the datasets that should be on a portal, with their files.",
        [*top, _datasets(dataset)],
    )
    return Forms(document, header, defaults, dataset, resource)


_NEVER = {
    name: say(
        "'{name}' has no place in a manifest: whoever runs it says where the work is done, with "
        "`{name}` or {variable}",
        name=name,
        variable=f"BULKPUB_{name.upper()}",
    )
    for name in ("engine", "workers")
}
"""What only whoever runs a manifest may say: the key for the portal goes where the work is done."""


def _top(defaults: Form) -> list[Key]:
    return [
        Key("$schema", Text, "JSON Schema", "For editors; bulkpub pays it no heed."),
        Key("version", values.Version, "Version", "The version of this form: 1.", (1,)),
        Key("portal", Name, "Portal", "The name of a portal, or the address of one.", ("demo",)),
        Key(
            "organization",
            Name,
            "Organization",
            "Id or slug of the organization of every dataset.",
            ("ville-exemple",),
        ),
        Key(
            "key_env",
            values.KeyVariable,
            "Variable of the key",
            "[The variable](#keys) that holds the API key, in place of `BULKPUB_API_KEY`.",
            ("BULKPUB_API_KEY_METROPOLE",),
        ),
        _ORGANIZATIONS,
        Key(
            "destinations",
            list_of(_DESTINATION.shape, Field(min_length=1)),
            "Destinations",
            "[Several portals](#destinations) to each of which all the datasets go; in place of "
            "`portal`, `key_env` and `organizations`.",
            ([{"portal": "demo"}, {"portal": "www", "key_env": "BULKPUB_API_KEY_WWW"}],),
            below=_DESTINATION,
        ),
        Key(
            "defaults",
            defaults.shape,
            "Defaults",
            "What every dataset has unless it says otherwise.",
            ({"license": "fr-lo", "tags": ["mobilite"]},),
            below=defaults,
        ),
        *VARIABLES,
    ]


def _datasets(dataset: Form) -> Key:
    example = {"title": "Comptages", "description": "…", "resources": [{"path": "a.csv"}]}
    return Key(
        "datasets",
        list_of(dataset.shape, Field(min_length=1)),
        "Datasets",
        "The datasets, one or more.",
        ([example],),
        below=dataset,
        needed=True,
    )


# --- JSON Schema ----------------------------------------------------------------------------


def json_schema(rules: Rules) -> dict[str, Json]:
    """The JSON Schema (draft 2020-12) of a manifest as one document, YAML or JSON.

    What only bulkpub can check (files, templates, tags as the portal keeps them) is not in it.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **forms(rules).document.adapter.json_schema(),
        "title": "bulkpub manifest",
    }


def _written(*keys: str) -> dict[str, Json]:
    """The JSON Schema of mappings that say all of `keys`; `null` says nothing."""
    return {"required": list(keys), "properties": {key: {"not": {"const": None}} for key in keys}}


def _given(way: str) -> dict[str, Json]:
    if way != "host":
        return _written(way)
    return {"required": ["host"], "properties": {"host": {"const": True}}}


def _one_way(way: str) -> dict[str, Json]:
    """The JSON Schema of the resources that are given by `way` and by nothing else."""
    others = [_given(other) for other in WAYS if other != way]
    return {**_given(way), "not": {"anyOf": [*others, *map(_written, FOREIGN[way])]}}


_ABSENT: Mapping[str, Json] = {
    "required": ["state"],
    "properties": {"state": {"const": State.ABSENT.value}},
}
_ONE_DATASET: Mapping[str, Json] = {
    "anyOf": [_written("id"), _written("title"), {"allOf": [_ABSENT, _written("key")]}],
    "not": {
        "anyOf": [
            {"allOf": [_ABSENT, _written("resources")]},
            _written("description", "description_file"),
            {
                "allOf": [_written("organization")],
                "required": ["personal"],
                "properties": {"personal": {"const": True}},
            },
        ]
    },
}
