"""Whose a dataset is: kept, given to an organization, or left until people have moved it."""

from dataclasses import replace

import pytest

from bulkpub.core.actions import KeepDataset, UpdateDataset
from bulkpub.core.match import Conflict
from bulkpub.core.model import KEY_EXTRA, DatasetMetadata, DatasetSpec, RemoteDataset
from bulkpub.core.owners import Move, Owner, change_of_owner
from bulkpub.core.plan import plan, plan_dataset
from bulkpub.portals.memory import RULES

METADATA = DatasetMetadata(title="T", extras={KEY_EXTRA: "k"})
BY_KEY = DatasetSpec("k", DatasetMetadata(title="T"))
BY_ID = replace(BY_KEY, id="d")
CITY = Owner("city", name="Ville d'Exemple")
STAYS_PERSONAL = replace(RULES, joins_organizations=False)


def there(organization: str | None) -> RemoteDataset:
    return RemoteDataset("d", METADATA, organization=organization)


@pytest.mark.parametrize("spec", [BY_KEY, BY_ID], ids=["key", "id"])
@pytest.mark.parametrize(
    ("wanted", "has", "expected"),
    [
        (Owner(), None, None),
        (Owner(), "region", None),
        (CITY, "city", None),
        (Owner(user="me"), None, None),
        (CITY, None, Move),
        (CITY, "region", Conflict),
        (Owner(user="me"), "region", Conflict),
    ],
)
def test_only_a_personal_dataset_changes_owner(
    spec: DatasetSpec, wanted: Owner, has: str | None, expected: type | None
) -> None:
    found = change_of_owner(spec, wanted, there(has), RULES)
    assert type(found) is (expected or type(None))


def test_where_the_portal_cannot_give_it_away_it_stays() -> None:
    found = change_of_owner(BY_KEY, CITY, there(None), STAYS_PERSONAL)
    assert isinstance(found, Conflict)
    assert "belongs to an account on the portal" in found.message


@pytest.mark.parametrize("wanted", [CITY, Owner(user="me")])
def test_a_refusal_says_whose_it_is_and_what_to_do(wanted: Owner) -> None:
    for spec in (BY_KEY, BY_ID):
        found = change_of_owner(spec, wanted, there("region"), RULES)
        assert isinstance(found, Conflict)
        told = ["'T' (d)", "the organization region", str(wanted), "the portal's transfer feature"]
        assert [words for words in told if words not in found.message] == []
        assert ("another `key`" in found.message) is (spec.id is None)


def test_the_new_owner_is_part_of_the_one_update_of_a_dataset() -> None:
    remote = there(None)
    only_owner = plan_dataset(BY_KEY, CITY, remote, RULES)
    assert only_owner == UpdateDataset(remote, DatasetMetadata(), Move(CITY))
    assert only_owner.differing == ("owner (personal → Ville d'Exemple)",)
    more = replace(BY_KEY, metadata=DatasetMetadata(title="New"))
    both = plan(more, {}, remote, RULES, owner=CITY)
    assert both.dataset == UpdateDataset(remote, DatasetMetadata(title="New"), Move(CITY))
    assert both.requests == 1


def test_a_dataset_of_others_is_not_touched() -> None:
    todo = plan(
        replace(BY_KEY, metadata=DatasetMetadata(title="New")), {}, there("x"), RULES, owner=CITY
    )
    assert isinstance(todo.dataset, KeepDataset)
    assert "transfer" in str(todo.refused)
