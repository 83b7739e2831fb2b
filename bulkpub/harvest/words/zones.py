"""How a catalogue names an area → the portal's zone, and its word for the grain of the data.

Pure. The rule: only what is certain becomes a zone. `Paris` is a commune, a department and
more, `75056` may be a postal code: a name counts only where one area alone has it, a code only
where what stands around it says which register it is from.
"""

import re
from collections.abc import Callable

from unidecode import unidecode

from bulkpub.harvest.words.places_fr import DEPARTMENTS, REGIONS

__all__ = ["portal_granularity", "portal_zone"]

_FRANCE = "country:fr"
_COUNTRIES = dict(
    pair.split(":")
    for pair in """
    AUT:at BEL:be BGR:bg CHE:ch CYP:cy CZE:cz DEU:de DNK:dk ESP:es EST:ee FIN:fi FRA:fr
    GBR:gb GRC:gr HRV:hr HUN:hu IRL:ie ITA:it LTU:lt LUX:lu LVA:lv MCO:mc MLT:mt NLD:nl
    NOR:no POL:pl PRT:pt ROU:ro SVK:sk SVN:si SWE:se
    """.split()  # noqa: SIM905  # a list would be one word a line
)
_GEONAMES = {
    "3017382": _FRANCE,
    "6295630": "country-group:world",
    "6695072": "country-group:ue",
    "3012874": "fr:region:11",
    "3027939": "fr:region:24",
    "11071619": "fr:region:27",
    "11071621": "fr:region:28",
    "11071624": "fr:region:32",
    "11071622": "fr:region:44",
    "2988289": "fr:region:52",
    "3030293": "fr:region:53",
    "11071620": "fr:region:75",
    "11071623": "fr:region:76",
    "11071625": "fr:region:84",
    "2985244": "fr:region:93",
    "3023519": "fr:region:94",
}
_LEVELS = {"40": "region", "60": "departement", "70": "epci", "80": "commune"}
"""The levels in Opendatasoft's codes of areas, as in `fr_40_11`."""
_CODES = {
    "region": r"\d{2}",
    "departement": r"\d{2}|2[AB]|97\d",
    "epci": r"\d{9}",
    "commune": r"(?:\d{2}|2[AB])\d{3}",
}
_FRENCH = {"town": "commune", "county": "departement", **{name: name for name in _CODES}}


def _named(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", unidecode(name).lower()))


_AMBIGUOUS = {"paris", "nord"}
_BY_NAME = {
    **{_named(name): f"fr:departement:{code}" for code, (name, _) in DEPARTMENTS.items()},
    **{_named(name): f"fr:region:{code}" for code, (name, _) in REGIONS.items()},
    **{f"region {_named(name)}": f"fr:region:{code}" for code, (name, _) in REGIONS.items()},
    "reunion": "fr:region:04",
    "france": _FRANCE,
    "france entiere": _FRANCE,
    "france metropolitaine": "country-subset:fr:metro",
    "monde": "country-group:world",
    "world": "country-group:world",
    "union europeenne": "country-group:ue",
    "european union": "country-group:ue",
}
_BY_NUTS = {
    **{nuts: f"fr:departement:{code}" for code, (_, nuts) in DEPARTMENTS.items()},
    **{nuts: f"fr:region:{code}" for code, (_, nuts) in REGIONS.items()},
    **{
        f"{nuts}0": f"fr:region:{code}"
        for code, (_, nuts) in REGIONS.items()
        if nuts in {"FR1", "FRB", "FRG", "FRH", "FRL", "FRM"}  # one region of level 2 in it
    },
    "FR": _FRANCE,
}


def portal_zone(said: str) -> str | None:
    """The portal's zone that `said` stands for; None when that is not certain."""
    said = said.strip()
    for pattern, zone in _READERS:
        if found := pattern.search(said):
            return zone(found)
    name = _named(said)
    return None if name in _AMBIGUOUS else _BY_NAME.get(name)


def _of_the_portal(zone: str) -> str | None:
    kind, _, code = zone.rpartition(":")
    if kind.startswith("fr:"):
        return _french(kind.removeprefix("fr:"), code)
    return zone.lower()


def _french(kind: str, code: str) -> str | None:
    level, code = _FRENCH.get(kind.lower(), ""), code.upper()
    if level == "region":
        return f"fr:region:{code}" if code in REGIONS else None
    if level == "departement":
        return f"fr:departement:{code}" if code in DEPARTMENTS else None
    return f"fr:{level}:{code}" if level and re.fullmatch(_CODES[level], code) else None


def _country(code: str) -> str | None:
    return f"country:{_COUNTRIES[code]}" if code in _COUNTRIES else None


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), zone)
    for pattern, zone in (
        # The portal's own ids; some portals put a date behind them.
        (
            r"^((?:country|country-group|country-subset|fr):[a-z0-9:-]+)(?:@.*)?$",
            lambda found: _of_the_portal(found[1]),
        ),
        (r"id\.insee\.fr/geo/([a-z]+)/([0-9AB]+)", lambda found: _french(found[1], found[2])),
        # The portal's ids as they once were.
        (r"^fr/([a-z]+)/([0-9AB]+)$", lambda found: _french(found[1], found[2])),
        (r"^world_fr$", lambda _: _FRANCE),
        (
            r"^fr_(\d\d)_([0-9AB]+)$",
            lambda found: _french(_LEVELS.get(found[1], ""), found[2]),
        ),
        (
            r"(?:/nuts/(?:code/)?|^nuts:? ?)([A-Z]{2}[A-Z0-9]{0,3})/?$",
            lambda found: _BY_NUTS.get(found[1].upper()),
        ),
        (r"authority/country/([A-Z]{3})$", lambda found: _country(found[1].upper())),
        (r"geonames\.org/(\d+)", lambda found: _GEONAMES.get(found[1])),
    )
)


_GRAINS = {
    "poi": "poi, point, points, point d interet, points d interet, point of interest, adresse",
    "fr:commune": "commune, communes, communale, communal, municipality, town",
    "fr:epci": "epci, intercommunalite, intercommunale, intercommunal",
    "fr:departement": "departement, departements, departementale, departemental, county",
    "fr:region": "region, regions, regionale, regional",
    "country": "pays, nationale, national, france",
    "country-group": "europe, europeenne, world, monde, mondiale",
    "country-subset": "",
    "other": "autre",
}
_GRAIN_BY_WORD = {
    **{_named(grain): grain for grain in _GRAINS},
    **{word.strip(): grain for grain, words in _GRAINS.items() for word in words.split(",")},
}


def portal_granularity(said: str) -> str | None:
    """The portal's word for the grain of the data; None when `said` is not understood."""
    return _GRAIN_BY_WORD.get(_named(said)) if said.strip() else None
