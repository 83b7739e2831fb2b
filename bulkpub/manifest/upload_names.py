"""The names under which files are sent, where the manifest gives them: `as`, and their series."""

import re
from collections.abc import Iterator
from datetime import date

from bulkpub.core.rules import Rules
from bulkpub.core.series import Day, Number, Series
from bulkpub.language import after, say
from bulkpub.manifest.templates import (
    IN_NAMES,
    SEQ,
    TODAY,
    FileFacts,
    Template,
    TemplateFault,
    value_of,
)

__all__ = ["name_fault", "name_template", "series_of", "upload_name"]

LONGEST = 255
"""Bytes of a file's name, on most systems."""
_PLAIN_DAY = "%Y-%m-%d"


def name_template(text: str, *, appends: bool) -> Template:
    """The template of `as`; raises `TemplateFault`."""
    template = Template(text, IN_NAMES)
    if appends and SEQ not in template.fields:
        raise TemplateFault(
            say(
                "there is no {{seq}}: with 'append', each file needs a number of its own, as in "
                "{{seq:02}}"
            )
        )
    if not appends and SEQ in template.fields:
        raise TemplateFault(
            say("{{seq}} goes with `append: true`, which counts the files of a day")
        )
    return template


def upload_name(template: Template, facts: FileFacts, today: date) -> str:
    """The name of one file that is not of a series; raises `TemplateFault`."""
    return series_of(template, facts, today).name(1)


def series_of(template: Template, facts: FileFacts, today: date) -> Series:
    """The names that the template gives to one file, on any day; raises `TemplateFault`."""
    parts: list[str | Day | Number] = []
    for piece in template.pieces:
        for part in _parts(piece, facts):
            last = parts[-1] if parts else None
            if isinstance(part, str) and isinstance(last, str):
                parts[-1] = last + part
            else:
                parts.append(part)
        if isinstance(piece, tuple) and piece[0] == "suffix":
            parts = _with_dot(parts, value_of("suffix", "", facts))
    return Series(tuple(part for part in parts if part), today)


def _parts(piece: str | tuple[str, str], facts: FileFacts) -> Iterator[str | Day | Number]:
    match piece:
        case str():
            yield piece
        case (name, spec) if name == SEQ:
            yield Number(max(int(spec.rstrip("d") or 1), 1))
        case (name, spec) if name == TODAY:
            for text, directive in re.findall(r"([^%]*)(?:%(.))?", spec or _PLAIN_DAY):
                yield text
                if directive == "%":
                    yield "%"
                elif directive:
                    yield Day(directive)
        case (name, spec):
            yield value_of(name, spec, facts)


def _with_dot(parts: list[str | Day | Number], suffix: str) -> list[str | Day | Number]:
    """The parts, which end in an extension, with a dot before it if there is none."""
    last = parts[-1]
    assert isinstance(last, str)  # noqa: S101 # it ends in the extension
    before = last.removesuffix(suffix)
    if not suffix or before.endswith("."):
        return parts
    return [*parts[:-1], f"{before}.{suffix}"]


def name_fault(name: str, rules: Rules) -> str:
    """Why no file can be sent under this name, as the end of a sentence; empty when one can."""
    if "/" in name or "\0" in name:
        return say("a name has no slash in it")
    if len(name.encode()) > LONGEST:
        return say(
            "a name has at most {longest} bytes, and this one {count}",
            longest=LONGEST,
            count=len(name.encode()),
        )
    fault = rules.file_fault(name)
    return say("it {fault}", fault=after(fault, _without_cure)) if fault else ""


def _without_cure(fault: str) -> str:
    return fault.removesuffix(": rename it")
