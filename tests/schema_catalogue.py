"""A catalogue of schemas, as that of schema.data.gouv.fr is: a schema, and a collection of some."""

from typing import Any

__all__ = ["BASE", "CATALOGUE", "COLLECTION", "LATEST", "NEW", "OLD"]

BASE = "https://schema.example.org/"
LATEST = f"{BASE}etalab/irve/latest/schema.json"
OLD, NEW = f"{BASE}etalab/irve/2.3.0/schema.json", f"{BASE}etalab/irve/2.3.1/schema.json"
COLLECTION = f"{BASE}scdl/all/datapackage.json"


def schema(name: str, kind: str, address: str, **versions: str) -> dict[str, Any]:
    listed = [{"version_name": n.strip("v"), "schema_url": url} for n, url in versions.items()]
    said = {"title": "T", "description": "d", "contact": "c@example.org", "examples": []}
    return said | {"name": name, "schema_type": kind, "schema_url": address, "versions": listed}


CATALOGUE = [
    schema("etalab/irve", "tableschema", LATEST, **{"v2.3.0": OLD, "v2.3.1": NEW}),
    schema("scdl/all", "datapackage", COLLECTION),
]
