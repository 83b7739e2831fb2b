"""What is found wrong with a file, in words and with the place."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkpub.core.model import Check
from bulkpub.errors import ResourceFailed
from bulkpub.sources import checks
from bulkpub.sources.checks import check_file


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[[Check, bytes], str | None]:
    """What a check has to say of a file with this content."""

    def wrong(check: Check, content: bytes) -> str | None:
        path = tmp_path / "file"
        path.write_bytes(content)
        try:
            check_file(str(path), "f", [check])
        except ResourceFailed as failure:
            return str(failure).removeprefix("f ")
        return None

    return wrong


Wrong = Callable[[Check, bytes], str | None]


def _zip(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


ZIP = _zip(("a.csv", b"a;b\n" * 1000), ("b.csv", b""))
STORED = _zip(("a.csv", b"a;b\n1;2\n"), how=zipfile.ZIP_STORED)
LOCKED = bytearray(STORED)
LOCKED[6] |= 1
LOCKED[LOCKED.index(b"PK\x01\x02") + 8] |= 1
DEFLATE64 = bytearray(ZIP)
for _mark, _at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
    DEFLATE64[DEFLATE64.index(_mark) + _at] = 9
BOMB = _zip(("zeros", b"x"))
BOMB = BOMB.replace(
    (1).to_bytes(4, "little") + b"\x05\0", (1 << 31).to_bytes(4, "little") + b"\x05\0"
)


@pytest.mark.parametrize(
    ("check", "content"),
    [
        (Check.NOT_EMPTY, b" "),
        (Check.NOT_HTML, b"a;b\n"),
        (Check.NOT_HTML, b""),
        (Check.JSON, b'{"a": [1, 2.5, null, "\xc3\xa9"]}'),
        (Check.JSON, b"\xef\xbb\xbf[]\n"),
        (Check.JSON, b"1e400"),
        (Check.JSON, b"[" * 5000 + b"]" * 5000),
        (Check.XML, b"<a/>"),
        (Check.XML, "<?xml version='1.0' encoding='iso-8859-1'?><a b='é'>é</a>".encode("latin-1")),
        (Check.XML, b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>"),
        (Check.CSV, b"a;b\n1;2\n"),
        (Check.CSV, b"a,b\r\n1,2\r\n"),
        (Check.CSV, b"a\tb\n1\t2"),
        (Check.CSV, b"a|b\n1|2\n\n\n"),
        (Check.CSV, b"a\n1\n2\n"),
        (Check.CSV, b'"a;b";"c\nd";e\n1;"x;\n""y""";3\n'),
        (Check.CSV, b"nom, commune;ville, code\na,b;c\n"),
        (Check.CSV, "nom;é\n1;à\n".encode("cp1252")),
        (Check.CSV, "sep=;\r\nnom;é;z\r\n1;à;\r\n".encode("cp1252")),
        (Check.CSV, b"sep=|\nnom|a,b\n1|2\n"),
        (Check.CSV, "nom;a\n1;ligne un\u2028suite\x0bfin\n".encode()),
        (Check.CSV, "nom;é\n1;à\n".encode("utf-16")),
        (Check.CSV, "nom;é\n1;à\n".encode("utf-8-sig")),
        (Check.CSV, b"only;a;header\n"),
        (Check.CSV, b"adresse;prix\n1, rue X, Y;2\n3, rue Z, Y;4\n"),
        (Check.ZIP, ZIP),
        (Check.ZIP, STORED),
        (Check.ZIP, _zip()),
        (Check.ZIP, bytes(DEFLATE64)),
        (Check.ZIP, _zip(("zeros", bytes(10_000_000)))),
    ],
)
def test_nothing_is_wrong(wrong: Wrong, check: Check, content: bytes) -> None:
    assert wrong(check, content) is None


@pytest.mark.parametrize(
    ("check", "content", "said"),
    [
        (Check.NOT_EMPTY, b"", "is empty"),
        (Check.NOT_HTML, b"<!doctype html>", "is a page of HTML"),
        (Check.JSON, b'{"a": 1,\n "b": }', "is not valid JSON: .*, in line 2, column 7"),
        (Check.JSON, b"", "is not valid JSON: .*, in line 1, column 1"),
        (Check.JSON, b"[1]\n[2]\n", "is not valid JSON: .*, in line 2, column 1"),
        (Check.JSON, b'"\xe9"', "is not valid JSON"),
        (Check.JSON, b"NaN", "is not valid JSON"),
        (Check.JSON, b"[" * 100_000, "is not valid JSON"),
        (Check.XML, b"<a>\n <b></a>", "not well-formed XML: mismatched tag, in line 2, column 7"),
        (Check.XML, b"", "is not well-formed XML: no element found"),
        (Check.XML, b"<a>\xe9</a>", "is not well-formed XML: .*in line 1, column 4"),
        (Check.XML, b"<?xml version='1.0' encoding='x-none'?><a/>", "XML: unknown encoding"),
        (Check.XML, b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "it defines entities"),
        (Check.XML, b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
         "it defines entities"),
        (Check.CSV, b"", "is not CSV: it has no header"),
        (Check.CSV, b"\n \n", "is not CSV: it has no header"),
        (Check.CSV, b"a;b\n1;2\n3\n4;5\n", "line 3 has 1 column, the header 2 columns"),
        (Check.CSV, b'a;b\n1;"x\ny"\n3;4;5\n', "line 4 has 3 columns, the header 2 columns"),
        (Check.CSV, b'a;b\n1;2\n3;"4\n5;6\n', "not valid CSV: unexpected end of data, in line 3"),
        (Check.CSV, b"\x89PNG\r\n\0\0", "binary data"),
        (Check.CSV, b"a;b\n\x81;\xe9\n", "neither UTF-8 nor Windows-1252"),
        (Check.ZIP, b"", "is not a zip archive"),
        (Check.ZIP, b"a;b\n", "is not a zip archive: File is not a zip file"),
        (Check.ZIP, ZIP[:-30], "is not a zip archive"),
        (Check.ZIP, STORED.replace(b"1;2", b"1;3"), "'a.csv' cannot be unpacked .*CRC"),
        (Check.ZIP, bytes(LOCKED), "'a.csv' is locked with a password"),
        (Check.ZIP, BOMB, "unpacks to 2147483648 bytes"),
        (Check.ZIP, _zip(("a", b"abc" * 99), how=zipfile.ZIP_BZIP2).replace(b"1AY&SY", b"1AY&SZ"),
         "cannot be unpacked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(wrong: Wrong, check: Check, content: bytes, said: str) -> None:
    found = wrong(check, content)
    assert found is not None
    assert re.search(said, found)


def test_a_large_json_is_read_as_a_stream(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SMALL", 0)
    assert wrong(Check.JSON, b'\xef\xbb\xbf{"a": [1, {"b": null}]}') is None
    assert wrong(Check.JSON, b'["' + "é".encode() * 500_000 + b'"]') is None
    found = wrong(Check.JSON, b'{"a": }')
    assert found is not None
    assert "somewhere before byte 7" in found
    assert wrong(Check.JSON, b"") is not None
    assert wrong(Check.JSON, b"[1][2]") is not None


def test_a_file_without_line_ends_is_no_table(
    wrong: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkpub.sources.checks.LONGEST_LINE", 1000)
    found = wrong(Check.CSV, b"a" * 2000)
    assert found is not None
    assert "a line of more than 1000 characters" in found


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResourceFailed, match="f cannot be read: No such file"):
        check_file(str(tmp_path / "gone"), "f", [Check.NOT_EMPTY])
