"""Publish open data in bulk to data.gouv.fr and to any udata portal.

report = await bulkpub.publish("manifest.yaml", connection=bulkpub.Connection(key=...))
"""

import importlib
import typing

from bulkpub.version import __version__

if typing.TYPE_CHECKING:
    from bulkpub.core.failures import Failure
    from bulkpub.core.outcome import (
        DatasetOutcome,
        DatasetStatus,
        ResourceOutcome,
        ResourceStatus,
    )
    from bulkpub.core.report import RunReport
    from bulkpub.engine.choice import Engine, engine_of
    from bulkpub.errors import BulkpubError, Problem, RunFailed
    from bulkpub.observers import Event, Observer
    from bulkpub.pipeline import RunOptions
    from bulkpub.session.library import (
        Connection,
        ManifestLike,
        Sources,
        migrate,
        plan,
        publish,
        publish_sync,
        verify,
    )

__all__ = [
    "BulkpubError",
    "Connection",
    "DatasetOutcome",
    "DatasetStatus",
    "Engine",
    "Event",
    "Failure",
    "ManifestLike",
    "Observer",
    "Problem",
    "ResourceOutcome",
    "ResourceStatus",
    "RunFailed",
    "RunOptions",
    "RunReport",
    "Sources",
    "__version__",
    "engine_of",
    "migrate",
    "plan",
    "publish",
    "publish_sync",
    "verify",
]

_ROOMS = (
    "session.library",
    "core.failures",
    "core.outcome",
    "core.report",
    "engine.choice",
    "errors",
    "observers",
    "pipeline",
)
"""Where the names stand; loaded when one is asked for: the list of commands needs none."""


if not typing.TYPE_CHECKING:  # or every name would be one of ours

    def __getattr__(name: str) -> object:
        if name in __all__:
            for room in _ROOMS:
                found = getattr(importlib.import_module(f"bulkpub.{room}"), name, None)
                if found is not None:
                    globals()[name] = found
                    return found
        raise AttributeError(f"module 'bulkpub' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
