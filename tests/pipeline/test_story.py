"""A story is written by its own steps alone, each in its time."""

import ast
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bulkpub.pipeline
from bulkpub.core.actions import Create, CreateDataset, Delete, Keep, Plan
from bulkpub.core.model import (
    Checksum,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Fingerprint,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.errors import Uncertain
from bulkpub.pipeline.job import Job
from bulkpub.pipeline.story import LEGAL, Phase, Story
from bulkpub.pipeline.telling import outcome_of
from bulkpub.portals.udata import RULES

ENTRY = ResourceSpec("a", FileSource("/m/a.csv", "a.csv"))
LINK = ResourceSpec("a", LinkSource("https://x/a.csv", of=FileSource("/m/a.csv", "a.csv")))
SPEC = DatasetSpec("d", DatasetMetadata(title="T"), (ENTRY,))
RESOURCE = RemoteResource("r", ResourceMetadata(title="a.csv"), url="https://p/s/a.csv")
EMPTY = RemoteDataset("D", DatasetMetadata(title="T"))
CREATION = Create(ENTRY, ResourceMetadata(title="A"), "not on the portal yet")
PLAN = Plan(CreateDataset(SPEC.metadata), (CREATION,), finish=True)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def story(phase: Phase = Phase.BEGUN) -> Story:
    """A story that has come so far in the ordinary way."""
    one = Story(Job(SPEC), RULES)
    if phase is not Phase.BEGUN:
        one.observed(None)
        one.sized("a", Fingerprint(1))
    if phase in {Phase.PLANNED, Phase.ENDED}:
        one.planned(PLAN)
        one.created(EMPTY)
    if phase is Phase.ENDED:
        one.ended()
    assert one.phase is phase
    return one


def looked_behind(one: Story) -> None:
    one.resources["a"].spec = LINK
    one.looked_behind("a", Fingerprint(1), Checksum("md5", "0"))


STEPS: dict[str, Callable[[Story], object]] = {
    "observed": lambda one: one.observed(EMPTY),
    "took_up": lambda one: one.took_up({}),
    "sized": lambda one: one.sized("a", Fingerprint(1)),
    "hashed": lambda one: (one.fingerprints.setdefault("a", Fingerprint(1)), one.hashed("a", "0")),
    "looked_behind": looked_behind,
    "file_removed": lambda one: one.file_removed("a"),
    "put_elsewhere": lambda one: one.put_elsewhere("a", "put at s3://b/a"),
    "planned": lambda one: one.planned(PLAN),
    "foreseen": lambda one: one.foreseen(),
    "contacts_made": lambda one: one.contacts_made({}),
    "created": lambda one: one.created(EMPTY),
    "updating": lambda one: one.updating(("title",)),
    "updated": lambda one: one.updated(EMPTY, ("title",)),
    "dataset_deleted": lambda one: one.dataset_deleted(EMPTY),
    "released": lambda one: one.released(EMPTY),
    "refreshed": lambda one: one.refreshed(EMPTY),
    "listed": lambda one: one.listed(()),
    "source_sized": lambda one: one.source_sized("a", 1),
    "odd": lambda one: one.odd("a", "small"),
    "fetched": lambda one: one.fetched("a", "a.csv", Fingerprint(1)),
    "left": lambda one: one.left("a", "no file"),
    "decided": lambda one: one.decided("a", CREATION),
    "named": lambda one: one.named(ENTRY),
    "sending": lambda one: one.sending("a", NOON),
    "stored": lambda one: one.stored("a", RESOURCE),
    "sent": lambda one: one.sent("a", seconds=1.0),
    "turn_ended": lambda one: one.turn_ended("a.csv"),
    "doubted": lambda one: one.doubted("a", Uncertain("lost")),
    "held_back": lambda one: one.held_back("a"),
    "file_failed": lambda one: one.file_failed("a", "gone"),
    "described": lambda one: one.described(()),
    "moved": lambda one: one.moved("a", RESOURCE),
    "put_in_order": lambda one: one.put_in_order(),
    "not_kept": lambda one: one.not_kept({}),
    "refused_description": lambda one: one.refused_description("a", "no"),
    "deleted": lambda one: one.deleted(Delete(RESOURCE, "gone")),
    "round_done": lambda one: one.round_done(),
    "in_doubt": lambda one: one.in_doubt(Uncertain("lost")),
    "settled": lambda one: one.settled(),
    "compared": lambda one: one.compared("a"),
    "differs": lambda one: one.differs(()),
    "failed": lambda one: one.failed("no"),
    "ended": lambda one: one.ended(),
}


def test_every_step_has_its_time() -> None:
    steps = {
        name
        for name, method in inspect.getmembers(Story, inspect.isfunction)
        if hasattr(method, "__wrapped__")
    }
    assert steps == set(LEGAL) == set(STEPS)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_taken_in_its_time_and_in_no_other(name: str, phase: Phase) -> None:
    one = story(phase)
    if phase in LEGAL[name]:
        STEPS[name](one)
        return
    with pytest.raises(AssertionError, match=f"{name} is no step"):
        STEPS[name](one)


def test_the_order_is_observe_plan_end_and_back_to_observing() -> None:
    after = {name: set[Phase]() for name in LEGAL}
    for name, step in STEPS.items():
        for phase in LEGAL[name]:
            one = story(phase)
            step(one)
            after[name].add(one.phase)
    assert after["observed"] == {Phase.OBSERVED}
    assert after["planned"] == {Phase.PLANNED}
    ending = {name for name, phases in after.items() if Phase.ENDED in phases}
    assert ending == {"foreseen", "differs", "ended"}
    for name in LEGAL.keys() - {"observed", "planned", *ending}:
        assert after[name] == set(LEGAL[name])


def test_a_story_can_be_told_at_any_moment() -> None:
    told = {phase: outcome_of(story(phase)).status.value for phase in Phase}
    assert told == {
        Phase.BEGUN: "pending",
        Phase.OBSERVED: "pending",
        Phase.PLANNED: "pending",
        Phase.ENDED: "created",
    }


def test_what_was_sent_before_the_end_is_told_as_sent() -> None:
    one = story(Phase.PLANNED)
    one.sending("a", NOON)
    one.stored("a", RESOURCE)
    assert outcome_of(one).resources[0].reason.startswith("it was sent, but the run ended")
    one.failed("gone")
    assert outcome_of(one).resources[0].error == (
        "it was sent, but not described, as its dataset failed: gone"
    )


def test_what_may_not_have_arrived_is_not_told_as_sent() -> None:
    one = story(Phase.PLANNED)
    one.sending("a", NOON)
    one.stored("a", RESOURCE)
    one.doubted("a", Uncertain("other bytes"))
    assert outcome_of(one).resources[0].reason == "the run ended before it was finished"
    one.failed("gone")
    assert (outcome_of(one).resources[0].error or "").startswith("not published")


def test_a_new_round_forgets_the_doubts_of_the_last_and_nothing_else() -> None:
    one = story(Phase.PLANNED)
    one.sending("a", NOON)
    one.doubted("a", Uncertain("lost"))
    one.held_back("a")
    one.observed(EMPTY)
    one.planned(Plan(CreateDataset(SPEC.metadata), (Keep(ENTRY, RESOURCE, CREATION.wanted, ""),)))
    assert (one.round.doubts, one.round.doubtful, one.round.unsent) == ([], set(), set())
    assert one.resources["a"].attempts == 1
    assert one.resources["a"].touched


# --- nobody else writes it ------------------------------------------------------------------

STORY_NAMES = {"story", "resource", "round"}
MUTATORS = {"add", "append", "clear", "discard", "extend", "pop", "remove", "setdefault", "update"}


def _is_of_a_story(node: ast.expr) -> bool:
    """Whether an expression leads into a story: `story.x`, `self.story.resources[key].error`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr in STORY_NAMES:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in STORY_NAMES


def _writes(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        targets: list[ast.expr] = []
        match node:
            case ast.Assign(targets=several) | ast.Delete(targets=several):
                targets = several
            case ast.AugAssign(target=one) | ast.AnnAssign(target=one):
                targets = [one]
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in MUTATORS:
                if _is_of_a_story(value):
                    yield line
            case _:
                pass
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            for part in parts:
                if isinstance(part, ast.Attribute | ast.Subscript) and _is_of_a_story(part.value):
                    yield line


def test_only_the_story_writes_the_story() -> None:
    room = Path(bulkpub.pipeline.__file__).parent
    found = [
        f"{path.name}:{line}"
        for path in sorted(room.glob("*.py"))
        if path.name != "story.py"
        for line in _writes(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "story.error = 'x'",
        "self.story.resources[key].error = 'x'",
        "story.bound[key] = 1",
        "story.round.unsent.add(key)",
        "story.a, story.b = 1, 2",
        "resource.seconds += 1",
        "del story.sizes[key]",
    ],
)
def test_a_write_by_somebody_else_would_be_seen(line: str) -> None:
    assert list(_writes(ast.parse(line)))
