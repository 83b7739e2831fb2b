"""Who is who among datasets: by id, by our key in the extras, by exact title.

Two candidates for one entry are a `Conflict` that names both, never a guess. A title tells only
what no key marks: what carries another key is another manifest's, and a conflict too. What was
harvested under the bare id of its catalogue is recognised under that key, with proof.
"""

from collections.abc import Collection, Sequence

from bulkpub.core.addresses import shown_address
from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, RemoteDataset, State
from bulkpub.core.origin import PAGE_EXTRA, former_key, is_of_another, same_origin

__all__ = ["Matched", "match_datasets"]

Matched = dict[str, RemoteDataset | Conflict]
"""By dataset key: the portal's dataset, or why it cannot be told; a key that is missing is new."""


def match_datasets(
    wanted: Sequence[DatasetSpec], remote: Sequence[RemoteDataset], ours: Collection[str] = ()
) -> Matched:
    """Match the datasets of one owner, by dataset key; a key that is missing is new.

    `remote` are the datasets found for that owner, plus those fetched by id. `ours` are the keys
    of the manifest's other datasets, beside those `wanted`. A deleted dataset is never taken for
    a live one; one of ours that was deleted is a conflict, unless the manifest says in what state
    it shall be. What shall be absent goes by id and key alone.
    """
    result: Matched = {}
    by_id = {dataset.id: dataset for dataset in remote}
    ours = {spec.key for spec in wanted} | set(ours)
    for spec in wanted:
        if spec.id:
            found = by_id.pop(spec.id, None)
            if found is not None:
                result[spec.key] = _usable(spec, found)
            elif spec.state is not State.ABSENT:
                result[spec.key] = _missing(spec.id)
    wanted = [spec for spec in wanted if not spec.id]
    rest = list(by_id.values())
    _match_by_key(result, wanted, rest)
    _match_by_origin(result, wanted, rest, ours)
    settled = {found.id for found in result.values() if isinstance(found, RemoteDataset)}
    _match_by_title(result, wanted, [d for d in rest if d.id not in settled], ours)
    return result


def _match_by_key(
    result: Matched, wanted: Sequence[DatasetSpec], rest: Sequence[RemoteDataset]
) -> None:
    for spec in wanted:
        if spec.key in result:
            continue
        ours = [dataset for dataset in rest if dataset.key == spec.key]
        alive = [dataset for dataset in ours if not dataset.deleted]
        if len(alive) > 1:
            result[spec.key] = _conflict("carry its key", alive)
        elif not alive and len(ours) > 1 and spec.state not in {None, State.ABSENT}:
            result[spec.key] = _conflict("were deleted and carry its key", ours)
        elif ours:
            found = (alive or ours)[0]
            result[spec.key] = (
                _of_another(spec, found) if is_of_another(spec, found) else _usable(spec, found)
            )


def _match_by_origin(
    result: Matched,
    wanted: Sequence[DatasetSpec],
    rest: Sequence[RemoteDataset],
    ours: Collection[str],
) -> None:
    """By the key that it was harvested under before; whoever else claims the same is a conflict."""
    claims: dict[str, list[DatasetSpec]] = {}
    for spec in wanted:
        former = former_key(spec)
        if spec.key in result or former is None or former in ours:
            continue
        same = [each for each in rest if each.key == former and same_origin(spec, each)]
        alive = [each for each in same if not each.deleted]
        if len(alive) > 1:
            result[spec.key] = _conflict(f"carry its former key, '{former}'", alive)
        elif same:
            found = (alive or same)[0]
            claims.setdefault(found.id, []).append(spec)
            result[spec.key] = _usable(spec, found)
    for specs in claims.values():
        if len(specs) > 1:
            for spec in specs:
                result[spec.key] = _shared(spec, specs)


def _match_by_title(
    result: Matched,
    wanted: Sequence[DatasetSpec],
    rest: Sequence[RemoteDataset],
    ours: Collection[str],
) -> None:
    alive = [d for d in rest if not d.deleted and d.key not in ours]
    wanted = [spec for spec in wanted if spec.state is not State.ABSENT]
    titles = [spec.metadata.title for spec in wanted if spec.key not in result]
    for spec in wanted:
        title = spec.metadata.title
        same_title = [dataset for dataset in alive if dataset.metadata.title == title]
        if spec.key in result or title is None or not same_title:
            continue
        same = [dataset for dataset in same_title if dataset.key is None]
        if not same:
            result[spec.key] = _marked(spec, same_title[0])
        elif len(same) > 1:
            result[spec.key] = _conflict("have its title", same)
        elif titles.count(title) > 1:
            result[spec.key] = Conflict(
                f"several datasets of the manifest have the title of '{title}' ({same[0].id}) "
                f"on the portal; set `id: {same[0].id}` on the one that it is"
            )
        else:
            result[spec.key] = same[0]


def _usable(spec: DatasetSpec, dataset: RemoteDataset) -> RemoteDataset | Conflict:
    if not dataset.deleted or spec.state is not None:
        return dataset
    return Conflict(
        f"the dataset '{dataset.metadata.title}' ({dataset.id}) was deleted on the portal; "
        "restore it there, or with `state: present`, remove it from the manifest, or give it a "
        "new `key` (and no `id`) to publish it afresh"
    )


def _marked(spec: DatasetSpec, dataset: RemoteDataset) -> Conflict:
    return Conflict(
        f"'{dataset.metadata.title}' ({dataset.id}) on the portal has the title of '{spec.key}', "
        f"but carries another key, '{dataset.key}', so that another manifest may publish it; if it "
        f"is that dataset, set `key: {dataset.key}` or `id: {dataset.id}`, and if it is not, give "
        "one of them another title",
        marked=True,
    )


def _of_another(spec: DatasetSpec, dataset: RemoteDataset) -> Conflict:
    page = str((dataset.metadata.extras or {})[PAGE_EXTRA])
    return Conflict(
        f"'{dataset.metadata.title}' ({dataset.id}) on the portal carries the key '{spec.key}', "
        f"but was harvested from another catalogue, {shown_address(page)}, which has a dataset of "
        "the same id; harvest this one again, as its key then says where it comes from, or give "
        f"it another `key`; if it is that dataset all the same, set `id: {dataset.id}`",
        marked=True,
    )


def _shared(spec: DatasetSpec, specs: Sequence[DatasetSpec]) -> Conflict:
    named = " and ".join(f"'{each.key}'" for each in specs)
    return Conflict(
        f"{named} could each be the dataset that carries their former key, '{former_key(spec)}'; "
        "set `id` on the one that it is"
    )


def _missing(dataset_id: str) -> Conflict:
    return Conflict(
        f"the portal has no dataset with the id {dataset_id}, or it is not visible to this key; "
        "correct `id`, or remove it to create the dataset"
    )


def _conflict(what: str, candidates: Sequence[RemoteDataset]) -> Conflict:
    named = " and ".join(f"'{d.metadata.title}' ({d.id})" for d in candidates)
    return Conflict(
        f"{len(candidates)} datasets on the portal {what}: {named}; set `id` to the right one"
    )
