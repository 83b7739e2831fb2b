"""What the environment says: the `.env` file of the working directory, and the API key.

Precedence: flag, then environment, then `.env`, then default. The API key alone has no flag:
what is on a command line can be read by every process of a machine.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bulkpub.core.api_key import can_be_key, is_key_variable
from bulkpub.errors import SettingsInvalid
from bulkpub.language import languages, letters_of, say, tr, wished

if TYPE_CHECKING:  # `--help` needs neither
    from bulkpub.session.connection import Connection
    from bulkpub.session.options import Settings

__all__ = [
    "KEY_VARIABLES",
    "add_env_file",
    "api_key",
    "cluster_wished",
    "key_variables",
    "language_wished",
    "state_folder",
    "with_keys",
]

KEY_VARIABLES = ("BULKPUB_API_KEY", "DATAGOUV_API_KEY", "OTA_ENGINE_DATAGOUV_API_KEY")
"""Where the API key is looked for, the first one first; the last is Open Terms Archive's."""


OF_OTHERS = stat.S_IRGRP | stat.S_IROTH


def add_env_file(environment: dict[str, str] | os._Environ[str], file: Path) -> str | None:
    """Add what `file` sets to `environment`, where that says nothing; a missing file adds nothing.

    Only variables of ours are taken: the file may be another program's too. Gives a warning back
    when it has a key that others can read. Raises `SettingsInvalid` when it cannot be read.
    """
    try:
        values = _values(file) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            say("{file} cannot be read: {error}", file=file, error=error)
        ) from error
    for name, value in values.items():
        ours = name.startswith("BULKPUB_") or _holds_key(name)
        if ours and value is not None:
            environment.setdefault(name, value)
    keys = key_variables({name: value or "" for name, value in values.items()})
    has_key = any(value and ("KEY" in name or "TOKEN" in name) for name, value in keys.items())
    if has_key and os.name != "nt" and file.stat().st_mode & OF_OTHERS:
        return tr(
            "{file} holds the API key, and others on this machine can read it: chmod 600 {file}",
            file=file,
        )
    return None


def _values(file: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values  # noqa: PLC0415 - few have such a file, and each command looks

    return dotenv_values(file)


LANG = "--lang"
LANG_VARIABLE = "BULKPUB_LANG"
LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which gettext looks at them, where there is a locale at all."""


def language_wished(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The language to speak, and the words of the command line without it, wherever it stood.

    It has to be known before any command is, as these say what they are for. Raises
    `SettingsInvalid` for one that there is not; that of the locale may be any.
    """
    left, wanted = list[str](), environment.get(LANG_VARIABLE) or None
    ours = True
    given = iter(words)
    for word in given:
        ours = ours and word != "--"
        if ours and word == LANG:
            wanted = next(given, "")
        elif ours and word.startswith(f"{LANG}="):
            wanted = word.partition("=")[2]
        else:
            left.append(word)
    if wanted is None:
        return wished(environment.get(name) for name in LOCALE_VARIABLES), left
    if letters_of(wanted) not in languages():
        known = ", ".join(languages())
        raise SettingsInvalid(
            say("there is no language '{wanted}'; there are {known}", wanted=wanted, known=known)
        )
    return letters_of(wanted), left


ENGINE = "--engine"
ENGINE_VARIABLE = "BULKPUB_ENGINE"
OWN_CLUSTER = "dask"
WORKING = frozenset({"run", "migrate", "verify", "harvest"})
"""The commands whose work a cluster may do."""


def cluster_wished(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a cluster on this machine seems to be asked for.

    That is a guess, before anything of a command is loaded: what a cluster's processes need takes
    as long to load as all else together, and can be loaded meanwhile. A test holds it to what the
    option is.
    """
    if WORKING.isdisjoint(words[:1]):
        return False
    wanted = environment.get(ENGINE_VARIABLE)
    for word, following in pairwise((*words, "")):
        if word == ENGINE:
            wanted = following
        elif word.startswith(f"{ENGINE}="):
            wanted = word.partition("=")[2]
    return wanted == OWN_CLUSTER


def key_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that may hold a key: no secret of other programs that is for other hosts."""
    return {name: value for name, value in environment.items() if _holds_key(name)}


def _holds_key(name: str) -> bool:
    from bulkpub.data import key_variables as of_hosts  # noqa: PLC0415 - `--help` needs none

    return is_key_variable(name) or name in of_hosts()


def api_key(environment: Mapping[str, str], variable: str | None = None) -> str | None:
    """The API key, without the blanks a copy may have brought along; None when there is none.

    Only `variable` is looked into, where one is named. Raises `SettingsInvalid` when nothing is in
    it, and for a value that cannot be a key, without showing it.
    """
    if variable is not None and not is_key_variable(variable):
        # What is written may be the key itself: no sentence repeats it.
        raise SettingsInvalid(
            say(
                "`key_env` must be the name of a variable that holds an API key, in capitals "
                "and with "
                "BULKPUB or DATAGOUV in it; the key itself has no place on a command line"
            )
        )
    name = variable or _first_set(environment)
    if name is None:
        return None
    key = environment.get(name, "").strip()
    if not key:
        raise SettingsInvalid(
            say(
                "there is no API key in {name}: set it in the environment or in a .env file",
                name=name,
            )
        )
    if not can_be_key(key):
        raise SettingsInvalid(
            say("{name} does not hold an API key: it has odd characters; copy it anew", name=name)
        )
    return key


def _first_set(environment: Mapping[str, str]) -> str | None:
    """The first of the variables for keys that holds something."""
    return next((name for name in KEY_VARIABLES if environment.get(name, "").strip()), None)


def with_keys(settings: "Settings", environment: Mapping[str, str]) -> "Connection":
    """The connection, with the API key and the variables that a manifest may name for others.

    Raises `SettingsInvalid` as `api_key` does.
    """
    return replace(
        settings.connection,
        key=api_key(environment, settings.key_env),
        key_variable=None if settings.key_env else _first_set(environment),
        environment=key_variables(environment),
    )


def state_folder(settings: "Settings") -> Path:
    """Where a command remembers what it saw: where it was told to, or the user's state folder."""
    from platformdirs import user_state_path  # noqa: PLC0415 - not for `--help`

    return settings.state_dir or user_state_path("bulkpub", appauthor=False)
