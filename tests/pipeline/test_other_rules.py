"""Runs on portals with other rules than udata's: what they cannot do costs nothing else."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest

from bulkpub import RunReport
from bulkpub.core.fitting import fitted
from bulkpub.core.model import Access, DatasetMetadata, DatasetSpec
from bulkpub.core.rules import Rules
from bulkpub.portals import memory, udata
from bulkpub.portals.kinds import TOLD_BY_NAME
from bulkpub.portals.udata import rules as udata_rules

FULL = memory.RULES
RULES = {
    "all": FULL,
    "no order": replace(FULL, orders=False),
    "one described at once": replace(FULL, described_at_once=1),
    "no extras of resources": replace(FULL, lacks_resource=frozenset({"extras"})),
    "no extras": replace(
        FULL, lacks_resource=frozenset({"extras"}), lacks_dataset=frozenset({"extras"})
    ),
}


@pytest.fixture(params=list(RULES.values()), ids=list(RULES))
def site(request: pytest.FixtureRequest) -> Iterator[memory.Site]:
    name, rules = uuid4().hex, request.param
    assert isinstance(rules, Rules)
    yield memory.site(name, rules)
    memory._sites.pop(name)


@pytest.fixture
def publish(
    site: memory.Site, publish_to: Callable[..., Awaitable[RunReport]]
) -> Callable[..., Awaitable[RunReport]]:
    return partial(publish_to, site.address, "any-key")


async def test_a_second_run_writes_nothing_and_says_so(
    publish: Any, folder: Any, site: memory.Site, writes: Any
) -> None:
    entries = [{"path": f"{name}.csv", "title": name.upper()} for name in "cab"]
    for name in "cab":
        folder.file(f"{name}.csv")
    manifest = folder.manifest(folder.dataset("k", *entries))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report.datasets[0].error
    site.calls.clear()
    again = await publish(manifest)
    assert writes(site) == []
    assert again.totals.datasets.unchanged == 1
    assert again.totals.resources.unchanged == 3


# --- what a portal cannot do is said before anything is sent --------------------------------


@pytest.fixture
def publish_by(
    publish_to: Callable[..., Awaitable[RunReport]],
) -> Iterator[Callable[..., Awaitable[RunReport]]]:
    """Publish, or plan, to a portal with these rules."""
    names: list[str] = []

    async def publish(rules: Rules, manifest: Any, **options: Any) -> RunReport:
        names.append(uuid4().hex)
        place = memory.site(names[-1], rules)
        return await publish_to(place.address, "any-key", manifest, **options)

    yield publish
    for name in names:
        memory._sites.pop(name)


NOTES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"orders": False}, ("the portal keeps the resources of a dataset in an order of its own",)),
    (
        {"lacks_dataset": frozenset({"license", "acronym"})},
        ("the portal cannot hold 'license' of a dataset: left out",),
    ),
    # Where all is for everybody anyway, nothing is lost.
    ({"lacks_dataset": frozenset({"access", "private"})}, ()),
    (
        {"lacks_resource": frozenset({"title", "schema"})},
        ("the portal cannot hold 'title' of a resource: left out of 2",),
    ),
    (
        {"tells_digest": False},
        ("the portal tells no checksum: whether a file changed cannot be seen there",),
    ),
]


@pytest.mark.parametrize(("rules", "notes"), NOTES)
@pytest.mark.parametrize("dry_run", [True, False])
async def test_what_only_describes_is_left_out_with_a_note(
    publish_by: Any, folder: Any, rules: dict[str, Any], notes: tuple[str, ...], *, dry_run: bool
) -> None:
    entries = [{"path": f"{name}.csv", "title": name.upper()} for name in "ab"]
    for name in "ab":
        folder.file(f"{name}.csv")
    manifest = folder.manifest(
        folder.dataset("k", *entries, license="lov2", access="open", private=False)
    )
    report = await publish_by(replace(FULL, **rules), manifest, dry_run=dry_run)
    assert (report.run.exit_code, report.datasets[0].notes) == (0, notes)


@pytest.mark.parametrize(
    ("rules", "entry", "more", "problem"),
    [
        ({"links": False}, {"link": "https://x.example/api"}, {}, "cannot list what stays"),
        ({"deletes": False}, {"path": "a.csv"}, {"prune": "ours"}, "cannot delete resources"),
        ({"hosts_in_place": False}, {"id": "r", "host": True}, {}, "cannot host in place"),
    ],
)
async def test_what_would_be_published_otherwise_is_a_problem(
    publish_by: Any,
    folder: Any,
    rules: dict[str, Any],
    entry: dict[str, Any],
    more: dict[str, Any],
    *,
    problem: str,
) -> None:
    folder.file("a.csv")
    manifest = folder.manifest(folder.dataset("k", entry, **more))
    report = await publish_by(replace(FULL, **rules), manifest)
    assert report.run.exit_code == 2
    assert [problem in each.message for each in report.run.problems] == [True]
    assert report.run.problems[0].file.endswith("manifest.json")
    assert report.run.problems[0].line > 0
    assert report.totals.requests.by_method.keys() <= {"GET"}


RESTRICTED = {"type": "restricted", "audiences": {"private": False}}
EXPOSED = [
    ("access", RESTRICTED, "the portal does not keep who has access to a dataset: what is to be "),
    ("access", "open_with_account", "would be open to everybody, so that nothing of this dataset"),
    ("private", True, "the portal does not keep datasets private: everybody would see this one"),
]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("name", "value", "sentence"), EXPOSED)
async def test_what_more_people_would_see_than_shall_is_not_published(
    *, publish_by: Any, folder: Any, name: str, value: Any, sentence: str, dry_run: bool
) -> None:
    """But everything else is."""
    manifest = folder.manifest(
        folder.dataset("k", "a.csv", **{name: value}), folder.dataset("other", "b.csv")
    )
    rules = replace(FULL, lacks_dataset=frozenset({name}))
    report = await publish_by(rules, manifest, dry_run=dry_run)
    assert report.run.exit_code == 1
    refused, other = report.datasets
    assert (refused.status, refused.id, other.status) == ("failed", None, "created")
    assert sentence in (refused.error or "")
    (problem,) = report.run.problems
    assert (problem.dataset, problem.message) == ("k", refused.error)
    assert problem.line > 0
    # It can still be taken away.
    manifest = folder.manifest({"key": "k", "state": "absent", name: value})
    assert (await publish_by(rules, manifest, dry_run=dry_run)).run.exit_code == 0


@pytest.mark.parametrize(("name", "value", "sentence"), EXPOSED)
async def test_a_portal_that_does_not_keep_what_it_should_gets_no_file(
    *, publish_to: Any, folder: Any, name: str, value: Any, sentence: str
) -> None:
    """One that is no version known, or is set up otherwise."""

    async def forgetful(call: memory.Call, carry_out: Any) -> Any:
        answer = await carry_out()
        for key, each in place.datasets.items():
            place.datasets[key] = replace(each, metadata=replace(each.metadata, **{name: None}))
        return place.datasets[answer.id] if call.name.endswith("e_dataset") else answer

    place = memory.site(where := uuid4().hex, FULL)
    place.trouble = forgetful
    manifest = folder.manifest(folder.dataset("k", "a.csv", "b.csv", **{name: value}))
    for _ in range(2):  # created, and once it is there
        report = await publish_to(place.address, "any-key", manifest)
        assert report.run.exit_code == 1
        assert sentence in (report.datasets[0].error or "")
    memory._sites.pop(where)
    assert [call.name for call in place.calls].count("upload") == 0
    assert [call.name for call in place.calls].count("create_dataset") == 1


EVERY_RULES = [
    memory.RULES,
    udata.RULES,
    udata_rules.WITHOUT_ACCESS,
    *(
        import_module(f"bulkpub.portals.{name}").KIND.rules
        for name in dict.fromkeys(TOLD_BY_NAME.values())
    ),
]


@pytest.mark.parametrize("rules", EVERY_RULES, ids=lambda rules: rules.kind)
def test_no_kind_of_portals_shows_to_everybody_what_is_restricted(rules: Rules) -> None:
    """Each keeps who has access and what is private, or is sent nothing of it."""
    wanted = DatasetMetadata(access=Access("restricted"), private=True)
    held = fitted(DatasetSpec(key="k", metadata=wanted), rules)
    kept = held.spec.metadata
    assert bool(held.exposed) is (kept.access != wanted.access or kept.private is not True)
