"""`bulkpub harvest opendatasoft URL`: a portal → datasets, by its Explore API v2.1, page by page.

A dataset's records are offered as exports, its attachments and alternative exports as they are. A
file with what somebody saved of the catalogue (an answer of the API, or its export as JSON) serves
too, but does not say which portal it is of, and only the portal has the data.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlunsplit

from bulkpub.core.addresses import redacted
from bulkpub.core.model import Json
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
    text,
    texts,
    truth,
)
from bulkpub.harvest.words.access import Said
from bulkpub.harvest.words.periods import period
from bulkpub.language import say

__all__ = ["harvest"]

ROWS = 100
"""Datasets a page, the most the API gives."""
MOST = 10_000
"""Datasets that the API gives by pages at all."""
_API = "/api/explore/v2.1/catalog/datasets"
_EXPORTS = {"csv": "text/csv", "json": "application/json", "geojson": "application/geo+json"}
_READ = {
    "default": frozenset(
        """
    title description theme keyword license license_url modified publisher references
    territory geographic_reference update_frequency
    """.split()  # noqa: SIM905  # a list would be one word a line
    ),
    "dcat": frozenset(
        """
    accrualperiodicity spatial temporal temporal_coverage_start temporal_coverage_end
    temporal_coverage_start_date temporal_coverage_end_date granularity contact_name
    contact_email creator conforms_to
    """.split()  # noqa: SIM905  # a list would be one word a line
    ),
}
_OWN_BUSINESS = re.compile(
    r".*_id$|.*_ids$|metadata_.*|data_processed|data_visible|geographic_.*|timezone|records_count|"
    r"theme_.*|language|metadata_languages|oauth_scope|parent_domain|source_.*|federated|explore|"
    r"visualization|geographic_area_mode|modified_updates_on.*|shared_catalog|domain.*"
)
"""What the platform notes for itself."""


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> AsyncIterator[Found]:
    """The datasets of the Opendatasoft portal at `source`; SourceFailed when it is none."""
    trail, language = Trail(reader, options), options.preferred_language
    if is_file(source):
        catalogue = catalogue_at(source, base=options.base)
        saved = await trail.read(source, "application/json", _saved)
        new = trail.new((in_language(each, language) for each in saved or []), _id)
        if new:
            options.note(
                say(
                    "{name} does not say which portal it is of: exports and attachments, which "
                    "only that has, are left out",
                    name=Path(source).name,
                )
            )
        for found in trail.wanted(_entry(each, catalogue, "") for each in new):
            yield found
        return
    base, query = _portal(source)
    catalogue = catalogue_at(source, root=base)
    offset = 0
    while not trail.enough:
        rows = min(ROWS, MOST - offset)
        if rows <= 0:
            trail.lost(
                say(
                    "{base} gives no more than {most} datasets: the others are missing",
                    base=redacted(base),
                    most=MOST,
                )
            )
            return
        page = {**query, "order_by": "dataset_id", "limit": str(rows), "offset": str(offset)}
        url = f"{base}{_API}?{urlencode(page, quote_via=quote)}"
        answer = await trail.read(url, "application/json", _result)
        if answer is None:
            return
        datasets = [_dataset(each) for each in answer["results"]]
        new = trail.new((in_language(each, language) for each in datasets), _id)
        for found in trail.wanted(_entry(each, catalogue, redacted(base)) for each in new):
            yield found
        offset += len(datasets)
        if trail.ends(redacted(source), offset, answer.get("total_count"), len(datasets), len(new)):
            return


def _id(dataset: Mapping[str, Any]) -> str:
    return " ".join((text(dataset.get("dataset_id")) or text(dataset.get("dataset_uid"))).split())


def _dataset(listed_there: object) -> Mapping[str, Any]:
    """What is listed as a dataset; what is none says nothing."""
    outer = mapping(listed_there)
    return mapping(outer.get("dataset")) or outer


def _portal(source: str) -> tuple[str, dict[str, str]]:
    """The portal's address, and the filter for the one dataset whose page was given."""
    parts = address_parts(source)
    before, _, after = parts.path.partition("/explore")
    path = before.partition("/api")[0].rstrip("/")
    found = re.match(r"/(?:dataset|assets)/([^/]+)", after) or re.match(
        r".*/catalog/datasets/([^/]+)", parts.path
    )
    query = {"where": f'dataset_id="{found[1]}"'} if found else {}
    return urlunsplit((parts.scheme, parts.netloc, path, "", "")), query


def _result(page: Page) -> Mapping[str, Any]:
    answer = mapping(parse_json(page))
    results = answer.get("results", answer.get("datasets"))
    if not isinstance(results, list):
        why = text(answer.get("message")) or text(answer.get("error_code"))
        why = f": {why}" if why else ""
        raise SourceFailed(
            say("{url} does not answer as Opendatasoft does{why}", url=redacted(page.url), why=why)
        )
    return {**answer, "results": results}


def _saved(page: Page) -> list[Mapping[str, Any]]:
    """The datasets in a file: those of an answer, or a list."""
    document = parse_json(page)
    several = document if isinstance(document, list) else _result(page)["results"]
    datasets = [_unflattened(_dataset(each)) for each in several]
    if several and not any(map(_id, datasets)):
        raise SourceFailed(say("{url} holds no datasets of Opendatasoft", url=redacted(page.url)))
    return datasets


def _unflattened(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """The dataset as the API gives it; exports write `default.title` for a field of a template."""
    metas = {str(name): dict(mapping(said)) for name, said in mapping(dataset.get("metas")).items()}
    for name, value in dataset.items():
        template, dot, field = name.partition(".")
        if dot:
            metas.setdefault(template, {})[field] = value
    own_id = dataset.get("dataset_id") or dataset.get("datasetid")
    return {**dataset, "dataset_id": own_id, "metas": metas}


def _entry(dataset: Mapping[str, Any], catalogue: Catalogue, base: str) -> Entry:
    """The entry for a dataset; `base` is the portal's address, or empty."""
    own_id = _id(dataset)
    metas = mapping(dataset.get("metas"))
    default, dcat = mapping(metas.get("default")), mapping(metas.get("dcat"))
    page = f"{base}/explore/dataset/{quote(own_id)}/" if base else ""
    start, end = _period(dcat)
    kept, notes = _kept(metas)
    if text(default.get("references")):
        kept["ods:references"] = text(default.get("references"))
    if truth(default.get("federated")):
        notes.append(
            say("the portal shows it on behalf of another portal, which may be harvested too")
        )
    offers = tuple(_offers(dataset, base)) if base else ()
    return Entry(
        id=own_id,
        catalogue=catalogue,
        title=text(default.get("title")) or own_id,
        description=text(default.get("description")),
        licenses=(*texts(default.get("license_url")), *texts(default.get("license"))),
        frequencies=(
            *texts(dcat.get("accrualperiodicity")),
            *texts(default.get("update_frequency")),
        ),
        tags=tuple(
            dict.fromkeys((*keywords_of(default.get("keyword")), *texts(default.get("theme"))))
        ),
        start=start,
        end=end,
        places=tuple(_places(default, dcat)),
        granularity=text(dcat.get("granularity")),
        page=page,
        modified=text(default.get("modified")),
        publisher=text(default.get("publisher")) or text(dcat.get("creator")),
        contact=_contact(dcat),
        extras=kept,
        offers=offers,
        access=_access(dataset, metas),
        notes=tuple(notes),
    )


def _access(dataset: Mapping[str, Any], metas: Mapping[str, Any]) -> tuple[Said, ...]:
    """What is said of access: by the platform, and in any template."""
    several = (dataset, metas, *map(mapping, metas.values()))
    return tuple(said for fields in several for said in statements_of(fields))


def _period(dcat: Mapping[str, Any]) -> tuple[str, str]:
    start = text(dcat.get("temporal_coverage_start_date")) or text(
        dcat.get("temporal_coverage_start")
    )
    end = text(dcat.get("temporal_coverage_end_date")) or text(dcat.get("temporal_coverage_end"))
    return (start, end) if start or end else period(text(dcat.get("temporal")))


def _places(default: Mapping[str, Any], dcat: Mapping[str, Any]) -> list[str]:
    """Codes of areas, which are sure; the names beside them only where there is no code."""
    codes = texts(default.get("geographic_reference"))
    return codes or [*texts(default.get("territory")), *texts(dcat.get("spatial"))]


def _contact(dcat: Mapping[str, Any]) -> tuple[str, ...]:
    name, mail = text(dcat.get("contact_name")), text(dcat.get("contact_email"))
    return (" ".join(filter(None, (name, f"<{mail}>" if mail else ""))),)


def _kept(metas: Mapping[str, Any]) -> tuple[dict[str, Json], list[str]]:
    """What people wrote and a portal has no place for: their own templates and the standard's."""
    kept: dict[str, Json] = {}
    left: list[str] = []
    for template, fields in metas.items():
        for name, value in mapping(fields).items():
            if name in _READ.get(template, ()) or _OWN_BUSINESS.fullmatch(name):
                continue
            shown = ", ".join(texts(value))
            safe = re.sub(r"[.$\x00-\x1f]+", "-", f"{template}:{name}")
            if shown and len(shown) <= 2000:  # noqa: PLR2004 # what an extra is still read at
                kept[f"ods:{safe}"] = shown
            elif value not in (None, "", [], {}, False):
                left.append(f"{template}.{name}")
    return kept, [say("not carried over: {left}", left=listed(left))] if left else []


# --- what it offers -----------------------------------------------------------------------


def _offers(dataset: Mapping[str, Any], base: str) -> Iterator[Offer]:
    own_id = quote(_id(dataset))
    features = texts(dataset.get("features"))
    has_records = truth(dataset.get("has_records")) is not False
    if has_records and truth(dataset.get("data_visible")) is not False:
        for form, mime in _EXPORTS.items():
            if form != "geojson" or "geo" in features:
                yield Offer(
                    id=form,
                    url=f"{base}{_API}/{own_id}/exports/{form}",
                    title=f"Export {form.upper() if form != 'geojson' else 'GeoJSON'}",
                    format=form,
                    mime=mime,
                    declared="file",
                )
    for field in ("attachments", "alternative_exports"):
        for each in items(dataset.get(field)):
            # The first API still serves both; the later ones have no address for exports.
            file = quote(text(each.get("id")))
            yield Offer(
                id=f"{field}:{text(each.get('id'))}" if file else "",
                url=f"{base}/api/datasets/1.0/{own_id}/{field}/{file}/" if file else "",
                title=text(each.get("title")),
                description=text(each.get("description")),
                mime=text(each.get("mimetype")),
                declared="file",
                type="documentation" if field == "attachments" else "",
            )
