import inspect

import pytest

from bulkpub.harvest import portal
from bulkpub.harvest.kinds import Kind, harvester


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PORTAL])
def test_every_kind_is_harvested_the_same_way(kind: Kind) -> None:
    harvest = harvester(kind)
    assert inspect.isasyncgenfunction(harvest)
    assert list(inspect.signature(harvest).parameters) == ["source", "reader", "options"]


def test_a_portal_is_asked_through_its_api() -> None:
    assert list(inspect.signature(portal.harvest).parameters) == ["source", "portal", "options"]
    with pytest.raises(ValueError, match=r"harvest\.portal"):
        harvester(Kind.PORTAL)
