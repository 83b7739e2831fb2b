"""Who has access to the data, which udata keeps in five fields of a dataset: pure, as its codec."""

from collections.abc import Mapping
from typing import Any

from pydantic_core.core_schema import CoreSchema

from bulkpub.core.model import OPEN, Access, Json
from bulkpub.portals.shapes import TEXT, list_of, optional, record

__all__ = ["MASK", "SCHEMAS", "access_body", "access_from"]


def _audience(data: Mapping[str, str | None]) -> tuple[str, str]:
    return data["role"] or "", data["condition"] or ""


SCHEMAS: Mapping[str, CoreSchema] = {
    "access_type": TEXT,
    "access_audiences": optional(list_of(record({"role": TEXT, "condition": TEXT}, _audience))),
    "access_type_reason_category": TEXT,
    "access_type_reason": TEXT,
    "authorization_request_url": TEXT,
}
"""What an answer has, by udata's names; before udata 14 nothing of it."""
MASK = ",".join(SCHEMAS)


def access_from(data: Mapping[str, Any]) -> Access | None:
    """What those fields say; None when it is that everybody has access, and nothing else."""
    kind, audiences, category, reason, request_url = (data[name] for name in SCHEMAS)
    access = Access(
        kind or None,
        tuple(sorted(audiences or ())) or None,
        category or None,
        reason or None,
        request_url or None,
    )
    return None if access in {Access(), Access(OPEN)} else access


def access_body(access: Access) -> dict[str, Json]:
    """What is written for it; null empties, the audiences alone are never all taken away."""
    body: dict[str, Json] = {}
    if access.type is not None:
        body["access_type"] = access.type
    if access.audiences:
        body["access_audiences"] = [
            {"role": role, "condition": condition} for role, condition in access.audiences
        ]
    for name, value in (
        ("access_type_reason_category", access.category),
        ("access_type_reason", access.reason),
        ("authorization_request_url", access.request_url),
    ):
        if value is not None:
            body[name] = value or None
    return body
