"""What a coordinator and its workers say to each other; values, each with who says it.

A worker is known by a name that nobody had before (`worker`), made when it begins to work for a
run, and anew when it comes back after it was given up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bulkpub.core.model import Fingerprint
from bulkpub.engine.base import Done, Errand, Opener
from bulkpub.errors import BulkpubError
from bulkpub.http.lending import Ask, Lent
from bulkpub.observers.events import Event, Retrying
from bulkpub.portals.base import Traffic
from bulkpub.state.carried import Learned

__all__ = [
    "Answer",
    "Asked",
    "Attempt",
    "Beat",
    "Claim",
    "End",
    "Ended",
    "FromWorker",
    "Go",
    "Heard",
    "Hello",
    "Line",
    "No",
    "Out",
    "ToWorker",
    "Told",
    "Trouble",
    "Turns",
    "Unfit",
    "Wants",
    "Welcome",
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt of this `number` (from 1) at the dataset of this key."""

    dataset: str
    number: int


# --- what a worker says --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """It is there: `address` is what Dask calls it, `queue` the name under which it is reached.

    `host` and `pid` say where it runs, `version` which bulkpub.
    """

    worker: str
    queue: str
    address: str
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """It cannot work, and why."""

    worker: str
    why: BulkpubError


@dataclass(frozen=True, slots=True)
class Claim:
    """Dask gave it this attempt, and it asks whether it may begin."""

    worker: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Told:
    """What happened in an attempt, and what there is to remember of it."""

    worker: str
    attempt: Attempt
    what: Event | Learned


@dataclass(frozen=True, slots=True)
class Line:
    """A line of its log: the logger, the level (a method of the logger), the words, the rest."""

    worker: str
    logger: str
    level: str
    words: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """May the file at `path`, seen so, be removed? The answer carries the number."""

    worker: str
    number: int
    path: str
    seen: Fingerprint


@dataclass(frozen=True, slots=True)
class Ended:
    """The attempt is over."""

    worker: str
    attempt: Attempt
    done: Done


@dataclass(frozen=True, slots=True)
class Wants:
    """It wants turns, gives some back, and says what it saw."""

    worker: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Beat:
    """It is alive, and has asked the portal so much by now."""

    worker: str
    number: int
    traffic: Traffic | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A request failed in a way that may pass."""

    worker: str
    what: Retrying


FromWorker = Hello | Unfit | Claim | Told | Line | Asked | Ended | Wants | Beat | Trouble

# --- what the coordinator says -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """Open this, and log from this level on."""

    opener: Opener = field(repr=False)
    level: int


@dataclass(frozen=True, slots=True)
class Go:
    """The attempt is its: this is what is to be done."""

    attempt: Attempt
    errand: Errand


@dataclass(frozen=True, slots=True)
class No:
    """The attempt is another's, or nobody's any more."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the file may be removed that was asked about."""

    number: int
    yes: bool


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns that are lent."""

    lent: Lent


@dataclass(frozen=True, slots=True)
class Heard:
    """The beat of this number was heard."""

    number: int


@dataclass(frozen=True, slots=True)
class End:
    """Begin nothing new, and end what is under way after so many seconds."""

    within_s: float


@dataclass(frozen=True, slots=True)
class Out:
    """It was given up: what it did is done anew by others. It may come back as a new one."""

    worker: str


ToWorker = Welcome | Go | No | Answer | Turns | Heard | End | Out
