"""Addresses in words: nothing that cannot be read breaks anything, and no secret is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.addresses import is_loopback, joined, named, shown_address


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        ("https://a.example/x/", "b.csv", "https://a.example/x/b.csv"),
        ("https://a.example/x/", "//b.example/c", "https://b.example/c"),
        ("https://a.example/x/", "A://[", "A://["),
        ("https://a.example/x/", "//[", "//["),
    ],
)
def test_an_address_found_in_a_document_becomes_whole(base: str, url: str, whole: str) -> None:
    assert joined(base, url) == whole


@given(st.text(alphabet="ahtp:/[]@?#%. \\\n"))
def test_no_address_is_too_strange_to_be_told(url: str) -> None:
    assert isinstance(joined("https://a.example/", url), str)
    assert isinstance(named(url).name, str)
    assert "\n" not in shown_address(url)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - asked about, not listened on
        ("::", False),
        ("192.168.1.1", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_no_other(
    host: str,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert is_loopback(host) == expected
