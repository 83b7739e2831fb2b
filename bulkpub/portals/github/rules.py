"""What GitHub's releases do by themselves, and what they cannot do.

The facts are those of GitHub's documents: docs.github.com, "REST API endpoints for releases", "…
for release assets" and "About releases".
"""

from bulkpub.core.rules import Limits, Rules
from bulkpub.portals.github.address import shown_on_page
from bulkpub.portals.github.names import asset_name, name_fault
from bulkpub.portals.releases.marks import MOST_MARK, normalized
from bulkpub.portals.releases.tags import tag_name

__all__ = ["MOST_TEXT", "RULES"]

MOST_TEXT = 125_000
"""Characters of a release's text, with all that is kept behind it."""

RULES = Rules(
    kind="github",
    is_id=str.isdecimal,
    file_name=asset_name,
    file_fault=name_fault,
    normalized=normalized,
    shown_on_page=shown_on_page,
    limits=Limits(
        description=MOST_TEXT - MOST_MARK, files=1_000, file_size=2 * 1024**3 - 1, least_size=1
    ),
    digest="sha256",
    release_tag=tag_name,
    one_of_a_name=True,
    # A file takes another's place as a new one, which then gets its name.
    replacing_keeps_id=False,
    replacing_requests=3,
    organizations=False,
    joins_organizations=False,
    keeps_deleted=False,
    orders=False,
    described_at_once=1,
    links=False,
    hosts_in_place=False,
    lacks_dataset=frozenset(
        {
            *("description_short", "acronym", "license", "frequency", "next_update", "tags"),
            *("archived", "temporal_coverage", "spatial", "access", "contact_points"),
        }
    ),
    # Files have a label, too, which would cost a request each; people look for names.
    lacks_resource=frozenset(
        {"title", "description", "type", "schema", "format", "mime", "extras"}
    ),
)
