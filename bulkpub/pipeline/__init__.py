"""The run: check, observe, then publish dataset by dataset; the only place that starts tasks."""

from bulkpub.pipeline.run import Run
from bulkpub.pipeline.services import RunOptions, Verify

__all__ = ["Run", "RunOptions", "Verify"]
