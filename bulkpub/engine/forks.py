"""The processes of a cluster of our own are forked from one that has loaded all they need.

That one can be there before it is known that there is work: it loads while manifests are read.
Where a system cannot do so (Windows), each process is started anew.
"""

import multiprocessing
from multiprocessing import forkserver

__all__ = ["METHOD", "get_ready"]

METHOD = "forkserver"
LOADED = ("distributed", "bulkpub.engine.dask.worker", "bulkpub.session.opening")
"""What is loaded once for all of them; named here, and imported in that process alone."""


def get_ready() -> bool:
    """Begin to load, unless that was done; returns at once. False: it cannot be done here."""
    if METHOD not in multiprocessing.get_all_start_methods():
        return False
    multiprocessing.set_forkserver_preload(list(LOADED))
    forkserver.ensure_running()
    return True
