"""How GitLab names what it keeps, so that we can tell beforehand: pure.

A file of a generic package has a name of letters, digits and some signs, and so has the path of its
permalink, which is short, and ends in a letter or a digit. Names are made such that both can be.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from bulkpub.language import say
from bulkpub.letters import plain

__all__ = ["VERSION", "Home", "Place", "file_name", "generic_path", "link_path", "name_fault"]
__all__ += ["own_place", "place_in"]

LONGEST_NAME = 100
"""Characters of a file's name; a permalink's path has 128 at most."""
LONGEST_EXTENSION = 20
SHORTEST_PATH = 3
"""Characters of a permalink's path, behind the slash that it begins with."""
VERSION = "release"
"""The version of the package that has the files of a release."""

Place = tuple[str, str]
"""Name and version of a generic package."""

_GENERIC = re.compile(r"/projects/([^/]+)/packages/generic/([^/]+)/([^/]+)/([^/?#]+)")


@lru_cache(maxsize=65536)
def file_name(name: str) -> str:
    """The name under which a file called `name` is sent and kept."""
    made = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain(name).replace("'", ""))
    made = re.sub(r"\.{2,}", ".", made)
    made = re.sub(r"-*\.-*", ".", re.sub(r"-{2,}", "-", made)).strip("-._")
    if len(made) <= LONGEST_NAME:
        return made
    stem, dot, extension = made.rpartition(".")
    if not dot or len(extension) > LONGEST_EXTENSION:
        return made[:LONGEST_NAME].rstrip("-._")
    return f"{stem[: LONGEST_NAME - len(extension) - 1].rstrip('-._')}.{extension}"


def name_fault(name: str) -> str:
    """Why no file can be called `name`, as the end of a sentence, or nothing."""
    if not file_name(name):
        return say("has a name without any letter or digit the portal could keep: rename it")
    return ""


def link_path(name: str) -> str:
    """The path of the permalink of a file of this name, as it is kept."""
    return f"/{name}" if len(name) >= SHORTEST_PATH else f"/files/{name}"


def own_place(tag: str) -> Place:
    """The package that has the files of the release with this tag, and of no other."""
    made = re.sub(r"[^A-Za-z0-9_.-]+", "-", tag)
    made = re.sub(r"\.{2,}", ".", made).strip("-.")
    if made and made == tag:
        return made, VERSION
    apart = hashlib.sha256(tag.encode()).hexdigest()[:8]
    return f"{made}-{apart}".lstrip("-"), VERSION


@dataclass(frozen=True, slots=True)
class Home:
    """Where a project's API is: below `root`, by its path and, once that is known, by its id."""

    root: str
    path: str
    id: str | None = None

    @property
    def url(self) -> str:
        """The address that lasts longest: a path changes when a project is moved."""
        return f"{self.root}/projects/{self.id or quote(self.path, safe='')}"

    def has(self, step: str) -> bool:
        """Whether what stands behind `/projects/` in an address is this project."""
        name = unquote(step)
        by_id = name == self.id or (self.id is None and name.isdecimal())
        return by_id or name.casefold() == self.path.casefold()


def place_in(url: str, home: Home) -> tuple[Place, str] | None:
    """The package, and the name of the file in it, that `url` leads to, if it is the project's."""
    found = _GENERIC.fullmatch(url.removeprefix(home.root)) if url.startswith(home.root) else None
    if found is None or not home.has(found[1]):
        return None
    return (unquote(found[2]), unquote(found[3])), unquote(found[4])


def generic_path(place: Place, name: str) -> str:
    """Where a file of a package is, below the project's address."""
    steps = "/".join(quote(each, safe="") for each in (*place, name))
    return f"/packages/generic/{steps}"
