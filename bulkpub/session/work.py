"""What a run is asked to do: what manifests say, or a migration of what is on the portal."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bulkpub.core.model import DatasetSpec
from bulkpub.errors import Problem
from bulkpub.manifest import Loaded, load, parse
from bulkpub.pipeline.migration import to_migrate
from bulkpub.portals import Portal

__all__ = ["ManifestLike", "Work", "migration", "of_manifest"]

ManifestLike = str | os.PathLike[str] | Mapping[str, Any] | Sequence[str | os.PathLike[str]]
"""A manifest: the path of a file, several paths, or the document itself as a mapping."""


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one run.

    `names` are what it is called, in the report and by the lock; `portal` is the one it names
    itself. `datasets` are what is wanted, `problems` what is wrong with how it was written.
    With `find`, the datasets are only known once the portal has been asked.
    """

    names: tuple[str, ...]
    portal: str | None = None
    datasets: tuple[DatasetSpec, ...] = ()
    problems: tuple[Problem, ...] = ()
    find: Callable[[Portal], Awaitable[Sequence[DatasetSpec]]] | None = None


def of_manifest(manifest: ManifestLike) -> Work:
    """What `manifest` says; never raises for what is wrong with it."""
    if isinstance(manifest, Mapping):
        return _loaded(("<mapping>",), parse(manifest))
    paths = [manifest] if isinstance(manifest, str | os.PathLike) else manifest
    names = tuple(os.fspath(path) for path in paths)
    return _loaded(names, load(names))


def _loaded(names: tuple[str, ...], loaded: Loaded) -> Work:
    return Work(names, loaded.portal, loaded.datasets, loaded.problems)


def migration(organization: str | None, datasets: Sequence[str]) -> Work:
    """Host in place what the organization's and the named datasets' resources point to."""
    named = ([f"organization {organization}"] if organization else []) + [
        f"dataset {name}" for name in datasets
    ]
    find = partial(to_migrate, organization=organization, datasets=tuple(datasets))
    return Work(tuple(f"migration of {name}" for name in named), find=find)
