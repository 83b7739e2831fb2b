"""What the forms of datasets and resources have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bulkpub.core.model import Check
from bulkpub.manifest.fields import CheckWord, EmptyWord, ListOf, words
from bulkpub.manifest.shares import Share

__all__ = ["GUARD_EXAMPLE", "Checks", "Form", "GuardForm", "described", "written"]


def described(title: str, description: str, *examples: object, alias: str | None = None) -> Any:  # noqa: ANN401 # as pydantic's own Field
    """A key that may be left out, and what editors show of it."""
    return Field(
        default=None, title=title, description=description, examples=list(examples), alias=alias
    )


def written(*keys: str) -> dict[str, Any]:
    """The JSON Schema of mappings that say all of `keys`; `null` says nothing."""
    return {"required": list(keys), "properties": {key: {"not": {"const": None}} for key in keys}}


class Form(BaseModel):
    """A mapping of which all keys are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GuardForm(Form):
    """Which files are not to be published, as something must have gone wrong with them."""

    empty: EmptyWord | None = described("Empty files", "refuse or allow (the default).", "refuse")
    shrink: Share | None = described(
        "Shrinking",
        "The share by which a file may at most be smaller than what is published.",
        "50%",
        0.5,
    )


GUARD_EXAMPLE = {"empty": "refuse", "shrink": "50%"}


_CHECK_SCHEMA = {"enum": list(Check)}
Checks = Annotated[
    list[CheckWord],
    ListOf,
    BeforeValidator(words),
    WithJsonSchema({"anyOf": [_CHECK_SCHEMA, {"type": "array", "items": _CHECK_SCHEMA}]}),
]
"""What to look a file through for: a word, or a list of words."""
