"""What a release has no field for, kept behind its text: pure.

The rule: what stands there is the last thing in the text, a comment in one line that no browser
shows; whatever else somebody writes into the text stays theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import orjson

from bulkpub.core.model import DatasetMetadata, Json
from bulkpub.core.rules import Known

__all__ = ["MOST_MARK", "marked_text", "normalized", "parted_text"]

MOST_MARK = 60_000
"""Characters of a mark that is read; a longer one is none of ours."""
_MARK = re.compile(r"(?:\A|\n\n)<!-- bulkpub (\{[^<>\n]*\}) -->\s*\Z")


def marked_text(text: str, kept: Mapping[str, Json]) -> str:
    """`text` with what is `kept` behind it; just `text` where there is nothing to keep."""
    if not kept:
        return text
    # Nothing in it may end the comment, whatever a user's extras say.
    told = orjson.dumps(kept).decode().replace("<", "\\u003c").replace(">", "\\u003e")
    mark = f"<!-- bulkpub {told} -->"
    return f"{text}\n\n{mark}" if text else mark


def parted_text(text: str) -> tuple[str, dict[str, Json]]:
    """The text that people read, and what is kept behind it; nothing where no mark of ours is."""
    text = text.replace("\r\n", "\n")
    found = _MARK.search(text)
    if found is None or len(found[1]) > MOST_MARK:
        return text, {}
    try:
        kept = orjson.loads(found[1])
    except orjson.JSONDecodeError:
        return text, {}
    return text[: found.start()], kept


def normalized(metadata: DatasetMetadata, _known: Known) -> DatasetMetadata:
    """The form in which a release keeps what is said of it: lines end in one way."""
    if metadata.description is None or "\r\n" not in metadata.description:
        return metadata
    return replace(metadata, description=metadata.description.replace("\r\n", "\n"))
