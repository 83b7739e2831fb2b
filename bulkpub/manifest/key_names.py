"""Which variables of the environment hold API keys, as manifests name them: names, never keys.

The rule: manifests that are read together have one key of their own, and one for each
organization; the portal's other organizations go by the account's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.form import Fault, Read
from bulkpub.manifest.nodes import Node, find

__all__ = ["KeyName", "KeyNames"]


@dataclass(frozen=True, slots=True)
class KeyName:
    """The name of a variable, and where it is written."""

    variable: str
    place: Place


@dataclass(slots=True)
class KeyNames:
    """The one at the top, and those of organizations, by id or slug as they are written."""

    top: KeyName | None = None
    organizations: dict[str, KeyName] = field(default_factory=dict)

    def take(self, said: Read, header: Node) -> Iterator[Fault]:
        """Take over what a `header` says, checked; a fault for each key that another one has."""
        organizations: Mapping[str, Read] = said.get("organizations") or {}
        if variable := said.get("key_env"):
            here = KeyName(variable, find(header, ("key_env",)).place)
            self.top = self.top or here
            yield from _differing(say("this manifest"), self.top, here)
        for name, below in organizations.items():
            if variable := below.get("key_env"):
                place = find(header, ("organizations", name, "key_env")).place
                here = KeyName(variable, place)
                first = self.organizations.setdefault(name, here)
                yield from _differing(say("the organization '{name}'", name=name), first, here)

    def all(self) -> Iterator[KeyName]:
        """All of them."""
        if self.top is not None:
            yield self.top
        yield from self.organizations.values()


def _differing(whose: str, first: KeyName, here: KeyName) -> Iterator[Fault]:
    if here.variable != first.variable:
        yield Fault(
            here.place,
            say(
                "{whose} has the key of {variable} here, and of {first_variable} at {place}: in "
                "one run it has one",
                whose=whose,
                variable=here.variable,
                first_variable=first.variable,
                place=first.place,
            ),
        )
