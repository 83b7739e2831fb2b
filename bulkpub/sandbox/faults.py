"""What shall go wrong on an embedded portal, as a script: which request, how, how often.

A script is a list of faults, written in code or in a YAML or JSON file. Each waits for the
requests that fit it (method and path), and is met by those it picks: by their number, by
chance from a seed, or all. Rule: nothing here touches a request, `mischief` does; and every
fault counts how often it was met, so that a test can fail over one that never was.
"""

import re
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from random import Random
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bulkpub.errors import SettingsInvalid
from bulkpub.ordinary import read_ordinary

__all__ = [
    "Damaged",
    "Failure",
    "Fault",
    "FaultScript",
    "Headers",
    "Late",
    "ListingShortened",
    "ReplyCut",
    "ReplyLost",
    "Reset",
    "StoredTwice",
    "TooLarge",
    "TooMany",
    "Trickle",
    "read_faults",
]

_STRICT = ConfigDict(extra="forbid")
Seconds = Annotated[float, Field(ge=0, le=3600)]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class _Fault:
    """Which requests a fault meets.

    `path` is the request's path without the query; `*` stands for anything within one
    segment, `**` for anything at all. `calls` are numbers among the requests that fit, from 1;
    `probability` applies to those, or without them to all. `in_a_row` lets each time it is met
    be followed by the next fitting requests, up to so many in all; `times` is how often it is
    met at most.
    """

    method: Literal["GET", "POST", "PUT", "DELETE", "*"] = "*"
    path: str = "/api/**"
    calls: tuple[Annotated[int, Field(ge=1)], ...] = ()
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    in_a_row: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ReplyLost(_Fault):
    """The request is carried out, then the connection breaks without an answer."""

    kind: Literal["reply-lost"] = "reply-lost"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ReplyCut(_Fault):
    """The request is carried out, and the answer breaks off in the middle of its body."""

    kind: Literal["reply-cut"] = "reply-cut"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Reset(_Fault):
    """The connection is reset and nothing carried out: before the body was read, or `after`."""

    kind: Literal["reset"] = "reset"
    when: Literal["before-body", "after-body"] = "before-body"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Failure(_Fault):
    """A proxy answers with an error page in HTML; the request is carried out if `handled`."""

    kind: Literal["failure"] = "failure"
    status: Literal[408, 500, 502, 503, 504] = 503
    handled: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class TooMany(_Fault):
    """A proxy answers 429 and nothing is carried out; `retry_after` is the header's value."""

    kind: Literal["too-many-requests"] = "too-many-requests"
    retry_after: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class TooLarge(_Fault):
    """A proxy answers 413 to a request whose body has more than `above` bytes."""

    kind: Literal["too-large"] = "too-large"
    above: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Headers(_Fault):
    """The answer carries these headers, whatever they were; null takes one away."""

    kind: Literal["headers"] = "headers"
    headers: dict[str, str | None]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Late(_Fault):
    """The answer begins so many `seconds` late, whether the client still waits or not.

    The request is carried out after that time, or, when `handled_first`, before it.
    """

    kind: Literal["late"] = "late"
    seconds: Seconds
    handled_first: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Trickle(_Fault):
    """The body of the answer comes in so many `pieces`, over so many `seconds`."""

    kind: Literal["trickle"] = "trickle"
    seconds: Seconds
    pieces: Annotated[int, Field(ge=2, le=10_000)] = 20


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Damaged(_Fault):
    """The file that is uploaded arrives with one byte changed, so its checksum differs."""

    kind: Literal["damaged"] = "damaged"
    method: Literal["POST"] = "POST"
    path: str = "/api/1/datasets/**/upload/"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class StoredTwice(_Fault):
    """A proxy sends the request on twice, more than a second apart; both are carried out.

    The client sees one answer: the second one, as when the proxy lost the first, or with
    `told` "first" the first one, as when both were under way.
    """

    kind: Literal["stored-twice"] = "stored-twice"
    told: Literal["first", "last"] = "last"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ListingShortened(_Fault):
    """A page of a listing lacks a share of its rows, while its total still counts them."""

    kind: Literal["listing-shortened"] = "listing-shortened"
    method: Literal["GET"] = "GET"
    path: str = "/api/1/datasets/"
    share: Annotated[float, Field(gt=0, le=1)] = 0.5


Fault = (
    ReplyLost
    | ReplyCut
    | Reset
    | Failure
    | TooMany
    | TooLarge
    | Headers
    | Late
    | Trickle
    | Damaged
    | StoredTwice
    | ListingShortened
)


class FaultScript:
    """Faults and how often each was met; of several that fit a request, the first is met.

    `seed` decides all that is left to chance: the same requests in the same order meet the
    same faults.
    """

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self.chance = Random(seed)  # noqa: S311  # it spoils answers, it keeps no secret
        self._waiting = [_Waiting(fault, f"{seed}/{n}") for n, fault in enumerate(faults)]

    def pick(self, method: str, path: str, size: int = 0) -> Fault | None:
        """The fault that this request, with a body of `size` bytes, meets, if any; counts it."""
        due = [waiting for waiting in self._waiting if waiting.comes(method, path, size)]
        if not due:
            return None
        due[0].meet()
        return due[0].fault

    @property
    def met(self) -> Counter[str]:
        """How often faults were met, by kind."""
        counted: Counter[str] = Counter()
        for waiting in self._waiting:
            if waiting.met:
                counted[waiting.fault.kind] += waiting.met
        return counted

    def unmet(self) -> list[Fault]:
        """The faults that no request has met so far."""
        return [waiting.fault for waiting in self._waiting if not waiting.met]


class _Waiting:
    """One fault of a script, and what has come by so far."""

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.met = 0
        self._seen = 0
        self._row = 0
        self._chance = Random(seed)  # noqa: S311  # as above
        self._path = _pattern(fault.path)

    def comes(self, method: str, path: str, size: int) -> bool:
        """Count a request that fits; whether the fault is to be met by it."""
        if isinstance(self.fault, TooLarge) and size <= self.fault.above:
            return False
        if self.fault.method not in {"*", method} or not self._path.fullmatch(path):
            return False
        self._seen += 1
        by_chance = self._chance.random() < self.fault.probability
        if self.fault.times is not None and self.met >= self.fault.times:
            return False
        by_number = not self.fault.calls or self._seen in self.fault.calls
        return self._row > 0 or (by_chance and by_number)

    def meet(self) -> None:
        self.met += 1
        self._row = (self._row or self.fault.in_a_row) - 1


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))


# --- files --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class _Document:
    faults: list[Annotated[Fault, Field(discriminator="kind")]]
    seed: int = 0


def read_faults(file: Path) -> FaultScript:
    """Read a script from a YAML or JSON file: `faults`, a list, and perhaps a `seed`.

    :raises SettingsInvalid: with all that is wrong with it, a line each.
    """
    try:
        text = read_ordinary(file).decode()
        document = TypeAdapter(_Document).validate_python(YAML(typ="safe").load(StringIO(text)))
    except OSError as error:
        raise SettingsInvalid(f"{file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, YAMLError) as error:
        raise SettingsInvalid(f"{file} is neither YAML nor JSON: {error}") from error
    except ValidationError as error:
        raise SettingsInvalid("\n".join(_sentences(file, error))) from error
    return FaultScript(document.faults, seed=document.seed)


def _sentences(file: Path, error: ValidationError) -> list[str]:
    kinds = {each.kind for each in Fault.__args__}
    lines = []
    for each in error.errors():
        steps = [step for step in each["loc"] if step not in kinds]
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        lines.append(f"{file}: {place.lstrip('.') or 'the script'}: {each['msg']}")
    return lines
