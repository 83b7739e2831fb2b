"""How a catalogue names a licence → the id of the licence in a manifest.

Pure. Read are ids (CKAN's, SPDX's, the EU's authority table), titles in French and English, and
addresses of licence texts in any version, scheme or language: `data/licenses.toml`. A licence
that forbids more than those (NC, ND) is none of them, however near its name.
"""

import re
from collections.abc import Iterable

from bulkpub.data import licenses
from bulkpub.letters import plain

__all__ = ["known_license"]

_LONGEST_SENTENCE = 400
"""Characters of a text in which a licence's name is looked for; a longer one names many things."""
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)


def known_license(said: Iterable[str]) -> str | None:
    """The id of the licence that `said` names in several ways; None when none does.

    The first way that is understood counts, but "not specified" only when nothing else is.
    """
    unspecified = {each.id for each in licenses().all if each.unspecified}
    found = [known for each in said if (known := _of(each))]
    return next((each for each in found if each not in unspecified), found[0] if found else None)


def _of(said: str) -> str | None:
    if not said.strip():
        return None
    if _URL.fullmatch(said.strip()):
        return _of_address(said.strip())
    return _of_name(_plain(said)) or _of_sentence(said)


def _plain(said: str) -> str:
    """Words only, without accents: `License Ouverte, v2.0` → `licence ouverte 2`."""
    text = re.sub(r"<[^<>]*>", " ", said)
    text = plain(text).lower().replace("license", "licence")
    text = re.sub(r"\b(?:v|version)\.? ?(?=\d)", " ", text)
    text = re.sub(r"(\d)[._](?:0\b)", r"\1 ", text)
    return " ".join(re.findall(r"[a-z]+\d*|\d+", text))


def _of_name(made: str) -> str | None:
    if licenses().forbidding.search(made):
        return None
    return next(
        (each.id for each in licenses().all for name in each.names if name.fullmatch(made)), None
    )


def _of_address(url: str) -> str | None:
    bare = re.sub(r"^https?://(?:www\.)?", "", url.lower()).rstrip("/.")
    if register := licenses().register.search(bare):
        identifier = re.sub(r"\.(?:html|json|txt|rdf)$", "", register[1])
        return _of_name(_plain(identifier.replace("_", "-")))
    return next(
        (each.id for each in licenses().all for known in each.addresses if known.search(bare)), None
    )


def _of_sentence(said: str) -> str | None:
    """The one licence that a sentence names, by an address or by name; None when it names two."""
    found = {known for url in _URL.findall(said) if (known := _of_address(url))}
    if not found and len(said) <= _LONGEST_SENTENCE:
        made = _plain(_URL.sub(" ", said))
        if not licenses().forbidding.search(made):
            found = {
                each.id
                for each in licenses().all
                if any(known.search(made) for known in each.sentences)
            }
    return found.pop() if len(found) == 1 else None
