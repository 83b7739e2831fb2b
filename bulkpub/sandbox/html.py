"""What the pages for people are made of: a document, texts, links, dates, a search, pages of lists.

Rule: whatever somebody wrote goes through `text`, which makes it text and nothing else; a link
that a publisher gave is one only when it leads to the web. A page asks for nothing, runs nothing
and is framed by nobody: its policy says so to the browser.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from bulkpub.sandbox.answers import not_found
from bulkpub.sandbox.markdown import RELATION, is_visible, leads_out

__all__ = [
    "Part", "copied", "count", "date", "document", "facts", "link", "link_out", "part",
    "refusal_page", "search_form", "size", "text", "wants_page",
]  # fmt: skip

_STYLE = files("bulkpub.sandbox").joinpath("page.css").read_text(encoding="utf-8")
_POLICY = (
    "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}
_KILO = 1000
_UNITS = ("B", "kB", "MB", "GB")
_LONGEST_PAGE_NUMBER = 9
_SITE = "bulkpub sandbox"
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _shown(value: str) -> str:
    return "".join(each if each >= " " or each in "\n\t" else "\ufffd" for each in value)


def text(value: str, otherwise: str = "") -> str:
    """The value as text that stays within its bounds; `otherwise` when there is none to see."""
    clean = _shown(value)
    # A title that runs from right to left must not turn what stands beside it.
    return f"<bdi>{escape(clean)}</bdi>" if is_visible(clean) else escape(otherwise)


def link(path: str, inner: str, name: str = "") -> str:
    """A link within the portal; `inner` is HTML, `name` what is read out instead of it."""
    named = f' aria-label="{escape(_shown(name))}"' if name else ""
    return f'<a href="{escape(path)}"{named}>{inner}</a>'


def link_out(address: str, inner: str) -> str:
    """A link to an address that somebody gave, if it leads to the web or to a mail address."""
    if not leads_out(address):
        return inner
    return f'<a href="{escape(address)}" rel="{RELATION}">{inner}</a>'


def copied(value: str) -> str:
    """Something to copy: one click takes all of it."""
    return f"<code>{escape(_shown(value))}</code>"


def date(moment: str) -> str:
    """A moment as the records have it, to the minute."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return text(moment, "—")
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f'<time datetime="{escape(moment)}">{at:%Y-%m-%d %H:%M} UTC</time>'


def size(amount: float | None) -> str:
    """A size in bytes, in the unit that suits it."""
    if amount is None:
        return "size unknown"
    if amount < _KILO:
        return f"{int(amount)} B"
    power = next((each for each in (1, 2) if amount < _KILO ** (each + 1)), 3)
    return f"{amount / _KILO**power:.1f} {_UNITS[power]}"


def count(number: int, noun: str) -> str:
    """So many of them."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """What is known of something: names, and values as HTML; those without are left out."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in pairs if value
    )
    return f"<dl>{rows}</dl>" if rows else ""


def search_form(label: str, wanted: str) -> str:
    """The field to search the list of this page with."""
    return (
        f'<form role="search"><label for="q">{escape(label)}</label>'
        f'<input type="search" id="q" name="q" value="{escape(wanted)}" maxlength="200">'
        "<button>Search</button></form>"
    )


class Part(NamedTuple):
    """A page of a list: where it begins and ends, and HTML to leaf through all of it."""

    start: int
    end: int
    leaves: str


def part(query: Mapping[str, str], name: str, total: int, length: int, label: str) -> Part:
    """The page of `length` of `total` things that the `query` asks for under that `name`.

    `name` is the id of the element that has the list, too; `label` says what is leafed through.

    :raises Refused: 404 when there is none of that number.
    """
    asked = query.get(name, "1")
    pages = max(1, -(-total // length))
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_PAGE_NUMBER
    number = int(asked) if is_number else 0
    if not 1 <= number <= pages:
        raise not_found()
    start = (number - 1) * length
    end = min(start + length, total)
    if pages == 1:
        return Part(start, end, "")

    def to(page: int, words: str, relation: str = "") -> str:
        if not 1 <= page <= pages or page == number:
            return ""
        address = f"?{urlencode({**query, name: page})}#{name}"
        return f'<li><a href="{escape(address)}"{relation}>{words}</a></li>'

    leaves = (
        f'<nav aria-label="{escape(label)}"><ul>{to(1, "First")}'
        f"{to(number - 1, 'Previous', ' rel=prev')}<li>Page {number:,} of {pages:,}</li>"
        f"{to(number + 1, 'Next', ' rel=next')}{to(pages, 'Last')}</ul></nav>"
    )
    return Part(start, end, leaves)


def document(title: str, body: str, status: int = 200) -> web.Response:
    """A page of this title, which is text; `body` is HTML."""
    name = _TURNING.sub("", _shown(title)) if is_visible(title) else "Untitled"
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(name)} · {_SITE}</title>'
        f"<style>{_STYLE}</style></head>"
        '<body><a class="skip" href="#content">Skip to the content</a>'
        f'<header><a href="/">{_SITE}</a>'
        "<span>an embedded portal, for trying things out</span></header>"
        f'<main id="content" tabindex="-1">{body}</main></body></html>'
    )
    return web.Response(text=page, status=status, content_type="text/html", headers=_HEADERS)


_REFUSALS = {
    404: ("Not found", "There is nothing at this address, or nothing that everybody may see."),
    410: ("Deleted", "What was at this address has been deleted."),
    500: ("This went wrong", "The sandbox could not make this page; its log says why."),
}


def refusal_page(status: int) -> web.Response:
    """What somebody with a browser reads instead of the page there is not."""
    title, sentence = _REFUSALS.get(status, (f"Refused ({status})", "This cannot be done here."))
    home = link("/", "See all datasets")
    return document(title, f"<h1>{title}</h1><p>{sentence}</p><p>{home}</p>", status)


def wants_page(request: web.Request) -> bool:
    """Whether a person with a browser asks, for something that is none of the API's."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
