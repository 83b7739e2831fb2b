"""What goes wrong can be handed from one process to another; what is open here cannot."""

import pickle
import pkgutil
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any

import pytest

from bulkpub import sources
from bulkpub.sources.spool import Spool

ROOMS = [
    import_module(f"bulkpub.sources.{each.name}") for each in pkgutil.iter_modules(sources.__path__)
]
ERRORS = sorted(
    {
        found
        for room in ROOMS
        for _, found in getmembers(room, isclass)
        if issubclass(found, Exception) and found.__module__ == room.__name__
    },
    key=lambda found: found.__name__,
)
MORE: dict[str, dict[str, Any]] = {"_Unanswered": {"unreachable": True}}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_survives_with_all_it_says(kind: type[Exception]) -> None:
    error = kind("it is gone", **MORE.get(kind.__name__, {}))
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(found), str(found), vars(found)) == (kind, str(error), vars(error))


def test_a_spool_does_not_pass_for_one_in_another_process(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="belongs to the process"):
        pickle.dumps(Spool(tmp_path, 1000))
