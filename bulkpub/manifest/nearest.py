"""Did you mean …: the known word nearest to the one that was written."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest", "suggestion"]

_LIKENESS = 0.7
"""From 0 to 1; below it the hint is more often wrong (`file` for `title`) than right."""
_LONGEST = 200
"""Longer words are no typing mistakes, and comparing them takes long."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, None when none is near."""
    if len(word) > _LONGEST:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_LIKENESS)
    return by_folded[found[0]] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, ready to be appended, empty when nothing is near."""
    found = nearest(word, known)
    return f" (did you mean '{found}'?)" if found else ""
