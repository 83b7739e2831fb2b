import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.names import extension_of, key_of
from bulkpub.data import formats
from bulkpub.portals.udata.names import LONGEST_UPLOAD_NAME, file_slug, tag_slug, upload_name

NAMES = st.text(max_size=60) | st.text("aé日 ._-'%\"/", max_size=300)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("a.csv", "a.csv"),
        ("Mon Fichier_Été 2024.CSV", "mon-fichier-ete-2024.csv"),
        ("日本.csv", "ri-ben-.csv"),
        ("a/b/c.csv", "a-b-c.csv"),
        ("l'été.csv", "lete.csv"),
        ('say "hi".csv', "say-hi-.csv"),
        ("100% vrai.csv", "100-vrai.csv"),
        ("a__b--c.csv", "a-b-c.csv"),
        ("données.csv.gz", "donnees.csv.gz"),
        ("v1.2.tar.gz", "v1.2.tar.gz"),
        (".htaccess.csv", ".htaccess.csv"),
        ("_a_.csv", "a-.csv"),
        ("  spaces  .csv", "spaces-.csv"),
        ("ŒUVRE æ ß.txt", "oeuvre-ae-ss.txt"),
        ("???", ""),
        ("", ""),
    ],
)
def test_a_file_is_stored_under_its_slug(name: str, slug: str) -> None:
    assert file_slug(name) == slug


@pytest.mark.parametrize(
    ("tag", "slug"),
    [
        ("mobilite", "mobilite"),
        ("Mobilité douce", "mobilite-douce"),
        ("qualité de l'air", "qualite-de-lair"),
        ("a.b_c", "a-b-c"),
        ("--x--", "x"),
        ("!?", ""),
    ],
)
def test_a_tag_is_kept_as_its_slug(tag: str, slug: str) -> None:
    assert tag_slug(tag) == slug


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.csv", "csv"),
        ("a.CSV", "csv"),
        ("a.csv.gz", "gz"),
        ("日本.csv", "csv"),
        ("a.csv ", "csv"),
        ("a b", ""),
        ("noextension", ""),
        (".csv", ""),
        ("...csv", ""),
        ("a.", ""),
        ("", ""),
    ],
)
def test_the_last_part_of_the_name_decides_whether_it_is_allowed(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@given(NAMES)
def test_the_slug_of_a_slug_is_itself(name: str) -> None:
    assert file_slug(file_slug(name)) == file_slug(name)
    assert tag_slug(tag_slug(name)) == tag_slug(name)


@given(NAMES)
def test_a_slug_is_made_of_what_every_storage_takes(name: str) -> None:
    assert set(file_slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert set(tag_slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(NAMES)
def test_the_portal_stores_an_upload_under_the_name_it_was_sent_with(name: str) -> None:
    assert file_slug(upload_name(name)) == upload_name(name)


@given(NAMES | st.text("日a.", min_size=100, max_size=400))
def test_no_upload_has_a_name_too_long_to_be_stored(name: str) -> None:
    assert len(upload_name(name)) <= LONGEST_UPLOAD_NAME


@pytest.mark.parametrize(
    "name",
    ["a" * 300, "日" * 80, "a." + "b" * 300, "a.tar." + "b" * 300],
    ids=["no extension", "Chinese", "long extension", "long after tar"],
)
def test_a_long_name_without_a_real_extension_is_cut_as_well(name: str) -> None:
    sent = upload_name(name)
    assert len(sent) <= LONGEST_UPLOAD_NAME
    assert sent[0] == file_slug(name)[0]


@pytest.mark.parametrize("length", [LONGEST_UPLOAD_NAME - 1, LONGEST_UPLOAD_NAME])
def test_a_name_that_is_short_enough_is_not_cut(length: int) -> None:
    name = "a" * (length - 4) + ".csv"
    assert upload_name(name) == name


@pytest.mark.parametrize(
    "extension",
    ["csv", "geojson", "zip", *(f"{stem}.gz" for stem in sorted(formats().compressible))],
)
def test_a_long_name_keeps_its_extension_compound_or_not(extension: str) -> None:
    sent = upload_name(f"{'Année ' * 60}.{extension}")
    assert sent.startswith("annee-annee-")
    assert re.fullmatch(r"(annee-)+\w+\." + re.escape(extension), sent)
    assert LONGEST_UPLOAD_NAME - 1 <= len(sent) <= LONGEST_UPLOAD_NAME


def test_only_a_known_extension_counts_as_part_of_a_compound_one() -> None:
    assert upload_name("a" * 250 + ".v2.csv").endswith("a.csv")


def test_names_that_differ_in_case_or_accents_alone_are_one_stored_name() -> None:
    assert upload_name("Été.csv") == upload_name("ete.CSV")


@pytest.mark.parametrize(
    ("title", "key"),
    [("\ud800", ""), ("a\udc00b", "ab"), ("Été \ud83d", "ete"), ("\U0001f680 x", "x")],
)
def test_half_of_a_character_is_no_letter(title: str, key: str) -> None:
    assert key_of(title) == key
