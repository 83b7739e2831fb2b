"""Whether the site that `make docs` made has all that it shows.

python tests/docs/site_check.py .site
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["faults_of"]

LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
MARKUP = re.compile(r"```|^\s*[-*] |^\s*\|.*\|\s*$|\]\([^)]+\)", re.MULTILINE)


class _Page(HTMLParser):
    """What a page loads from elsewhere, and Markdown that is shown as it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._text: list[str] | None = None
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get(LOADED.get(tag, "")) or ""
        # What is the same page elsewhere is only named, not loaded.
        if re.match(r"(https?:)?//", address) and given.get("rel") not in {
            "canonical",
            "alternate",
        }:
            self.faults.append(f"loads {address}")
        self._code += tag in {"code", "pre", "script", "style"}
        if tag == "p":
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre", "script", "style"}
        if tag == "p" and self._text is not None:
            text = "".join(self._text)
            if MARKUP.search(text):
                self.faults.append(f"shows Markdown as it was written: {text[:80]!r}")
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append("" if self._code else data)


def faults_of(html: str) -> list[str]:
    """What is wrong with a page."""
    page = _Page()
    page.feed(html)
    return page.faults


def main(site: Path) -> int:
    """Say what is wrong with the pages of `site`; how many faults there are."""
    pages = sorted(site.rglob("*.html"))
    found = [
        f"{page.relative_to(site)}: {fault}"
        for page in pages
        for fault in faults_of(page.read_text(encoding="utf-8"))
    ]
    sys.stdout.write("\n".join([*found, f"{len(pages)} pages in {site}, {len(found)} faults."]))
    sys.stdout.write("\n")
    return len(found) if pages else 1


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
