from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bulkpub.core.report import RateLimit
from bulkpub.observers.text import (
    bytes_text,
    clock_text,
    counted,
    duration_text,
    elide,
    forecast_text,
    moment_text,
    path_text,
    printable,
    rate_text,
    span_text,
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Été 2024.csv", "Été 2024.csv"),
        ("日本.csv", "日本.csv"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines\tand\ra\x07bell", r"two\nlines\tand\ra\x07bell"),
        ("c1\x9b31m", r"c1\x9b31m"),
        ("fdp.\u202excod", r"fdp.\u202excod"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("latin-1 \udce9t\udce9", r"latin-1 \xe9t\xe9"),
        ("half \ud83d", r"half \ud83d"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_would_act_on_a_terminal_is_escaped(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text(alphabet=st.characters()))
def test_whatever_is_printable_fits_one_line_and_can_be_encoded(raw: str) -> None:
    shown = printable(raw)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


def test_a_resource_is_named_with_its_dataset() -> None:
    assert path_text("vélos", "a\nb.csv") == r"vélos › a\nb.csv"  # noqa: RUF001 - the sign shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short.csv", 9, "short.csv"),
        ("comptages-2024.csv", 9, "comp….csv"),
        ("comptages-2024.csv", 10, "compt….csv"),
        ("日本語の資料.csv", 9, "日本….csv"),
        ("日本語", 2, "…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_long_name_loses_its_middle(text: str, width: int, shown: str) -> None:
    assert elide(text, width) == shown


@given(st.text() | st.text("a❤\ufe0f日👩🏽💻e\u0301"), st.integers(0, 60))
def test_an_elided_name_never_exceeds_its_room(raw: str, width: int) -> None:
    assert cell_len(elide(printable(raw), width)) <= width


def test_emoji_that_are_wider_together_stay_within_their_room() -> None:
    planes = "✈\ufe0f" * 6
    assert cell_len(planes) == 12
    assert 3 <= cell_len(elide(planes, 5)) <= 5


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.0 MB"),
        (34_200_000, "34.2 MB"),
        (2**40, "1.1 TB"),
        (5 * 10**18, "5,000.0 PB"),
    ],
)
def test_bytes_are_decimal(size: int, shown: str) -> None:
    assert bytes_text(size) == shown
    assert rate_text(size) == f"{shown}/s"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (42.4, "42 s"),
        (59.9, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 00 min"),
        (7_500, "2 h 05 min"),
    ],
)
def test_time_spans_are_as_precise_as_they_matter(seconds: float, shown: str) -> None:
    assert duration_text(seconds) == shown


@pytest.mark.parametrize(
    ("delay_s", "shown"),
    [
        (5, "14:32:07 UTC"),
        (600, "14:32 UTC"),
        (86_400, "2026-03-01 14:32 UTC"),
    ],
)
def test_a_moment_is_told_to_the_second_when_near_and_with_its_day_when_far(
    delay_s: float, shown: str
) -> None:
    assert moment_text(datetime(2026, 3, 1, 14, 32, 7, tzinfo=UTC), delay_s) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 files"), (1, "1 file"), (1234, "1,234 files")]
)
def test_things_are_counted_in_words(number: int, shown: str) -> None:
    assert counted(number, "file") == shown


KEEPING = "Keeping to it takes about 1 h 01 min."


@pytest.mark.parametrize(
    ("requests", "quota", "wait_s", "said"),
    [
        (1, RateLimit(), 0.0, "Needs 1 request at most."),
        (
            1200,
            RateLimit(2000, 80),
            0.0,
            "Needs 1,200 requests at most. The quota has 80 of 2,000 left.",
        ),
        (
            88,
            RateLimit(40, 36, datetime(2026, 3, 1, 14, 32, tzinfo=UTC)),
            3660.0,
            f"Needs 88 requests at most. The quota has 36 of 40 left until 14:32 UTC. {KEEPING}",
        ),
    ],
)
def test_a_forecast_is_told_in_sentences(
    requests: int, quota: RateLimit, wait_s: float, said: str
) -> None:
    assert forecast_text(requests, quota, wait_s) == said


@pytest.mark.parametrize(
    ("delay_s", "shown"), [(60, "15:32:07"), (3600, "15:32"), (90_000, "2026-03-01 15:32")]
)
def test_moments_are_told_by_the_clock_of_who_reads(delay_s: float, shown: str) -> None:
    moment = datetime(2026, 3, 1, 14, 32, 7, tzinfo=UTC)
    assert clock_text(moment, delay_s, ZoneInfo("Europe/Paris")) == shown
    assert moment_text(moment, delay_s, ZoneInfo("Europe/Paris")) == f"{shown} CET"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.2, "0 s"), (9.4, "9 s"), (72, "1 min 12 s"), (7500, "2 h 05 min")]
)
def test_a_span_to_come_has_no_tenths(seconds: float, shown: str) -> None:
    assert span_text(seconds) == shown
