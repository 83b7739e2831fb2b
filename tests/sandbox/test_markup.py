"""What strangers wrote, on a page: text, never markup, and nothing that leads astray."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkpub.sandbox import html
from bulkpub.sandbox.answers import Refused
from bulkpub.sandbox.markdown import RELATION, markdown


class Read(HTMLParser):
    """The elements and attributes that a browser would find, and whether all are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "a" or "a" not in self.open
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"br", "hr", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # to a browser, `<hr />` ends nothing

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


LONGEST = 1000

ELEMENTS = {
    *("p", "br", "hr", "em", "strong", "s", "a", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "rel", "title", "class", "role", "aria-label", "tabindex", "start"}
CLASSES = {"wide", "to-left", "to-center", "to-right"}

PIECES = st.sampled_from(
    [
        *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->", "<a href='"),
        *(
            "](javascript:alert(1))",
            "[a](",
            "![b](",
            "https://e.org",
            "data:text/html,x",
            "//e.org",
        ),
        *("<https://e.org>", "<javascript:x>", "&lt;", "&#106;avascript:", "\x00", '"', "'", ")"),
        *("# ", "### ", "\n", "\n\n", "- ", "> ", "`", "```", "    ", "|a|b|\n|-|:-|\n|", "[", "]"),
        *("*", "**", "~~", "\\", "\u202e", "\u200b", "mailto:a@e.org", "é", "[x]: javascript:y\n"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join))
@example("[x](java\nscript:alert(1))")
@example('[x][y]\n\n[y]: <javascript:alert(1)> "\'"')
def test_nothing_but_prose_comes_of_markdown(written: str) -> None:
    read = Read(markdown(written, 3, LONGEST))
    assert set(read.tags) <= ELEMENTS
    assert not {"h1", "h2"} & set(read.tags)
    assert read.open == []
    for name, value in read.attributes:
        assert name in ATTRIBUTES
        if name == "href":
            assert urlsplit(value or "").scheme in {"http", "https", "mailto"}
        if name == "rel":
            assert value == RELATION
        if name == "class":
            assert value in CLASSES or (value or "").startswith("language-")
    assert read.tags.count("a") == sum(name == "rel" for name, _ in read.attributes)


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java&#9;script:alert(1)", "vbscript:x"),
        *("data:text/html,x", "data:image/png;base64,AA", "file:///etc/passwd", "//example.org/x"),
        *("/api/1/", "other.html", "#part", "ftp://example.org/", "http:", "https:///x", "mailto:"),
        *("blob:https://e.org/1", "tel:1", ""),
    ],
)
def test_a_link_to_anywhere_else_is_none(address: str) -> None:
    assert "href" not in markdown(f"[here]({address}) <{address}>", 3, LONGEST)
    assert "href" not in html.link_out(address, "here")


@pytest.mark.parametrize(
    "address", ["https://example.org/a?b=c&d=e", "http://example.org", "mailto:a@example.org"]
)
def test_a_link_to_the_web_or_to_mail_is_followed_by_people_alone(address: str) -> None:
    for page in (markdown(f"[here]({address})", 3, LONGEST), html.link_out(address, "here")):
        assert dict(Read(page).attributes) == {"href": address, "rel": RELATION}


def test_a_picture_is_its_words_and_is_never_loaded() -> None:
    page = markdown(
        '![A "map"](https://example.org/a.png) ![](https://example.org/b.png)', 3, LONGEST
    )
    assert page == "<p><em>[image: A &quot;map&quot;]</em> <em>[image]</em></p>\n"


@pytest.mark.parametrize(
    ("written", "levels"),
    [
        ("# a\n## b\n### c\n# d", "3 4 5 3"),
        ("### a\n# b\n## c", "3 3 4"),
        ("# a\n#### b\n## c\n### d", "3 4 4 5"),
        ("a\n=\nb\n-", "3 4"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", "3 4 5 6 6 6"),
        ("# a\n##\n### \u200b\n#### b", "3 4"),
    ],
)
def test_headings_go_on_from_those_of_the_page(written: str, levels: str) -> None:
    tags = Read(markdown(written, 3, LONGEST)).tags
    assert " ".join(each[1] for each in tags if each[0] == "h") == levels


def test_a_link_within_another_is_none() -> None:
    page = markdown("[a <https://example.org/a> b](https://example.org/b)", 3, LONGEST)
    assert page.count("<a") == page.count("</a>") == 1


def test_what_has_no_words_gets_some_or_is_left_out() -> None:
    assert markdown("[](https://example.org)", 3, LONGEST).count(">https://example.org</a>") == 1
    assert Read(markdown("| |b|\n|-|-|\n|c|d|", 3, LONGEST)).tags.count("th") == 1
    assert markdown("##", 3, LONGEST) == ""


def test_a_very_long_text_is_cut_and_says_so() -> None:
    assert "The text goes on" not in markdown("a" * LONGEST, 3, LONGEST)
    shown = markdown("a" * (LONGEST + 1), 3, LONGEST)
    assert "The text goes on" in shown
    assert len(shown) < LONGEST + 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a <b> & \"c\" 'd'", "<bdi>a &lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;</bdi>"),
        ("a\x00b\x1b[31m", "<bdi>a\ufffdb\ufffd[31m</bdi>"),
        ("\u202egnp.exe", "<bdi>\u202egnp.exe</bdi>"),
        (" \u200b\u2060 ", "Untitled"),
        ("", "Untitled"),
    ],
)
def test_a_title_stays_a_title(value: str, shown: str) -> None:
    assert html.text(value, "Untitled") == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        *((None, "size unknown"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1500, "1.5 kB")),
        *((10**6, "1.0 MB"), (10**9, "1.0 GB"), (5 * 10**12, "5000.0 GB")),
    ],
)
def test_sizes(amount: int | None, shown: str) -> None:
    assert html.size(amount) == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-01-02T03:04:05.000006+00:00", ">2026-01-02 03:04 UTC<"),
        ("2026-01-02T03:04:05", ">2026-01-02 03:04 UTC<"),
        ("2026-01-02T03:04:05+02:00", ">2026-01-02 01:04 UTC<"),
        ("2026-01-02", ">2026-01-02 00:00 UTC<"),
        ('"><script>', "<bdi>&quot;&gt;&lt;script&gt;</bdi>"),
    ],
)
def test_dates(moment: str, shown: str) -> None:
    assert shown in html.date(moment)


@pytest.mark.parametrize("asked", ["0", "4", "-1", "x", "", "²", "1.0", "9" * 5000])
def test_a_page_that_there_is_not_is_not_found(asked: str) -> None:
    with pytest.raises(Refused) as refused:
        html.part({"page": asked}, "page", 75, 25, "Pages")
    assert refused.value.status == 404


def test_every_thing_is_on_one_page_of_a_list() -> None:
    for total in (0, 1, 24, 25, 26, 2000):
        pages = max(1, -(-total // 25))
        parts = [html.part({"page": str(n + 1)}, "page", total, 25, "Pages") for n in range(pages)]
        assert [n for each in parts for n in range(each.start, each.end)] == [*range(total)]
    last = html.part({"page": "3", "q": '"><b>'}, "page", 75, 25, "Pages").leaves
    assert "Page 3 of 3" in last
    assert "Next" not in last
    assert 'href="?page=2&amp;q=%22%3E%3Cb%3E#page"' in last
