"""JUnit's XML, Prometheus' text and the commands of CI systems hold any report whatever."""

import re
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.errors import Problem
from bulkpub.reports.ci import MOST, annotations_of, section_end, section_start
from bulkpub.reports.junit import junit_of
from bulkpub.reports.metrics import metrics_of
from tests.reports.examples import (
    dataset,
    everywhere,
    hostile,
    report,
    reports,
    resource,
    run_report,
)

# --- JUnit --------------------------------------------------------------------------------


def parsed(of: RunReport) -> Element:
    document: Element = fromstring(b"".join(junit_of(of)))
    return document


@given(reports())
def test_any_report_is_xml_and_its_counts_are_those_of_its_cases(of: RunReport) -> None:
    for suite in parsed(of):
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "0")) == len(suite.findall("testcase/skipped"))


def test_every_file_is_a_case_and_what_failed_says_why() -> None:
    document = parsed(report())
    assert [suite.get("name") for suite in document] == ["Velos", "Trams", "Bus"]
    assert len(document.findall(".//testcase")) == 3 + 6
    (failure,) = document.findall(".//failure")
    assert failure.get("message") == "the portal refuses .parquet files"


def test_what_is_wrong_with_the_run_is_a_case_too() -> None:
    problem = Problem("velos.yaml", 3, 1, "no title", "velos")
    broken = dataset("velos", error="no title")
    document = parsed(run_report(broken, problems=(problem,), error="stopped"))
    cases = [(each.get("name"), each[0].get("message")) for each in document.iter("testcase")]
    assert cases == [("the run", "stopped"), ("velos.yaml:3", "no title")]


# --- Prometheus ---------------------------------------------------------------------------

SAMPLE = re.compile(
    rb'bulkpub_last_run_\w+\{(\w+="(\\\\|\\"|\\n|[^"\\\n])*",?)+\} -?[0-9.e+]+', re.DOTALL
)


@pytest.mark.parametrize("of", [report(), hostile()], ids=["ordinary", "hostile"])
def test_every_line_is_a_sample_or_says_what_one_is(of: RunReport) -> None:
    text = b"".join(metrics_of(of))
    assert text.endswith(b"\n")
    for line in text[:-1].split(b"\n"):
        assert line.startswith(b"# ") or SAMPLE.fullmatch(line), line


def test_the_figures_are_those_of_the_report() -> None:
    lines = b"".join(metrics_of(report())).decode().splitlines()
    labels = 'portal="demo",manifest="velos.yaml"'
    assert f"bulkpub_last_run_exit_code{{{labels}}} 1" in lines
    assert f'bulkpub_last_run_files{{{labels},status="failed"}} 1' in lines
    assert f"bulkpub_last_run_quota_remaining{{{labels}}} 880" in lines
    assert f"bulkpub_last_run_timestamp_seconds{{{labels}}} 1767355260" in lines


def test_each_of_several_destinations_has_a_quota() -> None:
    lines = b"".join(metrics_of(everywhere())).decode().splitlines()
    quotas = [line for line in lines if line.startswith("bulkpub_last_run_quota_remaining{")]
    assert len(quotas) == 2
    assert 'portal="www"' in quotas[1]


# --- GitHub and GitLab --------------------------------------------------------------------


FIRST = "d › exports/comptages-0.csv: the portal refuses .parquet files"  # noqa: RUF001 - a path sign


def test_a_problem_is_told_beside_its_line_and_failures_by_cause() -> None:
    problem = Problem("dossier/a, b.yaml", 12, 3, "no title: 100 %\nof it", "w")
    files = [resource(n, ResourceStatus.FAILED) for n in range(3)]
    told = [*annotations_of(run_report(dataset("d", *files), problems=(problem,)))]
    assert told == [
        f"::error title=bulkpub::3 times, the first: {FIRST}",
        "::error file=dossier/a%2C b.yaml,line=12,title=bulkpub::no title: 100 %25%0Aof it",
    ]


@given(reports())
def test_no_text_of_a_report_is_a_command(of: RunReport) -> None:
    for line in annotations_of(of):
        assert re.match(r"::(error|warning) (file=[^,:]*,)?(line=\d+,)?title=bulkpub::", line)
        assert not re.search(r"[\r\n]", line)


def test_there_are_no_more_of_them_than_are_shown() -> None:
    assert len([*annotations_of(hostile())]) <= 2 * MOST


def test_a_section_begins_and_ends_as_gitlab_has_it() -> None:
    assert section_start("a b:c", "The run", 12.6) == (
        "\x1b[0Ksection_start:13:a_b_c[collapsed=true]\r\x1b[0KThe run"
    )
    assert section_end("a b:c", 20) == "\x1b[0Ksection_end:20:a_b_c\r\x1b[0K"
