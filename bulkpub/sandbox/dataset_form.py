"""What a client may change of a dataset, and what udata wipes when it is left out.

The traps are here: a PUT that says anything but not `tags` or `temporal_coverage` wipes them,
an unknown licence becomes none at all, `extras` replaces all extras, a null organization
crashes. Rule: reading changes nothing; the caller applies a change that has no errors.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from bulkpub.core.model import Json
from bulkpub.sandbox.access_form import access_faults, access_readers
from bulkpub.sandbox.answers import Refused, crashed, invalid
from bulkpub.sandbox.area_form import area_fault, read_area
from bulkpub.sandbox.auth import Rights
from bulkpub.sandbox.fields import (
    FieldRefused,
    read_date_range,
    read_extras,
    read_flag,
    read_moment,
    read_tags,
    read_text,
)
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from bulkpub.sandbox.resource_form import ResourceChange
from bulkpub.sandbox.seeds import LICENSES
from bulkpub.sandbox.versions import Ways

__all__ = ["RESERVED_EXTRAS", "DatasetChange", "read_dataset", "read_identifier", "read_ownership"]

TITLE_LIMIT = 350
DESCRIPTION_LIMIT = 100_000
SHORT_DESCRIPTION_LIMIT = 200
ACRONYM_LIMIT = 128
RESERVED_EXTRAS = ("transport:*", "recommendations*", "dcat")
_URL_EXTRAS = frozenset(["datafairOrigin", "transport:url"])
_LICENSE_IDS = frozenset(each.id for each in LICENSES)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_TRANSFER = "Cannot change owner after creation. Please use transfer feature."


@dataclass(slots=True)
class DatasetChange:
    """What a body changes: attribute → value; and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Json] = field(default_factory=dict)

    def read(self, name: str, reader: Callable[[], Any]) -> None:
        """Note what `reader` makes of a field, or what it has against it."""
        try:
            self.values[name] = reader()
        except FieldRefused as refusal:
            self.errors[name] = refusal.errors


def read_dataset(
    body: dict[str, Json],
    current: Dataset | None,
    rights: Rights,
    contacts: Mapping[str, ContactPoint],
    today: date,
    *,
    ways: Ways,
) -> DatasetChange:
    """What `body` makes of `current`; None for a dataset that is still to be.

    `rights` are those of the account that asks; `contacts` the contact points there
    are, by id; `ways` those of the version.

    :raises Refused: 400 or 500 where udata does not get as far as listing errors.
    """
    change = DatasetChange()
    if current is not None and not body:
        return change  # the one body that wipes nothing
    _read_words(body, current, change, ways)
    _read_lists(body, current, change, contacts, today)
    area = body.get("spatial")
    if isinstance(area, dict) and area:  # neither null nor an empty object takes it away
        change.read("spatial", lambda: read_area(area, current.spatial if current else None))
    for name, reader in access_readers(body).items() if ways.keeps_access else ():
        change.read(name, reader)
    read_ownership(body, current, rights, change)
    if change.errors:
        raise invalid(change.errors)
    _check_model(change, current)
    _check_contacts(change, current, contacts)
    if change.values.get("access_type", current.access_type if current else "open") != "open":
        change.values["license"] = None
    return change


def _read_words(
    body: dict[str, Json], current: Dataset | None, change: DatasetChange, ways: Ways
) -> None:
    limits = {"title": TITLE_LIMIT, "description": DESCRIPTION_LIMIT}
    for name, limit in limits.items():
        if current is None or name in body:
            change.read(name, partial(read_text, body.get(name), required=True, limit=limit))
    if "description_short" in body:
        change.read(
            "description_short",
            lambda: read_text(body["description_short"], limit=SHORT_DESCRIPTION_LIMIT),
        )
    if "acronym" in body:
        change.read("acronym", lambda: read_text(body["acronym"]))
    if "license" in body:
        change.values["license"] = body["license"] if body["license"] in _LICENSE_IDS else None
    if "frequency" in body:
        change.values["frequency"] = _read_frequency(body["frequency"], ways)
    if "private" in body:
        change.values["private"] = read_flag(body["private"])
    for name in ("archived", "deleted", "frequency_date"):
        if name in body:
            change.read(name, partial(read_moment, body[name]))


def _read_frequency(value: Json, ways: Ways) -> str | None:
    if value is None:
        return None
    frequency = ways.renamed.get(str(value), str(value))
    if frequency not in ways.frequencies:
        raise Refused.saying(400, f"'{value}' is not a valid UpdateFrequency")
    return frequency


def _read_lists(
    body: dict[str, Json],
    current: Dataset | None,
    change: DatasetChange,
    contacts: Mapping[str, ContactPoint],
    today: date,
) -> None:
    change.read("tags", lambda: read_tags(body.get("tags")))
    change.read("temporal_coverage", lambda: read_date_range(body.get("temporal_coverage"), today))
    if "extras" in body:
        stored = current.extras if current else {}
        change.read(
            "extras",
            lambda: read_extras(body["extras"], stored, reserved=RESERVED_EXTRAS, urls=_URL_EXTRAS),
        )
    if body.get("contact_points"):  # neither null nor an empty list takes them away
        change.read("contact_points", lambda: _read_contacts(body["contact_points"], contacts))


def _read_contacts(value: Json, known: Mapping[str, ContactPoint]) -> list[str]:
    ids = [read_identifier(each) for each in (value if isinstance(value, list) else [value])]
    unknown = [each for each in ids if each not in known]
    if unknown or len(set(ids)) != len(ids):  # one that is there twice is refused without a name
        raise FieldRefused([f"Unknown identifiers: {', '.join(unknown)}"])
    return ids


def read_identifier(value: Json) -> str:
    """The id of something else, which may stand in an object.

    :raises FieldRefused: when it has not the form of one.
    """
    if isinstance(value, dict) and "id" in value:
        return read_identifier(value["id"])
    if not isinstance(value, str) or not _OBJECT_ID.fullmatch(value):
        raise FieldRefused([f"Unsupported identifier: {value}"])
    return value


def read_ownership(
    body: dict[str, Json],
    current: Dataset | Resource | None,
    rights: Rights,
    change: DatasetChange | ResourceChange,
) -> None:
    """Whose a dataset, or a community resource, is to be.

    :raises Refused: 500 for a null organization where there is one.
    """
    organization, owner = body.get("organization"), body.get("owner")
    try:
        if organization:
            change.values["organization"] = _read_organization(organization, current, rights)
            change.values["owner"] = None
            return
    except FieldRefused as refusal:
        change.errors["organization"] = refusal.errors
        return
    if current is not None and current.organization and "organization" in body:
        raise crashed()
    if owner:
        try:
            change.values["owner"] = _read_owner(owner, current, rights)
            change.values["organization"] = None
        except FieldRefused as refusal:
            change.errors["owner"] = refusal.errors
    elif current is None:
        change.values["owner"] = rights.require_login().id


def _read_organization(value: Json, current: Dataset | Resource | None, rights: Rights) -> str:
    found = rights.directory.organizations.get(read_identifier(value))
    if found is None:
        raise FieldRefused(["Organization does not exists"])
    is_sysadmin = rights.account is not None and rights.account.is_sysadmin
    moves = current is not None and current.organization not in {None, found.id}
    if moves and not is_sysadmin:
        raise FieldRefused([_TRANSFER])
    if rights.role_in(found.id) is None and not is_sysadmin:
        raise FieldRefused(["Permission denied for this organization"])
    return found.id


def _read_owner(value: Json, current: Dataset | Resource | None, rights: Rights) -> str:
    owner = read_identifier(value)
    account = rights.require_login()
    if owner not in rights.directory.accounts:
        raise FieldRefused(["User does not exists"])
    if current is not None and current.owner not in {None, owner} and not account.is_sysadmin:
        raise FieldRefused([_TRANSFER])
    if owner != account.id and not account.is_sysadmin:
        raise FieldRefused(["You can only set yourself as owner"])
    return owner


def _check_contacts(
    change: DatasetChange, current: Dataset | None, contacts: Mapping[str, ContactPoint]
) -> None:
    """Contact points are their owner's: udata looks at all there are whenever it saves."""

    def after(name: str) -> Any:  # noqa: ANN401 # whatever the field holds
        return change.values.get(name, getattr(current, name, None))

    for each in after("contact_points") or ():
        contact = contacts[each]
        if (contact.organization, contact.owner) != (after("organization"), after("owner")):
            sentence = f"Contact point {each} does not belong to the owner of this object"
            raise Refused(400, {"errors": {"contact_points": sentence}, "message": sentence})


def _check_model(change: DatasetChange, current: Dataset | None) -> None:
    """What udata finds out only when it saves: another shape of answer."""
    about = current.id if current is not None else "None"
    acronym = change.values.get("acronym")
    if acronym is not None and len(acronym) > ACRONYM_LIMIT:
        raise _model_error(about, {"acronym": "String value is too long"}, "acronym")
    if faults := access_faults(change.values):
        said = " ".join(
            f"{f'{inside}.' if inside else ''}{sentence}: ['{name}']"
            for name, (inside, sentence) in faults.items()
        )
        errors: Json = {name: sentence for name, (_, sentence) in faults.items()}
        raise Refused(
            400, {"errors": errors, "message": f"ValidationError (Dataset:{about}) ({said})"}
        )
    spatial = change.values.get("spatial")
    if spatial and (fault := area_fault(spatial)):
        raise _model_error(about, {"spatial": fault}, "spatial")
    if any(key.startswith("custom:") for key in change.values.get("extras", ())):
        sentence = "Dataset's organization did not define the requested custom metadata."
        raise _model_error(about, {"__all__": sentence}, "__all__")


def _model_error(about: str, errors: dict[str, Json], name: str) -> Refused:
    sentence = next(iter(errors.values()))
    if isinstance(sentence, dict):
        sentence = ".".join(next(iter(sentence.items())))
    return Refused(
        400,
        {
            "errors": errors,
            "message": f"ValidationError (Dataset:{about}) ({sentence}: ['{name}'])",
        },
    )
