"""Destinations: the portals to each of which all datasets of a manifest go.

The rule: a manifest is read once for each of them, as if it had been written for that one alone.
What is said for each (`id: {demo: …, www: …}`) becomes what is said for that one before anything
else looks at a dataset.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bulkpub.core.addresses import shown_portal
from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.form import Fault, Read
from bulkpub.manifest.key_names import KeyNames
from bulkpub.manifest.nodes import Deferred, Node, child, find
from bulkpub.manifest.values import suggestion

__all__ = ["Destination", "Toward", "destination_faults", "destinations_of"]

_IN_PLACE_OF = ("portal", "key_env", "organizations")
_CHOSEN = ("id", "organization")
"""The keys of a dataset of which there may be one for each destination."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A portal that all datasets go to, as a manifest has it.

    `name` is what the manifest, the command line and the report call it, `portal` its name or
    address as written. `organization` is whose the datasets are there unless they say otherwise,
    `keys` name the variables that hold keys for it.
    """

    name: str
    portal: str
    organization: str | None = None
    keys: KeyNames = field(default_factory=KeyNames)
    place: Place = field(default_factory=lambda: Place(""))
    organization_place: Place | None = None

    @property
    def says(self) -> tuple[Any, ...]:
        """What it says, wherever that is written."""
        variables = {name: each.variable for name, each in self.keys.organizations.items()}
        top = self.keys.top and self.keys.top.variable
        return self.name, self.portal, self.organization, top, variables


def destinations_of(said: Read, header: Node) -> tuple[Destination, ...]:
    """The destinations of a `header` that says this, checked; of several of a name the first."""
    found: dict[str, Destination] = {}
    for index, each in enumerate(said.get("destinations") or ()):
        if portal := each.get("portal"):
            here = find(header, ("destinations", index))
            keys = KeyNames()
            list(keys.take(each, here))  # one alone contradicts nobody
            name = each.get("name") or shown_portal(portal)
            place = child(here, "organization")
            found.setdefault(
                name,
                Destination(
                    name,
                    portal,
                    each.get("organization"),
                    keys,
                    here.place,
                    None if place is None else place.place,
                ),
            )
    return tuple(found.values())


def destination_faults(said: Read, header: Node) -> Iterator[Fault]:
    """What is wrong with the destinations of a `header` that says this, checked."""
    if "destinations" not in said:
        return
    names: dict[str, Place] = {}
    for key in _IN_PLACE_OF:
        if said.get(key) is not None:
            sentence = say(
                "'{key}' is said of each of the 'destinations' where a manifest has these: write "
                "it there",
                key=key,
            )
            yield Fault(find(header, (key,)).key or find(header, (key,)).place, sentence)
    for index, each in enumerate(said["destinations"]):
        here = find(header, ("destinations", index))
        if not (portal := each.get("portal")):
            if child(here, "portal") is None:
                sentence = say("a destination needs a 'portal', its name or address")
                yield Fault(here.place, sentence)
            continue
        name = each.get("name") or shown_portal(portal)
        first = names.setdefault(name, here.place)
        if first is not here.place:
            sentence = say(
                "the destination at {first} is called '{name}', too: give one of them another "
                "'name'",
                first=first,
                name=name,
            )
            yield Fault(here.place, sentence)


@dataclass(frozen=True, slots=True)
class Toward:
    """A manifest is read for one `destination` of all those called `names`."""

    destination: Destination
    names: tuple[str, ...]

    def defaults(self, node: Node) -> tuple[Node, list[Fault]]:
        """What datasets inherit here, from the `defaults` of a manifest, a mapping."""
        return self._chosen(node, ("organization",))

    def organization(self) -> Node | None:
        """Whose the datasets are here, as they inherit it."""
        said, place = self.destination.organization, self.destination.organization_place
        if said is None or place is None:
            return None
        return Node({"organization": Node(said, place, place)}, place)

    def dataset(self, own: Node) -> tuple[Node, list[Fault]]:
        """The dataset `own` as it is meant here; and what is wrong with how that is said."""
        faults = list(self._contradiction(own))
        chosen, wrong = self._chosen(own, _CHOSEN)
        faults += wrong
        entries = child(chosen, "resources")
        if entries is None or not isinstance(entries.value, list):
            return chosen, faults
        items: list[Node] = []
        for entry in entries.value:
            item, wrong = entry, list[Fault]()
            if isinstance(_said(entry, "id"), dict):
                item, wrong = self._chosen(entry, ("id",))
            items.append(item)
            faults += wrong
        assert isinstance(chosen.value, dict)  # noqa: S101 # it has a child
        resources = Node(items, entries.place, entries.key)
        return Node({**chosen.value, "resources": resources}, own.place, own.key), faults

    def _contradiction(self, own: Node) -> Iterator[Fault]:
        """A dataset's organization beside that of the destination: which is meant is not told."""
        here = self.destination.organization
        written = child(own, "organization")
        if here is None or written is None or isinstance(written.value, dict):
            return
        if written.value != here:
            sentence = say(
                "the destinations say whose the datasets are: write for which of them this "
                "organization is, as in 'organization: {{{name}: …}}'",
                name=self.destination.name,
            )
            yield Fault(written.place, sentence)

    def _chosen(self, node: Node, keys: Sequence[str]) -> tuple[Node, list[Fault]]:
        """`node`, a mapping, with what is said of this destination where each has its own."""
        faults: list[Fault] = []
        assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
        children = dict(node.value)
        for key in keys:
            written = children.get(key)
            if written is None or not isinstance(written.value, dict):
                continue
            faults += self._unknown(key, written.value)
            own = written.value.get(self.destination.name)
            if own is None or own.value is None:
                del children[key]
            else:
                children[key] = replace(own, key=written.key)
        if children == node.value:
            return node, faults
        return Node(children, node.place, node.key), faults

    def _unknown(self, key: str, written: Mapping[str, Node]) -> Iterator[Fault]:
        for name, below in written.items():
            if name not in self.names:
                hint = suggestion(name, self.names, written) or say(
                    "; there are {names}", names=", ".join(self.names)
                )
                sentence = say(
                    "'{key}' is for no destination called '{name}'{hint}",
                    key=key,
                    name=name,
                    hint=hint,
                )
                yield Fault(below.key or below.place, sentence)


def _said(node: Node, key: str) -> object:
    """What a mapping has under `key`, without making the tree of what is deferred."""
    if isinstance(node, Deferred) and node.said is not None:
        return node.said.get(key)
    below = child(node, key)
    return below and below.value
