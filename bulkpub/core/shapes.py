"""A shape on the map, as portals keep it: the coordinates of polygons, as text that compares.

Pure. GeoJSON (RFC 7946) in, one form of it out: a `MultiPolygon` without heights, of six decimals
(some 10 cm), so that the same area is the same text whoever wrote it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from bulkpub.core.model import Json
from bulkpub.language import say

__all__ = ["geometry_of", "shape_of", "shape_text"]

DECIMALS = 6
SHORTEST_RING = 4
"""Positions; the last one is the first."""
FARTHEST = (180.0, 90.0)
"""Degrees of longitude and latitude."""


def shape_of(document: Json) -> str:
    """The shape in a document of GeoJSON; a Polygon is a MultiPolygon of one.

    Raises `ValueError`, with the end of a sentence, when there is not exactly one in it.
    """
    match document:
        case {"type": "FeatureCollection", "features": [feature]}:
            return shape_of(feature)
        case {"type": "FeatureCollection", "features": [*features]}:
            raise ValueError(
                say("has {count} features: an area is one, so unite them", count=len(features))
            )
        case {"type": "Feature", "geometry": geometry}:
            return shape_of(geometry)
        case {"type": "Polygon", "coordinates": polygon}:
            return shape_text([_polygon(polygon)])
        case {"type": "MultiPolygon", "coordinates": [_, *_] as polygons}:
            return shape_text([_polygon(each) for each in polygons])
        case {"type": str(kind), **_others} if kind[:40].isalpha():
            raise ValueError(
                say("has a {kind}: an area is a Polygon or a MultiPolygon", kind=kind[:40])
            )
        case _:
            raise ValueError(say("is no GeoJSON: an area is a Polygon or a MultiPolygon"))


def _polygon(rings: Json) -> list[Json]:
    if not isinstance(rings, list) or not rings:
        raise ValueError(say("has a polygon without a line"))
    return [_ring(ring) for ring in rings]


def _ring(ring: Json) -> list[Json]:
    if not isinstance(ring, list) or len(ring) < SHORTEST_RING:
        raise ValueError(
            say(
                "has a line of fewer than {shortest_ring} points around a polygon",
                shortest_ring=SHORTEST_RING,
            )
        )
    points = [_point(point) for point in ring]
    if points[0] != points[-1]:
        raise ValueError(say("has a line around a polygon that does not end where it begins"))
    return list(points)


def _point(point: Json) -> list[float]:
    match point:
        case [int() | float() as x, int() | float() as y, *rest] if len(rest) <= 1:
            longitude, latitude = float(x), float(y)
        case _:
            raise ValueError(say("has a point that is no [longitude, latitude]"))
    if not (abs(longitude) <= FARTHEST[0] and abs(latitude) <= FARTHEST[1]):
        raise ValueError(
            say(
                "has a point at [{longitude:g}, {latitude:g}], which is no longitude and latitude "
                "in degrees: export it in WGS 84 (EPSG:4326)",
                longitude=longitude,
                latitude=latitude,
            )
        )
    return [longitude, latitude]


# --- as text ------------------------------------------------------------------------------


def shape_text(polygons: Sequence[Json]) -> str:
    """The coordinates of a MultiPolygon as the text by which it is compared."""
    return json.dumps(list(_rounded(polygons)), separators=(",", ":"))


def _rounded(values: Sequence[Json]) -> Iterator[Json]:
    for value in values:
        if isinstance(value, list):
            yield list(_rounded(value))
        else:
            yield round(float(value), DECIMALS) + 0.0  # no -0.0


def geometry_of(text: str) -> Mapping[str, Json]:
    """The GeoJSON of a shape from its text."""
    return {"type": "MultiPolygon", "coordinates": json.loads(text)}
