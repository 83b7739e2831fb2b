"""Of several languages the wanted one counts, then none, then any; lists lose nothing by it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bulkpub.harvest.base import Page
from bulkpub.harvest.reading.loose import in_language
from bulkpub.harvest.words.languages import rank_of, short_language
from bulkpub.portals.kinds import DEFAULT

Harvest = Callable[..., Awaitable[Any]]
SITE = "https://data.example.org"


class Source:
    """One document, whatever is asked for."""

    def __init__(self, content: str, content_type: str) -> None:
        self.page = Page(SITE, content.encode(), content_type)

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept
        return replace(self.page, url=url)


def dataset(said: str) -> Source:
    return Source(
        f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <https://c.example.org/1> a dcat:Dataset ; dct:identifier "1" ; {said} .""",
        "text/turtle",
    )


async def test_keywords_in_no_language_stay_beside_those_in_the_wanted_one(
    harvest: Harvest,
) -> None:
    source = dataset(
        'dct:title "Réseau"@fr ; dct:description "x"@fr ;'
        'dcat:keyword "eau potable"@fr, "GTFS", "réseaux"'
    )
    harvested = await harvest("dcat", SITE, source)
    assert sorted(harvested.only.metadata.tags) == ["eau-potable", "gtfs", "reseaux"]


@pytest.mark.parametrize(
    ("said", "language", "title"),
    [
        ('"Titre"@fr, "Title"@en, "Titel"@de', None, "Titre"),
        ('"Titre"@fr, "Title"@en, "Titel"@de', "en", "Title"),
        ('"Titre"@fr, "Title"@en, "Titel"@de', "de", "Titel"),
        ('"Titre"@fr, "Title"@en, "Titel"@de', "nl", "Title"),
        ('"Plain", "Title"@en', None, "Plain"),
        ('"Plain", "Titre"@fr', None, "Titre"),
        ('"Titre"@fr-CA, "Title"@en', None, "Titre"),
        ('"Titel"@ger, "Title"@en', "de", "Titel"),
        ('"Titel"@de, "Titolo"@it', "it", "Titolo"),
        ('"Titel"@de', None, "Titel"),
    ],
)
async def test_of_one_value_in_several_languages(
    harvest: Harvest, said: str, language: str | None, title: str
) -> None:
    harvested = await harvest("dcat", SITE, dataset(f"dct:title {said}"), language=language)
    assert harvested.only.metadata.title == title


@pytest.mark.parametrize(
    ("said", "language", "tags"),
    [
        ('dcat:keyword "eau"@fr, "water"@en, "GTFS"', None, {"eau", "gtfs"}),
        ('dcat:keyword "eau"@fr, "water"@en, "GTFS"', "en", {"water", "gtfs"}),
        ('dcat:keyword "eau"@fr, "water"@en, "GTFS"', "de", {"water", "gtfs"}),
        ('dcat:keyword "wasser"@de, "GTFS"', None, {"wasser", "gtfs"}),
        ('dct:subject "Umwelt"@de, "Environnement"@fr', None, {"environnement"}),
        (
            """dcat:theme [ skos:prefLabel "Umwelt"@de, "Environnement"@fr ] ,
                          [ skos:prefLabel "Verkehr"@de ]""",
            None,
            {"environnement", "verkehr"},
        ),
        ("dcat:keyword <https://x.example/eau>", None, set()),
    ],
)
async def test_of_lists_in_several_languages(
    harvest: Harvest, said: str, language: str | None, tags: set[str]
) -> None:
    source = dataset(f'dct:title "T" ; {said}')
    harvested = await harvest("dcat", SITE, source, language=language)
    assert set(harvested.only.metadata.tags or ()) == tags


async def test_the_language_is_the_portals_unless_one_is_asked_for(harvest: Harvest) -> None:
    source = dataset('dct:title "Titre"@fr, "Title"@en, "Titel"@nl')
    for rules, asked, title in (
        (DEFAULT.rules, None, "Titre"),
        (replace(DEFAULT.rules, language="nl"), None, "Titel"),
        (replace(DEFAULT.rules, language="nl"), "en", "Title"),
    ):
        harvested = await harvest("dcat", SITE, source, rules=rules, language=asked)
        assert harvested.only.metadata.title == title


PACKAGE = {
    "id": "1",
    "title": "Titel",
    "title_translated": {"fr": "Titre", "en": "Title", "nl": "Titel"},
    "notes": '{"fr": "Texte", "en": "Text"}',
    "keywords": {"fr": ["eau"], "en": ["water", "rivers"], "nl": []},
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (None, ("Titre", "Texte", ("eau",))),
        ("en", ("Title", "Text", ("water", "rivers"))),
        ("nl", ("Titel", "Text", ("water", "rivers"))),
    ],
)
async def test_json_is_read_in_the_language_as_well(
    harvest: Harvest, language: str | None, said: Any
) -> None:
    answer = {"success": True, "result": {"count": 1, "results": [PACKAGE]}}
    source = Source(json.dumps(answer), "application/json")
    metadata = (await harvest("ckan", SITE, source, language=language)).only.metadata
    assert (metadata.title, metadata.description, metadata.tags) == said
    metas = {"title": PACKAGE["title_translated"], "description": PACKAGE["notes"],
             "keyword": PACKAGE["keywords"]}  # fmt: skip
    answer = {"total_count": 1, "results": [{"dataset_id": "1", "metas": {"default": metas}}]}
    source = Source(json.dumps(answer), "application/json")
    metadata = (await harvest("opendatasoft", SITE, source, language=language)).only.metadata
    assert (metadata.title, metadata.description, metadata.tags) == said


@pytest.mark.parametrize(
    "untouched",
    [
        {"id": "1", "url": "x"},
        {"id": "1"},
        {"fr": "a", "name": "b"},
        {},
        [1, None, "{"],
        '{"a": 1}',
    ],
)
def test_what_is_no_map_of_languages_stays(untouched: Any) -> None:
    for fields in ({"name": untouched}, {"list": [untouched]}):
        assert in_language(fields, "fr") == fields


def test_codes_of_three_letters_and_regions_are_the_language() -> None:
    for tag in ("fr", "FR", "fr-CA", "fr_FR", "fra", "fre"):
        assert short_language(tag) == "fr"
    for tag in ("", "und", "mul", "-"):
        assert short_language(tag) == ""
    assert [rank_of(tag, "fr") for tag in ("fre", "", "en-GB", "de")] == [0, 1, 2, 3]
