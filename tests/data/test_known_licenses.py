"""Licences as catalogues name them → the portal's ids."""

import pytest

from bulkpub.data.known_licenses import known_license
from bulkpub.sandbox.seeds import LICENSES, License


@pytest.mark.parametrize(
    ("said", "license_id"),
    [
        # ids: the portal's, CKAN's, SPDX's
        ("fr-lo", "fr-lo"),
        ("FR-LO", "fr-lo"),
        ("lov2", "lov2"),
        ("etalab-2.0", "lov2"),
        ("CC-BY-4.0", "cc-by"),
        ("CC-BY-SA-3.0", "cc-by-sa"),
        ("CC0-1.0", "cc-zero"),
        ("cc-zero", "cc-zero"),
        ("ODbL-1.0", "odc-odbl"),
        ("odc-odbl", "odc-odbl"),
        ("ODC-By-1.0", "odc-by"),
        ("PDDL-1.0", "odc-pddl"),
        ("notspecified", "notspecified"),
        ("other-at", "other-at"),
        # titles, in either language and spelling
        ("Licence Ouverte / Open Licence", "fr-lo"),
        ("Licence Ouverte / Open License version 2.0", "lov2"),
        ("Licence Ouverte v2.0 (Etalab)", "lov2"),
        ("Licence Ouverte", "lov2"),
        ("licence ouverte version 1.0", "fr-lo"),
        ("Open Data Commons Open Database License (ODbL)", "odc-odbl"),
        ("Open Database License", "odc-odbl"),
        ("Creative Commons Attribution Share-Alike 4.0", "cc-by-sa"),
        ("Creative Commons Attribution 4.0 International", "cc-by"),
        ("Attribution 4.0 International (CC BY 4.0)", "cc-by"),
        ("Creative Commons CCZero", "cc-zero"),
        ("Domaine public", "other-pd"),
        # addresses, of any scheme, version and language
        ("https://creativecommons.org/licenses/by/4.0/deed.fr", "cc-by"),
        ("http://creativecommons.org/licenses/by/3.0/fr/", "cc-by"),
        ("http://www.creativecommons.org/licenses/by-sa/4.0", "cc-by-sa"),
        ("https://creativecommons.org/publicdomain/zero/1.0/legalcode", "cc-zero"),
        ("http://opendatacommons.org/licenses/odbl/summary/", "odc-odbl"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "odc-odbl"),
        ("http://www.opendefinition.org/licenses/cc-by", "cc-by"),
        ("https://spdx.org/licenses/etalab-2.0.html", "lov2"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "cc-by"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYSA_4_0", "cc-by-sa"),
        ("https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "lov2"),
        ("http://www.data.gouv.fr/Licence-Ouverte-Open-Licence", "lov2"),
        ("http://www.etalab.gouv.fr/pages/Licence_ouverte_Open_licence-5899923.html", "fr-lo"),
        # sentences
        ("<p>Soumis à la licence ODbL, sauf mention contraire.</p>", "odc-odbl"),
        ("Voir https://creativecommons.org/licenses/by/4.0/.", "cc-by"),
    ],
)
def test_a_licence_is_known_by_id_by_title_and_by_address(said: str, license_id: str) -> None:
    assert known_license([said]) == license_id


@pytest.mark.parametrize(
    "said",
    [
        "CC-BY-NC-4.0",
        "cc-by-nd",
        "Creative Commons Attribution Non Commercial",
        "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        "Licence CC BY-NC, sans usage commercial",
        "uk-ogl",
        "other-closed",
        "Tous droits réservés",
        "https://www.example.org/licence",
        "Licence ODbL pour les tables, CC0 pour les photos",
        "",
    ],
)
def test_a_licence_the_portal_does_not_have_is_none_of_its_own(said: str) -> None:
    assert known_license([said]) is None


def test_the_first_that_is_understood_counts() -> None:
    assert known_license(["charte maison", "cc-by", "odc-odbl"]) == "cc-by"


def test_not_specified_counts_only_where_nothing_else_is_told() -> None:
    assert known_license(["notspecified", "odc-odbl"]) == "odc-odbl"
    assert known_license(["notspecified", "charte maison"]) == "notspecified"


@pytest.mark.parametrize("license_", LICENSES, ids=lambda each: each.id)
def test_the_portals_own_licences_are_known_by_all_they_have(license_: License) -> None:
    assert known_license([license_.id]) == license_.id
    assert known_license([license_.title]) == license_.id
    if license_.url:
        assert known_license([license_.url]) == license_.id
