"""The spool: room is given out fairly and never for ever waited for, and nothing stays behind."""

import asyncio
import errno
import os
import sys
from pathlib import Path
from textwrap import dedent

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkpub.errors import SourceFailed
from bulkpub.sources.budget import Budget, Share
from bulkpub.sources.spool import Spool, SpoolFile

# --- room ---------------------------------------------------------------------------------


async def test_who_does_not_fit_waits_for_who_leaves() -> None:
    budget, came = Budget(100), list[str]()

    async def come(name: str, size: int) -> None:
        share = await budget.enter(size)
        came.append(name)
        shares[name] = share

    shares: dict[str, Share] = {}
    async with anyio.create_task_group() as tasks:
        for name, size in (("a", 60), ("b", 40), ("large", 90), ("small", 1)):
            tasks.start_soon(come, name, size)
            await anyio.wait_all_tasks_blocked()
        assert came == ["a", "b"]
        budget.leave(shares["b"])
        await anyio.wait_all_tasks_blocked()
        assert came == ["a", "b"]  # the small one would fit, but the large one came before
        budget.leave(shares["a"])
        await anyio.wait_all_tasks_blocked()
        assert came == ["a", "b", "large", "small"]


async def test_one_that_is_larger_than_all_the_room_comes_in_alone() -> None:
    budget = Budget(100)
    small = await budget.enter(1)
    assert budget.enter_at_once(1000) is None
    budget.leave(small)
    large = budget.enter_at_once(1000)
    assert large is not None
    assert budget.enter_at_once(1) is None
    budget.keep(large, 10)
    assert budget.enter_at_once(90) is not None


async def test_who_gives_up_waiting_is_not_waited_for() -> None:
    budget = Budget(100)
    first = await budget.enter(60)
    with anyio.move_on_after(0.01):
        await budget.enter(60)
    assert budget.enter_at_once(40) is not None
    budget.leave(first)
    assert budget.held == 40


async def test_two_that_grow_beyond_the_room_together_do_not_wait_for_each_other() -> None:
    budget, done = Budget(100), list[str]()

    async def grow(name: str) -> None:
        share = await budget.enter(10)
        for _ in range(20):
            await budget.grow(share, 10)
        done.append(name)
        budget.leave(share)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(grow, "first")
            tasks.start_soon(grow, "second")
    assert sorted(done) == ["first", "second"]
    assert budget.held == 0


async def test_who_grows_goes_before_who_is_still_outside() -> None:
    budget, order = Budget(100), list[str]()
    one, two = await budget.enter(50), await budget.enter(50)

    async def outside() -> None:
        await budget.enter(50)
        order.append("outside")

    async def inside() -> None:
        await budget.grow(one, 50)
        order.append("inside")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outside)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(inside)
        await anyio.wait_all_tasks_blocked()
        budget.leave(two)
        await anyio.wait_all_tasks_blocked()
        assert order == ["inside"]
        budget.leave(one)
    assert order == ["inside", "outside"]


FILES = st.lists(
    st.tuples(st.integers(0, 150), st.lists(st.integers(1, 80), max_size=5), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=settings().max_examples // 2)
@given(files=FILES)
def test_whatever_comes_and_grows_and_gives_up_everybody_is_served(
    files: list[tuple[int, list[int], bool]],
) -> None:
    budget, over = Budget(100), list[bool]()

    async def one(size: int, growth: list[int], gives_up: object) -> None:
        with anyio.CancelScope() as scope:
            share = await budget.enter(size)
            try:
                for more in growth:
                    if gives_up and more % 3 == 0:
                        scope.cancel()
                    await budget.grow(share, more)
                    over.append(budget.held > budget.size)
                    await anyio.lowlevel.checkpoint()
            finally:
                budget.leave(share)

    async def all_of_them() -> None:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for size, growth, gives_up in files:
                    tasks.start_soon(one, size, growth, gives_up)

    anyio.run(all_of_them)
    assert budget.held == 0
    if all(size + sum(growth) <= 100 // len(files) for size, growth, _ in files):
        assert not any(over)


# --- files --------------------------------------------------------------------------------


async def _written(spool: Spool, name: str, content: bytes) -> tuple[Path, str]:
    share = await spool.room(None)
    async with spool.file(name, share, "a.example/f") as file:
        await file.write(content)
        file.finish()
        assert spool.held == len(content)
        return file.path, file.digest


async def test_two_files_of_one_name_lie_side_by_side(tmp_path: Path) -> None:
    async with Spool(tmp_path, 10**9) as spool:
        one, two = await spool.room(4), await spool.room(4)
        async with (
            spool.file("a.csv", one, "one") as first,
            spool.file("a.csv", two, "two") as second,
        ):
            await first.write(b"1111")
            await second.write(b"2222")
            first.finish()
            second.finish()
            assert _contents(tmp_path) == [b"1111", b"2222"]
        assert _contents(tmp_path) == []
    assert _names(tmp_path) == []


def _names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def _contents(folder: Path) -> list[bytes]:
    files = sorted(each for each in folder.rglob("a.csv") if each.is_file())
    return [each.read_bytes() for each in files]


async def test_a_file_that_starts_over_has_nothing_of_before(tmp_path: Path) -> None:
    async with (
        Spool(tmp_path, 10**9) as spool,
        spool.file("a.csv", await spool.room(None), "a.example/f") as file,
    ):
        await file.write(b"old" * 1000)
        file.restart()
        await file.write(b"new")
        file.finish()
        assert _contents(tmp_path) == [b"new"]
        assert file.size == 3
        assert file.digest == "c2a6b03f190dfb2b4aa91f8af8d477a9bc3401dc"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "does not fit on the disk any more .* `spool_dir`"),
        (errno.EIO, "cannot be kept on the disk: Input/output error"),
    ],
)
async def test_a_disk_that_is_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def full(_: SpoolFile) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(SpoolFile, "_opened", full)
    async with Spool(tmp_path, 10**9) as spool:
        with pytest.raises(SourceFailed, match=f"a.example/f {said}"):
            await _written(spool, "a.csv", b"x")
        assert spool.held == 0
    assert _names(tmp_path) == []


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with Spool(tmp_path / "file" / "spool", 10**9) as spool:
        with pytest.raises(SourceFailed, match="cannot be kept on the disk: Not a directory"):
            await _written(spool, "a.csv", b"x")
        assert spool.held == 0


async def test_without_a_folder_it_is_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    async with Spool(None, 10**9) as spool:
        path, _ = await _written(spool, "a.csv", b"x")
    assert path.is_relative_to(tmp_path / "bulkpub" / "spool")


# --- runs that were killed ----------------------------------------------------------------

KILLED = """
    import asyncio, pathlib, sys
    from bulkpub.sources.spool import Spool

    async def main():
        async with Spool(pathlib.Path(sys.argv[1]), 10**9) as spool:
            async with spool.file("a.csv", await spool.room(None), "x") as file:
                await file.write(b"left behind")
                file.finish()
                print("written", flush=True)
                await asyncio.sleep(60)

    asyncio.run(main())
"""


@pytest.mark.served
async def test_what_a_killed_run_left_is_removed_by_the_next_but_not_while_it_runs(
    tmp_path: Path,
) -> None:
    others = ["bulkpub-spool-0123456789abcdef", "bulkpub-spool-of-somebody-else", "precious.lock"]
    for name in others:  # the first has no lock beside it: whose it is cannot be told
        (tmp_path / name).mkdir()
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", dedent(KILLED), str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert run.stdout is not None
    assert await run.stdout.readline() == b"written\n"
    async with Spool(tmp_path, 10**9):
        assert _contents(tmp_path) == [b"left behind"]
    run.kill()
    await run.wait()
    async with Spool(tmp_path, 10**9):
        assert _contents(tmp_path) == []
    assert _names(tmp_path) == others
