"""Where a harvested dataset comes from, and whether two are one and the same there.

An id is unique within its catalogue, not within an organization: the keys of what is harvested
say which catalogue they are of. Before they did, the bare id was the key. What carries that is
recognised, but never on the id alone, which another catalogue may have given as well: both must
have the same page there or, where one of them has none, list the same address.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from bulkpub.core.addresses import is_web, place_of, redacted
from bulkpub.core.model import DatasetSpec, Json, LinkSource, RemoteDataset, Source, UrlSource

__all__ = [
    "ID_EXTRA",
    "PAGE_EXTRA",
    "PLACE_EXTRA",
    "Gone",
    "address_of",
    "carries_key",
    "former_key",
    "id_said",
    "is_key_at",
    "is_of_another",
    "place_said",
    "same_origin",
    "unnumbered",
]

PLACE_EXTRA = "harvest:source"
"""The extra that says what was harvested: an address without its scheme, or a file."""
ID_EXTRA = "harvest:remote_id"
"""The extra with the dataset's own id in its catalogue."""
PAGE_EXTRA = "harvest:remote_url"
"""The extra with the address of the dataset's page in its catalogue."""


class Gone(StrEnum):
    """What a manifest is to say of a dataset that its source no longer has."""

    NOTE = "note"
    """A comment."""
    ARCHIVE = "archive"
    """That it is archived."""
    DRAFT = "draft"
    """That it is private: a draft, which only its organization sees."""


def former_key(spec: DatasetSpec) -> str | None:
    """The key that it had before keys said which catalogue they are of; None: it had no other."""
    own_id = _said(spec.metadata.extras, ID_EXTRA)
    return own_id if own_id and own_id != spec.key and not spec.id else None


def id_said(dataset: DatasetSpec | RemoteDataset) -> str:
    """Its own id in the catalogue it was harvested from; empty where it does not say."""
    return _said(dataset.metadata.extras, ID_EXTRA)


def place_said(dataset: DatasetSpec) -> str:
    """What it was harvested from; empty where it does not say."""
    return _said(dataset.metadata.extras, PLACE_EXTRA)


def carries_key(spec: DatasetSpec, remote: RemoteDataset) -> bool:
    """Whether the dataset that `spec` was recognised as carries its key, or its former one."""
    return remote.key is not None and remote.key in {spec.key, former_key(spec)}


def same_origin(spec: DatasetSpec, other: DatasetSpec | RemoteDataset) -> bool:
    """Whether two datasets of one id are surely the same one, of the same catalogue."""
    page = _said(spec.metadata.extras, PAGE_EXTRA)
    other_page = _said(other.metadata.extras, PAGE_EXTRA)
    if page and other_page:
        return place_of(page) == place_of(other_page)
    return not _addresses(spec).isdisjoint(_addresses(other))


def is_of_another(spec: DatasetSpec, remote: RemoteDataset) -> bool:
    """Whether the bare id that both carry as their key is surely that of two catalogues.

    Both have a page, which is not the same, and nothing that they list is.
    """
    own_id, other_id = (_said(each.metadata.extras, ID_EXTRA) for each in (spec, remote))
    pages = [_said(each.metadata.extras, PAGE_EXTRA) for each in (spec, remote)]
    keys = [{resource.key for resource in each.resources} for each in (spec, remote)]
    return (
        spec.key == own_id == other_id
        and all(pages)
        and not same_origin(spec, remote)
        and keys[0].isdisjoint(keys[1])
        and _addresses(spec).isdisjoint(_addresses(remote))
    )


def _addresses(dataset: DatasetSpec | RemoteDataset) -> set[str]:
    """The places of its files and links; those that it was hosted from are known by their keys."""
    found = {resource.key for resource in dataset.resources if resource.key}
    if isinstance(dataset, RemoteDataset):
        found |= {resource.origin for resource in dataset.resources}
    else:
        found |= {each for one in dataset.resources if (each := address_of(one.source))}
    return {place_of(each) for each in found if is_web(each)}


# --- several resources at one address ------------------------------------------------------


def address_of(source: Source) -> str | None:
    """The address that a resource is listed at or fetched from; None: it has none."""
    return source.url if isinstance(source, LinkSource | UrlSource) else None


def is_key_at(key: str, address: str) -> bool:
    """Whether the key is made of the address, alone or with what tells several there apart."""
    plain = redacted(address)
    return plain in {key, unnumbered(key)} or key.startswith(f"{plain}#")


def unnumbered(key: str) -> str:
    """The address in a key that is one with a number: its position, when bulkpub went by that.

    Empty when it is none.
    """
    found = re.fullmatch(r"(.*)-[1-9][0-9]*", key, re.DOTALL)
    return found[1] if found and is_web(found[1]) else ""


def _said(extras: Mapping[str, Json] | None, name: str) -> str:
    value = (extras or {}).get(name)
    return value.strip() if isinstance(value, str) else ""
