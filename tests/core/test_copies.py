from collections.abc import Collection, Mapping
from functools import partial

import pytest

from bulkpub.core import copies as copies_
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetSpec,
    FileSource,
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.portals.udata import RULES

copies = partial(copies_.copies, rules=RULES)

BYTES, OTHER_BYTES = "a" * 40, "b" * 40


def entry(key: str, name: str | None = None) -> ResourceSpec:
    return ResourceSpec(key, FileSource(f"/data/{name or key}", name or key))


def stored(
    id_: str,
    name: str = "velos.csv",
    *,
    digest: str | None = BYTES,
    size: int | None = 10,
    key: str | None = None,
    hosted: bool = True,
) -> RemoteResource:
    return RemoteResource(
        id=id_,
        metadata=ResourceMetadata(title=name, extras={KEY_EXTRA: key} if key else {}),
        hosted=hosted,
        url=f"https://portal.example/s/20260101-000000/{name}",
        size=size,
        digest=digest,
    )


def surplus(
    *now: RemoteResource,
    spec: DatasetSpec | None = None,
    fingerprints: Mapping[str, Fingerprint] | None = None,
    before: Collection[str] = (),
    sent: Collection[str] = ("Vélos.csv",),
    bound: Mapping[str, str] | None = None,
) -> list[str]:
    found = copies(
        spec or DatasetSpec("velos", resources=(entry("Vélos.csv"),)),
        fingerprints or {"Vélos.csv": Fingerprint(10, digest=BYTES)},
        now,
        before=before,
        sent=sent,
        bound=bound or {},
    )
    return [resource.id for resource in found]


# --- what is a copy -----------------------------------------------------------------------


def test_one_upload_stored_once_leaves_nothing_over() -> None:
    assert surplus(stored("1"), bound={"Vélos.csv": "1"}) == []


def test_one_upload_stored_twice_leaves_one_over() -> None:
    assert surplus(stored("1"), stored("2"), bound={"Vélos.csv": "1"}) == ["2"]


@pytest.mark.parametrize("told", ["1", "2", "3"])
def test_the_one_the_portal_told_us_of_is_kept_wherever_it_stands(told: str) -> None:
    now = [stored("1"), stored("2"), stored("3")]
    left = surplus(*now, bound={"Vélos.csv": told})
    assert sorted(left) == sorted({"1", "2", "3"} - {told})


def test_when_the_answer_was_lost_one_of_them_is_kept() -> None:
    assert len(surplus(stored("1"), stored("2"), stored("3"))) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(stored("2", digest=OTHER_BYTES), id="other bytes"),
        pytest.param(stored("2", digest=None), id="bytes unknown"),
        pytest.param(stored("2", size=11), id="another size"),
        pytest.param(stored("2", name="velos-1.csv"), id="another name"),
        pytest.param(stored("2", name="Vélos.csv"), id="a name that is no slug"),
        pytest.param(stored("2", key="Vélos.csv"), id="already ours"),
        pytest.param(stored("2", key="else"), id="claimed by another manifest"),
        pytest.param(stored("2", hosted=False), id="a link"),
    ],
)
def test_what_differs_from_what_was_sent_is_someone_elses(other: RemoteResource) -> None:
    assert surplus(stored("1"), other, bound={"Vélos.csv": "1"}) == []


def test_what_was_there_before_the_run_is_someone_elses() -> None:
    now = (stored("1"), stored("2"))
    assert surplus(*now, before={"2"}, bound={"Vélos.csv": "1"}) == []


def test_an_upload_onto_what_was_there_before_excuses_no_copy_of_the_same_content() -> None:
    """Two entries with one name and one content: one replaced a resource, one was stored twice."""
    spec = DatasetSpec("velos", resources=(entry("a/velos.csv"), entry("b/velos.csv")))
    left = surplus(
        stored("1", key="a/velos.csv"),
        stored("2"),
        stored("3"),
        spec=spec,
        fingerprints={each.key: Fingerprint(10, digest=BYTES) for each in spec.resources},
        before={"1"},
        sent={each.key for each in spec.resources},
        bound={"a/velos.csv": "1", "b/velos.csv": "3"},
    )
    assert left == ["2"]


# --- what was sent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fingerprints", "sent"),
    [
        ({"Vélos.csv": Fingerprint(10, digest=BYTES)}, ()),
        ({"Vélos.csv": Fingerprint(10, digest=BYTES)}, ("another.csv",)),
        ({"Vélos.csv": Fingerprint(10)}, ("Vélos.csv",)),
        ({"another.csv": Fingerprint(10, digest=BYTES)}, ("Vélos.csv",)),
    ],
    ids=["nothing sent", "another one sent", "bytes never hashed", "of unknown bytes"],
)
def test_without_knowing_what_was_sent_nothing_is_a_copy(
    fingerprints: Mapping[str, Fingerprint], sent: Collection[str]
) -> None:
    assert surplus(stored("1"), stored("2"), fingerprints=fingerprints, sent=sent) == []


def test_a_link_is_never_sent_and_has_no_copies() -> None:
    link = ResourceSpec("Vélos.csv", LinkSource("https://elsewhere.example/velos.csv"))
    spec = DatasetSpec("velos", resources=(link,))
    assert surplus(stored("1"), stored("2"), spec=spec) == []


def test_the_same_file_wanted_twice_is_kept_twice() -> None:
    spec = DatasetSpec("velos", resources=(entry("a/velos.csv"), entry("b/velos.csv")))
    known = {
        "a/velos.csv": Fingerprint(10, digest=BYTES),
        "b/velos.csv": Fingerprint(10, digest=BYTES),
    }
    now = [stored(number) for number in "123"]
    left = surplus(
        *now,
        spec=spec,
        fingerprints=known,
        sent=set(known),
        bound={"a/velos.csv": "3", "b/velos.csv": "1"},
    )
    assert left == ["2"]


def test_the_copies_of_several_files_are_told_apart() -> None:
    spec = DatasetSpec("velos", resources=(entry("velos.csv"), entry("bus.csv")))
    known = {
        "velos.csv": Fingerprint(10, digest=BYTES),
        "bus.csv": Fingerprint(20, digest=OTHER_BYTES),
    }
    now = [
        stored("v1"),
        stored("b1", "bus.csv", digest=OTHER_BYTES, size=20),
        stored("v2"),
        stored("b2", "bus.csv", digest=OTHER_BYTES, size=20),
    ]
    bound = {"velos.csv": "v2", "bus.csv": "b1"}
    left = surplus(*now, spec=spec, fingerprints=known, sent=set(known), bound=bound)
    assert sorted(left) == ["b2", "v1"]


def test_more_told_than_wanted_are_all_kept() -> None:
    """A file sent again after a lost answer: the portal told us of both, we delete neither."""
    spec = DatasetSpec("velos", resources=(entry("Vélos.csv"), entry("else.csv")))
    bound = {"Vélos.csv": "1", "else.csv": "2"}
    assert surplus(stored("1"), stored("2"), spec=spec, bound=bound) == []


def test_a_dataset_without_resources_has_no_copies() -> None:
    assert surplus() == []
