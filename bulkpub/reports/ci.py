"""What CI systems read in a job's output: GitHub's annotations, GitLab's sections.

The rule: a command of theirs is a line of ours alone; what comes from a report is escaped as they
ask for it, so that no title ends a command or begins another.
Sources: "Workflow commands for GitHub Actions", "Custom collapsible sections" of GitLab.
"""

import re
from collections.abc import Iterator

from bulkpub.core.failures import Cause, causes
from bulkpub.core.report import RunReport
from bulkpub.core.text import bounded
from bulkpub.language import in_language, tr

__all__ = ["annotations_of", "section_end", "section_start"]

MOST = 10
"""Annotations of one kind that GitHub shows of a step."""


def annotations_of(report: RunReport) -> Iterator[str]:
    """A line for each cause of failures, and for each warning of the manifest; the first ones."""
    found = causes(report.failures())
    for cause in found[:MOST]:
        yield _error(cause)
    for warning in report.run.warnings[:MOST]:
        yield _command("warning", _place(warning.file, warning.line), warning.message)


def _error(cause: Cause) -> str:
    first = cause.failures[0]
    if cause.count == 1:
        if first.file:
            return _command("error", _place(first.file, first.line), first.error)
        return _command("error", {}, str(first))
    others = tr("{n:,} times, the first: {failure}", n=cause.count, failure=str(first))
    return _command("error", _place(first.file, first.line), others)


def _place(file: str | None, line: int) -> dict[str, str]:
    """Where a manifest is wrong, as GitHub shows it beside the line."""
    if not file:
        return {}
    return {"file": file, **({"line": str(line)} if line else {})}


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    named = {**properties, "title": "bulkpub"}
    told = ",".join(f"{name}={_property(value)}" for name, value in named.items())
    return f"::{kind} {told}::{_message(bounded(in_language(message), 1000))}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


_NO_NAME = re.compile(r"\W+")


def section_start(name: str, header: str, at: float) -> str:
    """The line that begins a section which GitLab shows folded; `at` is Unix time, seconds."""
    return (
        f"\x1b[0Ksection_start:{at:.0f}:{_NO_NAME.sub('_', name)}[collapsed=true]\r\x1b[0K{header}"
    )


def section_end(name: str, at: float) -> str:
    """The line that ends it."""
    return f"\x1b[0Ksection_end:{at:.0f}:{_NO_NAME.sub('_', name)}\r\x1b[0K"
