"""What one file more costs does not depend on how many a dataset has already.

Counted in calls of functions, steps of generators among them: time says little here.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import bulkpub
from bulkpub.portals import memory

FEW, MANY = 20, 80
SOME = 10
"""Calls for each file that are let pass whatever a few files took."""
OURS, THEIRS = str(Path(bulkpub.__file__).parent), str(Path(memory.__file__).parent)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often each function of bulkpub's is called, those of the imitated portal left out."""
    calls = Counter[str]()

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS):
            within = frame.f_back.f_code.co_filename if frame.f_back else ""
            if not (code.co_filename.startswith(THEIRS) or within.startswith(THEIRS)):
                calls[f"{code.co_filename[len(OURS) + 1 :]}:{code.co_qualname}"] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


Entry = Callable[[int], dict[str, Any] | None]
"""What is said of the file of a number; None: there is none."""


@pytest.fixture
def nobody_else_matters() -> None:
    """It looks at all that is there, to see whether it matters."""


@pytest.fixture
def ways(folder: Any, elsewhere: Any) -> dict[str, tuple[Entry | None, Entry, dict[str, Any]]]:
    """What each entry of a dataset was, what it becomes, and what else is said of the dataset."""

    def file(number: int, content: str = "") -> dict[str, Any]:
        folder.file(f"{number}.csv", f"{content}{number}")
        return {"path": f"{number}.csv", "title": f"{number}"}

    def link(number: int, host: str = "a") -> dict[str, Any]:
        return {
            "link": f"https://{host}.example.org/{number}.csv",
            "key": str(number),
            "title": "L",
        }

    def remote(number: int, content: str = "") -> dict[str, Any]:
        return {"url": elsewhere.has(f"{number}.csv", f"{content}{number}".encode())}

    return {
        "new": (None, file, {}),
        "again": (file, file, {}),
        "replaced": (file, partial(file, content="other "), {}),
        "described": (file, lambda number: {**file(number), "description": "D"}, {}),
        "reordered": (file, lambda number: file(number ^ 1), {}),
        "others deleted": (
            file,
            lambda number: file(number) if number % 2 else None,
            {"prune": "all"},
        ),
        "fetched": (None, remote, {}),
        "fetched again": (remote, partial(remote, content="other "), {}),
        "links moved": (link, partial(link, host="b"), {}),
    }


WAYS = (
    "new",
    "again",
    "replaced",
    "described",
    "reordered",
    "others deleted",
    "fetched",
    "fetched again",
    "links moved",
)


@pytest.mark.local_only("what is counted is what this process does")
@pytest.mark.parametrize("way", WAYS)
async def test_a_file_costs_the_same_among_many(
    *, publish: Any, folder: Any, ways: dict[str, Any], way: str
) -> None:
    before, after, more = ways[way]
    calls = dict[int, Counter[str]]()

    async def published(files: int, entry: Entry) -> None:
        entries = [said for number in range(files) if (said := entry(number))]
        report = await publish(folder.manifest(folder.dataset(f"k{files}", *entries, **more)))
        assert report.run.exit_code == 0, report

    for files in (FEW, MANY):
        if before is not None:
            await published(files, before)
        with counted() as calls[files]:
            await published(files, after)
    dear = {
        name: (calls[FEW][name], number)
        for name, number in calls[MANY].items()
        # What was worked out before, for another dataset, may be known or not: some are let pass.
        if number > 2 * MANY / FEW * calls[FEW][name] + SOME * MANY
    }
    assert dear == {}
