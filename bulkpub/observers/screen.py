"""What a run looks like on a terminal, line by line.

The rule: pure. How far the run is, how large the terminal is and what time it is in; lines out,
none wider than the terminal. What has nothing to show is not there: no bar of a file that waits for
its turn, no column without a figure.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import PurePath

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from bulkpub.core.waits import WaitReason
from bulkpub.language import tr, tr_n
from bulkpub.observers.events import Stopping, Waiting
from bulkpub.observers.progress import RunProgress, Upload
from bulkpub.observers.text import (
    bytes_text,
    clock_text,
    counted,
    elide,
    printable,
    rate_text,
    shown,
    span_text,
)

__all__ = ["frame", "preparing_text", "stopping_text", "upload_line", "wait_text"]

_BAR_CELLS = 14
_WIDE = 72
"""From this many columns on there is room for a bar and the bytes of each file."""
_NARROW = 36
"""Below this many columns even the speed is left out."""
_LINES_BELOW = 6
"""Lines kept free around the files: the bar of all, the rest, the wait, the totals, the cursor."""
_ALL = 100
_FEW = 3
_PATH = " › "  # noqa: RUF001 - a path sign
_TO_THE_MINUTE_S = 3600.0
"""Nobody knows to the second when all is done."""


def frame(
    progress: RunProgress,
    width: int,
    height: int,
    *,
    now: float,
    moment: datetime,
    zone: tzinfo | None = None,
) -> list[Text]:
    """What to show at `now` in `width` columns and `height` rows, one `Text` a row.

    `moment` is the same moment by the calendar, told in local time (or that of `zone`).
    """
    if not progress.datasets and (text := preparing_text(progress)):
        return [Text(elide(text, width))]
    lines = [_overall(progress, width, now, moment)] if progress.datasets else []
    wait = progress.wait(now)
    lines += _in_flight(progress, width, max(1, height - _LINES_BELOW), now)
    if wait is not None:
        left = progress.time_left(now, moment)
        text = wait_text(wait, progress.wait_left(now), moment, left, zone)
        lines.append(Text(elide(text, width), style="yellow"))
    lines.extend(Text(line, style="bold") for line in _packed(_totals(progress, now), width))
    return lines


def preparing_text(progress: RunProgress) -> str:
    """What is done before the work begins: `Reading manifest.yaml: 12,000 files so far`."""
    if reading := progress.reading:
        names = reading.manifests
        one = shown(PurePath("".join(names)).name)
        name = counted(len(names), "manifest") if len(names) > 1 else one
        if not reading.files:
            return tr("Reading {name}", name=name)
        files = counted(reading.files, "file")
        return tr("Reading {name}: {files} so far", name=name, files=files)
    if asked := progress.comparing:
        portal = shown(asked.portal.partition("://")[2] or asked.portal)
        if not asked.datasets:
            return tr("Asking {portal} what it has", portal=portal)
        return tr(
            "Asking {portal} what it has: {datasets}, {files}",
            portal=portal,
            datasets=counted(asked.datasets, "dataset"),
            files=counted(asked.resources, "file"),
        )
    return ""


def wait_text(
    wait: Waiting,
    remaining_s: float,
    moment: datetime,
    left_s: float | None = None,
    zone: tzinfo | None = None,
) -> str:
    """What requests wait for, until when, and when all is done, which takes about `left_s`."""
    until, span = clock_text(wait.until, wait.delay_s, zone), span_text(remaining_s)
    match wait.reason:
        case WaitReason.PACING:
            said = tr("Pacing: next request {until}, in {span}", until=until, span=span)
        case WaitReason.USED_UP:
            said = tr("Quota used up: going on at {until}, in {span}", until=until, span=span)
        case WaitReason.ASKED:
            said = tr(
                "The portal asked to wait: going on at {until}, in {span}", until=until, span=span
            )
    if wait.destination:
        said = tr("{where}: {said}", where=printable(wait.destination), said=said)
    if left_s is None or left_s <= remaining_s:
        return said
    end = clock_text(moment + timedelta(seconds=left_s), max(left_s, _TO_THE_MINUTE_S), zone)
    return tr("{said}; done about {end}", said=said, end=end)


def stopping_text(stopping: Stopping) -> str:
    """What happens after Ctrl-C, and what another one does."""
    said = _stopping(stopping)
    where = printable(stopping.destination)
    return tr("{where}: {said}", where=where, said=said) if where else said


def _stopping(stopping: Stopping) -> str:
    span = span_text(stopping.within_s)
    if stopping.within_s <= 0:
        return tr("Stopping now.")
    if not stopping.uploads:
        return tr(
            "Stopping: what is under way is being finished, for {span} at most. "
            "Ctrl-C again stops now.",
            span=span,
        )
    return tr_n(
        "Stopping: 1 upload is being finished, for {span} at most. Ctrl-C again stops now.",
        "Stopping: {n} uploads are being finished, for {span} at most. Ctrl-C again stops now.",
        stopping.uploads,
        span=span,
    )


def _overall(progress: RunProgress, width: int, now: float, moment: datetime) -> Text:
    """One bar for all of the work, with how much is done and how long it may still take."""
    share = progress.share()
    if share is None:
        done = progress.datasets_done / progress.datasets
        figures = tr(" {percent:>3}% compared", percent=int(done * _ALL))
        share = done
    else:
        left = progress.time_left(now, moment) if share < 1 else None
        figures = tr(" {percent:>3}%", percent=int(share * _ALL))
        figures += tr("  {span} left", span=span_text(left)) if left else ""
    cells = width - cell_len(figures)
    if cells < 1:
        return Text(elide(figures.strip(), width))
    filled = int(share * cells)
    line = Text("━" * filled, style="green").append("─" * (cells - filled), "dim")
    return line.append(figures, "bold")


def _in_flight(progress: RunProgress, width: int, room: int, now: float) -> Iterator[Text]:
    """The files that are on their way, then the datasets that are worked on otherwise."""
    uploads = list(progress.uploads.values())
    lines = [
        upload_line(upload, progress.titles(upload.dataset, upload.resource), width, now)
        for upload in uploads
        if upload.sent
    ]
    for (dataset, resource), received in progress.fetches.items():
        names = progress.titles(dataset, resource)
        lines.append(_beside(names, tr("{size} fetched", size=bytes_text(received)), width))
    yield from lines[:room]
    if hidden := len(lines) - room if len(lines) > room else 0:
        yield Text(elide(tr("and {hidden:,} more", hidden=hidden), width), style="dim")
    if lines or progress.wait(now) is not None:
        return
    # Nothing moves: the first of what is being prepared, or waits for its turn.
    waiting = [_cut(progress.titles(each.dataset, each.resource), width) for each in uploads]
    waiting += [elide(shown(work.called), width) for work in progress.idle() if work.title]
    few = min(_FEW, room)
    yield from (Text(name, style="dim") for name in waiting[:few])
    if len(waiting) > few:
        yield Text(elide(tr("and {hidden:,} more", hidden=len(waiting) - few), width), style="dim")


def _beside(names: tuple[str, str], figures: str, width: int) -> Text:
    """A name, cut to what is left of `width` beside the figures."""
    room = width - cell_len(figures) - 2
    if room < 1:
        return Text(_cut(names, width))
    return Text(f"{set_cell_size(_cut(names, room), room)}  {figures}")


def _cut(names: tuple[str, str], width: int) -> str:
    """A dataset and a file of it in at most `width` cells: both ends of both are kept."""
    dataset, resource = map(shown, names)
    room = width - cell_len(_PATH)
    files = min(cell_len(resource), max(room - cell_len(dataset), room * 3 // 5))
    if room - files < _FEW:
        return elide(resource, width)
    return f"{elide(dataset, room - files)}{_PATH}{elide(resource, files)}"


def upload_line(upload: Upload, names: tuple[str, str], width: int, now: float) -> Text:
    """One upload in exactly `width` cells: its name, how far it has come, how fast it goes."""
    share = upload.share
    percent = f"{int(share * _ALL):>3}%"
    speed = f"{rate_text(upload.meter.rate(now)):>10}"
    if width >= _WIDE:
        filled = int(share * _BAR_CELLS)
        sizes = f"{bytes_text(upload.sent)}/{bytes_text(upload.size)}"
        parts = [
            ("━" * filled, "green"),
            ("─" * (_BAR_CELLS - filled), "dim"),
            (f"  {sizes:>17}  {speed}", ""),
        ]
    elif width >= _NARROW:
        parts = [(f"{percent}  {speed}", "")]
    else:
        parts = [(percent, "")]
    taken = sum(cell_len(part) for part, _ in parts) + 1
    room = max(1, width - taken)
    line = Text(set_cell_size(_cut(names, room), room) + " ")
    for part, style in parts:
        line.append(part, style)
    line.truncate(width)
    return line


def _totals(progress: RunProgress, now: float) -> Iterator[str]:
    yield f"{progress.datasets_done:,}/{counted(progress.datasets, 'dataset')}"
    yield f"{progress.files_done:,}/{counted(progress.files, 'file')}"
    if progress.files_failed:
        yield tr("{n} failed", n=counted(progress.files_failed, "file"))
    if progress.datasets_failed:
        yield tr("{n} failed", n=counted(progress.datasets_failed, "dataset"))
    if progress.bytes_fetched:
        yield tr("{size} fetched", size=bytes_text(progress.bytes_fetched))
    if not progress.dry_run:
        yield tr("{size} sent", size=bytes_text(progress.bytes_sent))
        if speed := progress.meter.rate(now):
            yield rate_text(speed)
    if progress.in_flight:
        yield tr("{in_flight:,} in flight", in_flight=progress.in_flight)
    if progress.quota.remaining is not None:
        limit = progress.quota.limit
        of = tr(" of {limit:,}", limit=limit) if limit is not None else ""
        yield tr("{remaining:,}{of} requests left", remaining=progress.quota.remaining, of=of)


def _packed(parts: Iterable[str], width: int) -> list[str]:
    """The parts on as few lines as hold them, broken only between parts."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(elide(part, width))
    return lines
