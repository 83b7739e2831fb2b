"""What only the portal can judge of a manifest is told before anything is sent, each thing once."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.catalogue import KnownSchema
from bulkpub.core.model import ContentSchema, DatasetMetadata, Spatial
from bulkpub.core.rules import Vocabulary
from bulkpub.portals import memory
from bulkpub.portals.memory import Call, Site
from tests.schema_catalogue import BASE, LATEST, NEW

OURS, OTHERS, ME = memory.OURS.id, memory.OTHERS.id, memory.ACCOUNT.id
CATALOGUE = (
    KnownSchema(
        "etalab/irve", ("2.3.0", "2.3.1"), {LATEST: None, f"{BASE}0": "2.3.0", NEW: "2.3.1"}
    ),
)
ZONES = frozenset({"fr:region:11", "fr:departement:75", "fr:departement:2a", "country:fr"})
OWN, THEIRS, MINE = "c" * 23 + "1", "c" * 23 + "2", "c" * 23 + "3"


@pytest.fixture
def site(site: Site) -> Site:
    site.schemas, site.zones = CATALOGUE, ZONES
    site.contacts = {OWN: OURS, THEIRS: OTHERS, MINE: ME}
    return site


@pytest.fixture
def lines(folder: Any) -> Any:
    """A manifest of these lines, of which `a.csv` is there."""
    folder.file("a.csv")

    def lines(text: str) -> Path:
        written: Path = folder.text(text)
        return written

    return lines


@pytest.fixture
def nothing_more(publish: Any, site: Site, writes: Any) -> Any:
    """Publish a manifest, and see that publishing it again writes nothing."""

    async def nothing_more(manifest: Path) -> None:
        assert (await publish(manifest)).run.exit_code == 0
        site.calls.clear()
        assert (await publish(manifest)).run.exit_code == 0
        assert writes(site) == []

    return nothing_more


def told(report: Any) -> list[str]:
    return [f"{each.line}: {each.message}" for each in report.run.problems]


HEAD = """organization: test-organization
datasets:
  - key: one
    title: One
    description: D
"""
ENTRY = "    resources: [{path: a.csv, schema: SCHEMA}]\n"


# --- schemas ------------------------------------------------------------------------------

NO_SUCH = [
    ("etalab/irvee", "has no schema 'etalab/irvee'; did you mean 'etalab/irve'?"),
    ("irve", "has no schema 'irve'; did you mean 'etalab/irve'?"),
    ("xyz", "has no schema 'xyz'; it has: etalab/irve"),
    ("scdl/all", "has no schema 'scdl/all'; it has: etalab/irve"),
    (
        "{name: etalab/irve, version: '2.3.2'}",
        "the schema 'etalab/irve' has no version '2.3.2'; did you mean '2.3.1'?",
    ),
    (
        "{name: etalab/irve, version: '9'}",
        "the schema 'etalab/irve' has no version '9'; it has: 2.3.0, 2.3.1, latest",
    ),
]


@pytest.mark.parametrize(("said", "sentence"), NO_SUCH)
async def test_a_schema_that_is_not_in_the_catalogue_is_told_before_anything_is_sent(
    publish: Any, lines: Any, site: Site, said: str, sentence: str
) -> None:
    for dry_run in (True, False):
        report = await publish(lines(HEAD + ENTRY.replace("SCHEMA", said)), dry_run=dry_run)
        assert report.run.exit_code == 2
        (problem,) = told(report)
        assert problem.startswith("6: ")
        assert sentence in problem
        assert site.datasets == {}


SAME = [
    (NEW, ContentSchema("etalab/irve", "2.3.1")),
    (LATEST, ContentSchema("etalab/irve")),
    ("{name: etalab/irve, version: latest}", ContentSchema("etalab/irve", "latest")),
    (f"{BASE}elsewhere.json", ContentSchema(url=f"{BASE}elsewhere.json")),
]


@pytest.mark.parametrize(("said", "kept"), SAME)
async def test_a_schema_by_its_address_converges(
    nothing_more: Any, lines: Any, site: Site, said: str, kept: ContentSchema
) -> None:
    manifest = lines(HEAD + ENTRY.replace("SCHEMA", said))
    await nothing_more(manifest)
    (dataset,) = site.datasets.values()
    assert dataset.resources[0].metadata.schema == kept


# --- zones and granularity ----------------------------------------------------------------

TWO = """  - key: two
    title: Two
    description: D
    resources: [{path: a.csv}]
"""
NO_ID = "'{}' cannot be the id of a zone: one is like fr:region:11 or country:fr"
WRONG_AREAS = [
    ("{zones: ['fr:region:99']}", ["the portal knows no zone 'fr:region:99'"]),
    (
        "{zones: ['fr:region:11', Ile de France]}",
        [NO_ID.format("Ile de France")],
    ),
    (
        "{zones: [Gironde]}",
        [
            f"{NO_ID.format('Gironde')}; did you mean 'fr:departement:33'?",
        ],
    ),
    (
        "{zones: ['fr:region:11', 'fr:region:98', 'fr:region:99']}",
        ["the portal knows no zone 'fr:region:98'", "the portal knows no zone 'fr:region:99'"],
    ),
    (
        "{granularity: commune}",
        ["the portal knows no granularity 'commune'; did you mean 'fr:commune'?"],
    ),
]


@pytest.mark.parametrize(("area", "sentences"), WRONG_AREAS)
async def test_a_wrong_area_fails_its_dataset_with_its_line_and_the_others_go_on(
    publish: Any, lines: Any, site: Site, area: str, sentences: list[str]
) -> None:
    text = f"{HEAD}    spatial: {area}\n    resources: [{{path: a.csv}}]\n{TWO}"
    planned = await publish(lines(text), dry_run=True)
    report = await publish(lines(text))
    for each in (planned, report):
        assert told(each) == [f"6: {sentence}" for sentence in sentences]
        assert each.run.exit_code == 1
    assert [each.metadata.title for each in site.datasets.values()] == ["Two"]
    failed = {each.key: each.error for each in report.datasets}
    assert failed == {"one": "; ".join(sentences), "two": None}


async def test_each_of_several_wrong_ones_has_a_line_of_its_own(publish: Any, lines: Any) -> None:
    area = """    spatial:
      granularity: zz
      zones:
        - fr:region:98
        - fr:region:11
        - fr:region:99
"""
    report = await publish(lines(HEAD + area))
    assert [each.partition("; ")[0] for each in told(report)] == [
        "7: the portal knows no granularity 'zz'",
        "9: the portal knows no zone 'fr:region:98'",
        "11: the portal knows no zone 'fr:region:99'",
    ]
    contacts = f"    contact_points:\n      - {OWN}\n      - {THEIRS}\n"
    (problem,) = told(await publish(lines(HEAD + contacts)))
    assert problem.startswith(f"8: the contact point '{THEIRS}'")


async def test_an_area_of_the_defaults_is_told_once(publish: Any, lines: Any, site: Site) -> None:
    text = f"defaults:\n  spatial:\n    zones: ['fr:region:99']\n{HEAD}{TWO}"
    report = await publish(lines(text))
    assert told(report) == ["3: the portal knows no zone 'fr:region:99'"]
    assert [each.error for each in report.datasets] == [
        "the portal knows no zone 'fr:region:99'"
    ] * 2
    assert site.datasets == {}


SPELLINGS = ["FR:REGION:11", "fr/region/11", "fr:region:11@1970-01-01", "fr:departement:2A"]


@pytest.mark.parametrize("zone", SPELLINGS)
async def test_a_zone_by_another_spelling_converges(
    nothing_more: Any, lines: Any, site: Site, zone: str
) -> None:
    await nothing_more(lines(f"{HEAD}    spatial: {{zones: ['{zone}'], granularity: poi}}\n"))
    (dataset,) = site.datasets.values()
    kept = "fr:departement:2a" if "2A" in zone else "fr:region:11"
    assert dataset.metadata.spatial == Spatial((kept,), "poi")


async def test_a_portal_may_have_its_zones_in_capitals(
    publish: Any, lines: Any, site: Site
) -> None:
    site.zones = frozenset({"fr:departement:2A"})
    report = await publish(lines(f"{HEAD}    spatial: {{zones: ['fr:departement:2A']}}\n"))
    assert report.run.problems == ()


# --- contact points -----------------------------------------------------------------------

_OWN = "a dataset can only have those of its own organization or account"
FOREIGN = [
    (THEIRS, f"belongs to 'Other Organization'; {_OWN}"),
    (MINE, f"belongs to 'Ursula Uploader'; {_OWN}"),
    ("d" * 24, f"is not there; {_OWN}"),
]


@pytest.mark.parametrize(("contact", "sentence"), FOREIGN)
async def test_a_contact_point_of_another_owner_is_told_before_anything_is_written(
    publish: Any, lines: Any, site: Site, contact: str, sentence: str
) -> None:
    text = f"{HEAD}    contact_points: ['{OWN}', '{contact}']\n{TWO}"
    report = await publish(lines(text))
    assert told(report) == [f"6: the contact point '{contact}' {sentence}"]
    assert (report.run.exit_code, site.datasets) == (2, {})
    report = await publish(lines(text), keep_going=True)
    assert [each.metadata.title for each in site.datasets.values()] == ["Two"]


@pytest.mark.parametrize("own", [(OURS, OWN, MINE), (None, MINE, OWN)])
async def test_whose_a_dataset_named_by_id_is_the_portal_tells(
    publish: Any, lines: Any, site: Site, writes: Any, own: Any
) -> None:
    organization, ours, not_ours = own
    said = DatasetMetadata(title="T", description="D")
    there = site.add(said, organization, datetime.now(UTC))
    text = f"datasets:\n  - id: {there.id}\n    contact_points: ['{{}}']\n"
    report = await publish(lines(text.format(not_ours)))
    assert [line.partition(" belongs")[0] for line in told(report)] == [
        f"3: the contact point '{not_ours}'"
    ]
    assert (report.run.exit_code, writes(site)) == (2, [])
    for _ in range(2):
        assert (await publish(lines(text.format(ours)))).run.exit_code == 0
    assert site.datasets[there.id].metadata.contact_points == (ours,)
    # Once it has them, nobody has to be asked.
    assert Counter(call.name for call in site.calls)["foreign_contacts"] == 2


async def test_a_contact_point_is_named_twice_for_nothing(
    nothing_more: Any, lines: Any, site: Site
) -> None:
    await nothing_more(lines(f"{HEAD}    contact_points: ['{OWN}', '{OWN}']\n"))
    (dataset,) = site.datasets.values()
    assert dataset.metadata.contact_points == (OWN,)


# --- what it costs, and what the portal does not tell ---------------------------------------

ALL = f"""{HEAD}    license: lov2
    frequency: daily
    spatial: {{zones: ['fr:region:11', 'country:fr'], granularity: poi}}
    contact_points: ['{OWN}']
    resources: [{{path: a.csv, type: main, schema: etalab/irve}}]
"""


async def test_each_list_is_asked_for_once_and_only_where_it_is_needed(
    publish: Any, lines: Any, site: Site, asked_by_workers: int
) -> None:
    again = ALL[len(HEAD) :]
    await publish(lines(f"{ALL}  - key: two\n    title: Two\n    description: D\n{again}"))
    asked = Counter(call.name for call in site.calls if call.method == "GET")
    accounts = 1 + asked_by_workers
    once = {"account": accounts, "schemas": 1, "unknown_zones": 1, "foreign_contacts": 1}
    assert {name: asked[name] for name in once} == once
    assert asked["vocabulary"] == len(Vocabulary)
    site.calls.clear()
    await publish(lines(HEAD))
    asked = Counter(call.name for call in site.calls if call.method == "GET")
    assert asked.keys() <= {"account", "owned_by"}


async def test_an_area_that_a_dataset_has_already_is_not_asked_for_again(
    publish: Any, lines: Any, site: Site
) -> None:
    def asked() -> Counter[str]:
        return Counter(call.name for call in site.calls if call.method == "GET")

    await publish(lines(ALL))
    before = asked()
    site.calls.clear()
    assert (await publish(lines(ALL))).totals.datasets.unchanged == 1
    assert asked()["unknown_zones"] == 0
    assert asked()["vocabulary"] == before["vocabulary"] - 1  # granularities
    site.calls.clear()
    await publish(lines(ALL.replace("fr:region:11", "fr:region:99")))
    assert asked()["unknown_zones"] == 1


async def test_a_wrong_area_is_told_with_all_else_that_is_wrong(
    publish: Any, lines: Any, site: Site
) -> None:
    wrong = ALL.replace("lov2", "zz").replace("fr:region:11", "fr:region:99")
    report = await publish(lines(wrong))
    assert (report.run.exit_code, site.datasets) == (2, {})
    assert len(report.run.problems) == 2


async def test_an_empty_list_checks_nothing(publish: Any, lines: Any, site: Site) -> None:
    site.schemas, site.zones, site.contacts = (), frozenset(), {}
    site.vocabularies = dict.fromkeys(Vocabulary, frozenset())
    wrong = ALL.replace("etalab/irve", "zz/irve").replace("fr:region:11", "fr:region:99")
    wrong = wrong.replace("lov2", "zz").replace("poi}", "zz}").replace(OWN, THEIRS)
    report = await publish(lines(wrong))
    assert report.run.problems == ()
    assert report.run.exit_code == 0


async def test_the_portal_judges_what_could_not_be_checked(
    publish: Any, lines: Any, site: Site
) -> None:
    """What a list did not tell is refused when it is written, as ever."""

    async def silent(call: Call, carry_out: Any) -> Any:
        return () if call.name == "schemas" else await carry_out()

    site.trouble = silent
    report = await publish(lines(HEAD + ENTRY.replace("SCHEMA", "zz/irve")))
    assert report.run.exit_code == 1
    assert "zz/irve" in (report.datasets[0].resources[0].error or "")
