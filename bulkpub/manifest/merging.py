"""What is inherited: defaults by a dataset, and a dataset's guard and checks by its files.

What the heir says wins. Mappings are merged key by key at every depth; anything else, lists
included, is replaced as a whole. Whoever writes `null` takes away what would be inherited.
Organization and personal space exclude each other, and so do a description and its file, contact
points by id and by name, a state and its parts: saying one of a pair in the dataset takes the other
away when it is only a default.
What stands beside another's dataset inherits nothing that is said of a dataset.
"""

from bulkpub.manifest.nodes import Deferred, Node, Value, bare, child, is_mapping

__all__ = ["OF_COMMUNITY", "for_files", "merge", "with_dataset", "with_defaults"]

_EXCLUSIVE = (
    ("organization", "personal"),
    ("personal", "organization"),
    ("description", "description_file"),
    ("description_file", "description"),
    ("contacts", "contact_points"),
    ("contact_points", "contacts"),
    ("state", "private"),
    ("state", "archived"),
)
OF_COMMUNITY = ("organization", "personal", "guard", "check", "prune")
"""What of the defaults concerns resources beside another's dataset."""
_OF_FILES = ("path", "glob", "url", "host")
_OF_DATASET = ("guard", "check")
_NOTHING = (None, False)


def merge(default: Node, own: Node) -> Node:
    """`own` over `default`; every value keeps the place where it was written."""
    if not (isinstance(default.value, dict) and isinstance(own.value, dict)):
        return own
    merged = dict(default.value)
    for key, below in own.value.items():
        merged[key] = merge(merged[key], below) if key in merged else below
    return Node(merged, own.place, own.key)


def with_defaults(defaults: Node | None, own: Node) -> Node:
    """The dataset `own` with what `defaults` add to it."""
    if defaults is None or not isinstance(defaults.value, dict) or not isinstance(own.value, dict):
        return own
    overruled = {
        other for said, other in _EXCLUSIVE if _says(own.value, said) and other not in own.value
    }
    beside = _says(own.value, "community")
    kept = {
        key: below
        for key, below in defaults.value.items()
        if key not in overruled
        and (not beside or key in OF_COMMUNITY)
        and below.value is not None  # a default of nothing is none
    }
    return merge(Node(kept, defaults.place), own)


def for_files(dataset: Node) -> Node | None:
    """What the resources of a dataset inherit: its `guard` and `check`; None without."""
    inherited = {key: below for key in _OF_DATASET if (below := child(dataset, key))}
    return Node(inherited, dataset.place) if inherited else None


def with_dataset(inherited: Node | None, own: Node) -> Node:
    """The resource `own` with what it inherits, which `for_files` gave, if it is one of files.

    A link, and a resource that is only described, have no use for it. The tree of what is
    deferred is left to be made, unless mappings have to be merged.
    """
    if inherited is None or not is_mapping(own):
        return own
    said = own.said if isinstance(own, Deferred) else None
    if said is not None and not any(isinstance(said.get(key), dict) for key in _OF_DATASET):
        if not any(said.get(way) not in _NOTHING for way in _OF_FILES):
            return own

        def tree() -> Value:
            return merge(inherited, Node(own.value, own.place)).value

        return Deferred({**bare(inherited), **said}, own.place, tree)
    if not isinstance(own.value, dict) or not any(_says(own.value, way) for way in _OF_FILES):
        return own
    return merge(inherited, own)


def _says(children: dict[str, Node], key: str) -> bool:
    # `personal: false` and `organization: null` choose nothing.
    return key in children and children[key].value not in _NOTHING
