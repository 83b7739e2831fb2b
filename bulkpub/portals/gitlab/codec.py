"""Releases, their links and the files of packages to the model and back: pure.

A release is a dataset: its name the title, its text the description. A link of it is a resource,
the link's name the title; where it leads to a file of a generic package of the same project, that
is its file, and the package tells size and SHA-256.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import core_schema

from bulkpub.core.model import (
    Checksum,
    DatasetMetadata,
    Json,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.text import bounded
from bulkpub.portals.gitlab.names import Home, Place, place_in
from bulkpub.portals.releases.marks import marked_text, parted_text
from bulkpub.portals.shapes import (
    FLAG,
    NAME,
    SIZE,
    TEXT,
    Shape,
    list_of,
    made,
    once_each,
    optional,
    record,
)

__all__ = ["BRANCHES", "FILE", "FILES", "LINK", "PACKAGES", "PROJECT", "RELEASE", "RELEASES"]
__all__ += ["Branch", "File", "Link", "Package", "Project", "Release", "Seen", "dataset_of"]
__all__ += ["error_message", "release_body", "resource_of"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a release; `permanent` is the address that leads to it whatever it leads to."""

    id: str
    name: str
    url: str
    permanent: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A release with its links, the oldest first; nothing but its tag identifies it."""

    tag: str
    name: str
    text: str = ""
    page: str = ""
    links: tuple[Link, ...] = ()

    @property
    def id(self) -> str:
        """Its tag."""
        return self.tag


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a project: files of one name and version."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of a package (id), which may have several of one name.

    A later one has a higher number.
    """

    id: str
    name: str
    package: str = ""
    size: int | None = None
    sha256: str | None = None

    @property
    def number(self) -> int:
        """Its id, as a number."""
        return int(self.id)


@dataclass(frozen=True, slots=True)
class Project:
    """A project, as far as it matters to its releases; it has no branch while it is empty.

    `public`: everybody sees it.
    """

    id: str
    path: str
    branch: str | None
    public: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a project, which may be the one that counts when none is named."""

    name: str
    default: bool


@dataclass(slots=True)
class Seen:
    """A release as it was seen, with what there is of the packages it has to do with, by place.

    `packages` are their ids, `files` what is in them; those there are not are in neither.
    What is done to it afterwards is written down here, so that it need not be asked for again.
    `pending`: the release itself is not made yet.
    """

    release: Release
    home: Home
    packages: dict[Place, str] = field(default_factory=dict)
    files: dict[Place, tuple[File, ...]] = field(default_factory=dict)
    pending: bool = False

    def link(self, link_id: str) -> Link | None:
        """The link with this id."""
        return next((each for each in self.release.links if each.id == link_id), None)

    def place_of(self, link: Link) -> tuple[Place, str] | None:
        """The package and the name in it of the file that `link` leads to; None: none of ours."""
        return place_in(link.url, self.home)

    def at(self, place: Place, name: str) -> tuple[File, ...]:
        """The files of this name in a package, the latest last: that is the one everybody gets."""
        found = [each for each in self.files.get(place, ()) if each.name == name]
        return tuple(sorted(found, key=lambda each: each.number))

    def is_linked(self, place: Place, name: str) -> bool:
        """Whether a link of the release leads to the files of this name in a package."""
        return any(self.place_of(link) == (place, name) for link in self.release.links)


# --- what answers look like ---------------------------------------------------------------


def _http(url: str | None) -> str:
    """An address that may be shown and followed; anything else is none."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else ""


_NUMBER = made(core_schema.int_schema(ge=1, lt=2**63), str)

_LINK = record(
    {"id": _NUMBER, "name": NAME, "url": NAME, "direct_asset_url": TEXT},
    lambda data: Link(data["id"], data["name"], data["url"], _http(data["direct_asset_url"])),
    needed=("id", "name", "url"),
)
_ASSETS = record({"links": optional(once_each(list_of(_LINK)))}, lambda data: data["links"] or ())
_PAGE = record({"self": TEXT}, lambda data: _http(data["self"]))


def _release(data: Mapping[str, Any]) -> Release:
    links = sorted(data["assets"] or (), key=lambda each: int(each.id))
    tag = data["tag_name"]
    text = (data["description"] or "").replace("\r\n", "\n")
    return Release(tag, data["name"] or tag, text, data["_links"] or "", tuple(links))


_RELEASE = record(
    {
        "tag_name": NAME,
        "name": TEXT,
        "description": TEXT,
        "assets": optional(_ASSETS),
        "_links": optional(_PAGE),
    },
    _release,
    needed=("tag_name",),
)
_PACKAGE = record(
    {"id": _NUMBER, "name": NAME, "version": TEXT},
    lambda data: Package(data["id"], data["name"], data["version"] or ""),
    needed=("id", "name"),
)
_FILE = record(
    {
        "id": _NUMBER,
        "package_id": _NUMBER,
        "file_name": NAME,
        "size": SIZE,
        "file_sha256": TEXT,
    },
    lambda data: File(
        data["id"],
        data["file_name"],
        data["package_id"],
        data["size"],
        found if _SHA256.fullmatch(found := data["file_sha256"] or "") else None,
    ),
    needed=("id", "package_id", "file_name"),
)

LINK: Shape[Link] = Shape(_LINK)
RELEASE: Shape[Release] = Shape(_RELEASE)
RELEASES: Shape[tuple[Release, ...]] = Shape(once_each(list_of(_RELEASE)))
PACKAGES: Shape[tuple[Package, ...]] = Shape(once_each(list_of(_PACKAGE)))
FILE: Shape[File] = Shape(_FILE)
FILES: Shape[tuple[File, ...]] = Shape(once_each(list_of(_FILE)))
PROJECT: Shape[Project] = Shape(
    record(
        {
            "id": _NUMBER,
            "path_with_namespace": NAME,
            "default_branch": TEXT,
            "visibility": TEXT,
        },
        lambda data: Project(
            data["id"],
            data["path_with_namespace"],
            data["default_branch"],
            data["visibility"] == "public",
        ),
        needed=("id", "path_with_namespace"),
    )
)
BRANCHES: Shape[tuple[Branch, ...]] = Shape(
    made(
        list_of(
            record(
                {"name": NAME, "default": FLAG},
                lambda data: Branch(data["name"], bool(data["default"])),
                needed=("name",),
            )
        ),
        tuple,
    )
)


# --- what we make of them -----------------------------------------------------------------


def dataset_of(seen: Seen) -> RemoteDataset:
    """A release as a dataset; its files are told where they were looked at."""
    release = seen.release
    text, kept = parted_text(release.text)
    return RemoteDataset(
        id=release.tag,
        metadata=DatasetMetadata(
            title=release.name,
            description=text or None,
            private=seen.pending or None,
            extras=kept or None,
        ),
        resources=tuple(resource_of(seen, link) for link in release.links),
        slug=release.tag,
        page=release.page,
    )


def resource_of(seen: Seen, link: Link) -> RemoteResource:
    """A link of a release as a resource: a file of a package, or what is elsewhere."""
    found = seen.place_of(link)
    files = seen.at(*found) if found else ()
    file = files[-1] if files else None
    digest = file.sha256 if file else None
    return RemoteResource(
        id=link.id,
        metadata=ResourceMetadata(title=link.name),
        hosted=found is not None,
        url=link.url,
        permalink=link.permanent or _http(link.url),
        size=file.size if file else None,
        digest=digest,
        checksum=Checksum("sha256", digest) if digest else None,
    )


def release_body(metadata: DatasetMetadata, remote: RemoteDataset | None = None) -> dict[str, Json]:
    """The fields of a release that say `metadata`; what that is silent about stays as `remote`."""
    body: dict[str, Json] = {}
    if metadata.title is not None:
        body["name"] = metadata.title
    if metadata.description is not None or metadata.extras is not None:
        there = remote.metadata if remote else DatasetMetadata()
        text = there.description if metadata.description is None else metadata.description
        kept = there.extras if metadata.extras is None else metadata.extras
        body["description"] = marked_text(text or "", kept or {})
    return body


def error_message(answer: Json) -> str:
    """What an error says, in GitLab's words; empty when it says nothing.

    `{"message": …}` with text, or with lists of texts by field; `{"error": …}` of what was asked
    in a wrong way, or of a key that may not do that.
    """
    if not isinstance(answer, Mapping):
        return ""
    said = answer.get("message") or answer.get("error_description") or answer.get("error")
    return bounded("; ".join(_flat(said)))


def _flat(said: Json) -> list[str]:
    match said:
        case str():
            return [said]
        case list():
            return [text for each in said for text in _flat(each)]
        case Mapping():
            return [f"{name} {text}" for name, each in said.items() for text in _flat(each)]
        case _:
            return []
