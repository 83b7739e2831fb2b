"""Releases and their files to the model and back: pure, and the only place that knows the fields.

A release is a dataset: its name the title, its text the description, a draft one private. A file
of it, an asset, is a resource. What did not come whole is not there; what came for a file that is
still there is not there yet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from bulkpub.language import say
from bulkpub.portals.github.names import NEW, without_mark
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

__all__ = ["ASSET", "RELEASE", "RELEASES", "REPOSITORY", "Asset", "Release", "Repository"]
__all__ += ["dataset_of", "error_codes", "error_message", "release_body", "resource_of"]

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
UPLOADED = "uploaded"
"""The state of a file that came whole; what broke off stays a `starter` for ever."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release. `whole`: all of it came; `sha256` is None for those of before 2025."""

    id: str
    name: str
    url: str
    size: int | None
    sha256: str | None
    whole: bool

    @property
    def is_new(self) -> bool:
        """Whether it came to take the place of another one, whose name it does not have yet."""
        return self.name.endswith(NEW)


@dataclass(frozen=True, slots=True)
class Release:
    """A release, with all its files."""

    id: str
    tag: str
    name: str | None
    text: str
    page: str
    draft: bool
    modified: datetime | None
    assets: tuple[Asset, ...]

    def called(self, name: str) -> Asset | None:
        """The file of this name, whole or not."""
        return next((each for each in self.assets if each.name == name), None)

    def in_the_way(self, name: str) -> Asset | None:
        """What has this name and nobody has a use for: it broke off, or its time has passed."""
        found = self.called(name)
        if found is None or not found.whole:
            return found
        return found if found.is_new and self._is_spare(found) else None

    @property
    def shown(self) -> tuple[Asset, ...]:
        """Its files, as far as they count."""
        return tuple(each for each in self.assets if each.whole and not self._is_spare(each))

    def _is_spare(self, asset: Asset) -> bool:
        there = self.called(without_mark(asset.name)) if asset.is_new else None
        return there is not None and there.whole


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: `number` never changes; nobody may write to one that is `archived`."""

    number: str
    name: str
    archived: bool
    private: bool


# --- what answers look like ---------------------------------------------------------------


def _address(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(say("must be a web address"))
    return url


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(say("must be a moment such as 2024-01-31T12:00:00Z")) from None


_NUMBER = made(core_schema.int_schema(ge=1, lt=2**63), str)
_MOMENT = optional(made(NAME, _moment))
_ADDRESS = made(NAME, _address)

_ASSET = record(
    {
        "id": _NUMBER,
        "name": NAME,
        "browser_download_url": _ADDRESS,
        "size": SIZE,
        "digest": TEXT,
        "state": TEXT,
    },
    lambda data: Asset(
        data["id"],
        data["name"],
        data["browser_download_url"],
        data["size"],
        found[1] if (found := _SHA256.fullmatch(data["digest"] or "")) else None,
        data["state"] == UPLOADED,
    ),
    needed=("id", "name", "browser_download_url"),
)
_RELEASE = record(
    {
        "id": _NUMBER,
        "tag_name": NAME,
        "name": TEXT,
        "body": TEXT,
        "html_url": optional(_ADDRESS),
        "draft": FLAG,
        "created_at": _MOMENT,
        "published_at": _MOMENT,
        "assets": optional(once_each(list_of(_ASSET))),
    },
    lambda data: Release(
        data["id"],
        data["tag_name"],
        data["name"] or None,
        data["body"] or "",
        data["html_url"] or "",
        bool(data["draft"]),
        data["published_at"] or data["created_at"],
        data["assets"] or (),
    ),
    needed=("id", "tag_name"),
)

ASSET: Shape[Asset] = Shape(_ASSET)
RELEASE: Shape[Release] = Shape(_RELEASE)
RELEASES: Shape[tuple[Release, ...]] = Shape(once_each(list_of(_RELEASE)))
REPOSITORY: Shape[Repository] = Shape(
    record(
        {"id": _NUMBER, "full_name": NAME, "archived": FLAG, "private": FLAG},
        lambda data: Repository(
            data["id"], data["full_name"], bool(data["archived"]), bool(data["private"])
        ),
        needed=("id", "full_name"),
    )
)


# --- what we make of them -----------------------------------------------------------------


def dataset_of(release: Release) -> RemoteDataset:
    """A release as a dataset."""
    text, kept = parted_text(release.text)
    return RemoteDataset(
        id=release.id,
        metadata=DatasetMetadata(
            title=release.name or release.tag,
            description=text or None,
            private=release.draft,
            extras=kept or None,
        ),
        resources=tuple(map(resource_of, release.shown)),
        slug=release.tag,
        page=release.page,
        modified=release.modified,
    )


def resource_of(asset: Asset) -> RemoteResource:
    """A file of a release as a resource.

    One that came for another that is gone has arrived, and has to get its name yet.
    """
    name = without_mark(asset.name)
    url = asset.url.removesuffix(NEW) if asset.is_new else asset.url
    return RemoteResource(
        id=asset.id,
        metadata=ResourceMetadata(title=name),
        hosted=not asset.is_new,
        uploaded=asset.is_new,
        url=url,
        permalink=url,
        size=asset.size,
        digest=asset.sha256,
        checksum=Checksum("sha256", asset.sha256) if asset.sha256 else None,
    )


def release_body(metadata: DatasetMetadata, remote: RemoteDataset | None = None) -> dict[str, Json]:
    """The fields of a release that say `metadata`; what that is silent about stays as `remote`."""
    body: dict[str, Json] = {}
    if metadata.title is not None:
        body["name"] = metadata.title
    if metadata.private is not None:
        body["draft"] = metadata.private
    if metadata.description is not None or metadata.extras is not None:
        there = remote.metadata if remote else DatasetMetadata()
        text = there.description if metadata.description is None else metadata.description
        kept = there.extras if metadata.extras is None else metadata.extras
        body["body"] = marked_text(text or "", kept or {})
    return body


def error_message(answer: Json) -> str:
    """What an error says, in GitHub's words; empty when it says nothing.

    `{"message": …, "errors": [{"resource": …, "code": …, "field": …, "message": …}]}`.
    """
    if not isinstance(answer, Mapping):
        return ""
    said = answer.get("message")
    words = [said] if isinstance(said, str) else []
    errors = answer.get("errors")
    words += map(_error, errors if isinstance(errors, list) else [])
    return bounded("; ".join(filter(None, words)))


def _error(error: Json) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, Mapping):
        return ""
    parts = (error.get(name) for name in ("resource", "field", "code", "message"))
    return " ".join(part for part in parts if isinstance(part, str))


def error_codes(answer: Json) -> frozenset[str]:
    """The codes of its single errors, such as `already_exists`."""
    errors: Any = answer.get("errors") if isinstance(answer, Mapping) else None
    codes = (e.get("code") for e in errors or () if isinstance(e, Mapping))
    return frozenset(code for code in codes if isinstance(code, str))
