"""What differs between two runs: failures that are new or gone, files that came, went or changed.

The rule: a file is the same in both when its dataset and its key are; one that has no key goes by
its id. Both reports are told as they are: what only looks different in one of them is not guessed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.failures import name_of
from bulkpub.core.outcome import ResourceOutcome, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.language import tr
from bulkpub.observers.text import bytes_text, duration_text, path_text, printable
from bulkpub.reports.verdict import moment_of, status_word

__all__ = ["Difference", "Part", "differences", "lines_of"]

SHOWN = 50
"""Lines of a part that are told; how many others there are is said."""
TWICE = 2.0
LONG_S = 5.0
"""What took less is not told to have become slower."""

Key = tuple[str, str]
Named = dict[Key, tuple[str, ResourceOutcome]]


@dataclass(slots=True)
class Part:
    """Some lines of one kind: the first of them, and how many there are in all."""

    title: str
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: str) -> None:
        """One more."""
        self.count += 1
        if len(self.lines) < SHOWN:
            self.lines.append(line)


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs: `parts` that have something in them; `figures` are name, old and new."""

    figures: tuple[tuple[str, str, str], ...]
    parts: tuple[Part, ...]


def differences(old: RunReport, new: RunReport) -> Difference:
    """What differs between two runs, of which `new` is the later one."""
    before, after = _files_of(old), _files_of(new)
    unknown = _not_looked_at(new)
    is_whole = new.run.exit_code != ExitCode.WRONG or bool(new.datasets)

    def gone(key: Key, _: ResourceOutcome) -> str | None:
        return "" if is_whole and key not in after and key[0] not in unknown else None

    parts = (
        _datasets(tr("Datasets that fail now"), old, new),
        _part(tr("New failures"), after, lambda key, now: _newly(before.get(key), now, _FAILED)),
        _part(
            tr("Not come to this time"), after, lambda key, now: _newly(before.get(key), now, _LEFT)
        ),
        _datasets(tr("Datasets that no longer fail"), new, old),
        _part(tr("Recovered"), before, lambda key, then: _recovered(then, after.get(key))),
        _part(tr("Failing still"), after, lambda key, now: _still(before.get(key), now)),
        _part(tr("New files"), after, lambda key, now: None if key in before else _size_of(now)),
        _part(tr("Files no longer there"), before, gone),
        _part(tr("Sizes that changed"), after, lambda key, now: _resized(before.get(key), now)),
        _part(tr("Slower to send"), after, lambda key, now: _slower(before.get(key), now)),
    )
    return Difference(tuple(_figures(old, new)), tuple(each for each in parts if each.count))


def _files_of(report: RunReport) -> Named:
    """The files of a report, each with its name for people."""
    found: Named = {}
    for dataset in report.datasets:
        for resource in dataset.resources:
            key = resource.key or resource.id or name_of(resource)
            named = path_text(dataset.heading, resource.title or name_of(resource))
            found[dataset.called, key] = named, resource
    return found


def _not_looked_at(report: RunReport) -> set[str]:
    """What the datasets are called of whose files the report knows nothing."""
    return {each.called for each in report.datasets if each.error and not each.resources}


_FAILED = frozenset({ResourceStatus.FAILED})
_LEFT = frozenset({ResourceStatus.PENDING})
Then = tuple[str, ResourceOutcome] | None


def _part(title: str, files: Named, told: Callable[[Key, ResourceOutcome], str | None]) -> Part:
    """The files of which there is something to tell (not None), with what that is."""
    part = Part(title)
    for key, (name, resource) in files.items():
        words = told(key, resource)
        if words is not None:
            part.add(f"{name}: {words}" if words else name)
    return part


def _newly(then: Then, now: ResourceOutcome, statuses: frozenset[ResourceStatus]) -> str | None:
    if now.status not in statuses or (then is not None and then[1].status in statuses):
        return None
    return printable(now.error or now.reason)


def _recovered(then: ResourceOutcome, now: Then) -> str | None:
    if then.status is not ResourceStatus.FAILED or now is None:
        return None
    return (
        None
        if now[1].status in _FAILED | _LEFT
        else tr("it was: {why}", why=printable(then.error or ""))
    )


def _still(then: Then, now: ResourceOutcome) -> str | None:
    if now.status is not ResourceStatus.FAILED or then is None:
        return None
    return printable(now.error or now.reason) if then[1].status is now.status else None


def _size_of(now: ResourceOutcome) -> str:
    return "" if now.size is None else bytes_text(now.size)


def _resized(then: Then, now: ResourceOutcome) -> str | None:
    old, new = then and then[1].size, now.size
    if old is None or new is None or old == new:
        return None
    return f"{bytes_text(old)} → {bytes_text(new)} ({_change(old, new)})"


def _slower(then: Then, now: ResourceOutcome) -> str | None:
    if then is None or not then[1].attempts or not now.attempts:
        return None
    old, new = then[1].duration_s, now.duration_s
    if new < LONG_S or new < TWICE * old:
        return None
    return f"{duration_text(old)} → {duration_text(new)}"


def _datasets(title: str, fine: RunReport, bad: RunReport) -> Part:
    """The datasets that failed as a whole in one report and not in the other."""
    part = Part(title)
    failed = {each.called for each in fine.datasets if each.error is not None}
    for dataset in bad.datasets:
        if dataset.error is not None and dataset.called not in failed:
            part.add(f"{printable(dataset.heading)}: {printable(dataset.error)}")
    return part


def _figures(old: RunReport, new: RunReport) -> Iterator[tuple[str, str, str]]:
    yield tr("Began"), moment_of(old.run), moment_of(new.run)
    yield tr("Exit code"), str(old.run.exit_code), str(new.run.exit_code)
    yield tr("Took"), duration_text(old.run.duration_s), duration_text(new.run.duration_s)
    then, now = old.totals, new.totals
    yield tr("Sent"), bytes_text(then.bytes.uploaded), bytes_text(now.bytes.uploaded)
    yield tr("Requests"), _number(then.requests.total), _number(now.requests.total)
    for status in ResourceStatus:
        counts = [getattr(each.resources, status.value) for each in (then, now)]
        if any(counts):
            name = tr("Files {status}", status=status_word(status.value))
            yield name, _number(counts[0]), _number(counts[1])


def _number(number: int) -> str:
    return tr("{n:,}", n=number)


def _change(old: float, new: float) -> str:
    """By how much, in percent."""
    return f"{100 * (new - old) / old:+,.0f} %" if old else tr("it was empty")


def lines_of(difference: Difference) -> Iterator[str]:
    """The same as plain lines, for a terminal."""
    width = max(len(name) for name, _, _ in difference.figures)
    for name, old, new in difference.figures:
        yield f"  {name:<{width}}  {old}" if old == new else f"  {name:<{width}}  {old} → {new}"
    if not difference.parts:
        yield tr("Nothing else differs.")
    for part in difference.parts:
        yield f"{part.title} ({_number(part.count)}):"
        yield from (f"  {line}" for line in part.lines)
        if rest := part.count - len(part.lines):
            yield f"  … {tr('and {n:,} more', n=rest)}"
