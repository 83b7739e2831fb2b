"""What a catalogue lists is a file, an API or a page: told by its format and its address.

Pure. The rule: only what is known to be a file is fetched and hosted; what may just as well be a
page stays a link. An address that asks a map server for data in a file format is a file.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from bulkpub.harvest.entries.entry import Offer

__all__ = ["API", "FILE", "PAGE", "UNSURE", "nature", "short_format", "short_mime"]

FILE, API, PAGE, UNSURE = "file", "api", "page", "unsure"

_FILES = frozenset(
    """
    7z asc bz2 csv dbf doc docx dwg dxf ecw epub feather geojson geojsonl geopackage gif
    gml gpkg gpx grib grib2 gtfs gtfs-rt gz ics ifc jp2 jpeg jpg json json-ld jsonl jsonld
    kml kmz las laz mdb mbtiles mif n3 nc ndjson netcdf netex nt odp ods odt osm parquet
    pbf pdf png pps ppt pptx prj qgs rar rdf rss rtf sav sdmx shp shp.zip siri sql sqlite
    svg tab tar tar.gz tbx tgz tif tiff tmx topojson tsv ttl txt webp xls xlsb xlsm xlsx
    xml xsd xz yaml yml zip
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_APIS = frozenset(
    """
    api arcgis atom-inspire csw esri-rest graphql odata ogcapi ogc-api-features openapi
    rest soap sos sparql tms wcs wfs wms wmts wps wsdl
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_PAGES = frozenset(
    """
    html htm xhtml php asp aspx jsp page webpage website viewer map app
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_NAMES = (
    (r".*\b(?:web ?page|page web|site (?:web|internet)|web ?site)", "html"),
    (r"html?|xhtml|lien|link|url", "html"),
    (r"www link.*|arcgis hub dataset|visionneuse.*|viewer.*|web ?map(?: application)?", "html"),
    (r"carte interactive|application web|web app\w*", "html"),
    (r"(?:esri |arcgis )?(?:geo ?services? )?(?:rest|arcgis.*rest.*|esri.*rest.*)", "arcgis"),
    (r"(?:esri |arcgis )?(?:geo ?services? )?rest (?:api|service)", "arcgis"),
    (r"(?:feature|map) ?server|arcgis rest", "arcgis"),
    (r"ogc ?(?:api)?\W*features.*|oapif|ogcfeat", "ogc-api-features"),
    (r"ogc ?api.*|oapi", "ogcapi"),
    (r"(?:ogc )?(wms|wfs|wmts|wcs|wps|csw|sos|tms)(?:[ _-](?:srvc|service|server|.*))?", r"\1"),
    (r"api(?: rest| json| web)?|rest(?:ful)? api|web ?service|service web|api.*", "api"),
    (r"(?:ms |microsoft )?excel|(?:vnd )?ms excel|tableur", "xls"),
    (r"(?:ms |microsoft )?excel.*(?:xlsx|open ?xml).*|.*spreadsheetml.*", "xlsx"),
    (r"(?:comma separated (?:values?|variables?)|csv .*|.*\bcsv)", "csv"),
    (r"tab separated values?|tab separated", "tsv"),
    (r"(?:esri )?(?:shape ?file|shape|shp).*", "shp"),
    (r"geo ?json.*|vnd geo json", "geojson"),
    (r"geo ?package.*|geopackage sqlite3?|gpkg sqlite3?", "gpkg"),
    (r"(?:vnd )?google earth kml xml|kml.*", "kml"),
    (r"(?:vnd )?google earth kmz|kmz.*", "kmz"),
    (r"(?:vnd )?oasis opendocument spreadsheet", "ods"),
    (r"(?:vnd )?oasis opendocument text", "odt"),
    (r"wordprocessingml.*|.*wordprocessingml.*|word", "docx"),
    (r"msword", "doc"),
    (r"plain|text|texte", "txt"),
    (r"json ld|ld json", "jsonld"),
    (r"rdf(?: xml)?", "rdf"),
    (r"turtle", "ttl"),
    (r"x?-?gzip", "gz"),
    (r"x (?:7z|tar|rar|zip) ?(?:compressed)?|zip compressed|x zip compressed|(?:.* )?zip", "zip"),
    (r"gml xml|gml.*", "gml"),
    (r"sparql.*", "sparql"),
    (r"soap xml|soap.*", "soap"),
    (r"tiff?|geo ?tiff?.*", "tiff"),
)  # fmt: skip # a table reads best as one
_PATTERNS = tuple((re.compile(pattern), short) for pattern, short in _NAMES)
_MEDIA_TYPE = re.compile(
    r"(application|audio|font|image|model|multipart|text|video)/([\w.+-]+)", re.IGNORECASE
)
_REGISTER = re.compile(
    r"(?:authority/file-type|media-?types?(?:/(?:application|text|image))?|mimetype)[/#]([^/#?]+)$",
    re.IGNORECASE,
)
_SERVICES = re.compile(
    r"opengis\.net/(?:def/servicetype|spec|is)/(?:ogc/)?(?:wms|wfs|wmts|wcs|csw|wps|ogcapi)"
    r"|(?:^|\W)ogc:(?:wms|wfs|wmts|wcs|csw|wps|ogcapi|ogc-api)"
    r"|sparql-(?:1\d-)?(?:protocol|service)|soap|openapi|odata",
    re.IGNORECASE,
)
_SERVER_PATH = re.compile(
    r"/(?:feature|map|image|wms|wfs)server(?:/\d+)?/?$"
    r"|/(?:wms|wfs|wmts|wcs|csw|ows|sparql|graphql|odata)/?$|/swagger|/openapi(?:\.json)?$",
    re.IGNORECASE,
)
_DATA_REQUESTS = {"getfeature", "getcoverage"}
_TEXTUAL = ("application/octet-stream", "binary/octet-stream", "application/x-unknown")


def short_format(said: str) -> str:
    """A format in one lower-case word (`csv`, `wms`, `html`); empty when none is told.

    Read are words, extensions, media types and addresses in the registers of the EU and IANA.
    """
    said = said.strip()
    if found := _REGISTER.search(said):
        said = unquote(found[1]).replace("_", "-")
    elif re.match(r"https?://", said, re.IGNORECASE):
        return ""
    if found := _MEDIA_TYPE.search(said):
        if found[0].lower() in _TEXTUAL:
            return ""
        said = found[2]
    word = said.lower().strip(" .*\t\n")
    if word in _FILES | _APIS | _PAGES:
        return {"htm": "html", "xhtml": "html", "jpeg": "jpg", "tif": "tiff"}.get(word, word)
    plain = " ".join(re.findall(r"[a-z0-9]+", word))
    for pattern, short in _PATTERNS:
        if found := pattern.fullmatch(plain):
            return found.expand(short)
    return word if re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,19}", word) else ""


def short_mime(said: str) -> str:
    """The media type in it, in lower case and without parameters; empty when there is none."""
    found = _MEDIA_TYPE.search(said)
    return found[0].lower() if found else ""


def nature(offer: Offer) -> str:
    """Whether an offer is a FILE, an API or a PAGE; UNSURE when nothing tells."""
    if offer.declared in (FILE, API, PAGE):
        return offer.declared
    return _asked_of_server(offer.url) or _by_words(offer) or _by_address(offer.url)


def _asked_of_server(url: str) -> str:
    """What a request to a map server asks for."""
    query = {name.lower(): value.lower() for name, value in parse_qsl(_split(url)[1])}
    if query.get("service") in _APIS or "wsdl" in query:
        return FILE if query.get("request") in _DATA_REQUESTS else API
    return ""


def _by_words(offer: Offer) -> str:
    spoken = " ".join((*offer.protocols, *offer.conforms_to))
    if _SERVICES.search(spoken):
        return API
    for told in (offer.format, offer.mime):
        word = short_format(told)
        if word in _APIS:
            return API
        if word in _PAGES:
            return PAGE
        if word in _FILES:
            return API if _SERVER_PATH.search(_split(offer.url)[0]) else FILE
    return ""


def _by_address(url: str) -> str:
    path = _split(url)[0]
    if _SERVER_PATH.search(path):
        return API
    name = unquote(path).rpartition("/")[2].lower()
    extension = name.rpartition(".")[2] if "." in name else ""
    if extension in _PAGES:
        return PAGE
    return FILE if extension in _FILES else UNSURE


def _split(url: str) -> tuple[str, str]:
    """Path and query; both empty where the address cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.path, parts.query
