"""A page is told by how it begins, whatever its name and content type say."""

import codecs

import pytest

from bulkpub.sources.html_page import is_html

XML = '<?xml version="1.0" encoding="utf-8"?>\n'
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml" lang="fr">'


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>", "<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>", "<html>",
        "\n \t<HTML lang=fr>", "<!-- proxy --><!-- 3 -->\n<html>", "<head><title>x</title>",
        "<body bgcolor=white>", "<title>404 Not Found</title>", "<script>location='/'</script>",
        '<meta http-equiv="refresh" content="0">', "<h1>Forbidden</h1>", "<br />error",
        XML + XHTML, XML + "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'>" + XHTML,
        XML + "<!-- page -->" + XHTML, '<x:html xmlns:x="http://www.w3.org/1999/xhtml">',
        "<!-- " + "x" * 5000,
    ],
)  # fmt: skip
def test_pages(text: str) -> None:
    assert is_html(text.encode())
    assert is_html(codecs.BOM_UTF8 + text.encode())
    assert is_html(text.encode("utf-16"))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a;b\n1;2\n", '{"html": "<html>"}', "[]", "id,page\n1,<html>\n", "<", "<>",
        "html", "<htmlx>", "PK\x03\x04", "%PDF-1.7", XML, XML + "<svg xmlns='x'><title/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'>", XML + "<kml>", XML + "<gml:FeatureCollection>",
        XML + "<rss version='2.0'>", XML + "<feed xmlns='http://www.w3.org/2005/Atom'>",
        XML + "<rdf:RDF>", XML + "<table><row/></table>", XML + "<title>Un livre</title>",
        XML + "<link href='x'/>", "<!DOCTYPE gml>", "<!DOCTYPE htmlx>", XML + "<!-- " + "x" * 5000,
        '<x:html xmlns:x="urn:other">',
    ],
)  # fmt: skip
def test_data(text: str) -> None:
    assert not is_html(text.encode())
    assert not is_html(codecs.BOM_UTF8 + text.encode())


def test_bytes_that_are_no_text_are_data() -> None:
    assert not is_html(bytes(range(256)) * 20)
    assert not is_html(codecs.BOM_UTF16_LE + b"\xd8\x00\xd8")
