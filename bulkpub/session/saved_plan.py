"""A plan that was saved, to be carried out as it is: the report of a dry run, read again."""

from dataclasses import dataclass, replace
from pathlib import Path

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus
from bulkpub.core.report import RunInfo
from bulkpub.core.saved_plan import UNPLANNED
from bulkpub.errors import ReportUnreadable, SettingsInvalid
from bulkpub.language import say
from bulkpub.pipeline.job import RunOptions
from bulkpub.portals.base import Located
from bulkpub.portals.kinds import locate
from bulkpub.version import __version__

__all__ = ["SavedPlan", "is_complete", "read_saved_plan"]

_COMPLETE = frozenset({ExitCode.DONE, ExitCode.SOME_FAILED, ExitCode.CHANGES})


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The plan: how it was made, and what it would do, by dataset key; the unchanged are not kept.

    `unchanged` are the keys of those. All is of the one portal, or of the `destination` of several.
    """

    path: Path
    run: RunInfo
    datasets: dict[str, DatasetOutcome]
    unchanged: frozenset[str]
    destination: str | None = None

    def of(self, key: str) -> DatasetOutcome:
        """What the plan would do to the dataset `key`."""
        if key in self.datasets:
            return self.datasets[key]
        status = DatasetStatus.UNCHANGED if key in self.unchanged else UNPLANNED
        return DatasetOutcome(key, status, "")

    def options(self, options: RunOptions) -> RunOptions:
        """`options` with the filter that the plan was made with.

        Raises `SettingsInvalid` when they have another one.
        """
        planned, asked = (self.run.only, self.run.exclude), (options.only, options.exclude)
        if any(asked) and asked != planned:
            raise SettingsInvalid(
                say(
                    "the plan {path} was made with another `only` or `left_out`: leave them to it",
                    path=self.path,
                )
            )
        return replace(options, only=planned[0], exclude=planned[1])

    def see_that_it_is_for(self, located: Located, *, insecure: bool) -> None:
        """Raises `SettingsInvalid` when it was made for another portal than the one `located`."""
        planned = {each.name: each.portal for each in self.run.destinations}
        portal = planned.get(self.destination or "") if planned else self.run.portal
        if portal is None or not _is_at(portal, located, insecure=insecure):
            raise SettingsInvalid(
                say(
                    "the plan {path} was made for another portal, {portal}",
                    path=self.path,
                    portal=self.run.portal,
                )
            )


def _is_at(portal: str, located: Located, *, insecure: bool) -> bool:
    return locate(portal, insecure=insecure).identity == located.identity


def is_complete(run: RunInfo) -> bool:
    """Whether it was planned to the end, whatever of it cannot be done."""
    return run.exit_code in _COMPLETE and run.error is None


def read_saved_plan(path: Path, destination: str | None = None) -> SavedPlan:
    """The plan in the file at `path`, for the `destination` of several, or the one portal.

    Raises `SettingsInvalid` when it is none, was not finished, or is another version's.
    """
    from bulkpub.reports.reading import read_report  # noqa: PLC0415 - schemas that only this needs

    try:
        report = read_report(path)
    except ReportUnreadable as error:
        raise SettingsInvalid(say("the plan cannot be carried out: {why}", why=error)) from error
    run = report.run
    if not (run.dry_run and run.exact):
        raise SettingsInvalid(
            say(
                "{path} is no plan that can be carried out: it takes one that was written with "
                "`out`",
                path=path,
            )
        )
    if run.version != __version__:
        raise SettingsInvalid(
            say(
                "the plan {path} was made by bulkpub {version}, and this is {ours}: plan again",
                path=path,
                version=run.version,
                ours=__version__,
            )
        )
    if not is_complete(run):
        raise SettingsInvalid(say("the plan {path} was not finished: plan again", path=path))
    there = [each for each in report.datasets if each.destination == destination]
    unchanged = frozenset(each.key for each in there if each.status is DatasetStatus.UNCHANGED)
    others = {each.key: each for each in there if each.key not in unchanged}
    return SavedPlan(path, run, others, unchanged, destination)
