"""From what is wanted to jobs: check against the portal, see what it has; nothing is written.

Everything that is wrong is found before the first write, and told at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bulkpub.core.diff import dataset_changes
from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, FileSource, Fingerprint, RemoteDataset, State
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.core.plan import plan
from bulkpub.core.rules import Rules
from bulkpub.errors import ManifestInvalid, Problem, ResourceFailed
from bulkpub.pipeline.absence import too_many
from bulkpub.pipeline.expanding import expand
from bulkpub.pipeline.identify import identify
from bulkpub.pipeline.job import Job, RunOptions
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.observe import observe, observe_elsewhere
from bulkpub.pipeline.preflight import Checked, check, check_areas, check_contacts
from bulkpub.sources import fingerprint

__all__ = ["Preparation", "requests_needed", "size_of"]

Observed = Mapping[str, RemoteDataset | Conflict]


@dataclass(slots=True)
class Preparation:
    """What is being made of `specs`, whatever ends it: `problems` grow, `refused` are spoilt.

    `refused` has the problems of datasets that are not published, by key; `jobs` are the others.
    """

    specs: Sequence[DatasetSpec]
    problems: list[Problem] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    async def run(self, means: Means, options: RunOptions) -> None:
        """Make the jobs.

        Raises `ManifestInvalid` when there are problems and `keep_going` was not asked for,
        `PortalRefuses`, `PortalUnavailable` or `NotAPortal` when the portal cannot be worked
        with.
        """
        expanded = await expand(self.specs, means.sources)
        self.specs = expanded.datasets
        self.problems += expanded.problems
        identified = await identify(means.portal, self.specs)
        self.specs = identified.specs
        self.problems += identified.problems
        checked = await check(means.portal, self.specs)
        if (self.problems or checked.problems) and not options.keep_going:
            await check_areas(means.portal, checked, self.specs)  # all that is wrong, at once
        self._take(checked, options)
        sound = self._without_problems(checked.specs, checked.refused)
        found = await self._observe(sound, checked, means, options, identified.found)
        # What a dataset has already, the portal knows: nobody has to ask for it every night.
        changed = _with_another_area(sound, found, means.rules)
        await check_areas(means.portal, checked, [s for s in self.specs if s.key in changed])
        if owners := _owners_learned(sound, checked, found):
            await check_contacts(means.portal, checked, owners)
        self._take(checked, options)
        sound = self._without_problems(sound, checked.refused)
        namesakes: dict[str | None, set[str]] = {}
        for spec in self.specs:
            namesakes.setdefault(spec.metadata.title, set()).add(spec.key)
        self.jobs = [
            Job(
                spec,
                found.get(spec.key),
                checked.owners[spec.key],
                options.of_a_job,
                (
                    *identified.notes.get(spec.key, ()),
                    *checked.notes.get(spec.key, ()),
                    *_recognised(spec, found.get(spec.key)),
                ),
                frozenset(namesakes[spec.metadata.title] - {spec.key}),
                checked.extensions,
            )
            for spec in sound
        ]

    def _take(self, checked: Checked, options: RunOptions) -> None:
        """Take its problems over; raises `ManifestInvalid` unless the others are to go on."""
        self.problems += checked.problems
        ends = bool(self.problems) and not options.keep_going
        self.problems += checked.alone
        checked.problems, checked.alone = [], []
        if ends:
            raise ManifestInvalid(sorted(self.problems))

    async def _observe(
        self,
        specs: Sequence[DatasetSpec],
        checked: Checked,
        means: Means,
        options: RunOptions,
        known: Mapping[str, RemoteDataset],
    ) -> Observed:
        by_owner: dict[tuple[Owner, bool], list[DatasetSpec]] = {}
        for spec in specs:
            by_owner.setdefault((checked.owners[spec.key], spec.community), []).append(spec)
        ours = {spec.key for spec in self.specs}
        found: dict[str, RemoteDataset | Conflict] = {}
        for (owner, beside), owned in by_owner.items():
            portal = means.portal.community(owner) if beside else means.portal
            there = None if beside else known
            found.update(await observe(portal, owner, owned, ours, there))
        present = [spec for spec in specs if spec.state is not State.ABSENT]
        new = [spec for spec in present if spec.key not in found]
        found.update(await observe_elsewhere(means.portal, checked.account, new, checked.owners))
        if not options.allow_mass_delete:
            owners, account = checked.owners, checked.account
            found.update(await too_many(means.portal, specs, found, owners, account))
        return found

    def _without_problems(
        self, specs: Iterable[DatasetSpec], refused: Mapping[str, str]
    ) -> list[DatasetSpec]:
        wrong = {key: [why] for key, why in refused.items()}
        for problem in self.problems:
            if problem.dataset is not None:
                wrong.setdefault(problem.dataset, []).append(problem.message)
        self.refused = {key: "; ".join(why) for key, why in wrong.items()}
        return [spec for spec in specs if spec.key not in wrong]


def _recognised(spec: DatasetSpec, found: RemoteDataset | Conflict | None) -> tuple[str, ...]:
    """What there is to say when a dataset goes by the key that it was harvested under before."""
    if not isinstance(found, RemoteDataset) or found.key in {None, spec.key} or spec.id:
        return ()
    note = (
        f"'{found.metadata.title}' ({found.id}) was harvested before under the key '{found.key}': "
        f"it is the same dataset, and gets the key '{spec.key}'"
    )
    return (note,)


def _with_another_area(
    specs: Iterable[DatasetSpec], found: Observed, rules: Rules
) -> frozenset[str]:
    """The keys of those that are new, or whose area is not what the portal has."""
    changed: set[str] = set()
    for spec in specs:
        remote = found.get(spec.key)
        if isinstance(remote, RemoteDataset):
            changes = dataset_changes(spec, remote, rules)
            if changes is None or changes.spatial is None:
                continue
        changed.add(spec.key)
    return frozenset(changed)


def _owners_learned(
    specs: Iterable[DatasetSpec], checked: Checked, found: Observed
) -> dict[str, Owner]:
    """Whose datasets with contact points are, where only the portal knew, by key."""
    learned: dict[str, Owner] = {}
    for spec in specs:
        remote, wanted = found.get(spec.key), spec.metadata.contact_points
        if checked.owners[spec.key] != UNSAID or not isinstance(remote, RemoteDataset):
            continue
        if wanted and wanted != remote.metadata.contact_points:
            user = None if remote.organization else checked.account.id
            learned[spec.key] = Owner(remote.organization, user)
    return learned


# --- what it will take ----------------------------------------------------------------------


def requests_needed(jobs: Iterable[Job], means: Means) -> int:
    """The writes the jobs need at most.

    Nothing is hashed for it: a file of the same size as the published one whose hash is not
    remembered counts as one to send.
    """
    return sum(
        plan(
            job.spec,
            _known(job.spec, means),
            job.found,
            means.rules,
            owner=job.owner,
            allow_mass_delete=True,
        ).requests
        for job in jobs
        if not isinstance(job.found, Conflict)
    )


def _known(spec: DatasetSpec, means: Means) -> dict[str, Fingerprint]:
    seen: dict[str, tuple[str, Fingerprint]] = {}
    for entry in spec.resources:
        if isinstance(entry.source, FileSource):
            with suppress(ResourceFailed):
                seen[entry.key] = (entry.source.path, fingerprint(entry.source))
    remembered = means.memory.sha1s(dict(seen.values()))
    return {key: replace(file, sha1=remembered.get(path)) for key, (path, file) in seen.items()}


def size_of(jobs: Iterable[Job]) -> int:
    """Bytes of their files as far as they can be told; what cannot be read is told of later."""
    return sum(
        _size(entry.source)
        for job in jobs
        for entry in job.spec.resources
        if isinstance(entry.source, FileSource)
    )


def _size(source: FileSource) -> int:
    try:
        return fingerprint(source).size
    except ResourceFailed:
        return 0
