"""A Hypothesis state machine that lives histories as `history` does, and shrinks those that fail.

Every chance is Hypothesis's. A story that breaks a promise is told step by step, as short as it
could be made.
"""

from collections.abc import Callable
from functools import partial

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from bulkpub.sandbox.faults import Fault, FaultScript, StoredTwice
from tests.chaos.changes import Changes
from tests.chaos.publisher import Figures
from tests.chaos.site import Mishap
from tests.chaos.strategies import contents, faults, fresh, mishaps, orders, picks, storms
from tests.chaos.wanted import PAGES, Kind
from tests.chaos.watch import ENDINGS, Trouble

__all__ = ["Chaos", "live_machine"]


class Chaos(Changes):
    """Changes, what other people do, and runs, each of them judged."""

    figures = Figures()
    """Of all stories together, those included that were only tried to make one shorter."""
    stories = 0
    story: tuple[str, ...] = ()
    """What happened in the last of them."""

    def teardown(self) -> None:
        """The portal closes, and what happened is counted."""
        type(self).figures.add(self.stage.publisher.figures)
        type(self).stories += 1
        type(self).story = tuple(self.told)
        super().teardown()

    # --- other people, and the journal -----------------------------------------------------

    @rule(
        deed=st.sampled_from(("upload", "edit", "reorder", "found_dataset")),
        where=picks,
        order=orders,
    )
    def others_write(self, deed: str, where: int, order: list[int]) -> None:
        """Other people upload, edit what is theirs, reorder, or make a dataset."""
        if deed == "reorder":
            self._complete()
        self._others(deed, where, order)()

    @rule(
        deed=st.sampled_from(("edit", "delete", "describe dataset", "upload first")),
        where=picks,
        which=picks,
        what=st.integers(0, 2),
    )
    def others_change_ours(self, deed: str, where: int, which: int, what: int) -> None:
        """Somebody changes or deletes what we published, or publishes what we were about to."""
        self._complete()
        others = self.stage.others
        match deed:
            case "edit":
                others.edit_ours(where, which, what)
            case "delete":
                others.delete_ours(where, which)
            case "describe dataset":
                others.edit_dataset(where)
            case _:
                others.upload_first(titled=bool(what))

    @rule(place=st.none() | st.floats(0, 0.99), damage=st.binary(min_size=1, max_size=200))
    def spoil_journal(self, place: float | None, damage: bytes) -> None:
        """The journal is damaged, or lost."""
        if place is None:
            self.stage.lose_journal()
        else:
            self.stage.damage_journal(place, damage)

    # --- runs ------------------------------------------------------------------------------

    @rule(fresh=fresh, script=faults(most=1))
    def run_with_a_fault(self, fresh: list[bytes], script: list[Fault]) -> None:
        """A run in which one thing goes wrong, and one file is sent after the other."""
        self.freshen(fresh)
        self._run(Trouble(FaultScript(script), in_turn=True))

    @rule(fresh=fresh, script=faults())
    def run_with_faults(self, fresh: list[bytes], script: list[Fault]) -> None:
        """A run in which some things go wrong."""
        self.freshen(fresh)
        self._run(Trouble(FaultScript(script)))

    @rule(fresh=fresh, script=storms)
    def run_in_a_storm(self, fresh: list[bytes], script: list[Fault]) -> None:
        """A run in which a third of all requests goes wrong."""
        self.freshen(fresh)
        self._run(Trouble(FaultScript(script)))

    @rule(fresh=fresh, script=faults())
    def run_in_parts(self, fresh: list[bytes], script: list[Fault]) -> None:
        """A run that sends files in parts, and things go wrong."""
        self.freshen([b"large " * (500 + len(each)) for each in fresh])
        self._run(Trouble(FaultScript(script), in_parts=True))

    @rule(
        page=st.sampled_from(PAGES),
        content=contents,
        script=faults(most=2),
        mishaps=mishaps,
    )
    def run_with_mishaps(
        self, page: str, content: bytes, script: list[Fault], mishaps: tuple[Mishap, ...]
    ) -> None:
        """A run in which fetching from elsewhere goes wrong."""
        self.change_site(page, content)
        self._run(Trouble(FaultScript(script), mishaps))

    @rule(
        fresh=fresh,
        script=faults(without=frozenset({StoredTwice.kind})),
        ending=st.sampled_from(ENDINGS),
        at=st.integers(3, 14),
        in_parts=st.booleans(),
    )
    def run_that_ends_early(
        self, fresh: list[bytes], script: list[Fault], ending: str, at: int, *, in_parts: bool
    ) -> None:
        """A run that is crashed or interrupted at a request."""
        self.freshen(fresh)
        self._run(Trouble(FaultScript(script), deed=ending, at=at, in_parts=in_parts))

    @rule(
        fresh=fresh,
        script=faults(),
        at=st.integers(3, 14),
        where=picks,
        which=picks,
        content=contents,
    )
    def run_while_a_file_changes(
        self,
        *,
        fresh: list[bytes],
        script: list[Fault],
        at: int,
        where: int,
        which: int,
        content: bytes,
    ) -> None:
        """A run in which a file is modified at a request."""
        self._complete()
        self.freshen(fresh)

        def act() -> None:
            dataset = self.dataset(where)
            files = [entry for entry in dataset.entries if entry.kind is Kind.FILE]
            if files:
                entry = files[which % len(files)]
                self.stage.wanted.write(dataset, entry, self.content(entry, content))

        self._run(Trouble(FaultScript(script), deed="modify", at=at, act=act))

    @rule(
        fresh=fresh,
        script=faults(),
        at=st.integers(3, 14),
        deed=st.sampled_from(("upload", "edit", "reorder", "found_dataset")),
        where=picks,
        order=orders,
    )
    def run_while_others_write(
        self,
        *,
        fresh: list[bytes],
        script: list[Fault],
        at: int,
        deed: str,
        where: int,
        order: list[int],
    ) -> None:
        """A run in which other people write at a request."""
        self.freshen(fresh)
        act = self._others(deed, where, order)
        self._run(Trouble(FaultScript(script), deed="meanwhile", at=at, act=act))
        if self.stage.known.reordered:
            self._complete(always=True)

    @rule(fresh=fresh, at=st.integers(1, 12))
    def run_on_two_machines(self, fresh: list[bytes], at: int) -> None:
        """Two runs at once."""
        self._complete()
        self.freshen(fresh)
        if not self.stage.over:
            self.do(self.stage.twin_run(at))

    @rule()
    def run_cleanly(self) -> None:
        """A run in which nothing goes wrong, and another one, which writes nothing."""
        self._complete(always=True)
        if not self.stage.over:
            self.do(self.stage.idle_run())

    # --- means -----------------------------------------------------------------------------

    def _others(self, deed: str, where: int, order: list[int]) -> Callable[[], None]:
        others = self.stage.others
        deeds: dict[str, Callable[[], None]] = {
            "upload": partial(others.upload, where),
            "edit": partial(others.edit, where),
            "reorder": partial(others.reorder, where, order),
            "found_dataset": others.found_dataset,
        }
        return deeds[deed]

    def _run(self, trouble: Trouble) -> None:
        if not self.stage.over:
            self.do(self.stage.troubled_run(trouble))

    def _complete(self, *, always: bool = False) -> None:
        if not self.stage.over and (always or self.stage.unfinished):
            self.do(self.stage.complete())


def live_machine(examples: int, seed_: int, steps: int = 14) -> None:
    """Live so many stories of at most so many steps; raises what the shortest failing one raises.

    Its steps are the error's notes then, and what happened in it is in `Chaos.story`.
    """
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        print_blob=False,
    )
    run_state_machine_as_test(seed(seed_)(Chaos), settings=how)
