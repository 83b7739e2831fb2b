"""A document is always readable, whatever is said of its charset."""

import pytest

from bulkpub.sources.answers import Page

TEXT = "Été à Nîmes"


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        (TEXT.encode(), None, TEXT),
        (TEXT.encode(), "UTF-8", TEXT),
        (TEXT.encode("cp1252"), None, TEXT),
        (TEXT.encode("iso-8859-15"), "'ISO-8859-15'", TEXT),
        ("5 € « oui »".encode("cp1252"), "iso-8859-1", "5 € « oui »"),
        (TEXT.encode("utf-8-sig"), "utf-8", TEXT),
        (TEXT.encode("utf-8-sig"), "iso-8859-1", TEXT),
        (TEXT.encode("utf-16"), None, TEXT),
        (TEXT.encode("utf-32"), "utf-8", TEXT),
        # What the server says is wrong, unknown, or no charset at all.
        (TEXT.encode("cp1252"), "utf-8", TEXT),
        (TEXT.encode("cp1252"), "utf8mb4", TEXT),
        (TEXT.encode(), "us-ascii", TEXT),
        (TEXT.encode(), "x-unknown\0", TEXT),
        (TEXT.encode(), "zlib", TEXT),
        (TEXT.encode(), "unicode_escape", TEXT),
        (TEXT.encode(), "idna", TEXT),
        (b"+AGE-", "utf-7", "+AGE-"),
        (b"a\x81b", "utf-8", "a\ufffdb"),
    ],
)
def test_the_text_of_a_page(content: bytes, charset: str | None, text: str) -> None:
    assert Page("https://a.example/", content, charset=charset).text() == text
