"""The resources of a dataset on the portal, as one after the other changes.

The rule: a change costs the same however many there are.
"""

from collections.abc import Iterable

from bulkpub.core.model import RemoteResource
from bulkpub.core.origin import unnumbered

__all__ = ["Listing", "Unclaimed"]


class Listing:
    """What the portal listed, in its order, and what was stored there since."""

    def __init__(self, resources: Iterable[RemoteResource] = ()) -> None:
        self._there = list(resources)
        self._new: list[RemoteResource] = []
        self._places = {each.id: (self._there, at) for at, each in enumerate(self._there)}

    def __contains__(self, resource_id: str) -> bool:
        """Whether there is a resource of this id."""
        return resource_id in self._places

    def get(self, resource_id: str) -> RemoteResource | None:
        """The resource of this id, None when there is none."""
        place = self._places.get(resource_id)
        if place is None:
            return None
        resources, at = place
        return resources[at]

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


class Unclaimed:
    """The resources of a dataset that may be any entry's, by the keys that mark them."""

    def __init__(self, resources: Iterable[RemoteResource]) -> None:
        self._marks = {each.id: _marks(each) for each in resources}
        self._marked: dict[str, set[str]] = {}
        for id_, marks in self._marks.items():
            for mark in marks:
                self._marked.setdefault(mark, set()).add(id_)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._marks)

    def claim(self, resource_id: str) -> None:
        """It is an entry's, and may be no other's."""
        for mark in self._marks.pop(resource_id, ()):
            self._marked[mark].discard(resource_id)

    def marked_alone(self, key: str) -> str | None:
        """The id of the only one that this key marks, also as one of several of an address."""
        ids = self._marked.get(key, ())
        return next(iter(ids)) if len(ids) == 1 else None


def _marks(resource: RemoteResource) -> frozenset[str]:
    key = resource.key
    return frozenset(each for each in (key, unnumbered(key or "")) if each)
