"""Extras: the user's own values, held to what the portal can store.

The portal refuses null, and MongoDB under it refuses names with a dot or a leading `$`;
names that start with `bulkpub:` are ours.
"""

from collections.abc import Iterator

from bulkpub.core.model import Json
from bulkpub.manifest.fields import kind
from bulkpub.manifest.nodes import Node, Number, bare, plain
from bulkpub.manifest.sentences import Fault

__all__ = ["extra_name_fault", "extras_faults", "is_reserved", "read_extras"]

_RESERVED_PREFIX = "bulkpub:"


def read_extras(node: Node | None) -> dict[str, Json] | None:
    """The extras as JSON values; None when none are written. They must be without fault."""
    return None if node is None else dict(plain(node))


def extras_faults(node: Node | None) -> Iterator[Fault]:
    """Everything the portal would refuse in the extras written at `node`, if any are."""
    if node is None:
        return
    if not isinstance(node.value, dict):
        yield Fault(
            node.place, f"'extras' must be a mapping of names and values, not {kind(bare(node))}"
        )
        return
    for name, child in node.value.items():
        if is_reserved(name):
            yield Fault(
                child.key or child.place,
                f"the extra '{name}' cannot be set: bulkpub keeps names with "
                f"'{_RESERVED_PREFIX}' for itself",
            )
    yield from _faults(node, "'extras'")


def _faults(node: Node, where: str) -> Iterator[Fault]:
    match node.value:
        case dict():
            for name, child in node.value.items():
                if sentence := extra_name_fault(name):
                    yield Fault(child.key or child.place, sentence)
                yield from _faults(child, f"the extra '{name}'")
        case list():
            for child in node.value:
                yield from _faults(child, f"an item of {where}")
        case None:
            yield Fault(node.place, f"{where} has no value, which the portal refuses")
        case Number() if node.value.value is None:
            yield Fault(
                node.place,
                f"{where} is a number beyond what the portal can store: put it between quotes",
            )
        case _:
            pass


def is_reserved(name: str) -> bool:
    """Whether an extra of this name is bulkpub's own."""
    return name.startswith(_RESERVED_PREFIX)


def extra_name_fault(name: str) -> str:
    """Why no extra can have this name, in a sentence; empty when one can."""
    if not name:
        return "an extra has an empty name"
    if "." in name or name.startswith("$") or "\0" in name:
        return f"the extra '{name}' cannot have that name: no dot in it, and no $ in front"
    return ""
