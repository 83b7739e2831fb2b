"""Who and what an embedded portal starts with.

`tests/real_portal` gives a real udata the very same ones, from this file: ids, slugs and keys are
fixed, so that one test runs on both. Rule: nothing but the standard library is imported here,
since that other portal lives in an environment without ours.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["ACCOUNTS", "GRANULARITIES", "LICENSES", "ORGANIZATIONS", "SYSADMIN", "ZONES"]
__all__ += ["ZONE_LEVELS", "Account", "License", "Organization", "Zone"]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with a key. `name` is what the tests call them."""

    name: str
    id: str
    first_name: str
    last_name: str
    key: str
    key_has_expired: bool = False
    is_sysadmin: bool = False

    @property
    def slug(self) -> str:
        """The account's name in addresses."""
        return f"{self.first_name}-{self.last_name}".lower()

    @property
    def email(self) -> str:
        """The account's address for mail; nothing is ever sent there."""
        return f"{self.name}@example.org"


@dataclass(frozen=True, slots=True)
class Organization:
    """A producer; `members` maps account ids to admin, editor or partial_editor."""

    key: str
    id: str
    slug: str
    name: str
    members: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class License:
    """A licence as `/datasets/licenses/` lists it."""

    id: str
    title: str
    url: str | None
    flags: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        """The licence as the API shows it."""
        return {
            "id": self.id,
            "title": self.title,
            "maintainer": None,
            "url": self.url,
            "flags": list(self.flags),
            "alternate_urls": [],
            "alternate_titles": [],
        }


@dataclass(frozen=True, slots=True)
class Zone:
    """A territory a dataset may cover."""

    id: str
    name: str


_KEY = "udata_test-token-"

ACCOUNTS = (
    Account(
        "user",
        "64a000000000000000000001",
        "Ursula",
        "Uploader",
        _KEY + "user-0000000000000000000000000000",
    ),
    Account(
        "admin",
        "64a000000000000000000002",
        "Ada",
        "Admin",
        _KEY + "org-admin-000000000000000000000000",
    ),
    Account(
        "partial",
        "64a000000000000000000003",
        "Paul",
        "Partial",
        _KEY + "partial-00000000000000000000000000",
    ),
    Account(
        "outsider",
        "64a000000000000000000004",
        "Otto",
        "Outsider",
        _KEY + "outsider-0000000000000000000000000",
    ),
    Account(
        "expired",
        "64a000000000000000000005",
        "Edna",
        "Expired",
        _KEY + "expired-00000000000000000000000000",
        key_has_expired=True,
    ),
)

SYSADMIN = Account(
    "sysadmin",
    "64a0000000000000000000ff",
    "Sys",
    "Admin",
    _KEY + "sysadmin-0000000000000000000000000",
    is_sysadmin=True,
)

ORGANIZATIONS = (
    Organization(
        "organization",
        "64a0000000000000000000a1",
        "test-organization",
        "Test Organization",
        {
            "64a000000000000000000002": "admin",
            "64a000000000000000000001": "editor",
            "64a000000000000000000003": "partial_editor",
        },
    ),
    Organization(
        "other_organization",
        "64a0000000000000000000a2",
        "other-organization",
        "Other Organization",
        {"64a000000000000000000004": "admin"},
    ),
)

_GENERIC = ("domain_content", "generic")
_OPEN_DATA = ("domain_data", "okd_compliant")
_OPEN = ("domain_content", *_OPEN_DATA)
_ETALAB = "https://www.etalab.gouv.fr/wp-content/uploads/"
_ODC = "http://opendatacommons.org/licenses/"
_CC = "http://www.opendefinition.org/licenses/"

LICENSES = (
    License("notspecified", "License Not Specified", None, ("generic",)),
    License(
        "lov2",
        "Licence Ouverte / Open Licence version 2.0",
        _ETALAB + "2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
        _OPEN,
    ),
    License(
        "fr-lo", "Licence Ouverte / Open Licence", _ETALAB + "2014/05/Licence_Ouverte.pdf", _OPEN
    ),
    License(
        "odc-odbl",
        "Open Data Commons Open Database License (ODbL)",
        _ODC + "odbl/summary/",
        _OPEN_DATA,
    ),
    License("odc-by", "Open Data Commons Attribution License", _ODC + "by/summary/", _OPEN_DATA),
    License(
        "odc-pddl",
        "Open Data Commons Public Domain Dedication and Licence (PDDL)",
        _ODC + "pddl/summary/",
        _OPEN_DATA,
    ),
    License("cc-by", "Creative Commons Attribution", _CC + "cc-by", _OPEN),
    License("cc-by-sa", "Creative Commons Attribution Share-Alike", _CC + "cc-by-sa", _OPEN),
    License("cc-zero", "Creative Commons CCZero", _CC + "cc-zero", _OPEN),
    License("other-open", "Other (Open)", None, _GENERIC),
    License("other-at", "Other (Attribution)", None, _GENERIC),
    License("other-pd", "Other (Public Domain)", None, _GENERIC),
)

ZONE_LEVELS = {
    "country-group": "Country group",
    "country": "Country",
    "country-subset": "Country subset",
    "fr:region": "French region",
    "fr:departement": "French county",
    "fr:epci": "French intermunicipal",
    "fr:commune": "French town",
}
GRANULARITIES = ZONE_LEVELS | {"poi": "POI", "other": "Other"}

ZONES = (
    Zone("country-group:world", "World"),
    Zone("country-group:ue", "European Union"),
    Zone("country:fr", "France"),
    Zone("country-subset:fr:metro", "Metropolitan France"),
    Zone("fr:region:11", "Île-de-France"),
    Zone("fr:departement:75", "Paris"),
    Zone("fr:commune:75056", "Paris"),
)
