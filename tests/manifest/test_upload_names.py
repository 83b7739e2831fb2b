"""`as`, `append` and SIRETs: the names under which files are sent."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import FileSource, ResourceSpec
from bulkpub.core.series import Day, Number
from bulkpub.manifest import Given
from bulkpub.manifest.siret import fails_luhn
from tests.manifests import Loaded, parse

AT = datetime(2018, 11, 28, 23, 30, tzinfo=UTC)
SIRET = "73282932000074"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Loaded]:
    """Reads one dataset with one entry; `a.xml`, `b.xml` and `export` are there."""

    def read(*entries: dict[str, Any], **more: Any) -> Loaded:
        for name in ("a.xml", "b.xml", "export"):
            (tmp_path / name).write_text(name)
        dataset = {"key": "k", "title": "T", "description": "D", "resources": list(entries)}
        document = {"organization": "o", "timezone": "Europe/Paris", "datasets": [dataset | more]}
        return parse(document, base=tmp_path, given=Given({}, AT))

    return read


def one(loaded: Loaded) -> ResourceSpec:
    assert loaded.problems == ()
    return loaded.datasets[0].resources[0]


def sent_as(spec: ResourceSpec) -> str:
    assert isinstance(spec.source, FileSource)
    return spec.source.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("b.csv", "b.csv"),
        ("{stem}-{today}.{suffix}", "a-2018-11-29.xml"),
        ("{stem}-{today:%y%m}{suffix}", "a-1811.xml"),
        ("{today:le %d}.xml", "le 29.xml"),
        ("{{x}} {siret}.xml", "{x} " + SIRET + ".xml"),
        ("{x}.xml", "{1}.xml"),
        ("é à.xml", "é à.xml"),
    ],
)
def test_a_file_may_be_sent_under_another_name(read: Any, text: str, name: str) -> None:
    spec = one(read({"path": "a.xml", "as": text}, vars={"siret": SIRET, "x": "{1}"}))
    assert (sent_as(spec), spec.default_title, spec.key) == (name, name, "a.xml")
    assert spec.series is None


def test_what_no_portal_takes_can_be_renamed(read: Any) -> None:
    assert sent_as(one(read({"path": "export", "as": "export.csv"}))) == "export.csv"


def test_a_series_knows_its_day_and_its_number(read: Any) -> None:
    text = "DECP-{siret}-{today:%Y-%m-%d}-{seq:02}{suffix}"
    spec = one(read({"path": "a.xml", "as": text, "append": True}, vars={"siret": SIRET}))
    assert spec.series is not None
    assert spec.series.day == date(2018, 11, 29)
    parts = [part for part in spec.series.parts if not isinstance(part, str)]
    assert parts == [Day("Y"), Day("m"), Day("d"), Number(2)]
    assert spec.series.name(3) == f"DECP-{SIRET}-2018-11-29-03.xml"
    assert (sent_as(spec), spec.metadata.type) == (spec.series.name(1), "main")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"append": True}, "'append' needs 'as', which gives each file a name of its own"),
        ({"as": "a.xml", "append": True}, "in 'as', there is no {seq}: with 'append', each file"),
        ({"as": "a-{seq}.xml"}, "in 'as', {seq} goes with `append: true`, which counts the files"),
        (
            {"as": "a-{seq}.xml", "append": True, "id": "i"},
            "'append' makes a new resource of each content, and 'id' names one",
        ),
        ({"as": "a/{stem}.xml"}, "'as' comes out as 'a/a.xml' for the file a.xml: a name has no"),
        ({"as": "é" * 126 + ".xml"}, "a name has at most 255 bytes, and this one 256"),
        ({"as": "a"}, "'as' comes out as 'a' for the file a.xml: it has no extension, and the"),
        ({"as": "!.xml"}, "it has nothing before its extension that the portal could keep"),
        ({"as": "{seqq}.xml"}, "in 'as', the placeholder {seqq} is not known; the known ones"),
        ({"as": "{sirte}.xml"}, "there is no variable 'sirte' (did you mean 'siret'?)"),
        ({"as": "{seq:x}.xml", "append": True}, "in {seq:x}, only a width can follow, as in {seq:"),
        ({"as": "{today:%B}.xml"}, "in {today:%B}, only %Y %m %d"),
        (
            {"as": "a" * 197 + "-{seq}.xml", "append": True},
            "the portal shortens such a name, and its number would be lost",
        ),
    ],
)
def test_what_is_wrong_with_a_name(read: Any, entry: dict[str, Any], sentence: str) -> None:
    (problem,) = read({"path": "a.xml", **entry}, vars={"siret": SIRET}).problems
    assert sentence in problem.message


def test_two_files_have_two_names(read: Any) -> None:
    (problem,) = read({"glob": "*.xml", "as": "c.xml"}).problems
    assert problem.message == (
        "'as' gives 'c.xml' to both a.xml and b.xml: tell them apart by {name}, {stem} or {index}"
    )
    appended = read({"glob": "*.xml", "as": "c-{seq}.xml", "append": True})
    assert [each.key for each in appended.datasets[0].resources] == ["a.xml", "b.xml"]
    numbered = read({"glob": "*.xml", "as": "c-{index}.xml"})
    assert list(map(sent_as, numbered.datasets[0].resources)) == ["c-1.xml", "c-2.xml"]


@pytest.mark.parametrize("way", [{"url": "https://x/a.csv"}, {"link": "https://x/"}, {"id": "i"}])
@pytest.mark.parametrize("key", [{"as": "a.csv"}, {"append": True}])
def test_only_files_of_this_machine_have_names(
    read: Any, way: dict[str, str], key: dict[str, Any]
) -> None:
    (problem,) = read({**way, **key}).problems
    assert problem.message.endswith("is for files on this machine: it goes with 'path' and 'glob'")


# --- SIRETs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("siret", "sentence"),
    [
        ("8976454784100", "a SIRET has 14 digits, without spaces, and '8976454784100' is none"),
        ("732 829 320 00074", "a SIRET has 14 digits, without spaces"),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", "a SIRET has 14 digits, without spaces"),
    ],
)
@pytest.mark.parametrize("where", ["vars", "extras"])
def test_a_siret_has_14_digits(read: Any, where: str, siret: str, sentence: str) -> None:
    (problem,) = read(**{where: {"siret": siret}}).problems
    assert sentence in problem.message


def test_a_siret_is_text(read: Any) -> None:
    (problem,) = read(extras={"siret": 73282932000074}).problems
    assert problem.message == (
        "a SIRET is text, not the number 73282932000074: put it between quotes"
    )
    assert read(vars={"siret": 73282932000074}, extras={"siret": "{siret}"}).problems == ()


def test_an_odd_check_digit_is_a_warning_once(read: Any) -> None:
    loaded = read(vars={"siret": "89764547841001"}, extras={"siret": "{siret}"})
    assert loaded.problems == ()
    assert [each.message for each in loaded.warnings] == [
        "the check digit of the SIRET 89764547841001 is not that of its other digits"
    ]
    assert read(extras={"siret": SIRET}).warnings == ()


@pytest.mark.parametrize(
    ("siret", "fails"),
    [(SIRET, False), ("89764547841001", True), ("73282932000075", True), ("13002526500013", False)],
)
def test_luhn(siret: str, fails: bool) -> None:  # noqa: FBT001 # a row
    assert fails_luhn(siret) is fails
