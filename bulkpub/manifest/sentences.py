"""Checks a tree by a form, and says every fault in plain words at its own place.

pydantic finds all faults at once; none of its own wording reaches the user.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bulkpub.core.model import Place
from bulkpub.manifest.fields import SENTENCE, kind
from bulkpub.manifest.form import (
    DatasetForm,
    DefaultsForm,
    DocumentForm,
    HeaderForm,
)
from bulkpub.manifest.nearest import suggestion
from bulkpub.manifest.nodes import Node, bare, find
from bulkpub.manifest.resource_form import ResourceForm

__all__ = ["Fault", "check", "reason"]

_NOUNS: Mapping[type[BaseModel], str] = {
    DocumentForm: "a manifest",
    DefaultsForm: "the defaults",
    DatasetForm: "a dataset",
    ResourceForm: "a resource",
}

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, and where.

    `path` leads to it from what was checked, where the fault lies in a single value.
    """

    place: Place
    sentence: str
    path: tuple[str | int, ...] = ()


def check(form: type[Form], node: Node, leave: Sequence[str] = ()) -> tuple[Form, list[Fault]]:
    """`node`, a mapping, as a `form`, and everything wrong with it.

    The keys in `leave` are not looked at: others check them. What is faulty is missing from
    the form, so that the rest can still be checked. `null` counts as not written.
    """
    assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
    written = {
        key: bare(below)
        for key, below in node.value.items()
        if key not in leave and below.value is not None
    }
    try:
        return form.model_validate(written), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    faults = [
        Fault(_place(node, detail), _sentence(form, detail), detail["loc"]) for detail in details
    ]
    faulty = {detail["loc"][0] for detail in details}
    sound = {key: value for key, value in written.items() if key not in faulty}
    return form.model_validate(sound), faults


def reason(error: OSError) -> str:
    """Why the system refuses, as the end of a sentence."""
    return (error.strerror or "the system refuses").lower()


def _field_name(path: Sequence[str | int]) -> str:
    """How a sentence calls the field at `path`."""
    names = [f"'{step}'" if isinstance(step, str) else f"item {step + 1}" for step in path]
    return " of ".join(reversed(names))


def _place(node: Node, detail: ErrorDetails) -> Place:
    found = find(node, detail["loc"])
    if detail["type"] == "extra_forbidden" and found.key:
        return found.key
    return found.place


def _sentence(form: type[BaseModel], detail: ErrorDetails) -> str:
    field, given = _field_name(detail["loc"]), kind(detail["input"])
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(form, detail["loc"])
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{field} must be a mapping of names and values, not {given}"
        case kind_of_error if kind_of_error == SENTENCE:
            return str(detail["ctx"]["sentence"]).replace("{field}", field, 1)
        case _:
            return f"{field} cannot be {given}"


def _unknown_key(form: type[BaseModel], path: tuple[int | str, ...]) -> str:
    word = str(path[-1])
    if form is DefaultsForm and word in DatasetForm.model_fields:
        return f"'{word}' cannot be a default: every dataset has its own"
    owner = _model_at(form, path[:-1])
    if owner is HeaderForm:
        if word == "datasets":
            return "'datasets' has no place here: in this spelling every line is a dataset"
        if word in DatasetForm.model_fields and word not in HeaderForm.model_fields:
            default = ", or in 'defaults'" if word in DefaultsForm.model_fields else ""
            return f"'{word}' belongs in a dataset, one of those in 'datasets'{default}"
        owner = DocumentForm
    known = [field.alias or name for name, field in owner.model_fields.items()]
    near = suggestion(word, known)
    hint = near or f"; {_NOUNS.get(owner, _field_name(path[:-1]))} knows {', '.join(known)}"
    return f"unknown key '{word}'{hint}"


def _model_at(form: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    for step in path:
        for name, field in form.model_fields.items():
            if step in {name, field.alias}:
                form = _model_in(field.annotation) or form
    return form


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 # annotations have no type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_in(inner):
            return found
    return None
