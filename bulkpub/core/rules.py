"""What a kind of portal does by itself, and what it cannot do: one frozen value for each kind.

Plans, manifests and the pipeline obey it, and know no kind of portal by name. The functions in it
are pure and belong to a module, so that the value survives pickling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bulkpub.core.model import DatasetMetadata
from bulkpub.core.sources import DIGEST_NAMES, Digest

__all__ = ["NO_FAULT", "Known", "Limits", "Rules", "Vocabulary"]


class Vocabulary(StrEnum):
    """A closed list that a portal publishes."""

    LICENSES = "licenses"
    FREQUENCIES = "frequencies"
    RESOURCE_TYPES = "resource_types"
    EXTENSIONS = "extensions"
    GRANULARITIES = "granularities"


Known = Mapping[Vocabulary, frozenset[str]]
"""What the portal told of its vocabularies, those that were asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters at most; None: no limit. Of a tag, of the form in which the portal keeps it.

    `files` are those of one dataset; of a file, `least_size` and `file_size` are in bytes.
    """

    title: int | None = None
    description: int | None = None
    description_short: int | None = None
    shortest_tag: int = 1
    longest_tag: int | None = None
    files: int | None = None
    file_size: int | None = None
    least_size: int = 0


def same(name: str) -> str:
    """The rule of a portal that keeps names as they are."""
    return name


def _any_id(_written: str) -> bool:
    """The rule of a portal whose ids have no form."""
    return True


def NO_FAULT(_name: str) -> str:  # noqa: N802 - it stands for a constant answer
    """The rule of a portal that takes any name."""
    return ""


def _nobodys(_name: str) -> bool:
    """The rule of a portal that writes no extras of its own."""
    return False


def _no_page(_address: str) -> None:
    """The rule of a portal without pages for people."""


def _as_written(metadata: DatasetMetadata, _known: Known) -> DatasetMetadata:
    return metadata


@dataclass(frozen=True, slots=True)
class Rules:
    """The ways of one kind of portal; the defaults are those of one that does all it is told.

    Names: `is_id` tells whether something can be the id of a dataset, rather than another name
    for it; `file_name` gives the name under which a file called so is stored, as the last part of
    its address has it, `file_fault` why a file cannot have a name (the end of a sentence; empty
    when it can), `tag` the form in which a tag is kept, `zone_fault` why nothing can be the id of a
    zone (the same), `extra_fault` why no extra can have a
    name, and `extra_pattern` (of JSON Schema) what names it lets pass; extras of some names are the
    portal's own to write, which `is_own_extra` tells. Two datasets whose titles
    have the same `title_slug` are not created at the same moment. `normalized` gives metadata in
    the form in which the portal keeps them. `shown_on_page` says what the page at an address
    shows: `organization`, `dataset` or `resource`, and its id or slug; None when it is none such.

    `extensions_known` are those of files that some portal of the kind is known to take: what each
    takes it has to be asked for. Empty: no file is refused for its extension.

    `release_tag`: datasets are releases and known by their tags, which manifests give; the form in
    which something can be one. None: they are known by our key, or their title. `one_of_a_name`: a
    dataset has one file of a name at most, and is known by that name; what has been published under
    another name is another file. `one_of_a_title`: no two resources of a dataset have one title.
    `replacing_keeps_id`: a file uploaded onto a resource leaves it its id, and its place.

    `creating_requests` and `replacing_requests` are how many requests a new file takes, and one
    that replaces another. `described_apart`: what is said of each resource is written in a request
    of its own, however many are described at once.

    `limits` are of lengths; `vocabularies` have the values that can be checked without asking,
    `asked` says where the portal is asked for those it knows, before a run.

    `replacing_resets_title`: a file uploaded onto a resource makes its stored name the title.
    `tells_format`: format and media type of a hosted file are the portal's to say.
    `same_name_pause`: seconds between two uploads of one stored name to one dataset, which may
    never be in flight together; None: they may. `parts`: a large file can be sent in parts.
    `digest` is the kind of checksum by which files are compared with what the portal has, which it
    `tells_digest` of; where it tells none, files are hashed so all the same.

    `drafts`: a new dataset is not there for everybody until all its files are in, where that is
    wanted, though none can be private. `lists_files`: a listing of datasets tells all of their
    files; where it does not, each dataset has to be asked for.

    `organizations`: datasets can be organizations'; where there are none, all are the account's,
    and what a manifest says of organizations is for other portals. `joins_organizations`: a
    personal dataset can be given to an organization, with its id and its resources kept. `orders`:
    resources can be put in order. `described_at_once`: how many resources one request describes;
    None: all of a dataset. `links`, `deletes`, `hosts_in_place`: whether resources can point
    elsewhere, be deleted, be made hosted with their id kept. `deletes_datasets`: datasets can be
    deleted, and restored where what was deleted is still seen (`keeps_deleted`). `community`:
    others than a dataset's owner can put resources beside it. `lacks_dataset` and `lacks_resource`
    name the fields of the metadata that it cannot hold, `closed_lacks` those that a dataset cannot
    have whose data is not for everybody. `moves_links_alone`: a link's new address is written to it
    alone, as in the list nobody would see when it changed. `not_files` are the formats, in lower
    case, of what is elsewhere to be asked or looked at rather than downloaded: it is never hosted.

    `quota_window` is the time in seconds that the announced rate limit is for. `language`, in two
    letters, is the one in which most people read the portal.
    """

    kind: str
    is_id: Callable[[str], bool] = _any_id
    file_name: Callable[[str], str] = same
    title_slug: Callable[[str], str] = same
    file_fault: Callable[[str], str] = NO_FAULT
    tag: Callable[[str], str] = same
    zone_fault: Callable[[str], str] = NO_FAULT
    extra_fault: Callable[[str], str] = NO_FAULT
    extra_pattern: str = ""
    is_own_extra: Callable[[str], bool] = _nobodys
    normalized: Callable[[DatasetMetadata, Known], DatasetMetadata] = _as_written
    shown_on_page: Callable[[str], tuple[str, str] | None] = _no_page
    limits: Limits = field(default_factory=Limits)
    vocabularies: Mapping[Vocabulary, tuple[str, ...]] = field(default_factory=dict)
    asked: Mapping[Vocabulary, str] = field(default_factory=dict)
    extensions_known: frozenset[str] = frozenset()
    release_tag: Callable[[str], str] | None = None
    one_of_a_name: bool = False
    one_of_a_title: bool = False
    replacing_keeps_id: bool = True
    creating_requests: int = 1
    replacing_requests: int = 1
    described_apart: bool = False
    replacing_resets_title: bool = False
    tells_format: bool = False
    same_name_pause: float | None = None
    parts: bool = False
    digest: Digest = "sha1"
    tells_digest: bool = True
    orders: bool = True
    drafts: bool = False
    lists_files: bool = True
    organizations: bool = True
    joins_organizations: bool = True
    described_at_once: int | None = None
    links: bool = True
    links_tell_content: bool = True
    deletes: bool = True
    deletes_datasets: bool = True
    keeps_deleted: bool = True
    community: bool = False
    hosts_in_place: bool = True
    lacks_dataset: frozenset[str] = frozenset()
    lacks_resource: frozenset[str] = frozenset()
    closed_lacks: frozenset[str] = frozenset()
    moves_links_alone: bool = False
    not_files: frozenset[str] = frozenset()
    quota_window: float = 3600.0
    language: str = "en"

    def __hash__(self) -> int:
        """For caches of what is made of rules; the vocabularies have no hash of their own."""
        return hash(self.kind)

    def tag_of(self, written: str, key: str) -> str:
        """The tag of the release that a dataset is, by what is written of it and its key.

        Empty where datasets are no releases.
        """
        return self.release_tag(written or key) if self.release_tag else ""

    @property
    def digest_name(self) -> str:
        """How people call the kind of checksum that files are compared by."""
        return DIGEST_NAMES[self.digest]

    @property
    def holds_all(self) -> bool:
        """Whether nothing that a manifest can want is beyond it."""
        can = self.orders and self.links and self.links_tell_content and self.hosts_in_place
        can = can and self.deletes and self.deletes_datasets and self.community
        can = can and self.replacing_keeps_id and not (self.one_of_a_name or self.one_of_a_title)
        return can and self.tells_digest and not (self.lacks_dataset or self.lacks_resource)

    def takes_tag(self, kept: str) -> bool:
        """Whether a tag is of a length that portals take; `kept` is the form they keep it in."""
        longest = self.limits.longest_tag
        return self.limits.shortest_tag <= len(kept) and (longest is None or len(kept) <= longest)
