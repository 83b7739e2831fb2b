"""What this machine remembers between runs, in SQLite: file hashes, fetches, and new resources.

It makes a run faster; nothing is ever believed because it is in here. Deleted, damaged, from
another version or another machine: the result on the portal is the same. So whatever goes
wrong with it is told once and then done without.

What is to be remembered is written in batches, a moment later: a transaction for each file would
cost more than all else that is done for a small one. A kill in that moment loses what the answers
of that moment said, as one a moment earlier would have.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import structlog

from bulkpub.core.model import Fingerprint, LastFetch
from bulkpub.core.sources import Digest
from bulkpub.language import say
from bulkpub.state.files import opened, private_folder

__all__ = ["Forgetful", "Journal", "Memory", "open_journal"]

log = structlog.get_logger("bulkpub.state.journal")

VERSION = 1
KEPT_S = 180 * 86_400
"""Seconds after which a hash nobody asked for is forgotten."""
TOUCHED_S = KEPT_S / 10
"""Seconds after which it is written down that somebody asked: not at every look."""
REFUSED_S = 30 * 86_400
"""Seconds after which it is tried again whether the portal takes a file of a size."""
MOMENT_S = 0.05
"""Seconds for which what is to be written is collected."""

UNUSABLE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file ends in; its own name in SQLite's message may not even be text."""

HASHES: Mapping[Digest, str] = {"sha1": "hashes", "sha256": "digests"}
FETCHES: Mapping[Digest, str] = {"sha1": "fetches", "sha256": "fetches_sha256"}
"""The tables that have what is known of files, by the digest that it is known by."""

TABLES = """
create table if not exists hashes (
    path text primary key, size integer not null, mtime_ns integer not null,
    inode integer not null, sha1 text not null, used_at real not null
) without rowid;
create table if not exists digests (
    path text primary key, size integer not null, mtime_ns integer not null,
    inode integer not null, sha256 text not null, used_at real not null
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
create table if not exists fetches_sha256 (
    address text primary key, sha256 text not null, size integer not null, name text not null,
    etag text, last_modified text, used_at real not null
) without rowid;
create table if not exists refusals (
    portal text primary key, size integer not null, at real not null
) without rowid;
"""


class Memory(Protocol):
    """What the pipeline asks of a journal; every answer may be "nothing known"."""

    def digests(self, kind: Digest, files: Mapping[str, Fingerprint]) -> dict[str, str]:
        """The digests (hex) of those `files`, by path, that were hashed so as they are seen now."""

    def keep_digest(self, kind: Digest, path: str, seen: Fingerprint) -> None:
        """Remember `seen.digest`, which is of this kind."""

    def last_fetch(self, kind: Digest, url: str) -> LastFetch | None:
        """What the last fetch of `url` gave, hashed so."""

    def keep_fetch(self, kind: Digest, url: str, last: LastFetch) -> None:
        """Remember what fetching `url` gave; the address itself, which may be secret, is not."""

    def bound(self, dataset: str) -> dict[str, str]:
        """The ids of resources that were made for a dataset (its key) and not yet described.

        By resource key: a run that was killed knew them, and may not have told the portal.
        """

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """The portal has the file, as the resource with this id."""

    def finish(self, dataset: str) -> None:
        """All resources of a dataset are described: the portal knows whose they are."""

    def refused_size(self) -> int | None:
        """The smallest size (bytes) that the portal refused lately in one request."""

    def keep_refused_size(self, size: int) -> None:
        """Remember it."""


class Forgetful:
    """A memory that has none: for dry runs, and when the journal cannot be used."""

    def digests(self, kind: Digest, files: Mapping[str, Fingerprint]) -> dict[str, str]:
        """See `Memory`."""
        del kind, files
        return {}

    def keep_digest(self, kind: Digest, path: str, seen: Fingerprint) -> None:
        """See `Memory`."""

    def last_fetch(self, kind: Digest, url: str) -> LastFetch | None:
        """See `Memory`."""
        del kind, url
        return None

    def keep_fetch(self, kind: Digest, url: str, last: LastFetch) -> None:
        """See `Memory`."""

    def bound(self, dataset: str) -> dict[str, str]:
        """See `Memory`."""
        del dataset
        return {}

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """See `Memory`."""

    def finish(self, dataset: str) -> None:
        """See `Memory`."""

    def refused_size(self) -> int | None:
        """See `Memory`."""
        return None

    def keep_refused_size(self, size: int) -> None:
        """See `Memory`."""


class Journal:
    """A `Memory` in a SQLite file, for one portal; made by `open_journal`."""

    def __init__(self, database: sqlite3.Connection, portal: str) -> None:
        self._database = database
        self._portal = portal
        self._broken = False
        self._unwritten: list[tuple[str, tuple[object, ...]]] = []
        self._writing: asyncio.TimerHandle | None = None

    def digests(self, kind: Digest, files: Mapping[str, Fingerprint]) -> dict[str, str]:
        """See `Memory`."""
        now, known = time.time(), {}
        rows = self._read(
            f"select path, size, mtime_ns, inode, {kind}, used_at from {HASHES[kind]} "  # noqa: S608 - names of ours
            "where path in (select value from json_each(?))",
            (json.dumps(list(files)),),
        )
        for path, size, mtime_ns, inode, digest, used_at in rows:
            seen = files.get(str(path))
            if seen is None or (size, mtime_ns, inode) != (seen.size, seen.mtime_ns, seen.inode):
                continue
            known[str(path)] = str(digest)
            self._touch(HASHES[kind], "path", path, used_at, now)
        return known

    def keep_digest(self, kind: Digest, path: str, seen: Fingerprint) -> None:
        """See `Memory`."""
        if seen.digest is not None:
            self._write(
                f"insert or replace into {HASHES[kind]} values (?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of ours
                (path, seen.size, seen.mtime_ns, seen.inode, seen.digest, time.time()),
            )

    def last_fetch(self, kind: Digest, url: str) -> LastFetch | None:
        """See `Memory`."""
        address = _unreadable(url)
        rows = self._read(
            f"select {kind}, size, name, etag, last_modified, used_at "  # noqa: S608 - names of ours
            f"from {FETCHES[kind]} where address = ?",
            (address,),
        )
        match rows:
            case [(str() as digest, int() as size, str() as name, etag, last_modified, used_at)]:
                self._touch(FETCHES[kind], "address", address, used_at, time.time())
                return LastFetch(
                    digest,
                    size,
                    name,
                    None if etag is None else str(etag),
                    None if last_modified is None else str(last_modified),
                )
            case _:
                return None

    def keep_fetch(self, kind: Digest, url: str, last: LastFetch) -> None:
        """See `Memory`."""
        self._write(
            f"insert or replace into {FETCHES[kind]} values (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of ours
            (
                *(_unreadable(url), last.digest, last.size, last.name),
                *(last.etag, last.last_modified, time.time()),
            ),
        )

    def bound(self, dataset: str) -> dict[str, str]:
        """See `Memory`."""
        rows = self._read(
            "select resource, resource_id from intents "
            "where portal = ? and dataset = ? and resource_id is not null",
            (self._portal, dataset),
        )
        return {str(key): str(found) for key, found in rows}

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """See `Memory`."""
        self._write(
            "insert or replace into intents values (?, ?, ?, ?, ?)",
            (self._portal, dataset, resource, resource_id, time.time()),
        )

    def finish(self, dataset: str) -> None:
        """See `Memory`."""
        self._write("delete from intents where portal = ? and dataset = ?", (self._portal, dataset))

    def refused_size(self) -> int | None:
        """See `Memory`."""
        rows = self._read(
            "select size from refusals where portal = ? and at > ?",
            (self._portal, time.time() - REFUSED_S),
        )
        return int(str(rows[0][0])) if rows else None

    def keep_refused_size(self, size: int) -> None:
        """See `Memory`; what was known already keeps its age."""
        if self.refused_size() != size:
            self._write(
                "insert or replace into refusals values (?, ?, ?)",
                (self._portal, size, time.time()),
            )

    def write(self) -> None:
        """Write down now what was collected, in one transaction."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        unwritten, self._unwritten = self._unwritten, []
        if self._broken or not unwritten:
            return
        try:
            self._database.execute("begin immediate")
            try:
                for statement, values in unwritten:
                    self._database.execute(statement, values)
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")
        except UNUSABLE as error:
            self._give_up(error)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        """Collect it; outside a loop, where nothing would write it later, it is written at once."""
        self._unwritten.append((statement, values))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.write()
            return
        if self._writing is None:
            self._writing = loop.call_later(MOMENT_S, self.write)

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """What is there, with what was collected."""
        self.write()
        if self._broken:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except UNUSABLE as error:
            self._give_up(error)
            return []

    def _touch(self, table: str, column: str, key: object, used_at: object, now: float) -> None:
        """Write down that somebody asked, unless that was written lately."""
        if isinstance(used_at, int | float) and 0 <= now - used_at < TOUCHED_S:
            return
        self._write(f"update {table} set used_at = ? where {column} = ?", (now, key))  # noqa: S608 - names of ours

    def _give_up(self, error: Exception) -> None:
        self._broken = True
        log.warning("the journal cannot be used, going on without", why=str(error))


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
    journal = Journal(database, portal)
    try:
        yield journal
    finally:
        journal.write()
        with contextlib.suppress(*UNUSABLE):
            for table in (*HASHES.values(), *FETCHES.values()):
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
    """A connection that begins no transaction by itself; WAL, so that runs share it."""
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
        raise sqlite3.DatabaseError(
            say(
                "it is of version {version}, this program's is {own}",
                version=version,
                own=VERSION,
            )
        )
