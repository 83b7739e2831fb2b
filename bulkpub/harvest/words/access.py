"""Whether what a catalogue says of access leaves something open to everyone.

Pure. The rule: a restriction is never widened. In a field that is there to say who has access,
whatever is not understood counts as a restriction; in one that may speak of other things as well
(rights, constraints), what plainly says so. What speaks of reuse is a licence's business. Fields,
registers and words are in `data/access_rights.toml`.
"""

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import unquote

from bulkpub.data import AccessRegister, access_rights
from bulkpub.data.known_licenses import known_license
from bulkpub.harvest.words.periods import first_day, last_day, period
from bulkpub.letters import plain

__all__ = ["Said", "restriction", "speaks_of_access"]

Said = tuple[str, tuple[str, ...]]
"""The name of a field, and one value of it in all ways in which it is written: address, name…"""

_SHOWN = 80
"""Characters of a value that are repeated."""
_YES = frozenset({"1", "ja", "o", "oui", "si", "true", "vrai", "x", "y", "yes"})
_NO = frozenset({"0", "false", "faux", "n", "nein", "no", "non", "none", "null"})


def speaks_of_access(field: str) -> bool:
    """Whether a field of that name (`accessLevel`, `access_level`) is one that is read here."""
    return _plain_name(field) in access_rights().fields


def restriction(said: Iterable[Said], today: date) -> str:
    """What restricts access, as the source writes it: `accessLevel: non-public`; empty for nothing.

    What is open from a day after `today` on is not open.
    """
    found: dict[str, None] = {}
    written = [(field, _ways(ways)) for field, ways in said]
    for field, ways in written:
        how = access_rights().fields.get(_plain_name(field), "")
        if not (how and ways) or _is_open(how, ways, today):
            continue
        others = [each for name, each in written if name == field and each != ways]
        refers = all(_word(each) in access_rights().elsewhere for each in ways)
        if refers and any(_is_open(how, each, today) for each in others):
            continue  # what it refers to says that it is open
        shown = next((each for each in ways if not _is_address(each)), ways[0])
        found[f"{field}: {_short(shown)}"] = None
    return ", ".join(found)


def _ways(ways: Iterable[str]) -> list[str]:
    """What is written, but for what speaks of reuse alone."""
    shown = [" ".join(each.split()) for each in ways]
    of_reuse = access_rights().of_reuse
    return [each for each in shown if each and _word(each) not in of_reuse]


def _word(text: str) -> str:
    """The text in plain words, or of an address in a register the code at its end."""
    register, code = _coded(text) if _is_address(text) else (None, text)
    return _folded(code if register else text)


def _short(text: str) -> str:
    """What is too long loses its end, an address its beginning."""
    if len(text) <= _SHOWN:
        return text
    return f"…{text[1 - _SHOWN :]}" if _is_address(text) else f"{text[: _SHOWN - 1]}…"


def _plain_name(field: str) -> str:
    return re.sub("[^a-z]", "", plain(field).lower())


def _is_open(how: str, ways: list[str], today: date) -> bool:
    if how in _DAYS:
        return all(_DAYS[how](each, today) for each in ways)
    if how in ("closed", "opened"):
        yes = _yes_or_no(ways[0])
        if yes is not None:
            return yes is (how == "opened")
    verdicts = {_verdict(each) for each in ways}
    if how == "spoken":
        return False not in verdicts
    return True in verdicts and False not in verdicts


def _yes_or_no(text: str) -> bool | None:
    word = _folded(text)
    return word in _YES if word in _YES | _NO else None


def _has_come(text: str, today: date) -> bool:
    """Whether the day has come; of what is no day, years that have, or a yes."""
    day = first_day(text) or first_day(period(text)[0])
    if day is not None:
        return day <= today
    years = [int(year) for year in re.findall(r"\b\d{4}\b", text)]
    if years:
        return max(years) <= today.year and _verdict(text) is not False
    return _yes_or_no(text) is True or _verdict(text) is True


def _is_issued(text: str, today: date) -> bool:
    return _has_come(text, today) or not re.search(r"\d{4}", text)


def _is_over(text: str, today: date) -> bool:
    """Whether an embargo is; one whose end nobody can read never is."""
    day = last_day(text) or last_day(period(text)[1])
    return day < today if day is not None else _yes_or_no(text) is False


_DAYS = {"from": _has_come, "issued": _is_issued, "until": _is_over}


# --- one value ----------------------------------------------------------------------------


def _verdict(text: str) -> bool | None:
    """True: open; False: not; None: it says neither, or not for sure."""
    if _is_address(text):
        found = _of_address(text)
        return found if found is not None else _by_licence(text)
    words = _folded(text)
    known = access_rights().words
    if words in known:
        return known[words]
    sentences = access_rights().sentences
    rest, denied = words, False
    for pattern in sentences["neutral"]:
        rest = pattern.sub(" ", rest)
    for pattern in sentences["denied"]:
        rest, count = pattern.subn(" ", rest)
        denied = denied or count > 0
    if any(pattern.search(rest) for pattern in sentences["closed"]):
        return False
    if any(pattern.search(rest) for pattern in sentences["doubtful"]):
        return None
    if denied or any(pattern.search(rest) for pattern in sentences["open"]):
        return True
    return _by_licence(text)


def _is_address(text: str) -> bool:
    return re.match(r"(?:https?://|info:|urn:)\S+$", text, re.IGNORECASE) is not None


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", plain(text).lower()))


def _of_address(address: str) -> bool | None:
    """What a code in some register says, whoever copied the register."""
    register, code = _coded(address)
    return register.codes.get(code) if register else None


def _coded(address: str) -> tuple[AccessRegister | None, str]:
    """The register of access rights that the address is in, and its end."""
    lower = f"{unquote(address).rstrip('/#').lower()}/"
    found = (each for each in access_rights().registers if each.address.search(lower))
    return next(found, None), re.split(r"[/#]", lower.rstrip("/"))[-1]


def _by_licence(text: str) -> bool | None:
    """A licence that lets everybody use it says that everybody has access."""
    known = known_license([text])
    return True if known and known != "notspecified" else None
