"""Datasets and licences that a manifest names otherwise than the portal does."""

from typing import Any

import pytest

from bulkpub.portals.memory import Site


@pytest.fixture
async def dataset(publish: Any, folder: Any, site: Site) -> Any:
    await publish(folder.manifest(folder.dataset("a", "a.csv", title="Comptages vélo")))
    (dataset,) = site.datasets.values()
    return dataset


@pytest.mark.parametrize("way", ["slug", "page", "page in french", "capitals"])
async def test_a_dataset_goes_by_its_slug_or_the_address_of_its_page(
    way: str, *, publish: Any, folder: Any, site: Site, dataset: Any, writes: Any
) -> None:
    page = f"{site.address}/fr/datasets/{dataset.slug}/?x=1#files"
    written = {"slug": dataset.slug, "page": dataset.page, "page in french": page}
    site.calls.clear()
    name = written.get(way, dataset.slug)
    manifest = folder.manifest({"id": name, "acronym": "CV"})
    note = (f"'{name}' is the dataset {dataset.id}: that id never changes, and spares a request",)
    planned = await publish(manifest, dry_run=True)
    assert (planned.run.exit_code, planned.datasets[0].notes) == (0, note)
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].id) == (0, dataset.id)
    assert site.datasets[dataset.id].metadata.acronym == "CV"
    assert len(site.datasets) == 1
    site.calls.clear()
    report = await publish(manifest)
    assert (report.totals.datasets.unchanged, writes(site)) == (1, [])
    # Who it is costs one request, and what it has comes with the answer.
    assert [call.name for call in site.calls] == ["dataset", "account"]


async def test_an_id_is_not_looked_up_by_name(
    *, publish: Any, folder: Any, site: Site, dataset: Any
) -> None:
    site.calls.clear()
    report = await publish(folder.manifest({"id": dataset.id, "acronym": None}))
    assert report.datasets[0].notes == ()
    assert [call.name for call in site.calls] == ["account", "dataset"]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("https://www.example.org/datasets/comptages-velo/", "this is another portal's dataset"),
        ("{site}/organizations/ville/", "is not the address of a dataset's page"),
        ("{site}/datasets/r/7b0cf8d1-2ac0-4b5e-8a5c-0c5f6ad1f9ba", "not the address of a dataset"),
        ("{site}/", "is not the address of a dataset's page"),
    ],
)
async def test_another_address_is_a_problem_where_it_is_written(
    written: str, sentence: str, *, publish: Any, folder: Any, site: Site, dataset: Any, writes: Any
) -> None:
    site.calls.clear()
    written = written.format(site=site.address)
    report = await publish(folder.manifest({"id": written, "acronym": "CV"}))
    assert dataset.metadata.acronym is None
    (problem,) = report.run.problems
    assert sentence in problem.message
    assert (report.run.exit_code, writes(site)) == (2, [])


async def test_a_name_that_nobody_knows_is_told_as_an_unknown_id(
    *, publish: Any, folder: Any, dataset: Any
) -> None:
    assert dataset.slug != "comptages-velos"
    report = await publish(folder.manifest({"id": "comptages-velos", "acronym": "CV"}))
    assert report.run.exit_code == 1
    assert "no dataset with the id comptages-velos" in (report.datasets[0].error or "")


async def test_two_names_of_one_dataset_are_a_problem(
    *, publish: Any, folder: Any, site: Site, dataset: Any, writes: Any
) -> None:
    site.calls.clear()
    by_id, by_slug = {"id": dataset.id, "acronym": "A"}, {"id": dataset.slug, "acronym": "B"}
    report = await publish(folder.manifest(by_id, by_slug))
    (problem,) = report.run.problems
    assert f"the id '{dataset.id}' is already that of the dataset at" in problem.message
    assert writes(site) == []


# --- licences -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("lov2", "lov2"),
        ("Licence Ouverte", "lov2"),
        ("Licence Ouverte 2.0", "lov2"),
        ("Licence ouverte / Open Licence", "fr-lo"),
        ("https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "lov2"),
        ("ODbL", "odc-odbl"),
        ("http://opendatacommons.org/licenses/odbl/1.0/", "odc-odbl"),
        ("https://creativecommons.org/licenses/by/4.0/deed.fr", "cc-by"),
    ],
)
async def test_a_licence_goes_by_its_address_or_its_usual_name(
    said: str, id_: str, *, publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", license=said))
    report = await publish(manifest)
    notes = () if said == id_ else (f"the licence '{said}' is the portal's '{id_}'",)
    assert (report.run.exit_code, report.datasets[0].notes) == (0, notes)
    (dataset,) = site.datasets.values()
    assert dataset.metadata.license == id_
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert writes(site) == []


@pytest.mark.parametrize("said", ["CC BY-NC 4.0", "https://example.org/ours", "lov3"])
async def test_a_licence_that_is_none_of_the_portals_is_a_problem(
    said: str, *, publish: Any, folder: Any, site: Site
) -> None:
    report = await publish(folder.manifest(folder.dataset("a", "a.csv", license=said)))
    (problem,) = report.run.problems
    assert f"the portal knows no licence '{said}'" in problem.message
    assert site.datasets == {}
