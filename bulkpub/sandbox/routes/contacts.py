"""Contact points: whom to write to about a dataset. Each has an owner, and is there once."""

import re
from collections.abc import Iterator
from dataclasses import replace

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused, not_found, refused_id
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.fields import FieldRefused, read_text, read_url
from bulkpub.sandbox.records import ContactPoint
from bulkpub.sandbox.routes.listing import is_object_id, paged
from bulkpub.sandbox.vocabularies import CONTACT_ROLES

__all__ = ["ROUTES"]

LONGEST = 255
"""Characters of a name or of an address for mail."""
_WRITTEN = ("name", "role", "email", "contact_form")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _refused(name: str, sentence: str) -> Refused:
    return Refused(400, {"errors": {name: sentence}, "message": sentence})


def _refused_by_model(contact_id: str | None, name: str, sentence: str) -> Refused:
    message = f"ValidationError (ContactPoint:{contact_id}) ({sentence}: ['{name}'])"
    return Refused(400, {"errors": {name: sentence}, "message": message})


def _check(contact: ContactPoint, about: str | None) -> None:
    """Refuse, as udata does, what nobody could be written to by.

    :raises Refused: 400, of another shape when it is found out only on saving.
    """
    if contact.name and re.search(r"https?://", contact.name):
        raise _refused("name", "URLs not allowed in this field")
    if contact.email and not _MAIL.fullmatch(contact.email):
        raise _refused("email", "Invalid email address")
    if contact.role and contact.role not in CONTACT_ROLES:
        sentence = f"'{contact.role}' is not a valid choice. Valid choices: {list(CONTACT_ROLES)}"
        raise _refused("role", sentence)
    reachable = contact.email or contact.contact_form
    if not (contact.name or reachable):
        raise _empty("A contact point requires a name, an email or a contact form")
    if contact.role == "contact" and not reachable:
        raise _empty("At least an email or a contact form is required for a contact point")
    if faults := dict(_model_faults(contact)):
        raise _refused_by_model(about, *next(iter(faults.items())))


def _empty(sentence: str) -> Refused:
    return Refused(400, {"errors": {}, "message": sentence})


def _model_faults(contact: ContactPoint) -> Iterator[tuple[str, str]]:
    if not contact.role:
        yield "role", "Field is required"
    for name in ("name", "email"):
        if len(getattr(contact, name) or "") > LONGEST:
            yield name, "String value is too long"
    if contact.contact_form:
        try:
            read_url(contact.contact_form)
        except FieldRefused as refusal:
            yield "contact_form", refusal.errors[0]


def _written(body: dict[str, Json]) -> dict[str, str | None]:
    return {name: read_text(body[name]) for name in _WRITTEN if name in body}


def _read_organization(call: Call, value: Json) -> str | None:
    value = value.get("id") if isinstance(value, dict) else value
    if value is None:
        return None
    if not is_object_id(str(value)):
        raise refused_id(value)
    if value not in call.portal.directory.organizations:
        raise _refused("organization", f"Unknown reference '{value}'")
    if call.rights.role_in(value) is None and not call.rights.require_login().is_sysadmin:
        raise _refused("organization", "Permission denied for this organization")
    return str(value)


async def _create(call: Call) -> web.StreamResponse:
    body = await call.form()
    account = call.rights.require_login()
    organization = _read_organization(call, body.get("organization"))
    contact = ContactPoint(
        id=call.portal.new_id(),
        organization=organization,
        owner=None if organization else account.id,
        **dict.fromkeys(_WRITTEN) | _written(body),
    )
    _check(contact, None)
    for known in call.state.contacts.values():
        if replace(known, id=contact.id) == contact:
            return call.answer(call.view.contact(known))
    call.state.contacts[contact.id] = contact
    call.state.changes += 1
    return call.answer(call.view.contact(contact), 201)


def _one(call: Call) -> ContactPoint:
    contact = call.state.contacts.get(call.request.match_info["contact"])
    if contact is None:
        raise not_found()
    return contact


async def _show(call: Call) -> web.StreamResponse:
    return call.answer(call.view.contact(_one(call)))


async def _change(call: Call) -> web.StreamResponse:
    contact = _one(call)
    call.rights.require_edit(contact)
    changed = replace(contact)
    for name, value in _written(await call.form()).items():
        setattr(changed, name, value)
    _check(changed, contact.id)
    call.state.contacts[contact.id] = changed
    call.state.changes += 1
    return call.answer(call.view.contact(changed))


async def _delete(call: Call) -> web.StreamResponse:
    contact = _one(call)
    call.rights.require_edit(contact)
    del call.state.contacts[contact.id]
    for dataset in call.state.datasets.values():
        dataset.contact_points = [each for each in dataset.contact_points if each != contact.id]
    call.state.changes += 1
    return web.Response(status=204)


async def _of_organization(call: Call) -> web.StreamResponse:
    organization = call.portal.directory.organization(call.request.match_info["organization"])
    if organization is None:
        raise not_found()
    contacts = call.state.contacts.values()
    found = [each for each in contacts if each.organization == organization.id]
    return call.answer(paged(call, found, call.view.contact))


async def _of_user(call: Call) -> web.StreamResponse:
    name = call.request.match_info["user"]
    accounts = call.portal.directory.accounts.values()
    user = next((each for each in accounts if name in {each.id, each.slug}), None)
    if user is None:
        raise not_found()
    found = [each for each in call.state.contacts.values() if each.owner == user.id]
    return call.answer(paged(call, found, call.view.contact))


async def _roles(call: Call) -> web.StreamResponse:
    return call.answer([{"id": each, "label": label} for each, label in CONTACT_ROLES.items()])


_ONE = "/api/1/contacts/{contact}/"

ROUTES = [
    web.post("/api/1/contacts/", endpoint(_create, needs_login=True, creates=True)),
    web.get("/api/1/contacts/roles/", endpoint(_roles)),
    web.get(_ONE, endpoint(_show)),
    web.put(_ONE, endpoint(_change, needs_login=True)),
    web.delete(_ONE, endpoint(_delete, needs_login=True)),
    web.get("/api/1/organizations/{organization}/contacts/", endpoint(_of_organization)),
    web.get("/api/1/users/{user}/contacts/", endpoint(_of_user)),
]
