"""The area that a dataset covers: zones or a shape drawn on the map, never both, and a grain.

As in udata, the form reads what is sent, the GeoJSON of a shape by the rules of RFC 7946; the
model has its own on top, found out only when the dataset is saved (`area_fault`). Rule: reading
changes nothing.
"""

from collections.abc import Iterator
from typing import Any

from bulkpub.core.model import Json
from bulkpub.sandbox.fields import FieldRefused
from bulkpub.sandbox.seeds import GRANULARITIES, ZONES

__all__ = ["area_fault", "read_area"]

_ZONE_IDS = frozenset(each.id for each in ZONES)
_NOWHERE: dict[str, Any] = {"geom": None, "zones": [], "granularity": "other"}
_NO_GEOJSON = ["Not a valid GeoJSON"]
_DECIMALS = 6
"""Of a coordinate that are kept."""
_SHORTEST_RING = 4
_TYPES = frozenset(
    f"{many}{kind}" for many in ("", "Multi") for kind in ("Point", "LineString", "Polygon")
) | {"Feature", "FeatureCollection", "GeometryCollection"}


def read_area(value: dict[str, Json], stored: dict[str, Any] | None) -> dict[str, Any]:
    """The whole area after `value` was written over the one `stored`.

    :raises FieldRefused: with what is wrong, by part.
    """
    area = dict(stored or _NOWHERE)
    errors: dict[str, Json] = {}
    if "granularity" in value:
        area["granularity"] = value["granularity"]
        if value["granularity"] not in GRANULARITIES:
            errors["granularity"] = ["Not a valid choice."]
    for name, read in (("zones", _read_zones), ("geom", _read_shape)):
        if name not in value or value[name] == []:
            continue  # an empty list takes none away
        try:
            area[name] = read(value[name])
        except FieldRefused as refusal:
            errors[name] = refusal.errors
    if errors:
        raise FieldRefused(errors)
    return area


def _read_zones(value: Json) -> list[str]:
    if not value:
        return []
    values = value.split(",") if isinstance(value, str) else value
    zones: list[str] = []
    unknown: list[str] = []
    for each in values:
        text = str(each["id"] if isinstance(each, dict) else each)
        zone = text.partition("@")[0].lower().replace("/", ":")
        if ":" not in zone:
            raise FieldRefused([f"Bad GeoID format: {text}"])
        (zones if zone in _ZONE_IDS else unknown).append(zone if zone in _ZONE_IDS else text)
    if unknown:
        raise FieldRefused([f"Unknown geoid(s): {', '.join(unknown)}"])
    return zones


# --- a shape ------------------------------------------------------------------------------


def _read_shape(value: Json) -> Json:
    if value is None or value == {}:
        return value
    if not isinstance(value, dict) or value.get("type") not in _TYPES:
        raise FieldRefused(_NO_GEOJSON)
    if value["type"].startswith("Feature"):
        return value  # the model's to refuse
    shape = {**value, "coordinates": _rounded(value.get("coordinates") or [])}
    if faults := [fault for fault in _faults_of_shape(shape) if fault]:
        raise FieldRefused([faults])
    return shape


def _rounded(value: Json) -> Json:
    match value:
        case list():
            return [_rounded(each) for each in value]
        case int() | float():
            return round(value, _DECIMALS)
        case _:
            raise FieldRefused(_NO_GEOJSON)


def _faults_of_shape(shape: dict[str, Json]) -> Iterator[str]:
    if shape.get("type") != "MultiPolygon":
        return
    for polygon in shape["coordinates"]:
        yield _fault_of_polygon(polygon)


def _fault_of_polygon(polygon: Json) -> str:
    if not isinstance(polygon, list):
        return "Each polygon must be a list of linear rings"
    if not all(isinstance(ring, list) for ring in polygon):
        return "Each element of a polygon's coordinates must be a list"
    if any(len(ring) < _SHORTEST_RING for ring in polygon):
        return "Each linear ring must contain at least 4 positions"
    if any(ring[0] != ring[-1] for ring in polygon):
        return "Each linear ring must end where it started"
    return ""


def area_fault(area: dict[str, Any]) -> Json:
    """What udata has against an area when it saves it, by part; None when it has nothing."""
    shape = area["geom"]
    if shape is None:
        return None
    if fault := _fault_of_model(shape):
        return {"geom": fault}
    if area["zones"]:
        return {"__all__": "The spatial coverage cannot contains a Geozone and a Geometry"}
    return None


def _fault_of_model(shape: dict[str, Json]) -> str:
    if set(shape) != {"type", "coordinates"}:
        return "MultiPolygonField can only accept a valid GeoJson dictionary or lists of (x, y)"
    if shape["type"] != "MultiPolygon":
        return 'MultiPolygonField type must be "MultiPolygon"'
    if not any(shape["coordinates"]):
        return "Invalid MultiPolygon must contain at least one valid Polygon"
    deep = [
        f"Value ({position}) must be a two-dimensional point"
        for polygon in shape["coordinates"]
        for ring in polygon
        for position in dict.fromkeys(map(str, ring))
        if position.count(",") != 1
    ]
    return f"Invalid MultiPolygon:\n{', '.join(deep)}" if deep else ""
