"""Descriptions written in HTML → the Markdown that portals show.

Pure. Kept are paragraphs, headings, lists, links, bold and italic; scripts and styles go, and of
everything else the text stays. What is no HTML comes out as it went in.
"""

import re
from html.parser import HTMLParser

__all__ = ["markdown"]

_TAG = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|a|b|i|em|strong|h[1-6]|table|tr|td|font|u|blockquote)\b[^<>]*>",
    re.IGNORECASE,
)
_DEEPEST = 6
"""Levels of lists that are still indented one more."""
_STRAY = re.compile(r"<(?![/a-zA-Z][^<>]*>)")
"""What opens no tag is text; the parser would look for the tag's end again and again."""
_BLOCKS = frozenset(
    """
    p div table tr blockquote section article header footer dl dt dd
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_SILENT = frozenset({"script", "style"})
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*"}


def markdown(text: str) -> str:
    """The text as Markdown, if it is HTML; else as it is."""
    if not _TAG.search(text):
        return text
    writer = _Writer()
    writer.feed(_STRAY.sub("&lt;", _without_comments(text)))
    writer.close()
    return writer.text()


def _without_comments(text: str) -> str:
    before, *after = text.split("<!--")
    return before + "".join(each.partition("-->")[2] for each in after)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0
        self._lists: list[int] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag in {"ul", "ol"}:
            self._parts.append("\n" if self._lists else "\n\n")
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._parts.append(f"\n{'  ' * min(len(self._lists) - 1, _DEEPEST)}{self._bullet()} ")
        elif re.fullmatch("h[1-6]", tag):
            self._parts.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._parts)))
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _MARKS:
            self._parts.append(_MARKS[tag])

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] < 0:
            return "-"
        self._lists[-1] += 1
        return f"{self._lists[-1]}."

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in {"ul", "ol"}:
            if self._lists:
                self._lists.pop()
            self._parts.append("\n" if self._lists else "\n\n")
        elif tag in _BLOCKS or re.fullmatch("h[1-6]", tag):
            self._parts.append("\n\n")
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _MARKS:
            self._parts.append(_MARKS[tag])

    def _end_link(self, address: str, start: int) -> None:
        shown = " ".join("".join(self._parts[start:]).split())
        if not shown or not re.match(r"(?:https?|ftp|mailto):", address, re.IGNORECASE):
            return
        link = shown if shown == address else f"[{shown}]({address})"
        self._parts[start:] = [link]

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        """What was written, without marks around nothing and with one empty line at most."""
        text = "".join(self._parts).replace("\xa0", " ")
        text = re.sub(r"(?<![*\w])(\*{1,2})\s*\1(?![*\w])", "", text)
        text = re.sub(r"[ \t]+\n|\n[ \t]+(?![-\d])", "\n", text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()
