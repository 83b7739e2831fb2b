"""What holds of match, plan and finish together, whatever the manifest and the portal hold.

Each property draws a scenario in which names, titles, contents and keys collide as often as
they can, and publishes it to a portal in memory.
"""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core import finish as finish_
from bulkpub.core import plan as plan_
from bulkpub.core.actions import Adopt, Create, Keep, KeepDataset, Plan, Refuse
from bulkpub.core.match import hashes_needed
from bulkpub.core.model import FileSource, Prune, RemoteResource, ResourceMetadata, ResourceSpec
from bulkpub.portals.udata import RULES

finishing = partial(finish_.finishing, rules=RULES)

plan = partial(plan_.plan, rules=RULES)
plan_resource = partial(plan_.plan_resource, rules=RULES)


def refused(todo: Plan) -> set[str]:
    return {action.spec.key for action in todo.resources if isinstance(action, Refuse)}


def is_entry(resource: RemoteResource, spec: ResourceSpec, named: set[str | None]) -> bool:
    """Whether it has the entry's id, or else carries its key and is not another's by id."""
    if spec.id is not None:
        return resource.id == spec.id
    return resource.key == spec.key and resource.id not in named


def check_is_as_wanted(publisher: Any, *, but: set[str]) -> None:
    """Every entry is on the portal exactly once, as the manifest describes it, in order."""
    scenario = publisher.scenario
    resources = scenario.portal.resources
    order, named = [], {spec.id for spec in scenario.spec.resources}
    for spec in scenario.spec.resources:
        if spec.key in but:
            continue
        [(index, found)] = [(i, r) for i, r in enumerate(resources) if is_entry(r, spec, named)]
        order.append(index)
        assert found.metadata.title == (spec.metadata.title or found.metadata.title) != ""
        assert spec.metadata.type in {None, found.metadata.type}
        assert (spec.metadata.extras or {}).items() <= found.metadata.extras.items()
        if isinstance(spec.source, FileSource):
            content = scenario.contents[spec.key]
            assert found.hosted
            assert (found.size, found.digest) == (
                len(content),
                publisher.fingerprints[spec.key].digest,
            )
        else:
            assert not found.hosted
            assert found.url == spec.source.url
    assert order == sorted(order)


@given(st.data())
def test_one_entry_alone_is_planned_as_among_all(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    for _ in range(2):
        todo = publisher.plan()
        spec, remote = publisher.scenario.spec, publisher.scenario.portal.dataset
        if remote is not None:
            known, bound = publisher.fingerprints, publisher.bound
            alone = [plan_resource(each, spec, known, remote, bound) for each in spec.resources]
            assert alone == list(todo.resources)
        publisher.publish()


@given(st.data())
def test_a_second_plan_keeps_everything(any_scenario: Any, new_publisher: Any, data: Any) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    first = publisher.publish()
    publisher.forget()
    second = publisher.plan()
    sure = [a for a in second.resources if a.spec.key not in refused(first)]
    assert isinstance(second.dataset, KeepDataset)
    assert [a for a in sure if not isinstance(a, Keep)] == []
    if refused(first):
        return  # what was done for the others may have settled what could not be told before
    assert not second.finish
    assert second.requests == 0


@given(st.data())
def test_one_run_makes_the_portal_what_the_manifest_says(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    check_is_as_wanted(publisher, but=refused(publisher.publish()))


@given(st.data())
def test_planning_again_after_lost_answers_never_creates_twice(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    before = len(publisher.scenario.portal.resources)
    first = publisher.plan()
    promised = before + sum(isinstance(action, Create | Refuse) for action in first.resources)
    for _ in range(data.draw(st.integers(1, 3), label="troubled rounds")):
        again = data.draw(st.composite(publisher.publish_with_trouble)())
        assert refused(again) <= refused(first), "a lost answer made an entry ambiguous"
    last = publisher.publish()
    assert refused(last) <= refused(first), "a lost answer made an entry ambiguous"
    assert len(publisher.scenario.portal.resources) <= promised
    check_is_as_wanted(publisher, but=refused(last))
    publisher.forget()
    assert refused(last) or publisher.plan().requests == 0


@given(st.data())
def test_hashes_are_asked_for_exactly_where_they_can_decide(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    spec, remote = publisher.scenario.spec, publisher.scenario.portal.dataset
    if remote is None:
        return
    asked = hashes_needed(spec.resources, publisher.fingerprints, remote.resources)
    sizes = {r.size for r in remote.resources if r.digest}
    assert {publisher.fingerprints[key].size for key in asked} <= sizes
    lazy = publisher.plan()
    for key in publisher.fingerprints:
        publisher.hash(key)
    assert lazy == plan(spec, publisher.fingerprints, remote, allow_mass_delete=True)
    assert not hashes_needed(spec.resources, publisher.fingerprints, remote.resources)


@given(st.data())
def test_what_no_entry_is_keeps_its_words_and_its_place_among_its_like(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    scenario = publisher.scenario
    before = scenario.portal.resources
    todo = publisher.plan()
    named = {a.remote.id for a in todo.resources if not isinstance(a, Create | Refuse)}
    gone = {deletion.remote.id for deletion in todo.deletions}
    assert not named & gone
    publisher.publish()
    left = [resource for resource in before if resource.id not in named | gone]
    after = [r for r in scenario.portal.resources if r.id in {other.id for other in left}]
    assert after == left


@given(st.data())
def test_no_resource_is_two_entries(any_scenario: Any, new_publisher: Any, data: Any) -> None:
    todo = new_publisher(data.draw(any_scenario)).plan()
    used = [a.remote.id for a in todo.resources if not isinstance(a, Create | Refuse)]
    assert max(Counter(used).values(), default=1) == 1


@given(st.data())
def test_pruning_deletes_what_it_may_and_nothing_else(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    scenario, todo = publisher.scenario, publisher.plan()
    named = {a.remote.id for a in todo.resources if not isinstance(a, Create | Refuse)}
    unmatched = [r for r in scenario.portal.resources if r.id not in named]
    ours = [r for r in unmatched if r.key is not None]
    may = {Prune.NONE: [], Prune.OURS: ours, Prune.ALL: unmatched}[scenario.spec.prune]
    assert [d.remote for d in todo.deletions] == ([] if refused(todo) else may)


@given(st.data())
def test_the_plan_foresees_whether_a_finishing_request_is_needed(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    scenario, todo = publisher.scenario, publisher.plan()
    if todo.sends:
        return
    items = finishing(scenario.spec, publisher.wanted, publisher.ids, scenario.portal.resources)
    assert todo.finish == (items is not None)


@given(st.data())
def test_adopting_sends_no_bytes_and_means_the_same_bytes(
    any_scenario: Any, new_publisher: Any, data: Any
) -> None:
    publisher = new_publisher(data.draw(any_scenario))
    for action in publisher.plan().resources:
        if isinstance(action, Adopt) and isinstance(action.spec.source, FileSource):
            known = publisher.fingerprints[action.spec.key]
            assert (action.remote.digest, action.remote.size) == (known.digest, known.size)


def test_taking_over_a_link_whose_answer_was_lost_does_not_publish_twice(
    new_publisher: Any, new_scenario: Any
) -> None:
    """The upload reset the link's title, and it still counts as hosted elsewhere."""
    spec = ResourceSpec("k", FileSource("/m/f.csv", "f.csv"), ResourceMetadata(title="T"))
    there = RemoteResource("r", ResourceMetadata(title="T"), hosted=False, url="https://x/")
    publisher = new_publisher(new_scenario([spec], {"k": b"x"}, [there]))
    [replacement] = publisher.plan().sends
    publisher.send_unheard(replacement)
    publisher.publish()
    check_is_as_wanted(publisher, but=set())
    assert [resource.id for resource in publisher.scenario.portal.resources] == ["r"]


@pytest.mark.parametrize("remembering", [True, False])
def test_equal_files_of_equal_names_do_not_leave_behind_what_one_of_them_was_to_replace(
    new_publisher: Any,
    new_scenario: Any,
    remembering: bool,  # noqa: FBT001 - a table's column
) -> None:
    """`a` replaces `r` and does not arrive, `b` is created and its answer is lost."""
    specs = [
        ResourceSpec("a", FileSource("/m/1/f.csv", "1/f.csv"), ResourceMetadata(title="T")),
        ResourceSpec("b", FileSource("/m/2/f.csv", "2/f.csv"), default_title="B"),
    ]
    there = RemoteResource(
        "r", ResourceMetadata(title="T"), url="https://portal/s/g.csv", size=9, digest="other"
    )
    publisher = new_publisher(new_scenario(specs, {"a": b"x", "b": b"x"}, [there]))
    _, creation = publisher.plan().sends
    publisher.send_unheard(creation)
    if not remembering:
        publisher.forget()
    publisher.publish()
    check_is_as_wanted(publisher, but=set())
    assert len(publisher.scenario.portal.resources) == 2


def test_what_could_not_be_told_apart_is_not_settled_by_running_twice(
    new_publisher: Any, new_scenario: Any
) -> None:
    """`b` is the one of two equally named files that has its title; the other one is `a`."""
    specs = [
        ResourceSpec("a", FileSource("/m/1/f.csv", "1/f.csv"), default_title="A"),
        ResourceSpec("b", FileSource("/m/2/f.csv", "2/f.csv"), ResourceMetadata(title="T")),
    ]
    there = [
        RemoteResource(
            f"r{number}", ResourceMetadata(title=title), url=f"https://portal/{number}/f.csv"
        )
        for number, title in enumerate(("T", "By hand"))
    ]
    publisher = new_publisher(new_scenario(specs, {"a": b"x", "b": b"y"}, there))
    first = publisher.publish()
    publisher.forget()
    assert refused(publisher.plan()) == refused(first)
