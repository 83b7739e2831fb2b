"""Addresses in words: nothing that cannot be read breaks anything, and no secret is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.addresses import joined, name_in_address, shown_address


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
    assert isinstance(name_in_address(url), str)
    assert "\n" not in shown_address(url)
