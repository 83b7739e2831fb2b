"""Every command against a portal whose answers are mutated, one life a seed, and what must hold.

No defect, no end that is missing, no success while the portal is not as wanted, nothing twice
unless the portal lied; and what only looks writes nothing.
"""

import asyncio
import copy
import io
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha1
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

import bulkpub
from bulkpub import Connection, RunReport, Sources
from bulkpub.cli.harvest_output import open_output
from bulkpub.cli.render import render_summary
from bulkpub.cli.render_plan import render_plan
from bulkpub.cli.report_file import to_json
from bulkpub.errors import BulkpubError
from bulkpub.harvest import portal as harvester
from bulkpub.harvest.base import HarvestOptions
from bulkpub.manifest import load
from bulkpub.portals.kinds import DEFAULT, locate
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.session.opening import open_portal
from tests.chaos.mutations import Mutating
from tests.chaos.promises import Wrong, hold
from tests.chaos.publisher import errors_of
from tests.chaos.seen import SeenDataset, look
from tests.chaos.site import FlakySite
from tests.chaos.warp import clock

__all__ = ["COMMANDS", "Tally", "UntruePortal", "untrue_portal", "without_hidden"]

COMMANDS = ("run", "run", "plan", "verify", "migrate", "harvest")
TOO_LONG_S = 7200.0
"""Seconds, of the fast kind."""
LONGEST_SENTENCE = 4_000
"""Characters of one error, which may have a few sentences of the portal in it."""
FILES = {"a.csv": b"a,b\n1,2\n", "b.csv": b"b\n", "c.json": b"{}"}
DATASETS = ("first", "second", "third")
AREA = {"zones": ["fr:region:11"], "granularity": "fr:commune"}

Portal = dict[str, SeenDataset]


@dataclass
class Tally:
    """How the commands ended, by command and exit code, and how many answers were mutated."""

    ends: Counter[str] = field(default_factory=Counter)
    mutated: int = 0


class UntruePortal:
    """A sandbox with a past, which is the same at the beginning of each seed."""

    def __init__(self, sandbox: Sandbox, site: FlakySite, root: Path) -> None:
        self.sandbox = sandbox
        self.site = site
        self.root = root
        self.tally = Tally()
        self.connection = Connection(portal=sandbox.base_url, key=sandbox.api_key, patience_s=20)
        self.pasts: list[Any] = []
        self.stored: dict[Path, bytes] = {}
        for name, content in FILES.items():
            (root / name).write_bytes(content)

    # --- what is wanted, and what there is ---------------------------------------------------

    def manifest(self) -> dict[str, Any]:
        return {
            "organization": self.sandbox.info["organization"]["id"],
            "datasets": [self._dataset(key) for key in DATASETS],
        }

    def _dataset(self, key: str) -> dict[str, Any]:
        files: list[dict[str, Any]] = [
            {"path": str(self.root / name), "key": name, "title": name.upper()} for name in FILES
        ]
        link = {"link": "https://elsewhere.example.org/api", "title": "API", "format": "json"}
        about = {"key": key, "title": f"The {key}", "description": "D.", "tags": ["velo"]}
        more = {
            "license": "fr-lo",
            "frequency": "daily",
            "spatial": AREA,
            "extras": {"a": {"b": 1}},
        }
        return {**about, **more, "resources": [*files, link]}

    async def prepare(self) -> None:
        """The pasts: nothing yet, all as wanted, and half of it with other titles and files."""
        self._remember()
        report = await self._publish(self.manifest())
        hold(report.run.exit_code == 0, f"state: the past fails: {errors_of(report)}")
        for dataset in self.sandbox.state.datasets.values():
            for number in range(2):  # what is to be migrated, and nobody's
                self._link_to_site(dataset, number)
        self._remember()
        changed = self.manifest()
        changed["datasets"] = changed["datasets"][:2]
        for dataset in changed["datasets"]:
            dataset["description"] = "Another."
            (self.root / "b.csv").write_bytes(b"other\n")
        await self._publish(changed)
        (self.root / "b.csv").write_bytes(FILES["b.csv"])
        self._remember()

    def _link_to_site(self, dataset: Any, number: int) -> None:
        link = copy.deepcopy(next(r for r in dataset.resources if r.filetype == "remote"))
        link.id = f"{link.id[:-2]}{number:02}"
        link.title, link.extras = f"Far {number}", {}
        link.url = self.site.address(f"far{number}.csv")
        self.sandbox.state.replace_resources(dataset, [*dataset.resources, link])

    async def _publish(self, manifest: dict[str, Any]) -> RunReport:
        return await bulkpub.publish(manifest, connection=self.connection, sources=SOURCES)

    @property
    def _storage(self) -> Path:
        return Path(self.sandbox.info["data_dir"]) / "resources"

    def _remember(self) -> None:
        self.pasts.append(copy.deepcopy(self.sandbox.state))
        for path in self._storage.rglob("*.*"):
            if path.is_file():
                self.stored[path] = path.read_bytes()

    def _restore(self, past: int) -> None:
        state, now = copy.deepcopy(self.pasts[past]), self.sandbox.state
        for name in state.__slots__:
            setattr(now, name, getattr(state, name))
        for path, content in self.stored.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    # --- one life ----------------------------------------------------------------------------

    async def live(self, seed: int, tell: Callable[[str], None] = lambda _: None) -> None:
        """One command; raises `Wrong` for what must not be."""
        chance = Random(seed)  # noqa: S311 - it makes up answers, it keeps no secret
        command, past = chance.choice(COMMANDS), chance.randrange(3)
        self._restore(past)
        before = look(self.sandbox)
        share, first = chance.choice((0.05, 0.3, 1.0)), chance.choice((0, 0, 2, 5, 8, 12, 20))
        mutating = Mutating(chance, share, first, long=chance.random() < 0.02)
        self.sandbox.interceptor = mutating
        tell(f"seed {seed}: {command} on the past {past}")
        try:
            code, errors = await _in_time(self._carry_out(command, chance), mutating)
        finally:
            self.sandbox.interceptor = None
            self.sandbox.requests.clear()
            for each in mutating.met:
                tell(f"  {each}")
        tell(f"  exit code {code}: {errors}")
        self.tally.ends[f"{command} {code}"] += 1
        self.tally.mutated += len(mutating.met)
        for error in errors:
            hold("defect" not in error, f"state: {error[:500]}")
            hold(len(error) <= LONGEST_SENTENCE, f"state: a sentence of {len(error)} characters")
        now = look(self.sandbox)
        if command in {"plan", "verify", "harvest"}:
            hold(now == before, f"state: {command} wrote")
        if command in {"run", "verify"} and code == 0:
            seen = now
            if mutating.lied:
                seen = {each.id: without_hidden(each, before.get(each.id)) for each in now.values()}
            hold(
                self._as_wanted(seen), f"state: {command} succeeds, and it is not as wanted: {now}"
            )
        if command == "migrate" and code == 0:
            left = [r.title for d in now.values() for r in d.resources if "Far" in r.title]
            hosted = all(r.hosted for d in now.values() for r in d.resources if r.title in left)
            hold(hosted or mutating.lied, "state: migrate succeeds, and not all are hosted")
        if not mutating.lied:
            _nothing_twice(now)
            if command == "run" and chance.random() < 0.5:
                await self._complete(code, now)
        lost = before.keys() - now.keys()
        hold(not lost, f"loss: datasets {lost}")

    async def _complete(self, code: int, before: Portal) -> None:
        """Nobody mutates anything any more: one run completes what was left, once."""
        report = await self._publish(self.manifest())
        now = look(self.sandbox)
        hold(report.run.exit_code == 0, f"loss: it is not completed: {errors_of(report)}")
        hold(self._as_wanted(now), f"loss: it is not as wanted: {now}")
        hold(code != 0 or now == before, f"state: what succeeded was not finished: {before} {now}")
        _nothing_twice(now)

    async def _carry_out(self, command: str, chance: Random) -> tuple[int, list[str]]:
        organization = self.sandbox.info["organization"]
        manifest: dict[str, Any] = self.manifest()
        with_it: dict[str, Any] = {"connection": self.connection, "sources": SOURCES}
        match command:
            case "run":
                report = await bulkpub.publish(manifest, **with_it)
            case "plan":
                report = await bulkpub.plan(manifest, **with_it)
            case "verify":
                report = await bulkpub.verify(manifest, quick=chance.random() < 0.5, **with_it)
            case "migrate":
                name = chance.choice((organization["slug"], organization["id"]))
                report = await bulkpub.migrate(organization=name, **with_it)
            case _:
                return await self._harvest(chance.choice((organization["slug"], "the-first")))
        b"".join(to_json(report))
        console = Console(file=io.StringIO())
        render_summary(report, console)
        render_plan(report, console)
        return int(report.run.exit_code), errors_of(report)

    async def _harvest(self, source: str) -> tuple[int, list[str]]:
        """As the command does it; what was written can be read, and says nothing wrong."""
        path = self.root / "harvested.yaml"
        path.unlink(missing_ok=True)
        lost: list[str] = []
        options = HarvestOptions(lost=lost.append)
        try:
            async with open_portal(locate(self.connection.portal or ""), self.connection) as portal:
                with open_output(path) as output:
                    async for found in harvester.harvest(source, portal, options):
                        if not output.begun:
                            owner = found.dataset.organization
                            output.begin(portal=None, organization=owner, comment="")
                        output.dataset(found.dataset, found.notes)
                    output.finish(None)
        except BulkpubError as error:
            return 1, [str(error), *lost]
        if not path.exists():
            return int(bool(lost)), lost
        read = load([path], rules=DEFAULT.rules)
        wrong = [str(each) for each in read.problems if "nothing to publish" not in each.message]
        hold(not wrong, f"state: the harvest cannot be read: {wrong[:3]}")
        return int(bool(lost)), lost

    # --- what must hold ------------------------------------------------------------------------

    def _as_wanted(self, now: Portal) -> bool:
        return all(_is_as_wanted(key, now) for key in DATASETS)


SOURCES = Sources(allow_private=True)


def _is_as_wanted(key: str, now: Portal) -> bool:
    wanted = [(name.upper(), sha1(content).hexdigest()) for name, content in FILES.items()]
    return any(
        (dataset.title, dataset.description, dataset.tags) == (f"The {key}", "D.", ("velo",))
        and dataset.extras.get("a") == {"b": 1}
        and [(r.title, r.content) for r in dataset.resources if r.key in FILES] == wanted
        for dataset in now.values()
        if dataset.key == key
    )


def without_hidden(dataset: SeenDataset, before: SeenDataset | None) -> SeenDataset:
    """The dataset without what a lying portal may have hidden of what it had stored.

    That may be there twice: with the same content, and with an older one, of which the portal said
    that it has another key. Nobody can know that it is to be replaced, so it stays as it was, and
    the new content is a new resource beside it.
    """
    once = {(each.key, each.title, each.content): each for each in dataset.resources}
    known = before.by_id if before else {}
    new = {each.key for each in once.values() if each.key and each.id not in known}
    left = (
        each
        for each in once.values()
        if each.key not in new or each.id not in known or each.content != known[each.id].content
    )
    return replace(dataset, resources=tuple(left))


def _nothing_twice(now: Portal) -> None:
    keys = Counter(dataset.title for dataset in now.values())
    hold(max(keys.values(), default=0) <= 1, f"duplicate: datasets {keys}")
    for dataset in now.values():
        files = Counter(
            (each.content, each.file_name) for each in dataset.resources if "Far" not in each.title
        )
        hold(max(files.values(), default=0) <= 1, f"duplicate: {files} in {dataset.title}")


async def _in_time(
    work: Awaitable[tuple[int, list[str]]], mutating: Mutating
) -> tuple[int, list[str]]:
    task = asyncio.ensure_future(work)
    for _ in _seconds():
        done, _late = await asyncio.wait([task], timeout=60.0)
        if done:
            return task.result()
        if mutating.endless:
            break
    task.cancel()
    await asyncio.wait([task], timeout=60.0)
    raise Wrong(f"state: it does not end, after {mutating.asked} requests")


def _seconds() -> Iterator[int]:
    yield from range(0, int(TOO_LONG_S), 60)


@asynccontextmanager
async def untrue_portal() -> AsyncIterator[UntruePortal]:
    """Everything it takes, for as many seeds as there are."""
    with TemporaryDirectory(prefix="bulkpub-untrue-") as folder:
        async with FlakySite().served() as site, Sandbox(SandboxSettings(clock=clock)) as sandbox:
            portal = UntruePortal(sandbox, site, Path(folder))
            await portal.prepare()
            yield portal
