"""The rules of a portal whose datasets are releases of a repository, as far as rules can say."""

from bulkpub.core.rules import Rules
from bulkpub.portals import udata

RELEASES = Rules(
    kind="releases",
    file_name=udata.RULES.file_name,
    digest="sha256",
    release_tag=udata.RULES.title_slug,
    one_of_a_name=True,
    replacing_keeps_id=False,
    organizations=False,
    joins_organizations=False,
    keeps_deleted=False,
    orders=False,
    described_at_once=1,
    links=False,
    hosts_in_place=False,
    lacks_dataset=frozenset({"acronym", "license", "spatial", "contact_points", "tags"}),
    lacks_resource=frozenset(
        {"title", "description", "type", "schema", "format", "mime", "extras"}
    ),
)
