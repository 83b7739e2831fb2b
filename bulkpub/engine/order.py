"""In which order jobs are begun, so that none is left alone at the end: as a pure function."""

from collections.abc import Sequence

__all__ = ["long_ones_first"]

A_REQUEST = 2 * 1024 * 1024
"""Bytes that take about as long as a request takes besides them."""
LONG = 1 / 8
"""A job of more than this share of what each worker has to do is a long one."""


def long_ones_first(needs: Sequence[tuple[int, int]], at_once: int) -> list[int]:
    """The order in which to begin jobs that need so many (requests, bytes): their numbers in it.

    The longest are begun first: one that is begun last is waited for when all the others are done.
    Those that are not long, and all when one is worked on at a time, keep their order: people see
    them go by.
    """
    work = [requests + size / A_REQUEST for requests, size in needs]
    long = LONG * sum(work) / at_once if at_once > 1 else float("inf")
    return sorted(range(len(work)), key=lambda job: -work[job] if work[job] > long else 0.0)
