"""How a catalogue names an area → the zone in a manifest, and the word for the grain of the data.

Pure. The rule: only what is certain becomes a zone. `Paris` is a commune, a department and
more, `75056` may be a postal code: a name counts only where one area alone has it, a code only
where what stands around it says which register it is from. Names and codes are in
`data/zones.csv`, words for the grain in `data/granularities.toml`.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from bulkpub.data import granularities, zones
from bulkpub.letters import plain

__all__ = ["known_granularity", "known_zone"]

_LEVELS = {"40": "region", "60": "departement", "70": "epci", "80": "commune"}
"""The levels in Opendatasoft's codes of areas, as in `fr_40_11`."""
_LISTED = frozenset({"region", "departement"})
"""Levels whose areas are all listed; of the others the form of the code is enough."""
_CODES = {"epci": r"\d{9}", "commune": r"(?:\d{2}|2[AB])\d{3}"}
_FRENCH = {name: name for name in (*_LISTED, *_CODES)} | {
    "town": "commune",
    "county": "departement",
}


def _named(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", plain(name).lower()))


@cache
def _ids() -> frozenset[str]:
    return frozenset(each.zone for each in zones())


@cache
def _by_name() -> Mapping[str, str]:
    names = {_named(name): each.zone for each in zones() for name in each.names}
    regions = [each for each in zones() if each.zone.startswith("fr:region:")]
    return {**names, **{f"region {_named(each.name)}": each.zone for each in regions}}


@cache
def _by_code() -> Mapping[str, str]:
    """By the codes of registers, each with the name of its register before it."""
    return {
        **{f"nuts:{nuts}": each.zone for each in zones() for nuts in each.nuts},
        **{f"iso3:{each.iso3}": each.zone for each in zones() if each.iso3},
        **{f"geonames:{each.geonames}": each.zone for each in zones() if each.geonames},
    }


def known_zone(said: str) -> str | None:
    """The zone that `said` stands for; None when that is not certain."""
    said = said.strip()
    for pattern, zone in _READERS:
        if found := pattern.search(said):
            return zone(found)
    return _by_name().get(_named(said))


def _of_id(zone: str) -> str | None:
    kind, _, code = zone.rpartition(":")
    if kind.startswith("fr:"):
        return _french(kind.removeprefix("fr:"), code)
    return zone.lower()


def _french(kind: str, code: str) -> str | None:
    level, code = _FRENCH.get(kind.lower(), ""), code.upper()
    zone = f"fr:{level}:{code}"
    if level in _LISTED:
        return zone if zone in _ids() else None
    return zone if level and re.fullmatch(_CODES[level], code) else None


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), zone)
    for pattern, zone in (
        # Ids as a manifest has them; some portals put a date behind them.
        (
            r"^((?:country|country-group|country-subset|fr):[a-z0-9:-]+)(?:@.*)?$",
            lambda found: _of_id(found[1]),
        ),
        (r"id\.insee\.fr/geo/([a-z]+)/([0-9AB]+)", lambda found: _french(found[1], found[2])),
        # The same ids as they once were.
        (r"^fr/([a-z]+)/([0-9AB]+)$", lambda found: _french(found[1], found[2])),
        (r"^world_fr$", lambda _: "country:fr"),
        (
            r"^fr_(\d\d)_([0-9AB]+)$",
            lambda found: _french(_LEVELS.get(found[1], ""), found[2]),
        ),
        (
            r"(?:/nuts/(?:code/)?|^nuts:? ?)([A-Z]{2}[A-Z0-9]{0,3})/?$",
            lambda found: _by_code().get(f"nuts:{found[1].upper()}"),
        ),
        (
            r"authority/country/([A-Z]{3})$",
            lambda found: _by_code().get(f"iso3:{found[1].upper()}"),
        ),
        (r"geonames\.org/(\d+)", lambda found: _by_code().get(f"geonames:{found[1]}")),
    )
)


@cache
def _grain_by_word() -> Mapping[str, str]:
    return {
        **{_named(grain): grain for grain in granularities()},
        **{word: grain for grain, words in granularities().items() for word in words},
    }


def known_granularity(said: str) -> str | None:
    """The word for the grain of the data; None when `said` is not understood."""
    return _grain_by_word().get(_named(said)) if said.strip() else None
