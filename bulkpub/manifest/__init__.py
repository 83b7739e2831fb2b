"""Manifests: what should be on the portal, in YAML, TOML, JSON, JSONL, CSV or a spreadsheet.

`load` and `parse` turn text into `DatasetSpec` values and find every problem at once, each
with its place; no network, and no file to be published is opened. `ManifestWriter` and
`LinesWriter` are the way back; `amending` adds to a manifest that is there, and is not loaded for
anything else. `json_schema` is for editors. What depends on the kind of portal is its `Rules`,
which each of them is given.
"""

from bulkpub.manifest.destinations import Destination, Toward
from bulkpub.manifest.key_names import KeyName, KeyNames
from bulkpub.manifest.keys import json_schema
from bulkpub.manifest.loading import (
    Loaded,
    Stream,
    load,
    named_destinations,
    parse,
    stream,
    stream_document,
)
from bulkpub.manifest.reading import may_say
from bulkpub.manifest.variables import Given, given_fault
from bulkpub.manifest.writing import LinesWriter, ManifestWriter, Writer

__all__ = [
    "Destination",
    "Given",
    "KeyName",
    "KeyNames",
    "LinesWriter",
    "Loaded",
    "ManifestWriter",
    "Stream",
    "Toward",
    "Writer",
    "given_fault",
    "json_schema",
    "load",
    "may_say",
    "named_destinations",
    "parse",
    "stream",
    "stream_document",
]
