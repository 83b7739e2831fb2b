"""The `X-Fields` header: which fields of an answer a client wants, as flask-restx reads it.

`total,data{id,resources{title}}` keeps those; `*` stands for all the others; a name the answer
does not have is left out silently; braces behind a plain value are an error. Characters that
are neither names nor braces nor commas are ignored.
"""

import re
from collections.abc import Iterator, Mapping

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused

__all__ = ["Mask", "apply", "mentions", "parse"]

Mask = Mapping[str, "Mask | None"]

_PIECES = re.compile(r"[{},]|[\w:*-]+")

_OBJECTS = frozenset(
    """
    avatar badges checksum community_resources contact_points data dataset extras features geom
    geopf harvest internal members metrics organization organizations owner permissions quality
    resource resources schema spatial temporal_coverage user versions
    """.split()  # noqa: SIM905  # a list would be one word a line
)
"""The fields that hold objects or lists of objects, whatever is in them right now."""


def _unreadable(reason: str) -> Refused:
    return Refused.saying(400, f"Mask parse error: {reason}")


def parse(text: str) -> Mask:
    """Read a mask.

    :raises Refused: 400, with flask-restx's words, when it cannot be read.
    """
    text = text.replace("\n", "").strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise _unreadable("Missing closing bracket")
        text = text[1:-1]
    return _read_level(iter(_PIECES.findall(text)), inner=False)


def _read_level(pieces: Iterator[str], *, inner: bool) -> Mask:
    """The fields up to the closing bracket, or to the end on the outermost level."""
    fields: dict[str, Mask | None] = {}
    previous = "{" if inner else ""
    for piece in pieces:
        match piece:
            case "{":
                if previous not in fields:
                    raise _unreadable("Unexpected opening bracket")
                fields[previous] = _read_level(pieces, inner=True)
                previous = "}"
                continue
            case "}" if inner:
                return fields
            case "}":
                raise _unreadable("Unexpected closing bracket")
            case ",":
                if previous in {",", "{", ""}:
                    raise _unreadable("Unexpected comma")
            case name:
                fields[name] = None
        previous = piece
    if inner:
        raise _unreadable("Missing closing bracket")
    return fields


def mentions(mask: Mask | None, name: str) -> bool:
    """Whether a mask asks for the field, by name or by `*`, at any depth."""
    if mask is None:
        return False
    return name in mask or "*" in mask or any(mentions(inner, name) for inner in mask.values())


def apply(mask: Mask, value: Json) -> Json:
    """The parts of `value` that the mask keeps.

    :raises Refused: 400 when the mask looks for fields inside a plain value.
    """
    if isinstance(value, list):
        return [apply(mask, each) for each in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Json] = {}
    for name, inner in mask.items():
        if inner is not None and name in value and name not in _OBJECTS:
            raise Refused.saying(400, "Mask error: Mask is inconsistent with model")
        if name in value:
            kept[name] = value[name] if inner is None else apply(inner, value[name])
    if "*" in mask:
        kept.update({name: each for name, each in value.items() if name not in kept})
    return kept
