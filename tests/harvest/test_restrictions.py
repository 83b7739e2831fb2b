"""What a source does not open to everyone stays so, in every kind of catalogue.

The dataset is private and has links only, or it is left out; never is it public by default.
"""

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bulkpub.core.model import DatasetMetadata, DatasetSpec, LinkSource, UrlSource
from bulkpub.harvest.base import Found, HarvestOptions, Page, sifted
from bulkpub.portals.kinds import DEFAULT

Harvest = Callable[..., Awaitable[Any]]
SITE = "https://data.example.org"
TODAY = date(2025, 6, 15)
EU = "http://publications.europa.eu/resource/authority/access-right"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


class Source:
    """One document, whatever is asked for."""

    def __init__(self, document: Any) -> None:
        is_text = isinstance(document, str)
        self.content = (document if is_text else json.dumps(document)).encode()
        self.type = "text/turtle" if is_text else "application/json"

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept
        return Page(url, self.content, self.type)


def dcat(of_dataset: str = "", of_file: str = "") -> str:
    return f"""{PREFIXES}
        <https://c.example/d> a dcat:Dataset ; dct:identifier "d" ; dct:title "Badges" ;
        dct:description "D" ; {of_dataset} dcat:distribution
        [ a dcat:Distribution ; dct:title "F" ; {of_file}
          dcat:downloadURL <https://c.example/a.csv> ; dct:format "CSV" ] ,
        [ a dcat:Distribution ; dct:title "G" ; dcat:downloadURL <https://c.example/g.csv> ] ."""


def pod(of_dataset: Any, of_file: Any = None) -> Any:
    return {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [
            {
                "@type": "dcat:Dataset",
                "title": "Badges",
                "description": "Badge log.",
                "identifier": "d",
                **of_dataset,
                "distribution": [
                    {
                        "@type": "dcat:Distribution",
                        "title": "F",
                        "downloadURL": "https://c.example/a.csv",
                        "mediaType": "text/csv",
                        **(of_file or {}),
                    },
                    {
                        "@type": "dcat:Distribution",
                        "title": "G",
                        "downloadURL": "https://c.example/g.csv",
                    },
                ],
            }
        ],
    }


def ckan(of_dataset: Any, of_file: Any = None) -> Any:
    package = {
        "id": "d",
        "title": "Badges",
        "notes": "D",
        "resources": [
            {"id": "f", "name": "F", "url": "https://c.example/a.csv", **(of_file or {})},
            {"id": "g", "name": "G", "url": "https://c.example/g.csv"},
        ],
        **of_dataset,
    }
    return {"success": True, "result": {"count": 1, "results": [package]}}


def extra(name: str, value: Any) -> Any:
    return {"extras": [{"key": name, "value": value}]}


def opendatasoft(of_dataset: Any) -> Any:
    metas = {"default": {"title": "Badges", "description": "D"}, **of_dataset.pop("metas", {})}
    return {"total_count": 1, "results": [{"dataset_id": "d", "metas": metas, **of_dataset}]}


RESTRICTED = [
    # the kind, what it answers, and the source's own words
    ("dcat", dcat(f"dct:accessRights <{EU}/NON_PUBLIC> ;"), "accessRights: "),
    ("dcat", dcat(f"dct:accessRights <{EU}/RESTRICTED> ;"), "RESTRICTED"),
    ("dcat", dcat(f"dct:accessRights <{EU}/CONFIDENTIAL> ;"), "CONFIDENTIAL"),
    ("dcat", dcat(f"dct:accessRights <{EU}/SENSITIVE> ;"), "SENSITIVE"),
    ("dcat", dcat('dct:accessRights "Accès réservé aux agents" ;'), "Accès réservé aux agents"),
    ("dcat", dcat('dct:accessRights "voir convention" ;'), "voir convention"),
    (
        "dcat",
        dcat('dct:accessRights [ a dct:RightsStatement ; rdfs:label "Interne"@fr ] ;'),
        "accessRights: Interne",
    ),
    ("dcat", dcat('dct:rights "Not released: personal data" ;'), "rights: Not released"),
    ("dcat", dcat(f"dct:rights <{EU}/NON_PUBLIC> ;"), "rights: "),
    ("dcat", dcat('dct:available "2031-01-01" ;'), "available: 2031-01-01"),
    ("dcat", dcat('dct:issued "2031-01-01T00:00:00Z" ;'), "issued: 2031-01-01"),
    ("dcat", pod({"accessLevel": "non-public"}), "accessLevel: non-public"),
    ("dcat", pod({"accessLevel": "restricted public"}), "accessLevel: restricted public"),
    ("dcat", pod({"accessLevel": "on a need-to-know basis"}), "accessLevel: on a need"),
    ("dcat", pod({"accessRights": "non-public"}), "accessRights: non-public"),
    (
        "dcat",
        pod(
            {
                "accessRestriction": [
                    {
                        "@type": "AccessRestriction",
                        "restrictionStatus": {
                            "@type": "Concept",
                            "prefLabel": "Restricted - Partly",
                        },
                    }
                ]
            }
        ),
        "accessRestriction",
    ),
    ("dcat", pod({"cuiRestriction": {"cuiBannerMarking": "CUI//SP-PRVCY"}}), "CUI//SP-PRVCY"),
    (
        "dcat",
        dcat() + f"<https://c.example/> a dcat:Catalog ; dct:accessRights <{EU}/NON_PUBLIC> .",
        "NON_PUBLIC",
    ),
    ("ckan", ckan({"private": True}), "private: true"),
    ("ckan", ckan({"private": "True"}), "private: True"),
    ("ckan", ckan({"state": "draft"}), "its state is 'draft'"),
    ("ckan", ckan({"access_rights": f"{EU}/NON_PUBLIC"}), "access_rights: "),
    ("ckan", ckan(extra("access_rights", '["non-public"]')), "access_rights: non-public"),
    ("ckan", ckan(extra("accessLevel", "non-public")), "accessLevel: non-public"),
    ("ckan", ckan(extra("public_access_level", "restricted public")), "public_access_level"),
    ("ckan", ckan(extra("embargo", "2031-01-01")), "embargo: 2031-01-01"),
    ("ckan", ckan({"visibility": ["?"]}), "visibility: ?"),
    ("opendatasoft", opendatasoft({"visibility": "restricted"}), "visibility: restricted"),
    ("opendatasoft", opendatasoft({"is_restricted": True}), "is_restricted: true"),
    ("opendatasoft", opendatasoft({"data_visible": False}), "data_visible: false"),
    (
        "opendatasoft",
        opendatasoft({"metas": {"dcat": {"access_rights": "interne"}}}),
        "access_rights: interne",
    ),
    (
        "opendatasoft",
        opendatasoft({"metas": {"dcat_ap": {"accessrights": ["?"]}}}),
        "accessrights: ?",
    ),
]
"""A dataset that is not open, as a whole."""

ONE_FILE = [
    ("dcat", dcat(of_file=f"dct:accessRights <{EU}/RESTRICTED> ;"), "RESTRICTED"),
    ("dcat", dcat(of_file='dct:rights "internal use only" ;'), "internal use only"),
    ("dcat", dcat(of_file='dct:issued "2031" ;'), "issued: 2031"),
    ("dcat", pod({}, {"accessLevel": "non-public"}), "accessLevel: non-public"),
    ("ckan", ckan({}, {"restricted": {"level": "same_organization"}}), "same_organization"),
    ("ckan", ckan({}, {"restricted": '{"level": "registered"}'}), "restricted: registered"),
    ("ckan", ckan({}, {"restricted": {"allowed_users": "a"}}), "restricted: unreadable"),
    ("ckan", ckan({}, {"restricted_level": "only_allowed_users"}), "only_allowed_users"),
    ("ckan", ckan({}, {"access_rights": "non-public"}), "access_rights: non-public"),
    ("ckan", ckan({}, {"private": True}), "private: true"),
]
"""A dataset of which one file is not open."""

OPEN = [
    ("dcat", dcat()),
    ("dcat", dcat(f"dct:accessRights <{EU}/PUBLIC> ;", f"dct:accessRights <{EU}/PUBLIC> ;")),
    ("dcat", dcat() + f"<https://c.example/> a dcat:Catalog ; dct:accessRights <{EU}/PUBLIC> ."),
    ("dcat", dcat('dct:rights "© Ville, tous droits réservés" ; dct:issued "2020-01-01" ;')),
    ("dcat", pod({"accessLevel": "public", "rights": "Cite the source."})),
    ("ckan", ckan({"private": False, "state": "active"}, {"restricted": {"level": "public"}})),
    ("ckan", ckan({"access_rights": "[]"}, {"restricted": ""})),
    ("opendatasoft", opendatasoft({"visibility": "domain", "data_visible": True})),
]


@pytest.mark.parametrize(("kind", "document", "words"), RESTRICTED)
async def test_what_is_not_open_becomes_private_with_links_only(
    harvest: Harvest, kind: str, document: Any, words: str
) -> None:
    harvested = await harvest(kind, SITE, Source(document), today=TODAY)
    dataset = harvested.only
    assert dataset.metadata.private is True
    assert [type(each.source) for each in dataset.resources if kind != "opendatasoft"] == (
        [] if kind == "opendatasoft" else [LinkSource, LinkSource]
    )
    assert not any(isinstance(each.source, UrlSource) for each in dataset.resources)
    assert "its source does not open it to everyone (" in harvested.told
    assert words in harvested.told
    assert words in dataset.metadata.extras["harvest:access_rights"]


@pytest.mark.parametrize(("kind", "document", "words"), [*RESTRICTED])
async def test_or_it_is_left_out_with_a_note(
    harvest: Harvest, kind: str, document: Any, words: str
) -> None:
    harvested = await harvest(kind, SITE, Source(document), today=TODAY, restricted="skip")
    assert harvested.found == []
    (note,) = harvested.notes
    assert re.match(r"'Badges' \(\S+d\) is left out: its source does not open it", note)
    assert words in note


@pytest.mark.parametrize(("kind", "document", "words"), ONE_FILE)
async def test_one_file_that_is_not_open_makes_the_dataset_private(
    harvest: Harvest, kind: str, document: Any, words: str
) -> None:
    harvested = await harvest(kind, SITE, Source(document), today=TODAY)
    sources = {each.metadata.title: type(each.source) for each in harvested.only.resources}
    assert harvested.only.metadata.private is True
    assert sources == {"F": LinkSource, "G": UrlSource}
    assert "'F' is not open to everyone (" in harvested.told
    assert words in harvested.told


@pytest.mark.parametrize(("kind", "document", "words"), ONE_FILE)
async def test_or_that_file_alone_is_left_out(
    harvest: Harvest, kind: str, document: Any, words: str
) -> None:
    harvested = await harvest(kind, SITE, Source(document), today=TODAY, restricted="skip")
    assert harvested.only.metadata.private is None
    assert [each.metadata.title for each in harvested.only.resources] == ["G"]
    assert words in harvested.told


@pytest.mark.parametrize(("kind", "document"), OPEN)
async def test_what_is_open_stays_open(harvest: Harvest, kind: str, document: Any) -> None:
    for restricted in ("draft", "skip"):
        harvested = await harvest(kind, SITE, Source(document), today=TODAY, restricted=restricted)
        assert harvested.only.metadata.private is None
        assert "everyone" not in harvested.told
        assert "not carried over: access" not in harvested.told
        assert {type(each.source) for each in harvested.only.resources} == {UrlSource}


async def test_what_is_left_out_does_not_count_towards_the_limit(harvest: Harvest) -> None:
    document = pod({"accessLevel": "non-public"})
    document["dataset"] += [
        {**document["dataset"][0], "identifier": str(each), "accessLevel": "public"}
        for each in range(3)
    ]
    harvested = await harvest("dcat", SITE, Source(document), restricted="skip", limit=2)
    assert list(harvested.by_id) == ["0", "1"]


async def _restricted() -> AsyncGenerator[Found]:
    spec = DatasetSpec("d", DatasetMetadata(title="T"))
    yield Found(spec, restricted="private: true")


async def test_a_kind_that_forgets_to_close_a_dataset_does_not_open_it() -> None:
    (found,) = [each async for each in sifted(_restricted(), HarvestOptions())]
    assert found.dataset.metadata.private is True
    skipping = HarvestOptions(restricted="skip")
    assert [each async for each in sifted(_restricted(), skipping)] == []


async def test_a_portal_without_private_datasets_gets_none() -> None:
    heard: list[str] = []
    rules = replace(DEFAULT.rules, lacks_dataset=frozenset({"private"}))
    options = HarvestOptions(rules=rules, note=heard.append)
    assert [each async for each in sifted(_restricted(), options)] == []
    assert "left out" in heard[0]
