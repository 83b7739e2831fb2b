from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bulkpub.core import plan as plan_
from bulkpub.core.actions import (
    Adopt,
    Create,
    CreateDataset,
    Delete,
    Describe,
    Keep,
    KeepDataset,
    Plan,
    Refuse,
    Replace,
    UpdateDataset,
)
from bulkpub.core.guard import size_warning
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Fingerprint,
    Guard,
    LinkSource,
    Prune,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.portals.udata import RULES

plan = partial(plan_.plan, rules=RULES)


def file(key: str = "k", name: str = "f.csv", **metadata: Any) -> ResourceSpec:
    source = FileSource(f"/m/{key}/{name}", name)
    return ResourceSpec(key, source, ResourceMetadata(**metadata), default_title="Default")


def link(key: str = "k", url: str = "https://x/", **metadata: Any) -> ResourceSpec:
    return ResourceSpec(key, LinkSource(url), ResourceMetadata(**metadata), default_title="Default")


def there(
    id_: str = "r", key: str | None = None, sha1: str | None = "a", **fields: Any
) -> RemoteResource:
    extras = {} if key is None else {KEY_EXTRA: key}
    metadata = ResourceMetadata(title="Title", extras=extras)
    base = RemoteResource(id_, metadata, url=f"https://portal/s/{id_}.csv", size=1, digest=sha1)
    return replace(base, **fields)


def dataset(*resources: RemoteResource, title: str = "T") -> RemoteDataset:
    return RemoteDataset("d", DatasetMetadata(title=title, extras={KEY_EXTRA: "d"}), resources)


def planned(
    *specs: ResourceSpec,
    remote: RemoteDataset | None,
    sha1: str | None = "a",
    size: int = 1,
    prune: Prune = Prune.NONE,
    **options: Any,
) -> Plan:
    spec = DatasetSpec("d", DatasetMetadata(title="T"), specs, prune=prune)
    known = {
        s.key: Fingerprint(size, digest=sha1) for s in specs if isinstance(s.source, FileSource)
    }
    return plan(spec, known, remote, **options)


# --- the dataset --------------------------------------------------------------------------


def test_a_dataset_that_is_not_there_is_created_with_all_its_files() -> None:
    todo = planned(file("a"), link("b"), remote=None)
    assert todo.dataset == CreateDataset(DatasetMetadata(title="T", extras={KEY_EXTRA: "d"}))
    assert [type(action) for action in todo.resources] == [Create, Create]
    assert (todo.finish, todo.requests) == (True, 4)


def test_a_new_dataset_without_files_needs_one_request() -> None:
    assert planned(remote=None).requests == 1


def test_a_dataset_that_differs_is_updated_where_it_does() -> None:
    remote = dataset(title="Old")
    assert planned(remote=remote).dataset == UpdateDataset(remote, DatasetMetadata(title="T"))


def test_what_is_as_wanted_costs_nothing() -> None:
    remote = dataset(there(key="k"))
    todo = planned(file(), remote=remote)
    assert isinstance(todo.dataset, KeepDataset)
    assert isinstance(todo.resources[0], Keep)
    assert (todo.finish, todo.requests, todo.sends) == (False, 0, ())


# --- each resource ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "remote", "kind", "reason"),
    [
        (file(), there(key="k"), Keep, "same content"),
        (file(), there(key="k", digest="b"), Replace, "content changed"),
        (file(), there(key="k", size=7), Replace, "size changed from 7 to 1 bytes"),
        (file(), there(key="k", size=None), Replace, "size changed"),
        (file(), there(key="k", digest=None), Replace, "no checksum"),
        (file(), there(key="k", hosted=False), Replace, "hosted elsewhere"),
        (file(title="New"), there(key="k"), Describe, "differs in: title"),
        (file(type="api"), there(key="k"), Describe, "differs in: type"),
        (file(), there(), Adopt, "same content on the portal, put there by other means"),
        (file(), there(key="old"), Adopt, "published before as 'old'"),
        (file(title="Title"), there(digest="b"), Replace, "content changed"),
        (file(name="r.csv"), there(digest="b"), Replace, "content changed"),
        (file(), there(digest="b"), Create, "not on the portal yet"),
        (link(), there(key="k", hosted=False, url="https://x/"), Keep, "same"),
        (link(), there(key="k", hosted=False, url="https://y/"), Describe, "address changed"),
        (link(), there(hosted=False, url="https://x/"), Adopt, "same url"),
        (link(title="Title"), there(hosted=False, url="https://y/"), Describe, "address changed"),
        (link(), there(key="k"), Refuse, "cannot become a link"),
        (link(), there(hosted=False, url="https://y/"), Create, "not on the portal yet"),
    ],
)
def test_the_fate_of_a_resource_and_why(
    spec: ResourceSpec, remote: RemoteResource, kind: type, reason: str
) -> None:
    [action] = planned(spec, remote=dataset(remote)).resources
    assert type(action) is kind
    assert reason in action.reason


def test_a_replacement_keeps_the_title_a_person_gave() -> None:
    [action] = planned(file(), remote=dataset(there(key="k", digest="b"))).resources
    assert isinstance(action, Replace)
    assert action.wanted.title == "Title"


def test_an_adopted_resource_gets_our_key_without_a_byte_sent() -> None:
    todo = planned(file(), remote=dataset(there()))
    [action] = todo.resources
    assert isinstance(action, Adopt)
    assert action.wanted.extras == {KEY_EXTRA: "k"}
    assert (todo.sends, todo.finish, todo.requests) == ((), True, 1)


def test_what_was_created_in_this_run_is_described_not_sent_again() -> None:
    todo = planned(file(), remote=dataset(there("new")), bound={"k": "new"})
    assert isinstance(todo.resources[0], Describe)
    assert todo.requests == 1


def test_another_order_alone_takes_the_finishing_request_and_nothing_else() -> None:
    remote = dataset(there("r2", "b"), there("x"), there("r1", "a"))
    todo = planned(file("a"), file("b"), remote=remote)
    assert [type(action) for action in todo.resources] == [Keep, Keep]
    assert (todo.finish, todo.requests) == (True, 1)


def test_a_file_nothing_is_known_of_is_planned_all_the_same() -> None:
    spec = DatasetSpec("d", DatasetMetadata(title="T"), (file("a"), file("b")))
    actions = plan(spec, {}, dataset(there("r1", "a"))).resources
    assert [type(action) for action in actions] == [Replace, Create]


# --- the guard ----------------------------------------------------------------------------

NO_EMPTY = Guard()
ANY = Guard(refuse_empty=False)
HALF = Guard(max_shrink=0.5)
EMPTY = "the file is empty; if that is meant: `guard: {empty: allow}`"


def guarded(guard: Guard, **metadata: Any) -> ResourceSpec:
    return replace(file(**metadata), guard=guard)


def published(size: int | None, **fields: Any) -> RemoteDataset:
    return dataset(there(key="k", size=size, digest="b", **fields))


@pytest.mark.parametrize(
    "remote", [None, dataset(), published(7)], ids=["new", "create", "replace"]
)
def test_an_empty_file_is_refused_where_it_would_be_sent(remote: RemoteDataset | None) -> None:
    todo = planned(guarded(NO_EMPTY), remote=remote, size=0)
    assert todo.resources == (Refuse(guarded(NO_EMPTY), EMPTY),)
    assert (todo.sends, todo.finish) == ((), False)
    for guard, size in [(ANY, 0), (NO_EMPTY, 1)]:
        assert len(planned(guarded(guard), remote=remote, size=size).sends) == 1


@pytest.mark.parametrize(
    ("key", "kind"),
    [("k", Keep), (None, Adopt), ("old", Adopt)],
    ids=["ours", "foreign", "renamed"],
)
def test_an_empty_file_that_is_published_already_is_not_refused(
    key: str | None, kind: type
) -> None:
    remote = dataset(there(key=key, size=0))
    assert type(planned(guarded(NO_EMPTY), remote=remote, size=0).resources[0]) is kind


@pytest.mark.parametrize(
    ("most", "before", "now", "said"),
    [
        (0.5, 1200, 1300, None),
        (0.5, 1200, 1200, None),
        (0.5, 1200, 601, None),
        (0.5, 1200, 600, None),  # exactly half
        (0.5, 1200, 599, "from 1200 to 599 bytes, by 50.1 %, and `guard` allows 50 %"),
        (0.5, 1200, 300, "from 1200 to 300 bytes, by 75 %, and `guard` allows 50 %"),
        (0.5, 1200, 0, "from 1200 to 0 bytes, by 100 %, and `guard` allows 50 %"),
        (0.5, 3, 2, None),
        (0.5, 3, 1, "from 3 to 1 bytes, by 66.7 %, and `guard` allows 50 %"),
        (0.5, 0, 0, None),
        (0.5, None, 1, None),  # the portal does not say
        (0.0, 100, 100, None),
        (0.0, 100, 99, "from 100 to 99 bytes, by 1 %, and `guard` allows 0 %"),
        (0.125, 1000, 875, None),
        (0.125, 1000, 874, "from 1000 to 874 bytes, by 12.6 %, and `guard` allows 12.5 %"),
        (1.0, 1200, 0, None),
        (None, 1200, 0, None),
    ],
)
def test_how_much_a_file_may_shrink(
    most: float | None, before: int | None, now: int, said: str | None
) -> None:
    guard = Guard(refuse_empty=False, max_shrink=most)
    todo = planned(guarded(guard), remote=published(before), size=now)
    [action] = todo.resources
    if said is None:
        assert type(action) is Replace
    else:
        assert type(action) is Refuse
        assert action.reason == f"the file shrank {said}; if that is meant, raise `shrink`"
        assert (todo.sends, todo.finish, todo.requests) == ((), False, 0)


@pytest.mark.parametrize("percent", range(101))
def test_exactly_the_share_that_was_written_is_allowed(percent: int) -> None:
    # Most of these are not exact in binary.
    guard = Guard(refuse_empty=False, max_shrink=percent / 100)
    for size in (100 - percent, max(99 - percent, 0)):
        [action] = planned(guarded(guard), remote=published(100), size=size).resources
        assert type(action) is (Replace if size == 100 - percent else Refuse)


def test_both_rules_hold_and_an_empty_file_is_called_empty() -> None:
    guard = Guard(refuse_empty=True, max_shrink=0.5)
    [action] = planned(guarded(guard), remote=published(9), size=0).resources
    assert action.reason == EMPTY


@pytest.mark.parametrize(
    ("guard", "before", "now", "said"),
    [
        (Guard(), 1200, 600, None),  # exactly half
        (Guard(), 1200, 599, "the file shrank from 1200 to 599 bytes, by 50.1 %"),
        (Guard(), None, 1, None),
        (Guard(), 1200, 0, None),  # refused
        (ANY, 1200, 0, None),
        (HALF, 1200, 599, None),  # refused
        (Guard(max_shrink=1.0), 1200, 1, None),
    ],
)
def test_what_the_guard_is_silent_about_is_told(
    guard: Guard, before: int | None, now: int, said: str | None
) -> None:
    [there_already] = published(before).resources
    assert size_warning(guarded(guard), there_already, now) == said
    assert size_warning(guarded(guard), None, now) is None
    assert size_warning(guarded(guard), replace(there_already, hosted=False), now) is None


def test_a_file_taken_over_by_its_title_is_compared_as_well() -> None:
    remote = dataset(there(digest="b", size=9))
    [action] = planned(guarded(HALF, title="Title"), remote=remote, size=1).resources
    assert type(action) is Refuse


@pytest.mark.parametrize("remote", [None, dataset(), published(9, hosted=False)])
def test_what_the_portal_does_not_host_yet_cannot_have_shrunk(remote: RemoteDataset | None) -> None:
    assert len(planned(guarded(HALF), remote=remote).sends) == 1


def test_a_file_nothing_is_known_of_is_not_held_back() -> None:
    guard = Guard(refuse_empty=True, max_shrink=0.5)
    spec = DatasetSpec("d", DatasetMetadata(title="T"), (guarded(guard),))
    assert [type(action) for action in plan(spec, {}, published(9)).resources] == [Replace]


def test_the_other_files_go_on_and_nothing_is_deleted() -> None:
    others = (file("b"), file("c", name="c.csv"))
    specs = (guarded(NO_EMPTY), *(replace(each, guard=ANY) for each in others))
    remote = dataset(
        there("r", "k", "x", size=9),
        there("rb", "b", "x", size=9),
        there("rz", "gone", "z", size=9),
    )
    todo = planned(*specs, remote=remote, size=0, prune=Prune.ALL, allow_mass_delete=True)
    assert [type(action) for action in todo.resources] == [Refuse, Replace, Create]
    assert (todo.deletions, todo.refused, todo.finish) == ((), None, True)
    fresh = planned(*specs, remote=None, size=0)
    assert [type(action) for action in fresh.resources] == [Refuse, Create, Create]
    assert (fresh.finish, fresh.requests) == (True, 4)


# --- pruning ------------------------------------------------------------------------------

OTHERS = (there("ours", "gone", "b"), there("foreign", None, "c"), there("r", "k"))


@pytest.mark.parametrize(
    ("prune", "deleted"),
    [(Prune.NONE, []), (Prune.OURS, ["ours"]), (Prune.ALL, ["ours", "foreign"])],
)
def test_pruning_deletes_what_the_manifest_does_not_name(prune: Prune, deleted: list[str]) -> None:
    todo = planned(file(), remote=dataset(*OTHERS), prune=prune, allow_mass_delete=True)
    assert [deletion.remote.id for deletion in todo.deletions] == deleted
    assert todo.requests == len(deleted)
    assert all(deletion.reason for deletion in todo.deletions)


def test_nothing_is_deleted_while_an_entry_cannot_be_told_apart() -> None:
    remote = dataset(*OTHERS, there("twin", "k", "b"))
    todo = planned(file(), remote=remote, prune=Prune.ALL, allow_mass_delete=True)
    assert isinstance(todo.resources[0], Refuse)
    assert (todo.deletions, todo.refused) == ((), None)


@pytest.mark.parametrize(
    ("kept", "gone", "refused"),
    [(1, 0, False), (2, 1, False), (2, 2, False), (2, 3, True), (0, 1, True), (1, 2, True)],
)
def test_deleting_more_than_half_has_to_be_allowed(
    kept: int,
    gone: int,
    refused: bool,  # noqa: FBT001 - a table's column
) -> None:
    specs = [file(f"k{n}") for n in range(kept)]
    remote = dataset(
        *(there(f"r{n}", f"k{n}") for n in range(kept)),
        *(there(f"x{n}", f"gone{n}", "b") for n in range(gone)),
    )
    todo = planned(*specs, remote=remote, prune=Prune.OURS)
    assert (todo.refused is not None) == refused
    if todo.refused is not None:
        assert f"delete {gone} of the dataset's {kept + gone} resources" in todo.refused
        assert "`allow_mass_delete`" in todo.refused
    allowed = planned(*specs, remote=remote, prune=Prune.OURS, allow_mass_delete=True)
    assert allowed.refused is None
    assert (
        allowed.deletions
        == todo.deletions
        == tuple(
            Delete(r, "published by bulkpub before, no longer in the manifest")
            for r in remote.resources[kept:]
        )
    )
