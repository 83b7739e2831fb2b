"""Descriptions in HTML → Markdown."""

import pytest

from bulkpub.harvest.words.markup import markdown


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a < b & c > d", "a < b & c > d"),
        ("**déjà** du Markdown", "**déjà** du Markdown"),
        ("<p>un</p><p>deux</p>", "un\n\ndeux"),
        ("un<br>deux", "un\ndeux"),
        ("<p>le <b>gras</b></p>", "le **gras**"),
        ("<ul><li>un</li><li>deux</li></ul>", "- un\n- deux"),
        ("<ol><li>un</li><li>deux</li></ol>", "1. un\n2. deux"),
        ('<a href="https://a.example/">ici</a>', "[ici](https://a.example/)"),
        ('<a href="javascript:alert(1)">ici</a>', "ici"),
        ("<p>a</p><script>alert(1)</script>", "a"),
        ("<p>caf&eacute;&nbsp;noir</p>", "café noir"),
        ("</div></ul></a><b>x", "**x"),
        ("<p>a<!-- b <i>c</i> --> d</p>", "a d"),
        ("<p>si 1 < 2 et 3 <4</p>", "si 1 < 2 et 3 <4"),
        ("<p>fin <a href=", "fin <a href="),
    ],
)
def test_html_becomes_markdown(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["<p ", "<!--", "<![", "</", "<?", "<a href='", "&#", "<", "<ul><li>"]
)
def test_a_text_that_is_made_to_hold_up_is_read_at_once(piece: str) -> None:
    assert markdown("<p>" + piece * 20_000) is not None
