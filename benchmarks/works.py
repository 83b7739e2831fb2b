"""What is measured: each work by the name it is chosen by, what it is, and what gives its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import beside_others
import engines
import from_elsewhere
import on_its_own
from results import Row
from running import Place

__all__ = ["TITLES", "WORKS", "Work"]


@dataclass(frozen=True, slots=True)
class Work:
    """A work; one that is not `usual` is done only when it is named.

    `place` is the mark of the place in the documentation that its figures belong to.
    """

    title: str
    rows: Callable[[Place], list[Row]]
    usual: bool = True
    quick: bool = True
    """Whether a quick benchmark does it, in small."""
    place: str = "figures"


def _large(mib: int) -> Callable[[Place], list[Row]]:
    return partial(beside_others.large, mib=mib)


WORKS: dict[str, Work] = {
    "start": Work("Before anything is done", on_its_own.start),
    "small": Work("200 files of 10 kB in 10 datasets, on a real udata", beside_others.small),
    "latency": Work("The same on the sandbox, which waits", beside_others.latency),
    "large-256": Work("One file of 256 MiB, on a real udata", _large(256)),
    "large-1024": Work("One file of 1 GiB, on a real udata", _large(1024), quick=False),
    "large-2048": Work("One file of 2 GiB, on a real udata", _large(2048), quick=False),
    "twenty": Work("20 files of 100 MiB, on a real udata", beside_others.twenty, quick=False),
    "many": Work("Many files of 1 kB, on the sandbox", beside_others.many),
    "changed": Work("Some change, on the sandbox", beside_others.changed),
    "cost": Work("What a file of 1 kB costs the client, into the sink", on_its_own.cost),
    "linear": Work(
        "Ten times as many files of 1 kB, a hundred a dataset; the sink says that it has them",
        on_its_own.linear,
    ),
    "validate": Work("bulkpub validate, by spelling", on_its_own.validate),
    "harvested": Work("Files on 16 other servers, on the sandbox", from_elsewhere.harvested),
    "engines": Work(
        "Files of 10 kB in datasets of a hundred, on the sandbox, which waits",
        engines.engines,
        place="engines",
    ),
    "jobs": Work(
        "Datasets of one file of 1 kB, into the sink: what a dataset costs",
        engines.jobs,
        place="engines",
    ),
    "hashing": Work(
        "Large files that the portal has, and whose checksums nobody remembers; the sink has them",
        engines.hashing,
        place="engines",
    ),
    "million": Work("A million files, unchanged, in the sink", on_its_own.million, usual=False),
    "million-first": Work("A million files into the sink", on_its_own.million_first, usual=False),
}
TITLES = {name: work.title for name, work in WORKS.items()}
