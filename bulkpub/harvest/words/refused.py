"""Which files no portal takes, by their names: left out of what is to be hosted, and told."""

from collections.abc import Iterable
from typing import TypeVar

from bulkpub.core.names import extension_of
from bulkpub.language import say

__all__ = ["without_refused"]

MOST_NAMES = 5
"""Files that are named in one note."""

File = TypeVar("File")


def without_refused(
    files: Iterable[tuple[File, str]], known: frozenset[str]
) -> tuple[list[File], list[str]]:
    """The files, each given with its name, that some portal takes; and a note for each other kind.

    `known` are the extensions of `Rules.extensions_known`; without any, every file stays. So does
    one without an extension, which is told of by what tells of names.
    """
    kept: list[File] = []
    refused: dict[str, list[str]] = {}
    for file, name in files:
        extension = extension_of(name.rpartition("/")[2]) if _is_utf8(name) else ""
        if known and extension and extension not in known:
            refused.setdefault(extension, []).append(name)
        else:
            kept.append(file)
    return kept, [
        say(
            "left out, as no portal is known to take .{extension}: {names}",
            extension=extension,
            names=_some(names),
        )
        for extension, names in refused.items()
    ]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    rest = len(names) - MOST_NAMES
    return say("{shown} and {rest} more", shown=shown, rest=rest) if rest > 0 else shown


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
