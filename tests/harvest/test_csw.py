"""`bulkpub harvest dcat` of a catalogue service of the OGC: GetRecords, page by page."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from bulkpub.harvest.reading.csw import DCAT_SCHEMA

Harvest = Callable[..., Awaitable[Any]]
CSW = "https://geo.example.org/csw"
RECORDS = f"{CSW}?request=GetRecords&resultType=results"
NAMES = (
    'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dct="http://purl.org/dc/terms/" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:ows="http://www.opengis.net/ows" xmlns:gmd="http://www.isotc211.org/2005/gmd"'
)


def dataset(number: int, more: str = "") -> str:
    return (
        f'<dcat:Dataset rdf:about="https://geo.example.org/{number}"><dct:identifier>{number}'
        f"</dct:identifier><dct:title>Jeu {number}</dct:title>{more}</dcat:Dataset>"
    )


DESCRIPTION = """<rdf:Description rdf:about="https://geo.example.org/1">
<rdf:type rdf:resource="http://www.w3.org/ns/dcat#Dataset"/><dct:title>Jeu 1</dct:title>
</rdf:Description>"""
REPORT = f"""<ows:ExceptionReport {NAMES}><ows:Exception exceptionCode="InvalidParameterValue"
locator="outputSchema"><ows:ExceptionText>no such\n schema</ows:ExceptionText></ows:Exception>
</ows:ExceptionReport>"""
OLDER_REPORT = """<ServiceExceptionReport><ServiceException code='Denied'>Non</ServiceException>
</ServiceExceptionReport>"""
ENTITY = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>
<GetRecordsResponse>&a;</GetRecordsResponse>"""


def in_rdf(*nodes: str) -> str:
    return f"<rdf:RDF>{''.join(nodes)}</rdf:RDF>"


SERVICE = in_rdf('<dcat:DataService rdf:about="https://geo.example.org/wms"/>')


def answer(*records: str, matched: int | str = "", upcoming: int | str = 0) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><!-- a comment --><csw:GetRecordsResponse {NAMES}>'
        f'<csw:SearchStatus timestamp="2024-01-01T00:00:00"/><csw:SearchResults '
        f'numberOfRecordsMatched="{matched}" numberOfRecordsReturned="{len(records)}" '
        f'nextRecord="{upcoming}">{"".join(records)}</csw:SearchResults></csw:GetRecordsResponse>'
    )


class Service:
    """Answers by the number of the record that is asked for; `None` for what is asked first."""

    def __init__(self, first: str, **later: str) -> None:
        self.first = first
        self.later = later
        self.asked: list[dict[str, str]] = []

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept
        query = {name.lower(): value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        self.asked.append(query)
        start = query.get("startposition")
        content = self.first if len(self.asked) == 1 else self.later.get(f"at_{start}")
        if content is None:
            raise SourceFailed(f"{url} answers 404")
        return Page(url, content.encode(), "application/xml")


def titles(harvested: Any) -> list[str]:
    return [each.metadata.title for each in harvested.datasets.values()]


@pytest.mark.parametrize(
    "records",
    [
        (in_rdf(dataset(1)), in_rdf(dataset(2))),
        (in_rdf(dataset(1), dataset(2)),),
        (dataset(1), dataset(2)),
        (
            DESCRIPTION,
            in_rdf(dataset(2)),
        ),
    ],
)
async def test_the_records_of_an_answer_are_datasets(harvest: Harvest, records: Any) -> None:
    for matched in (2, len(records), ""):
        service = Service(answer(*records, matched=matched if len(records) == 2 else ""))
        harvested = await harvest("dcat", RECORDS, service)
        assert sorted(titles(harvested)) == ["Jeu 1", "Jeu 2"]
        assert harvested.lost == []
        assert len(service.asked) == 1


async def test_the_next_record_is_asked_for(harvest: Harvest) -> None:
    service = Service(
        answer(in_rdf(dataset(1)), in_rdf(dataset(2)), matched=5, upcoming=3),
        at_3=answer(SERVICE, SERVICE, matched=5, upcoming=5),
        at_5=answer(in_rdf(dataset(5)), matched=5, upcoming=0),
    )
    harvested = await harvest("dcat", f"{RECORDS}&STARTPOSITION=1&maxRecords=2", service)
    assert titles(harvested) == ["Jeu 1", "Jeu 2", "Jeu 5"]
    assert harvested.lost == []
    assert [each["startposition"] for each in service.asked] == ["1", "3", "5"]
    assert {each["maxrecords"] for each in service.asked} == {"2"}


@pytest.mark.parametrize("upcoming", [0, 1, -4, 9, "many", ""])
async def test_a_next_record_that_makes_no_sense_ends_the_way_with_a_word(
    harvest: Harvest, upcoming: int | str
) -> None:
    service = Service(answer(in_rdf(dataset(1)), matched=7, upcoming=upcoming))
    harvested = await harvest("dcat", RECORDS, service)
    assert titles(harvested) == ["Jeu 1"]
    assert harvested.lost == [f"{RECORDS} tells of 7 records and ends at 1"]


async def test_an_answer_without_end_is_left(harvest: Harvest) -> None:
    class Endless(Service):
        async def read(self, url: str, *, accept: str | None = None) -> Page:
            page = await super().read(url, accept=accept)
            start = int(self.asked[-1].get("startposition", "1"))
            content = answer(in_rdf(dataset(1)), matched=999_999, upcoming=start + 1)
            return Page(page.url, content.encode(), "application/xml")

    service = Endless("", **{f"at_{number}": "" for number in range(100)})
    harvested = await harvest("dcat", RECORDS, service)
    assert (len(harvested.found), len(service.asked)) == (1, 22)
    assert "brings nothing new" in harvested.lost[0]


async def test_no_records_are_an_empty_harvest(harvest: Harvest) -> None:
    harvested = await harvest("dcat", RECORDS, Service(answer(matched=0)))
    assert (harvested.found, harvested.lost) == ([], [])


async def test_one_record_that_cannot_be_read_does_not_take_the_others(harvest: Harvest) -> None:
    broken = in_rdf('<dcat:Dataset rdf:about="x" rdf:ID="y" rdf:nodeID="z"/>')
    harvested = await harvest("dcat", RECORDS, Service(answer(broken, in_rdf(dataset(2)))))
    assert titles(harvested) == ["Jeu 2"]
    assert "a record is left out" in harvested.lost[0]


def capabilities(*schemas: str, href: str = f"{CSW}?map=x") -> str:
    values = "".join(f"<ows:Value>{each}</ows:Value>" for each in schemas)
    return (
        f'<csw:Capabilities {NAMES} version="2.0.2"><ows:OperationsMetadata>'
        f'<ows:Operation name="GetRecords"><ows:DCP><ows:HTTP><ows:Get xlink:href="{href}"/>'
        f'</ows:HTTP></ows:DCP><ows:Parameter name="outputSchema">{values}</ows:Parameter>'
        "</ows:Operation></ows:OperationsMetadata></csw:Capabilities>"
    )


async def test_capabilities_lead_to_all_records(harvest: Harvest) -> None:
    service = Service(
        capabilities("http://www.isotc211.org/2005/gmd", DCAT_SCHEMA),
        at_1=answer(in_rdf(dataset(1)), matched=2, upcoming=2),
        at_2=answer(in_rdf(dataset(2)), matched=2),
    )
    harvested = await harvest("dcat", f"{CSW}?service=CSW&request=GetCapabilities", service)
    assert (titles(harvested), harvested.lost) == (["Jeu 1", "Jeu 2"], [])
    asked = service.asked[1]
    assert asked["outputschema"] == DCAT_SCHEMA
    assert (asked["request"], asked["resulttype"], asked["map"]) == ("GetRecords", "results", "x")
    assert (asked["service"], asked["version"]) == ("CSW", "2.0.2")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (REPORT, "refuses: InvalidParameterValue outputSchema: no such schema"),
        (OLDER_REPORT, "refuses: Denied: Non"),
        (f"<ows:ExceptionReport {NAMES}/>", "does not say which"),
        ("<WMS_Capabilities/>", r"capabilities of a service \(WMS_Capabilities\) that lists no"),
        (capabilities("http://x.example/other"), "neither in DCAT nor in ISO 19139, but in http"),
        (capabilities(DCAT_SCHEMA, href="file:///etc/passwd"), "at which web address"),
        (answer("<csw:Record/>", matched=1), "gives records in Record, .*outputSchema=http"),
        (answer("<csw:BriefRecord/>"), "gives records in BriefRecord"),
        (answer(matched=12), "tells of 12 records and gives none: ask with resultType=results"),
        ("<csw:GetRecordsResponse", "cannot be read as XML"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>", "its root is 'feed'"),
        ("<a><b/></a>", "XML of another kind, .*its root is 'a'"),
        (ENTITY, "cannot be read as XML"),
    ],
)
async def test_what_has_no_records_in_dcat_says_why(
    harvest: Harvest, content: str, sentence: str
) -> None:
    with pytest.raises(SourceFailed, match=sentence):
        await harvest("dcat", RECORDS, Service(content))
