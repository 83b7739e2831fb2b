"""What this machine remembers between runs, in SQLite: file hashes, and uploads begun.

It makes a run faster; nothing is ever believed because it is in here. Deleted, damaged, from
another version or another machine: the result on the portal is the same. So whatever goes
wrong with it is told once and then done without.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import structlog

from bulkpub.core.model import Fingerprint, LastFetch
from bulkpub.state.files import opened, private_folder

__all__ = ["Forgetful", "Journal", "Memory", "open_journal"]

log = structlog.get_logger("bulkpub.state.journal")

VERSION = 1
KEPT_S = 180 * 86_400
"""Seconds after which a hash nobody asked for is forgotten."""

UNUSABLE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file ends in; its own name in SQLite's message may not even be text."""

TABLES = """
create table if not exists hashes (
    path text primary key, size integer not null, mtime_ns integer not null,
    inode integer not null, sha1 text not null, used_at real not null
) without rowid;
create table if not exists intents (
    portal text not null, dataset text not null, resource text not null,
    resource_id text, at real not null,
    primary key (portal, dataset, resource)
) without rowid;
create table if not exists fetches (
    address text primary key, sha1 text not null, size integer not null, name text not null,
    etag text, last_modified text, used_at real not null
) without rowid;
"""


class Memory(Protocol):
    """What the pipeline asks of a journal; every answer may be "nothing known"."""

    def sha1(self, path: str, seen: Fingerprint) -> str | None:
        """The SHA-1 (hex) of the file at `path`, if it was hashed as it is `seen` now."""

    def keep_sha1(self, path: str, seen: Fingerprint) -> None:
        """Remember `seen.sha1`."""

    def last_fetch(self, url: str) -> LastFetch | None:
        """What the last fetch of `url` gave."""

    def keep_fetch(self, url: str, last: LastFetch) -> None:
        """Remember what fetching `url` gave; the address itself, which may be secret, is not."""

    def intents(self, dataset: str) -> dict[str, str | None]:
        """The uploads to a dataset (its key) that were begun and whose dataset was not finished.

        By resource key; the value is the id of the resource once the portal told it.
        """

    def begin(self, dataset: str, resource: str) -> None:
        """An upload begins; kept until `finish`, also when the program is killed meanwhile."""

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """The portal has the file, as the resource with this id."""

    def finish(self, dataset: str) -> None:
        """All resources of a dataset are described and in order: its intents are done."""


class Forgetful:
    """A memory that has none: for dry runs, and when the journal cannot be used."""

    def sha1(self, path: str, seen: Fingerprint) -> str | None:
        """See `Memory`."""
        del path, seen
        return None

    def keep_sha1(self, path: str, seen: Fingerprint) -> None:
        """See `Memory`."""

    def last_fetch(self, url: str) -> LastFetch | None:
        """See `Memory`."""
        del url
        return None

    def keep_fetch(self, url: str, last: LastFetch) -> None:
        """See `Memory`."""

    def intents(self, dataset: str) -> dict[str, str | None]:
        """See `Memory`."""
        del dataset
        return {}

    def begin(self, dataset: str, resource: str) -> None:
        """See `Memory`."""

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """See `Memory`."""

    def finish(self, dataset: str) -> None:
        """See `Memory`."""


class Journal:
    """A `Memory` in a SQLite file, for one portal; made by `open_journal`."""

    def __init__(self, database: sqlite3.Connection, portal: str) -> None:
        self._database = database
        self._portal = portal
        self._broken = False

    def sha1(self, path: str, seen: Fingerprint) -> str | None:
        """See `Memory`."""
        rows = self._run(
            "update hashes set used_at = ? where path = ? and size = ? and mtime_ns = ? "
            "and inode = ? returning sha1",
            (time.time(), path, seen.size, seen.mtime_ns, seen.inode),
        )
        return str(rows[0][0]) if rows else None

    def keep_sha1(self, path: str, seen: Fingerprint) -> None:
        """See `Memory`."""
        if seen.sha1 is not None:
            self._run(
                "insert or replace into hashes values (?, ?, ?, ?, ?, ?)",
                (path, seen.size, seen.mtime_ns, seen.inode, seen.sha1, time.time()),
            )

    def last_fetch(self, url: str) -> LastFetch | None:
        """See `Memory`."""
        rows = self._run(
            "update fetches set used_at = ? where address = ? "
            "returning sha1, size, name, etag, last_modified",
            (time.time(), _unreadable(url)),
        )
        match rows:
            case [(str() as sha1, int() as size, str() as name, etag, last_modified)]:
                return LastFetch(
                    sha1,
                    size,
                    name,
                    None if etag is None else str(etag),
                    None if last_modified is None else str(last_modified),
                )
            case _:
                return None

    def keep_fetch(self, url: str, last: LastFetch) -> None:
        """See `Memory`."""
        self._run(
            "insert or replace into fetches values (?, ?, ?, ?, ?, ?, ?)",
            (
                *(_unreadable(url), last.sha1, last.size, last.name),
                *(last.etag, last.last_modified, time.time()),
            ),
        )

    def intents(self, dataset: str) -> dict[str, str | None]:
        """See `Memory`."""
        rows = self._run(
            "select resource, resource_id from intents where portal = ? and dataset = ?",
            (self._portal, dataset),
        )
        return {str(key): None if found is None else str(found) for key, found in rows}

    def begin(self, dataset: str, resource: str) -> None:
        """See `Memory`."""
        self._run(
            "insert or replace into intents values (?, ?, ?, null, ?)",
            (self._portal, dataset, resource, time.time()),
        )

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """See `Memory`."""
        self._run(
            "update intents set resource_id = ? where portal = ? and dataset = ? and resource = ?",
            (resource_id, self._portal, dataset, resource),
        )

    def finish(self, dataset: str) -> None:
        """See `Memory`."""
        self._run("delete from intents where portal = ? and dataset = ?", (self._portal, dataset))

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        if self._broken:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except UNUSABLE as error:
            self._broken = True
            log.warning("the journal cannot be used, going on without", why=str(error))
            return []


def _unreadable(url: str) -> str:
    """An address may carry a password or a token: only its hash is kept."""
    return hashlib.sha256(url.encode()).hexdigest()


@contextmanager
def open_journal(folder: Path | None, portal: str) -> Iterator[Memory]:
    """The journal in `folder` for the portal at the address `portal`; without one, none.

    A damaged journal, or one of another version, is put aside and a new one begun.
    """
    database = _open(folder / "journal.sqlite") if folder is not None else None
    if database is None:
        yield Forgetful()
        return
    try:
        yield Journal(database, portal)
    finally:
        with contextlib.suppress(*UNUSABLE):
            for table in ("hashes", "fetches"):
                database.execute(
                    f"delete from {table} where used_at < ?",  # noqa: S608 - names of ours
                    (time.time() - KEPT_S,),
                )
            database.execute("pragma optimize")
        database.close()


def _open(path: Path) -> sqlite3.Connection | None:
    try:
        private_folder(path.parent)
        for file in _files(path):
            if os.path.lexists(file) or file == path:
                with opened(file):
                    pass  # SQLite would follow a link
        return _open_sound(path)
    except (OSError, *UNUSABLE) as error:
        log.warning("no journal, going on without", file=str(path), why=str(error))
        return None


def _files(path: Path) -> tuple[Path, ...]:
    """The journal at `path`, and what SQLite keeps beside it."""
    return tuple(Path(f"{path}{ending}") for ending in ("", "-wal", "-shm", "-journal"))


def _open_sound(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        for file in _files(path):
            if file.exists():
                file.replace(file.with_name(f"{file.name}.unusable"))
        log.warning("the journal was unusable and is begun anew", file=str(path), why=str(error))
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """A connection in which every statement is its own transaction; WAL, so that runs share it."""
    database = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        _use_wal(database)
        database.execute("pragma synchronous = normal")
        (version,) = database.execute("pragma user_version").fetchone()
        _check_version(version)
        database.executescript(
            f"begin immediate; {TABLES} pragma user_version = {VERSION}; commit;"
        )
        database.execute("select count(*) from intents").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _use_wal(database: sqlite3.Connection) -> None:
    """Ask for WAL; this pragma alone does not wait for a lock, so we do, for a moment."""
    for _ in range(50):
        try:
            database.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError:
            time.sleep(0.1)
        else:
            return


def _check_version(version: int) -> None:
    if version not in {0, VERSION}:
        raise sqlite3.DatabaseError(f"it is of version {version}, this program's is {VERSION}")
