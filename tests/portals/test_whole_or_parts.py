"""A file goes whole until something speaks against it."""

import pytest

from bulkpub.portals.whole_or_parts import MIB, SMALLEST_PART, PartSizes, WholeOrParts

GIB = 1024 * MIB


def test_until_something_speaks_against_it_every_file_goes_whole() -> None:
    assert not WholeOrParts(PartSizes()).in_parts(100 * GIB)


@pytest.mark.parametrize(("size", "in_parts"), [(64 * MIB, False), (64 * MIB + 1, True)])
def test_a_size_that_is_asked_for_is_the_limit(size: int, in_parts: bool) -> None:  # noqa: FBT001 - a table
    assert WholeOrParts(PartSizes(above=64 * MIB)).in_parts(size) == in_parts


def test_what_would_be_a_single_part_goes_whole() -> None:
    ways = WholeOrParts(PartSizes(above=0, size=MIB))
    assert not ways.in_parts(MIB)
    assert ways.in_parts(MIB + 1)


def test_a_size_that_was_refused_is_not_tried_again() -> None:
    ways = WholeOrParts(PartSizes())
    ways.was_refused(100 * MIB)
    ways.was_refused(300 * MIB)
    assert ways.refused == 100 * MIB
    assert ways.in_parts(100 * MIB)
    assert not ways.in_parts(100 * MIB - 1)
    assert WholeOrParts(PartSizes(refused=100 * MIB)).in_parts(100 * MIB)


@pytest.mark.parametrize(
    ("refused", "part"),
    [
        (None, 16 * MIB),
        (GIB, 16 * MIB),
        (32 * MIB, 8 * MIB),
        (MIB, SMALLEST_PART),
        (1000, SMALLEST_PART),
    ],
)
def test_a_part_is_well_below_what_was_refused(refused: int | None, part: int) -> None:
    assert WholeOrParts(PartSizes(refused=refused)).part_size == part


def test_what_broke_off_goes_in_parts_as_does_what_is_larger_and_small_files_never() -> None:
    ways = WholeOrParts(PartSizes())
    ways.broke_off(1000)
    assert not ways.in_parts(100 * MIB)
    ways.broke_off(200 * MIB)
    assert ways.in_parts(200 * MIB)
    assert not ways.in_parts(199 * MIB)
    assert ways.refused is None


def test_a_line_that_is_too_slow_for_a_file_whole_has_it_in_parts() -> None:
    ways = WholeOrParts(PartSizes(after_s=600))
    ways.arrived(1000, seconds=10)  # says nothing: a request has other costs
    assert not ways.in_parts(GIB)
    ways.arrived(10 * MIB, seconds=10)
    assert not ways.in_parts(600 * MIB)
    assert ways.in_parts(601 * MIB)
    ways.arrived(100 * MIB, seconds=10)
    assert not ways.in_parts(601 * MIB)


def test_a_size_that_is_asked_for_says_it_all_but_what_was_refused() -> None:
    ways = WholeOrParts(PartSizes(above=GIB, after_s=1))
    ways.arrived(10 * MIB, seconds=100)
    assert not ways.in_parts(GIB)
    ways.was_refused(500 * MIB)
    assert ways.in_parts(500 * MIB)
