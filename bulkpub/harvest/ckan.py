"""A CKAN catalogue → datasets, by `package_search` of its action API, page by page.

What is asked for may be the portal itself, one of its organizations, groups or datasets (as the
browser shows them), or a whole `package_search` address, whose filters are kept.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlunsplit

from bulkpub.errors import SourceFailed
from bulkpub.harvest.entries.ckan_entries import ckan_entry
from bulkpub.harvest.found import Found, Page, Reader
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.reading.loose import items, mapping, parse_json, text
from bulkpub.harvest.reading.paging import Trail, address_parts
from bulkpub.manifest.addresses import public

__all__ = ["harvest"]

ROWS = 100
"""Datasets a page; CKAN gives 1000 at most, some portals fewer than they are asked for."""
_ACTION = "/api/3/action/package_search"
_FACETS = {"organization": "organization", "group": "groups", "dataset": "name"}
_NO_DATASETS = frozenset({"harvest", "showcase"})
"""Types of packages that are no datasets: CKAN keeps its own harvest sources among them."""


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
    search, trail = _search(source, options), Trail(reader, options)
    start = 0
    while not trail.enough:
        answer = await trail.read(search.page(start), "application/json", _result)
        if answer is None:
            return
        packages = list(items(answer.get("results")))
        new = trail.new(packages, _key)
        others = [each for each in new if text(each.get("type")) in _NO_DATASETS]
        for each in others:
            options.note(f"'{text(each.get('title'))}' is a {text(each.get('type'))}: left out")
        for found in trail.wanted(
            ckan_entry(each, _key(each), public(search.base)) for each in new if each not in others
        ):
            yield found
        start += len(packages)
        if trail.ends(public(source), start, answer.get("count"), len(packages), len(new)):
            return


def _key(package: Mapping[str, Any]) -> str:
    """Its id; some that speak CKAN's language have none."""
    told = (package.get("id"), package.get("name"), package.get("title"))
    return next((" ".join(key.split()) for each in told if (key := text(each))), "")


def _result(page: Page) -> Mapping[str, Any]:
    answer = mapping(parse_json(page))
    where = public(page.url)
    if answer.get("success") is False:
        error = mapping(answer.get("error"))
        why = text(error.get("message")) or text(error.get("__type")) or "it does not say why"
        raise SourceFailed(f"{where} refuses: {why}")
    result = answer.get("result")
    if not isinstance(result, dict) or not isinstance(result.get("results"), list):
        raise SourceFailed(f"{where} does not answer as CKAN does: it has no list of results")
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
