"""Nothing that was sent is lost when it is counted by time, and nothing is drawn outside."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import Moment, RunReport
from bulkpub.reports.charts import ticks_of
from bulkpub.reports.over_time import MOST, course_of, format_of, formats_of
from tests.reports.examples import NOON, dataset, everywhere, report, reports, resource, run_report

SENT = {ResourceStatus.CREATED, ResourceStatus.REPLACED}


@given(reports(), st.floats(0, 1e7))
def test_every_file_that_was_sent_and_all_its_bytes_are_counted(
    of: RunReport, seconds: float
) -> None:
    of = dataclasses.replace(of, run=dataclasses.replace(of.run, duration_s=seconds))
    course = course_of(of)
    assert 1 <= course.spans <= MOST
    assert course.span_s * course.spans >= seconds
    sent = [each for one in of.datasets for each in one.resources if each.sent_at is not None]
    assert course.sent == len(sent)
    size = sum(each.size or 0 for each in sent if each.status in SENT)
    assert sum(course.rates) * course.span_s == pytest.approx(size, rel=1e-6, abs=1e-6)
    assert sum(course.requests) == pytest.approx(of.timeline[-1].requests)
    assert all(len(each) == course.spans for each in course.uploads.values())


def test_a_file_that_took_long_counts_over_all_that_time() -> None:
    one = resource(0, size=1000, sent_at=NOON + timedelta(seconds=10), duration_s=20.0)
    course = course_of(run_report(dataset("d", one)))
    assert course.span_s == 2
    assert course.rates[4:16] == [0, *[pytest.approx(50)] * 10, 0]


def test_requests_between_two_looks_are_spread_evenly_and_the_quota_is_as_last_seen() -> None:
    moments = (Moment(0.0, 0), Moment(30.0, 30, 70), Moment(60.0, 30, 70))
    course = course_of(dataclasses.replace(report(), timeline=moments))
    assert course.requests == [pytest.approx(2)] * 15 + [0] * 15
    assert course.quota == {"": [None] * 14 + [70] * 16}


@pytest.mark.parametrize(
    ("told", "format_"),
    [
        ({"source": "exports/a.CSV"}, "csv"),
        ({"source": "https://x.example/get?f=a.pdf", "title": "Plan.zip"}, "zip"),
        ({"source": "https://x.example/a.json?x=1#y"}, "json"),
        ({"source": "README", "title": "Readme"}, "?"),
        ({"source": None, "title": "Version 2.0 of everything there is.anextensionnobodyhas"}, "?"),
        ({"source": ".csv", "title": ""}, "?"),
    ],
)
def test_a_format_is_what_a_name_ends_with(told: dict[str, Any], format_: str) -> None:
    assert format_of(resource(0, **told)) == format_


def test_the_smallest_formats_are_told_together() -> None:
    files = [resource(n, source=f"a.f{n}", size=100 - n) for n in range(14)]
    found = formats_of(run_report(dataset("d", *files)))
    assert [each.name for each in found] == [*(f"f{n}" for n in range(9)), "others"]
    assert sum(each.size for each in found) == sum(each.size or 0 for each in files)
    assert found[-1].files == 5


@given(st.floats(0, 1e15))
def test_ticks_are_few_and_reach_the_top(top: float) -> None:
    ticks = ticks_of(top)
    assert ticks[0] == 0
    assert ticks[-1] >= top
    assert 2 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))


def test_of_several_destinations_requests_are_summed_and_quotas_are_not() -> None:
    course = course_of(everywhere())
    assert sum(course.requests) == 2 * everywhere().timeline[-1].requests
    assert set(course.quota) == {"rehearsal", "real"}
