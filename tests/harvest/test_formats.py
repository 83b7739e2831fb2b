"""Formats as catalogues write them, and what is a file, an API or a page."""

import pytest

from bulkpub.harvest.offers import API, FILE, PAGE, UNSURE, Offer, nature
from bulkpub.harvest.words.formats import short_format, short_mime

FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
IANA = "https://www.iana.org/assignments/media-types/"


@pytest.mark.parametrize(
    ("said", "short"),
    [
        ("CSV", "csv"),
        (".csv", "csv"),
        ("text/csv; charset=utf-8", "csv"),
        (FILE_TYPE + "CSV", "csv"),
        (FILE_TYPE + "GEOJSON", "geojson"),
        (IANA + "text/csv", "csv"),
        ("application/vnd.ms-excel", "xls"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        ("Excel", "xls"),
        ("Shapefile (zip)", "shp"),
        ("application/vnd.geo+json", "geojson"),
        ("OGC:WMS", "wms"),
        ("OGC:WFS-1.0.0-http-get-capabilities", "wfs"),
        ("Web Page", "html"),
        ("text/html", "html"),
        ("ArcGIS GeoServices REST API", "arcgis"),
        ("application/octet-stream", ""),
        ("https://example.org/whatever", ""),
        ("https://cat.example.org/d/ftype/JSON", "json"),
        ("https://w3id.org/mediatype/text/csv", "csv"),
        ("http://inspire.ec.europa.eu/media-types/application/vnd.shp", "shp"),
        ("http://www.digitpreservation.example/formats#GeoJSON", "geojson"),
        ("http://registre.example.org/formats/ESRI_Shapefile/", "shp"),
        ("https://example.org/convert?format=xlsx", "xlsx"),
        ("urn:format:CSV", "csv"),
        ("ftype/CSV", "csv"),
        ("N/A", ""),
        ("http://www.opengis.net/def/format/netcdf", "netcdf"),
        ("http://www.opengis.net/def/interface/ogcapi-features", "ogc-api-features"),
        ("http://inspire.ec.europa.eu/media-types/application/x-shapefile", "shp"),
        ("https://www.w3.org/ns/formats/Turtle", "ttl"),
        (FILE_TYPE + "RDF_TURTLE", "ttl"),
        (FILE_TYPE + "RDF_N_TRIPLES", "nt"),
        (FILE_TYPE + "TAR_GZ", "tar.gz"),
        (FILE_TYPE + "MSACCESS", "mdb"),
        (FILE_TYPE + "GRID_ASCII", "asc"),
        (FILE_TYPE + "JPEG2000", "jp2"),
        (FILE_TYPE + "GDB", "gdb"),
        (FILE_TYPE + "HTML_SIMPL", "html"),
        (FILE_TYPE + "WFS_SRVC", "wfs"),
        ("ftype:JSON", "json"),
        ("https://example.org/data.csv", ""),
        ("https://example.org", ""),
        ("", ""),
    ],
)
def test_a_format_is_one_short_word(said: str, short: str) -> None:
    assert short_format(said) == short


def test_a_media_type_goes_without_parameters() -> None:
    assert short_mime("Text/CSV; charset=utf-8") == "text/csv"
    assert short_mime(IANA + "text/csv") == "text/csv"
    assert short_mime("xlsx") == ""


SITE = "https://example.org/"


@pytest.mark.parametrize(
    ("offer", "kind"),
    [
        (Offer(url=SITE + "a.csv"), FILE),
        (Offer(url=SITE + "get?id=1", format="CSV"), FILE),
        (Offer(url=SITE + "get?id=1", mime="application/json"), FILE),
        (Offer(url=SITE + "get?id=1"), UNSURE),
        (Offer(url=SITE), UNSURE),
        (Offer(url=SITE + "get?id=1", declared="file"), FILE),
        (Offer(url=SITE + "index.html"), PAGE),
        (Offer(url=SITE + "x", format="HTML"), PAGE),
        (Offer(url=SITE + "x", format="Visionneuse cartographique"), PAGE),
        (Offer(url=SITE + "x", format="WMS"), API),
        (Offer(url=SITE + "x", format="SIRI"), API),
        (Offer(url=SITE + "x", protocols=("http://www.opengis.net/def/serviceType/ogc/wfs",)), API),
        (Offer(url=SITE + "x", format="XML", protocols=("OGC:WFS",)), API),
        (Offer(url=SITE + "ows?SERVICE=WMS&REQUEST=GetCapabilities"), API),
        (Offer(url=SITE + "service?wsdl=1"), API),
        (Offer(url=SITE + "ows?service=WFS&request=GetFeature&outputFormat=csv"), FILE),
        (Offer(url=SITE + "rest/services/x/FeatureServer/5", mime="application/json"), API),
        (Offer(url="https://[broken", format=""), UNSURE),
    ],
)
def test_files_apis_and_pages_are_told_apart(offer: Offer, kind: str) -> None:
    assert nature(offer) == kind
