"""What GitLab's releases do by themselves, and what they cannot do.

The facts are those of GitLab's documents: docs.gitlab.com, "Project release API", "Release links
API", "Packages API" and "GitLab generic packages repository".
"""

from bulkpub.core.rules import Limits, Rules
from bulkpub.portals.gitlab.address import shown_on_page
from bulkpub.portals.gitlab.names import file_name, name_fault
from bulkpub.portals.releases.marks import MOST_MARK, normalized
from bulkpub.portals.releases.tags import tag_name

__all__ = ["MOST_TEXT", "RULES"]

MOST_TEXT = 1_000_000
"""Characters of a release's text, with all that is kept behind it."""

RULES = Rules(
    kind="gitlab",
    file_name=file_name,
    file_fault=name_fault,
    normalized=normalized,
    shown_on_page=shown_on_page,
    limits=Limits(title=255, description=MOST_TEXT - MOST_MARK),
    release_tag=tag_name,
    one_of_a_name=True,
    one_of_a_title=True,
    # A file and its link; a file, and the one before it deleted.
    creating_requests=2,
    replacing_requests=2,
    described_apart=True,
    digest="sha256",
    organizations=False,
    joins_organizations=False,
    orders=False,
    links_tell_content=False,
    hosts_in_place=False,
    # Until it is made, a release is a package that has none.
    drafts=True,
    lists_files=False,
    keeps_deleted=False,
    lacks_dataset=frozenset(
        {
            *("description_short", "acronym", "license", "frequency", "next_update", "tags"),
            *("private", "archived", "temporal_coverage", "spatial", "access", "contact_points"),
        }
    ),
    lacks_resource=frozenset({"description", "type", "schema", "format", "mime", "extras"}),
    # The limit that is announced is for a minute.
    quota_window=60.0,
)
