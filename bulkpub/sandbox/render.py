"""What the API shows of a record: udata's field names, addresses made absolute.

Rule: pure functions of records and of who is looking; `View` says who, and under which address
the portal is being talked to.
"""

from dataclasses import dataclass

from bulkpub.core.model import Json
from bulkpub.sandbox.auth import Rights
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from bulkpub.sandbox.seeds import Account, Organization
from bulkpub.sandbox.store import State

__all__ = ["View"]

_METRICS = """
    dataservices discussions discussions_open followers followers_by_months resources_downloads
    reuses reuses_by_months views
    """.split()  # noqa: SIM905  # a list would be one word a line
_QUALITY_MAX = 9
_QUALITY_DESCRIPTION = 100
_CLOSED_FORMATS = frozenset(["pdf", "doc", "docx", "word", "xls", "excel", "xlsx"])


@dataclass(frozen=True, slots=True)
class View:
    """The portal at `base` (without a final slash) as somebody with `rights` sees it."""

    base: str
    rights: Rights
    state: State
    shows_access: bool = True

    def url_of(self, resource: Resource) -> str:
        """Where the content is: here for a hosted file, elsewhere for a link."""
        return self.base + resource.url if resource.url.startswith("/") else resource.url

    def resource(self, resource: Resource) -> Json:
        """A resource of a dataset."""
        return {
            "id": resource.id,
            "title": resource.title,
            "description": resource.description,
            "filetype": resource.filetype,
            "type": resource.type,
            "format": resource.format,
            "url": self.url_of(resource),
            "latest": f"{self.base}/api/1/datasets/r/{resource.id}",
            "checksum": resource.checksum,
            "filesize": resource.filesize,
            "mime": resource.mime,
            "created_at": resource.created_at,
            "last_modified": resource.last_modified,
            "metrics": {},
            "harvest": None,
            "geopf": None,
            "extras": resource.extras,
            "preview_url": None,
            "schema": resource.schema,
            "internal": {
                "created_at_internal": resource.created_at,
                "last_modified_internal": resource.last_modified,
            },
        }

    def community(self, resource: Resource) -> Json:
        """A community resource: a resource that names its dataset and its owner."""
        may_edit = self.rights.edits(resource)
        dataset = self.state.datasets.get(resource.dataset or "")
        return self.resource(resource) | {
            "dataset": self._dataset_reference(dataset) if dataset else None,
            "organization": self._organization_of(resource),
            "owner": self._owner_of(resource),
            "permissions": {"delete": may_edit, "edit": may_edit},
        }

    def dataset(self, dataset: Dataset) -> Json:
        """A dataset, all of its resources included."""
        return self._dataset_alone(dataset) | {
            "license": dataset.license or "notspecified",
            "resources": [self.resource(each) for each in dataset.resources],
            "schema": None,
        }

    def dataset_v2(self, dataset: Dataset) -> Json:
        """A dataset as version 2 of the API shows it: its resources are behind a link."""
        api = f"{self.base}/api"
        tail = "page=1&page_size=50"
        return self._dataset_alone(dataset) | {
            "license": dataset.license,
            "resources": {
                "rel": "subsection",
                "href": f"{api}/2/datasets/{dataset.id}/resources/?{tail}",
                "type": "GET",
                "total": len(dataset.resources),
            },
            "community_resources": {
                "rel": "subsection",
                "href": f"{api}/1/datasets/community_resources/?dataset={dataset.id}&{tail}",
                "type": "GET",
                "total": sum(1 for _ in self.state.community_of(dataset)),
            },
        }

    def _dataset_alone(self, dataset: Dataset) -> dict[str, Json]:
        may_edit = self.rights.edits(dataset)
        name = dataset.slug or dataset.id
        return {
            "id": dataset.id,
            "title": dataset.title,
            "acronym": dataset.acronym,
            "slug": dataset.slug,
            "description": dataset.description,
            "description_short": dataset.description_short,
            "created_at": dataset.created_at,
            "last_modified": dataset.last_modified,
            "last_update": dataset.last_update,
            "deleted": dataset.deleted,
            "archived": dataset.archived,
            "private": dataset.private,
            "featured": False,
            "doi": None,
            "tags": dataset.tags,
            "badges": [],
            "frequency": dataset.frequency or "unknown",
            "frequency_date": dataset.frequency_date,
            "harvest": None,
            "geopf": None,
            "extras": dataset.extras,
            "metrics": dict.fromkeys(_METRICS, 0),
            "organization": self._organization_of(dataset),
            "owner": self._owner_of(dataset),
            "temporal_coverage": dataset.temporal_coverage,
            "spatial": dataset.spatial,
            **(_access(dataset) if self.shows_access else {}),
            "uri": f"{self.base}/api/1/datasets/{name}/",
            "page": f"{self.base}/datasets/{name}",
            "quality": _quality(dataset),
            "internal": {
                "created_at_internal": dataset.created_at,
                "last_modified_internal": dataset.last_modified,
            },
            "contact_points": [
                self.contact(self.state.contacts[each]) for each in dataset.contact_points
            ],
            "permissions": {"delete": may_edit, "edit": may_edit, "edit_resources": may_edit},
        }

    def _dataset_reference(self, dataset: Dataset) -> Json:
        name = dataset.slug or dataset.id
        return {
            "id": dataset.id,
            "class": "Dataset",
            "title": dataset.title,
            "acronym": dataset.acronym,
            "uri": f"{self.base}/api/1/datasets/{name}/",
            "page": f"{self.base}/datasets/{name}",
        }

    def _organization_of(self, thing: Dataset | Resource | ContactPoint) -> Json:
        if thing.organization is None:
            return None
        return self.organization(self.rights.directory.organizations[thing.organization])

    def _owner_of(self, thing: Dataset | Resource | ContactPoint) -> Json:
        if thing.owner is None:
            return None
        return self.account(self.rights.directory.accounts[thing.owner])

    def organization(self, organization: Organization) -> Json:
        """An organization where something else refers to it."""
        role = self.rights.role_in(organization.id)
        is_admin = role == "admin"
        return {
            "id": organization.id,
            "class": "Organization",
            "name": organization.name,
            "acronym": None,
            "slug": organization.slug,
            "badges": [],
            "logo": None,
            "logo_thumbnail": None,
            "page": f"{self.base}/organizations/{organization.slug}",
            "uri": f"{self.base}/api/1/organizations/{organization.slug}/",
            "permissions": {
                "edit": is_admin,
                "delete": is_admin,
                "members": is_admin,
                "harvest": is_admin,
                "private": role is not None,
            },
        }

    def account(self, account: Account) -> Json:
        """An account where something else refers to it."""
        return {
            "id": account.id,
            "class": "User",
            "slug": account.slug,
            "first_name": account.first_name,
            "last_name": account.last_name,
            "avatar": None,
            "avatar_thumbnail": None,
            "deleted": None,
            "page": f"{self.base}/users/{account.slug}",
            "uri": f"{self.base}/api/1/users/{account.slug}/",
        }

    def contact(self, contact: ContactPoint) -> Json:
        """A contact point."""
        return {
            "id": contact.id,
            "name": contact.name,
            "role": contact.role,
            "email": contact.email,
            "contact_form": contact.contact_form,
            "owner": self._owner_of(contact),
            "organization": self._organization_of(contact),
        }


def _access(dataset: Dataset) -> dict[str, Json]:
    return {
        "access_type": dataset.access_type,
        "access_audiences": dataset.access_audiences,
        "access_type_reason": dataset.access_type_reason,
        "access_type_reason_category": dataset.access_type_reason_category,
        "authorization_request_url": dataset.authorization_request_url,
    }


def _quality(dataset: Dataset) -> dict[str, Json]:
    quality: dict[str, Json] = {
        "license": dataset.license is not None,
        "temporal_coverage": dataset.temporal_coverage is not None,
        "spatial": dataset.spatial is not None,
        "update_frequency": dataset.frequency not in {None, "unknown"},
        "dataset_description_quality": len(dataset.description) > _QUALITY_DESCRIPTION,
    }
    if quality["update_frequency"]:
        quality["update_fulfilled_in_time"] = True
    met = sum(quality.values())
    if dataset.resources:
        formats = [each.format for each in dataset.resources]
        checks = {
            "has_open_format": any(each and each not in _CLOSED_FORMATS for each in formats),
            "all_resources_available": True,
            "resources_documentation": any(
                each.type == "documentation" or each.description for each in dataset.resources
            ),
        }
        met += sum(checks.values())
        quality |= {"has_resources": True, **checks}
    return quality | {"score": met / _QUALITY_MAX}
