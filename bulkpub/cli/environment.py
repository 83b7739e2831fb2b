"""What the environment says: the `.env` file of the working directory, and the API key.

Precedence: flag, then environment, then `.env`, then default. The API key alone has no flag:
what is on a command line can be read by every process of a machine.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from bulkpub.core.api_key import can_be_key
from bulkpub.errors import SettingsInvalid

__all__ = ["KEY_VARIABLES", "add_env_file", "api_key"]

KEY_VARIABLES = ("BULKPUB_API_KEY", "DATAGOUV_API_KEY")
"""Where the API key is looked for, the first one first."""


OF_OTHERS = stat.S_IRGRP | stat.S_IROTH


def add_env_file(environment: dict[str, str] | os._Environ[str], file: Path) -> str | None:
    """Add what `file` sets to `environment`, where that says nothing; a missing file adds nothing.

    Only variables of ours are taken: the file may be another program's too. Gives a warning back
    when it has a key that others can read. Raises `SettingsInvalid` when it cannot be read.
    """
    try:
        values = _values(file) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{file} cannot be read: {error}") from error
    for name, value in values.items():
        ours = name.startswith("BULKPUB_") or name in KEY_VARIABLES
        if ours and value is not None:
            environment.setdefault(name, value)
    has_key = any(values.get(name) for name in KEY_VARIABLES)
    if has_key and os.name != "nt" and file.stat().st_mode & OF_OTHERS:
        return f"{file} holds the API key, and others on this machine can read it: chmod 600 {file}"
    return None


def _values(file: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values  # noqa: PLC0415 - few have such a file, and each command looks

    return dotenv_values(file)


def api_key(environment: Mapping[str, str]) -> str | None:
    """The API key, without the blanks a copy may have brought along; None when there is none.

    Raises `SettingsInvalid` for a value that cannot be a key, without showing it.
    """
    for name in KEY_VARIABLES:
        key = environment.get(name, "").strip()
        if key:
            if not can_be_key(key):
                raise SettingsInvalid(f"{name} does not hold an API key: it has odd characters")
            return key
    return None
