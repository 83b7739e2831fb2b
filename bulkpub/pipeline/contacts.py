"""Contact points that a manifest gives by name and address: found among the owner's, or made.

The rule: a plan makes none. What is not there yet stands in the spec as people would write it,
until the dataset itself is written; then it is made, once in a run, whoever else wants it too.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bulkpub.core.model import Contact, DatasetSpec
from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.owners import Owner
from bulkpub.errors import Uncertain
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.portals import Portal

__all__ = ["known_contacts", "made_since", "make_contacts", "new_contacts", "with_contacts"]


async def known_contacts(
    portal: Portal, owners: Mapping[str, Owner]
) -> dict[str, Mapping[Contact, str]]:
    """By the key of each dataset in `owners`, the ids of its owner's contact points.

    By what they say. Each owner's are listed once.
    """
    listed = dict.fromkeys(owners.values())
    ask = [
        partial(portal.contacts, organization=owner.organization, user=owner.user)
        for owner in listed
    ]
    known = dict(zip(listed, await side_by_side(ask), strict=True))
    return {key: known[owner] for key, owner in owners.items()}


def with_contacts(spec: DatasetSpec, known: Mapping[Contact, str] | None) -> DatasetSpec:
    """The spec with the ids of its contacts; those not `known` are the `contacts` left in it."""
    if known is None or not spec.contacts:
        return spec
    points = tuple(dict.fromkeys(known.get(each) or str(each) for each in spec.contacts))
    metadata = replace(spec.metadata, contact_points=points)
    left = tuple(each for each in spec.contacts if each not in known)
    return replace(spec, metadata=metadata, contacts=left)


def made_since(saved: DatasetOutcome, known: Mapping[Contact, str]) -> DatasetOutcome:
    """The plan `saved`, with the ids of those contacts that were new to it and are `known` now.

    A run that carried it out and was broken off may have made them.
    """
    ids: dict[Any, str] = {str(contact): id_ for contact, id_ in known.items()}
    changes = tuple(
        replace(each, new=list(dict.fromkeys(ids.get(point, point) for point in each.new)))
        if each.field == "contact_points" and isinstance(each.new, list)
        else each
        for each in saved.changes
    )
    return replace(saved, changes=changes)


def new_contacts(spec: DatasetSpec) -> tuple[str, ...]:
    """What there is to say of contact points that are not there yet."""
    return tuple(say("new contact point: {contact}", contact=each) for each in spec.contacts)


async def make_contacts(story: Story, means: Means) -> bool:
    """Make what is not there yet, before the dataset is written; whether there was anything.

    Raises `DatasetFailed` when the portal refuses one.
    """
    contacts = story.spec.contacts
    if not contacts:
        return False
    remote = story.remote
    organization = story.job.owner.organization or (remote.organization if remote else None)
    made: dict[str, str] = {}
    for contact in dict.fromkeys(contacts):
        async with means.contacting:
            key = (organization, contact)
            if key not in means.contacts:
                means.contacts[key] = await _make(means.portal, contact, organization, story)
            made[str(contact)] = means.contacts[key]
    story.contacts_made(made)
    return True


async def _make(portal: Portal, contact: Contact, organization: str | None, story: Story) -> str:
    try:
        return await portal.create_contact(contact, organization)
    except Uncertain:
        user = story.job.owner.user if organization is None else None
        if found := (await portal.contacts(organization=organization, user=user)).get(contact):
            return found
        raise
