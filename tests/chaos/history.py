"""One history: a manifest that changes, a portal that fails, other people, crashes; all by chance.

Everything is drawn from one seed. Which request meets which fault also depends on how the
requests of a run interleave, so a replay is close to the same history, and mostly the same.
"""

from collections.abc import Callable
from random import Random

from bulkpub.sandbox.faults import FaultScript, StoredTwice
from tests.chaos.publisher import Figures
from tests.chaos.site import Mishap, Style
from tests.chaos.stage import Stage, staged
from tests.chaos.trouble import faults
from tests.chaos.wanted import PAGES
from tests.chaos.watch import ENDINGS, Trouble
from tests.chaos.whims import OtherWhims, Whims

__all__ = ["live"]

DEEDS = (*ENDINGS, "meanwhile", "meanwhile", "modify")
"""What may happen at some request of a run: it ends, others write, a file changes."""


class History:
    """What happens on a stage, one run after the other; `without` some kinds of faults."""

    def __init__(self, seed: int, stage: Stage, without: frozenset[str]) -> None:
        self.chance = Random(seed)  # noqa: S311 - it makes up histories, it keeps no secret
        self.stage = stage
        self.without = without
        self.whims = Whims(stage.wanted, self.chance, stage.site)
        self.others = OtherWhims(stage.others, self.chance)
        for page in PAGES:
            stage.site.page(page).style = self.chance.choice(tuple(Style))

    async def live(self) -> None:
        """Publish some times, whatever happens."""
        stage, chance = self.stage, self.chance
        for number in range(chance.randint(2, 4)):
            if number:
                self._change_between_runs()
            self._lose_journal()
            if chance.random() < 0.1:
                await stage.twin_run(chance.randint(1, 12))
                continue
            if await stage.troubled_run(self._trouble()):
                if stage.known.reordered:
                    await stage.complete()
                elif chance.random() < 0.3:
                    await stage.idle_run()
                continue
            self._lose_journal()
            if chance.random() < 0.3:
                self.others.act_meanwhile()
            if chance.random() < 0.3:
                stage.change(self.whims.change)
            await stage.complete()
            if stage.over:
                return

    def _change_between_runs(self) -> None:
        self.whims.change()
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            self.others.act()
        if self.chance.random() < 0.2:
            self.whims.name_something(self.stage.others)

    def _trouble(self) -> Trouble:
        chance = self.chance
        deed = chance.choice((None, None, *DEEDS))
        # A copy that a proxy made of an upload, and nobody left to know that it is one: only a
        # person can tell it from a file put there by hand.
        without = self.without | ({StoredTwice.kind} if deed in ENDINGS else set())
        acts = {"meanwhile": self.others.act_meanwhile, "modify": self.whims.modify}
        mishaps = chance.choices(tuple(Mishap), k=chance.choice((0, 0, 1, 2)))
        return Trouble(
            faults(chance, without) if chance.random() < 0.85 else FaultScript(),
            tuple(mishaps),
            deed,
            at=chance.randint(3, 14) if deed else 0,
            act=acts.get(deed or ""),
            in_parts=chance.random() < 0.3,
        )

    def _lose_journal(self) -> None:
        match self.chance.randrange(4):
            case 0:
                self.stage.lose_journal()
            case 1:
                self.stage.damage_journal(self.chance.random(), self.chance.randbytes(500))
            case _:
                return


async def live(
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Figures:
    """Live one history, `without` some kinds of faults; raises `Wrong` for a broken promise."""
    async with staged(tell) as stage:
        await History(seed, stage, without).live()
        return stage.publisher.figures
