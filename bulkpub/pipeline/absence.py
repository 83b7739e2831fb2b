"""Whether a run would delete too many datasets to be believed: asked before anything is written.

What a manifest names as `state: absent` is deleted by people's wish, one by one; a template gone
wrong names all of them.
"""

from collections.abc import Callable, Iterable

from bulkpub.core.actions import DeleteDataset
from bulkpub.core.match import Conflict
from bulkpub.core.model import RemoteDataset, State
from bulkpub.core.owners import Owner
from bulkpub.core.states import plan_absence
from bulkpub.language import say
from bulkpub.pipeline.index import Entry
from bulkpub.portals import Account, Portal

__all__ = ["too_many"]

MOST = 10
"""Datasets of one owner that are deleted without being asked for it in so many words."""


async def too_many(
    portal: Portal,
    entries: Iterable[Entry],
    found: Callable[[Entry], RemoteDataset],
    account: Account,
) -> dict[str, Conflict]:
    """Why datasets to be deleted are not, by key: more than `MOST`, or than half of an owner's.

    `found` is what each was found as. What is another's than the manifest says is not deleted
    anyway.
    """
    doomed: dict[Owner, list[str]] = {}
    for entry in entries:
        if entry.face.state is not State.ABSENT or not isinstance(entry.found, str):
            continue
        remote = found(entry)
        action = plan_absence(entry.owner, remote)
        if isinstance(action.dataset, DeleteDataset) and not action.refused:
            user = None if remote.organization else account.id
            doomed.setdefault(Owner(remote.organization, user), []).append(entry.key)
    held: dict[str, Conflict] = {}
    for owner, keys in doomed.items():
        if why := await _why_not(portal, owner, len(keys)):
            sentence = say("{why}; if that is meant, run again with `allow_mass_delete`", why=why)
            held |= dict.fromkeys(keys, Conflict(sentence))
    return held


async def _why_not(portal: Portal, owner: Owner, number: int) -> str:
    if number > MOST:
        return say(
            "{number} datasets of one owner would be deleted, more than {most}",
            number=number,
            most=MOST,
        )
    there = 0
    async for page in portal.owned_by(organization=owner.organization, user=owner.user):
        there += sum(not each.deleted for each in page.datasets)
        if there >= 2 * number:
            return ""
    datasets = f"{there} dataset{'' if there == 1 else 's'}"
    return say(
        "{number} of its owner's {datasets} would be deleted, more than half",
        number=number,
        datasets=datasets,
    )
