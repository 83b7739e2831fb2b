"""Manifests: what should be on the portal, written in YAML, JSON or JSONL.

`load` and `parse` turn text into `DatasetSpec` values and find every problem at once, each
with its place; no network, and no file to be published is opened. `json_schema` is for editors.
"""

from bulkpub.manifest.loading import Loaded, load, parse
from bulkpub.manifest.schema import json_schema

__all__ = ["Loaded", "json_schema", "load", "parse"]
