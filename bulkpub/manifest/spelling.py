"""`DatasetSpec` → the mapping a manifest has for it: the loader's inverse, without any text.

Keys come in the order of the documentation. What the loader would put in by itself is left out:
what the header and the defaults give, and a resource's key where its source gives it.
"""

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from posixpath import isabs, normpath
from typing import Any, assert_never

from bulkpub.core import fields, units
from bulkpub.core.addresses import has_pattern, redacted
from bulkpub.core.fields import FieldType
from bulkpub.core.model import (
    Access,
    Contact,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Guard,
    Html,
    Json,
    LinkSource,
    Prune,
    ResourceMetadata,
    ResourceSpec,
    Source,
    UrlSource,
)
from bulkpub.core.sources import NO_CHECKSUM, Checksum
from bulkpub.manifest.values import WHEN_COMPLETE

__all__ = [
    "Spelled",
    "braced",
    "default_key",
    "is_template",
    "spell_dataset",
    "spell_resource",
    "unbraced",
]

Spelled = dict[str, Any]
"""A mapping as a manifest has it: JSON, but for days, which are dates."""


def default_key(source: Source, resource_id: str | None) -> str | None:
    """The key of a resource that is given none; None when only the manifest's folder tells."""
    match source:
        case FileSource():
            return None if isabs(source.shown) else normpath(source.shown)
        case LinkSource():
            return source.url
        case UrlSource():
            return redacted(source.url)
        case ExistingSource():
            return resource_id
        case _:
            assert_never(source)


def spell_dataset(
    spec: DatasetSpec,
    organization: str | None,
    defaults: Mapping[str, Json],
    *,
    inheriting: bool = False,
) -> Spelled:
    """What a manifest with this `organization` and these `defaults` says of the dataset.

    Its resources are not among it: see `spell_resource`. Where the dataset is silent, it says
    `null` to the default; `inheriting`, it takes the default instead.

    `defaults` hold no mappings: merged into what a dataset says, they could not be undone.
    """
    said = _fields(spec.metadata, fields.DATASET)
    spelled: Spelled = {"key": None if spec.key == spec.id else spec.key, "id": spec.id}
    spelled |= {name: said[name] for name in said if not fields.DATASET[name].inherited}
    inheritable = {name: said[name] for name in said if fields.DATASET[name].inherited}
    if (tags := spec.tag_changes) is not None:
        both = {"add": list(tags.add), "remove": list(tags.remove)}
        inheritable["tags"] = {name: words for name, words in both.items() if words}
    inheritable["contacts"] = [_contact(each) for each in spec.contacts] or None
    inheritable["prune"] = None if spec.prune is Prune.NONE else str(spec.prune)
    inheritable["publish"] = WHEN_COMPLETE if spec.when_complete else None
    spelled["community"] = spec.community or None
    spelled["state"] = None if spec.state is None else str(spec.state)
    return (
        _without_nothing(spelled)
        | _owner(spec, organization, defaults, inheriting=inheriting)
        | _without_defaults(inheritable, defaults, inheriting=inheriting)
    )


def _owner(
    spec: DatasetSpec,
    organization: str | None,
    defaults: Mapping[str, Json],
    *,
    inheriting: bool,
) -> Spelled:
    """Who publishes the dataset, where the header and the defaults do not say so already.

    Of one with an id that is not said; then what would be inherited is taken away.
    """
    inherited = defaults.get("organization") or (None if defaults.get("personal") else organization)
    own = (spec.organization or "").strip() or None
    if own is not None:
        return {} if own == inherited else {"organization": own}
    if inheriting and (inherited or spec.id or defaults.get("personal")):
        return {}
    if spec.id and not spec.personal:
        others = {"organization": inherited, "personal": defaults.get("personal")}
        return {key: None for key, value in others.items() if value}
    return {} if defaults.get("personal") and not inherited else {"personal": True}


def _without_nothing(values: Spelled) -> Spelled:
    return {key: value for key, value in values.items() if value is not None}


def _without_defaults(
    values: Spelled, defaults: Mapping[str, Json], *, inheriting: bool
) -> Spelled:
    kept: Spelled = {}
    for key, value in values.items():
        inherited = defaults.get(key)
        if value is not None and value != inherited:
            kept[key] = value
        elif value is None and inherited is not None and not inheriting:
            kept[key] = None
    return kept


# --- fields ---------------------------------------------------------------------------------


def _fields(
    metadata: DatasetMetadata | ResourceMetadata, rows: Mapping[str, fields.Field]
) -> Spelled:
    """How each field is written, None where nothing is said of it."""
    return {name: _written(field, getattr(metadata, name)) for name, field in rows.items()}


def _written(field: fields.Field, value: Any) -> Any:  # noqa: ANN401, PLR0911 # any field's; one for each form
    if value is None:
        return None
    match field.type:
        case FieldType.WORDS | FieldType.TAGS:
            return list(value)
        case FieldType.PERIOD:
            return _without_nothing({"start": value.start, "end": value.end})
        case FieldType.AREA:
            zones: list[Json] | None = None if value.zones is None else list(value.zones)
            if value.named:
                named = ({"name": each.name, "level": each.level} for each in value.named)
                zones = [*(zones or ()), *map(_without_nothing, named)]
            return _without_nothing({"zones": zones, "granularity": value.granularity})
        case FieldType.SCHEMA:
            return _schema(value)
        case FieldType.ACCESS:
            return _access(value)
        case FieldType.EXTRAS:
            return dict(value)
        case FieldType.TEXT | FieldType.NAME | FieldType.FLAG | FieldType.DAY:
            return value
        case _:
            assert_never(field.type)


# --- resources ----------------------------------------------------------------------------


def spell_resource(
    spec: ResourceSpec, defaults: Mapping[str, Json], *, inheriting: bool = False
) -> Spelled:
    """What a manifest with these `defaults` says of the resource; `inheriting` as above."""
    source, said = spec.source, _fields(spec.metadata, fields.RESOURCE)
    key = None if spec.key == default_key(source, spec.id) else spec.key
    spelled = {**_source(source), "key": key, "id": spec.id, **said, "guard": _guard(spec.guard)}
    spelled["remove"] = "verified" if spec.remove else None
    if is_template(source):
        spelled |= {name: braced(spelled[name]) for name in ("key", "title") if spelled[name]}
    said = _without_nothing(spelled)
    if isinstance(source, LinkSource) and source.checksum == NO_CHECKSUM:
        said["checksum"] = None
    return said | _checks(spec, _words(defaults.get("check")), inheriting=inheriting)


def _source(source: Source) -> Spelled:
    match source:
        case FileSource():
            return {"path": source.shown or source.path}
        case LinkSource():
            return {
                "link": source.url,
                "of": source.of.shown if source.of else None,
                "size": None if source.of else source.size,
                "checksum": None if source.of else _checksum(source.checksum),
                "upload_to": source.upload_to or None,
            }
        case UrlSource():
            return {
                "url": source.url,
                "max_size": None if source.max_size is None else _size(source.max_size),
                "expect": "html" if source.html else None,
            }
        case ExistingSource():
            return {"host": True} if source.host else {}
        case _:
            assert_never(source)


def _checksum(checksum: Checksum | None) -> str | None:
    return None if checksum in {None, NO_CHECKSUM} else str(checksum)


def _size(size: int) -> str | int:
    spelled = units.spell_size(size)
    return size if spelled.isdecimal() else spelled


def unbraced(text: str) -> str:
    """What the template `braced(text)` gives."""
    return text.replace("{{", "{").replace("}}", "}")


def is_template(source: Source) -> bool:
    """Whether title and key of a resource made of `source` were rendered from templates.

    Those of an address with a wildcard are templates still.
    """
    if isinstance(source, UrlSource):
        return not has_pattern(source.url)
    return isinstance(source, FileSource)


def braced(text: str) -> str:
    """`text` as a template that gives `text`."""
    return text.replace("{", "{{").replace("}", "}}")


def _schema(schema: ContentSchema) -> Spelled | str:
    name, url = schema.name, schema.url
    if name and not (schema.version or url or name.lower().startswith("http")):
        return name
    if url and not name:
        return url
    return _without_nothing({"name": name, "version": schema.version, "url": url})


def _access(access: Access) -> Spelled | str:
    if access.type and access == Access(access.type):
        return access.type
    said = {field.name: getattr(access, field.name) for field in dataclass_fields(access)}
    if access.audiences is not None:
        said["audiences"] = dict(access.audiences)
    return _without_nothing(said)


def _contact(contact: Contact) -> Spelled:
    role = None if contact.role == "contact" else contact.role
    return _without_nothing(
        {"name": contact.name, "email": contact.email, "form": contact.form, "role": role}
    )


def _guard(guard: Guard) -> Spelled | None:
    said: Spelled = {} if guard.refuse_empty else {"empty": "allow"}
    if guard.max_shrink is not None:
        said["shrink"] = units.spell_share(guard.max_shrink)
    if guard.html is not Html.WARN:
        said["html"] = guard.html.value
    return said or None


def _checks(spec: ResourceSpec, inherited: list[str], *, inheriting: bool) -> Spelled:
    checks = [str(check) for check in spec.checks]
    sendable = isinstance(spec.source, FileSource | UrlSource) or spec.source == ExistingSource(
        host=True
    )
    if not sendable or checks == inherited or (inheriting and not checks):
        return {}
    return {"check": (checks[0] if len(checks) == 1 else checks) if checks else None}


def _words(check: Json) -> list[str]:
    if check is None:
        return []
    return [check] if isinstance(check, str) else list(check)
