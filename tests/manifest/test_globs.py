import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.natural import natural
from bulkpub.manifest.globs import Listing, excluded, expand

FILES = [
    "a.csv",
    "B.csv",
    "c10.csv",
    "c9.csv",
    "c9.tsv",
    ".hidden.csv",
    "[x].csv",
    "d/1.csv",
    "d/e/2.csv",
    "d/e/.3.csv",
    "d/.f/4.csv",
    "d-2/5.csv",
]


@pytest.fixture
def tree(write: Callable[..., Path], tmp_path: Path) -> str:
    for name in FILES:
        write(name)
    (tmp_path / "folder.csv").mkdir()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("*.csv", ["[x].csv", "a.csv", "B.csv", "c9.csv", "c10.csv"]),
        ("./*.csv", ["[x].csv", "a.csv", "B.csv", "c9.csv", "c10.csv"]),
        ("c?.csv", ["c9.csv"]),
        ("c*.?sv", ["c9.csv", "c9.tsv", "c10.csv"]),
        ("[ab].csv", ["a.csv"]),
        ("[!ab]?.csv", ["c9.csv"]),
        ("[[]x].csv", ["[x].csv"]),
        ("*.CSV", []),
        (".*.csv", [".hidden.csv"]),
        (".hidden.csv", [".hidden.csv"]),
        ("a.csv", ["a.csv"]),
        ("folder.csv", []),
        ("d/*.csv", ["d/1.csv"]),
        ("d*/*.csv", ["d/1.csv", "d-2/5.csv"]),
        ("d/.f/*", ["d/.f/4.csv"]),
        ("d/.*/*", ["d/.f/4.csv"]),
        ("d/**/*.csv", ["d/1.csv", "d/e/2.csv"]),
        ("d/**", ["d/1.csv", "d/e/2.csv"]),
        ("**/2.csv", ["d/e/2.csv"]),
        ("**/**/2.csv", ["d/e/2.csv"]),
        ("**/.*", [".hidden.csv", "d/e/.3.csv"]),
        ("**/e/*", ["d/e/2.csv"]),
        ("d/../a*", ["d/../a.csv"]),
        ("nowhere/*", []),
        ("nowhere/**", []),
        ("a.csv/*", []),
        ("a.csv/**", []),
    ],
)
def test_a_pattern_finds_its_files_in_natural_order(
    pattern: str, files: list[str], tree: str
) -> None:
    assert expand(tree, pattern, Listing()) == files


def test_an_absolute_pattern_finds_absolute_paths(tree: str) -> None:
    assert expand("/nowhere", f"{tree}/d/*.csv", Listing()) == [f"{tree}/d/1.csv"]


def test_any_folder_never_means_through_a_link(tree: str) -> None:
    os.symlink(tree, f"{tree}/d/loop")  # noqa: PTH211 # the fixture gives text
    assert expand(tree, "**/1.csv", Listing()) == ["d/1.csv"]
    assert expand(tree, "d/loop/d/1.csv", Listing()) == ["d/loop/d/1.csv"]
    assert expand(tree, "d/*/a.csv", Listing()) == ["d/loop/a.csv"]


def test_a_link_that_leads_nowhere_is_not_passed_over(tree: str) -> None:
    os.symlink("gone", f"{tree}/d/z.csv")  # noqa: PTH211 # as above
    assert expand(tree, "d/*.csv", Listing()) == ["d/1.csv", "d/z.csv"]


def test_a_folder_that_cannot_be_read_is_not_passed_over(
    tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: str) -> None:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        expand(tree, "*", Listing())


@pytest.mark.parametrize(
    ("path", "patterns", "taken_away"),
    [
        ("d/a.csv", [], False),
        ("d/a.csv", ["a.csv"], True),
        ("d/a.csv", ["*.csv"], True),
        ("d/a.csv", ["*.tsv"], False),
        ("d/a.csv", ["d"], False),
        ("d/a.csv", ["*/a.csv"], True),
        ("d/a.csv", ["./d/a.csv"], True),
        ("d/e/a.csv", ["*/a.csv"], False),
        ("d/e/a.csv", ["d/**"], True),
        ("d/e/a.csv", ["**/a.csv"], True),
        ("d/a.csv", ["d/**/a.csv"], True),
        ("d/e/a.csv", ["x", "d/e/[ab].csv"], True),
        ("d/.a.csv", ["d/*"], True),
    ],
)
def test_what_exclude_takes_away(path: str, patterns: list[str], taken_away: bool) -> None:  # noqa: FBT001 # a table
    assert excluded(path, patterns) is taken_away


NAMES = st.text(alphabet="aAbé10-_./\uff11²", min_size=1, max_size=8)


@given(st.lists(NAMES, unique=True), st.randoms())
def test_natural_order_is_the_same_whatever_the_file_system_says_first(
    names: list[str], random: Random
) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)
    assert sorted(names, key=natural) == sorted(shuffled, key=natural)


@given(st.lists(st.integers(0, 10_000), unique=True))
def test_natural_order_sorts_numbers_by_value(numbers: list[int]) -> None:
    names = [f"file {number}.csv" for number in sorted(numbers)]
    assert sorted(names, key=natural) == names


def test_only_the_folders_looked_into_last_are_kept(tmp_path: Path) -> None:
    for folder in "abc":
        (tmp_path / folder).mkdir()
        for name in "12":
            (tmp_path / folder / name).touch()
    listing = Listing(most=4)
    looked = {folder: listing(str(tmp_path / folder)) for folder in "ab"}
    assert listing(str(tmp_path / "a")) is looked["a"]
    listing(str(tmp_path / "c"))
    assert listing(str(tmp_path / "a")) is looked["a"]
    assert listing(str(tmp_path / "b")) is not looked["b"]


@pytest.mark.parametrize(("there", "written"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
@pytest.mark.parametrize("pattern", ["données/é*.csv", "données/été.csv", "*é*s/**/[é].csv"])
def test_accents_are_the_same_however_they_are_written(
    tmp_path: Path, there: Any, written: Any, pattern: str
) -> None:
    folder = tmp_path / normalize(there, "données")
    folder.mkdir()
    for name in ("été.csv", "e.csv", "é.csv"):
        (folder / normalize(there, name)).write_text("a")
    found = expand(str(tmp_path), normalize(written, pattern), Listing())
    names = {normalize("NFC", each) for each in found}
    wanted = {
        "données/é*.csv": {"données/été.csv", "données/é.csv"},
        "données/été.csv": {"données/été.csv"},
        "*é*s/**/[é].csv": {"données/é.csv"},
    }
    assert names == wanted[pattern]
    assert all((tmp_path / each).is_file() for each in found)
    assert excluded(normalize(there, "données/été.csv"), [normalize(written, "é*.csv")])
