"""The report as JUnit's XML: a suite for each dataset, a case for each file.

The rule: GitLab, Jenkins and others read it, none of which agrees with another on more than this:
suites, cases, `failure` with a message, `skipped`, and times in seconds.
"""

import re
from collections.abc import Iterator
from itertools import chain
from xml.sax.saxutils import quoteattr

from bulkpub.core.failures import failures_of, left_out_names, name_of
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.core.text import bounded

__all__ = ["junit_of"]

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(report: RunReport) -> Iterator[bytes]:
    """The document, piece by piece."""
    return (piece.encode() for piece in _pieces(report))


def _pieces(report: RunReport) -> Iterator[str]:
    run = report.run
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="bulkpub" time="{run.duration_s:.3f}">\n'
    # What is wrong with the run as a whole, or with a manifest, is of no dataset.
    whole = list(failures_of((), error=run.error, problems=run.problems))
    if whole:
        name = ", ".join(run.manifests) or "the run"
        yield f'<testsuite name={_text(name)} tests="{len(whole)}" failures="{len(whole)}">\n'
        for each in whole:
            at = f"{each.file}:{each.line}" if each.line else each.file or "the run"
            yield _case(at, name, failure=each.error)
        yield "</testsuite>\n"
    told_above = left_out_names(run.problems)
    for dataset in report.datasets:
        if not told_above & {dataset.key, dataset.called}:
            yield from _suite(dataset)
    yield "</testsuites>\n"


def _suite(dataset: DatasetOutcome) -> Iterator[str]:
    cases = list(_cases(dataset))
    failed = sum(failure is not None for _, _, failure, _ in cases)
    skipped = sum(pending is not None for _, _, _, pending in cases)
    yield (
        f"<testsuite name={_text(dataset.heading)} "
        f'tests="{len(cases)}" failures="{failed}" skipped="{skipped}" '
        f'time="{dataset.duration_s:.3f}">\n'
    )
    for name, seconds, failure, pending in cases:
        yield _case(name, dataset.called, seconds, failure, pending)
    yield "</testsuite>\n"


def _cases(dataset: DatasetOutcome) -> Iterator[tuple[str, float, str | None, str | None]]:
    """Name, seconds, why it failed, why it was not done; the dataset itself is the first."""
    own = dataset.error
    left = dataset.reason if dataset.status is DatasetStatus.PENDING else None
    files = (
        (
            name_of(each),
            each.duration_s,
            (each.error or each.reason) if each.status is ResourceStatus.FAILED else None,
            each.reason if each.status is ResourceStatus.PENDING else None,
        )
        for each in dataset.resources
    )
    return chain([("the dataset itself", 0.0, own, None if own else left)], files)


def _case(
    name: str,
    of: str,
    seconds: float = 0.0,
    failure: str | None = None,
    pending: str | None = None,
) -> str:
    begin = f'<testcase name={_text(name)} classname={_text(of)} time="{seconds:.3f}"'
    if failure is not None:
        return f"{begin}><failure message={_text(failure)}/></testcase>\n"
    if pending is not None:
        return f"{begin}><skipped message={_text(pending)}/></testcase>\n"
    return f"{begin}/>\n"


def _text(text: str) -> str:
    """As the value of an attribute, its quotes included; what XML cannot hold is a `�`."""
    return quoteattr(_NO_XML.sub("�", bounded(text, 2000)))
