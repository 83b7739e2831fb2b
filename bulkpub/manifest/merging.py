"""Defaults and a dataset → the dataset in full.

What the dataset says wins. Mappings are merged key by key at every depth; anything else,
lists included, is replaced as a whole. A dataset that writes `null` takes a default away.
Organization and personal space exclude each other, and so do a description and its file:
saying one of a pair in the dataset takes the other away when it is only a default.
"""

from bulkpub.manifest.nodes import Node

__all__ = ["merge", "with_defaults"]

_EXCLUSIVE = (
    ("organization", "personal"),
    ("personal", "organization"),
    ("description", "description_file"),
    ("description_file", "description"),
)


def merge(default: Node, own: Node) -> Node:
    """`own` over `default`; every value keeps the place where it was written."""
    if not (isinstance(default.value, dict) and isinstance(own.value, dict)):
        return own
    merged = dict(default.value)
    for key, child in own.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return Node(merged, own.place, own.key)


def with_defaults(defaults: Node | None, own: Node) -> Node:
    """The dataset `own` with what `defaults` add to it."""
    if defaults is None or not isinstance(defaults.value, dict) or not isinstance(own.value, dict):
        return own
    overruled = {
        other for said, other in _EXCLUSIVE if _says(own.value, said) and other not in own.value
    }
    kept = {key: child for key, child in defaults.value.items() if key not in overruled}
    return merge(Node(kept, defaults.place), own)


def _says(children: dict[str, Node], key: str) -> bool:
    # `personal: false` and `organization: null` choose nothing.
    return key in children and children[key].value not in (None, False)
