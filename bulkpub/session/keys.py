"""The API keys of a run: the account's, and those that manifests name by their variables.

The rule: a key goes to the portal that it was named for, and to no other. What a variable of other
programs holds goes to the host that it is for alone, where there is no other. Nothing here is ever
shown: sentences name variables, not what is in them.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bulkpub.core.addresses import shown_portal
from bulkpub.core.api_key import can_be_key
from bulkpub.data import key_variables
from bulkpub.errors import Problem, SettingsInvalid
from bulkpub.language import say
from bulkpub.manifest import KeyName, KeyNames
from bulkpub.portals.base import Located
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection

ANY_PORTAL = "BULKPUB_API_KEY"
"""The variable that is named after no portal."""

__all__ = ["Keys", "keys_of", "no_key", "usual_variables"]


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
    if located is not None and located.key:
        return Keys(located.key)
    keys = Keys(_account_key(connection, located))
    if located is not None and named is not None and not _same(named, located, connection):
        for name in names.all():
            sentence = say(
                "the key of {variable} is for the portal {named}, and is not sent to {url}: what "
                "it is for goes by the account's key there",
                variable=name.variable,
                named=shown_portal(named),
                url=located.url,
            )
            keys.warnings.append(_problem(name, sentence))
        return keys
    if names.top is not None:
        keys.first = _value(names.top, connection, located, keys)
    for organization, name in names.organizations.items():
        if (value := _value(name, connection, located, keys)) is not None:
            keys.own[organization] = value
    return keys


def _account_key(connection: Connection, located: Located | None) -> str | None:
    """The key for all that nobody names one for.

    One that somebody chose comes first. One that only happens to be there may be another portal's:
    what other programs keep for this very host comes before it, and where no catalogue of data is,
    a key that is called after one is not sent at all.
    """
    found = connection.key_variable
    if connection.key and not found:
        return connection.key
    for variable in usual_variables(located):
        if text := connection.environment.get(variable, "").strip():
            return _sound(variable, text)
    if located is not None and not located.kind.catalogue and found != ANY_PORTAL:
        return None
    return connection.key


def usual_variables(located: Located | None) -> tuple[str, ...]:
    """The variables in which other programs keep the key for the host of a portal."""
    host = urlsplit(located.url).hostname if located is not None else None
    return tuple(name for name, own in key_variables().items() if own == host)


def no_key(located: Located) -> str:
    """What to do when there is no key for a portal, in a sentence."""
    if usual := usual_variables(located):
        return say(
            "no API key for {url}: set {variables} in the environment or in a .env file, or name "
            "another variable in `key_env`",
            url=located.url,
            variables=", ".join(usual),
        )
    return say(
        "no API key: set BULKPUB_API_KEY (or DATAGOUV_API_KEY) in the environment or in a .env "
        "file; you find yours on the portal, in the settings of your account"
    )


def _same(named: str, located: Located, connection: Connection) -> bool:
    return locate(named, insecure=connection.insecure).identity == located.identity


def _value(
    name: KeyName, connection: Connection, located: Located | None, keys: Keys
) -> str | None:
    host = key_variables().get(name.variable)
    if host is not None and name.variable not in usual_variables(located):
        sentence = say(
            "the key in {variable} is for {host} alone: name another variable",
            variable=name.variable,
            host=host,
        )
        keys.problems.append(_problem(name, sentence))
        return None
    value = connection.environment.get(name.variable, "").strip()
    if not value:
        sentence = say(
            "there is no API key in {variable}: set it in the environment or in a .env file",
            variable=name.variable,
        )
        keys.problems.append(_problem(name, sentence))
        return None
    return _sound(name.variable, value)


def _sound(variable: str, value: str) -> str:
    if not can_be_key(value):
        raise SettingsInvalid(
            say(
                "{variable} does not hold an API key: it has odd characters in it",
                variable=variable,
            )
        )
    return value


def _problem(name: KeyName, sentence: str) -> Problem:
    return Problem(name.place.file, name.place.line, name.place.column, sentence)
