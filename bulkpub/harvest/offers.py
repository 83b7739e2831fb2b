"""Something that a catalogue lists under a dataset, and whether it is a file, an API or a page.

Pure. What the catalogue declares counts first, then what is asked of a server, then formats and
protocols, then the address. What asks a map server for data in a file format is a file.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from bulkpub.data import formats
from bulkpub.harvest.words.access import Said
from bulkpub.harvest.words.formats import short_format

__all__ = ["API", "FILE", "PAGE", "UNSURE", "Offer", "nature", "sayings"]

FILE, API, PAGE, UNSURE = "file", "api", "page", "unsure"
_LAYER = re.compile(r"(?:layers?|typenames?|coverage(?:id)?)$", re.IGNORECASE)
"""Parameters that name what of a map server is meant."""
_SERVICES = re.compile(
    r"opengis\.net/(?:def/servicetype|spec|is)/(?:ogc/)?(?:wms|wfs|wmts|wcs|csw|wps|ogcapi)"
    r"|(?:^|\W)ogc:(?:wms|wfs|wmts|wcs|csw|wps|ogcapi|ogc-api)"
    r"|sparql-(?:1\d-)?(?:protocol|service)|soap|openapi|odata",
    re.IGNORECASE,
)
"""Names and addresses of what a service speaks."""
_SERVER_PATH = re.compile(
    r"/(?:feature|map|image|wms|wfs)server(?:/\d+)?/?$"
    r"|/(?:wms|wfs|wmts|wcs|csw|ows|sparql|graphql|odata)/?$|/swagger|/openapi(?:\.json)?$",
    re.IGNORECASE,
)
_DATA_REQUESTS = {"getfeature", "getcoverage"}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a catalogue lists under a dataset: a file, an API, a page.

    `id` is the catalogue's own, if it has one. `url` is whole or empty. `declared` is what
    the catalogue says it is: `file`, `api`, `page` or nothing; `type` one of the portal's types
    of resources. `protocols` are names or addresses of what an API speaks, `conforms_to` is the
    schema of the content. `size` is in bytes. `access` is what is said of who has access.
    """

    id: str = ""
    url: str = ""
    title: str = ""
    description: str = ""
    format: str = ""
    mime: str = ""
    declared: str = ""
    type: str = ""
    protocols: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    size: int | None = None
    modified: str = ""
    access: tuple[Said, ...] = ()


def nature(offer: Offer) -> str:
    """Whether an offer is a FILE, an API or a PAGE; UNSURE when nothing says."""
    if offer.declared in (FILE, API, PAGE):
        return offer.declared
    return _asked_of_server(offer.url) or _by_words(offer) or _by_address(offer.url)


def _asked_of_server(url: str) -> str:
    """What a request to a map server asks for."""
    query = {name.lower(): value.lower() for name, value in parse_qsl(_split(url)[1])}
    if query.get("service") in formats().services or "wsdl" in query:
        return FILE if query.get("request") in _DATA_REQUESTS else API
    return ""


def _by_words(offer: Offer) -> str:
    spoken = " ".join((*offer.protocols, *offer.conforms_to))
    if _SERVICES.search(spoken):
        return API
    for said in (offer.format, offer.mime):
        word = short_format(said)
        if word in formats().services:
            return API
        if word in formats().pages:
            return PAGE
        if word in formats().files:
            return API if _SERVER_PATH.search(_split(offer.url)[0]) else FILE
    return ""


def _by_address(url: str) -> str:
    path = _split(url)[0]
    if _SERVER_PATH.search(path):
        return API
    name = unquote(path).rpartition("/")[2].lower()
    extension = name.rpartition(".")[2] if "." in name else ""
    if extension in formats().pages:
        return PAGE
    return FILE if extension in formats().files else UNSURE


def _split(url: str) -> tuple[str, str]:
    """Path and query; both empty where the address cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.path, parts.query


def sayings(offer: Offer) -> tuple[str, ...]:
    """What an offer says of itself, the most telling first; nothing that changes with its data."""
    layer = " ".join(value for name, value in parse_qsl(_split(offer.url)[1]) if _LAYER.match(name))
    form = short_format(offer.format) or short_format(offer.mime) or offer.format or offer.mime
    said = (*offer.protocols, *offer.conforms_to, offer.declared, offer.type, offer.url)
    return (offer.title, form, layer, offer.description, " ".join(said))
