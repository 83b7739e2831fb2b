"""`bulkpub api`: any request of the portal's API, with bulkpub's key, pace, repeats and errors."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer

from bulkpub.cli.asking import ask, failed
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.model import Json
from bulkpub.errors import PlanAgain, SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.portals import Portal
from bulkpub.portals.telling import RawAnswer, RawRequest
from bulkpub.session.options import Settings

__all__ = ["api"]

MOST_PAGES = 20_000
MOST_INPUT = 64 * 1024**2
"""Bytes of a body; what is larger is a file, and there are other commands for those."""
_ASKING = ("GET", "HEAD")


def api(
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH, DELETE or HEAD.")
    ],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="As in the API's documentation: /datasets/, /api/2/datasets/."
        ),
    ],
    *,
    raw_fields: Annotated[
        list[str] | None,
        typer.Option(
            "--raw-field",
            "-f",
            metavar="NAME=VALUE",
            help="A text: a parameter of a GET, else a field of the body; several times.",
        ),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            "-F",
            metavar="NAME=VALUE",
            help="The same, with true, false, null, numbers, lists and objects as in JSON.",
        ),
    ] = None,
    body_file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="The body, in JSON; '-' for stdin. Fields are parameters of the address then.",
        ),
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Ask for all pages: one list of what is in them.")
    ] = False,
    mask: Annotated[
        str, typer.Option("--fields", metavar="MASK", help="Only these fields: data{id,title}.")
    ] = "",
    settings: Settings,
) -> None:
    """Ask the portal's API anything, with the key, pace, safe repeats and errors of a run."""
    params: dict[str, Json] = _fields(raw_fields or (), fields or ())
    body: Json = None
    if body_file is not None:
        body = _body(body_file)
    elif method.upper() not in _ASKING and params:
        params, body = {}, dict(params)
    request = RawRequest(
        method, path, {name: _text(value) for name, value in params.items()}, body, mask, paginate
    )
    if paginate and method.upper() != "GET":
        raise SettingsInvalid(say("only what is asked with GET has pages (--paginate)"))
    work = partial(_all_pages if paginate else _once, request=request)
    raise typer.Exit(ask(settings, work))


# --- what is asked ------------------------------------------------------------------------


def _fields(raw: Sequence[str], typed: Sequence[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for said, is_typed in [*((each, False) for each in raw), *((each, True) for each in typed)]:
        name, sign, value = said.partition("=")
        if not sign or not name:
            raise SettingsInvalid(
                say("a field is written name=value, not '{said}'", said=said[:80])
            )
        found[name] = _typed(value) if is_typed else value
    return found


def _typed(text: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _body(file: Path) -> Json:
    shown = "stdin" if str(file) == "-" else str(file)
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MOST_INPUT + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MOST_INPUT + 1)
    except OSError as error:
        raise SettingsInvalid(
            say("{shown} cannot be read: {strerror}", shown=shown, strerror=error.strerror)
        ) from error
    if len(content) > MOST_INPUT:
        raise SettingsInvalid(
            say(
                "{shown} has more than {most_input} bytes: that is no body",
                shown=shown,
                most_input=MOST_INPUT,
            )
        )
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SettingsInvalid(
            say("{shown} is not JSON: {error}", shown=shown, error=error)
        ) from None


# --- what is answered ---------------------------------------------------------------------


async def _once(portal: Portal, request: RawRequest) -> ExitCode:
    answer = await _asked(portal, request)
    if answer is None:
        return ExitCode.SOME_FAILED
    if answer.refusal:
        return _refused(request, answer)
    if answer.content:
        _write(_shown(answer.content))
    return ExitCode.DONE


async def _all_pages(portal: Portal, request: RawRequest) -> ExitCode:
    """What is in all pages, as one list, written as it comes."""
    separator, last = b"[\n", ""
    for _ in range(MOST_PAGES):
        answer = await _asked(portal, request)
        if answer is None:
            return ExitCode.SOME_FAILED
        if answer.refusal:
            return _refused(request, answer)
        if answer.items is None:
            failed(
                tr("GET {path} has no pages: its answer has no list of `data`", path=request.path)
            )
            return ExitCode.SOME_FAILED
        page = orjson.dumps(answer.items).decode()
        if answer.items and page == last:
            failed(tr("the listing {path} has no end: two pages are the same", path=request.path))
            return ExitCode.SOME_FAILED
        for item in answer.items:
            _write(separator + orjson.dumps(item), end=b"")
            separator = b",\n"
        if answer.next_page is None or not answer.items:
            _write(b"[]" if separator.startswith(b"[") else b"\n]")
            return ExitCode.DONE
        last = page
        params = {**request.params, "page": str(answer.next_page)}
        request = replace(request, params=params)
    failed(
        tr(
            "the listing {path} has no end: {most} pages were read",
            path=request.path,
            most=MOST_PAGES,
        )
    )
    return ExitCode.SOME_FAILED


async def _asked(portal: Portal, request: RawRequest) -> RawAnswer | None:
    try:
        return await portal.raw(request)
    except PlanAgain as lost:
        failed(
            tr(
                "{lost}; whether the portal did it only a look there can tell, and it was not sent "
                "again",
                lost=lost,
            )
        )
        return None


def _refused(request: RawRequest, answer: RawAnswer) -> ExitCode:
    failed(
        tr(
            "{method} {path} was answered {refusal}",
            method=request.method.upper(),
            path=request.path,
            refusal=answer.refusal,
        )
    )
    return ExitCode.REFUSED if answer.status in _REFUSALS else ExitCode.SOME_FAILED


_REFUSALS = frozenset({401, 423})
"""The key is not accepted, or nothing is written at all: the next request would fare the same."""


def _shown(content: bytes) -> bytes:
    """JSON in lines, anything else as it is."""
    try:
        return orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2)
    except orjson.JSONDecodeError:
        return content


def _write(content: bytes, end: bytes = b"\n") -> None:
    typer.echo(content + end, nl=False)
