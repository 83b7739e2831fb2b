"""What udata does by itself: the value that plans, manifests and the pipeline obey.

The facts behind each line are in `docs/reference/portal.md`.
"""

import re
from dataclasses import replace
from fnmatch import fnmatchcase

from bulkpub.core.rules import Limits, Rules, Vocabulary
from bulkpub.data import formats, not_files
from bulkpub.language import say
from bulkpub.portals.udata.address import shown_on_page
from bulkpub.portals.udata.codec import normalized
from bulkpub.portals.udata.names import file_slug, name_fault, tag_slug, upload_name
from bulkpub.portals.udata.vocabularies import (
    always_allowed,
    frequencies,
    listed_extensions,
    resource_types,
)

__all__ = ["RULES", "WITHOUT_ACCESS", "extra_fault"]


def extra_fault(name: str) -> str:
    """Why no extra can have this name, in a sentence; empty when one can.

    MongoDB, under udata, refuses names with a leading `$`, and crashes at a NUL.
    """
    if not name:
        return say("an extra has an empty name")
    if name.startswith("$") or "\0" in name:
        return say(
            "the extra '{name}' cannot have that name: no $ in front, and no NUL in it", name=name
        )
    return ""


def is_id(written: str) -> bool:
    """Whether it has the form of a dataset's id; the others are slugs or addresses."""
    return re.fullmatch(r"[0-9a-f]{24}", written) is not None


_OWN_EXTRAS = (
    *("analysis:*", "check:*", "csv-export:*", "validation-report:*", "dcat"),
    *("transport:*", "recommendations*"),
)
"""What the platform and its checker write: udata keeps its own, whatever it is sent."""


def is_own_extra(name: str) -> bool:
    """Whether an extra of that name is the platform's own to write."""
    return any(fnmatchcase(name, pattern) for pattern in _OWN_EXTRAS)


def zone_fault(zone: str) -> str:
    """Why nothing can be the id of a zone; empty when it can, and the portal is to be asked."""
    if re.fullmatch(r"[\w.-]+(?::[\w.-]+)+", zone, re.ASCII):
        return ""
    return say(
        "'{zone}' cannot be the id of a zone: one is like fr:region:11 or country:fr", zone=zone
    )


RULES = Rules(
    kind="udata",
    is_id=is_id,
    file_name=upload_name,
    title_slug=file_slug,
    file_fault=name_fault,
    tag=tag_slug,
    zone_fault=zone_fault,
    extra_fault=extra_fault,
    is_own_extra=is_own_extra,
    extra_pattern=r"^(?!\$)[^\u0000]+$",
    normalized=normalized,
    shown_on_page=shown_on_page,
    limits=Limits(
        title=350, description=100_000, description_short=200, shortest_tag=3, longest_tag=96
    ),
    vocabularies={
        Vocabulary.FREQUENCIES: frequencies(),
        Vocabulary.RESOURCE_TYPES: resource_types(),
    },
    asked={
        **{which: f"/datasets/{which}/" for which in Vocabulary},
        Vocabulary.GRANULARITIES: "/spatial/granularities/",
    },
    # Portals differ in what they list; none is known that takes anything else.
    extensions_known=always_allowed() | listed_extensions() | formats().files,
    replacing_resets_title=True,
    tells_format=True,
    # It stores a file under the dataset, the second and the slugified name. Two uploads of one
    # name in one second end in a 500 or, if both are in flight, in files whose bytes do not
    # match their checksum.
    same_name_pause=1.1,
    parts=True,
    closed_lacks=frozenset({"license"}),
    moves_links_alone=True,
    community=True,
    not_files=not_files(),
    language="fr",
)

WITHOUT_ACCESS = replace(RULES, lacks_dataset=frozenset({"access"}), closed_lacks=frozenset())
"""Those of a version that keeps nothing of who has access to a dataset (see `versions`)."""
