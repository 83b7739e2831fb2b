"""What a portal tells people, beyond what publishing needs: values, whatever its kind.

Raw requests and their answers, how what is published fares, and what one may write.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bulkpub.core.model import Json, RemoteDataset, RemoteResource

__all__ = ["DatasetHealth", "Listed", "Listing", "RawAnswer", "RawRequest", "ResourceHealth"]


@dataclass(frozen=True, slots=True)
class RawRequest:
    """Any request of a portal's API; `path` as the API's documentation has it.

    `mask` names the fields to be answered, where the portal can leave the others out. `paged`: it
    is one of several pages, and which one comes next has to be known.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    mask: str = ""
    paged: bool = False


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Its answer: `refusal` is empty when it was carried out, else what the portal says, in words.

    `next_page` is the number of the page after this one, where it is one of several.
    """

    status: int
    content: bytes
    refusal: str = ""
    next_page: int | None = None
    items: tuple[Json, ...] | None = None


# --- how it fares --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResourceHealth:
    """What the portal's checker says of a resource; None: nothing.

    `status` is the HTTP status that the file was answered with, `checked` when that was; `faults`
    are what was found wrong with its content, in the checker's words.
    """

    resource: RemoteResource
    available: bool | None = None
    status: int | None = None
    checked: str | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether the checker has looked at it at all."""
        return self.available is not None or self.status is not None or bool(self.faults)


@dataclass(frozen=True, slots=True)
class DatasetHealth:
    """How a dataset fares; `score` is from 0 to 1, `missing` are what would raise it.

    `in_time` is the portal's judgement of the last update by the announced frequency, None where
    there is none; `next_update` is the day announced for it. `beside`: the dataset is another's,
    of which nothing is said, and the resources were put beside it.
    """

    dataset: RemoteDataset
    score: float | None = None
    missing: tuple[str, ...] = ()
    in_time: bool | None = None
    updated: datetime | None = None
    next_update: date | None = None
    resources: tuple[ResourceHealth, ...] = ()
    beside: bool = False

    def is_late(self, today: date) -> bool:
        """Whether it was to be updated by now: by its frequency, or by the day announced."""
        overdue = self.next_update is not None and self.next_update < today
        since = self.updated.date() if self.updated else None
        announced = self.next_update
        missed = overdue and announced is not None and (since is None or since < announced)
        return self.in_time is False or missed

    @property
    def unavailable(self) -> tuple[ResourceHealth, ...]:
        """The resources that could not be had when the checker asked for them."""
        return tuple(each for each in self.resources if each.available is False)


# --- what one may write --------------------------------------------------------------------


class Listing(StrEnum):
    """What can be listed."""

    LICENSES = "licenses"
    FREQUENCIES = "frequencies"
    SCHEMAS = "schemas"
    EXTENSIONS = "extensions"
    TYPES = "types"
    GRANULARITIES = "granularities"
    ZONES = "zones"
    ORGANIZATIONS = "organizations"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True)
class Listed:
    """One value that one may write: `id`, what people call it, and what else is known of it."""

    id: str
    name: str = ""
    more: str = ""
