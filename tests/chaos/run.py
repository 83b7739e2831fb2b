"""Chaos: random histories of publishing against the sandbox, and real kills.

    python tests/chaos/run.py --histories 1000 --machine 100 --seed 1 --kills 50 --dask-kills 50
    python tests/chaos/run.py --only 1000042      replays one history, and tells it

`--untrue` carries out commands against a portal whose answers are mutated, one a seed.
`--machine` lives stories of a Hypothesis state machine, and tells the shortest that breaks a
promise. The last line sums up; the exit code is 1 when a promise was broken. Lives in a process
of its own, because time runs faster in it.
"""

import argparse
import asyncio
import logging
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import structlog

from tests.chaos import warp

warp.install()

from tests.chaos.dask_kills import Kills, kill_on_dask  # noqa: E402 - the fast clock comes first
from tests.chaos.history import live  # noqa: E402 - the fast clock comes first
from tests.chaos.kills import kill_on_sandbox  # noqa: E402 - likewise
from tests.chaos.machine import Chaos, live_machine  # noqa: E402 - likewise
from tests.chaos.promises import Wrong  # noqa: E402 - likewise
from tests.chaos.publisher import Figures  # noqa: E402 - likewise
from tests.chaos.untrue import untrue_portal  # noqa: E402 - likewise

SEEDS_APART = 1_000_000
TELL_EVERY = 100
TELL_EVERY_KILL = 5
LINES_TOLD = 12
"""Of a history that broke a promise; a replay may go another way."""

T = TypeVar("T")


@dataclass
class Tally:
    """What happened so far, and which histories broke a promise."""

    figures: Figures = field(default_factory=Figures)
    stories: int = 0
    kills: int = 0
    dask_kills: Kills = field(default_factory=Kills)
    untrue: int = 0
    mutated: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def note_failure(self, name: str, error: Exception) -> None:
        kind = str(error).partition(":")[0] if isinstance(error, Wrong) else "error"
        self.failed[name] = kind
        say(f"{name} FAILED: {type(error).__name__}: {error}")
        if not isinstance(error, Wrong):
            say("".join(traceback.format_exception(error)))

    def __str__(self) -> str:
        kinds = list(self.failed.values())
        met = ", ".join(f"{kind} {count}" for kind, count in sorted(self.figures.met.items()))
        ends = ", ".join(f"{kind} {count}" for kind, count in sorted(self.figures.ends.items()))
        dask = ", ".join(f"{kind} {count}" for kind, count in sorted(self.dask_kills.items()))
        return (
            f"histories {self.figures.histories}; stories {self.stories}; "
            f"runs {self.figures.runs}; requests {self.figures.requests}; "
            f"faults met {self.figures.met.total()} ({met}); "
            f"{ends}; kills {self.kills}; "
            f"kills on Dask {self.dask_kills.total()} ({dask}); 429s {self.figures.refused}; "
            f"untrue {self.untrue} with {self.mutated} mutations; "
            f"duplicates {kinds.count('duplicate')}; losses {kinds.count('loss')}; "
            f"other failures {len(kinds) - kinds.count('duplicate') - kinds.count('loss')}; "
            f"{time.perf_counter() - self.started:.0f} s"
            + (f"; FAILED: {' '.join(self.failed)}" if self.failed else "")
        )


def main() -> int:
    """Live the histories; returns the exit code."""
    options = _options()
    without = frozenset(options.without)
    # What portal and publisher log about broken connections is what was asked for.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if options.only_untrue is not None:
        _in(warp.IdleLoop, _replay_untrue(options.only_untrue))
        return 0
    if options.only_dask is not None:
        say(f"kills: {dict(_live_on_dask(options.only_dask, say))}")
        return 0
    if options.only is not None:
        _in(warp.IdleLoop, live(options.only, say, without))
        return 0
    tally = Tally()
    for number in range(options.histories):
        seed = options.seed * SEEDS_APART + number
        tally.figures.histories += 1
        story: list[str] = []
        try:
            tally.figures.add(_in(warp.IdleLoop, live(seed, story.append, without)))
        except Exception as error:  # noqa: BLE001 - told, and the other histories go on
            say("\n".join(story[-LINES_TOLD:]))
            tally.note_failure(f"--only {seed}", error)
        if (number + 1) % TELL_EVERY == 0:
            say(f"... {tally}")
    _run_machine(tally, options.seed, options.machine)
    _kill(tally, options.seed, options.kills)
    _kill_on_dask(tally, options.seed, options.dask_kills)
    if options.untrue:
        _in(warp.IdleLoop, _untrue(tally, options.seed, options.untrue))
    say(str(tally))
    return 1 if tally.failed else 0


def _run_machine(tally: Tally, seed: int, stories: int) -> None:
    if not stories:
        return
    try:
        live_machine(stories, seed)
    except Exception as error:  # noqa: BLE001 - as above
        broken = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        say("\n".join([*Chaos.story[-LINES_TOLD:], *getattr(error, "__notes__", ())]))
        tally.note_failure(f"--machine {stories} --seed {seed}", broken)
    tally.stories = Chaos.stories
    tally.figures.add(Chaos.figures)


def _kill(tally: Tally, seed: int, kills: int) -> None:
    number = seed * SEEDS_APART
    while tally.kills < kills and len(tally.failed) < kills:
        number += 1
        with TemporaryDirectory(prefix="bulkpub-chaos-") as folder:
            try:
                tally.kills += _in(warp.FastLoop, kill_on_sandbox(number, Path(folder)))
            except Exception as error:  # noqa: BLE001 - as above
                tally.note_failure(f"kill {number}", error)
        if (number % SEEDS_APART) % TELL_EVERY_KILL == 0:
            say(f"... {tally.kills} kills of {kills}")


def _kill_on_dask(tally: Tally, seed: int, kills: int) -> None:
    number = seed * SEEDS_APART
    while tally.dask_kills.total() < kills and len(tally.failed) < kills:
        number += 1
        story: list[str] = []
        try:
            tally.dask_kills += _live_on_dask(number, story.append)
        except Exception as error:  # noqa: BLE001 - as above
            say("\n".join(story))
            tally.note_failure(f"--only-dask {number}", error)
        if (number % SEEDS_APART) % TELL_EVERY_KILL == 0:
            say(f"... {tally.dask_kills.total()} kills on Dask of {kills}")


def _live_on_dask(seed: int, tell: Callable[[str], None]) -> Kills:
    with TemporaryDirectory(prefix="bulkpub-chaos-") as folder:
        return _in(warp.FastLoop, kill_on_dask(seed, Path(folder), tell))


async def _untrue(tally: Tally, seed: int, lives: int) -> None:
    async with untrue_portal() as portal:
        for number in range(seed * SEEDS_APART, seed * SEEDS_APART + lives):
            story: list[str] = []
            try:
                await portal.live(number, story.append)
            except Exception as error:  # noqa: BLE001 - as above
                say("\n".join(story))
                tally.note_failure(f"--only-untrue {number}", error)
            tally.untrue, tally.mutated = tally.untrue + 1, portal.tally.mutated
            if tally.untrue % (5 * TELL_EVERY) == 0:
                say(f"... {tally.untrue} untrue: {dict(sorted(portal.tally.ends.items()))}")


async def _replay_untrue(seed: int) -> None:
    async with untrue_portal() as portal:
        await portal.live(seed, say)


def _in(loop: Callable[[], asyncio.AbstractEventLoop], history: Coroutine[object, object, T]) -> T:
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(history)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--machine", type=int, default=0, metavar="STORIES")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=50, help="at least so many")
    parser.add_argument("--dask-kills", type=int, default=0, help="the same on a cluster of Dask's")
    parser.add_argument("--only-dask", type=int, metavar="SEED", help="the same of --dask-kills")
    parser.add_argument("--untrue", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--only-untrue", type=int, metavar="SEED", help="the same of --untrue")
    parser.add_argument("--only", type=int, metavar="SEED", help="replay this history, and tell it")
    parser.add_argument(
        "--without", action="append", default=[], metavar="KIND", help="leave a kind of fault out"
    )
    return parser.parse_args()


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
