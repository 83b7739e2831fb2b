"""How often, as catalogues say it → the portal's words."""

import pytest

from bulkpub.data.known_frequencies import known_frequency
from bulkpub.portals.udata.vocabularies import frequencies as portal_frequencies

EU = "http://publications.europa.eu/resource/authority/frequency/"
DC = "http://purl.org/cld/freq/"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequency/"


@pytest.mark.parametrize(
    ("said", "frequency"),
    [
        (EU + "DAILY", "daily"),
        (EU + "DAILY_2", "semidaily"),
        (EU + "ANNUAL_3", "threeTimesAYear"),
        (EU + "UPDATE_CONT", "continuous"),
        (EU + "CONT", "severalTimesADay"),
        (EU + "12HRS", "twelveHours"),
        (EU + "IRREG", "irregular"),
        (DC + "semiannual", "semiannual"),
        (DC + "threeTimesAMonth", "threeTimesAMonth"),
        (INSPIRE + "fortnightly", "biweekly"),
        ("asNeeded", "punctual"),
        ("notPlanned", "notPlanned"),
        ("biannually", "semiannual"),
        ("continual", "continuous"),
        ("R/P1D", "daily"),
        ("R/PT1H", "hourly"),
        ("R/P0.33W", "threeTimesAWeek"),
        ("R/P0,5M", "semimonthly"),
        ("P1Y", "annual"),
        ("R/P1.0Y", "annual"),
        ("Quotidienne", "daily"),
        ("Tous les jours", "daily"),
        ("mensuel", "monthly"),
        ("Bimensuelle", "semimonthly"),
        ("bimestrielle", "bimonthly"),
        ("temps réel", "continuous"),
        ("Irrégulière", "irregular"),
        ("Every two weeks", "biweekly"),
        ("DAILY", "daily"),
        ("realtime", "continuous"),
        ("fortnighly", "biweekly"),
    ],
)
def test_a_frequency_is_known_by_code_by_interval_and_by_word(said: str, frequency: str) -> None:
    assert known_frequency(said) == frequency
    assert frequency in portal_frequencies()


@pytest.mark.parametrize(
    "said",
    [
        "",
        "au petit bonheur",
        "R/P9D",
        DC,
        DC + "ThisTermDoesNotExist",
        "https://daily.example/daily",
    ],
)
def test_what_is_not_understood_is_no_frequency(said: str) -> None:
    assert known_frequency(said) is None


@pytest.mark.parametrize("word", portal_frequencies())
def test_the_portals_own_words_are_known(word: str) -> None:
    assert known_frequency(word) in portal_frequencies()
