"""A plan that was saved is carried out as it is, or its datasets are refused with what moved."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

import bulkpub
from bulkpub import Connection, RunOptions, RunReport, Sources
from bulkpub.cli.report_file import write_report
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]
Carry = Callable[..., Awaitable[RunReport]]


@pytest.fixture
def saved(publish: Publish, tmp_path: Path) -> Callable[..., Awaitable[Path]]:
    """The file of a plan of a manifest."""

    async def saved(manifest: Any, *, form: str = "json", **options: Any) -> Path:
        report = await publish(manifest, dry_run=True, exact=True, **options)
        path = tmp_path / "plan.json"
        write_report(report, str(path), form)
        return path

    return saved


@pytest.fixture
def carry_out(site: Site) -> Carry:
    """Carry a plan out."""

    async def carry_out(manifest: Any, plan: Path, **options: Any) -> RunReport:
        return await bulkpub.publish(
            manifest if isinstance(manifest, dict) else str(manifest),
            plan=plan,
            connection=Connection(portal=site.address, key="any-key"),
            sources=Sources(allow_private=True),
            options=RunOptions(look_again_s=0.01, **options),
        )

    return carry_out


@pytest.fixture
async def wanted(publish: Publish, folder: Any, site: Site, edit: Any, dataset_of: Any) -> Any:
    """A manifest of which everything that can be planned is to be done; what is there is older.

    The title of the file that is replaced is somebody's, which is kept safe meanwhile.
    """
    resources = ["kept.csv", "changed.csv", "described.csv", "dropped.csv", "more.csv"]
    await publish(folder.manifest(folder.dataset("a", *resources), folder.dataset("b", "b.csv")))
    edit(dataset_of(site, "a"), at=1, title="By hand")
    folder.file("changed.csv", "changed since\n")
    described = {"path": "described.csv", "title": "Described"}
    names = ["more.csv", "new.csv", "kept.csv", "changed.csv"]
    return folder.manifest(
        folder.dataset("a", *names, described, prune="ours", title="New title"),
        folder.dataset("b", "b.csv"),
        folder.dataset("c", "c.csv", {"link": "https://example.org/api"}, frequency="daily"),
    )


@pytest.mark.parametrize("form", ["json", "jsonl"])
async def test_a_plan_is_carried_out_as_it_is(
    *, publish: Publish, site: Site, saved: Any, carry_out: Carry, wanted: Any, form: str
) -> None:
    plan = await saved(wanted, form=form)
    assert b"any-key" not in plan.read_bytes()
    done = await carry_out(wanted, plan)
    assert [each.error for each in done.datasets] == [None] * 3
    assert done.run.exit_code == 0
    assert done.totals.resources.deleted == 1
    assert (await publish(wanted)).totals.datasets.unchanged == 3
    again = await carry_out(wanted, plan)
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 3)
    assert len(site.datasets) == 3


ON_THE_PORTAL: dict[str, tuple[dict[str, Any], str]] = {
    "title": ({"title": "By hand"}, "`title` is By hand on the portal, and was Dataset a"),
    "description": (
        {"description": "Rewritten"},
        "`description` would change from Rewritten to About it., which the plan does not have",
    ),
    "file-title": (
        {"at": 2, "title": "By hand"},
        "`described.csv: title` is By hand on the portal, and was described.csv",
    ),
    "deletion": (
        {"at": 3, "digest": "0" * 40},
        "dropped.csv, which is to be deleted, has changed since",
    ),
}
HERE = {
    "changed.csv": ("yet otherwise\n", "the file changed.csv has changed"),
    "./changed.csv": ("changed sincE\n", "the file changed.csv has changed"),  # of the same size
    "new.csv": ("name\nnew.csW\n", "the file new.csv has changed"),  # likewise
    "kept.csv": ("no longer\n", "the plan has kept.csv as unchanged, and it would now be replaced"),
}


@pytest.mark.parametrize("what", [*ON_THE_PORTAL, *HERE])
async def test_what_moved_is_said_and_its_dataset_left_alone(
    *,
    site: Site,
    saved: Any,
    carry_out: Carry,
    wanted: Any,
    folder: Any,
    edit: Any,
    dataset_of: Any,
    what: str,
) -> None:
    plan = await saved(wanted)
    if what in HERE:
        content, sentence = HERE[what]
        folder.file(what, content)
    else:
        changes, sentence = ON_THE_PORTAL[what]
        edit(dataset_of(site, "a"), **changes)
    before = dataset_of(site, "a")
    report = await carry_out(wanted, plan)
    assert report.run.exit_code == 1
    assert [each.status for each in report.datasets] == ["failed", "unchanged", "created"]
    assert sentence in str(report.datasets[0].error)
    assert dataset_of(site, "a") == before


async def test_the_order_counts_too(
    *,
    publish: Publish,
    site: Site,
    saved: Any,
    carry_out: Carry,
    folder: Any,
    edit: Any,
    dataset_of: Any,
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    changed = folder.manifest(folder.dataset("a", "1.csv", "2.csv", title="New"))
    plan = await saved(changed)
    edit(dataset_of(site, "a"), resources=tuple(reversed(dataset_of(site, "a").resources)))
    report = await carry_out(changed, plan)
    assert "`order` would change" in str(report.datasets[0].error)


async def test_what_others_changed_that_the_manifest_does_not_manage_is_no_matter(
    *, site: Site, saved: Any, carry_out: Carry, wanted: Any, edit: Any, dataset_of: Any
) -> None:
    """A checker writes what it saw to the extras of resources, every night."""
    plan = await saved(wanted)
    a = dataset_of(site, "a")
    edit(a, acronym="X", extras={**a.metadata.extras, "transport:score": 3})
    extras = dict(a.resources[2].metadata.extras or {})
    edit(a, at=2, extras={**extras, "check:date": "2026-01-01"})
    assert (await carry_out(wanted, plan)).run.exit_code == 0
    assert dataset_of(site, "a").metadata.acronym == "X"


async def test_a_manifest_that_changed_is_refused_dataset_by_dataset(
    saved: Any, carry_out: Carry, wanted: Any, folder: Any
) -> None:
    plan = await saved(wanted)
    document = orjson.loads(wanted.read_bytes())
    document["datasets"][0]["title"] = "Yet another title"
    document["datasets"][2]["key"] = "d"
    report = await carry_out(folder.file("manifest.json", orjson.dumps(document)), plan)
    by_key = {each.key: each for each in report.datasets}
    assert "`title` would become Yet another title, and was to become New title" in str(
        by_key["a"].error
    )
    assert by_key["b"].status == "unchanged"
    assert "the manifest no longer names it" in str(by_key["c"].error)
    assert "the plan does not have the dataset" in str(by_key["d"].error)
    assert report.run.exit_code == 1


NO_LONGER: dict[str, tuple[Callable[[list[Any]], object], str, str]] = {
    "file": (
        lambda datasets: datasets[2]["resources"].pop(0),
        "c",
        "the plan has c.csv as created, and the manifest no longer names it",
    ),
    "link": (
        lambda datasets: datasets[2]["resources"].pop(1),
        "c",
        "as created, and the manifest no longer names it",
    ),
    "field of a new dataset": (
        lambda datasets: datasets[2].pop("frequency"),
        "c",
        "`frequency` was to become daily, and would stay (none)",
    ),
    "field": (
        lambda datasets: datasets[0].update(title="Dataset a"),
        "a",
        "`title` was to become New title, and would stay Dataset a",
    ),
    "long field": (
        lambda datasets: datasets[0].update(description="About it."),
        "a",
        "`description` was to become ",
    ),
    "title of a file": (
        lambda datasets: datasets[0]["resources"][4].pop("title"),
        "a",
        "`described.csv: title` was to become Described, and would stay described.csv",
    ),
    "deletion": (
        lambda datasets: datasets[0].pop("prune"),
        "a",
        "dropped.csv was to be deleted, and would stay",
    ),
    "dataset to be deleted": (
        lambda datasets: datasets.__setitem__(3, {**datasets[1], "key": "d", "title": "Dataset d"}),
        "d",
        "the plan has Dataset d as deleted, and the manifest no longer says so",
    ),
    "dataset to be made": (
        lambda datasets: datasets.__setitem__(2, {"key": "c", "state": "absent"}),
        "c",
        "the plan has Dataset c as created, and the manifest now wants it to be absent",
    ),
}


@pytest.mark.parametrize("what", NO_LONGER)
async def test_what_is_planned_and_would_not_be_done_is_no_success(
    *,
    publish: Publish,
    saved: Any,
    carry_out: Carry,
    wanted: Any,
    folder: Any,
    what: str,
) -> None:
    document = orjson.loads(wanted.read_bytes())
    await publish(folder.manifest(folder.dataset("d", "b.csv")))
    document["datasets"][0]["description"] = "About it, at length. " * 50
    document["datasets"].append({"key": "d", "state": "absent"})
    plan = await saved(folder.file("manifest.json", orjson.dumps(document)))
    change, key, sentence = NO_LONGER[what]
    change(document["datasets"])
    now = folder.file("manifest.json", orjson.dumps(document))
    report = await carry_out(now, plan)
    assert report.run.exit_code == 1
    errors = {each.key: str(each.error) for each in report.datasets if each.error}
    assert list(errors) == [key]
    assert sentence in errors[key]
    assert "plan again" in errors[key]


async def test_a_file_that_is_as_it_was_once_more_is_not_what_was_planned(
    saved: Any, carry_out: Carry, publish: Publish, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    folder.file("1.csv", "before\n")
    await publish(manifest)
    folder.file("1.csv", "after\n")
    plan = await saved(manifest)
    folder.file("1.csv", "before\n")
    report = await carry_out(manifest, plan)
    assert "the file 1.csv has changed" in str(report.datasets[0].error)


async def test_a_file_that_was_removed_once_it_was_published_is_done(
    saved: Any, carry_out: Carry, folder: Any
) -> None:
    folder.file("in/1.csv", "one\n")
    entry = {"glob": "in/*.csv", "remove": "verified"}
    manifest = folder.manifest(folder.dataset("a", entry))
    plan = await saved(manifest)
    for _ in range(2):
        report = await carry_out(manifest, plan)
        assert (report.run.exit_code, report.datasets[0].error) == (0, None)


class Killed(Exception):
    """Nothing more of this run is seen."""


@pytest.mark.parametrize("after", range(13))
async def test_a_run_that_was_killed_is_completed_by_the_same_plan(
    *,
    site: Site,
    saved: Any,
    carry_out: Carry,
    wanted: Any,
    publish: Publish,
    dataset_of: Any,
    after: int,
) -> None:
    plan = await saved(wanted)
    left = after

    async def dying(call: Call, do: Callable[[], Awaitable[Any]]) -> Any:
        nonlocal left
        if call.method == "GET":
            return await do()
        if left <= 0:
            raise Killed
        left -= 1
        return await do()

    site.trouble = dying
    await carry_out(wanted, plan)
    site.trouble = None
    done = await carry_out(wanted, plan)
    assert [each.error for each in done.datasets] == [None] * 3
    assert done.run.exit_code == 0
    assert (await publish(wanted)).totals.datasets.unchanged == 3
    assert sorted(len(each.resources) for each in site.datasets.values()) == [1, 2, 5]
    titles = {each.key: each.metadata.title for each in dataset_of(site, "a").resources}
    assert titles["changed.csv"] == "By hand"


async def test_whatever_a_dataset_has_a_plan_that_was_killed_is_completed(
    *, site: Site, saved: Any, carry_out: Carry, publish: Publish, folder: Any
) -> None:
    """Killed after no write, after one more, after two more, and so on until all is done."""
    for name in ("in/1.csv", "d.csv", "s.csv"):
        folder.file(name, f"of {name}\n")
    contacts = [{"name": "Service", "email": "a@ville.example", "role": "publisher"}]
    of_all = {
        "contacts": contacts,
        "license": "lov2",
        "tags": ["velo", "ville"],
        "acronym": "AB",
        "description": "Long.\r\n\nAnd  longer. " * 50,
        "next_update": "2030-01-01",
        "temporal_coverage": {"start": "2023-01-01", "end": "2024-01-01"},
        "extras": {"x.y": "1", "z": {"a": [1, 2]}, "long": "w" * 900, "none": ""},
    }
    described = {"path": "d.csv", "title": "T" * 200, "description": "D" * 900}
    series = {"path": "s.csv", "append": True, "as": "s-{seq:02}{suffix}"}
    checked = {"link": "https://example.org/", "title": "L", "checksum": f"sha256:{'0' * 64}"}
    older = {"tags": ["before"], "license": "notspecified", "extras": {"long": "o"}}
    await publish(folder.manifest(folder.dataset("a", "a.csv", "gone.csv", **older)))
    folder.file("a.csv", "changed\n")
    manifest = folder.manifest(
        folder.dataset("a", "a.csv", described, checked, **of_all),
        folder.dataset("b", series, "b.csv", publish="when-complete", **of_all),
        folder.dataset("c", {"glob": "in/*.csv", "remove": "verified"}, "c.csv", state="draft"),
        folder.dataset("d", "e.csv", {"link": "https://example.org/e.csv", "of": "e.csv"}),
    )
    plan = await saved(manifest)
    left = 0

    async def dying(call: Call, do: Callable[[], Awaitable[Any]]) -> Any:
        nonlocal left
        if call.method != "GET":
            left -= 1
            if left < 0:
                raise Killed
        return await do()

    site.trouble = dying
    for writes in range(20):
        left = writes
        report = await carry_out(manifest, plan)
        assert "planned" not in " ".join(str(each.error) for each in report.datasets)
        if report.run.exit_code == 0:
            break
    assert report.run.exit_code == 0
    assert (await carry_out(manifest, plan)).totals.datasets.unchanged == 4
    assert len(site.datasets) == 4


async def test_a_filter_is_that_of_the_plan(saved: Any, carry_out: Carry, wanted: Any) -> None:
    plan = await saved(wanted, only=("c/c.csv",))
    report = await carry_out(wanted, plan)
    assert [each.status for each in report.datasets] == ["created"]
    assert report.totals.left_out.datasets == 2
    other = await carry_out(wanted, plan, only=("a",))
    assert other.run.exit_code == 2
    assert "was made with another `only` or `left_out`" in str(other.run.error)


def cut(content: bytes) -> bytes:
    return content[:-200]


def changed(field: str, value: Any) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        document = orjson.loads(content)
        document["run"][field] = value
        return orjson.dumps(document)

    return change


def edited(content: bytes) -> bytes:
    document = orjson.loads(content)
    document["datasets"][0]["changes"][0]["new"] = "What nobody wants"
    return orjson.dumps(document)


@pytest.mark.parametrize(
    ("edit_file", "code", "sentence"),
    [
        (cut, 2, "the plan cannot be carried out"),
        (lambda _: b"", 2, "the plan cannot be carried out"),
        (lambda _: b"\x00\xff\x00", 2, "the plan cannot be carried out"),
        (lambda _: b"{}", 2, "the plan cannot be carried out"),
        (changed("exact", value=False), 2, "is no plan that can be carried out"),
        (changed("dry_run", value=False), 2, "is no plan that can be carried out"),
        (changed("version", "0.0.0"), 2, "was made by bulkpub 0.0.0"),
        (changed("exit_code", 4), 2, "was not finished"),
        (changed("portal", "memory://other"), 2, "was made for another portal, memory://other"),
        (edited, 1, "`title` would become New title, and was to become What nobody wants"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_is_no_plan_of_this_is_told_in_a_sentence(
    *,
    site: Site,
    saved: Any,
    carry_out: Carry,
    wanted: Any,
    edit_file: Callable[[bytes], bytes],
    code: int,
    sentence: str,
) -> None:
    plan = await saved(wanted)
    plan.write_bytes(edit_file(plan.read_bytes()))
    site.calls.clear()
    report = await carry_out(wanted, plan)
    assert report.run.exit_code == code
    told = " ".join([str(report.run.error), *(str(each.error) for each in report.datasets)])
    assert sentence in told
    if code == 2:
        assert not site.calls


async def test_a_file_that_changes_after_it_was_compared_is_not_sent(
    site: Site, saved: Any, carry_out: Carry, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    plan = await saved(manifest)

    async def meddling(call: Call, do: Callable[[], Awaitable[Any]]) -> Any:
        if call.name == "create_dataset":
            folder.file("2.csv", "while the dataset is created\n")
        return await do()

    site.trouble = meddling
    report = await carry_out(manifest, plan)
    one, two = report.datasets[0].resources
    assert (report.run.exit_code, one.status, two.status) == (1, "created", "failed")
