"""Areas given as shapes, which a manifest has no place for → a sentence that says so."""

import json
import re
from typing import Any

from bulkpub.harvest.reading.loose import mapping, text
from bulkpub.language import say

__all__ = ["shape_note"]

_WKT = re.compile(
    r"(?:<[^>]*>\s*)?(?:SRID=\d+;)?\s*((?:MULTI)?(?:POLYGON|POINT)|ENVELOPE|BBOX)\s*\(",
    re.IGNORECASE,
)
_BOX = re.compile(r"\s*-?\d+(?:\.\d+)?(?:[\s,;]+-?\d+(?:\.\d+)?){3}\s*")
_MOST_POINTS = 100_000


def shape_note(value: object) -> str:
    """The sentence, if `value` is a shape (GeoJSON, WKT, four corners); else empty."""
    written = value if isinstance(value, dict) else _geojson(text(value))
    if written:
        kind = text(written.get("type"))
        return say(
            "the area is a shape ({kind}), not a zone, left out{written}",
            kind=kind,
            written=_corners(written),
        )
    found = _WKT.match(text(value))
    if found or _BOX.fullmatch(text(value)):
        kind = found[1].capitalize() if found else "Box"
        return say("the area is a shape ({kind}), not a zone, left out", kind=kind)
    return ""


def _geojson(written: str) -> dict[str, Any]:
    if not written.startswith("{"):
        return {}
    try:
        return dict(mapping(json.loads(written)))
    except (ValueError, RecursionError):
        return {"type": "unreadable"}


def _corners(shape: Any) -> str:  # noqa: ANN401 # JSON is anything
    """The corners of a shape's box: west, south, east, north."""
    points: list[tuple[float, float]] = []
    heap = [shape.get("coordinates") or mapping(shape.get("geometry")).get("coordinates")]
    while heap and len(points) < _MOST_POINTS:
        match heap.pop():
            case [int() | float() as east, int() | float() as north, *_]:
                points.append((east, north))
            case [*inner]:
                heap += inner
    if not points:
        return ""
    easts, norths = zip(*points, strict=True)
    box = (min(easts), min(norths), max(easts), max(norths))
    return f": {', '.join(f'{each:g}' for each in box)}"
