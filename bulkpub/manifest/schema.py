"""The JSON Schema of a manifest's document form, for editors and for other programs."""

from typing import Any

from bulkpub.manifest.form import DocumentForm

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a manifest as one document, YAML or JSON.

    What only bulkpub can check (files, templates, tags as slugs) is not in it.
    """
    schema = DocumentForm.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidied(schema),
        "title": "bulkpub manifest",
    }


def _tidied(schema: Any) -> Any:  # noqa: ANN401 # a JSON Schema is any JSON
    """Without `default: null`, which editors would offer, and without empty lists of examples."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _tidied(value)
        for key, value in schema.items()
        if not ((key == "default" and value is None) or (key == "examples" and value == []))
    }
