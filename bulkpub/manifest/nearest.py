"""Did you mean …: the known word nearest to the one that was written."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["suggestion"]

_LIKENESS = 0.7
"""From 0 to 1; below it the hint is more often wrong (`file` for `title`) than right."""
_LONGEST = 200
"""Longer words are no typing mistakes, and comparing them takes long."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, ready to be appended, empty when nothing is near."""
    if len(word) > _LONGEST:
        return ""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_LIKENESS)
    return f" (did you mean '{by_folded[found[0]]}'?)" if found else ""
