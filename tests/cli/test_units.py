"""Sizes, durations and shares as people write them."""

import pytest
import typer

from bulkpub.cli.units import duration, share, size

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64MiB", 64 * MIB),
        ("64M", 64 * MIB),
        ("64 mb", 64 * MIB),
        ("1.5G", 1536 * MIB),
        ("1000", 1000),
        ("2k", 2048),
        (4096, 4096),
    ],
)
def test_sizes(text: str | int, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "MiB", "-1", "0", "1.5.2M", "64 Mo", "0.1"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("2h30m", 9000), ("2h 30m", 9000), ("90", 90), ("0.5s", 0.5), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5", "5 weeks", "1h-2m", "soon"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)


@pytest.mark.parametrize(
    ("text", "value"), [("5%", 0.05), ("0.05", 0.05), ("0", 0.0), ("99%", 0.99)]
)
def test_shares(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "100%", "1", "-1%", "five"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        share(text)
