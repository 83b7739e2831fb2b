"""The processes of a cluster of our own are forked from one that has loaded all they need.

That one can be there before it is known that there is work: it loads while manifests are read.
Where that cannot be done, each process is started anew.
"""

import multiprocessing
from multiprocessing import forkserver

from bulkpub.errors import StoppedEarly
from bulkpub.language import say

__all__ = ["METHOD", "get_ready"]

METHOD = "forkserver"
LOADED = (
    "distributed",
    "tornado.platform.asyncio",
    "anyio._backends._asyncio",
    "uvloop",
    "bulkpub.engine.dask.worker",
    "bulkpub.session.opening",
)
"""What is loaded once for all of them; named here, and imported in that process alone.

What there is not is passed over.
"""


def get_ready() -> bool:
    """Begin to load, unless that was done; returns at once. False: it cannot be done here.

    That is so on Windows, and where the path of the folder for temporary files is too long for a
    socket.
    Raises `StoppedEarly` in a process that was itself begun so, where it begins the program anew.
    """
    if METHOD not in multiprocessing.get_all_start_methods():
        return False
    multiprocessing.set_forkserver_preload(list(LOADED))
    try:
        forkserver.ensure_running()
    except OSError:
        return False
    except RuntimeError as error:
        raise StoppedEarly(
            say(
                "each process of a cluster reads the program that starts it, and this one would "
                "start another: have the cluster started below if __name__ == '__main__'"
            )
        ) from error
    return True
