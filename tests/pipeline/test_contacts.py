"""Contact points by name and address: found, or made once, with the dataset and never by a plan."""

from typing import Any

import pytest

from bulkpub.core.model import Contact
from bulkpub.portals.memory import OURS, Site

SIG = {"name": "Service SIG", "email": "sig@ville.fr"}
FORM = {"name": "Mairie", "form": "https://ville.fr/contact", "role": "publisher"}


@pytest.fixture
def made(site: Site) -> Any:
    """How often something was asked of the portal to be made."""
    return lambda: [call.name for call in site.calls].count("create_contact")


async def test_a_contact_is_made_once_for_all_datasets_and_found_again(
    *, publish: Any, folder: Any, site: Site, writes: Any, made: Any
) -> None:
    def manifest(*contacts: Any) -> Any:
        datasets = (folder.dataset(key, f"{key}.csv") for key in "abc")
        return folder.manifest(*datasets, defaults={"contacts": list(contacts)})

    planned = await publish(manifest(SIG, FORM), dry_run=True)
    notes = (
        "new contact point: Service SIG <sig@ville.fr>",
        "new contact point: Mairie <https://ville.fr/contact> (publisher)",
    )
    assert [each.notes for each in planned.datasets] == [notes] * 3
    assert (site.cards, writes(site)) == ({}, [])
    assert (await publish(manifest(SIG, FORM))).run.exit_code == 0
    assert made() == 2
    assert planned.totals.requests.planned == len(writes(site))
    cards = {card: id_ for (owner, card), id_ in site.cards.items() if owner == OURS.id}
    sig = cards[Contact("Service SIG", email="sig@ville.fr")]
    mairie = cards[Contact("Mairie", "publisher", form="https://ville.fr/contact")]
    for dataset in site.datasets.values():
        assert dataset.metadata.contact_points == (sig, mairie)
    site.calls.clear()
    again = await publish(manifest(SIG, FORM))
    assert (again.totals.datasets.unchanged, writes(site)) == (3, [])
    assert again.datasets[0].notes == ()
    assert [call.name for call in site.calls].count("contacts") == 1
    # Another one takes its place; the plan tells what is new and what it differs in.
    other = {**SIG, "email": "sig2@ville.fr"}
    planned = await publish(manifest(other), dry_run=True)
    assert planned.datasets[0].reason == "differs in: contact_points"
    assert planned.datasets[0].notes == ("new contact point: Service SIG <sig2@ville.fr>",)
    site.calls.clear()
    assert (await publish(manifest(other))).run.exit_code == 0
    assert made() == 1
    assert planned.totals.requests.planned == len(writes(site)) == 4
    assert (await publish(manifest(other))).totals.datasets.unchanged == 3


async def test_of_a_personal_dataset_it_is_the_accounts_and_of_an_id_the_owners(
    *, publish: Any, folder: Any, site: Site, made: Any
) -> None:
    own = folder.dataset("own", "a.csv", personal=True, contacts=[SIG])
    report = await publish(folder.manifest(own, organization=None))
    assert report.run.exit_code == 0
    assert [owner for owner, _ in site.cards] == [site.account.id]
    entry = {"id": report.datasets[0].id, "contacts": [SIG]}
    assert (await publish(folder.manifest(entry, organization=None))).run.exit_code == 0
    assert made() == 1
    report = await publish(folder.manifest(folder.dataset("ours", "b.csv")))
    entry = {"id": report.datasets[0].id, "contacts": [SIG]}
    assert (await publish(folder.manifest(entry, organization=None))).run.exit_code == 0
    assert {owner for owner, _ in site.cards} == {site.account.id, OURS.id}


async def test_nothing_is_made_for_a_dataset_that_is_not(
    *, publish: Any, folder: Any, site: Site
) -> None:
    gone = folder.dataset("a", {"url": "http://127.0.0.1:9/gone.csv"}, contacts=[SIG])
    report = await publish(folder.manifest(gone))
    assert report.run.exit_code == 1
    assert (site.datasets, site.cards) == ({}, {})
    missing = {"id": "f" * 24, "contacts": [SIG]}
    assert (await publish(folder.manifest(missing))).run.exit_code == 1
    assert site.cards == {}


@pytest.mark.parametrize("before", [True, False])
async def test_a_lost_answer_makes_none_twice(
    *, publish: Any, folder: Any, site: Site, lose_answers: Any, before: bool
) -> None:
    site.trouble = lose_answers("create_contact", before=before)
    manifest = folder.manifest(folder.dataset("a", "a.csv", contacts=[SIG]))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert len(site.cards) == 1
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"contacts": [{"name": "A"}]}, "a contact needs an 'email' or the address of a 'form'"),
        ({"contacts": [{"email": "a@ville.fr"}]}, "a contact needs a 'name'"),
        (
            {"contacts": [{**SIG, "name": "Mairie https://ville.fr"}]},
            "'name' of item 1 of 'contacts' has an address in it",
        ),
        ({"contacts": [{**SIG, "role": "boss"}]}, "'role' of item 1 of 'contacts' cannot be 'boss"),
        ({"contacts": [{**SIG, "role": "publicher"}]}, "did you mean 'publisher'?"),
        ({"contacts": [{**SIG, "email": "sig at ville.fr"}]}, "must be an address for mail"),
        ({"contacts": [{"name": "A", "form": "ville.fr"}]}, "'form' of item 1 of 'contacts' "),
        ({"contacts": [{**SIG, "emial": "x"}]}, "unknown key 'emial'"),
        ({"contacts": SIG}, "'contacts' must be a list"),
        ({"contacts": ["Service SIG"]}, "item 1 of 'contacts' must be a mapping"),
        (
            {"contacts": [SIG], "contact_points": ["65f0a1b2c3d4e5f6a7b8c9d0"]},
            "a dataset has only one of 'contact_points' and 'contacts'",
        ),
        ({"contacts": [{**SIG, "name": "x" * 256}]}, "has 256 characters; the portal takes 255"),
    ],
)
async def test_what_is_wrong_with_a_contact_is_told_where_it_is(
    *, publish: Any, folder: Any, site: Site, said: Any, sentence: str
) -> None:
    report = await publish(folder.manifest(folder.dataset("a", "a.csv", **said)))
    (problem,) = report.run.problems
    assert sentence in problem.message
    assert (report.run.exit_code, site.calls) == (2, [])


async def test_contacts_of_a_dataset_take_the_place_of_a_default_by_id(
    *, publish: Any, folder: Any, site: Site
) -> None:
    site.contacts["65f0a1b2c3d4e5f6a7b8c9d0"] = OURS.id
    manifest = folder.manifest(
        folder.dataset("a", "a.csv", contacts=[SIG]),
        folder.dataset("b", "b.csv"),
        defaults={"contact_points": ["65f0a1b2c3d4e5f6a7b8c9d0"]},
    )
    assert (await publish(manifest)).run.exit_code == 0
    (sig,) = site.cards.values()
    points = {each.key: each.metadata.contact_points for each in site.datasets.values()}
    assert points == {"a": (sig,), "b": ("65f0a1b2c3d4e5f6a7b8c9d0",)}
