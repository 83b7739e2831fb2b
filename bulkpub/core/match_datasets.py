"""Who is who among datasets: by id, by our key in the extras, by exact title; releases by tag.

Two candidates for one entry are a `Conflict` that names both, never a guess. A title tells only
what no key marks: what carries another key is another manifest's, and a conflict too. What was
harvested under the bare id of its catalogue is recognised under that key, with proof.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bulkpub.core.addresses import shown_address
from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, RemoteDataset, State
from bulkpub.core.origin import PAGE_EXTRA, id_said, is_of_another, same_origin
from bulkpub.language import say

__all__ = ["Face", "Look", "Matched", "face_of", "match_datasets"]

Matched = dict[str, str | Conflict]
"""By dataset key: the id of the portal's, or why it cannot be told; a missing key is new."""


@dataclass(frozen=True, slots=True)
class Face:
    """What a dataset is recognised by, wanted or on the portal: little, as there may be many.

    `own_id` is the id in the catalogue that it was harvested from; empty: it does not say. `state`
    is that in which it is wanted. With a `release_tag` it is wanted as the release of that tag; on
    the portal, that is its slug.
    """

    key: str | None
    id: str | None = None
    title: str | None = None
    own_id: str = ""
    deleted: bool = False
    state: State | None = None
    release_tag: str = ""

    @property
    def former_key(self) -> str | None:
        """See `origin.former_key`; of a dataset that is wanted."""
        return self.own_id if self.own_id and self.own_id != self.key and not self.id else None


Look = Callable[[Face, Face], tuple[DatasetSpec, RemoteDataset]]
"""The dataset that is wanted and the portal's, in full, where their faces do not tell enough."""


def face_of(dataset: DatasetSpec | RemoteDataset) -> Face:
    """The face of a dataset."""
    face = Face(dataset.key, dataset.id, dataset.metadata.title, id_said(dataset))
    if isinstance(dataset, RemoteDataset):
        return replace(face, deleted=dataset.deleted, release_tag=dataset.slug)
    return replace(face, state=dataset.state, release_tag=dataset.release_tag)


def match_datasets(
    wanted: Iterable[Face], remote: Iterable[Face], look: Look, ours: Collection[str] = ()
) -> Matched:
    """Match the datasets of one owner, by dataset key; a key that is missing is new.

    `remote` are the datasets found for that owner, plus those fetched by id. `ours` are the keys
    of the manifest's other datasets, beside those `wanted`. A deleted dataset is never taken for
    a live one; one of ours that was deleted is a conflict, unless the manifest says in what state
    it shall be. What shall be absent goes by id and key alone. It takes time in proportion to how
    many there are.
    """
    matching = _Matching(list(wanted), {each.id: each for each in remote}, look, ours)
    matching.by_id()
    matching.by_release()
    matching.by_key()
    matching.by_origin()
    matching.by_title()
    return matching.result


class _Matching:
    def __init__(
        self,
        wanted: Sequence[Face],
        remote: dict[str | None, Face],
        look: Look,
        ours: Collection[str],
    ) -> None:
        self.result: Matched = {}
        self._wanted = wanted
        self._rest = remote
        self._look = look
        self._keys = {each.key for each in wanted}
        self._others = ours
        self._by_key: dict[str, list[Face]] = {}

    def _is_ours(self, key: str | None) -> bool:
        return key in self._keys or key in self._others

    def _settle(self, wanted: Face, found: Face | Conflict) -> None:
        self.result[str(wanted.key)] = found if isinstance(found, Conflict) else str(found.id)

    def _open(self) -> Iterable[Face]:
        return (
            each
            for each in self._wanted
            if not (each.id or each.release_tag) and each.key not in self.result
        )

    def by_id(self) -> None:
        for each in self._wanted:
            if each.id:
                if found := self._rest.pop(each.id, None):
                    self._settle(each, _usable(each, found))
                elif each.state is not State.ABSENT:
                    self._settle(each, _missing(each.id))
        for there in self._rest.values():
            if there.key is not None:
                self._by_key.setdefault(there.key, []).append(there)

    def by_release(self) -> None:
        """By the tag alone, and whoever made the release, unless another key marks it."""
        wanted: dict[str, list[Face]] = {}
        for each in self._wanted:
            if each.release_tag and not each.id:
                wanted.setdefault(each.release_tag, []).append(each)
        there: dict[str, list[Face]] = {}
        for each in self._rest.values() if wanted else ():
            if each.release_tag in wanted and not each.deleted:
                there.setdefault(each.release_tag, []).append(each)
        for tag, claimants in wanted.items():
            for each in claimants:
                if len(claimants) > 1:
                    self._settle(each, _one_tag(tag, claimants))
                elif found := _of_its_tag(each, there.get(tag, [])):
                    self._settle(each, found)

    def by_key(self) -> None:
        for each in self._open():
            ours = self._by_key.get(str(each.key), [])
            alive = [there for there in ours if not there.deleted]
            if len(alive) > 1:
                self._settle(each, _conflict(say("carry its key"), alive))
            elif not alive and len(ours) > 1 and each.state not in {None, State.ABSENT}:
                self._settle(each, _conflict(say("were deleted and carry its key"), ours))
            elif ours:
                found = (alive or ours)[0]
                self._settle(each, self._of_another(each, found) or _usable(each, found))

    def _of_another(self, wanted: Face, found: Face) -> Conflict | None:
        if not wanted.own_id or not wanted.key == wanted.own_id == found.own_id:
            return None
        spec, remote = self._look(wanted, found)
        return _of_another(spec, remote) if is_of_another(spec, remote) else None

    def by_origin(self) -> None:
        """By the key that it was harvested under before; several that claim one are a conflict."""
        claims: dict[str | None, list[Face]] = {}
        for each in self._open():
            former = each.former_key
            if former is None or self._is_ours(former):
                continue
            named = self._by_key.get(former, [])
            same = [there for there in named if same_origin(*self._look(each, there))]
            alive = [there for there in same if not there.deleted]
            if len(alive) > 1:
                self._settle(
                    each, _conflict(say("carry its former key, '{former}'", former=former), alive)
                )
            elif same:
                found = (alive or same)[0]
                claims.setdefault(found.id, []).append(each)
                self._settle(each, _usable(each, found))
        for claimants in claims.values():
            if len(claimants) > 1:
                for each in claimants:
                    self._settle(each, _shared(each, claimants))

    def by_title(self) -> None:
        settled = {found for found in self.result.values() if isinstance(found, str)}
        by_title: dict[str | None, list[Face]] = {}
        for there in self._rest.values():
            if not there.deleted and there.id not in settled and not self._is_ours(there.key):
                by_title.setdefault(there.title, []).append(there)
        rivals: dict[str | None, int] = {}
        present = [each for each in self._open() if each.state is not State.ABSENT]
        for each in present:
            rivals[each.title] = rivals.get(each.title, 0) + 1
        for each in present:
            if each.title is not None and (same := by_title.get(each.title)):
                self._settle(each, _by_title(each, same, rivals[each.title]))


def _by_title(wanted: Face, there: Sequence[Face], rivals: int) -> Face | Conflict:
    """Which of those of its title it is; `rivals` is how many datasets want that title."""
    same = [each for each in there if each.key is None]
    if not same:
        return _marked(wanted, there[0])
    if len(same) > 1:
        return _conflict(say("have its title"), same)
    if rivals > 1:
        return Conflict(
            say(
                "several datasets of the manifest have the title of '{title}' ({id}) on the "
                "portal; set `id: {id}` on the one that it is",
                title=wanted.title,
                id=same[0].id,
            )
        )
    return same[0]


def _of_its_tag(wanted: Face, there: Sequence[Face]) -> Face | Conflict | None:
    ours = [each for each in there if each.key == wanted.key]
    if wanted.state is State.ABSENT:
        there = ours
    if len(ours) == 1 or len(there) == 1:
        found = (ours or there)[0]
        return found if found.key in {None, wanted.key} else _of_another_key(wanted, found)
    return (
        _conflict(
            say("are releases of the tag '{release_tag}'", release_tag=wanted.release_tag), there
        )
        if there
        else None
    )


def _one_tag(tag: str, claimants: Sequence[Face]) -> Conflict:
    named = " and ".join(f"'{each.key}'" for each in claimants)
    return Conflict(
        say(
            "{named} would all be the release of the tag '{tag}': give each a `release_tag` of "
            "its own",
            named=named,
            tag=tag,
        )
    )


def _of_another_key(wanted: Face, dataset: Face) -> Conflict:
    return Conflict(
        say(
            "the release of the tag '{release_tag}' ({id}) carries another key, '{key}', so that "
            "another manifest may publish it; if it is that dataset, set `key: {key}`, and if it "
            "is not, give '{wanted_key}' another `release_tag`",
            release_tag=wanted.release_tag,
            id=dataset.id,
            key=dataset.key,
            wanted_key=wanted.key,
        ),
        marked=True,
    )


def _usable(wanted: Face, dataset: Face) -> Face | Conflict:
    if not dataset.deleted or wanted.state is not None:
        return dataset
    return Conflict(
        say(
            "the dataset '{title}' ({id}) was deleted on the portal; restore it there, or with "
            "`state: present`, remove it from the manifest, or give it a new `key` (and no `id`) "
            "to publish it afresh",
            title=dataset.title,
            id=dataset.id,
        )
    )


def _marked(spec: Face, dataset: Face) -> Conflict:
    return Conflict(
        say(
            "'{title}' ({id}) on the portal has the title of '{key}', but carries another key, "
            "'{dataset_key}', so that another manifest may publish it; if it is that dataset, set "
            "`key: {dataset_key}` or `id: {id}`, and if it is not, give one of them another title",
            title=dataset.title,
            id=dataset.id,
            key=spec.key,
            dataset_key=dataset.key,
        ),
        marked=True,
    )


def _of_another(spec: DatasetSpec, dataset: RemoteDataset) -> Conflict:
    page = str((dataset.metadata.extras or {})[PAGE_EXTRA])
    return Conflict(
        say(
            "'{title}' ({id}) on the portal carries the key '{key}', but was harvested from "
            "another catalogue, {page}, which has a dataset of the same id; harvest this one "
            "again, as its key then says where it comes from, or give it another `key`; if it is "
            "that dataset all the same, set `id: {id}`",
            title=dataset.metadata.title,
            id=dataset.id,
            key=spec.key,
            page=shown_address(page),
        ),
        marked=True,
    )


def _shared(spec: Face, specs: Sequence[Face]) -> Conflict:
    named = " and ".join(f"'{each.key}'" for each in specs)
    return Conflict(
        say(
            "{named} could each be the dataset that carries their former key, '{former_key}'; set "
            "`id` on the one that it is",
            named=named,
            former_key=spec.former_key,
        )
    )


def _missing(dataset_id: str) -> Conflict:
    return Conflict(
        say(
            "the portal has no dataset with the id {dataset_id}, or it is not visible to this "
            "key; correct `id`, or remove it to create the dataset",
            dataset_id=dataset_id,
        )
    )


def _conflict(what: str, candidates: Sequence[Face]) -> Conflict:
    named = " and ".join(f"'{d.title}' ({d.id})" for d in candidates)
    return Conflict(
        say(
            "{count} datasets on the portal {what}: {named}; set `id` to the right one",
            count=len(candidates),
            what=what,
            named=named,
        )
    )
