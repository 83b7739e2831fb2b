"""How often a catalogue says a dataset is updated → the word for it in a manifest.

Pure. Read are the frequencies of the EU's authority table, Dublin Core's collection vocabulary,
the codes of ISO 19115, repeating intervals of ISO 8601, and the words people use in French and
in English: `data/frequencies.toml`.
"""

import re
from collections.abc import Mapping
from functools import cache

from bulkpub.data import frequencies
from bulkpub.letters import plain

__all__ = ["known_frequency"]

_VOCABULARIES = re.compile(
    r"/(?:authority/frequency|cld/freq|maintenancefrequency[a-z]*)[/#]", re.IGNORECASE
)


@cache
def _by_word() -> Mapping[str, str]:
    words = {word: each.id for each in frequencies() for word in each.words}
    return {**{each.id.lower(): each.id for each in frequencies()}, **words}


@cache
def _by_code() -> Mapping[str, str]:
    """Codes without anything but letters and digits; those of the EU's table come first."""
    # DAILY_2 is no "daily" with a number.
    words = {re.sub("[^a-z0-9]", "", word): name for word, name in _by_word().items()}
    eu = {each.eu.replace("_", "").lower(): each.id for each in frequencies() if each.eu}
    return {**words, **eu}


@cache
def _by_interval() -> Mapping[str, str]:
    return {interval: each.id for each in frequencies() for interval in each.intervals}


def known_frequency(said: str) -> str | None:
    """The frequency that `said` stands for; None when none is understood."""
    said = said.strip()
    if re.match(r"https?://", said, re.IGNORECASE):
        if not _VOCABULARIES.search(said) and "codelist" not in said.lower():
            return None
        said = re.split(r"[/#]", said.rstrip("/#"))[-1]
    if interval := _interval(said):
        return _by_interval().get(interval)
    words = " ".join(re.findall(r"[a-z0-9]+", plain(said).lower()))
    if not words:
        return None
    return _by_word().get(words) or _by_code().get(words.replace(" ", "").removeprefix("freq"))


def _interval(said: str) -> str:
    """The interval of ISO 8601 in it, normalised: `R/P0,5M` and `P0.5M` are one."""
    found = re.fullmatch(r"(?:R\d*/)?(P(?:T?[\d.,]+[YMWDHS])+)", said.upper())
    return re.sub(r"(\d)\.0+(?=[A-Z])", r"\1", found[1].replace(",", ".")) if found else ""
