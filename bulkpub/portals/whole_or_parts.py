"""Whether a file goes whole or in parts: what was asked for, and what has been seen so far.

A file in one request is the quickest, and the least work for a portal, which has nothing to
join. So it goes whole until something speaks against it: the portal, or a proxy before it,
refuses the size; a transfer of that size broke off; or the line is so slow that it would take
too long, and one that breaks off late costs all of it.
"""

from dataclasses import dataclass

__all__ = ["PartSizes", "WholeOrParts"]

MIB = 1024 * 1024
SMALLEST_PART = 256 * 1024
TELLING = 8 * MIB
"""Bytes of a transfer from which on it tells how quick the line is, and that its size matters."""


@dataclass(frozen=True, slots=True)
class PartSizes:
    """What is sent in parts, if the portal can, and in parts of how many bytes (`size`).

    Files of more than `above` bytes, where that is said; else those that would take longer than
    `after_s` seconds whole, or are as large as one of `refused` bytes that was refused earlier.
    """

    above: int | None = None
    size: int = 16 * MIB
    after_s: float = 600.0
    refused: int | None = None


class WholeOrParts:
    """The decision for each file of a run, on one portal; sizes are in bytes."""

    def __init__(self, asked: PartSizes) -> None:
        self._asked = asked
        self._broke_off: int | None = None
        self._rate: float | None = None
        self.refused = asked.refused

    @property
    def part_size(self) -> int:
        """Bytes of a part: as asked, but well below what was refused."""
        if self.refused is None:
            return self._asked.size
        return min(self._asked.size, max(SMALLEST_PART, self.refused // 4))

    def in_parts(self, size: int) -> bool:
        """Whether a file of `size` bytes goes in parts; never one that would be a single part."""
        if size <= self.part_size:
            return False
        if self._asked.above is not None and size > self._asked.above:
            return True
        if any(seen is not None and size >= seen for seen in (self.refused, self._broke_off)):
            return True
        slow = self._rate is not None and size / self._rate > self._asked.after_s
        return self._asked.above is None and slow

    def was_refused(self, size: int) -> None:
        """The portal, or a proxy before it, takes no request of `size` bytes."""
        self.refused = min(size, self.refused or size)

    def broke_off(self, size: int) -> None:
        """A transfer of `size` bytes had no end: in this run, the next ones go in parts."""
        if size >= TELLING:
            self._broke_off = min(size, self._broke_off or size)

    def arrived(self, size: int, seconds: float) -> None:
        """A file of `size` bytes was sent whole, in so many `seconds`."""
        if size >= TELLING and seconds > 0:
            self._rate = size / seconds
