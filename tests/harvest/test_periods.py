"""Days and periods as catalogues write them."""

from datetime import UTC, date, datetime

import pytest

from bulkpub.harvest.words.periods import first_day, instant, last_day, period


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2019-01-31", date(2019, 1, 31), date(2019, 1, 31)),
        ("2019-01-31T23:00:00+01:00", date(2019, 1, 31), date(2019, 1, 31)),
        ("20190131", date(2019, 1, 31), date(2019, 1, 31)),
        ("31/01/2019", date(2019, 1, 31), date(2019, 1, 31)),
        ("03/03/2019", date(2019, 3, 3), date(2019, 3, 3)),
        ("03/04/2019", None, None),  # a day in March, or in April
        ("2019-13", None, None),
        ("2019-02-30", None, None),
        ("0001-01-01", None, None),
        ("9999-12-31", None, None),
        ("99999", None, None),
        ("aujourd'hui", None, None),
        ("", None, None),
    ],
)
def test_a_year_is_its_first_day_or_its_last(
    said: str, first: date | None, last: date | None
) -> None:
    assert (first_day(said), last_day(said)) == (first, last)


def test_the_two_ends_of_a_period() -> None:
    assert period("2019-01-01/2020-12-31") == ("2019-01-01", "2020-12-31")
    assert period("2019/..") == ("2019", "")
    assert period("2019") == ("2019", "2019")


def test_an_instant_has_a_zone_and_a_day_has_none() -> None:
    assert instant("2024-01-02T03:04:05") == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert instant("2024-01-02") == date(2024, 1, 2)
    assert instant("jeu, 19/12/2019 - 03:00") is None
