"""JSON-LD whose contexts are addresses → JSON-LD that needs nothing from elsewhere.

Pure. The contexts that catalogues of datasets refer to are kept here, reduced to the terms
a harvest reads; any other address is refused, never fetched.
"""

import re
from typing import Any

from bulkpub.errors import SourceFailed
from bulkpub.manifest.addresses import public

__all__ = ["with_local_contexts"]

_DEEPEST = 200
_PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LITERALS = {
    "title": "dct:title",
    "description": "dct:description",
    "identifier": "dct:identifier",
    "issued": "dct:issued",
    "modified": "dct:modified",
    "created": "dct:created",
    "keyword": "dcat:keyword",
    "byteSize": "dcat:byteSize",
    "fn": "vcard:fn",
    "name": "foaf:name",
    "label": "rdfs:label",
    "prefLabel": "skos:prefLabel",
    "startDate": "dcat:startDate",
    "endDate": "dcat:endDate",
    "totalItems": "hydra:totalItems",
    # Of these, the catalogues in use write words as well as addresses.
    "license": "dct:license",
    "rights": "dct:rights",
    "format": "dct:format",
    "mediaType": "dcat:mediaType",
    "theme": "dcat:theme",
    "language": "dct:language",
    "spatial": "dct:spatial",
    "temporal": "dct:temporal",
    "accrualPeriodicity": "dct:accrualPeriodicity",
    "conformsTo": "dct:conformsTo",
    "contactPoint": "dcat:contactPoint",
    "publisher": "dct:publisher",
    "creator": "dct:creator",
    "hasEmail": "vcard:hasEmail",
    "type": "dct:type",
}
_ADDRESSES = {
    "dataset": "dcat:dataset",
    "distribution": "dcat:distribution",
    "accessURL": "dcat:accessURL",
    "downloadURL": "dcat:downloadURL",
    "landingPage": "dcat:landingPage",
    "accessService": "dcat:accessService",
    "endpointURL": "dcat:endpointURL",
    "servesDataset": "dcat:servesDataset",
    "service": "dcat:service",
    "homepage": "foaf:homepage",
    "describedBy": "dct:conformsTo",
    "references": "dct:references",
    "view": "hydra:view",
    "first": "hydra:first",
    "last": "hydra:last",
    "next": "hydra:next",
    "nextPage": "hydra:nextPage",
    "member": "hydra:member",
}
_CLASSES = {
    name: f"dcat:{name}" for name in ("Catalog", "Dataset", "Distribution", "DataService")
} | {"PartialCollectionView": "hydra:PartialCollectionView"}
_DCAT: dict[str, Any] = {
    "@vocab": _PREFIXES["dcat"],
    **_PREFIXES,
    **_LITERALS,
    **{name: {"@id": iri, "@type": "@id"} for name, iri in _ADDRESSES.items()},
    **_CLASSES,
}
_SCHEMA_ORG: dict[str, Any] = {"@vocab": _PREFIXES["schema"], **_PREFIXES}

_KNOWN = (
    (r"project-open-data\.cio\.gov/v1\.\d/schema/(?:catalog|data)\.jsonld", _DCAT),
    (r"resources\.data\.gov/.*\.jsonld", _DCAT),
    (r"semiceu\.github\.io/.*dcat-ap.*\.jsonld", _DCAT),
    (r"(?:data\.europa\.eu|joinup\.ec\.europa\.eu)/.*dcat-?ap.*\.jsonld", _DCAT),
    (r"w3\.org/ns/(?:dcat|hydra/core)(?:\d|\.jsonld|#)?", _DCAT),
    (r"w3c\.github\.io/(?:dxwg/)?.*dcat.*\.jsonld", _DCAT),
    (r".*/api/\d/site/context\.jsonld", _DCAT),  # every udata has its own, at this path
    (r"schema\.org(?:/docs/jsonldcontext\.jsonl?d?)?/?", _SCHEMA_ORG),
)


def with_local_contexts(document: Any, where: str) -> Any:  # noqa: ANN401 # JSON is anything
    """The document with the contexts it refers to put in place of their addresses.

    `where` is the document's own address, for what is raised: SourceFailed, when a context is
    none of those known here.
    """
    return _walk(document, where, _DEEPEST)


def _walk(value: Any, where: str, depth: int) -> Any:  # noqa: ANN401 # JSON is anything
    if depth == 0:
        raise SourceFailed(f"{where} is nested too deeply to be read")
    if isinstance(value, list):
        return [_walk(each, where, depth - 1) for each in value]
    if not isinstance(value, dict):
        return value
    if "@import" in value:
        raise SourceFailed(f"{where} imports a context of JSON-LD, which is not fetched")
    return {
        name: _context(inner, where, depth - 1)
        if name == "@context"
        else _walk(inner, where, depth - 1)
        for name, inner in value.items()
    }


def _context(said: Any, where: str, depth: int) -> Any:  # noqa: ANN401 # JSON is anything
    if isinstance(said, list):
        return [_context(each, where, depth - 1) for each in said]
    return _known(said, where) if isinstance(said, str) else _walk(said, where, depth)


def _known(address: str, where: str) -> dict[str, Any]:
    bare = re.sub(r"^https?://(?:www\.)?", "", address.strip(), flags=re.IGNORECASE)
    for pattern, context in _KNOWN:
        if re.fullmatch(pattern, bare, re.IGNORECASE):
            return context
    raise SourceFailed(
        f"{where} refers to the JSON-LD context {public(address)[:200]}, which is not known here "
        "and not fetched: ask for RDF/XML or Turtle instead"
    )
