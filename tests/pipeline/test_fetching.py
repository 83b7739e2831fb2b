"""Files on other servers: fetched, compared, hosted on the portal, and not fetched in vain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]
MANIFESTS = Path(__file__).parents[2] / "manifests"


async def test_a_file_elsewhere_is_fetched_and_hosted(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any
) -> None:
    manifest = folder.manifest(
        folder.dataset("a", {"url": elsewhere.has("b.csv"), "title": "B"}, "a.csv")
    )
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert set(statuses(report).values()) == {"created"}
    (dataset,) = site.datasets.values()
    assert [each.metadata.title for each in dataset.resources] == ["B", "a.csv"]
    assert [each.hosted for each in dataset.resources] == [True, True]
    told = report.datasets[0].resources[0]
    assert dataset.resources[0].digest == (told.sha1 or told.sha256)
    assert told.source == elsewhere.address + "/b.csv"


async def test_a_second_run_writes_nothing_and_tells_so(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any, writes: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv"), "title": "B"}))
    await publish(manifest)
    site.calls.clear()
    report = await publish(manifest)
    assert list(statuses(report).values()) == ["unchanged"]
    assert report.run.exit_code == 0
    assert writes(site) == []
    assert elsewhere.sent == ["b.csv", "b.csv"], "nothing was remembered: it had to be compared"


async def test_what_is_remembered_costs_one_small_request(
    *, publish: Publish, folder: Any, elsewhere: Any, statuses: Any, tmp_path: Path
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    await publish(manifest, state_dir=tmp_path / "state")
    elsewhere.forget()
    report = await publish(manifest, state_dir=tmp_path / "state")
    assert list(statuses(report).values()) == ["unchanged"]
    assert (elsewhere.asked, elsewhere.sent) == (["b.csv"], [])


async def test_a_source_that_changed_is_replaced_in_place(
    *,
    publish: Publish,
    folder: Any,
    elsewhere: Any,
    site: Site,
    statuses: Any,
    tmp_path: Path,
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    first = await publish(manifest, state_dir=tmp_path / "state")
    elsewhere.has("b.csv", "other\n1\n")
    report = await publish(manifest, state_dir=tmp_path / "state")
    assert list(statuses(report).values()) == ["replaced"]
    assert report.datasets[0].resources[0].id == first.datasets[0].resources[0].id
    (dataset,) = site.datasets.values()
    assert [(each.metadata.title, each.size) for each in dataset.resources] == [("b.csv", 8)]


async def test_what_was_lost_on_the_portal_is_fetched_though_it_has_not_changed(
    *,
    publish: Publish,
    folder: Any,
    elsewhere: Any,
    site: Site,
    edit: Any,
    statuses: Any,
    tmp_path: Path,
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    await publish(manifest, state_dir=tmp_path / "state")
    (dataset,) = site.datasets.values()
    edit(dataset, resources=())
    report = await publish(manifest, state_dir=tmp_path / "state")
    assert list(statuses(report).values()) == ["created"]
    (dataset,) = site.datasets.values()
    assert len(dataset.resources) == 1


async def test_a_title_somebody_gave_survives_a_changed_source(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, edit: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    await publish(manifest)
    (dataset,) = site.datasets.values()
    edit(dataset, 0, title="Comptages")
    elsewhere.has("b.csv", "other\n1\n")
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    (dataset,) = site.datasets.values()
    assert [(each.metadata.title, each.size) for each in dataset.resources] == [("Comptages", 8)]


async def test_what_cannot_be_fetched_fails_alone(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any
) -> None:
    page = "<!doctype html><title>Oops</title>"
    manifest = folder.manifest(
        folder.dataset(
            "a",
            {"url": f"{elsewhere.address}/gone.csv"},
            {"url": elsewhere.has("page.csv", page, "text/csv")},
            {"url": elsewhere.has("good.csv")},
            {"url": elsewhere.has("bad.json", "{no", "application/json"), "check": "json"},
        )
    )
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert list(statuses(report).values()) == ["failed", "failed", "created", "failed"]
    errors = [each.error for each in report.datasets[0].resources]
    assert "404" in errors[0]
    assert "HTML" in errors[1]
    assert "JSON" in errors[3]
    (dataset,) = site.datasets.values()
    assert [each.metadata.title for each in dataset.resources] == ["good.csv"]


async def test_two_sources_of_one_name_and_one_content_make_two_resources(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any
) -> None:
    urls = [elsewhere.has(f"{part}/b.csv", "same\n") for part in "xyz"]
    manifest = folder.manifest(folder.dataset("a", *({"url": url} for url in urls)))
    assert (await publish(manifest)).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert len({each.url for each in dataset.resources}) == 3
    again = await publish(manifest)
    assert set(statuses(again).values()) == {"unchanged"}


async def test_a_lost_answer_does_not_publish_what_was_fetched_twice(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, lose_answers: Any
) -> None:
    site.trouble = lose_answers("upload")
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    (dataset,) = site.datasets.values()
    assert [each.metadata.title for each in dataset.resources] == ["b.csv"]


async def test_an_upload_that_never_arrived_is_fetched_and_sent_again(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, lose_answers: Any
) -> None:
    site.trouble = lose_answers("upload", before=True)
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    (dataset,) = site.datasets.values()
    assert [each.metadata.title for each in dataset.resources] == ["b.csv"]


async def test_a_plan_asks_the_source_and_fetches_nothing(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site
) -> None:
    manifest = folder.manifest(
        folder.dataset(
            "a",
            {"url": elsewhere.has("b.csv", "x\n" * 500)},
            {"url": f"{elsewhere.address}/gone.csv"},
        )
    )
    plan = await publish(manifest, dry_run=True)
    assert plan.run.exit_code == 1
    there, gone = plan.datasets[0].resources
    assert there.status == "created"
    assert there.reason == "new dataset: to be fetched"
    assert (there.source, there.size) == (elsewhere.address + "/b.csv", 1000)
    assert "404" in str(gone.error)
    assert not site.datasets


async def test_a_plan_looks_through_the_files_as_a_run_does(
    publish: Publish, folder: Any, site: Site
) -> None:
    folder.file("bad.csv", "a;b\n1;2\n3\n")
    manifest = folder.manifest(folder.dataset("a", {"path": "bad.csv", "check": "csv"}, "good.csv"))
    for dry_run in (True, False):
        report = await publish(manifest, dry_run=dry_run)
        assert report.run.exit_code == 1
        bad, good = report.datasets[0].resources
        assert (bad.status, good.status) == ("failed", "created")
        assert "line 3" in str(bad.error)
    (dataset,) = site.datasets.values()
    assert [each.metadata.title for each in dataset.resources] == ["good.csv"]


async def test_a_plan_knows_what_has_not_changed(
    *, publish: Publish, folder: Any, elsewhere: Any, statuses: Any, tmp_path: Path
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": elsewhere.has("b.csv")}))
    await publish(manifest, state_dir=tmp_path / "state")
    elsewhere.forget()
    plan = await publish(manifest, state_dir=tmp_path / "state", dry_run=True)
    assert list(statuses(plan).values()) == ["unchanged"]
    assert elsewhere.sent == []


async def test_the_shipped_example_of_a_migration_works(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any
) -> None:
    """But for the other server, which is one of ours here."""
    countries = MANIFESTS / "data" / "decoupage-administratif" / "decoupage-administratif-2026.zip"
    elsewhere.has(
        "naturalearth/110m/cultural/ne_110m_admin_0_countries.zip",
        countries.read_bytes(),
        "application/zip",
    )
    text = (MANIFESTS / "migration.yaml").read_text()
    assert "https://naciscdn.org/" in text
    manifest = folder.text(text.replace("https://naciscdn.org", elsewhere.address))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    (dataset,) = site.datasets.values()
    assert [each.hosted for each in dataset.resources] == [True, False]
    assert set(statuses(await publish(manifest)).values()) == {"unchanged"}


@pytest.mark.parametrize("shrink", ["10%", 0.1])
async def test_a_guard_holds_back_what_was_fetched(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, shrink: Any
) -> None:
    url = elsewhere.has("b.csv", "x\n" * 500)
    manifest = folder.manifest(folder.dataset("a", {"url": url, "guard": {"shrink": shrink}}))
    assert (await publish(manifest)).run.exit_code == 0
    elsewhere.has("b.csv", "x\n")
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert "shrank from 1000 to 2 bytes" in str(report.datasets[0].resources[0].error)
    (dataset,) = site.datasets.values()
    assert dataset.resources[0].size == 1000
