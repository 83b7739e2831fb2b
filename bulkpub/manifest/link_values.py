"""What a link says of the file behind it: its size, its checksum, and where it is put."""

import re
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.core.model import CHECKSUM_DIGITS, Checksum
from bulkpub.language import say
from bulkpub.manifest.values import kind, read_name, refuse, size_from

__all__ = ["Bucket", "LinkChecksum", "LinkSize"]


def _no_size(kind: str) -> str:
    return say("{{field}} must be a size in bytes, as in 1000000 or 500 MB, not {kind}", kind=kind)


def _checksum(value: object) -> Checksum:
    text = read_name(value)
    name, _, digits = text.partition(":")
    digits = digits.strip().lower()
    if name not in CHECKSUM_DIGITS:
        meant = (
            [each for each, lengths in CHECKSUM_DIGITS.items() if len(text) in lengths[:1]]
            if re.fullmatch("[0-9a-fA-F]+", text)
            else []
        )
        hint = (
            say(" (did you mean '{meant}:{digits}…'?)", meant=meant[0], digits=text[:6])
            if meant
            else ""
        )
        kinds = ", ".join(CHECKSUM_DIGITS)
        raise refuse(
            say(
                "{{field}} must begin with one of {kinds}, as in sha256:9f86…{hint}",
                kinds=kinds,
                hint=hint,
            )
        )
    if not re.fullmatch("[0-9a-f]*", digits):
        raise refuse(
            say(
                "{{field}} must have hex digits after '{name}:', not {digits}",
                name=name,
                digits=kind(digits),
            )
        )
    if len(digits) not in CHECKSUM_DIGITS[name]:
        wanted = " or ".join(map(str, CHECKSUM_DIGITS[name]))
        raise refuse(
            say(
                "{{field}} must have {wanted} hex digits after '{name}:', not {count}",
                wanted=wanted,
                name=name,
                count=len(digits),
            )
        )
    return Checksum(name, digits)


_BUCKET = r"[sS]3://[^/\s?#*\[\]]+(?:/[^\s?#*\[\]]*)?"
_CHECKSUM = "|".join(
    f"{name}:\\s*[0-9a-fA-F]{{{length}}}"
    for name, lengths in CHECKSUM_DIGITS.items()
    for length in lengths
)


def _bucket(value: object) -> str:
    text = read_name(value)
    if not re.fullmatch(_BUCKET, text):
        raise refuse(
            say(
                "{{field}} must be a bucket or a folder in one, as in s3://bucket/folder, not "
                "{found}",
                found=kind(text),
            )
        )
    return text


LinkSize = size_from(0, _no_size)
"""The size of what is elsewhere, in bytes."""
LinkChecksum = Annotated[
    Checksum,
    PlainValidator(_checksum),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*(?:{_CHECKSUM})\s*$"}),
]
"""A kind of checksum and its hex digits."""
Bucket = Annotated[
    str, PlainValidator(_bucket), WithJsonSchema({"type": "string", "pattern": f"^{_BUCKET}$"})
]
"""A bucket, or a folder in one."""
