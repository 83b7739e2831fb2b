"""Takes out of a spelled dataset or resource what no manifest can say, and tells what went.

The loader's own checks decide, in the loader's own words, so that what is written can be loaded.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from bulkpub.manifest.clean_extras import clean_extras, clean_text
from bulkpub.manifest.nodes import from_python
from bulkpub.manifest.sentences import check
from bulkpub.manifest.spelling import Spelled, braced, unbraced

__all__ = ["leave_out_faulty", "shorten", "sound_texts"]

_MAY_BE_EMPTY = {"acronym", "description"}
_EXACT = {"path"}

Form = TypeVar("Form", bound=BaseModel)
Rules = Callable[[Form, Collection[str]], Iterator[tuple[Sequence[str], str]]]


def sound_texts(spelled: Spelled, notes: list[str], where: str) -> Spelled:
    """The mapping with texts that can be written, without those in which nothing is.

    `where` begins the sentences added to `notes`.
    """
    sound: Spelled = {}
    for key, value in spelled.items():
        if key == "extras":
            sound[key] = clean_extras(value, notes, where)
            continue
        clean = _sound(value, strip=key not in _EXACT)
        if "�" in str(clean) and "�" not in str(value):
            notes.append(f"{where}'{key}' holds half a character: it is now �")
            if key in _EXACT:
                continue
        if clean != "" or key in _MAY_BE_EMPTY:
            sound[key] = clean
    return sound


def _sound(value: Any, *, strip: bool) -> Any:  # noqa: ANN401 # any JSON
    match value:
        case str():
            text = clean_text(value)
            return text.strip() if strip else text
        case Mapping():
            below = {key: _sound(each, strip=strip) for key, each in value.items()}
            return {key: each for key, each in below.items() if each != ""}
        case list():
            return [each for item in value if (each := _sound(item, strip=strip)) != ""]
        case _:
            return value


def shorten(
    spelled: Spelled, key: str, limit: int, notes: list[str], where: str, *, template: bool = False
) -> None:
    """Cuts a text that has more than `limit` characters, as a template if it is one."""
    text = spelled.get(key)
    if not isinstance(text, str) or len(text) <= limit:
        return
    raw = unbraced(text) if template else text
    cut = f"{raw[: limit - 1].rstrip()}…"
    while template and len(braced(cut)) > limit:
        cut = f"{cut[:-2].rstrip()}…"
    notes.append(f"{where}'{key}' had {len(raw)} characters and was cut")
    spelled[key] = braced(cut) if template else cut


def leave_out_faulty(
    spelled: Spelled, form: type[Form], rules: Rules[Form], notes: list[str], where: str
) -> None:
    """Takes out what the loader would refuse: of a list the item, of a mapping the key."""
    node = from_python({key: each for key, each in spelled.items() if key != "extras"}, "")
    sound, faults = check(form, node)
    for fault in sorted(faults, key=lambda each: [*map(str, each.path)], reverse=True):
        notes.append(f"{where}{fault.sentence}: left out")
        _take_out(spelled, fault.path)
    if faults:
        sound, _ = check(form, from_python(_without_extras(spelled), ""))
    said = {key for key, value in spelled.items() if value is not None}
    for path, sentence in list(rules(sound, said)):
        if path and path[0] in spelled:
            notes.append(f"{where}{sentence}: left out")
            _take_out(spelled, path)


def _without_extras(spelled: Spelled) -> Spelled:
    return {key: each for key, each in spelled.items() if key != "extras"}


def _take_out(spelled: Spelled, path: Sequence[str | int]) -> None:
    key, *below = path
    holder = spelled.get(str(key))
    match below:
        case [int() as number] if isinstance(holder, list):
            del holder[number]
        case [str() as name] if isinstance(holder, dict):
            holder.pop(name, None)
        case _:
            spelled.pop(str(key), None)
