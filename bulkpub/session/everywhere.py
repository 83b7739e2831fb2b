"""What manifests say, at every portal they name: a run for each, and one report of all.

The rule: runs know nothing of each other. Each has its portal, pace, memory and lock; what ends
one ends no other, and only what is wrong with the destinations themselves ends all of them before
anything is sent.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from bulkpub.core.addresses import shown_portal
from bulkpub.core.exit_codes import ExitCode, code_of, joint_code
from bulkpub.core.report import DestinationInfo, RateLimit, RunInfo, RunReport, added
from bulkpub.engine.choice import EngineLike, Kind
from bulkpub.errors import BulkpubError, Problem, SettingsInvalid
from bulkpub.language import joined, say
from bulkpub.manifest import Destination, Toward
from bulkpub.observers.events import Observer, RunFinished
from bulkpub.pipeline.agreement import Agreement
from bulkpub.pipeline.job import RunOptions, Verify
from bulkpub.pipeline.means import HASHERS
from bulkpub.portals.base import Located
from bulkpub.portals.kinds import locate, names
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.keys import usual_variables
from bulkpub.session.outcomes import one_after_the_other
from bulkpub.session.run import MOMENT_S, Among, Interruptible, Run, run_id
from bulkpub.session.wanted import Manifests
from bulkpub.version import __version__

__all__ = ["Place", "Publication", "chosen_of", "places_of", "told_once"]

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A destination, where it is (None: nobody knows), and how to reach it."""

    destination: Destination
    located: Located | None
    connection: Connection


class Publication:
    """One run of manifests at each of their destinations, or at the one portal; see `publish`."""

    def __init__(
        self,
        manifests: Manifests,
        *,
        connection: Connection | None = None,
        sources: Sources | None = None,
        options: RunOptions | None = None,
        observers: Iterable[Observer] = (),
        state_dir: Path | None = None,
        plan: Path | None = None,
        engine: EngineLike = Kind.LOCAL,
    ) -> None:
        self._manifests = manifests
        self._connection = connection or Connection()
        self._sources = sources
        self._options = options or RunOptions()
        self._observers = tuple(observers)
        self._state_dir = state_dir
        self._plan = plan
        self._engine = engine
        self._runs: list[Run] = []
        self._started_at = datetime.now(UTC)
        self._clock = time.perf_counter()

    @property
    def is_reading(self) -> bool:
        """See `Interruptible`."""
        return any(run.is_reading for run in self._runs)

    def interrupt(self, reason: str, *, patience_s: float = MOMENT_S) -> None:
        """Interrupt the run at every destination; see `Interruptible`."""
        for run in sorted(self._runs, key=lambda run: run.is_reading):  # which one ends with it
            run.interrupt(reason, patience_s=patience_s)

    async def report(
        self, interruptible: Callable[[Interruptible], AbstractContextManager[None]]
    ) -> RunReport:
        """Do it, and say what happened; never raises for what a user or a portal did."""
        destinations = self._manifests.destinations()
        if not destinations:
            return await self._run(self._manifests, self._connection).report(interruptible)
        problems: list[Problem] = []
        places: Sequence[Place] = ()
        error: BulkpubError | None = None
        agreement = Agreement([each.name for each in destinations])
        try:
            everywhere, problems = places_of(destinations, self._connection)
            places = chosen_of(everywhere, self._connection)
        except BulkpubError as failure:
            error = failure
        there = tuple(each.name for each in destinations)
        hashing = anyio.CapacityLimiter(HASHERS)
        for place in places:
            one = place.destination
            among = Among(one, len(places), hashing, agreement.of(one.name))
            manifests = self._manifests.toward(Toward(one, there))
            self._runs.append(self._run(manifests, place.connection, among))
        with interruptible(self):
            for run in self._runs:
                run.begin()
            if error is None:
                problems += _no_longer_named(self._runs, there)
            if not problems:
                async with anyio.create_task_group() as group:
                    for run in self._runs:
                        group.start_soon(run.carry_out)
        ended = [
            (place.destination, run.end()) for place, run in zip(places, self._runs, strict=True)
        ]
        report = self._joined(ended, problems, error)
        more = [_alone(places, destinations)] if 0 < len(places) < len(destinations) else []
        if left := agreement.left():
            more.append(_left_here(left))
        warnings = (*report.run.warnings, *more)
        report = replace(report, run=replace(report.run, warnings=warnings))
        for observer in self._observers:
            observer(RunFinished(report))
        return report

    def _run(self, manifests: Manifests, connection: Connection, among: Among | None = None) -> Run:
        return Run(
            manifests,
            connection=connection,
            sources=self._sources,
            options=self._options,
            observers=self._observers,
            state_dir=self._state_dir,
            among=among,
            plan=self._plan,
            engine=self._engine,
        )

    def _joined(
        self,
        ended: Sequence[tuple[Destination, RunReport]],
        problems: Sequence[Problem],
        error: BulkpubError | None,
    ) -> RunReport:
        """One report of all of them."""
        reports = [report for _, report in ended]
        if error is not None or problems:
            code = code_of(error) if error is not None else ExitCode.WRONG
        else:
            code = joint_code(report.run.exit_code for report in reports)
        info = RunInfo(
            id=run_id(self._started_at),
            started_at=self._started_at,
            finished_at=datetime.now(UTC),
            duration_s=round(time.perf_counter() - self._clock, 3),
            manifests=self._manifests.names,
            portal=", ".join(destination.name for destination, _ in ended),
            dry_run=self._options.dry_run,
            exit_code=code,
            version=__version__,
            error=str(error) if error is not None else _joint_error(ended),
            problems=(
                *problems,
                *told_once([(each.name, report.run.problems) for each, report in ended]),
            ),
            warnings=tuple(told_once([(each.name, report.run.warnings) for each, report in ended])),
            only=reports[0].run.only if reports else (),
            exclude=reports[0].run.exclude if reports else (),
            exact=self._options.exact,
            verify=None if self._options.verify == Verify.NO else str(self._options.verify),
            destinations=tuple(
                DestinationInfo(
                    each.name,
                    shown_portal(each.portal),
                    each.organization,
                    report.run.duration_s,
                    report.run.exit_code,
                    report.run.error,
                    report.totals,
                    report.rate_limit,
                    report.timeline,
                )
                for each, report in ended
            ),
        )
        outcomes = one_after_the_other([report.datasets for report in reports])
        totals = added(each.totals for each in reports)
        waits = [each.totals.requests.planned_wait_s for each in reports]  # all at the same time
        requests = replace(totals.requests, planned_wait_s=max(waits, default=0.0))
        totals = replace(totals, requests=requests)
        if len(reports) != 1:
            return RunReport(info, totals, RateLimit(), outcomes)
        return RunReport(info, totals, reports[0].rate_limit, outcomes, reports[0].timeline)


# --- which destinations there are ---------------------------------------------------------


def places_of(
    destinations: Sequence[Destination], connection: Connection
) -> tuple[list[Place], list[Problem]]:
    """Where each destination is and how it is reached; and what is wrong with them.

    The account's key goes to one of them at most: who has several says of each which it is.
    """
    located: list[Located | None] = []
    problems: list[Problem] = []
    for each in destinations:
        try:
            located.append(locate(each.portal, insecure=connection.insecure))
        except SettingsInvalid as invalid:
            located.append(None)
            problems.append(_problem(each, str(invalid)))
    first: dict[str, Destination] = {}
    for each, place in zip(destinations, located, strict=True):
        if place is not None and first.setdefault(place.identity, each) is not each:
            other = first[place.identity].name
            sentence = say(
                "this destination is the portal of '{other}' once more ({url})",
                other=other,
                url=place.url,
            )
            problems.append(_problem(each, sentence))
    presets = {locate(name).identity: name for name in names()}
    for each, place in zip(destinations, located, strict=True):
        preset = presets.get(place.identity) if place is not None else None
        if preset not in {None, each.name} and each.name in presets.values():
            sentence = say(
                "this destination is called '{name}', and is the portal {preset}: give it another "
                "'name'",
                name=each.name,
                preset=preset,
            )
            problems.append(_problem(each, sentence))
    alone = [
        each
        for each, place in zip(destinations, located, strict=True)
        if _takes_own_key(each, place)
    ]
    places: list[Place] = []
    for each, place in zip(destinations, located, strict=True):
        key = connection.key if alone == [each] else None
        if len(alone) > 1 and each in alone and not each.keys.organizations:
            sentence = say(
                "say in 'key_env' which variable holds the API key for this destination: a key is "
                "for one portal, and others have none either"
            )
            problems.append(_problem(each, sentence))
        own = replace(connection, portal=each.portal, key=key)
        places.append(Place(each, place, own))
    return places, problems


def chosen_of(places: Sequence[Place], connection: Connection) -> Sequence[Place]:
    """Those that `connection` is for: all, or the one that it names or whose address it has.

    Raises `SettingsInvalid` when it is none of them.
    """
    named = connection.portal
    if not named:
        return places
    if found := [place for place in places if place.destination.name == named]:
        return found
    with suppress(SettingsInvalid):
        there = locate(named, insecure=connection.insecure).identity
        if found := [each for each in places if each.located and each.located.identity == there]:
            return found
    known = ", ".join(place.destination.name for place in places)
    raise SettingsInvalid(
        say(
            "the manifest has no destination '{named}'; there are {names}",
            named=shown_portal(named),
            names=known,
        )
    )


def _takes_own_key(destination: Destination, located: Located | None) -> bool:
    """Whether nobody says which key is for it, so that it would be the account's."""
    if located is None or located.key or usual_variables(located):
        return False
    return destination.keys.top is None


def _problem(destination: Destination, sentence: str) -> Problem:
    place = destination.place
    return Problem(place.file, place.line, place.column, sentence)


# --- what several reports say -------------------------------------------------------------


def _joint_error(ended: Sequence[tuple[Destination, RunReport]]) -> str | None:
    errors = {each.name: report.run.error for each, report in ended if report.run.error}
    if len(set(errors.values())) == 1 and len(errors) == len(ended):
        return next(iter(errors.values()))
    told = [say("{name}: {error}", name=name, error=error) for name, error in errors.items()]
    return joined(say("; "), told) if told else None


def told_once(said: Sequence[tuple[str, Iterable[Problem]]]) -> Iterator[Problem]:
    """Each problem once; of one that not all destinations have, it is told which do."""
    whose: dict[Problem, list[str]] = {}
    for name, problems in said:
        for problem in dict.fromkeys(problems):
            whose.setdefault(problem, []).append(name)
    for problem in sorted(whose):
        names = whose[problem]
        if len(names) == len(said):
            yield problem
        else:
            yield replace(problem, destinations=tuple(names))


def _no_longer_named(runs: Sequence[Run], there: Sequence[str]) -> Iterator[Problem]:
    """The destinations of a plan that nothing would be sent to."""
    for name in dict.fromkeys(name for run in runs for name in run.planned_destinations):
        if name not in there:
            sentence = say(
                "the plan has the destination '{name}', and the manifest no longer names it: plan "
                "again",
                name=name,
            )
            yield Problem("", 0, 0, sentence)


def _alone(places: Sequence[Place], destinations: Sequence[Destination]) -> Problem:
    """A variable of the environment may have chosen for who believes that all is published."""
    chosen = [place.destination.name for place in places]
    others = [each.name for each in destinations if each.name not in chosen]
    sentence = say(
        "this is for {chosen} alone: the manifest has {others} besides",
        chosen=", ".join(chosen),
        others=", ".join(others),
    )
    return Problem("", 0, 0, sentence)


def _left_here(paths: Sequence[str]) -> Problem:
    """Files stay that are to be removed once they are published: not everywhere, yet."""
    files = ", ".join(Path(path).name for path in paths[:MOST_NAMED])
    if more := len(paths) - min(len(paths), MOST_NAMED):
        sentence = say(
            "{files} and {n} more: not removed, as not every destination of the manifest is known "
            "to have the same",
            files=files,
            n=more,
        )
    else:
        sentence = say(
            "{files}: not removed, as not every destination of the manifest is known to have the "
            "same",
            files=files,
        )
    return Problem("", 0, 0, sentence)
