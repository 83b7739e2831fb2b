"""Addresses that stand for many files, as `s3://bucket/2024/*.csv`: one entry for each of them.

Only the server knows which there are, so that this is done when a run begins, and not when
the manifest is read. Files come in natural order; no match is a problem of the manifest.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from bulkpub.core.addresses import has_pattern, named, redacted
from bulkpub.core.model import DatasetSpec, ResourceSpec, UrlSource
from bulkpub.core.natural import naturally
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.errors import Problem, SourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.manifest.templates import FileFacts, Template, TemplateFault
from bulkpub.pipeline.index import Index
from bulkpub.sources.fetch import Fetcher

__all__ = ["expand"]


async def expand(index: Index, fetcher: Fetcher) -> list[Problem]:
    """Ask the servers which files the patterns in the addresses of `index` stand for, and put them.

    What is wrong with the patterns. The names of the files that they stand for are in memory until
    all servers have answered.
    """
    keys = [entry.key for entry in index.entries.values() if entry.has_patterns]
    found: dict[str, list[str] | str] = {
        entry.source.url: []
        for key in keys
        for entry in index.spec(key).resources
        if isinstance(entry.source, UrlSource) and has_pattern(entry.source.url)
    }

    async def ask(url: str) -> None:
        try:
            found[url] = naturally(await fetcher.expand(url))
        except SourceFailed as error:
            found[url] = str(error)

    await side_by_side([partial(ask, url) for url in found])
    problems: list[Problem] = []
    for key in keys:
        spec, entries = index.spec(key), list[ResourceSpec]()
        for entry in spec.resources:
            if isinstance(entry.source, UrlSource) and entry.source.url in found:
                entries += _entries(spec, entry, entry.source, found[entry.source.url], problems)
            else:
                entries.append(entry)
        problems += _same_keys(spec, entries)
        index.put(replace(spec, resources=tuple(entries)))
    return problems


def _entries(
    spec: DatasetSpec,
    entry: ResourceSpec,
    source: UrlSource,
    found: list[str] | str,
    problems: list[Problem],
) -> list[ResourceSpec]:
    if isinstance(found, str) or not found:
        why = found or say("no file matches {shown}", shown=source.shown)
        problems.append(_problem(spec, entry, str(why)))
        return []
    if entry.id is not None and len(found) > 1:
        why = say(
            "one 'id' cannot be that of the {count} files that match {shown}",
            count=len(found),
            shown=source.shown,
        )
        problems.append(_problem(spec, entry, why))
        return []
    try:
        return [_one(entry, source, url, index) for index, url in enumerate(found, 1)]
    except TemplateFault as error:
        problems.append(_problem(spec, entry, f"{error}: {source.shown}"))
        return []


def _one(entry: ResourceSpec, source: UrlSource, url: str, index: int) -> ResourceSpec:
    name, folder, host = named(url)
    facts = FileFacts(name, folder, index)
    title = entry.metadata.title
    of_its_own = entry.key == redacted(source.url)
    return replace(
        entry,
        key=redacted(url) if of_its_own else Template(entry.key).render(facts),
        source=replace(source, url=url),
        metadata=replace(entry.metadata, title=title and Template(title).render(facts)),
        default_title=name or host,
    )


def _same_keys(spec: DatasetSpec, entries: Iterable[ResourceSpec]) -> Iterable[Problem]:
    first: dict[str, ResourceSpec] = {}
    for entry in entries:
        other = first.setdefault(entry.key, entry)
        if other is not entry:
            yield _problem(
                spec,
                entry,
                say(
                    "'{key}' is the key of both {shown} and {other}: tell them apart by {{name}}, "
                    "{{stem}} or {{parent}}",
                    key=entry.key,
                    shown=other.source.shown,
                    other=entry.source.shown,
                ),
            )


def _problem(spec: DatasetSpec, entry: ResourceSpec, message: str) -> Problem:
    place = entry.place
    return Problem(
        place.file, place.line, place.column, bounded(message, LONGEST_SENTENCE), spec.key
    )
