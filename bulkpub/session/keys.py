"""The API keys of a run: the account's, and those that manifests name by their variables.

The rule: a key goes to the portal that it was named for, and to no other. Nothing here is ever
shown: sentences name variables, not what is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bulkpub.core.api_key import can_be_key
from bulkpub.errors import Problem, SettingsInvalid
from bulkpub.manifest import KeyName, KeyNames
from bulkpub.portals.base import Located
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection

__all__ = ["Keys", "keys_of"]


@dataclass(slots=True)
class Keys:
    """The key for everything, and those of organizations (by id or slug), and what is wrong."""

    first: str | None = field(default=None, repr=False)
    own: dict[str, str] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def cover(self, organization: str | None) -> bool:
        """Whether there is a key for a dataset of this organization, or of none."""
        return self.first is not None or organization in self.own


def keys_of(
    names: KeyNames, connection: Connection, located: Located | None, named: str | None
) -> Keys:
    """The keys for the portal that is `located`, where manifests are for the one `named`.

    Raises `SettingsInvalid` for what cannot be a key. A key that everybody knows is taken in the
    place of all others, which must not reach that portal.
    """
    keys = Keys(connection.key)
    if located is not None and located.key:
        return Keys(located.key)
    if located is not None and named is not None and not _same(named, located, connection):
        for name in names.all():
            sentence = (
                f"the key of {name.variable} is for the portal {named}, and is not sent to "
                f"{located.url}: what it is for goes by the account's key there"
            )
            keys.warnings.append(_problem(name, sentence))
        return keys
    if names.top is not None:
        keys.first = _value(names.top, connection.environment, keys)
    for organization, name in names.organizations.items():
        if (value := _value(name, connection.environment, keys)) is not None:
            keys.own[organization] = value
    return keys


def _same(named: str, located: Located, connection: Connection) -> bool:
    return locate(named, insecure=connection.insecure).url == located.url


def _value(name: KeyName, environment: Mapping[str, str], keys: Keys) -> str | None:
    value = environment.get(name.variable, "").strip()
    if not value:
        sentence = (
            f"there is no API key in {name.variable}: set it in the environment or in a .env file"
        )
        keys.problems.append(_problem(name, sentence))
        return None
    if not can_be_key(value):
        raise SettingsInvalid(
            f"{name.variable} does not hold an API key: it has odd characters in it"
        )
    return value


def _problem(name: KeyName, sentence: str) -> Problem:
    return Problem(name.place.file, name.place.line, name.place.column, sentence)
