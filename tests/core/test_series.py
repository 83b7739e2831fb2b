"""The names of a series: what they are, and what can be read off those that a portal stores."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.series import Day, Named, Number, Series
from bulkpub.portals.udata import RULES

DECP = Series(
    ("DECP-1234_É-", Day("Y"), "-", Day("m"), "-", Day("d"), "-", Number(2), ".xml"),
    date(2018, 11, 28),
)
STORED = "decp-1234-e-2018-11-28-0{}.xml"


def test_a_name_is_made_of_the_day_and_the_number() -> None:
    assert DECP.name(1) == "DECP-1234_É-2018-11-28-01.xml"
    assert DECP.name(123) == "DECP-1234_É-2018-11-28-123.xml"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (STORED.format(7), Named("DECP-1234_É-2018-11-28-07.xml", 7, ("2018", "11", "28"))),
        (
            "decp-1234-e-2017-01-02-100.xml",
            Named("DECP-1234_É-2017-01-02-100.xml", 100, ("2017", "01", "02")),
        ),
        ("decp-1234-e-2018-11-28-07.json", None),
        ("decp-1234-e-2018-11-28-7.xml", None),
        ("decp-1234-e-2018-11-28.xml", None),
        ("decp-5678-e-2018-11-28-07.xml", None),
        ("xdecp-1234-e-2018-11-28-07.xml", None),
        ("decp-1234-e-2018-11-28-07.xml.gz", None),
    ],
)
def test_what_a_stored_name_says(stored: str, said: Named | None) -> None:
    assert DECP.read(stored, RULES.file_name) == said


@pytest.mark.parametrize(
    ("stored", "number"),
    [
        ([], 1),
        ([STORED.format(1)], 2),
        ([STORED.format(3), STORED.format(1)], 4),
        (["decp-1234-e-2018-11-27-05.xml", "decp-1234-e-2018-11-28-05.json", "a.xml"], 1),
    ],
)
def test_the_next_name_is_after_all_of_the_day(stored: list[str], number: int) -> None:
    assert DECP.next_name(stored, RULES.file_name) == DECP.name(number)


PART = st.one_of(
    st.text("aZé _-'90", max_size=6),
    st.sampled_from([Day(each) for each in "YmdHjyGVu"]),
)


@given(
    st.lists(PART, max_size=6),
    st.lists(PART, max_size=4),
    st.integers(1, 3),
    st.integers(1, 99_999),
    st.dates(date(1900, 1, 1), date(2999, 1, 1)),
)
def test_what_was_sent_is_read_back(
    before: list[str | Day], after: list[str | Day], width: int, number: int, day: date
) -> None:
    """Whatever the portal makes of a name, with a separator round the number."""
    series = Series((*before, "-x", Number(width), "x-", *after, ".csv"), day)
    name = series.name(number)
    stored = RULES.file_name(name)
    assert series.read(stored, RULES.file_name) == Named(name, number, series.today)
    assert series.next_name([stored], RULES.file_name) == series.name(number + 1)
