"""The closed lists of the portal that a manifest may use, so that it can be checked offline.

Sources: the guides of data.gouv.fr, and `UpdateFrequency` and `RESOURCE_TYPES` of udata 17.18.
"""

__all__ = ["FREQUENCIES", "RESOURCE_TYPES"]

FREQUENCIES = (
    "unknown",
    "punctual",
    "continuous",
    "oneMinute",
    "fiveMinutes",
    "tenMinutes",
    "fifteenMinutes",
    "thirtyMinutes",
    "hourly",
    "bihourly",
    "trihourly",
    "twelveHours",
    "severalTimesADay",
    "fourTimesADay",
    "threeTimesADay",
    "semidaily",
    "daily",
    "fiveTimesAWeek",
    "fourTimesAWeek",
    "threeTimesAWeek",
    "semiweekly",
    "weekly",
    "biweekly",
    "threeTimesAMonth",
    "semimonthly",
    "monthly",
    "bimonthly",
    "quarterly",
    "threeTimesAYear",
    "semiannual",
    "annual",
    "biennial",
    "triennial",
    "quadrennial",
    "quinquennial",
    "decennial",
    "bidecennial",
    "tridecennial",
    "irregular",
    "never",
    "notPlanned",
    "other",
    # Older names, which current portals keep under another one.
    "realtime",
    "fortnighly",  # so spelt by udata
    "biannual",
)

RESOURCE_TYPES = ("main", "documentation", "update", "api", "code", "other")
