"""The database under a real udata: SecantusDB, and what it lacks made up for.

SecantusDB speaks MongoDB's protocol. It runs as a process of its own, started from this very
file in the environment `database` beside udata's, with two defects worked around; udata, in its
process, is kept from using text indexes, which SecantusDB does not have.
"""

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["do_without_text_indexes", "free_port", "start"]

START_TIMEOUT = 60.0
BESIDE = Path(sys.prefix).parent / "database" / "bin" / "python"
"""Where `install.sh` puts it; an environment that has udata and the database works, too."""


def free_port() -> int:
    """A port of the loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data_dir: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the database and wait until it accepts connections.

    :raises SystemExit: when it does not, within a minute.
    """
    storage = data_dir / "mongo"
    storage.mkdir(parents=True, exist_ok=True)
    log = data_dir / "mongo.log"
    python = str(BESIDE) if BESIDE.exists() else sys.executable
    options = ["--standalone", "--port", str(port), "--storage-path", str(storage)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # this very file
            [python, __file__, *options, "--cache-size", "256M"],
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    process.kill()
    raise SystemExit(f"The database did not start: see {log}.")


def do_without_text_indexes() -> None:
    """Keep udata from creating text indexes, and let `?q=` match words in titles instead."""
    import pymongo.collection  # noqa: PLC0415  # not in every process
    from mongoengine.queryset.base import BaseQuerySet  # noqa: PLC0415  # likewise

    create_index = pymongo.collection.Collection.create_index
    order_by = BaseQuerySet.order_by

    def create_index_unless_text(self: Any, keys: Any, *args: Any, **options: Any) -> Any:
        pairs = [] if isinstance(keys, str) else [tuple(key) for key in keys]
        if any(len(pair) == 2 and pair[1] == "text" for pair in pairs):  # field, kind
            return "skipped_text_index"
        return create_index(self, keys, *args, **options)

    def search_text(queryset: Any, text: str, **_options: Any) -> Any:
        names = [
            name
            for spec in queryset._document._meta.get("index_specs") or []
            for name, kind in spec["fields"]
            if kind == "text"
        ]
        words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]
        for word in filter(None, words):
            pattern = {"$regex": re.escape(word), "$options": "i"}
            queryset = queryset.filter(__raw__={"$or": [{name: pattern} for name in names]})
        return queryset

    def order_by_unless_score(self: Any, *keys: str, **options: Any) -> Any:
        return order_by(self, *[key for key in keys if key != "$text_score"], **options)

    pymongo.collection.Collection.create_index = create_index_unless_text
    BaseQuerySet.search_text = search_text
    BaseQuerySet.order_by = order_by_unless_score


# --- the database's own process -----------------------------------------------------------


def _die_with_parent() -> None:
    """Get SIGTERM should the parent vanish (Linux only)."""
    die_signal, sigterm = 1, 15
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(die_signal, sigterm)


def _has_regex(value: Any) -> bool:
    from bson import Regex  # noqa: PLC0415  # not in every process

    if isinstance(value, dict):
        return any(_has_regex(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_regex(each) for each in value)
    return isinstance(value, (Regex, re.Pattern))


def _work_around_defects() -> None:
    from bson import DBRef  # noqa: PLC0415  # not in every process
    from secantus import sortkey  # noqa: PLC0415  # likewise
    from secantus.storage import Storage  # noqa: PLC0415  # likewise

    lookup = Storage._try_index_id_keys
    encode = sortkey._encode_doc

    # A regular expression looked up in an index is taken for an equality and finds nothing.
    def lookup_unless_regex(self: Any, db: Any, coll: Any, query: Any, **options: Any) -> Any:
        return None if _has_regex(query) else lookup(self, db, coll, query, **options)

    # A DBRef, which udata indexes in generic references, cannot be encoded.
    def encode_references(document: Any, *args: Any, **options: Any) -> Any:
        plain = document.as_doc() if isinstance(document, DBRef) else document
        return encode(plain, *args, **options)

    Storage._try_index_id_keys = lookup_unless_regex
    sortkey._encode_doc = encode_references


if __name__ == "__main__":
    from secantus import cli

    _die_with_parent()
    if os.getppid() == 1:
        raise SystemExit("The portal went away before its database started.")
    _work_around_defects()
    sys.exit(cli.main(sys.argv[1:]))
