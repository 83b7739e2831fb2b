"""Manifests for the portals of udata: the manifest room, given the rules that hold there."""

from functools import partial

from bulkpub import manifest
from bulkpub.manifest import Loaded, Writer, amending, loading
from bulkpub.manifest.amending import Amended
from bulkpub.portals.udata import RULES

__all__ = [
    "Amended",
    "LinesWriter",
    "Loaded",
    "ManifestWriter",
    "Writer",
    "amend",
    "json_schema",
    "load",
    "load_text",
    "parse",
    "stream",
]

load = partial(manifest.load, rules=RULES)
load_text = partial(loading.load_text, rules=RULES)
stream = partial(manifest.stream, rules=RULES)
parse = partial(manifest.parse, rules=RULES)
amend = partial(amending.amend, rules=RULES)
json_schema = partial(manifest.json_schema, RULES)
ManifestWriter = partial(manifest.ManifestWriter, rules=RULES)
LinesWriter = partial(manifest.LinesWriter, rules=RULES)
