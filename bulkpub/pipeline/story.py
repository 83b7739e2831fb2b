"""One dataset's story so far: what is known, what was decided, what was done.

It is written by its own methods alone, each a step that is legal in certain phases (`LEGAL`),
and can be told at any moment, whenever it is stopped (a failure, Ctrl-C): see `telling`. What
lasts for the whole story is in `Story` and `ResourceStory`; what lasts until the next look at the
portal is in `Round`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from bulkpub.core.actions import (
    Adopt,
    Create,
    CreateDataset,
    Delete,
    DeleteDataset,
    Describe,
    Fetch,
    Keep,
    KeepAbsent,
    KeepDataset,
    LeaveOut,
    Plan,
    Refuse,
    Replace,
    ResourceAction,
    UpdateDataset,
)
from bulkpub.core.changes import changes_of_dataset, changes_of_resource
from bulkpub.core.diff import claim, wanted_resource
from bulkpub.core.fitting import without
from bulkpub.core.guard import size_warning
from bulkpub.core.model import (
    Checksum,
    DatasetSpec,
    ExistingSource,
    Fingerprint,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Source,
    UrlSource,
    is_sent,
)
from bulkpub.core.outcome import (
    Change,
    DatasetStatus,
    ResourceStatus,
)
from bulkpub.core.rules import Rules
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.errors import PlanAgain, Uncertain
from bulkpub.language import joined, say, say_n
from bulkpub.pipeline.job import Figures, Job, Verify
from bulkpub.pipeline.on_portal import OnPortal

__all__ = ["LEGAL", "NOT_CREATED", "Phase", "ResourceStory", "Round", "Story"]


class Phase(Enum):
    """How far a story is."""

    BEGUN = "begun"
    """Only what is wanted is known."""
    OBSERVED = "observed"
    """What the portal has is known, or that it has nothing yet."""
    PLANNED = "planned"
    """What to do is decided, and being done."""
    ENDED = "ended"
    """Nothing more is going to be done."""


ANY = frozenset(Phase) - {Phase.ENDED}
LEGAL: Mapping[str, frozenset[Phase]] = {
    "observed": ANY,
    "took_up": frozenset({Phase.OBSERVED}),
    "sized": ANY,
    "hashed": ANY,
    "looked_behind": ANY,
    "put_elsewhere": frozenset({Phase.PLANNED}),
    "file_removed": frozenset({Phase.PLANNED}),
    "planned": frozenset({Phase.OBSERVED, Phase.PLANNED}),
    "foreseen": frozenset({Phase.PLANNED}),
    "contacts_made": frozenset({Phase.PLANNED}),
    "created": frozenset({Phase.PLANNED}),
    "updating": frozenset({Phase.PLANNED}),
    "updated": frozenset({Phase.PLANNED}),
    "dataset_deleted": frozenset({Phase.PLANNED}),
    "released": frozenset({Phase.PLANNED}),
    "refreshed": frozenset({Phase.PLANNED}),
    "listed": frozenset({Phase.PLANNED}),
    "source_sized": frozenset({Phase.PLANNED}),
    "odd": frozenset({Phase.PLANNED}),
    "fetched": frozenset({Phase.PLANNED}),
    "left": frozenset({Phase.PLANNED}),
    "decided": frozenset({Phase.PLANNED}),
    "named": frozenset({Phase.PLANNED}),
    "sending": frozenset({Phase.PLANNED}),
    "stored": frozenset({Phase.PLANNED}),
    "sent": frozenset({Phase.PLANNED}),
    "turn_ended": frozenset({Phase.PLANNED}),
    "doubted": frozenset({Phase.PLANNED}),
    "held_back": frozenset({Phase.PLANNED}),
    "described": frozenset({Phase.PLANNED}),
    "moved": frozenset({Phase.PLANNED}),
    "put_in_order": frozenset({Phase.PLANNED}),
    "not_kept": frozenset({Phase.PLANNED}),
    "refused_description": frozenset({Phase.PLANNED}),
    "deleted": ANY,
    "round_done": frozenset({Phase.PLANNED}),
    "in_doubt": frozenset({Phase.PLANNED}),
    "settled": frozenset({Phase.PLANNED}),
    "file_failed": ANY,
    "compared": frozenset({Phase.PLANNED}),
    "differs": frozenset({Phase.PLANNED}),
    "failed": ANY,
    "ended": frozenset({Phase.PLANNED}),
}
"""In which phases each step may be taken."""

Args = ParamSpec("Args")
Given = TypeVar("Given")


def step(
    method: "Callable[Concatenate[Story, Args], Given]",
) -> "Callable[Concatenate[Story, Args], Given]":
    """A step of a story, refused (AssertionError: a defect of ours) in a phase it is not for."""

    @wraps(method)
    def taken(story: "Story", /, *args: Args.args, **kwargs: Args.kwargs) -> Given:
        if story.phase not in LEGAL[method.__name__]:
            raise AssertionError(f"{method.__name__} is no step of a story that is {story.phase}")
        return method(story, *args, **kwargs)

    return taken


PLANNED_STATUS: Mapping[type[ResourceAction], ResourceStatus] = {
    Create: ResourceStatus.CREATED,
    Replace: ResourceStatus.REPLACED,
    Adopt: ResourceStatus.ADOPTED,
    Describe: ResourceStatus.DESCRIBED,
    Keep: ResourceStatus.UNCHANGED,
    Refuse: ResourceStatus.FAILED,
}
RECOGNISED = (Adopt, Describe, Keep)
SENT = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})
NOT_THERE_YET = say("not on the portal yet")
NOT_CREATED = say("it is not created on the portal, as none of its resources can be published")


@dataclass(slots=True)
class ResourceStory:
    """One resource's story.

    `status` is what it will have been once `done`; of several plans the one that changed most
    counts, as a file that turns out to have arrived was created all the same.
    `touched`: its file was written to in this run, so that its title may have been reset;
    `arrived`: the portal said that it has what was sent;
    `undescribable`: the portal refuses whatever is said of it; `stays` is why it is left where
    it is, though it was to be hosted; `sent_at` is when the first attempt to send it began;
    `address` is where its file is fetched from; `put` says that the file behind a link is put
    where it leads; `removed`: its file is no longer here; `warnings` say what is odd about its
    file.
    `changes` are what would be written, where only that is told.
    """

    spec: ResourceSpec
    status: ResourceStatus | None = None
    reason: str = ""
    remote: RemoteResource | None = None
    wanted: ResourceMetadata | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    seconds: float = 0.0
    error: str | None = None
    done: bool = False
    touched: bool = False
    arrived: bool = False
    undescribable: bool = False
    stays: str | None = None
    address: str | None = None
    put: str | None = None
    removed: bool = False
    warnings: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def describable(self) -> bool:
        """Whether its title and place are to be set: a failed file must not lose its title."""
        there = self.remote is not None and not self.undescribable
        return there and (self.error is None or self.touched)


@dataclass(slots=True)
class Round:
    """What lasts from one look at the portal to the next: a plan, and doubts while it is done.

    `doubtful` are the keys of the entries whose uploads may or may not have arrived, `unsent`
    those whose turn did not come before the run was asked to end.
    """

    plan: Plan
    doubts: list[PlanAgain] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)


class Story:
    """The story of one job.

    `bound` are the ids the portal gave to our entries in this run, by resource key; `created_ids`
    those of resources that did not exist before and are not in their place yet, `stays` those of
    resources that stay elsewhere; `before` those that were there when the story began. `sizes`
    are what sources say of files not fetched yet (bytes), by resource key; `behind` are the files
    behind links, as they were seen. `sent_at` is when a
    file name was last in flight (a monotonic clock, seconds). `unsettled`: the portal may still
    carry out something that was given up. `did` is what became of the dataset itself, for the
    `reasons`; `changes` are what would be written of it, where only that is told; `finished`:
    nothing is left to be done; `started` is when the story began, by `time.perf_counter`.
    """

    def __init__(self, job: Job, rules: Rules) -> None:
        self.job = job
        self.rules = rules
        self.phase = Phase.BEGUN
        self.key = job.spec.key
        self._spec: DatasetSpec = job.spec
        self._is_spec_whole = True
        self.round = Round(Plan(CreateDataset(job.spec.metadata)))
        self.rounds = 0
        self._on_portal = OnPortal()
        self.resources: Mapping[str, ResourceStory] = {
            entry.key: ResourceStory(entry) for entry in job.spec.resources
        }
        self.fingerprints: dict[str, Fingerprint] = {}
        self.sizes: dict[str, int | None] = {}
        self.behind: dict[str, Fingerprint] = {}
        self.bound: dict[str, str] = {}
        self.before: frozenset[str] = frozenset()
        self.created_ids: set[str] = set()
        self.stays: set[str] = set()
        self.sent_at: dict[str, float] = {}
        self.unsettled = False
        self.figures = Figures()
        self.error: str | None = None
        self.did: DatasetStatus | None = None
        self.reasons: list[str] = []
        self._unheard: tuple[str, ...] = ()
        self.deletions: list[Delete] = []
        self.changes: tuple[Change, ...] = ()
        self._times_not_kept = 0
        self.finished = False
        self.started = time.perf_counter()

    # --- what follows from what is known ---------------------------------------------------

    @property
    def has_failed(self) -> bool:
        """Whether anything of the dataset has failed so far."""
        return self.error is not None or any(r.error for r in self.resources.values())

    def ours(self) -> Iterator[ResourceStory]:
        """The resources that the run is about."""
        left_out = self._spec.left_out
        return (each for key, each in self.resources.items() if key not in left_out)

    @property
    def is_new(self) -> bool:
        """Whether the dataset was created in this run."""
        return self.did is DatasetStatus.CREATED

    @property
    def there(self) -> RemoteDataset:
        """The dataset on the portal; it is there when anything is written below it."""
        assert self.remote is not None  # noqa: S101 - created or found by now
        return self.remote

    @property
    def spec(self) -> DatasetSpec:
        """What is wanted, as far as is known what each entry is made of."""
        if not self._is_spec_whole:
            entries = tuple(self.resources[entry.key].spec for entry in self._spec.resources)
            self._spec, self._is_spec_whole = replace(self._spec, resources=entries), True
        return self._spec

    def concerning(self, key: str) -> tuple[DatasetSpec, RemoteDataset | None]:
        """What is wanted, and what the portal has, as far as the entry `key` is concerned.

        Most entries are known by an id, or all resources that are there by others': then none of
        those is among them, and what is decided is the same.
        """
        entry = self.resources[key].spec
        part = self._on_portal.part_for(entry, self.bound.get(key), self._claimed)
        if part is None or entry.series is not None:
            return self.spec, self.remote
        return replace(self._spec, resources=(entry,)), part

    def _claimed(self) -> frozenset[str | None]:
        return frozenset((*self.bound.values(), *(r.spec.id for r in self.resources.values())))

    def _bind(self, key: str, resource_id: str) -> None:
        """Take the resource for the entry `key`, and for nobody else's."""
        self._on_portal.claim(resource_id, instead_of=self.bound.get(key))
        self.bound[key] = resource_id

    @property
    def is_there(self) -> bool:
        """Whether the portal has the dataset, as far as is known."""
        return self._on_portal.is_there

    @property
    def dataset_id(self) -> str:
        """Which dataset it is; it is there when anything is written below it."""
        return self._on_portal.id

    @property
    def remote(self) -> RemoteDataset | None:
        """The dataset as the portal has it, None when it has none."""
        return self._on_portal.dataset

    @remote.setter
    def remote(self, remote: RemoteDataset | None) -> None:
        self._on_portal.is_now(remote)

    def lists(self, resource_id: str) -> bool:
        """Whether the dataset on the portal has this resource, as far as is known."""
        return self._on_portal.lists(resource_id)

    def ids(self) -> dict[str, str]:
        """Which resource each entry is, by resource key, for those to be described."""
        return {
            key: resource.remote.id
            for key, resource in self.resources.items()
            if resource.remote is not None and resource.describable
        }

    def wanted(self) -> dict[str, ResourceMetadata]:
        """What shall be said of each entry, by resource key, for those to be described."""
        return {
            key: resource.wanted
            for key, resource in self.resources.items()
            if resource.wanted is not None and resource.describable
        }

    def given_up(self) -> frozenset[str]:
        """The ids of resources that were to be hosted and whose file did not come."""
        failed = {
            resource.remote.id
            for resource in self.resources.values()
            if resource.error and resource.remote and is_sent(resource.spec.source)
        }
        return frozenset(failed | self.stays)

    # --- looking at the portal and at the files ---------------------------------------------

    @step
    def observed(self, remote: RemoteDataset | None) -> None:
        """The dataset as the portal has it now, None when it has none."""
        if self.phase is Phase.BEGUN:
            self.before = frozenset(r.id for r in remote.resources) if remote else frozenset()
        elif self.remote is None and remote is not None:  # ours, though its answer was lost
            self.did, self.reasons = DatasetStatus.CREATED, [NOT_THERE_YET]
        self.remote, self.phase = remote, Phase.OBSERVED

    @step
    def took_up(self, bound: Mapping[str, str]) -> None:
        """What a run that was killed knew already: which resource is whose, where credible."""
        there = {resource.id: resource for resource in self.remote.resources} if self.remote else {}
        for key, resource_id in bound.items():
            remote = there.get(resource_id)
            if remote is not None and key in self.resources and remote.key in {None, key}:
                self._bind(key, remote.id)

    @step
    def sized(self, key: str, known: Fingerprint) -> None:
        """The file of the entry `key` was looked at."""
        self.fingerprints[key] = known

    @step
    def hashed(self, key: str, digest: str, *, read: int = 0) -> Fingerprint:
        """The digest of the file is known, for which `read` bytes were read beforehand."""
        seen = self.fingerprints[key]
        known = Fingerprint(seen.size, seen.mtime_ns, seen.inode, digest)
        self.fingerprints[key] = known
        if read:
            self.figures += Figures(hashed=read)
        return known

    @step
    def looked_behind(self, key: str, seen: Fingerprint, checksum: Checksum) -> None:
        """The file behind the link `key` was looked at, and hashed."""
        source = self.resources[key].spec.source
        assert isinstance(source, LinkSource)  # noqa: S101 - no other has a file behind it
        self.behind[key] = seen
        self._is_made_of(key, replace(source, size=seen.size, checksum=checksum))

    # --- planning ---------------------------------------------------------------------------

    @step
    def planned(self, plan: Plan) -> None:
        """What is decided for the dataset, from all that is known now; a new round begins."""
        self.phase, self.round = Phase.PLANNED, Round(plan)
        if self._unheard and isinstance(plan.dataset, KeepDataset):
            self._updated(self._unheard)
        self._unheard = ()
        for action in plan.resources:
            if self.resources[action.spec.key].error is None:
                self._decided(self.resources[action.spec.key], action)
        if self.rounds == 0 and self.job.options.verify is Verify.NO:
            needed = plan.requests + self.contacts_to_make(plan)
            requests = 0 if plan.refused else needed
            self.figures = replace(self.figures, planned_requests=requests)
        self.rounds += 1

    def contacts_to_make(self, plan: Plan) -> int:
        """How many contact points it takes first, each a request."""
        return 0 if isinstance(plan.dataset, KeepDataset | KeepAbsent) else self.job.makes

    @step
    def decided(self, key: str, action: ResourceAction, *, note: str = "") -> None:
        """What is decided for one entry, once the content of its file is known."""
        self._decided(self.resources[key], action)
        self.resources[key].reason = joined("", (self.resources[key].reason, note))
        if isinstance(action, RECOGNISED):
            self._bind(key, action.remote.id)

    def _decided(self, resource: ResourceStory, action: ResourceAction) -> None:
        there = isinstance(action, RECOGNISED) and action.remote.id in self.before
        if there and resource.status is ResourceStatus.CREATED:
            # Sent, and then recognised as one that was there before: it was not created.
            resource.status = None
        if not isinstance(action, Create | Refuse):
            resource.remote = action.remote
        if isinstance(action, LeaveOut):
            return
        if not isinstance(action, Refuse) and not (resource.touched and resource.wanted):
            resource.wanted = action.wanted
        if isinstance(action, Fetch):
            resource.address = action.source.shown
            return  # once it is fetched, it is decided again
        if isinstance(action, Refuse):
            resource.error = action.reason
        if isinstance(action, Create | Replace):
            known = self.fingerprints.get(action.spec.key)
            remote = action.remote if isinstance(action, Replace) else None
            odd = size_warning(action.spec, remote, known.size) if known else None
            resource.warnings = (odd,) if odd else ()
        status = PLANNED_STATUS[type(action)]
        if resource.status in {None, ResourceStatus.UNCHANGED} or (
            status in SENT and resource.status not in SENT
        ):
            resource.status, resource.reason = status, resource.stays or action.reason

    @step
    def foreseen(self) -> None:
        """Only to be told: what the plan would do counts as done."""
        plan = self.round.plan
        self._foreseen_dataset(plan)
        for fetch in plan.fetches:
            resource = self.resources[fetch.spec.key]
            if resource.status is None:
                there = fetch.remote is not None
                resource.status = ResourceStatus.REPLACED if there else ResourceStatus.CREATED
                # Whether the content differs only fetching it can tell.
                resource.reason = say("{reason}: to be fetched", reason=fetch.reason)
        for key, resource in self.resources.items():
            resource.done = True
            if resource.spec.remove and resource.error is None and key not in self.spec.left_out:
                resource.reason = say(
                    "{reason}; then its file is removed here", reason=resource.reason
                )
                resource.removed = True
        if not self.has_failed:
            self.deletions = list(plan.deletions)
        self._tell_changes()
        self._end()

    def _tell_changes(self) -> None:
        """What the plan would write, field by field; of what stays as it is there is nothing."""
        plan = self.round.plan
        self.changes = changes_of_dataset(plan, self.job.owner, self.rules)
        for action in plan.resources:
            resource = self.resources[action.spec.key]
            told = resource.error is None or self.job.options.verify is not Verify.NO
            if told and resource.stays is None:
                known = self.fingerprints.get(action.spec.key)
                resource.changes = changes_of_resource(action, known, self.rules)

    def _foreseen_dataset(self, plan: Plan) -> None:
        match plan.dataset:
            case CreateDataset():
                self.did, self.reasons = DatasetStatus.CREATED, [NOT_THERE_YET]
                if self.resources and all(each.error for each in self.ours()):
                    self.error = NOT_CREATED
                    self.figures = replace(self.figures, planned_requests=0)
            case UpdateDataset() as action:
                self._updated(action.differing)
            case KeepDataset():
                if plan.finish:
                    self.did = DatasetStatus.UPDATED
            case DeleteDataset() as action:
                self._deleted(action.remote)
            case KeepAbsent():
                pass
        if plan.releases and not self.has_failed:
            self._released(say("public once all its files are in"))

    # --- the dataset itself -----------------------------------------------------------------

    @step
    def created(self, remote: RemoteDataset) -> None:
        """The dataset was created."""
        self.remote = remote
        self.did, self.reasons = DatasetStatus.CREATED, [NOT_THERE_YET]

    @step
    def updating(self, names: tuple[str, ...]) -> None:
        """The fields `names` are being written; if no answer tells, the next plan does."""
        self._unheard = names

    @step
    def updated(self, written: RemoteDataset, names: tuple[str, ...]) -> None:
        """The fields `names` were written; the answer says nothing new of its resources."""
        self._unheard = ()
        self.remote = replace(written, resources=self.there.resources)
        self._updated(names)

    def _updated(self, names: tuple[str, ...]) -> None:
        if self.did is not DatasetStatus.CREATED:
            self.did = DatasetStatus.UPDATED
        self.reasons.append(say("differs in: {fields}", fields=joined(", ", names)))

    @step
    def dataset_deleted(self, remote: RemoteDataset) -> None:
        """The dataset was deleted, with all it has."""
        self._deleted(remote)

    def _deleted(self, remote: RemoteDataset) -> None:
        count = len(remote.resources)
        files = say_n("{n} resource", "{n} resources", count)
        self.did, self.reasons = (
            DatasetStatus.DELETED,
            [say("to be absent; with its {files}", files=files)],
        )

    @step
    def released(self, written: RemoteDataset) -> None:
        """The dataset is public, as all its files are in, and they may have other addresses."""
        now = {name: each for each in written.resources for name in (each.url, each.id)}
        self.remote = replace(written, resources=_readdressed(self.there.resources, now))
        for resource in self.resources.values():
            if resource.remote is not None:
                (resource.remote,) = _readdressed([resource.remote], now)
        self._released(say("public, as all its files are in"))

    def _released(self, reason: str) -> None:
        if self.did is not DatasetStatus.CREATED:
            self.did = DatasetStatus.UPDATED
        self.reasons.append(reason)

    @step
    def contacts_made(self, made: Mapping[str, str]) -> None:
        """Take the ids of contact points in place of what they say, as they are there now."""
        metadata = self.spec.metadata
        points = tuple(made.get(each, each) for each in metadata.contact_points or ())
        metadata = replace(metadata, contact_points=points)
        self._spec = replace(self.spec, metadata=metadata, contacts=())

    @step
    def refreshed(self, fresh: RemoteDataset) -> None:
        """The dataset as it is now, others' work since the beginning included.

        What shall be said of a resource is decided anew, but for those whose file was written:
        the titles they had are no longer to be seen.
        """
        self.remote = fresh
        there = {remote.id: remote for remote in fresh.resources}
        for resource in self.resources.values():
            remote = there.get(resource.remote.id) if resource.remote else None
            if remote is not None:
                resource.remote = remote
                if not resource.touched and resource.wanted is not None:
                    resource.wanted = wanted_resource(resource.spec, remote, self.rules)

    @step
    def listed(self, resources: Iterable[RemoteResource]) -> None:
        """All its resources, as the portal answered."""
        self.remote = replace(self.there, resources=tuple(resources))

    # --- files ------------------------------------------------------------------------------

    @step
    def put_elsewhere(self, key: str, how: str) -> None:
        """The file behind the link `key` is put where the link leads; `how`, in words."""
        resource = self.resources[key]
        resource.reason = "; ".join(filter(None, [resource.reason, how]))
        resource.put = how

    @step
    def file_removed(self, key: str) -> None:
        """The file of the entry `key` was removed here, as the portal has it."""
        self.resources[key].removed = True

    @step
    def source_sized(self, key: str, size: int | None) -> None:
        """What a source says of the size of a file that is not fetched."""
        self.sizes[key] = size

    @step
    def odd(self, key: str, warning: str) -> None:
        """Something is odd about a file that is published all the same."""
        resource = self.resources[key]
        resource.warnings = tuple(dict.fromkeys((*resource.warnings, warning)))

    @step
    def fetched(self, key: str, name: str, known: Fingerprint) -> None:
        """A file was fetched for the entry `key`, or is known from before; `name` is its own."""
        self.fingerprints[key] = known
        source = self.resources[key].spec.source
        if isinstance(source, UrlSource):
            self._is_made_of(key, replace(source, name_from_server=name))

    @step
    def left(self, key: str, reason: str) -> None:
        """The resource that was to be hosted stays where it is."""
        resource = self.resources[key]
        self._is_made_of(key, ExistingSource())
        resource.status, resource.reason, resource.stays = ResourceStatus.UNCHANGED, reason, reason
        if resource.remote is not None:
            resource.wanted = wanted_resource(resource.spec, resource.remote, self.rules)
            self.stays.add(resource.remote.id)

    def _is_made_of(self, key: str, source: Source) -> None:
        self.resources[key].spec = replace(self.resources[key].spec, source=source)
        self._is_spec_whole = False

    @step
    def named(self, entry: ResourceSpec) -> None:
        """The next name of its series is that of `entry`, which is sent under it."""
        resource = self.resources[entry.key]
        resource.spec = replace(resource.spec, default_title=entry.default_title)
        self._is_made_of(entry.key, entry.source)
        resource.wanted = wanted_resource(resource.spec, None, self.rules)

    @step
    def sending(self, key: str, at: datetime) -> int:
        """An attempt to send the file, or the link, begins at that time; its number, from 1."""
        resource = self.resources[key]
        resource.attempts += 1
        resource.sent_at = resource.sent_at or at
        return resource.attempts

    @step
    def stored(self, key: str, remote: RemoteResource, onto: str | None = None) -> None:
        """The portal has what was sent for the entry `key`, in the place of what was `onto`."""
        resource = self.resources[key]
        resource.remote, resource.touched, resource.arrived = remote, True, True
        self._bind(key, remote.id)
        place = None
        if not self.lists(remote.id):
            if onto is not None and not self.rules.replacing_keeps_id:
                place = onto
            else:
                self.created_ids.add(remote.id)
        self._on_portal.put(remote, place)

    @step
    def sent(self, key: str, *, seconds: float = 0.0, uploaded: int = 0) -> None:
        """An attempt to send ended, however: so many seconds of it, so many bytes."""
        self.resources[key].seconds += seconds
        self.figures += Figures(uploaded=uploaded)

    @step
    def turn_ended(self, name: str) -> None:
        """No file that is stored under this name is in flight any more."""
        self.sent_at[name] = time.monotonic()

    @step
    def doubted(self, key: str, doubt: PlanAgain) -> None:
        """Whether it arrived only a look at the portal can tell."""
        resource = self.resources[key]
        resource.touched = resource.touched or resource.attempts > 0
        resource.arrived = False
        self.round.doubtful.add(key)
        self.round.doubts.append(doubt)

    @step
    def held_back(self, key: str) -> None:
        """Its turn did not come before the run was asked to end."""
        self.round.unsent.add(key)

    @step
    def file_failed(self, key: str, error: str) -> None:
        """The entry cannot be published now; the first failure counts.

        Of what is left out nothing is to be published.
        """
        if key in self._spec.left_out:
            return
        resource = self.resources[key]
        resource.error = resource.error or bounded(error, LONGEST_SENTENCE)

    # --- finishing --------------------------------------------------------------------------

    @step
    def described(self, answer: Iterable[RemoteResource]) -> None:
        """All resources were described; the portal's answer is their state."""
        resources = tuple(answer)
        self.remote = replace(self.there, resources=resources)
        if self.did is None:
            self.did = DatasetStatus.UPDATED
        fresh = {resource.id: resource for resource in resources}
        for key, resource_id in self.ids().items():
            self.resources[key].remote = fresh.get(resource_id, self.resources[key].remote)

    @step
    def moved(self, key: str, answer: RemoteResource) -> None:
        """The link `key` has its new address, and all that is to be said of it."""
        if self.did is None:
            self.did = DatasetStatus.UPDATED
        resource = self.resources[key]
        if resource.remote is not None and resource.remote.id == answer.id:
            resource.remote = answer
            self._on_portal.put(answer)

    @step
    def put_in_order(self) -> None:
        """New resources are in their places, too."""
        self.created_ids.clear()

    @step
    def not_kept(self, lacking: Mapping[str, str]) -> bool:
        """The portal did not keep what was said; True: believe it, it is the second time.

        The first may be another writer's doing.
        """
        self._times_not_kept += 1
        if self._times_not_kept == 1:
            return False
        for key, sentence in lacking.items():
            self.resources[key].error = self.resources[key].error or sentence
        return True

    @step
    def refused_description(self, key: str, reason: str) -> None:
        """The portal refuses what is said of the resource: only title and key are, then nothing."""
        resource = self.resources[key]
        if resource.error is not None:
            resource.undescribable = True
            return
        resource.error = say("the portal refuses its description ({reason})", reason=reason)
        resource.touched = True
        title = resource.wanted.title if resource.wanted else None
        least = ResourceMetadata(
            title=title, extras=claim(resource.spec, resource.remote, self.rules) or None
        )
        resource.wanted = without(least, self.rules.lacks_resource)

    @step
    def deleted(self, deletion: Delete) -> None:
        """A resource was deleted."""
        self.deletions.append(deletion)

    @step
    def round_done(self) -> None:
        """All of the plan was done, but for what failed or whose turn did not come."""
        for key, resource in self.resources.items():
            resource.done = resource.error is None and key not in self.round.unsent

    @step
    def in_doubt(self, doubt: PlanAgain) -> None:
        """The round ended before its end: only a look at the portal can tell how far it came."""
        self.unsettled |= isinstance(doubt, Uncertain) and doubt.underway

    @step
    def settled(self) -> None:
        """What may have come late is going to be seen by the next look."""
        self.unsettled = False

    # --- the end ----------------------------------------------------------------------------

    @step
    def compared(self, key: str) -> None:
        """The content that is published of the entry `key` was compared with what is wanted."""
        self.figures += Figures(compared=1, compared_bytes=self.fingerprints[key].size)

    @step
    def differs(self, faults: Iterable[str]) -> None:
        """Only compared: what of the dataset itself is not as wanted; nothing more is done."""
        for resource in self.resources.values():
            resource.done = resource.error is None
        self.error = bounded("; ".join(faults), LONGEST_SENTENCE) or None
        self._tell_changes()
        self._end()

    @step
    def failed(self, error: str) -> None:
        """The dataset as a whole cannot be published."""
        self.error = bounded(error, LONGEST_SENTENCE)

    @step
    def ended(self) -> None:
        """Nothing more is to be done; it is complete unless something was held back."""
        self.finished = not self.round.unsent
        self.phase = Phase.ENDED

    def _end(self) -> None:
        self.finished, self.phase = True, Phase.ENDED


def _readdressed(
    resources: Iterable[RemoteResource], now: Mapping[str, RemoteResource]
) -> tuple[RemoteResource, ...]:
    """The resources at the addresses that they have `now`, by id, or under the ids, by address."""
    found = ((each, now.get(each.id) or now.get(each.url)) for each in resources)
    return tuple(
        replace(each, id=is_now.id, url=is_now.url, permalink=is_now.permalink) if is_now else each
        for each, is_now in found
    )
