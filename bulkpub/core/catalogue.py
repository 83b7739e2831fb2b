"""The catalogue of schemas that a portal checks files' schemas against: pure.

The rule: an address that the catalogue has is a name and a version, whoever wrote it. An address
that it does not have may be anything, and is nobody's to judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from bulkpub.core.model import ContentSchema
from bulkpub.language import say

__all__ = ["KnownSchema", "KnownZone", "catalogued", "schema_fault"]

LATEST = "latest"
"""The version that every schema has."""
MOST_SHOWN = 10
"""Names or versions in one sentence at most."""


@dataclass(frozen=True, slots=True)
class KnownSchema:
    """One schema of a catalogue: its name and versions.

    `addresses` says of which version each is the schema itself; None: of none in particular.
    """

    name: str
    versions: tuple[str, ...] = ()
    addresses: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownZone:
    """A zone that a portal knows, its name and its level (`fr:commune`)."""

    id: str
    name: str
    level: str


def catalogued(schema: ContentSchema, catalogue: Sequence[KnownSchema]) -> ContentSchema:
    """`schema` as the portal keeps it: an address of the catalogue becomes name and version."""
    found = next((known for known in catalogue if schema.url in known.addresses), None)
    if schema.url is None or found is None:
        return schema
    return ContentSchema(found.name, found.addresses[schema.url])


def schema_fault(schema: ContentSchema, catalogue: Sequence[KnownSchema]) -> str:
    """Why no file can follow this schema, as a sentence; empty when it can, or nobody knows.

    `schema` is as `catalogued` gives it. An empty catalogue knows nothing.
    """
    if not catalogue or schema.url is not None:
        return ""
    names = {known.name: known for known in catalogue}
    if (known := names.get(schema.name or "")) is None:
        hint = _meant(schema.name or "", sorted(names), "names")
        return say(
            "the portal's catalogue has no schema '{name}'{hint}", name=schema.name, hint=hint
        )
    versions = [*known.versions, LATEST]
    if schema.version is None or schema.version in versions:
        return ""
    hint = _meant(schema.version, versions, "versions")
    return say(
        "the schema '{name}' has no version '{version}'{hint}",
        name=schema.name,
        version=schema.version,
        hint=hint,
    )


def _meant(said: str, known: Sequence[str], what: str) -> str:
    near = get_close_matches(said, known, n=1, cutoff=0.6)
    by_end = [each for each in known if said and each.endswith(f"/{said}")]
    if near or by_end:
        return say("; did you mean '{meant}'?", meant=(by_end or near)[0])
    shown = known[-MOST_SHOWN:]
    more = (
        say("{others} other {what} and ", others=len(known) - len(shown), what=what)
        if len(known) > len(shown)
        else ""
    )
    return say("; it has: {more}{shown}", more=more, shown=", ".join(shown))
