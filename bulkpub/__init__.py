"""Publish open data in bulk to data.gouv.fr and to any udata portal.

report = await bulkpub.publish("manifest.yaml", connection=bulkpub.Connection(key=...))
"""

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.errors import BulkpubError, Problem
from bulkpub.observers import Event, Observer
from bulkpub.pipeline import RunOptions
from bulkpub.session.library import (
    Connection,
    ManifestLike,
    Sources,
    migrate,
    plan,
    publish,
    verify,
)
from bulkpub.version import __version__

__all__ = [
    "BulkpubError",
    "Connection",
    "DatasetOutcome",
    "DatasetStatus",
    "Event",
    "ManifestLike",
    "Observer",
    "Problem",
    "ResourceOutcome",
    "ResourceStatus",
    "RunOptions",
    "RunReport",
    "Sources",
    "__version__",
    "migrate",
    "plan",
    "publish",
    "verify",
]
