import pytest

from bulkpub.core.text import LONGEST, bounded


@pytest.mark.parametrize("text", ["", "é" * LONGEST, "two\nlines"])
def test_what_people_read_stays(text: str) -> None:
    assert bounded(text) == text


@pytest.mark.parametrize("length", [LONGEST + 1, 5_000, 5_000_000])
def test_what_is_longer_keeps_both_ends_and_says_its_length(length: int) -> None:
    text = "begin" + "x" * (length - 8) + "end"
    shown = bounded(text)
    assert len(shown) == LONGEST
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert f"({length:,} characters)" in shown
    assert bounded(shown) == shown
