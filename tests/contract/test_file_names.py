"""What becomes of a file's name: the title, the stored name, format and mime."""

from typing import Any

import pytest

from bulkpub.portals.udata.names import file_slug

NAMES = {
    "Mon Fichier_Été 2024.CSV": "mon-fichier-ete-2024.csv",
    "a/b/c.csv": "a-b-c.csv",
    "日本.csv": "ri-ben-.csv",
    "l'été.csv": "lete.csv",
    "100%.csv": "100-.csv",
    '"q".csv': "q-.csv",
    "x..csv": "x..csv",
    "a.b.csv": "a.b.csv",
    "x.csv ": "x.csv",
    " x.csv": "x.csv",
    "__x__y.csv": "x-y.csv",
    "x (1).csv": "x-1-.csv",
    "x+y&z=1.csv": "x-y-z-1.csv",
    "Straße ÆØ €.csv": "strasse-aeo-eur.csv",
    ".hidden.csv": ".hidden.csv",
    "-x-.csv": "x-.csv",
    "x\\y.csv": "x-y.csv",
    "emoji 🎉.csv": "emoji-.csv",
    "données.tar.gz": "donnees.tar.gz",
    "n° 5.json": "ndeg-5.json",
    "tab\tname.csv": "tab-name.csv",
    "x;y,z.csv": "x-y-z.csv",
}


@pytest.mark.parametrize(("name", "stored"), NAMES.items())
async def test_a_file_name_is_slugified_and_becomes_the_title(
    portal: Any, name: str, stored: str
) -> None:
    resource = await portal.upload(await portal.create(), name)
    assert resource["title"] == stored
    assert resource["url"].rsplit("/", 1)[-1] == stored
    assert file_slug(name) == stored


FORMATS = {
    "x.csv": ("csv", "text/csv"),
    "x.CSV": ("csv", "text/csv"),
    "x.csv.gz": ("csv.gz", "application/gzip"),
    "x.tar.gz": ("tar.gz", "application/gzip"),
    "x.2022.csv.tar.gz": ("csv.tar.gz", "application/gzip"),
    "x.shp.zip": ("shp.zip", "application/zip"),
    "x.2022.zip": ("zip", "application/zip"),
    "x.geojson": ("geojson", "application/geo+json"),
    "x.pdf": ("pdf", "application/pdf"),
    "x.json": ("json", "application/json"),
    "x.doc.bz2": ("doc.bz2", "application/x-bzip2"),
    "x.txt": ("txt", "text/plain"),
    "x.xml": ("xml", "application/xml"),
    "x.ods": ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    "x.7z": ("7z", "application/x-7z-compressed"),
    "x.dbf": ("dbf", "application/vnd.dbf"),
    "x.gpx": ("gpx", "application/octet-stream"),
    "x.yaml": ("yaml", "application/octet-stream"),
    "x.xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@pytest.mark.parametrize(("name", "format_and_mime"), FORMATS.items())
async def test_format_and_mime_come_from_the_extension(
    portal: Any, name: str, format_and_mime: tuple[str, str]
) -> None:
    resource = await portal.upload(await portal.create(), name)
    assert (resource["format"], resource["mime"]) == format_and_mime


RAW_NAMES = {
    b'filename="a%22b.csv"': "a-b.csv",
    b'filename="a\\"b.csv"': "a-b.csv",
    b'filename="%C3%A9t%C3%A9.csv"': "c3-a9t-c3-a9.csv",
    b"filename*=UTF-8''%C3%A9t%C3%A9.csv": "ete.csv",
    b'filename="C:\\\\dir\\\\x.csv"': "c-dir-x.csv",
    b"filename=plain.csv": "plain.csv",
    b'filename="a;b.csv"': "a-b.csv",
    b'filename="a%20b.csv"': "a-20b.csv",
}


@pytest.mark.parametrize("header", RAW_NAMES)
async def test_quoting_of_a_file_name_decides_how_it_is_stored(portal: Any, header: bytes) -> None:
    dataset = await portal.create()
    data = b"".join(
        [
            b'--b\r\nContent-Disposition: form-data; name="file"; ',
            header,
            b"\r\n\r\n1\r\n--b--\r\n",
        ]
    )
    answer = await portal.call(
        "POST",
        f"/datasets/{dataset['id']}/upload/",
        data=data,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        expect=201,
    )
    assert answer.body["title"] == RAW_NAMES[header]
