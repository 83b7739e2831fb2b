import pytest

from bulkpub.harvest.words.naming import readable, readable_path, stem_of, titles_of


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("comptages_velo-2024", "Comptages velo 2024"),
        ("releve-2024-01-31", "Releve 2024-01-31"),
        ("2024-2025", "2024-2025"),
        ("01_population", "01 population"),
        ("IRVE", "IRVE"),
        ("déjà lisible", "Déjà lisible"),
        ("a__b", "A b"),
        ("___", "___"),
        ("a\x1b[2J\nb\u202e", "A [2J b"),
    ],
)
def test_names_become_titles_that_people_would_write(name: str, title: str) -> None:
    assert readable(name) == title


def test_the_title_of_a_path_names_every_folder() -> None:
    assert readable_path("mobilite/comptages_velo") == "Mobilite – Comptages velo"  # noqa: RUF001 - the dash of titles


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("a/b.csv", "a/b"),
        ("b.csv.gz", "b"),
        ("archive.tar.gz", "archive"),
        ("v1.2.zip", "v1.2"),
        ("README", "README"),
    ],
)
def test_extensions_are_no_part_of_a_title(path: str, stem: str) -> None:
    assert stem_of(path) == stem


def test_namesakes_tell_their_format() -> None:
    assert titles_of(["a.csv", "a.json", "b.csv"]) == ["A (csv)", "A (json)", "B"]


def test_where_even_that_is_the_same_the_path_tells_them_apart() -> None:
    assert titles_of(["a_b.csv", "a b.csv"]) == ["a_b.csv", "a b.csv"]
