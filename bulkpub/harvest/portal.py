"""`bulkpub harvest portal ORG|DATASET...`: what a portal has now → the same as a manifest.

The rule: running it unchanged changes nothing. Everything goes by its id; what a manifest
cannot say, or would say otherwise than the portal does, is left out with a note, and what a
manifest is silent about stays as it is.
"""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar
from urllib.parse import unquote

from bulkpub.core.addresses import is_whole, redacted
from bulkpub.core.model import (
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.errors import DatasetFailed, SourceFailed
from bulkpub.harvest.base import Found, Harvest, HarvestOptions
from bulkpub.harvest.paging import address_parts
from bulkpub.manifest.extras import extras_faults
from bulkpub.manifest.nodes import Unreadable, from_python
from bulkpub.portals import Portal

__all__ = ["harvest"]

_OURS = "bulkpub:"
"""What the names of our own extras begin with; a manifest does not say them."""


async def harvest(source: str, portal: Portal, options: HarvestOptions) -> Harvest:
    """The datasets of the organization `source` (id or slug), or the dataset of that id or slug.

    The address of either one's page serves too. Raises `SourceFailed` when the portal has
    neither; `PortalRefuses` and `PortalUnavailable` as the portal does.
    """
    kind, name = _named(source)
    async for remote in _datasets(kind, name, portal):
        if remote.deleted:
            options.note(f"{_called(remote)} is deleted on the portal, and left out")
            continue
        found = _found(remote, portal.rules)
        if options.wanted(found.dataset, remote.modified):
            yield found


def _named(source: str) -> tuple[str, str]:
    """What `source` speaks of (`organizations`, `datasets` or nothing), and its id or slug."""
    if "://" not in source:
        return "", source.strip()
    steps = [unquote(step) for step in address_parts(source).path.split("/") if step]
    for kind in ("organizations", "datasets"):
        if kind in steps[:-1]:
            return kind, steps[steps.index(kind) + 1]
    raise SourceFailed(f"{redacted(source)} is the address of no organization and no dataset")


async def _datasets(kind: str, name: str, portal: Portal) -> AsyncIterator[RemoteDataset]:
    try:
        organization = await portal.organization(name) if name and kind != "datasets" else None
        if organization is not None:
            async for page in portal.owned_by(organization=organization.id):
                for remote in page.datasets:
                    yield remote
            return
        dataset = await portal.dataset(name) if name and kind != "organizations" else None
    except DatasetFailed as error:
        raise SourceFailed(f"{name}: {error}") from error
    if dataset is None:
        what = {"organizations": "organization", "datasets": "dataset"}.get(kind)
        raise SourceFailed(
            f"the portal has no {what or 'organization and no dataset'} '{name}'; a private "
            "dataset is shown to the members of its organization only, by their API key"
        )
    yield dataset


def _called(remote: RemoteDataset) -> str:
    return f"the dataset '{remote.metadata.title}' ({remote.id})"


# --- one dataset --------------------------------------------------------------------------


def _found(remote: RemoteDataset, rules: Rules) -> Found:
    notes: list[str] = []
    said = remote.metadata
    keep = _Keeping(notes, "", rules)
    metadata = DatasetMetadata(
        title=keep.text("title", said.title, rules.limits.title),
        description=keep.text("description", said.description, rules.limits.description),
        acronym=keep.text("acronym", said.acronym),
        license=keep.text("license", said.license),
        frequency=keep.word("frequency", said.frequency, Vocabulary.FREQUENCIES),
        tags=keep.one("tags", said.tags or None, lambda tags: _tags_fault(tags, rules)),
        private=said.private or None,
        archived=said.archived or None,
        temporal_coverage=keep.one("temporal_coverage", said.temporal_coverage, _period_fault),
        spatial=_area(said.spatial),
        contact_points=said.contact_points or None,
        extras=keep.extras(said.extras),
    )
    resources = tuple(_resource(each, notes, rules) for each in remote.resources)
    spec = DatasetSpec(
        key=remote.slug or remote.id,
        metadata=metadata,
        resources=resources,
        organization=remote.organization,
        id=remote.id,
    )
    return Found(spec, tuple(notes))


def _resource(remote: RemoteResource, notes: list[str], rules: Rules) -> ResourceSpec:
    said = remote.metadata
    keep = _Keeping(notes, f" of the resource '{said.title}' ({remote.id})", rules)
    is_link = not remote.hosted and keep.one("address", remote.url, _link_fault) is not None
    metadata = ResourceMetadata(
        title=keep.text("title", said.title, rules.limits.title),
        description=keep.text("description", said.description, rules.limits.description),
        type=keep.word("type", said.type, Vocabulary.RESOURCE_TYPES),
        schema=keep.one("schema", said.schema, _schema_fault),
        format=keep.text("format", said.format) if is_link else None,
        mime=keep.text("mime", said.mime) if is_link else None,
        extras=keep.extras(said.extras),
    )
    source = LinkSource(remote.url) if is_link else ExistingSource()
    return ResourceSpec(key=remote.id, source=source, metadata=metadata, id=remote.id)


def _area(area: Spatial | None) -> Spatial | None:
    if area is None or not (area.zones or area.granularity):
        return None
    return Spatial(area.zones or None, area.granularity or None)


# --- what a manifest can say just as the portal does --------------------------------------


T = TypeVar("T")


class _Keeping:
    """Keeps the values that a manifest says as the portal has them; notes name the others."""

    def __init__(self, notes: list[str], whose: str, rules: Rules) -> None:
        self._notes = notes
        self._whose = whose
        self._rules = rules

    def one(self, name: str, value: T | None, fault_of: Callable[[T], str]) -> T | None:
        """The value, unless something is wrong with it; None for no value."""
        if value is None or not (fault := fault_of(value)):
            return value
        self._notes.append(
            f"the {name}{self._whose} is not in the manifest and stays as it is: {fault}"
        )
        return None

    def text(self, name: str, value: str | None, limit: int | None = None) -> str | None:
        """A text; an empty one is not worth a line."""

        def fault(text: str) -> str:
            if text != text.strip():
                return "it begins or ends with white space"
            return f"it has more than {limit} characters" if limit and len(text) > limit else ""

        return self.one(name, value or None, fault)

    def word(self, name: str, value: str | None, of: Vocabulary) -> str | None:
        """One of the words of a vocabulary, where the portal's kind has a list of them."""
        known = self._rules.vocabularies.get(of)

        def fault(word: str) -> str:
            return "" if known is None or word in known else f"'{word}' is unknown"

        return self.one(name, value or None, fault)

    def extras(self, extras: Json) -> dict[str, Json] | None:
        """The extras without our own."""
        kept = {
            name: value
            for name, value in (extras or {}).items()
            if not name.startswith(_OURS)
            and self.one(f"extra '{name}'", {name: value}, _extra_fault) is not None
        }
        return kept or None


def _tags_fault(tags: tuple[str, ...], rules: Rules) -> str:
    low, high = rules.limits.shortest_tag, rules.limits.longest_tag
    odd = [
        tag
        for tag in tags
        if rules.tag(tag) != tag or len(tag) < low or (high is not None and len(tag) > high)
    ]
    return f"a portal would not take {', '.join(odd)} today" if odd else ""


def _period_fault(period: TemporalCoverage) -> str:
    if period.end is None or period.start <= period.end:
        return ""
    return f"it ends on {period.end}, before it starts on {period.start}"


def _schema_fault(schema: ContentSchema) -> str:
    if schema.version and not schema.name:
        return "it has a version without a name"
    return _link_fault(schema.url) if schema.url else ""


def _link_fault(url: str) -> str:
    if not (url.lower().startswith(("http://", "https://")) and is_whole(url)):
        return f"{redacted(url)!r} is no whole web address"
    return "it holds a secret" if redacted(url) != url else ""


def _extra_fault(extra: dict[str, Json]) -> str:
    try:
        return next((fault.sentence for fault in extras_faults(from_python(extra, "extras"))), "")
    except Unreadable as error:
        return str(error)
