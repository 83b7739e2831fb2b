from itertools import product

import pytest

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import (
    ByteTotals,
    DatasetTotals,
    RequestTotals,
    ResourceTotals,
    Tally,
    Totals,
    WaitTotals,
)

UNDONE = {"failed", "pending"}


def dataset(status: DatasetStatus, *resources: ResourceStatus) -> DatasetOutcome:
    outcomes = tuple(ResourceOutcome(str(n), each, "") for n, each in enumerate(resources))
    return DatasetOutcome("d", status, "", resources=outcomes)


def tally(*outcomes: DatasetOutcome) -> Tally:
    counted = Tally()
    for each in outcomes:
        counted.add(each)
    return counted


def test_every_status_of_a_dataset_and_of_a_resource_is_counted_once() -> None:
    datasets = [dataset(status, *ResourceStatus) for status in DatasetStatus]
    datasets.append(dataset(DatasetStatus.UPDATED, ResourceStatus.FAILED))
    totals = tally(*datasets).totals(
        hashed=1, uploaded=2, requests=RequestTotals(total=4), waited_s=WaitTotals(5.0, 6.0)
    )
    assert totals.datasets == DatasetTotals(1, 2, 1, 1, 1, 1)
    assert totals.resources == ResourceTotals(6, 6, 6, 6, 6, 6, 7, 6)
    assert (totals.bytes, totals.requests.total) == (ByteTotals(1, 2, 0), 4)
    assert totals.waited_s == WaitTotals(5.0, 6.0)


def test_the_totals_have_a_field_for_every_status_and_no_other() -> None:
    assert set(DatasetTotals.__slots__) == {status.value for status in DatasetStatus}
    assert set(ResourceTotals.__slots__) == {status.value for status in ResourceStatus}


@pytest.mark.parametrize(("of_dataset", "of_resource"), [*product(DatasetStatus, ResourceStatus)])
def test_the_exit_code_never_lies(of_dataset: DatasetStatus, of_resource: ResourceStatus) -> None:
    sound = dataset(DatasetStatus.UNCHANGED, ResourceStatus.UNCHANGED)
    expected = 1 if {of_dataset.value, of_resource.value} & UNDONE else 0
    assert tally(sound, dataset(of_dataset, of_resource), sound).exit_code == expected


def test_nothing_to_do_is_a_success() -> None:
    assert tally().exit_code == 0
    figures = RequestTotals(), WaitTotals()
    assert (
        tally().totals(hashed=0, uploaded=0, requests=figures[0], waited_s=figures[1]) == Totals()
    )
