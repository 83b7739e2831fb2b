"""Contact points: whom to write to about a dataset; the same one twice is one."""

from dataclasses import replace

from aiohttp import web

from bulkpub.sandbox.answers import Refused, invalid
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.records import ContactPoint
from bulkpub.sandbox.routes.listing import paged
from bulkpub.sandbox.vocabularies import CONTACT_ROLES

__all__ = ["ROUTES"]


async def _create(call: Call) -> web.StreamResponse:
    body = await call.form()
    account = call.rights.require_login()
    if body.get("role") not in CONTACT_ROLES:
        raise invalid({"role": ["Not a valid choice."]})
    organization = body.get("organization")
    organization = organization.get("id") if isinstance(organization, dict) else organization
    if organization and organization not in call.portal.directory.organizations:
        raise Refused.saying(400, "Unknown organization")
    contact = ContactPoint(
        id=call.portal.new_id(),
        name=body.get("name"),
        role=body["role"],
        email=body.get("email"),
        contact_form=body.get("contact_form"),
        organization=organization,
        owner=None if organization else account.id,
    )
    for known in call.state.contacts.values():
        if replace(known, id=contact.id) == contact:
            return call.answer(call.view.contact(known))
    call.state.contacts[contact.id] = contact
    call.state.changes += 1
    return call.answer(call.view.contact(contact), 201)


async def _of_organization(call: Call) -> web.StreamResponse:
    organization = call.portal.directory.organization(call.request.match_info["organization"])
    wanted = organization.id if organization else ""
    found = [each for each in call.state.contacts.values() if each.organization == wanted]
    return call.answer(paged(call, found, call.view.contact))


async def _roles(call: Call) -> web.StreamResponse:
    return call.answer([{"id": each, "label": label} for each, label in CONTACT_ROLES.items()])


ROUTES = [
    web.post("/api/1/contacts/", endpoint(_create, needs_login=True, creates=True)),
    web.get("/api/1/contacts/roles/", endpoint(_roles)),
    web.get(
        "/api/1/organizations/{organization}/contacts/",
        endpoint(_of_organization),
    ),
]
