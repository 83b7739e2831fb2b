"""What the portal has of a dataset, as one of its resources after the other changes.

The rule: a change costs the same however many there are.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from bulkpub.core.model import RemoteDataset, RemoteResource, ResourceSpec
from bulkpub.core.origin import unnumbered

__all__ = ["Listing", "OnPortal"]


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


class OnPortal:
    """What the portal has of one dataset, and which of its resources may be any entry's."""

    def __init__(self) -> None:
        self._dataset: RemoteDataset | None = None
        self._listing = Listing()
        self._is_told = True
        self._unclaimed: Unclaimed | None = None

    @property
    def is_there(self) -> bool:
        """Whether the portal has the dataset, as far as is known."""
        return self._dataset is not None

    @property
    def id(self) -> str:
        """Which dataset it is; only where it is there."""
        assert self._dataset is not None  # noqa: S101 - the caller's part of the contract
        return self._dataset.id

    @property
    def dataset(self) -> RemoteDataset | None:
        """All of it, None when there is none; it takes as long as there are resources."""
        if self._dataset is not None and not self._is_told:
            self._dataset = replace(self._dataset, resources=self._listing.all())
            self._is_told = True
        return self._dataset

    def is_now(self, dataset: RemoteDataset | None) -> None:
        """It was looked at, or written as a whole."""
        self._dataset, self._is_told, self._unclaimed = dataset, True, None
        self._listing = Listing(dataset.resources if dataset else ())

    def lists(self, resource_id: str) -> bool:
        """Whether it has this resource."""
        return resource_id in self._listing

    def put(self, remote: RemoteResource, onto: str | None = None) -> None:
        """See `Listing.put`."""
        self._listing.put(remote, onto)
        self._is_told = False

    def claim(self, resource_id: str, instead_of: str | None = None) -> None:
        """It is an entry's now, which had another one before, or none."""
        if instead_of not in {None, resource_id}:
            self._unclaimed = None
        elif self._unclaimed is not None:
            self._unclaimed.claim(resource_id)

    def part_for(
        self, entry: ResourceSpec, bound: str | None, claimed: Callable[[], Collection[str | None]]
    ) -> RemoteDataset | None:
        """The dataset with nothing but the resource that `entry` is, or none, if it is new.

        None when it may be one of several. `bound` is the id that it got earlier, if any; `claimed`
        gives the ids of all resources that are entries' already.
        """
        if self._dataset is None:
            return None
        known = self._listing.get(entry.id or bound or "")
        if known is None and entry.id is None and (unclaimed := self._not_in(claimed)):
            known = self._listing.get(unclaimed.marked_alone(entry.key) or "")
            if known is None or known.key != entry.key:
                return None
        return replace(self._dataset, resources=() if known is None else (known,))

    def _not_in(self, claimed: Callable[[], Collection[str | None]]) -> Unclaimed:
        if self._unclaimed is None:
            ids, listed = claimed(), self._listing.all()
            self._unclaimed = Unclaimed(each for each in listed if each.id not in ids)
        return self._unclaimed
