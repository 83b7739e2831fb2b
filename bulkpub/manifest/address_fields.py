"""Addresses as values of a manifest: of what is only listed, and of what is fetched."""

import re
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.manifest.addresses import SCHEMES, address_fault, is_whole, told
from bulkpub.manifest.fields import read_name, refuse

__all__ = ["FileAddress", "WebAddress"]


def _web_address(value: object) -> str:
    text = read_name(value)
    if not re.match(r"https?:", text, re.IGNORECASE):
        wanted = "a web address that starts with http:// or https://"
    elif not is_whole(text):
        wanted = "a whole web address, with a host and without spaces"
    else:
        return text
    raise refuse(f"{{field}} must be {wanted}, not '{told(text)}'")


def _file_address(value: object) -> str:
    text = read_name(value)
    fault = address_fault(text)
    if fault:
        raise refuse(f"{{field}} {fault}")
    return text


def _any_case(word: str) -> str:
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in word)


WebAddress = Annotated[
    str,
    PlainValidator(_web_address),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://"}),
]
FileAddress = Annotated[
    str,
    PlainValidator(_file_address),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "pattern": f"^({'|'.join(map(_any_case, SCHEMES))})://",
        }
    ),
]
"""An address from which a file can be fetched."""
