"""Places for so many, and turns that are some time apart."""

import math

import anyio
import pytest

from bulkpub.core.waits import WaitReason
from bulkpub.http.places import Places
from bulkpub.http.turns import Turns


async def test_there_are_so_many_places_and_who_came_first_gets_the_next() -> None:
    places, has = Places(2), list[int]()
    done = [anyio.Event() for _ in range(5)]

    async def come(which: int) -> None:
        async with places.place():
            has.append(which)
            await done[which].wait()

    async with anyio.create_task_group() as tasks:
        for which in range(5):
            tasks.start_soon(come, which)
            await anyio.wait_all_tasks_blocked()
        assert (has, places.waiting) == ([0, 1], 3)
        for which in (1, 0, 2, 3, 4):
            done[which].set()
            await anyio.wait_all_tasks_blocked()
    assert has == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("waits", [True, False])
async def test_who_gives_up_waiting_takes_no_place(*, waits: bool) -> None:
    places = Places(1)
    async with places.place():
        with anyio.move_on_after(0.01 if waits else 0):
            async with places.place():
                pytest.fail("there is one place only")
    assert (places.waiting, places.try_turn(), places.try_turn()) == (0, 0.0, math.inf)


async def test_whoever_lends_places_is_told_when_one_is_free_and_lends_none_ahead() -> None:
    places, told = Places(1), list[int]()
    places.notify(lambda: told.append(places.waiting))
    async with places.place():
        before = len(told)
    assert len(told) == before + 1
    assert not places.plentiful
    assert places.standing(math.inf).at_once == 1


def test_turns_are_some_time_apart_whoever_takes_them() -> None:
    now = [100.0]
    turns = Turns(1.0, clock=lambda: now[0])
    assert (turns.try_turn(), turns.try_turn(early=9.0)) == (0.0, 1.0)
    now[0] = 100.75
    assert turns.try_turn() == 0.25
    turns.give_back()
    assert turns.try_turn() == 0.25
    now[0] = 101.0
    assert turns.try_turn() == 0.0
    standing = turns.standing(0.5)
    assert standing.until is not None
    assert (standing.reason, standing.until.timestamp()) == (WaitReason.PACING, 101.5)
    assert turns.standing(math.inf).until is None
