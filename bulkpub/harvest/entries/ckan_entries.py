"""One package of CKAN, with the fields of the schemas in use, → an entry.

Pure. Fields are looked for among the package's own (ckanext-scheming, ckanext-dcat) and among
its extras, since portals put the same ones into either place; extras that mean nothing to us
are kept as extras of ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from bulkpub.core.addresses import joined
from bulkpub.core.model import Json
from bulkpub.harvest.entries.entry import Entry, Offer
from bulkpub.harvest.entries.mapping import listed
from bulkpub.harvest.reading.loose import items, mapping, text, texts, truth
from bulkpub.harvest.words.periods import period
from bulkpub.harvest.words.shapes import shape_note

__all__ = ["ckan_entry"]

_START = (
    "temporal_start",
    "temporal_coverage_from",
    "temporal_coverage-from",
    "temporal_coverage_start",
    "temporal-extent-begin",
)
_END = (
    "temporal_end",
    "temporal_coverage_to",
    "temporal_coverage-to",
    "temporal_coverage_end",
    "temporal-extent-end",
)
_WHOLE = ("temporal_coverage", "temporal", "period")
_FREQUENCY = (
    "frequency",
    "accrual_periodicity",
    "accrualPeriodicity",
    "update_frequency",
    "frequency-of-update",
    "frequence",
    "maintenance_frequency",
)
_PLACES = (
    "spatial_uri",
    "spatial_text",
    "spatial-text",
    "spatial_name",
    "territory",
    "territoire",
    "geographic_coverage",
    "spatial_coverage",
)
_GRAIN = ("granularity", "territorial_coverage_granularity", "spatial_granularity")
_LICENSE = ("license_url", "license_id", "license_title", "license", "licence")
_ACRONYM = ("acronym", "acronyme")
_SPATIAL = ("spatial",)
_READ = frozenset(
    (*_START, *_END, *_WHOLE, *_FREQUENCY, *_PLACES, *_GRAIN, *_LICENSE, *_ACRONYM, *_SPATIAL)
) | frozenset(
    """
    id name title title_translated notes notes_translated description tags keywords
    tags_translated keywords_translated groups organization extras resources url
    landing_page author author_email maintainer maintainer_email contact_name
    contact_email contact_points contact_point publisher publisher_name metadata_modified
    modified display_name
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_OWN_BUSINESS = frozenset(
    """
    state type private isopen num_tags num_resources owner_org creator_user_id revision_id
    revision_timestamp metadata_created relationships_as_object relationships_as_subject
    tracking_summary license_id_translated plugin_data harvest_object_id harvest_source_id
    harvest_source_title validity ratings_count ratings_average version_notes
    """.split()  # noqa: SIM905  # a list would be one word a line
)
"""What CKAN notes for itself: of no use elsewhere."""
_LONGEST_EXTRA = 2000
_EXTRA_NAME = re.compile(r"[.$\x00-\x1f]+")
_TYPES = {"documentation": "documentation", "metadata": "documentation", "code": "code"}
_TYPES |= {"api": "api", "example": "other", "visualization": "other", "image": "other"}


def ckan_entry(package: Mapping[str, Any], key: str, base: str) -> Entry:
    """The entry for a package; `base` is the portal's address without a slash at its end."""
    said = {**_extras(package), **{name: value for name, value in package.items() if value}}
    name = text(package.get("name")) or key
    page = f"{base}/dataset/{quote(name)}"
    kept, notes = _kept(said)
    start, end = _period(said)
    notes += _area_notes(said)
    if truth(package.get("private")):
        notes.append("it is private in the catalogue")
    return Entry(
        key=key,
        title=text(said.get("title_translated")) or text(said.get("title")) or name,
        description=_description(said),
        acronym=_first(said, _ACRONYM),
        licenses=tuple(each for field in _LICENSE for each in texts(said.get(field))),
        frequencies=tuple(each for field in _FREQUENCY for each in texts(said.get(field))),
        tags=tuple(dict.fromkeys(_tags(said))),
        start=start,
        end=end,
        places=tuple(_places(said)),
        granularity=_first(said, _GRAIN),
        page=page,
        modified=text(said.get("metadata_modified")) or text(said.get("modified")),
        publisher=_publisher(said),
        contact=_contact(said),
        extras=kept,
        offers=tuple(_offers(package, key, base)),
        notes=tuple(notes),
    )


def _extras(package: Mapping[str, Any]) -> dict[str, Any]:
    """The extras, which CKAN writes as a list of pairs and DKAN as a mapping."""
    written = package.get("extras")
    if isinstance(written, dict):
        return {str(name): value for name, value in written.items()}
    return {text(pair.get("key")): pair.get("value") for pair in items(written)}


def _first(said: Mapping[str, Any], fields: Iterable[str]) -> str:
    return next((found for field in fields if (found := text(said.get(field)))), "")


def _description(said: Mapping[str, Any]) -> str:
    return _first(said, ("notes_translated", "notes", "description"))


def _tags(said: Mapping[str, Any]) -> Iterator[str]:
    """Tags, which are names or mappings with one, and the titles of groups."""
    for field in ("tags", "groups"):
        for each in items(said.get(field)):
            if text(each.get("state")) != "deleted":
                yield _first(each, ("display_name", "title", "name"))
    for field in ("tags_translated", "keywords_translated", "keywords", "tags"):
        written = said.get(field)
        if not (isinstance(written, list) and any(isinstance(each, dict) for each in written)):
            yield from (part.strip() for each in texts(written) for part in each.split(","))


def _period(said: Mapping[str, Any]) -> tuple[str, str]:
    start, end = _first(said, _START), _first(said, _END)
    for field in _WHOLE:
        if start or end:
            break
        written = said.get(field)
        pairs = [*items(written), mapping(written)]
        start, end = text(pairs[0].get("start")), text(pairs[0].get("end"))
        if not (start or end) and text(written):
            start, end = period(text(written))
    return start, end


def _places(said: Mapping[str, Any]) -> Iterator[str]:
    for field in _PLACES:
        written = said.get(field)
        for each in items(written):
            yield _first(each, ("uri", "text", "name", "label"))
        yield from texts(written)
    spatial = text(said.get("spatial"))
    if spatial and not shape_note(said.get("spatial")):
        yield spatial


def _area_notes(said: Mapping[str, Any]) -> list[str]:
    note = shape_note(said.get("spatial"))
    return [note] if note else []


def _publisher(said: Mapping[str, Any]) -> str:
    organization = mapping(said.get("organization"))
    publisher = said.get("publisher")
    named = next(items(publisher), mapping(publisher))
    return (
        text(said.get("publisher_name"))
        or text(named.get("name"))
        or text(publisher)
        or text(organization.get("title"))
        or text(organization.get("name"))
    )


def _contact(said: Mapping[str, Any]) -> tuple[str, ...]:
    points = [*items(said.get("contact_points")), *items(said.get("contact_point"))]
    points.append(mapping(said.get("contact_point")))
    pairs = [(each.get("name"), each.get("email")) for each in points]
    pairs += [
        (said.get(who), said.get(mail))
        for who, mail in (
            ("contact_name", "contact_email"),
            ("maintainer", "maintainer_email"),
            ("author", "author_email"),
        )
    ]
    return tuple(" ".join(filter(None, (text(name), _mail(text(mail))))) for name, mail in pairs)


def _mail(address: str) -> str:
    return f"<{address.removeprefix('mailto:')}>" if address else ""


def _kept(said: Mapping[str, Any]) -> tuple[dict[str, Json], list[str]]:
    """What has no place of its own on a portal: as extras, or else as a note."""
    kept: dict[str, Json] = {}
    left: list[str] = []
    for name, value in said.items():
        if name in _READ or name in _OWN_BUSINESS or name.startswith("harvest_"):
            continue
        shown = ", ".join(texts(value))
        safe = _EXTRA_NAME.sub("-", name).strip("-")
        if safe and 0 < len(shown) <= _LONGEST_EXTRA:
            kept[f"ckan:{safe}"] = shown
        elif value not in (None, "", [], {}, False):
            left.append(name)
    for field in ("landing_page", "url"):
        if page := text(said.get(field)):
            kept[f"ckan:{field}"] = page
    return kept, [f"not carried over: {listed(left)}"] if left else []


# --- resources ----------------------------------------------------------------------------


def _offers(package: Mapping[str, Any], key: str, base: str) -> Iterator[Offer]:
    for resource in items(package.get("resources")):
        if text(resource.get("state")) == "deleted":
            continue
        kind = text(resource.get("resource_type")).lower()
        is_upload = text(resource.get("url_type")) == "upload"
        yield Offer(
            id=text(resource.get("id")),
            url=_address(resource, key, base),
            title=_first(resource, ("name_translated", "title_translated", "name", "title")),
            description=_first(resource, ("description_translated", "description")),
            format=text(resource.get("format")),
            mime=text(resource.get("mimetype")) or text(resource.get("mimetype_inner")),
            declared="file" if is_upload else "",
            type=_TYPES.get(kind, ""),
            protocols=tuple(texts(resource.get("protocol")) + texts(resource.get("service_type"))),
            conforms_to=tuple(texts(resource.get("conforms_to")) + texts(resource.get("schema"))),
            size=_size(resource.get("size")),
            modified=_first(resource, ("last_modified", "metadata_modified", "modified")),
        )


def _address(resource: Mapping[str, Any], key: str, base: str) -> str:
    """The whole address; of an upload some portals tell the file's name only."""
    for field in ("url", "download_url", "access_url"):
        url = text(resource.get(field))
        if not url:
            continue
        if _has_scheme(url) or url.startswith("//"):
            return joined(f"{base}/", url)
        if text(resource.get("url_type")) == "upload" and "/" not in url:
            resource_id = quote(text(resource.get("id")))
            return f"{base}/dataset/{quote(key)}/resource/{resource_id}/download/{quote(url)}"
        if url.startswith("/"):
            return joined(f"{base}/", url)
        return url
    return ""


def _has_scheme(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return True  # broken, and told as such


def _size(value: object) -> int | None:
    """Bytes; `42 octets` and the like are no number of them."""
    written = text(value)
    return int(written) if re.fullmatch(r"[0-9]{1,15}", written) else None
