"""`only` and `exclude` take work away and add none: what is left out counts as named."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.core.outcome import STAYS
from bulkpub.portals.memory import Site

Publish = Callable[..., Any]


def keys(report: Any) -> list[str]:
    return [f"{d.key}/{r.key}" for d in report.datasets for r in d.resources]


async def test_only_what_fits_is_published_and_the_rest_is_counted(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    manifest = folder.manifest(
        folder.dataset("a", "1.csv", "2.csv"), folder.dataset("b", "3.csv"), folder.dataset("c")
    )
    report = await publish(manifest, only=("a/2.csv", "b"))
    assert report.run.exit_code == 0
    assert keys(report) == ["a/2.csv", "b/3.csv"]
    assert (report.totals.left_out.datasets, report.totals.left_out.resources) == (1, 1)
    assert titles(site) == {"Dataset a": ["2.csv"], "Dataset b": ["3.csv"]}
    again = await publish(manifest, only=("a/2.csv", "b"))
    assert again.totals.datasets.unchanged == 2
    whole = await publish(manifest)
    assert whole.run.exit_code == 0
    assert titles(site)["Dataset a"] == ["1.csv", "2.csv"]


@pytest.mark.parametrize("prune", ["ours", "all"])
@pytest.mark.parametrize(
    "chosen", [{"only": ("a/1.csv",)}, {"exclude": ("a/2.csv",)}, {"only": ("b",)}]
)
async def test_a_filter_deletes_nothing(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    titles: Any,
    by_hand: Any,
    dataset_of: Any,
    prune: str,
    chosen: Any,
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv", "old.csv", "3.csv")))
    by_hand(dataset_of(site, "a"), "guide.pdf", b"%PDF")
    before = titles(site)["Dataset a"]
    manifest = folder.manifest(
        folder.dataset("a", "1.csv", "2.csv", "3.csv", prune=prune), folder.dataset("b", "4.csv")
    )
    for dry_run in (True, False):
        report = await publish(manifest, dry_run=dry_run, **chosen)
        assert (report.run.exit_code, report.totals.resources.deleted) == (0, 0)
    assert titles(site)["Dataset a"] == before


async def test_whole_datasets_are_not_deleted_that_are_left_out(
    publish: Publish, folder: Any, site: Site
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv"), folder.dataset("b", "2.csv")))
    manifest = folder.manifest({"key": "a", "state": "absent"}, folder.dataset("b", "2.csv"))
    assert (await publish(manifest, only=("b",))).totals.datasets.unchanged == 1
    assert (await publish(manifest, exclude=("a",))).totals.datasets.deleted == 0
    assert len(site.datasets) == 2


async def test_what_is_said_of_a_dataset_is_not_written_where_only_files_are_asked_for(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    folder.file("1.csv", "changed\n")
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", title="New title"))
    report = await publish(manifest, only=("a/1.csv",))
    assert report.totals.resources.replaced == 1
    assert dataset_of(site, "a").metadata.title == "Dataset a"
    await publish(manifest, exclude=("a/1.csv",))
    assert dataset_of(site, "a").metadata.title == "New title"


async def test_a_draft_stays_one_while_something_is_left_out(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", publish="when-complete"))
    report = await publish(manifest, only=("a/1.csv",))
    assert dataset_of(site, "a").metadata.private
    assert "it stays a draft" in " ".join(report.datasets[0].notes)
    await publish(manifest, exclude=("a/1.csv",))
    assert dataset_of(site, "a").metadata.private
    await publish(manifest)
    assert not dataset_of(site, "a").metadata.private


async def test_files_that_are_left_out_stay_here(
    publish: Publish, folder: Any, tmp_path: Any
) -> None:
    entries = [{"path": name, "remove": "verified"} for name in ("1.csv", "2.csv")]
    for name in ("1.csv", "2.csv"):
        folder.file(name)
    manifest = folder.manifest(folder.dataset("a", *entries))
    await publish(manifest)  # both are gone; and both are back, as they are published
    for name in ("1.csv", "2.csv"):
        folder.file(name)
    planned = await publish(manifest, only=("a/1.csv",), dry_run=True)
    assert [each.removed for each in planned.datasets[0].resources] == [True]
    await publish(manifest, only=("a/1.csv",))
    assert sorted(each.name for each in tmp_path.glob("*.csv")) == ["2.csv"]


@pytest.mark.parametrize("command", [{"dry_run": True}, {}, {"verify": "quick", "dry_run": True}])
async def test_what_is_wrong_with_what_is_left_out_keeps_nothing_back(
    publish: Publish, folder: Any, command: Any
) -> None:
    await publish(folder.manifest(folder.dataset("good", "1.csv")))
    manifest = folder.manifest(
        folder.dataset("good", "1.csv"),
        folder.dataset("bad", {"path": "gone.csv"}, license="nonsense", organization="nobody"),
        folder.dataset("typo", "2.csv", titel="x"),
    )
    assert (await publish(manifest, **command)).run.exit_code == 2
    report = await publish(manifest, only=("good",), **command)
    assert (report.run.exit_code, report.run.problems) == (0, ())
    assert [each.key for each in report.datasets] == ["good"]


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"only": ("velso",)}, "fits 'velso'; the nearest names are: velos"),
        ({"only": ("velos/2042.csv",)}, "fits 'velos/2042.csv'; the nearest names are: velos/2024"),
        ({"exclude": ("zzz",)}, "nothing in the manifest fits 'zzz'"),
        ({"only": ("velos",), "exclude": ("velo*",)}, "leave nothing to do"),
    ],
)
async def test_what_fits_nothing_is_wrong(
    publish: Publish, folder: Any, site: Site, chosen: Any, sentence: str
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "2024.csv"), folder.dataset("gares"))
    report = await publish(manifest, **chosen)
    assert report.run.exit_code == 2
    assert sentence in str(report.run.error)
    assert not site.datasets


async def test_who_is_who_is_decided_as_without_the_filter(
    publish: Publish, folder: Any, site: Site, by_hand: Any, dataset_of: Any
) -> None:
    """One entry has the content, another the name, of the one file that somebody put there."""
    await publish(folder.manifest(folder.dataset("a", "1.csv")))
    there = by_hand(dataset_of(site, "a"), "2.csv", b"content of three\n")
    folder.file("3.csv", "content of three\n")
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", "3.csv"))
    report = await publish(manifest, only=("a/2.csv",))
    assert report.totals.resources.created == 1
    whole = await publish(manifest)
    assert whole.totals.resources.adopted == 1
    ids = {each.key: each.id for each in whole.datasets[0].resources}
    assert ids["3.csv"] == there.id


@pytest.mark.parametrize("named", ["id", "slug"])
async def test_a_dataset_that_another_names_by_its_id_is_not_taken_for_its_title(
    publish: Publish, folder: Any, site: Site, edit: Any, dataset_of: Any, *, named: str
) -> None:
    await publish(folder.manifest(folder.dataset("first", "1.csv")))
    there = edit(dataset_of(site, "first"), extras={})
    name = there.id if named == "id" else there.slug
    manifest = folder.manifest(
        {"id": name, "resources": [{"path": "1.csv"}]},
        folder.dataset("new", "2.csv", title=there.metadata.title),
    )
    planned = await publish(manifest, dry_run=True)
    report = await publish(manifest, only=("new",), dry_run=True)
    assert report.datasets[0].status == planned.datasets[1].status == "created"


async def test_namesakes_are_rivals_though_one_is_left_out(
    publish: Publish, folder: Any, site: Site, edit: Any, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("x", "1.csv", title="Same")))
    edit(dataset_of(site, "x"), extras={})
    manifest = folder.manifest(
        folder.dataset("a", "2.csv", title="Same"), folder.dataset("b", "3.csv", title="Same")
    )
    report = await publish(manifest, only=("b",))
    assert report.run.exit_code == 1
    assert "several datasets of the manifest have the title" in str(report.datasets[0].error)


async def test_verify_compares_what_is_chosen(publish: Publish, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    folder.file("2.csv", "changed since\n")
    verify = {"dry_run": True, "verify": "quick"}
    assert (await publish(manifest, **verify)).run.exit_code == 1
    report = await publish(manifest, exclude=("a/2.csv",), **verify)
    assert (report.run.exit_code, keys(report)) == (0, ["a/1.csv"])


async def test_a_file_that_is_left_out_may_be_gone(publish: Publish, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    folder.file("1.csv", "changed\n")
    report = await publish(manifest, only=("a/1.csv",))
    assert report.totals.resources.replaced == 1
    assert STAYS not in report.datasets[0].reason


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
async def test_one_by_one_comes_to_the_same_as_all_at_once(
    *, publish: Publish, folder: Any, site: Site, titles: Any, order: Any
) -> None:
    names = ["b.csv", "d.csv", "a.csv", "c.csv"]
    manifest = folder.manifest(folder.dataset("a", *names, prune="all", tags=["ville"]))
    for at in order:
        report = await publish(manifest, only=(f"a/{names[at]}",))
        assert (report.run.exit_code, report.totals.resources.created) == (0, 1)
    assert titles(site) == {"Dataset a": names}
    whole = await publish(manifest, dry_run=True)
    assert whole.totals.datasets.unchanged == 1


async def test_what_a_killed_run_sent_is_known_after_a_run_that_left_it_out(
    *, publish: Publish, folder: Any, site: Site, tmp_path: Any, dataset_of: Any
) -> None:
    """Two files of one content and name: whose the one is that arrived is only remembered."""
    folder.file("1/f.csv", "same\n")
    folder.file("2/f.csv", "same\n")
    manifest = folder.manifest(folder.dataset("a", "0.csv", "1/f.csv", "2/f.csv"))
    state = tmp_path / "state"
    await publish(manifest, only=("a/0.csv",), state_dir=state)

    async def dying(call: Any, carry_out: Any) -> Any:
        if call.name == "set_resources":
            raise RuntimeError
        return await carry_out()

    site.trouble = dying
    await publish(manifest, only=("a/2/f.csv",), state_dir=state)
    site.trouble = None
    (there,) = (each for each in dataset_of(site, "a").resources if each.key is None)
    folder.file("0.csv", "changed\n")
    await publish(manifest, only=("a/0.csv",), state_dir=state)
    report = await publish(manifest, state_dir=state)
    ids = {each.key: each.id for each in report.datasets[0].resources}
    assert ids["2/f.csv"] == there.id
    assert len(dataset_of(site, "a").resources) == 3
