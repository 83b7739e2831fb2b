"""What catalogues say of access: a restriction is never widened, whoever writes it and how."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.harvest.words.access import restriction, speaks_of_access

TODAY = date(2025, 6, 15)
EU = "http://publications.europa.eu/resource/authority/access-right/"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/"


def of(field: str, *ways: str) -> str:
    return restriction([(field, ways)], TODAY)


@pytest.mark.parametrize(
    "said",
    [
        "public",
        "Public",
        "PUBLIC",
        f"{EU}PUBLIC",
        f"{EU}PUBLIC/",
        "https://publications.europa.eu/resource/authority/access-right/PUBLIC",
        f"{INSPIRE}noLimitations",
        "noLimitations",
        "no limitations to public access",
        "Pas de restriction d'accès public selon INSPIRE",
        "Pas de restriction d\u2019accès public",
        "Aucun des articles de la loi ne peut être invoqué: pas de restriction à l'accès",
        "Aucun article de la loi ne peut être invoqué pour justifier d'une restriction d'accès",
        "Aucune condition ne s'applique",
        "Utilisation libre sous réserve de mentionner la source (a minima le nom du producteur)",
        "Il n'y a pas de limitation d'accès au public",
        "Es gibt keine Zugangsbeschränkungen",
        "Öffentlich",
        "unrestricted",
        "no restrictions",
        "no conditions apply",
        "info:eu-repo/semantics/openAccess",
        "http://purl.org/coar/access_right/c_abf2",
        "open access",
        "Open Data",
        "données ouvertes",
        "Accès libre",
        "Licence Ouverte 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        "https://creativecommons.org/licenses/by/4.0/",
        "Öppen",
        "openbaar",
        "público",
    ],
)
def test_what_is_open_to_everyone_stays_so(said: str) -> None:
    assert of("accessRights", said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "NON_PUBLIC",
        *(f"{EU}{code}" for code in ("RESTRICTED", "NON_PUBLIC", "CONFIDENTIAL", "SENSITIVE")),
        f"{EU}SOMETHING_NEW",
        f"{INSPIRE}INSPIRE_Directive_Article13_1f",
        "non-public",
        "restricted public",
        "info:eu-repo/semantics/embargoedAccess",
        "http://purl.org/coar/access_right/c_16ec",
        "Accès restreint",
        "accès public limité aux agents",
        "Pas d'accès public",
        "No public access",
        "No access without conditions",
        "Open access for members",
        "Open data after 2030",
        "données ouvertes aux partenaires seulement",
        "not publicly available",
        "Not open",
        "confidentiel",
        "nicht öffentlich",
        "vertraulich",
        "Licence Ouverte, sauf données personnelles",
        "Contains personal data; not released.",
        # what nobody understands counts as a restriction
        "https://example.org/conditions",
        "https://example.org/licence",
        "Voir convention 2019-12",
        "Kysy rekisterinpitäjältä",
        "niveau 3",
        "?",
    ],
)
def test_what_is_not_open_or_not_understood_is_a_restriction(said: str) -> None:
    found = of("accessRights", said)
    assert found.startswith("accessRights: ")
    assert found == f"accessRights: {said}" or "…" in found


@pytest.mark.parametrize(
    ("said", "closed"),
    [
        ("© Ville de Lille, tous droits réservés", False),
        ("All rights reserved", False),
        ("Attribution required", False),
        ("https://example.org/terms", False),
        ("Registered users are asked to cite the source", False),
        ("Contains personal data; not released.", True),
        ("For internal use only", True),
        ("Accès restreint aux agents", True),
        ("Diffusion restreinte", True),
        ("This data is confidential", True),
        (f"{EU}RESTRICTED", True),
        (f"{EU}PUBLIC", False),
    ],
)
@pytest.mark.parametrize("field", ["rights", "dct:rights", "access_constraints", "use_limitation"])
def test_rights_close_when_they_plainly_say_so(field: str, said: str, *, closed: bool) -> None:
    field = field.removeprefix("dct:")
    assert bool(of(field, said)) is closed


@pytest.mark.parametrize(
    ("field", "said", "closed"),
    [
        ("available", "2025-06-15", False),
        ("available", "2025-06-16", True),
        ("available", "2024/2030", False),
        ("available", "Immediately", False),
        ("available", "sometime in 2031", True),
        ("available", "around 2019", False),
        ("available", "yes", False),
        ("available", "disponible", False),
        ("available", "on request", True),
        ("available", "bientôt", True),
        ("issued", "bientôt", False),
        ("issued", "1 janvier 2031", True),
        ("issued", "2031-01-01T00:00:00Z", True),
        ("issued", "2025", False),
        ("issued", "", False),
        ("embargo", "2025-06-14", False),
        ("embargo", "2025-06-15", True),
        ("embargo_date", "2025-06", True),
        ("embargo", "no", False),
        ("embargo", "yes", True),
        ("embargo", "until the trial is over", True),
        ("private", "true", True),
        ("private", "False", False),
        ("isPrivate", "1", True),
        ("is_restricted", "true", True),
        ("restricted", "public", False),
        ("restricted", "same_organization", True),
        ("restricted", "only_allowed_users", True),
        ("restricted", "registered", True),
        ("data_visible", "false", True),
        ("data_visible", "true", False),
        ("is_public", "no", True),
        ("visibility", "domain", False),
        ("visibility", "restricted", True),
        ("access_type", "open", False),
        ("access_type", "open_with_account", True),
        ("access_type", "restricted", True),
        ("title", "confidential", False),
    ],
)
def test_each_field_is_read_as_what_it_is(field: str, said: str, *, closed: bool) -> None:
    assert bool(of(field, said)) is closed
    assert speaks_of_access(field) is (field != "title")


def test_one_value_may_be_written_in_several_ways() -> None:
    assert of("accessRights", f"{EU}PUBLIC", "Mot inconnu") == ""
    assert of("accessRights", "https://x.example/17", "Non public") == "accessRights: Non public"
    assert of("accessRights", f"{EU}NON_PUBLIC", "public") == "accessRights: public"


def test_of_several_values_each_must_be_open() -> None:
    said = [("accessRights", ("public",)), ("accessRights", ("Nur für Behörden",))]
    assert restriction(said, TODAY) == "accessRights: Nur für Behörden"
    said = [("accessLevel", ("non-public",)), ("embargo", ("2030-01-01",))]
    assert restriction(said, TODAY) == "accessLevel: non-public, embargo: 2030-01-01"


@given(st.text(max_size=60))
def test_whatever_is_added_to_a_restriction_keeps_it_one(more: str) -> None:
    assert of("accessRights", f"Strictement confidentiel. {more}")
    assert of("accessLevel", f"{EU}NON_PUBLIC", more)


def test_what_speaks_of_reuse_alone_says_nothing_of_access() -> None:
    codes = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#MD_RestrictionCode"
    for said in ("license", "copyright", "intellectualPropertyRights", f"{codes}/license"):
        assert of("accessRights", said) == ""
        assert of("accessRights", said, f"{EU}NON_PUBLIC")


def test_a_value_that_refers_to_another_is_as_open_as_that() -> None:
    refers = ("accessRights", ("otherRestrictions",))
    for other, is_open in (("Pas de restriction d'accès public", True), ("voir convention", False)):
        said = [refers, ("accessRights", (other,))]
        assert (restriction(said, TODAY) == "") is is_open
    assert restriction([refers], TODAY) == "accessRights: otherRestrictions"
    both = ("accessRights", ("otherRestrictions", "confidentiel"))
    assert restriction([both, ("accessRights", ("public",))], TODAY)
    assert restriction([refers, refers], TODAY) == "accessRights: otherRestrictions"
