"""Manifests: what should be on the portal, in YAML, TOML, JSON, JSONL, CSV or a spreadsheet.

`load` and `parse` turn text into `DatasetSpec` values and find every problem at once, each
with its place; no network, and no file to be published is opened. `ManifestWriter` and
`LinesWriter` are the way back; `amending` adds to a manifest that is there, and is not loaded for
anything else. `json_schema` is for editors. What depends on the kind of portal is its `Rules`,
which each of them is given.
"""

from bulkpub.manifest.key_names import KeyName, KeyNames
from bulkpub.manifest.keys import json_schema
from bulkpub.manifest.loading import Loaded, Stream, load, parse, stream, stream_document
from bulkpub.manifest.reading import may_name_portal
from bulkpub.manifest.variables import Given, given_fault
from bulkpub.manifest.writing import LinesWriter, ManifestWriter, Writer

__all__ = [
    "Given",
    "KeyName",
    "KeyNames",
    "LinesWriter",
    "Loaded",
    "ManifestWriter",
    "Stream",
    "Writer",
    "given_fault",
    "json_schema",
    "load",
    "may_name_portal",
    "parse",
    "stream",
    "stream_document",
]
