"""Matching whole datasets, as a run does it by what they are recognised by."""

from collections.abc import Collection, Sequence

from bulkpub.core.match import Conflict
from bulkpub.core.match_datasets import Face, face_of, match_datasets
from bulkpub.core.model import DatasetSpec, RemoteDataset

__all__ = ["matched_datasets"]


def matched_datasets(
    wanted: Sequence[DatasetSpec], remote: Sequence[RemoteDataset], ours: Collection[str] = ()
) -> dict[str, RemoteDataset | Conflict]:
    """By dataset key: the portal's dataset, or why it cannot be told."""
    by_key, by_id = {each.key: each for each in wanted}, {each.id: each for each in remote}

    def look(spec: Face, there: Face) -> tuple[DatasetSpec, RemoteDataset]:
        return by_key[str(spec.key)], by_id[str(there.id)]

    faces = [face_of(each) for each in wanted], [face_of(each) for each in remote]
    found = match_datasets(*faces, look, ours)
    return {k: by_id[each] if isinstance(each, str) else each for k, each in found.items()}
