"""What is left behind at the end of a run: the history, and what a CI system wants to see.

The rule: none of it is worth a run. What somebody asked for and did not get is told, and the exit
code is 1 if it would have been 0; what nobody asked for fails in silence.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bulkpub.cli.report_file import check_report_path, to_lines, write_whole
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.core.report import RunReport
from bulkpub.errors import OutputLost
from bulkpub.language import in_language, say, tr
from bulkpub.session.options import Output

__all__ = ["check_outputs", "folded", "leave_behind"]

SECTION = "bulkpub"


def check_outputs(output: Output) -> None:
    """See before a run that what it is to leave can be written; raises `SettingsInvalid`."""
    for path, what in (
        (output.junit, say("JUnit's file")),
        (output.metrics, say("the file of metrics")),
    ):
        if path:
            check_report_path(path, what)


def leave_behind(
    command: str,
    report: RunReport,
    output: Output,
    *,
    state: Path | None,
    environment: Mapping[str, str],
) -> ExitCode:
    """Leave what was asked for, and what is left unasked; the exit code that this comes to.

    `state` is the folder of the history; None when the run is none to be remembered.
    """
    if state is not None:
        _remember(command, report, state)
    lost = [*_files(report, output)]
    if environment.get("GITHUB_ACTIONS") == "true":
        _tell_github(report, environment, sys.stderr.write)
    for each in lost:
        sys.stderr.write(f"bulkpub: {in_language(str(each))}\n")
    return code_of(lost[0]) if lost else ExitCode.DONE


def _remember(command: str, report: RunReport, state: Path) -> None:
    from bulkpub.reports.past import short_of  # noqa: PLC0415 - it waits until the work is done
    from bulkpub.state.history import keep  # noqa: PLC0415 - likewise

    keep(state, report.run.id, short_of(command, report), to_lines(report))


def _files(report: RunReport, output: Output) -> Iterator[OutputLost]:
    """Write what was asked for; gives back what could not be written."""
    wanted: list[tuple[Iterable[bytes], str, str]] = []
    if output.junit:
        from bulkpub.reports.junit import junit_of  # noqa: PLC0415 - few want it

        wanted.append((junit_of(report), output.junit, say("JUnit's file")))
    if output.metrics:
        from bulkpub.reports.metrics import metrics_of  # noqa: PLC0415 - likewise

        wanted.append((metrics_of(report), output.metrics, say("the file of metrics")))
    for content, path, what in wanted:
        try:
            write_whole(content, path, what)
        except OutputLost as lost:
            yield lost


def _tell_github(
    report: RunReport, environment: Mapping[str, str], tell: Callable[[str], object]
) -> None:
    """Annotate the job, and add to its summary, which GitHub keeps in a file of its own."""
    from bulkpub.reports.ci import annotations_of  # noqa: PLC0415 - a job alone needs it
    from bulkpub.reports.markdown import LARGEST, markdown_of  # noqa: PLC0415 - likewise

    for line in annotations_of(report):
        tell(f"{line}\n")
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return
    try:
        with Path(summary).open("ab") as file:
            room = LARGEST - file.tell()  # of the step, which may have run us before
            text = markdown_of(report, room) if room > LARGEST // 100 else ""
            file.write(text.encode())
    except OSError as error:
        why = tr("the summary of the job could not be written: {why}", why=error.strerror)
        tell(f"bulkpub: {why}\n")


@contextmanager
def folded(environment: Mapping[str, str], header: str) -> Iterator[None]:
    """What is logged meanwhile stands in a section that GitLab shows folded, where that runs us."""
    if environment.get("GITLAB_CI") != "true":
        yield
        return
    from bulkpub.reports.ci import section_end, section_start  # noqa: PLC0415 - a job alone needs it

    sys.stderr.write(f"{section_start(SECTION, header, time.time())}\n")
    try:
        yield
    finally:
        sys.stderr.write(f"{section_end(SECTION, time.time())}\n")
        sys.stderr.flush()
