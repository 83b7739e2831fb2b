"""Those who watch a run: they are told what happens as it happens, and change nothing.

The pipeline calls every observer with each event, in order, from one thread. An observer
returns at once and never raises: a broken display must not lose a file.
"""

from bulkpub.observers.events import Event, Observer

__all__ = ["Event", "Observer"]
