"""Tables as the programs of others write them: their encoding, their lines, their separator."""

import ast
import codecs
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bulkpub
from bulkpub.core.csv_text import encoding_of, lines_of, separator_named, separator_of

PACKAGE = Path(bulkpub.__file__).parent
OF_OUR_OWN = {"manifest/writing.py", "observers/log_setup.py"}
"""Where what is cut into lines is no data: our notes as comments of YAML, a traceback."""


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("é;è".encode(), "utf-8"),
        ("é;è".encode("utf-8-sig"), "utf-8-sig"),
        ("é;è".encode("cp1252"), "cp1252"),
        (codecs.BOM_UTF16_LE + "é;è".encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + "é;è".encode("utf-16-be"), "utf-16"),
        ("é;è".encode() + b"\xe9", "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_the_encoding_of_a_table_is_found_out(content: bytes, encoding: str) -> None:
    assert encoding_of([content]) == encoding
    assert encoding_of(content[i : i + 3] for i in range(0, len(content), 3)) == encoding


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n\ufeff", codec="utf-8"))),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_only_cr_and_lf_end_a_line(lines: list[str], end: str) -> None:
    content = "".join(line + end for line in lines).encode("utf-8-sig")
    assert list(lines_of(content)) == [line + end for line in lines]


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ("sep=;", ";"),
        ('"sep=;"\r\n', ";"),
        ("SEP=\t\n", "\t"),
        ("sep=|", "|"),
        ("sep=;;;;", ";"),
        ("sep", ""),
        ("sep=", ""),
        ("titre;sep=;", ""),
        ("sep=ab", ""),
    ],
)
def test_a_line_may_name_the_separator(line: str, separator: str) -> None:
    assert separator_named(line) == separator


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("a,b", ","),
        ("a;b", ";"),
        ("a\tb|c\td", "\t"),
        ("a|b", "|"),
        ('"titre, en clair, ou pas";url', ";"),
        ('url;"a;b",c;d', ";"),
        ("url", ","),
    ],
)
def test_the_separator_is_what_the_header_has_most_of_outside_of_quotes(
    header: str, separator: str
) -> None:
    assert separator_of(header) == separator
    assert len(next(csv.reader([header], delimiter=separator))) >= 1


def test_nothing_cuts_data_where_only_unicode_sees_the_end_of_a_line() -> None:
    """`str.splitlines` and `str.split` of line separators see ten; tables have three."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    }
    assert found == OF_OUR_OWN


def test_what_reads_csv_is_given_lines_as_they_are() -> None:
    """A file handed to the csv module is opened with `newline=""`, or it reads other lines."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            keywords = {each.arg for each in node.keywords}
            is_text = name in {"open", "TextIOWrapper"} and "encoding" in keywords
            assert not is_text or "newline" in keywords, f"{path}:{node.lineno}"
