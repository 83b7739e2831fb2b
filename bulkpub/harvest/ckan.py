"""`bulkpub harvest ckan URL`: a CKAN catalogue → datasets, by its `package_search`, page by page.

What is asked for may be the portal itself, one of its organizations, groups or datasets (as the
browser shows them), or a whole `package_search` address, whose filters are kept; or a file in which
somebody saved packages: an answer of the API, a list, or one a line as `ckanapi dump` writes them.

Fields are looked for among a package's own (ckanext-scheming, ckanext-dcat) and among its extras,
since portals put the same ones into either place: `data/ckan_fields.toml` has their names. Extras
that mean nothing to us are kept as extras of ours.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from bulkpub.core.addresses import joined, redacted
from bulkpub.core.model import Json
from bulkpub.data import ckan_fields
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, Reader
from bulkpub.harvest.entries import Entry, listed
from bulkpub.harvest.identity import Catalogue, catalogue_at
from bulkpub.harvest.offers import Offer
from bulkpub.harvest.paging import Trail, address_parts
from bulkpub.harvest.reading.access import statements_of
from bulkpub.harvest.reading.local import is_file
from bulkpub.harvest.reading.loose import (
    in_language,
    items,
    keywords_of,
    mapping,
    parse_json,
    parse_json_lines,
    text,
    texts,
)
from bulkpub.harvest.reading.shapes import shape_note
from bulkpub.harvest.words.access import Said
from bulkpub.harvest.words.periods import period
from bulkpub.language import say

__all__ = ["harvest"]

ROWS = 100
"""Datasets a page; CKAN gives 1000 at most, some portals fewer than they are asked for."""
_ACTION = "/api/3/action/package_search"
_FACETS = {"organization": "organization", "group": "groups", "dataset": "name"}
_NO_DATASETS = frozenset({"harvest", "showcase"})
"""Types of packages that are no datasets: CKAN keeps its own harvest sources among them."""
_LONGEST_EXTRA = 2000
_EXTRA_NAME = re.compile(r"[.$\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class _Search:
    """Where to search: the portal's address, and the parameters that every page has."""

    base: str
    query: Mapping[str, str]

    def page(self, start: int) -> str:
        query = {**self.query, "rows": str(ROWS), "start": str(start)}
        return f"{self.base}{_ACTION}?{urlencode(query, quote_via=quote)}"


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> AsyncIterator[Found]:
    """The datasets of the CKAN catalogue at `source`; SourceFailed when it is none."""
    trail = Trail(reader, options)
    if is_file(source):
        saved = await trail.read(source, "application/json", _saved)
        catalogue = catalogue_at(source, base=options.base)
        for found in _found(saved or [], catalogue, "", trail, options):
            yield found
        return
    search = _search(source, options)
    catalogue = catalogue_at(source, root=search.base)
    start = 0
    while not trail.enough:
        answer = await trail.read(search.page(start), "application/json", _result)
        if answer is None:
            return
        packages, before = [mapping(each) for each in answer["results"]], trail.known
        for found in _found(packages, catalogue, redacted(search.base), trail, options):
            yield found
        start += len(packages)
        new = trail.known - before
        if trail.ends(redacted(source), start, answer.get("count"), len(packages), new):
            return


def _found(
    packages: Iterable[Mapping[str, Any]],
    catalogue: Catalogue,
    base: str,
    trail: Trail,
    options: HarvestOptions,
) -> Iterable[Found]:
    """The datasets among the packages; `base` is the portal's address, if it is known."""
    new = trail.new((in_language(each, options.preferred_language) for each in packages), _id)
    others = [each for each in new if text(each.get("type")) in _NO_DATASETS]
    for each in others:
        options.note(
            say(
                "'{title}' is a {type}: left out",
                title=text(each.get("title")),
                type=text(each.get("type")),
            )
        )
    return trail.wanted(_entry(each, catalogue, base) for each in new if each not in others)


def _saved(page: Page) -> list[Mapping[str, Any]]:
    """The packages in a file, whatever wrote them there."""
    documents = parse_json_lines(page)
    several = documents[0] if len(documents) == 1 else documents
    result = mapping(several).get("result", several)
    listed_there = mapping(result).get("results", result)
    packages = [
        mapping(each)
        for each in (listed_there if isinstance(listed_there, list) else [listed_there])
    ]
    if not any(_id(each) for each in packages):
        raise SourceFailed(say("{url} holds no packages of CKAN", url=redacted(page.url)))
    return packages


def _id(package: Mapping[str, Any]) -> str:
    """Its id; some that speak CKAN's language have none."""
    names = (package.get("id"), package.get("name"), package.get("title"))
    return next((" ".join(own.split()) for each in names if (own := text(each))), "")


def _result(page: Page) -> Mapping[str, Any]:
    answer = mapping(parse_json(page))
    where = redacted(page.url)
    if answer.get("success") is False:
        error = mapping(answer.get("error"))
        why = text(error.get("message")) or text(error.get("__type")) or say("it does not say why")
        raise SourceFailed(f"{where} refuses: {why}")
    result = answer.get("result")
    if not isinstance(result, dict) or not isinstance(result.get("results"), list):
        raise SourceFailed(
            say("{where} does not answer as CKAN does: it has no list of results", where=where)
        )
    return result


def _search(source: str, options: HarvestOptions) -> _Search:
    parts = address_parts(source)
    path, query = parts.path.rstrip("/"), {}
    if path.endswith("/package_search"):
        query = {
            name: value
            for name, value in parse_qsl(parts.query)
            if name not in {"rows", "start", "facet", "sort"}
        }
    filters = [query["fq"]] if "fq" in query else []
    before, _, last = path.rpartition("/")
    shelf = before.rpartition("/")[2]
    if "/api/" in f"{path}/":
        path = f"{path}/".partition("/api/")[0]
    elif shelf in _FACETS:
        filters.append(f'{_FACETS[shelf]}:"{last}"')
        path = before.rpartition("/")[0]
    elif last in _FACETS:
        path = before
    if options.since is not None:
        filters.append(f"metadata_modified:[{options.since.isoformat()}T00:00:00Z TO *]")
    if filters:
        query["fq"] = " ".join(filters)
    # A fixed order: without one, a dataset can move from page to page while they are read.
    query["sort"] = "id asc"
    return _Search(urlunsplit((parts.scheme, parts.netloc, path, "", "")), query)


# --- one dataset ---------------------------------------------------------------------------


def _entry(package: Mapping[str, Any], catalogue: Catalogue, base: str) -> Entry:
    """The entry for a package; `base` is the portal's address without a slash at its end.

    It is empty where nobody knows it, as with what was saved in a file.
    """
    own_id = _id(package)
    fields = ckan_fields().by_meaning
    said = {**_extras(package), **{name: value for name, value in package.items() if value}}
    name = text(package.get("name")) or own_id
    page = f"{base}/dataset/{quote(name)}" if base else ""
    kept, notes = _kept(said)
    start, end = _period(said)
    notes += _area_notes(said)
    return Entry(
        id=own_id,
        catalogue=catalogue,
        title=text(said.get("title_translated")) or text(said.get("title")) or name,
        description=_description(said),
        acronym=_first(said, fields["acronym"]),
        licenses=tuple(each for field in fields["license"] for each in texts(said.get(field))),
        frequencies=tuple(each for field in fields["frequency"] for each in texts(said.get(field))),
        tags=tuple(dict.fromkeys(_tags(said))),
        start=start,
        end=end,
        places=tuple(_places(said)),
        granularity=_first(said, fields["granularity"]),
        page=page,
        modified=text(said.get("metadata_modified")) or text(said.get("modified")),
        publisher=_publisher(said),
        contact=_contact(said),
        extras=kept,
        offers=tuple(_offers(package, own_id, base)),
        access=_access(package, said),
        notes=tuple(notes),
    )


def _access(package: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[Said, ...]:
    """What is said of access; a draft, or what was taken out, is open to nobody."""
    state = text(package.get("state")).lower()
    is_active = state in ("", "active")
    own = () if is_active else (("private", (say("its state is '{state}'", state=state),)),)
    return (*own, *statements_of(said))


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
            yield from (word for keywords in texts(written) for word in keywords_of(keywords))


def _period(said: Mapping[str, Any]) -> tuple[str, str]:
    fields = ckan_fields().by_meaning
    start, end = _first(said, fields["start"]), _first(said, fields["end"])
    for field in fields["whole"]:
        if start or end:
            break
        written = said.get(field)
        pairs = [*items(written), mapping(written)]
        start, end = text(pairs[0].get("start")), text(pairs[0].get("end"))
        if not (start or end) and text(written):
            start, end = period(text(written))
    return start, end


def _places(said: Mapping[str, Any]) -> Iterator[str]:
    for field in ckan_fields().by_meaning["places"]:
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
    known = ckan_fields()
    kept: dict[str, Json] = {}
    left: list[str] = []
    for name, value in said.items():
        if name in known.read or name in known.internal or name.startswith("harvest_"):
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
    return kept, [say("not carried over: {left}", left=listed(left))] if left else []


# --- resources ----------------------------------------------------------------------------


def _offers(package: Mapping[str, Any], own_id: str, base: str) -> Iterator[Offer]:
    for resource in items(package.get("resources")):
        if text(resource.get("state")) == "deleted":
            continue
        kind = text(resource.get("resource_type")).lower()
        is_upload = text(resource.get("url_type")) == "upload"
        yield Offer(
            id=text(resource.get("id")),
            url=_address(resource, own_id, base),
            title=_first(resource, ("name_translated", "title_translated", "name", "title")),
            description=_first(resource, ("description_translated", "description")),
            format=text(resource.get("format")),
            mime=text(resource.get("mimetype")) or text(resource.get("mimetype_inner")),
            declared="file" if is_upload else "",
            type=ckan_fields().resource_types.get(kind, ""),
            protocols=tuple(texts(resource.get("protocol")) + texts(resource.get("service_type"))),
            conforms_to=tuple(texts(resource.get("conforms_to")) + texts(resource.get("schema"))),
            size=_size(resource.get("size")),
            modified=_first(resource, ("last_modified", "metadata_modified", "modified")),
            access=statements_of(resource),
        )


def _address(resource: Mapping[str, Any], own_id: str, base: str) -> str:
    """The whole address; of an upload some portals give the file's name only."""
    for field in ("url", "download_url", "access_url"):
        url = text(resource.get(field))
        if not url:
            continue
        if _has_scheme(url) or url.startswith("//"):
            return joined(f"{base}/", url)
        if text(resource.get("url_type")) == "upload" and "/" not in url:
            resource_id = quote(text(resource.get("id")))
            return f"{base}/dataset/{quote(own_id)}/resource/{resource_id}/download/{quote(url)}"
        if url.startswith("/"):
            return joined(f"{base}/", url)
        return url
    return ""


def _has_scheme(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return True  # broken, and a note says so


def _size(value: object) -> int | None:
    """Bytes; `42 octets` and the like are no number of them."""
    written = text(value)
    return int(written) if re.fullmatch(r"[0-9]{1,15}", written) else None
