"""The run: check, observe, then publish dataset by dataset; the only place that starts tasks."""

from bulkpub.pipeline.run import Run, RunOptions

__all__ = ["Run", "RunOptions"]
