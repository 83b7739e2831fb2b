"""Markdown that strangers wrote, as HTML that can do nothing: no markup of theirs, no pictures.

Rule: CommonMark with tables and struck out text, as udata shows it. A link leads to the web or to
a mail address, or is none; a picture is its words; headings continue those of the page, without
gaps; whatever people are to follow has a name that can be read.
"""

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

__all__ = ["RELATION", "is_visible", "leads_out", "markdown"]

RELATION = "nofollow noopener noreferrer"
"""What a link that a publisher wrote is to this page."""

_SCHEMES = frozenset(["http", "https", "mailto"])
_LOWEST_HEADING = 6
_CUT = "<p>The text goes on: the API has all of it.</p>"


def is_visible(text: str) -> bool:
    """Whether there is anything to see in the text."""
    return any(each.isprintable() and not each.isspace() for each in text)


def leads_out(address: str) -> bool:
    """Whether a link may lead there: to the web, or to a mail address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return bool(parts.path)
    return parts.scheme in _SCHEMES and bool(parts.netloc)


class _Reader(MarkdownIt):
    """CommonMark, with links to nowhere but those places."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return leads_out(url)


class _Writer(RendererHTML):
    """HTML without a picture, whose links say what they are."""

    def link_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        tokens[at].attrSet("rel", RELATION)
        return self.renderToken(tokens, at, options, env)

    def image(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        words = self.renderInlineAsText(tokens[at].children, options, env)
        return f"<em>[image: {escape(words)}]</em>" if is_visible(words) else "<em>[image]</em>"

    def table_open(
        self,
        _tokens: Sequence[Token],
        _at: int,
        _options: OptionsDict,
        _env: MutableMapping[str, Any],
    ) -> str:
        # What scrolls must be within reach of a keyboard.
        return '<div class="wide" role="group" aria-label="Table" tabindex="0"><table>\n'

    def table_close(
        self,
        _tokens: Sequence[Token],
        _at: int,
        _options: OptionsDict,
        _env: MutableMapping[str, Any],
    ) -> str:
        return "</table></div>\n"


_reader = _Reader("commonmark", {"html": False}, renderer_cls=_Writer)
_reader.enable(["table", "strikethrough"])


@lru_cache(maxsize=512)
def markdown(text: str, heading: int, longest: int) -> str:
    """The text as HTML; its highest headings are of the level `heading`, 1 to 6.

    More than `longest` characters are cut off: of a text that is meant ill, 100,000 take seconds,
    in which the portal answers nobody.
    """
    cut = len(text) > longest
    tokens = _without_empty(_reader.parse(text[:longest]))
    _put_in_order(tokens, heading)
    shown = _reader.renderer.render(tokens, _reader.options, {})
    return f"{shown}{_CUT}" if cut else shown


def _put_in_order(tokens: list[Token], first: int) -> None:
    """Let a heading be one level below the one it belongs to, whatever level it was given."""
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type in {"heading_open", "heading_close"}:
            token.meta["level"] = min(first + len(above) - 1, _LOWEST_HEADING)
    for token in tokens:
        if "level" in token.meta:
            token.tag = f"h{token.meta['level']}"


def _without_empty(tokens: list[Token]) -> list[Token]:
    """Name links without words; drop headings and heads of columns without any; class styles."""
    kept: list[Token] = []
    for token in tokens:
        if side := token.attrs.pop("style", None):
            # The page's policy lets no style in but its own.
            token.attrSet("class", str(side).replace("text-align:", "to-"))
        if token.type == "inline":
            token.children = _named(token.children or [])
        kept.append(token)
        before = kept[-3:]
        if token.type not in {"heading_close", "th_close"} or _has_words(before):
            continue
        if token.type == "heading_close":
            del kept[-3:]
        else:
            before[0].tag = before[2].tag = "td"
    return kept


def _has_words(tokens: list[Token]) -> bool:
    return any(
        each.type == "image" or is_visible(each.content)
        for token in tokens
        for each in token.children or []
    )


def _named(children: list[Token]) -> list[Token]:
    """The parts of a line, every link with words to follow, none to nowhere or within another."""
    named: list[Token] = []
    opened: list[int] = []
    for child in children:
        if child.type == "link_open":
            opened.append(len(named))
        if child.type == "link_close":
            since = opened.pop()
            # An empty address is none that the reader looks at: it would lead to this page.
            address = str(named[since].attrGet("href") or "")
            if opened or not leads_out(address):
                del named[since]
                continue
            if not any(each.type == "image" or is_visible(each.content) for each in named[since:]):
                named.append(Token("text", "", 0, content=address))
        named.append(child)
    return named
