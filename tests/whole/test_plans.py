"""A plan on a portal: what it tells, carried out as it was saved, refused once something moved."""

from pathlib import Path
from typing import Any

from bulkpub.cli.report_file import write_report


async def test_a_saved_plan_is_carried_out_or_refused(
    *, publish: Any, published: Any, manifest: Any, said: Any, folder: Any, tmp_path: Path
) -> None:
    first = said("plan", "1.csv", "2.csv", "3.csv", tags=["velo", "ville"])
    await published(manifest(first))
    folder.file("1.csv", "another content\n")
    second = said("plan", "2.csv", "1.csv", "4.csv", tags=["ville", "pistes"], prune="ours")
    wanted, plan = manifest(second), tmp_path / "plan.json"
    planned = await publish(wanted, dry_run=True, exact=True)
    write_report(planned, str(plan))
    told = {each.field: (each.old, each.new) for each in planned.datasets[0].changes}
    assert told == {
        "tags": (["velo", "ville"], ["pistes", "ville"]),
        "order": (["1.csv", "2.csv"], ["2.csv", "1.csv"]),
    }
    # Somebody else writes, and only of a field that the plan is about.
    await publish(manifest({**first, "tags": ["ville"]}), exclude=(f"{first['key']}/1.csv",))
    refused = await publish(manifest(second), plan=plan)
    assert refused.run.exit_code == 1
    assert "`tags` is ['ville'] on the portal" in str(refused.datasets[0].error)
    write_report(await publish(wanted, dry_run=True, exact=True), str(plan))
    done = await published(wanted, plan=plan)
    assert done.totals.resources.deleted == 1
    again = await publish(wanted, plan=plan)
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 1)


async def test_a_part_of_a_dataset_is_published_and_then_the_rest(
    *, publish: Any, published: Any, manifest: Any, said: Any
) -> None:
    dataset = said("part", "b.csv", "d.csv", "a.csv", "c.csv", publish="when-complete")
    key, wanted = dataset["key"], manifest(dataset)
    for name in ("d.csv", "a.csv"):
        report = await publish(wanted, only=(f"{key}/{name}",))
        assert (report.run.exit_code, report.totals.resources.created) == (0, 1)
        assert report.datasets[0].notes  # it stays a draft
    report = await published(wanted)
    assert (report.totals.resources.created, report.totals.resources.unchanged) == (2, 2)


async def test_a_plan_of_every_kind_of_field_is_carried_out_and_then_done(
    *, publish: Any, manifest: Any, said: Any, folder: Any, tmp_path: Path
) -> None:
    for name in ("b.csv", "s.csv"):
        folder.file(name, f"of {name}\n")
    contacts = [{"name": "Voirie", "email": "voirie@ville.example", "role": "publisher"}]
    dataset = said(
        "fields",
        "a.csv",
        {"path": "b.csv", "as": "Été b.csv", "title": "T", "description": "D\r\nE  "},
        {"path": "s.csv", "append": True, "as": "s-{seq:02}{suffix}"},
        {"link": "https://example.org/api", "title": "L", "size": 3, "checksum": f"md5:{'0' * 32}"},
        frequency="daily",
        tags=["Été", "ville"],
        acronym="AB",
        contacts=contacts,
        temporal_coverage={"start": "2023-01-01", "end": "2024-01-01"},
        extras={"x.y": "1", "z": {"a": [1, 2]}, "long": "w" * 900},
        description="Long. \r\n\r\nAnd  longer. " * 50,
        next_update="2030-01-01",
        access={"type": "restricted", "audiences": {"private": "no"}, "reason": " R "},
        publish="when-complete",
    )
    dataset.pop("license", None)
    wanted, plan = manifest(dataset), tmp_path / "plan.json"
    planned = await publish(wanted, dry_run=True, exact=True)
    assert planned.run.problems == ()
    write_report(planned, str(plan))
    done = await publish(wanted, plan=plan)
    assert (done.run.exit_code, done.datasets[0].status, done.datasets[0].error) == (
        0,
        "created",
        None,
    )
    again = await publish(wanted, plan=plan)
    assert (again.run.exit_code, again.datasets[0].status, again.datasets[0].error) == (
        0,
        "unchanged",
        None,
    )
