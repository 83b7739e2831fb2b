"""Records of ISO 19139, from a CSW or a file: read with OWSLib, restrictions and all."""

import re
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkpub.core.model import LinkSource, TemporalCoverage, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page

Harvest = Callable[..., Awaitable[Any]]
CSW = "https://geo.example.org/csw?request=GetRecords"
TEMPLATE = (Path(__file__).parent / "catalogues" / "iso_19139.xml").read_text(encoding="utf-8")
OPEN = """<gmd:accessConstraints><gmd:MD_RestrictionCode codeListValue="otherRestrictions"
codeList="x"/></gmd:accessConstraints><gmd:otherConstraints><gco:CharacterString>Pas de restriction
d'accès public</gco:CharacterString></gmd:otherConstraints>"""


def code(value: str) -> str:
    return (
        f'<gmd:accessConstraints><gmd:MD_RestrictionCode codeListValue="{value}" codeList="x"/>'
        "</gmd:accessConstraints>"
    )


def words(text: str) -> str:
    return (
        f"<gmd:otherConstraints><gco:CharacterString>{text}</gco:CharacterString>"
        "</gmd:otherConstraints>"
    )


def anchor(address: str) -> str:
    return (
        f'<gmd:otherConstraints><gmx:Anchor xlink:href="{address}">?</gmx:Anchor>'
        "</gmd:otherConstraints>"
    )


def record(constraints: str = OPEN, level: str = "dataset", own_id: str = "") -> str:
    made = TEMPLATE.replace("CONSTRAINTS", constraints).replace("LEVEL", level)
    return made.replace("fr-123-zones-humides", own_id) if own_id else made


def answer(*records: str) -> str:
    return (
        '<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2">'
        f'<csw:SearchResults numberOfRecordsMatched="{len(records)}" nextRecord="0">'
        f"{''.join(records)}</csw:SearchResults></csw:GetRecordsResponse>"
    )


class Source:
    """One document, whatever is asked for."""

    def __init__(self, content: str) -> None:
        self.content = content.encode()

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept
        return Page(url, self.content, "application/xml")


@pytest.mark.parametrize("document", [record(), answer(record())])
async def test_a_record_is_carried_over_with_all_it_says(harvest: Harvest, document: str) -> None:
    harvested = await harvest("dcat", CSW, Source(document))
    said = harvested.only.metadata
    assert (said.title, said.description) == ("Zones humides", "Inventaire des zones humides.")
    assert (said.license, said.frequency, said.private) == ("lov2", "annual", None)
    assert said.tags == ("zone-humide", "eau")
    assert said.temporal_coverage == TemporalCoverage(date(2010, 1, 1), date(2018, 12, 31))
    assert said.extras["harvest:remote_id"] == "fr-123-zones-humides"
    assert said.extras["harvest:publisher"] == "Agence de l'eau"
    assert said.extras["harvest:contact"] == "Agence de l'eau, Région Exemple <sig@example.org>"
    assert said.extras["harvest:issued_at"] == "2019-05-06"
    assert said.extras["harvest:topics"] == "environment"
    assert said.extras["harvest:modified_at"].startswith("2024-02-03")
    assert "the area is a shape (Box), not a zone, left out: -1.5, 46, 2, 47.5" in harvested.told
    wfs, shapes, page = harvested.only.resources
    assert (wfs.source, wfs.metadata.type) == (
        LinkSource("https://geo.example.org/wfs?service=WFS"),
        "api",
    )
    assert shapes.source == UrlSource("https://geo.example.org/get?id=1")
    assert (shapes.metadata.title, shapes.metadata.description) == ("Shapefile", "Lambert 93")
    assert (page.source, page.metadata.title) == (
        LinkSource("https://geo.example.org/a-propos"),
        "En savoir plus",
    )
    assert harvested.lost == []


NO_LIMITS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess"


@pytest.mark.parametrize(
    ("constraints", "closed"),
    [
        ("", False),
        (code("copyright") + code("license"), False),
        (code("otherRestrictions") + anchor(f"{NO_LIMITS}/noLimitations"), False),
        (code("otherRestrictions") + anchor(f"{NO_LIMITS}/INSPIRE_Directive_Article13_1b"), True),
        (code("restricted"), True),
        (code("confidential"), True),
        (code("otherRestrictions") + words("Accès réservé aux ayants droit"), True),
        (words("Diffusion restreinte aux services de l'État"), True),
        (words("Données confidentielles").replace("otherConstraints", "useLimitation"), True),
    ],
)
async def test_constraints_close_what_they_close(
    harvest: Harvest, constraints: str, *, closed: bool
) -> None:
    harvested = await harvest("dcat", CSW, Source(answer(record(constraints))))
    assert (harvested.only.metadata.private is True) is closed
    assert ("does not open it to everyone" in harvested.told) is closed


async def test_words_beside_other_restrictions_that_nobody_understands_close(
    harvest: Harvest,
) -> None:
    unlicensed = record(code("otherRestrictions") + words("voir convention"))
    unlicensed = unlicensed.replace("Licence Ouverte version 2.0", "cf. contrat")
    harvested = await harvest("dcat", CSW, Source(unlicensed))
    assert harvested.only.metadata.private is True
    assert "(otherRestrictions: voir convention)" in harvested.told


async def test_a_security_classification_closes(harvest: Harvest) -> None:
    secret = re.sub(
        r"<gmd:topicCategory>",
        "<gmd:resourceConstraints><gmd:MD_SecurityConstraints><gmd:classification>"
        '<gmd:MD_ClassificationCode codeListValue="restricted" codeList="x"/></gmd:classification>'
        "</gmd:MD_SecurityConstraints></gmd:resourceConstraints><gmd:topicCategory>",
        record(),
    )
    harvested = await harvest("dcat", CSW, Source(secret))
    assert harvested.only.metadata.private is True


async def test_records_of_services_are_left_out_with_a_note(harvest: Harvest) -> None:
    source = Source(answer(record(level="service", own_id="s"), record(level="series")))
    harvested = await harvest("dcat", CSW, source)
    assert list(harvested.by_id) == ["fr-123-zones-humides"]
    assert harvested.notes == ["'Zones humides' is a service: left out"]
    assert harvested.lost == []


async def test_a_record_that_says_nothing_is_one_all_the_same(harvest: Harvest) -> None:
    bare = """<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
    xmlns:gco="http://www.isotc211.org/2005/gco"><gmd:fileIdentifier><gco:CharacterString>x
    </gco:CharacterString></gmd:fileIdentifier></gmd:MD_Metadata>"""
    assert (await harvest("dcat", CSW, Source(bare))).only.metadata.title == "x"
    nothing = bare.replace("fileIdentifier", "other")
    harvested = await harvest("dcat", CSW, Source(answer(nothing, bare)))
    assert list(harvested.by_id) == ["x"]
    assert harvested.lost == ["a dataset has neither an id nor a name nor a title: left out"]


async def test_records_of_the_newer_standard_are_refused_by_its_name(harvest: Harvest) -> None:
    newer = '<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0"/>'
    with pytest.raises(SourceFailed, match=r"ISO 19115-3, which is not read: ask for"):
        await harvest("dcat", CSW, Source(answer(newer)))
    harvested = await harvest("dcat", CSW, Source(answer(newer, record())))
    assert len(harvested.found) == 1
    assert "ISO 19115-3" in harvested.lost[0]


async def test_without_owslib_it_is_said_how_to_install_it(
    harvest: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "owslib.etree", None)
    monkeypatch.setitem(sys.modules, "owslib.iso", None)
    with pytest.raises(SourceFailed, match=r"pip install 'bulkpub\[iso\]', or ask for DCAT"):
        await harvest("dcat", CSW, Source(answer(record())))


@pytest.mark.parametrize(("language", "title"), [(None, "Zones humides"), ("en", "Wetlands")])
async def test_translations_are_read_in_the_language_wanted(
    harvest: Harvest, language: str | None, title: str
) -> None:
    translated = record().replace(
        "Zones humides</gco:CharacterString>",
        "Zones humides</gco:CharacterString><gmd:PT_FreeText><gmd:textGroup>"
        '<gmd:LocalisedCharacterString locale="#locale-eng">Wetlands'
        "</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText>",
    )
    harvested = await harvest("dcat", CSW, Source(translated), language=language)
    assert harvested.only.metadata.title == title


ODD = ("", " ", "\u0001", "2024-99-99", "http://[", "-", "x" * 400, "1" * 20)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_an_answer_that_is_mutilated_is_read_or_refused(
    harvest: Harvest, data: st.DataObject
) -> None:
    root = fromstring(answer(record(), record(own_id="other")))
    for _ in range(data.draw(st.integers(1, 4))):
        parents = [each for each in root.iter() if len(each)]
        parent = data.draw(st.sampled_from(parents))
        place = data.draw(st.integers(0, len(parent) - 1))
        child = parent[place]
        match data.draw(st.sampled_from(("gone", "twice", "text", "empty", "attribute", "moved"))):
            case "gone":
                parent.remove(child)
            case "twice":
                parent.append(child)
            case "text":
                child.text = data.draw(st.sampled_from([each for each in ODD if each != "\u0001"]))
            case "empty":
                child.clear()
            case "attribute":
                child.attrib = {name: data.draw(st.sampled_from(ODD[:2])) for name in child.attrib}
            case _:
                root.append(child)
        if not any(len(each) for each in root.iter()):
            return
    document = ET.tostring(root, encoding="unicode")
    try:
        harvested = await harvest("dcat", CSW, Source(document))
    except SourceFailed:
        return
    assert len(harvested.found) <= 2
