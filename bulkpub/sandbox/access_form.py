"""Who may get at the data of a dataset: open to all, with an account, or restricted, and why.

Two sorts of checks, as in udata: the form reads each field by itself, the model checks the whole
when it is saved and answers in another shape (`access_faults`). Rule: reading changes nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused
from bulkpub.sandbox.fields import FieldRefused, read_text, read_url
from bulkpub.sandbox.vocabularies import (
    ACCESS_CONDITIONS,
    ACCESS_REASONS,
    ACCESS_ROLES,
    ACCESS_TYPES,
)

__all__ = ["access_faults", "access_readers"]

_NO_CHOICE = ["Not a valid choice."]


def access_readers(body: dict[str, Json]) -> dict[str, Callable[[], Any]]:
    """What reads each of the access fields that `body` changes, by name.

    :raises Refused: 400 for audiences that are no list, of which udata says nothing more.
    """
    readers: dict[str, Callable[[], Any]] = {}
    for name, known, default in (
        ("access_type", ACCESS_TYPES, "open"),
        ("access_type_reason_category", ACCESS_REASONS, None),
    ):
        if body.get(name, []) != []:
            readers[name] = partial(_choice, body[name], known, default)
    for name in ("access_type_reason", "authorization_request_url"):
        if name in body:
            readers[name] = partial(read_text, body[name])
    if "access_audiences" in body:
        audiences = body["access_audiences"]
        if not isinstance(audiences, list):
            raise Refused(400, {"errors": {}})
        if any(audience != {} for audience in audiences):  # an empty list takes none away
            readers["access_audiences"] = lambda: _audiences(audiences)
    return readers


def _choice(value: Json, choices: tuple[str, ...], default: str | None) -> str | None:
    """One of `choices`, null being the `default`; an empty one is left for the model to refuse."""
    if isinstance(value, list):
        value = value[0]
    if value is None:
        return default
    if isinstance(value, str) and value in {"", *choices}:
        return value
    raise FieldRefused(_NO_CHOICE)


def _audiences(value: list[Json]) -> list[dict[str, str]]:
    errors: list[dict[str, Json]] = []
    for each in value:
        said = each if isinstance(each, dict) else {}
        fields = (("role", ACCESS_ROLES), ("condition", ACCESS_CONDITIONS))
        errors.append({name: _NO_CHOICE for name, known in fields if said.get(name) not in known})
    if any(errors):
        raise FieldRefused(errors)
    return [{"role": each["role"], "condition": each["condition"]} for each in value]


def access_faults(values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What the model has against changed `values`: by field, where it says so and what.

    The first is the field as the message names it, before its sentence; empty for none.
    """
    faults: dict[str, tuple[str, str]] = {}
    audiences = values.get("access_audiences", ())
    if len({each["role"] for each in audiences}) != len(audiences):
        sentence = "You can only set one condition for a given access audience role"
        faults["__all__"] = ("access_audiences", sentence)
    for name, known in (("access_type", _SHOWN_TYPES), ("access_type_reason_category", _REASONS)):
        if values.get(name) == "":
            faults[name] = ("", f"Value must be one of {known}")
    address = values.get("authorization_request_url")
    if address is not None:
        try:
            read_url(address)
        except FieldRefused as refusal:
            faults["authorization_request_url"] = ("", refusal.errors[0])
    return faults


_SHOWN_TYPES = f"[{', '.join(f'<AccessType.{each.upper()}: {each!r}>' for each in ACCESS_TYPES)}]"
_REASONS = str(list(ACCESS_REASONS))
