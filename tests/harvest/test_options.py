from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime

import pytest

from bulkpub.core.model import DatasetMetadata, DatasetSpec
from bulkpub.harvest.base import Found, HarvestOptions, sifted

VELOS = DatasetSpec("mobilite/velos", DatasetMetadata(title="Comptages Vélo 2024"))


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        (None, True),
        ("vélo", True),
        ("VELO", True),
        ("mobilite/", True),
        ("bus", False),
        ("comptages*", True),
        ("velo*", False),
        ("*/velos", True),
        ("comptages velo 202[34]", True),
        ("comptages velo 202[56]", False),
    ],
)
def test_a_match_is_looked_for_in_title_and_key(match: str | None, wanted: bool) -> None:  # noqa: FBT001 - a table
    assert HarvestOptions(match=match).wanted(VELOS) is wanted


@pytest.mark.parametrize(
    ("modified", "wanted"),
    [
        (None, True),
        (date(2024, 5, 1), True),
        (date(2024, 4, 30), False),
        (datetime(2024, 5, 1, 0, 30), True),  # noqa: DTZ001 - catalogues leave the zone out
        (datetime.fromisoformat("2024-05-01T00:30:00+02:00"), False),
        (datetime(2024, 6, 1, tzinfo=UTC), True),
    ],
)
def test_since_passes_what_changed_later_or_nobody_knows_when(
    modified: date | None,
    wanted: bool,  # noqa: FBT001 - a table
) -> None:
    assert HarvestOptions(since=date(2024, 5, 1)).wanted("Any title", modified) is wanted


async def catalogue(read: list[int]) -> AsyncGenerator[Found]:
    for number in range(10):
        read.append(number)
        yield Found(DatasetSpec(f"d{number}", DatasetMetadata(title=f"Dataset {number}")))


async def keys(read: list[int], options: HarvestOptions) -> list[str]:
    return [found.dataset.key async for found in sifted(catalogue(read), options)]


async def test_the_limit_counts_what_matches_and_reads_no_further() -> None:
    read: list[int] = []
    assert await keys(read, HarvestOptions(match="dataset [2468]", limit=2)) == ["d2", "d4"]
    assert read == [0, 1, 2, 3, 4]


async def test_a_kind_that_forgets_the_filters_obeys_them_all_the_same() -> None:
    assert await keys([], HarvestOptions(match="d7")) == ["d7"]


async def test_what_has_no_organization_gets_the_one_that_was_asked_for() -> None:
    options = HarvestOptions(organization="ville", limit=1)
    owners = [found.dataset.organization async for found in sifted(catalogue([]), options)]
    assert owners == ["ville"]
