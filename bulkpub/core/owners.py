"""Whose a dataset is on the portal, and whose it shall be.

The rule: an owner that the manifest gives is never ignored. A personal dataset becomes an
organization's in place, where the portal can do that; every other change of owner is for people
to make on the portal, and until then the dataset is not touched.
"""

from dataclasses import dataclass, field

from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, RemoteDataset
from bulkpub.core.rules import Rules
from bulkpub.language import say

__all__ = ["UNSAID", "Move", "Owner", "change_of_owner"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a dataset is: an organization's or a user's, by id; neither: unknown, or not said.

    `name` is what people call the organization.
    """

    organization: str | None = None
    user: str | None = None
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        """As the end of a sentence has it."""
        if self.organization is None:
            return say("no organization (`personal: true`)")
        return say("the organization '{name}'", name=self.name or self.organization)


UNSAID = Owner()
"""Of whom nothing is known, or said."""


@dataclass(frozen=True, slots=True)
class Move:
    """A personal dataset becomes that of the organization `to`."""

    to: Owner

    def __str__(self) -> str:
        """What changes, with the old and the new owner."""
        return say("owner (personal → {name})", name=self.to.name or self.to.organization)


def change_of_owner(
    spec: DatasetSpec, wanted: Owner, remote: RemoteDataset, rules: Rules
) -> Move | Conflict | None:
    """What becomes of the owner of `remote`, which is `spec` and shall be that of `wanted`.

    None: nothing, it is as wanted or the manifest does not say.
    """
    if wanted == UNSAID or wanted.organization == remote.organization:
        return None
    if remote.organization is None and rules.joins_organizations:
        return Move(wanted)
    is_of = (
        say("to the organization {organization}", organization=remote.organization)
        if remote.organization
        else say("to an account")
    )
    ways = [say("transfer it there"), say("let the manifest say whose it is")]
    if not spec.id:
        ways.append(say("give it another `key`, if it is to be a second dataset"))
    return Conflict(
        say(
            "'{title}' ({id}) belongs {owner_there} on the portal, and in the manifest to "
            "{wanted}; to change that takes the portal's transfer feature: {ways}, or {last_way}",
            title=remote.metadata.title,
            id=remote.id,
            owner_there=is_of,
            wanted=wanted,
            ways=", ".join(ways[:-1]),
            last_way=ways[-1],
        )
    )
