"""What is measured: each work by the name it is chosen by, what it is, and what gives its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import beside_others
import from_elsewhere
import on_its_own
from results import Row
from running import Place

__all__ = ["TITLES", "WORKS", "Work"]


@dataclass(frozen=True, slots=True)
class Work:
    """A work; one that is not `usual` is done only when it is named."""

    title: str
    rows: Callable[[Place], list[Row]]
    usual: bool = True
    quick: bool = True
    """Whether a quick benchmark does it, in small."""


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
    "million": Work("A million files, unchanged, in the sink", on_its_own.million, usual=False),
    "million-first": Work("A million files into the sink", on_its_own.million_first, usual=False),
}
TITLES = {name: work.title for name, work in WORKS.items()}
