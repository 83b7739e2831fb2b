"""Shapes on the map: which files of GeoJSON have one, and when two are the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.shapes import geometry_of, shape_of, shape_text

RING: list[list[float]] = [[2, 48], [2.5, 48], [2.5, 49], [2, 48]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
SHAPE: dict[str, Any] = {"type": "MultiPolygon", "coordinates": [[RING]]}
HIGH = {"type": "Polygon", "coordinates": [[[*point, 35.5] for point in RING]]}


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"nom": "x"}, "geometry": geometry}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "crs": {}, "features": list(features)}


@pytest.mark.parametrize(
    "document",
    [
        SHAPE,
        POLYGON,
        HIGH,
        feature(POLYGON),
        feature(SHAPE),
        collection(feature(POLYGON)),
        {**SHAPE, "bbox": [2, 48, 2.5, 49], "crs": {"type": "name"}},
        json.loads(json.dumps(SHAPE).replace("2.5", "2.5000000001")),
    ],
)
def test_one_area_is_one_shape_however_it_is_written(document: Any) -> None:
    assert shape_of(document) == shape_text(SHAPE["coordinates"])
    assert geometry_of(shape_of(document)) == SHAPE


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"type": "Point", "coordinates": [2, 48]}, "has a Point: an area is a Polygon or"),
        (feature({"type": "LineString", "coordinates": RING}), "has a LineString"),
        ({"type": "GeometryCollection", "geometries": [POLYGON]}, "has a GeometryCollection"),
        (collection(), "has 0 features"),
        (collection(feature(POLYGON), feature(POLYGON)), "has 2 features: an area is one, so unit"),
        (feature(None), "is no GeoJSON"),
        ([SHAPE], "is no GeoJSON"),
        ("x", "is no GeoJSON"),
        ({"type": "MultiPolygon", "coordinates": []}, "has a MultiPolygon"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "has a polygon without a line"),
        ({"type": "Polygon", "coordinates": [RING[:3]]}, "has a line of fewer than 4 points"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], [9, 9]]]}, "does not end where it begins"),
        ({"type": "Polygon", "coordinates": [[["2", "48"]] * 4]}, "is no [longitude, latitude]"),
        ({"type": "Polygon", "coordinates": [[[2]] * 4]}, "is no [longitude, latitude]"),
        (
            {"type": "Polygon", "coordinates": [[[652469.02, 6862035.26]] * 4]},
            "has a point at [652469, 6.86204e+06], which is no longitude and latitude in degrees",
        ),
    ],
)
def test_what_is_no_area_is_told(document: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as told:
        shape_of(document)
    assert sentence in str(told.value)


points = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=6)


@given(points)
def test_what_a_portal_gives_back_is_the_same_shape(found: list[tuple[float, float]]) -> None:
    ring = [list(point) for point in (*found, found[0])]
    text = shape_of({"type": "Polygon", "coordinates": [ring]})
    back = json.loads(json.dumps(geometry_of(text)))
    assert shape_of(back) == text == shape_text(back["coordinates"])
