"""The area a dataset covers: shapes drawn on the map, and zones found by their names."""

from typing import Any

import pytest

RING = [[2, 48], [2.5, 48], [2.5, 49], [2, 48]]
SHAPE = {"type": "MultiPolygon", "coordinates": [[RING]]}
ELSEWHERE = {"type": "MultiPolygon", "coordinates": [[[[0, 40], [1, 40], [1, 41], [0, 40]]]]}
NO_GEOJSON = {"spatial": {"geom": ["Not a valid GeoJSON"]}}
FIELD = "MultiPolygonField can only accept a valid GeoJson dictionary or lists of (x, y)"


def shape(coordinates: Any, **more: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": coordinates} | more


async def test_a_shape_is_kept_to_six_decimals(portal: Any) -> None:
    fine = [[2.123456789, 48], [2.5, 48], [2.5, 49], [2.123456789, 48]]
    dataset = await portal.create(spatial={"geom": shape([[fine, RING]])})
    kept = [[2.123457, 48], [2.5, 48], [2.5, 49], [2.123457, 48]]
    assert dataset["spatial"]["geom"] == shape([[kept, RING]])
    assert (await portal.get(dataset))["spatial"]["geom"] == shape([[kept, RING]])
    changed = await portal.put(dataset, {"spatial": {"geom": ELSEWHERE, "granularity": "poi"}})
    assert changed["spatial"] == {"geom": ELSEWHERE, "zones": [], "granularity": "poi"}


async def test_null_takes_zones_away_and_an_empty_list_does_not(portal: Any) -> None:
    dataset = await portal.create(spatial={"zones": ["fr:region:11"]})
    for area in ({"geom": SHAPE}, {"geom": SHAPE, "zones": []}):
        refusal = await portal.put(dataset, {"spatial": area}, expect=400)
        assert refusal["errors"]["spatial"] == {
            "__all__": "The spatial coverage cannot contains a Geozone and a Geometry"
        }
    changed = await portal.put(dataset, {"spatial": {"zones": None, "geom": SHAPE}})
    assert changed["spatial"] == {"geom": SHAPE, "zones": [], "granularity": "other"}


@pytest.mark.parametrize(
    ("geom", "errors"),
    [
        ([1], NO_GEOJSON),
        ({"coordinates": [[RING]]}, NO_GEOJSON),
        ({"type": "Weird", "coordinates": [[RING]]}, NO_GEOJSON),
        (shape("x"), NO_GEOJSON),
        (shape([[[["a", "b"]]]]), NO_GEOJSON),
        (shape([None]), NO_GEOJSON),
        (shape([1]), {"spatial": {"geom": [["Each polygon must be a list of linear rings"]]}}),
        (
            shape([[RING[:3]]]),
            {"spatial": {"geom": [["Each linear ring must contain at least 4 positions"]]}},
        ),
        (
            shape([[[*RING[:3], [2, 49]]]]),
            {"spatial": {"geom": [["Each linear ring must end where it started"]]}},
        ),
        (
            {"type": "Polygon", "coordinates": [RING]},
            {"spatial": {"geom": 'MultiPolygonField type must be "MultiPolygon"'}},
        ),
        (
            shape([]),
            {"spatial": {"geom": "Invalid MultiPolygon must contain at least one valid Polygon"}},
        ),
        (
            shape([[[[2, 48, 1], [3, 48], [3, 49], [2, 48, 1]]]]),
            {
                "spatial": {
                    "geom": "Invalid MultiPolygon:\n"
                    "Value ([2, 48, 1]) must be a two-dimensional point"
                }
            },
        ),
        (shape([[RING]], bbox=[1, 2, 3, 4]), {"spatial": {"geom": FIELD}}),
        (
            {"type": "Feature", "properties": {}, "geometry": SHAPE},
            {"spatial": {"geom": FIELD}},
        ),
    ],
)
async def test_other_shapes_are_refused(portal: Any, geom: Any, errors: Any) -> None:
    body = {"title": f"T {portal.tag}", "description": "d", "spatial": {"geom": geom}}
    assert (await portal.call("POST", "/datasets/", json=body, expect=400)).body["errors"] == errors


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q=Paris&size=10", ["fr:departement:75", "fr:commune:75056"]),
        ("q=paris&size=1", ["fr:departement:75"]),
        ("q=75056", ["fr:commune:75056"]),
        ("q=%C3%AEle-de", ["fr:region:11"]),
        ("q=ile-de", []),
        ("q=nowhere", []),
    ],
)
async def test_zones_are_found_by_a_part_of_name_or_code(
    portal: Any, query: str, ids: list[str]
) -> None:
    zones = (await portal.call("GET", f"/spatial/zones/suggest/?{query}", expect=200)).body
    assert [zone["id"] for zone in zones] == ids
    for zone in zones:
        assert sorted(zone) == ["code", "id", "level", "name", "uri"]
        assert zone["id"] == f"{zone['level']}:{zone['code']}"


async def test_a_search_without_words_is_refused(portal: Any) -> None:
    refusal = (await portal.call("GET", "/spatial/zones/suggest/", expect=400)).body
    assert refusal["message"] == "Input payload validation failed"


async def test_the_levels_of_zones_are_among_the_granularities(portal: Any) -> None:
    levels = (await portal.call("GET", "/spatial/levels/", expect=200)).body
    granularities = (await portal.call("GET", "/spatial/granularities/", expect=200)).body
    assert levels == granularities[:-2]


async def test_there_are_eight_reasons_to_limit_access(portal: Any) -> None:
    found = (await portal.call("GET", "/access_type/reason_categories/", expect=200)).body
    assert len(found) == 8
    assert "confidentiality_of_personal_data" in {each["value"] for each in found}
