"""A form: which keys a mapping of the manifest may have, and what each holds.

`check` holds a tree against one, and says every fault in plain words at its own place. pydantic
finds all of them at once; none of its own wording reaches the user.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Required

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic import Field as PydanticField
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from bulkpub.core.fields import Column
from bulkpub.core.model import Place
from bulkpub.core.names import plain_words
from bulkpub.data import keys_in_french
from bulkpub.language import joined, put, say
from bulkpub.manifest.nodes import Deferred, Node, bare, find
from bulkpub.manifest.values import MAPPING, OTHERWISE, SENTENCE, kind, nearest

__all__ = ["Fault", "Form", "Key", "Read", "check", "form_of", "reason"]

Read = Mapping[str, Any]
"""What a mapping says, checked, by key; what it is silent about is not in it."""

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it `holds`, as pydantic is told, and the rest as in `core.fields.Field`.

    `below` is the form of the mapping, or of each mapping in the list, that it holds. `needed`
    is for editors: what a manifest lacks, other code says in better words.
    """

    name: str
    holds: Any
    label: str
    about: str
    examples: tuple[object, ...] = ()
    inherited: bool = False
    columns: tuple[Column, ...] = ()
    below: "Form | None" = None
    needed: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """The keys of one kind of mapping, which sentences call `noun`.

    Without a noun, it goes by the key that holds it. `shape` is the type to be used in other
    forms. `elsewhere` says, in a sentence, where keys belong that are written here by mistake;
    `also` are keys of the same mapping that another form checks.
    """

    noun: str
    keys: Mapping[str, Key]
    shape: Any
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def adapter(self) -> TypeAdapter[Read]:
        """What holds a mapping against the form; made when it is needed, which takes 10 ms."""
        return _adapter(self)


@cache
def _adapter(form: Form) -> TypeAdapter[Read]:
    return TypeAdapter(form.shape)


def form_of(
    name: str,
    noun: str,
    about: str,
    keys: Sequence[Key],
    *,
    schema: Mapping[str, Any] | None = None,
    elsewhere: Mapping[str, str] | None = None,
    also: tuple[str, ...] = (),
) -> Form:
    """A form; `name`, `about` and `schema` are for its JSON Schema."""
    typed_dict: Any = TypedDict  # mypy knows only those it can see
    shape = typed_dict(name, {key.name: _annotated(key) for key in keys}, total=False)
    shape.__doc__ = about
    shape.__pydantic_config__ = ConfigDict(extra="forbid", json_schema_extra=dict(schema or {}))
    return Form(noun, {key.name: key for key in keys}, shape, elsewhere or {}, also)


def _annotated(key: Key) -> Any:  # noqa: ANN401 # a type made on the spot
    described = PydanticField(
        title=key.label,
        description=_LINK.sub(r"\1", key.about),
        examples=list(key.examples) or None,
    )
    if key.needed:
        return Required[Annotated[key.holds, described]]
    return Annotated[key.holds | None, described]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, and where.

    `path` leads to it from what was checked, where the fault lies in a single value. `meant` is
    the key that an unknown one seems to stand for: it is not missing, too.
    """

    place: Place
    sentence: str
    path: tuple[str | int, ...] = ()
    meant: str = ""


def check(form: Form, node: Node, leave: Sequence[str] = ()) -> tuple[Read, list[Fault]]:
    """What `node`, a mapping, says by `form`, and everything wrong with it.

    The keys in `leave` are not looked at: others check them. What is faulty is missing from
    what it says, so that the rest can still be checked. `null` counts as not written.
    """
    if isinstance(node, Deferred) and node.said is not None:
        said = node.said
    else:
        assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
        said = {key: bare(below) for key, below in node.value.items() if key not in leave}
    written = {key: value for key, value in said.items() if value is not None and key not in leave}
    try:
        return form.adapter.validate_python(written), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        detail["loc"] = tuple(step for step in detail["loc"] if step not in {MAPPING, OTHERWISE})
    faults = [_fault(form, detail, node) for detail in details]
    faulty = {detail["loc"][0] for detail in details}
    sound = {key: value for key, value in written.items() if key not in faulty}
    return form.adapter.validate_python(sound), faults


def reason(error: OSError) -> str:
    """Why the system refuses, as the end of a sentence."""
    return (error.strerror or say("the system refuses")).lower()


def _fault(form: Form, detail: ErrorDetails, node: Node) -> Fault:
    place, path = _place(node, detail), detail["loc"]
    if detail["type"] == "extra_forbidden":
        sentence, meant = _unknown_key(form, path, node)
        return Fault(place, sentence, path, meant if len(path) == 1 else "")
    return Fault(place, _sentence(detail), path)


def _field_name(path: Sequence[str | int]) -> str:
    """How a sentence calls the field at `path`."""
    names = [
        say("'{name}'", name=step)
        if isinstance(step, str)
        else say("item {number}", number=step + 1)
        for step in path
    ]
    return joined(say(" of "), reversed(names))


def _place(node: Node, detail: ErrorDetails) -> Place:
    found = find(node, detail["loc"])
    if detail["type"] == "extra_forbidden" and found.key:
        return found.key
    return found.place


def _sentence(detail: ErrorDetails) -> str:
    field, given = _field_name(detail["loc"]), kind(detail["input"])
    match detail["type"]:
        case "dict_type":
            return say(
                "{field} must be a mapping of names and values, not {given}",
                field=field,
                given=given,
            )
        case kind_of_error if kind_of_error == SENTENCE:
            return put(detail["ctx"]["sentence"], "{field}", field)
        case "too_short":
            return say("{field} must hold one at least", field=field)
        case _:
            return say("{field} cannot be {given}", field=field, given=given)


def _unknown_key(form: Form, path: tuple[int | str, ...], node: Node) -> tuple[str, str]:
    """What is wrong with a key that nobody knows, and the one that seems to be meant, if any."""
    *above, last = path
    word, holder = str(last), find(node, above)
    there = holder.value if isinstance(holder.value, dict) else {}
    if not above and (sentence := form.elsewhere.get(word)):
        return sentence, ""
    for step in above:
        key = form.keys.get(str(step))
        form = (key and key.below) or form
    known = [*form.keys, *form.also]
    # What is inherited stands before the mapping, and may be what is meant.
    written = {key for key, each in there.items() if each.key and each.key >= holder.place}
    english = keys_in_french().get(plain_words(word))
    meant = english if english in known else nearest(word, known)
    if meant in written:
        meant = None
    hint = (
        say(" (did you mean '{meant}'?)", meant=meant)
        if meant
        else say(
            "; {where} knows {known}",
            where=form.noun or _field_name(above),
            known=", ".join(known),
        )
    )
    return say("unknown key '{word}'{hint}", word=word, hint=hint), meant or ""
