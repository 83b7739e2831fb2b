"""Areas as catalogues name them → the portal's zones, where that is certain."""

import pytest

from bulkpub.data.known_zones import known_granularity, known_zone


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("http://id.insee.fr/geo/commune/75056", "fr:commune:75056"),
        ("http://id.insee.fr/geo/departement/2A", "fr:departement:2A"),
        ("https://id.insee.fr/geo/region/11", "fr:region:11"),
        ("fr:commune:75056@1942-01-01", "fr:commune:75056"),
        ("fr/town/75056", "fr:commune:75056"),
        ("fr:epci:243300316", "fr:epci:243300316"),
        ("country-subset:fr:metro", "country-subset:fr:metro"),
        ("http://data.europa.eu/nuts/code/FR101", "fr:departement:75"),
        ("http://data.europa.eu/nuts/code/FRH0", "fr:region:53"),
        ("NUTS:FRJ", "fr:region:76"),
        ("http://publications.europa.eu/resource/authority/country/FRA", "country:fr"),
        ("https://sws.geonames.org/3017382/", "country:fr"),
        ("fr_40_11", "fr:region:11"),
        ("fr_60_33", "fr:departement:33"),
        ("world_fr", "country:fr"),
        ("Île-de-France", "fr:region:11"),
        ("ILE DE FRANCE", "fr:region:11"),
        ("Région Occitanie", "fr:region:76"),
        ("Gironde", "fr:departement:33"),
        ("France", "country:fr"),
        ("Monde", "country-group:world"),
    ],
)
def test_an_area_is_known_by_code_by_address_and_by_a_name_of_its_own(said: str, zone: str) -> None:
    assert known_zone(said) == zone


@pytest.mark.parametrize(
    "said",
    [
        "Paris",  # a commune, a department, a city in Texas
        "Nord",
        "75056",  # may be a postal code
        "75",
        "Saint-Denis",
        "http://data.europa.eu/nuts/code/FRC1",  # a region that is no more
        "http://id.insee.fr/geo/commune/7505",
        "http://id.insee.fr/geo/region/99",
        "fr_90_1",
        "",
    ],
)
def test_what_may_be_several_areas_is_none(said: str) -> None:
    assert known_zone(said) is None


@pytest.mark.parametrize(
    ("said", "grain"),
    [
        ("Communale", "fr:commune"),
        ("fr:region", "fr:region"),
        ("Département", "fr:departement"),
        ("point d'intérêt", "poi"),
        ("country-group", "country-group"),
        ("au mètre près", None),
        ("-", None),
        ("d", None),
        ("", None),
    ],
)
def test_the_grain_of_the_data(said: str, grain: str | None) -> None:
    assert known_granularity(said) == grain
