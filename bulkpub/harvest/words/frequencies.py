"""How often a catalogue says a dataset is updated → the portal's word for it.

Pure. Read are the frequencies of the EU's authority table, Dublin Core's collection vocabulary,
the codes of ISO 19115, repeating intervals of ISO 8601, and the words people use in French and
in English. Where a word means two things (bimonthly), the portal's own reading counts.
"""

import re

from unidecode import unidecode

from bulkpub.manifest.vocabulary import FREQUENCIES

__all__ = ["portal_frequency"]

_EU = {
    "UNKNOWN": "unknown",
    "UPDATE_CONT": "continuous",
    "CONT": "severalTimesADay",
    "1MIN": "oneMinute",
    "5MIN": "fiveMinutes",
    "10MIN": "tenMinutes",
    "15MIN": "fifteenMinutes",
    "30MIN": "thirtyMinutes",
    "HOURLY": "hourly",
    "BIHOURLY": "bihourly",
    "TRIHOURLY": "trihourly",
    "12HRS": "twelveHours",
    "DAILY_3": "threeTimesADay",
    "DAILY_2": "semidaily",
    "DAILY": "daily",
    "WEEKLY_5": "fiveTimesAWeek",
    "WEEKLY_3": "threeTimesAWeek",
    "WEEKLY_2": "semiweekly",
    "WEEKLY": "weekly",
    "BIWEEKLY": "biweekly",
    "MONTHLY_3": "threeTimesAMonth",
    "MONTHLY_2": "semimonthly",
    "MONTHLY": "monthly",
    "BIMONTHLY": "bimonthly",
    "QUARTERLY": "quarterly",
    "ANNUAL_3": "threeTimesAYear",
    "ANNUAL_2": "semiannual",
    "ANNUAL": "annual",
    "BIENNIAL": "biennial",
    "TRIENNIAL": "triennial",
    "QUADRENNIAL": "quadrennial",
    "QUINQUENNIAL": "quinquennial",
    "DECENNIAL": "decennial",
    "BIDECENNIAL": "bidecennial",
    "TRIDECENNIAL": "tridecennial",
    "AS_NEEDED": "punctual",
    "IRREG": "irregular",
    "NEVER": "never",
    "NOT_PLANNED": "notPlanned",
    "OTHER": "other",
}
"""http://publications.europa.eu/resource/authority/frequency, as udata reads it."""

_INTERVALS = {
    "PT1S": "continuous",
    "PT1M": "oneMinute",
    "PT5M": "fiveMinutes",
    "PT10M": "tenMinutes",
    "PT15M": "fifteenMinutes",
    "PT30M": "thirtyMinutes",
    "PT1H": "hourly",
    "PT60M": "hourly",
    "PT2H": "bihourly",
    "PT3H": "trihourly",
    "PT8H": "threeTimesADay",
    "PT12H": "twelveHours",
    "P0.5D": "semidaily",
    "PT24H": "daily",
    "P1D": "daily",
    "P0.33W": "threeTimesAWeek",
    "P3.5D": "semiweekly",
    "P0.5W": "semiweekly",
    "P7D": "weekly",
    "P1W": "weekly",
    "P14D": "biweekly",
    "P15D": "semimonthly",
    "P2W": "biweekly",
    "P0.33M": "threeTimesAMonth",
    "P0.5M": "semimonthly",
    "P1M": "monthly",
    "P30D": "monthly",
    "P2M": "bimonthly",
    "P3M": "quarterly",
    "P4M": "threeTimesAYear",
    "P6M": "semiannual",
    "P12M": "annual",
    "P365D": "annual",
    "P1Y": "annual",
    "P2Y": "biennial",
    "P3Y": "triennial",
    "P4Y": "quadrennial",
    "P5Y": "quinquennial",
    "P10Y": "decennial",
    "P20Y": "bidecennial",
    "P30Y": "tridecennial",
}
"""Of a repeating interval `R/P1D`, what follows the R."""

_WORDS = {
    "continuous": "continual, real time, realtime, near real time, temps reel, en temps reel, "
    "continu, continue, en continu, mise a jour continue, live, streaming",
    "oneMinute": "every minute, toutes les minutes, chaque minute, 1 minute",
    "fiveMinutes": "every 5 minutes, toutes les 5 minutes, 5 minutes, toutes les cinq minutes",
    "tenMinutes": "every 10 minutes, toutes les 10 minutes, 10 minutes, toutes les dix minutes",
    "fifteenMinutes": "every 15 minutes, toutes les 15 minutes, 15 minutes, "
    "tous les quarts d heure",
    "thirtyMinutes": "every 30 minutes, toutes les 30 minutes, 30 minutes, toutes les demi heures",
    "hourly": "every hour, toutes les heures, chaque heure, horaire",
    "bihourly": "every 2 hours, every two hours, toutes les 2 heures, toutes les deux heures",
    "trihourly": "every 3 hours, every three hours, toutes les 3 heures, toutes les trois heures",
    "twelveHours": "every 12 hours, toutes les 12 heures",
    "severalTimesADay": "several times a day, plusieurs fois par jour, pluriquotidienne",
    "threeTimesADay": "three times a day, trois fois par jour, 3 fois par jour",
    "semidaily": "twice a day, twice daily, deux fois par jour, 2 fois par jour, biquotidienne, "
    "biquotidien",
    "daily": "every day, quotidien, quotidienne, journalier, journaliere, tous les jours, "
    "chaque jour, day, jour, mise a jour quotidienne, quotidiennement",
    "fiveTimesAWeek": "five times a week, cinq fois par semaine, jours ouvres",
    "threeTimesAWeek": "three times a week, trois fois par semaine",
    "semiweekly": "twice a week, deux fois par semaine, bihebdomadaire",
    "weekly": "every week, hebdomadaire, chaque semaine, toutes les semaines, week, semaine, "
    "hebdomadairement, once a week",
    "biweekly": "every two weeks, every 2 weeks, fortnightly, fortnight, toutes les deux semaines, "
    "toutes les 2 semaines, tous les quinze jours, tous les 15 jours, bi weekly, quinzomadaire",
    "threeTimesAMonth": "three times a month, trois fois par mois",
    "semimonthly": "twice a month, deux fois par mois, bimensuel, bimensuelle",
    "monthly": "every month, mensuel, mensuelle, chaque mois, tous les mois, month, mois, "
    "mensuellement, once a month",
    "bimonthly": "every two months, every 2 months, bimestriel, bimestrielle, tous les deux mois, "
    "tous les 2 mois, bi monthly",
    "quarterly": "every three months, every 3 months, trimestriel, trimestrielle, "
    "tous les trois mois, tous les 3 mois, chaque trimestre, quarter, trimestre",
    "threeTimesAYear": "three times a year, trois fois par an, quadrimestriel, quadrimestrielle, "
    "tous les quatre mois",
    "semiannual": "twice a year, every six months, every 6 months, biannually, biannual, "
    "semi annual, half yearly, semestriel, semestrielle, deux fois par an, tous les six mois, "
    "tous les 6 mois, chaque semestre, 2 fois par an",
    "annual": "annually, yearly, every year, annuel, annuelle, chaque annee, tous les ans, year, "
    "an, annee, once a year, annuellement, 1 fois par an, une fois par an",
    "biennial": "every two years, every 2 years, biennially, biennal, biennale, tous les deux ans, "
    "tous les 2 ans",
    "triennial": "every three years, every 3 years, triennal, triennale, tous les trois ans, "
    "tous les 3 ans",
    "quadrennial": "every four years, every 4 years, quadriennal, quadriennale, "
    "tous les quatre ans, tous les 4 ans",
    "quinquennial": "every five years, every 5 years, quinquennal, quinquennale, "
    "tous les cinq ans, tous les 5 ans",
    "decennial": "every ten years, every 10 years, decennal, decennale, tous les dix ans, "
    "tous les 10 ans",
    "punctual": "as needed, as required, when needed, ponctuel, ponctuelle, au besoin, "
    "si necessaire, lorsque necessaire, quand necessaire, selon les besoins, en cas de besoin, "
    "ad hoc, on demand, one time, once, une seule fois",
    "irregular": "irreg, irregulier, irreguliere, variable, irregularly, aleatoire, sporadic",
    "never": "jamais, aucune mise a jour, none, not updated, archived, aucune",
    "notPlanned": "not planned, non planifie, non planifiee, non prevu, non prevue, pas prevue, "
    "non programmee",
    "unknown": "inconnu, inconnue, non connue, not known, n a, non renseigne, non renseignee",
    "other": "autre, periodic",
}
"""What people write, without accents and punctuation."""

_LEGACY = {"realtime": "continuous", "fortnighly": "biweekly", "biannual": "semiannual"}
_BY_WORD = {
    **{word.lower(): word for word in FREQUENCIES},
    **_LEGACY,
    **{word.strip(): name for name, words in _WORDS.items() for word in words.split(",")},
}
_BY_CODE = {re.sub("[^a-z0-9]", "", word.lower()): name for word, name in _BY_WORD.items()}
_BY_EU_CODE = {code.replace("_", "").lower(): name for code, name in _EU.items()}
_VOCABULARIES = re.compile(
    r"/(?:authority/frequency|cld/freq|maintenancefrequency[a-z]*)[/#]", re.IGNORECASE
)


def portal_frequency(said: str) -> str | None:
    """The portal's frequency that `said` stands for; None when none is understood."""
    said = said.strip()
    if re.match(r"https?://", said, re.IGNORECASE):
        if not _VOCABULARIES.search(said) and "codelist" not in said.lower():
            return None
        said = re.split(r"[/#]", said.rstrip("/#"))[-1]
    if interval := _interval(said):
        return _INTERVALS.get(interval)
    words = " ".join(re.findall(r"[a-z0-9]+", unidecode(said).lower()))
    if words in _BY_WORD:
        return _BY_WORD[words]
    code = words.replace(" ", "").removeprefix("freq")
    # The table's own names come first: DAILY_2 is no "daily" with a number.
    return _BY_EU_CODE.get(code) or _BY_CODE.get(code)


def _interval(said: str) -> str:
    """The interval of ISO 8601 in it, normalised: `R/P0,5M` and `P0.5M` are one."""
    found = re.fullmatch(r"(?:R\d*/)?(P(?:T?[\d.,]+[YMWDHS])+)", said.upper())
    return re.sub(r"(\d)\.0+(?=[A-Z])", r"\1", found[1].replace(",", ".")) if found else ""
