"""A report that was read, with its sentences in the language of who looks at it.

A report is English, whoever wrote it; what it says was made of templates, which are recognised.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from bulkpub.core.outcome import DatasetOutcome, ResourceOutcome
from bulkpub.core.report import RunReport
from bulkpub.errors import Problem
from bulkpub.language import ENGLISH, recognised, spoken

__all__ = ["spoken_report"]

_recognised = lru_cache(maxsize=4096)(recognised)


def spoken_report(report: RunReport) -> RunReport:
    """`report` with sentences where it has texts that were some; itself in English."""
    if spoken() == ENGLISH:
        return report
    run = replace(
        report.run,
        error=_or_none(report.run.error),
        problems=_problems(report.run.problems),
        warnings=_problems(report.run.warnings),
        destinations=tuple(
            replace(each, error=_or_none(each.error)) for each in report.run.destinations
        ),
    )
    return replace(report, run=run, datasets=tuple(map(_dataset, report.datasets)))


def _or_none(text: str | None) -> str | None:
    return None if text is None else _recognised(text)


def _problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(replace(each, message=_recognised(each.message)) for each in problems)


def _dataset(dataset: DatasetOutcome) -> DatasetOutcome:
    return replace(
        dataset,
        reason=_recognised(dataset.reason),
        error=_or_none(dataset.error),
        notes=tuple(map(_recognised, dataset.notes)),
        resources=tuple(map(_resource, dataset.resources)),
        not_pruned=tuple(map(_resource, dataset.not_pruned)),
    )


def _resource(resource: ResourceOutcome) -> ResourceOutcome:
    return replace(
        resource,
        reason=_recognised(resource.reason),
        error=_or_none(resource.error),
        warnings=tuple(map(_recognised, resource.warnings)),
    )
