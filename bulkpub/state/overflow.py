"""Values by key, in the order in which they came: the first in memory, the others in a file.

A small run never has the file, and a large one no more in memory than a small one, but for the
keys. The file has no name, so that nobody else finds it and it goes with the process. Where it
cannot be written to, the values stay in memory: the run then needs more of that, which is told.
"""

import dataclasses
import io
import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import structlog

from bulkpub.errors import StoppedEarly
from bulkpub.language import say
from bulkpub.state.files import private_folder

__all__ = ["Overflow", "Pairs"]

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

log = structlog.get_logger("bulkpub.state")

ROOM = 5_000
"""What the values of one kind that are kept in memory weigh: a dataset or a resource weighs 1."""

_LENGTH_BITS = 40
_UNLIMITED = 1 << 62


class _Place(int):
    """Where a value is in the file: where it begins, and in the last bits how long it is."""

    __slots__ = ()


class Overflow(Generic[T]):
    """Values that can be pickled; those kept in memory weigh as much as there is `ROOM`.

    The file is in `folder`, or where the system has such files. One thread at a time may use it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._room = ROOM
        self._there: dict[str, T | _Place] = {}
        self._file: IO[bytes] | None = None
        self._end = 0

    def put(self, key: str, value: T, weight: int = 1) -> None:
        """Keep `value`, which takes up `weight`: behind all others, or where `key` was before."""
        if self._room > 0:
            self._room -= weight
            self._there[key] = value
        else:
            self._there[key] = self._written(value)

    def __getitem__(self, key: str) -> T:
        """The value; KeyError when there is none, `StoppedEarly` when it cannot be read back."""
        there = self._there[key]
        return self._unpacked(self._read(there)) if isinstance(there, _Place) else there

    def __contains__(self, key: str) -> bool:
        """Whether there is a value for `key`."""
        return key in self._there

    def __len__(self) -> int:
        """How many there are."""
        return len(self._there)

    def __iter__(self) -> Iterator[str]:
        """The keys, in order."""
        return iter(self._there)

    @property
    def overflows(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def close(self) -> None:
        """Let go of all values."""
        self._there = {}
        if self._file is not None:
            self._file.close()

    def _written(self, value: T) -> T | _Place:
        """Where in the file it is now, or the value itself when it could not be written."""
        content = self._packed(value)
        try:
            if self._file is None:
                self._file = self._opened()
            self._file.seek(self._end)
            left = memoryview(content)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            log.warning(
                "no room on the disk for what is known of the files: it is kept in memory",
                folder=str(self._folder or tempfile.gettempdir()),
                why=error.strerror,
            )
            self._room = _UNLIMITED
            return value
        place = _Place((self._end << _LENGTH_BITS) | len(content))
        self._end += len(content)
        return place

    def _opened(self) -> IO[bytes]:
        folder = self._folder and private_folder(self._folder)
        # Without a buffer: what did not fit would be written, and fail, once more at the end.
        file = tempfile.TemporaryFile(  # noqa: SIM115 - open for as long as the values are wanted
            prefix="bulkpub-", dir=folder, buffering=0
        )
        weakref.finalize(self, file.close)
        return file

    def _packed(self, value: T) -> bytes:
        return pack(value)

    def _unpacked(self, content: bytes) -> T:
        value: T = unpack(content)
        return value

    def _read(self, place: _Place) -> bytes:
        begin, length = place >> _LENGTH_BITS, place & ((1 << _LENGTH_BITS) - 1)
        assert self._file is not None  # noqa: S101 - there is a place in it
        try:
            self._file.seek(begin)
            return self._file.read(length)
        except OSError as error:
            raise StoppedEarly(
                say(
                    "what is known of the files could not be read back from the disk: {strerror}",
                    strerror=error.strerror,
                )
            ) from error


class Pairs(Overflow[tuple[A, B]]):
    """Pairs, of which the first can be had without unpacking the second."""

    def first(self, key: str) -> A:
        """The first of a pair; see `__getitem__`."""
        there = self._there[key]
        if not isinstance(there, _Place):
            return there[0]
        first: A = unpack(self._read(there))
        return first

    def _packed(self, value: tuple[A, B]) -> bytes:
        return pack(value[0]) + pack(value[1])

    def _unpacked(self, content: bytes) -> tuple[A, B]:
        stream = io.BytesIO(content)
        return unpack(stream), unpack(stream)


# --- packing ------------------------------------------------------------------------------


class _Reducers(dict[type, Callable[[Any], Any]]):
    """How a value is taken apart: a dataclass by its fields, far faster than it does by itself."""

    def __missing__(self, cls: type) -> Callable[[Any], Any]:
        if not dataclasses.is_dataclass(cls):
            raise KeyError(cls)
        names = [field.name for field in dataclasses.fields(cls)]
        values = attrgetter(*names) if len(names) > 1 else lambda each: (getattr(each, names[0]),)

        def reduce(value: Any) -> tuple[type, Any]:  # noqa: ANN401 - of any class
            return cls, values(value)

        self[cls] = reduce
        return reduce


_REDUCERS = _Reducers()


def unpack(content: bytes | IO[bytes]) -> Any:  # noqa: ANN401 - whatever was packed
    """What was packed first in `content`, which is our own, from a file without a name."""
    if isinstance(content, bytes):
        return pickle.loads(content)  # noqa: S301 - see above
    return pickle.load(content)  # noqa: S301 - see above


def pack(value: object) -> bytes:
    """`value` as `unpack` reads it."""
    content = io.BytesIO()
    pickler = pickle.Pickler(content, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(value)
    return content.getvalue()
