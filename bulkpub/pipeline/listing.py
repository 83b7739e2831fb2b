"""The resources of a dataset on the portal, as one after the other changes.

The rule: a change costs the same however many there are.
"""

from collections.abc import Iterable

from bulkpub.core.model import RemoteResource

__all__ = ["Listing"]


class Listing:
    """What the portal listed, in its order, and what was stored there since."""

    def __init__(self, resources: Iterable[RemoteResource] = ()) -> None:
        self._there = list(resources)
        self._new: list[RemoteResource] = []
        self._places = {each.id: (self._there, at) for at, each in enumerate(self._there)}

    def __contains__(self, resource_id: str) -> bool:
        """Whether there is a resource of this id."""
        return resource_id in self._places

    def put(self, remote: RemoteResource, onto: str | None = None) -> None:
        """It is there now, in the place of the one that had the id `onto`, or its own id.

        Where there is none, it is new, and before all others, as the portal does.
        """
        place = self._places.pop(remote.id if onto is None else onto, None)
        if place is None:
            place = (self._new, len(self._new))
            self._new.append(remote)
        else:
            resources, at = place
            resources[at] = remote
        self._places[remote.id] = place

    def all(self) -> tuple[RemoteResource, ...]:
        """All of them, in the portal's order."""
        return (*reversed(self._new), *self._there)
