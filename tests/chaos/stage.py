"""A portal, a publisher, other people and a site elsewhere, and what the model knows of them.

Whoever lives a history here (`history` by a seed, `machine` by Hypothesis) decides what happens
next; each run is judged when it is over. Rule: nothing here is left to chance.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from bulkpub import RunReport
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.faults import StoredTwice
from tests.chaos.judge import Known, Portal, check_failures, check_success
from tests.chaos.leavings import leave_to_anybody, note_given_up, what_is_said
from tests.chaos.others import Others
from tests.chaos.promises import Wrong
from tests.chaos.publisher import Publisher, errors_of, why
from tests.chaos.seen import look
from tests.chaos.site import FlakySite
from tests.chaos.told import refused
from tests.chaos.twins import check_told_by_twins, check_twins, settle_twins
from tests.chaos.wanted import Wanted
from tests.chaos.warp import clock
from tests.chaos.watch import Trouble

__all__ = ["Stage", "staged"]

ASKS_A_PERSON = "on the portal"
"""In every sentence that says of several things that they cannot be told apart."""
MARKED = "another manifest may publish it"
REFUSALS = ("guard", "answered 404")
"""In the sentences of what is rightly left out; others may be told of in the same report."""


class Stage:
    """Where a history takes place.

    `unfinished`: the last run left work undone, `changed`: and the manifest was changed since;
    `over`: what is left only a person can tell apart.
    """

    def __init__(
        self, sandbox: Sandbox, site: FlakySite, root: Path, tell: Callable[[str], None]
    ) -> None:
        self.sandbox = sandbox
        self.site = site
        self.wanted = Wanted(root, site=site)
        self.known = Known()
        self.others = Others(sandbox, self.wanted, self.known)
        self.publisher = Publisher(sandbox, site, self.wanted, self.known, tell)
        self.tell = tell
        self.unfinished = self.changed = self.over = False
        self.known.settle(look(sandbox))

    # --- runs ------------------------------------------------------------------------------

    async def troubled_run(self, trouble: Trouble) -> bool:
        """Whether the run succeeded although things went wrong."""
        self.unfinished = True
        report = await self.publisher.run(trouble)
        now, start = look(self.sandbox), self.publisher.start
        if trouble.deed == "modify" and self.publisher.figures.last_deed_done:
            # Sent before or after the file changed: the report is right either way.
            check_failures(self.wanted, self.known, start, now, None)
            return False
        # Of two answers a proxy got it told us one; the address in the other is the file's.
        exact = not trouble.script.met[StoredTwice.kind]
        without = refused(self.wanted, report)
        if without is not None:
            self._succeeded(now, report, without, exact=exact)
            return True
        check_failures(self.wanted, self.known, start, now, report, exact=exact)
        return False

    async def complete(self) -> None:
        """Nothing goes wrong any more: one run completes the work.

        When the manifest was changed before that, what was left may be anybody's, and the run may
        have to ask which of several a resource is. So it may where a file was renamed in somebody
        else's dataset, in which other manifests may publish, too.
        """
        report = await self.publisher.run(Trouble())
        now = look(self.sandbox)
        without = refused(self.wanted, report)
        if without is not None:
            self._succeeded(now, report, without)
            return
        may_ask = self.changed or _shares_a_dataset(self.wanted, report)
        if not may_ask or not _asks_a_person(report):
            raise Wrong(f"loss: a clean run did not complete: {why(report)}")
        check_failures(self.wanted, self.known, self.publisher.start, now, report)
        self.over = True

    async def idle_run(self) -> None:
        """Nothing has changed: nothing is written."""
        report = await self.publisher.run(Trouble())
        without = refused(self.wanted, report) or frozenset()
        told = {
            resource.status
            for dataset in (report.datasets if report else ())
            for resource in dataset.resources
            if (dataset.key, resource.key) not in without
        }
        writes = self.publisher.figures.last_writes
        if writes or told - {"unchanged"} or look(self.sandbox) != self.publisher.start:
            raise Wrong(f"state: a second run wrote {writes} times: {why(report)} {told}")

    async def twin_run(self, at: int) -> None:
        """Two machines publish the manifest at once; the second begins at a request of the first.

        Then one of them again: it completes, or asks a person about what is there twice. The
        person deletes one of each, and then it does complete.
        """
        reports = await self.publisher.run_twice_at_once(at)
        now = look(self.sandbox)
        check_twins(self.wanted, self.known, now)
        check_told_by_twins(self.wanted, now, reports)
        before = Known()
        before.settle(self.known.datasets)
        leave_to_anybody(self.known, now)
        report = await self.publisher.run(Trouble())
        now = look(self.sandbox)
        without = refused(self.wanted, report)
        if without is not None:
            self._succeeded(now, report, without)
            return
        if not _asks_a_person(report):
            raise Wrong(f"loss: a run after two at once did not complete: {why(report)}")
        check_twins(self.wanted, before, now)
        settle_twins(self.wanted, self.others)
        self.tell("  a person deleted what was there twice")
        await self.complete()

    def _succeeded(
        self,
        now: Portal,
        report: RunReport | None,
        without: frozenset[tuple[str, str]],
        *,
        exact: bool = True,
    ) -> None:
        start = self.publisher.start
        check_success(self.wanted, self.known, start, now, report, without=without, exact=exact)
        self.known.settle(now)
        self.unfinished = self.changed = False

    # --- changes ---------------------------------------------------------------------------

    def change(self, change: Callable[[], object]) -> None:
        """Change the manifest, the files or the site.

        When the last run was not finished, what it left is anybody's from now on.
        """
        if not self.unfinished:
            change()
            return
        self.changed = True
        leave_to_anybody(self.known, look(self.sandbox))
        said = what_is_said(self.wanted)
        change()
        note_given_up(self.wanted, self.known, look(self.sandbox), said)

    def lose_journal(self) -> None:
        """The publisher's state directory is gone."""
        rmtree(self.publisher.journal, ignore_errors=True)

    def damage_journal(self, place: float, damage: bytes) -> None:
        """Some of the journal's bytes are others; `place` is the share of it before them."""
        file = self.publisher.journal / "journal.sqlite"
        if file.exists():
            content = bytearray(file.read_bytes())
            start = int(place * len(content))
            content[start : start + len(damage)] = damage
            file.write_bytes(content)


def _shares_a_dataset(wanted: Wanted, report: RunReport | None) -> bool:
    shared = {each.key for each in wanted.datasets if each.id and not each.prune}
    failed = [each for each in report.datasets if each.error] if report else []
    return all(each.key in shared and MARKED in (each.error or "") for each in failed)


def _asks_a_person(report: RunReport | None) -> bool:
    if report is None:
        return False
    errors = errors_of(report)
    return all(any(word in error for word in (ASKS_A_PERSON, *REFUSALS)) for error in errors)


@asynccontextmanager
async def staged(tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """A stage with an empty portal."""
    with TemporaryDirectory(prefix="bulkpub-chaos-") as folder:
        async with (
            Sandbox(SandboxSettings(clock=clock)) as sandbox,
            FlakySite().served() as site,
        ):
            yield Stage(sandbox, site, Path(folder), tell)
