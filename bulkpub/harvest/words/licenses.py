"""How a catalogue names a licence → the id of the licence on the portal.

Pure. Read are ids (the portal's, CKAN's, SPDX's, the EU's authority table), titles in French
and English, and addresses of licence texts in any version, scheme or language. A licence that
forbids more than one of the portal's (NC, ND) is none of them, however near its name.
"""

import re
from collections.abc import Iterable

from unidecode import unidecode

__all__ = ["UNSPECIFIED", "portal_license"]

UNSPECIFIED = "notspecified"
"""The portal's id for: nobody said. Any other licence told beside it counts more."""

_LONGEST_SENTENCE = 400
"""Characters of a text in which a licence's name is looked for; a longer one names many things."""

_CC = r"(?:cc|creative commons|licence creative commons|creativecommons)"
_BY = r"(?:by|attribution|paternite)"
_SA = (
    r"(?:sa|share alike|sharealike|partage dans les memes conditions|"
    r"partage des conditions initiales a l identique|partage a l identique)"
)
_EDITION = (
    r"(?: (?:\d(?: \d)?|int|international|unported|generic|universal|fr|france|licence|deed))*"
)
_ODC = r"(?:odc|open data commons|opendatacommons)"
_NAMES = {
    UNSPECIFIED: r"not ?specified|unspecified|(?:licence )?(?:not specified|non specifiee)"
    r"|licence not specified|no licence specified|none|aucune|inconnue|unknown",
    "lov2": r"lo ?v? ?2|etalab 2|fr lo 2|(?:licence ouverte|open licence|licence etalab"
    r"|licence ouverte open licence|etalab open licence)(?: etalab)? 2(?: etalab)?"
    r"|licence ouverte(?: d| de l)?(?: etalab)?|licence etalab|etalab(?: licence ouverte)?",
    "fr-lo": r"fr ?lo(?: 1)?|lo ?v? ?1|etalab 1|licence ouverte open licence(?: etalab)?(?: 1)?"
    r"|(?:licence ouverte|open licence|licence etalab)(?: etalab)? 1(?: etalab)?",
    "odc-odbl": rf"(?:{_ODC} )?(?:odbl|odc ?bl|open database licence(?: odbl)?){_EDITION}|odc ?odbl"
    rf"{_EDITION}",
    "odc-by": rf"(?:{_ODC}|odc) ?(?:by|attribution(?: licence)?)(?: odc by)?{_EDITION}",
    "odc-pddl": rf"(?:(?:{_ODC}|odc) )?(?:pddl|public domain dedication (?:and )?licence)"
    rf"(?: pddl)?{_EDITION}|odc ?pddl{_EDITION}",
    "cc-zero": rf"{_CC} ?(?:cc ?)?(?:0|zero)(?: cc0)?{_EDITION}|cc ?0{_EDITION}",
    "cc-by-sa": rf"{_CC} ?{_BY} ?{_SA}(?: cc by sa)?{_EDITION}",
    "cc-by": rf"{_CC} ?{_BY}(?: cc by)?{_EDITION}",
    "other-pd": r"other (?:pd|public domain)|public domain|domaine public|cc ?pdm(?: 1)?"
    r"|public domain mark(?: 1)?",
    "other-at": r"other (?:at|attribution)|autre attribution",
    "other-open": r"other (?:open)|autre ouverte|autre open",
}
"""Whole names, as `_plain` leaves them."""

_ADDRESSES = (
    (r"creativecommons\.org/licenses/by-sa(?:/|$)", "cc-by-sa"),
    (r"creativecommons\.org/licenses/by(?:/|$)", "cc-by"),
    (r"creativecommons\.org/(?:publicdomain/zero|choose/zero)", "cc-zero"),
    (r"creativecommons\.org/(?:publicdomain/mark|licenses/publicdomain)", "other-pd"),
    (r"(?:opendatacommons|vvlibri)\.org/.*\bodbl\b", "odc-odbl"),
    (r"opendatacommons\.org/licenses/by(?:/|$)", "odc-by"),
    (r"opendatacommons\.org/licenses/pddl(?:/|$)", "odc-pddl"),
    (r"etalab\.gouv\.fr/wp-content/uploads/2014/.*licen[cs]e", "fr-lo"),
    (r"etalab\.gouv\.fr/pages/licence[-_]ouverte[-_]open[-_]licence", "fr-lo"),
    (r"etalab\.gouv\.fr/wp-content/uploads/20(?:1[7-9]|2\d)/.*licen[cs]e", "lov2"),
    (r"(?:etalab|data)\.gouv\.fr/(?:fr/|pages/)*licence[-_]ouverte[-_]open[-_]licence", "lov2"),
    (r"data\.gouv\.fr/(?:fr/)?pages/legal/licences/etalab-2\.0", "lov2"),
    (r"github\.com/etalab/licence-ouverte", "lov2"),
)
_REGISTERS = re.compile(
    r"(?:spdx\.org/licenses|opendefinition\.org/licenses|authority/licence|okfn\.org/licenses)"
    r"/([^/#?]+)"
)
"""Registers whose addresses end with the id of a licence."""
_PATTERNS = {name: re.compile(pattern) for name, pattern in _NAMES.items()}
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
_MORE_FORBIDDEN = re.compile(
    r"\b(?:nc|nd|non ?commercial[e]?|no ?deriv\w*|pas d utilisation commerciale"
    r"|pas de modification)\b"
)
_IN_SENTENCES = (
    (re.compile(r"\blicence ouverte\b(?: open licence)?(?: etalab)? 1\b"), "fr-lo"),
    (
        re.compile(r"\b(?:licence ouverte|licence etalab)\b(?!(?: open licence)?(?: etalab)? 1\b)"),
        "lov2",
    ),
    (re.compile(r"\bodbl\b"), "odc-odbl"),
    (re.compile(r"\bcc ?0\b"), "cc-zero"),
    (re.compile(rf"\b{_CC} {_BY} {_SA}\b"), "cc-by-sa"),
    (re.compile(rf"\b{_CC} {_BY}\b(?! {_SA})"), "cc-by"),
)


def portal_license(said: Iterable[str]) -> str | None:
    """The portal's id of the licence that `said` names in several ways; None when none does.

    The first way that is understood counts, but `notspecified` only when nothing else is.
    """
    found = [known for each in said if (known := _of(each))]
    return next((each for each in found if each != UNSPECIFIED), found[0] if found else None)


def _of(said: str) -> str | None:
    if not said.strip():
        return None
    if _URL.fullmatch(said.strip()):
        return _of_address(said.strip())
    return _of_name(_plain(said)) or _of_sentence(said)


def _plain(said: str) -> str:
    """Words only, without accents: `License Ouverte, v2.0` → `licence ouverte 2`."""
    text = re.sub(r"<[^<>]*>", " ", said)
    text = unidecode(text).lower().replace("license", "licence")
    text = re.sub(r"\b(?:v|version)\.? ?(?=\d)", " ", text)
    text = re.sub(r"(\d)[._](?:0\b)", r"\1 ", text)
    return " ".join(re.findall(r"[a-z]+\d*|\d+", text))


def _of_name(plain: str) -> str | None:
    if _MORE_FORBIDDEN.search(plain):
        return None
    return next((name for name, known in _PATTERNS.items() if known.fullmatch(plain)), None)


def _of_address(url: str) -> str | None:
    bare = re.sub(r"^https?://(?:www\.)?", "", url.lower()).rstrip("/.")
    if register := _REGISTERS.search(bare):
        identifier = re.sub(r"\.(?:html|json|txt|rdf)$", "", register[1])
        return _of_name(_plain(identifier.replace("_", "-")))
    return next((name for known, name in _ADDRESSES if re.search(known, bare)), None)


def _of_sentence(said: str) -> str | None:
    """The one licence that a sentence names, by an address or by name; None when it names two."""
    told = {known for url in _URL.findall(said) if (known := _of_address(url))}
    if not told and len(said) <= _LONGEST_SENTENCE:
        plain = _plain(_URL.sub(" ", said))
        if not _MORE_FORBIDDEN.search(plain):
            told = {name for known, name in _IN_SENTENCES if known.search(plain)}
    return told.pop() if len(told) == 1 else None
