"""The name of a fetched file, from what the server says or from its address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.sources.file_names import file_name, told_by_address


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="velos.csv"', "velos.csv"),
        ("attachment; filename=velos.csv", "velos.csv"),
        ("ATTACHMENT; FileName=velos.csv", "velos.csv"),
        ("filename=velos.csv", "velos.csv"),
        ("attachment; filename=vélos 2024.csv", "vélos 2024.csv"),
        ("attachment; filename=\"e.csv\"; filename*=UTF-8''%e2%82%ac.csv", "€.csv"),
        ("attachment; filename*=iso-8859-1'fr'%e9t%e9.csv; filename=e.csv", "été.csv"),
        ("attachment; filename*=utf-9''%e9.csv; filename=e.csv", "e.csv"),
        ('attachment; filename="=?UTF-8?B?w6l0w6kuY3N2?="', "été.csv"),
        ('attachment; filename="%C3%A9t%C3%A9.csv"', "été.csv"),
        ('attachment; filename="100%.csv"', "100%.csv"),
        (r'attachment; filename="a\"b.csv"', "a-b.csv"),
        ('attachment; filename="a;b.csv"', "a;b.csv"),
        ('attachment; filename="velos.csv";', "velos.csv"),
        ('attachment; filename="C:\\exports\\velos.csv"', "velos.csv"),
        ('inline; filename=".htaccess"', "htaccess.csv"),
        ('attachment; filename="\u202evsc.exe"', "vsc.exe"),
        ('attachment; filename="velos.php"', "velos.php"),
        ("attachment", "data.csv"),
        ("", "data.csv"),
        ("=;==;;;\"'", "data.csv"),
    ],
)
def test_a_server_names_its_file(disposition: str, name: str) -> None:
    headers = {"Content-Disposition": disposition, "Content-Type": "text/csv; charset=utf-8"}
    assert file_name("https://a.example/data", headers) == name


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("https://a.example/d/velos.csv?x=y.z#w", "text/html", "velos.csv"),
        ("https://a.example/v%C3%A9los%202024.csv", "", "vélos 2024.csv"),
        ("https://a.example/%e9t%e9.csv", "", "été.csv"),
        ("https://a.example/velos.csv/", "", "velos.csv"),
        ("https://a.example/a/%2e%2e%2fb%5cc.csv", "", "c.csv"),
        ("https://a.example/velos", "application/geo+json", "velos.geojson"),
        ("https://a.example/velos", "Application/JSON; charset=utf-8", "velos.json"),
        ("https://a.example/velos", "application/vnd.apache.parquet", "velos.parquet"),
        ("https://a.example/velos", "image/png", "velos.png"),
        ("https://a.example/velos", "application/octet-stream", "velos"),
        ("https://a.example/velos", "text/html", "velos"),
        ("https://a.example/velos", "nonsense", "velos"),
        ("https://a.example/stock.2024", "text/csv", "stock.2024.csv"),
        ("https://a.example/export.php", "text/csv", "export.csv"),
        ("https://a.example/export.php", "application/octet-stream", "export.php"),
        ("https://a.example/velos.csv.gz", "text/csv", "velos.csv.gz"),
        ("https://a.example/a.7z", "application/zip", "a.7z"),
        ("https://a.example", "text/csv", "file.csv"),
        ("https://a.example/..", "text/csv", "file.csv"),
        ("https://a.example/%00%0a", "", "file"),
        ("http://[::1", "", "file"),
        ("https://a.example/" + "é" * 300 + ".csv", "", "é" * 98 + ".csv"),
    ],
)
def test_an_address_names_its_file(url: str, kind: str, name: str) -> None:
    assert file_name(url, {"Content-Type": kind}) == name


@pytest.mark.parametrize(
    ("final", "name"),
    [
        ("https://storage.example/blobs/71a3", "velos.csv"),
        ("https://storage.example/blobs/v2.csv", "v2.csv"),
        ("https://storage.example/", "velos.csv"),
    ],
)
def test_after_a_redirect_the_name_that_says_more_is_taken(final: str, name: str) -> None:
    assert file_name(final, {}, "https://a.example/velos.csv") == name


@given(st.text(), st.text(), st.text())
def test_whatever_is_said_the_name_is_one_plain_file_name(
    disposition: str, path: str, kind: str
) -> None:
    headers = {"Content-Disposition": f"attachment; filename={disposition}", "Content-Type": kind}
    name = file_name(f"https://a.example/{path}", headers)
    assert name
    assert not set(name) & set("/\\\0")
    assert name.isprintable()
    assert not name.startswith(".")
    assert len(name.encode()) <= 255


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/d/carte.pmtiles", "carte.pmtiles"),
        ("HTTPS://a.example/d/carte.pmtiles/#x", "carte.pmtiles"),
        ("https://a.example/%C3%A9t%C3%A9.exe", "été.exe"),
        ("https://a.example/page.html?lang=fr", "page.html"),
        ("https://a.example/velos.csv?token=x", "velos.csv"),
        ("https://a.example/carte.pmtiles?x=1", "carte.pmtiles"),
        ("https://a.example/download.action?id=1", ""),
        ("https://a.example/download.action", ""),
        ("https://a.example/ressource.v2", ""),
        ("https://a.example/carte.csv.gz", "carte.csv.gz"),
        ("https://a.example/export.php", ""),
        ("https://a.example/export.do", ""),
        ("https://a.example/stock.2024", ""),
        ("https://a.example/velos", ""),
        ("https://a.example/", ""),
        ("https://a.example", ""),
        ("https://carte.pmtiles", ""),
        ("https://[a/b.exe", ""),
        ("ftp://u:p@a.example/d/carte.pmtiles", "carte.pmtiles"),
        ("ftp://a.example/LISEZMOI", "LISEZMOI"),
        ("sftp://a.example/d/%C3%A9t%C3%A9.exe", "été.exe"),
        ("s3://bucket/d/carte%20a.pmtiles", "carte%20a.pmtiles"),
        ("gs://bucket/a?b.exe", "a-b.exe"),
        ("az://bucket/d/carte.pmtiles", "carte.pmtiles"),
        ("zip://d/carte.pmtiles::https://a.example/all.zip", "carte.pmtiles"),
        ("zip://a.csv::https://a.example/all.pmtiles", "a.csv"),
        ("carte.pmtiles", ""),
        ("", ""),
    ],
)
def test_an_address_tells_the_name_or_nothing(url: str, name: str) -> None:
    assert told_by_address(url) == name


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_an_address_tells_is_what_a_server_that_says_nothing_gives(
    part: str, query: str
) -> None:
    url = f"https://a.example/{part}?{query}"
    assert told_by_address(url) in {"", file_name(url, {})}
