"""How many requests a run needs, told before it begins, from what observing has found."""

from collections.abc import Mapping, Sequence

from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, FileSource, Fingerprint, RemoteDataset
from bulkpub.core.plan import plan
from bulkpub.errors import ResourceFailed
from bulkpub.pipeline.services import Services
from bulkpub.sources import fingerprint

__all__ = ["requests_needed"]


def requests_needed(
    specs: Sequence[DatasetSpec],
    found: Mapping[str, RemoteDataset | Conflict],
    services: Services,
) -> int:
    """The writes the run needs at most.

    Nothing is hashed for it: a file of the same size as the published one whose hash is not
    remembered counts as one to send.
    """
    total = 0
    for spec in specs:
        remote = found.get(spec.key)
        if not isinstance(remote, Conflict):
            known = _fingerprints(spec, services)
            todo = plan(spec, known, remote, services.portal.rules, allow_mass_delete=True)
            total += todo.requests
    return total


def _fingerprints(spec: DatasetSpec, services: Services) -> dict[str, Fingerprint]:
    known: dict[str, Fingerprint] = {}
    for entry in spec.resources:
        if isinstance(entry.source, FileSource):
            try:
                seen = fingerprint(entry.source)
            except ResourceFailed:
                continue
            sha1 = services.memory.sha1(entry.source.path, seen)
            known[entry.key] = Fingerprint(seen.size, seen.mtime_ns, seen.inode, sha1)
    return known
