"""A listing is what a list would be in which each resource is looked for."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import RemoteResource, ResourceMetadata
from bulkpub.pipeline.on_portal import Listing

IDS = st.sampled_from("abcdefgh")


def resource(id_: str, at: int) -> RemoteResource:
    return RemoteResource(id=id_, url=f"https://example.org/{at}", metadata=ResourceMetadata())


def put(listed: list[RemoteResource], remote: RemoteResource, onto: str | None) -> None:
    for at, each in enumerate(listed):
        if each.id == (onto or remote.id):
            listed[at] = remote
            return
    listed.insert(0, remote)


@given(
    there=st.lists(IDS, unique=True, max_size=4),
    stored=st.lists(st.tuples(IDS, st.booleans()), max_size=12),
    data=st.data(),
)
def test_each_is_put_in_its_place(
    there: list[str], stored: list[tuple[str, bool]], data: Any
) -> None:
    listed = [resource(each, 0) for each in there]
    listing = Listing(listed)
    for at, (id_, replaces) in enumerate(stored, start=1):
        ids = [each.id for each in listed]
        onto = data.draw(st.sampled_from(ids)) if replaces and ids and id_ not in ids else None
        put(listed, resource(id_, at), onto)
        listing.put(resource(id_, at), onto)
        assert [each for each in "abcdefgh" if each in listing] == sorted(r.id for r in listed)
        assert listing.all() == tuple(listed)
