"""Sizes, durations and shares as people write them, in a manifest and on the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.units import (
    duration,
    share,
    size,
    spell_duration,
    spell_share,
    spell_size,
)

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64MiB", 64 * MIB),
        ("64Mi", 64 * MIB),
        ("64M", 64 * MIB),
        ("64 mb", 64_000_000),
        ("500MB", 500_000_000),
        ("500 MB", 500_000_000),
        ("1.5G", 1536 * MIB),
        ("1.5 GB", 1_500_000_000),
        ("1000", 1000),
        ("7 B", 7),
        ("2k", 2048),
        ("2kB", 2000),
        ("2KiB", 2048),
        ("1 TB", 10**12),
        (" 4096 ", 4096),
    ],
)
def test_sizes(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize(
    "text", ["", "MiB", "-1", "0", "1.5.2M", "64 Mo", "0.1", "5 Bi", "1.0001 KiB", "1e3"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="write for instance 64MiB"):
        size(text)


@given(st.integers(1, 10**15 - 1))
def test_a_size_that_is_spelled_is_read_back(value: int) -> None:
    assert size(spell_size(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("2h30m", 9000), ("2h 30m", 9000), ("90", 90), ("0.5s", 0.5), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5", "5 weeks", "1h-2m", "soon"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="write for instance 30m"):
        duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(600, "10m"), (90, "90s"), (7200, "2h"), (86400, "1d"), (0.5, "0.5s")]
)
def test_a_duration_is_spelled_in_one_unit(seconds: float, text: str) -> None:
    assert spell_duration(seconds) == text
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("5%", 0.05), ("0.05", 0.05), ("0", 0.0), ("99%", 0.99), ("100%", 1.0), ("2.5 %", 0.025)],
)
def test_shares(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "1", "1.0", "-1%", "101%", "five"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match="write for instance 5%"):
        share(text)


@given(st.floats(0, 1, exclude_max=True))
def test_a_share_that_is_spelled_is_read_back(value: float) -> None:
    assert share(spell_share(value)) == value
