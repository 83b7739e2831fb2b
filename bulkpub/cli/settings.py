"""Every setting of the command line: its name, its variable, its default, at one place.

Precedence: flag, then environment, then `.env` in the working directory, then default. The
API key alone has no flag: what is on a command line can be read by every process of a machine.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from bulkpub.errors import SettingsInvalid

__all__ = ["KEY_VARIABLES", "Settings", "add_env_file", "api_key"]

KEY_VARIABLES = ("BULKPUB_API_KEY", "DATAGOUV_API_KEY")
"""Where the API key is looked for, the first one first."""


MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was told, whoever told it. Times in seconds, sizes in bytes."""

    portal: str | None = None
    key: str | None = field(default=None, repr=False)
    insecure: bool = False
    ca_file: Path | None = None
    state_dir: Path | None = None
    keep_going: bool = False
    allow_mass_delete: bool = False
    concurrency: int = 8
    uploads: int = 4
    chunk_size: int = 16 * MIB
    chunk_above: int = 256 * MIB
    timeout: float = 60.0
    retries: int = 4
    quota_reserve: float = 0.05
    max_wait: float | None = None
    give_up_after: float = 600.0
    spool_dir: Path | None = None
    spool_size: int = 2 * 1024 * MIB
    allow_private_sources: bool = False
    header_limit: str = "X-RateLimit-Limit"
    header_remaining: str = "X-RateLimit-Remaining"
    header_reset: str = "X-RateLimit-Reset"


def add_env_file(environment: dict[str, str] | os._Environ[str], file: Path) -> None:
    """Add what `file` sets to `environment`, where that says nothing; a missing file adds nothing.

    Only variables of ours are taken: the file may be another program's too. Raises
    `SettingsInvalid` when the file cannot be read.
    """
    try:
        values = dotenv_values(file) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{file} cannot be read: {error}") from error
    for name, value in values.items():
        ours = name.startswith("BULKPUB_") or name in KEY_VARIABLES
        if ours and value is not None:
            environment.setdefault(name, value)


def api_key(environment: Mapping[str, str]) -> str | None:
    """The API key, without the blanks a copy may have brought along; None when there is none.

    Raises `SettingsInvalid` for a value that cannot be a key, without showing it.
    """
    for name in KEY_VARIABLES:
        key = environment.get(name, "").strip()
        if key:
            if not key.isascii() or not key.isprintable() or " " in key:
                raise SettingsInvalid(f"{name} does not hold an API key: it has odd characters")
            return key
    return None
