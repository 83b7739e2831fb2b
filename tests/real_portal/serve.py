"""Run a real udata on the loopback, seeded with known accounts.

    serve.py --port 7001                         # throw-away data
    serve.py --port 7001 --data-dir DIR          # data kept across restarts

Two processes: the database, and udata behind waitress. When requests are accepted, one JSON line
with addresses, keys and ids is printed, and written to `--info` if that is given. SIGINT and
SIGTERM stop everything. Runs in the environment that `install.sh` makes, never in the project's.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import database
import portal

STOP_TIMEOUT = 15.0
LARGEST_BODY = 20 * 1024**3


class AccessLog:
    """WSGI middleware that writes one line a request: method, path, status, milliseconds."""

    def __init__(self, app: Any, path: Path) -> None:
        self._app = app
        self._path = path
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        begun = time.perf_counter()
        status = "-"

        def started(line: str, headers: Any, error: Any = None) -> Any:
            nonlocal status
            status = line.split(maxsplit=1)[0]
            return start_response(line, headers, error)

        try:
            return self._app(environ, started)
        finally:
            path = environ.get("PATH_INFO", "")
            if environ.get("QUERY_STRING"):
                path += "?" + environ["QUERY_STRING"]
            elapsed = 1000 * (time.perf_counter() - begun)
            with self._lock, self._path.open("a") as log:
                log.write(f"{environ['REQUEST_METHOD']} {path} {status} {elapsed:.0f}ms\n")


def setting(text: str) -> tuple[str, Any]:
    """Read `NAME=JSON`."""
    name, _, value = text.partition("=")
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"expected NAME=JSON, got {text!r}")
    return name, json.loads(value)


def parse_options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=7001, help="0 picks a free one")
    parser.add_argument("--data-dir", type=Path, help="keep data here (default: temporary)")
    parser.add_argument("--info", type=Path, help="also write the JSON line to this file")
    parser.add_argument("--access-log", type=Path, help="append one line a request to this file")
    parser.add_argument("--threads", type=int, default=16, help="concurrent requests")
    parser.add_argument("--language", default="en", help="language of messages (en, fr, ...)")
    parser.add_argument("--sysadmin", action="store_true", help="seed a site administrator too")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=JSON",
        help="override a udata setting, e.g. READ_ONLY_MODE=true (repeatable)",
    )
    return parser.parse_args()


def serve(options: argparse.Namespace, data_dir: Path, mongo_port: int) -> None:
    """Set udata up and serve it until a signal comes."""
    import waitress  # noqa: PLC0415  # not needed to print the help

    port = options.port or database.free_port()
    base_url = f"http://127.0.0.1:{port}"
    database.do_without_text_indexes()
    app = portal.make_app(data_dir, mongo_port, base_url, options)
    info = {
        "base_url": base_url,
        "api_url": f"{base_url}/api/1",
        **portal.seed(app, base_url, with_sysadmin=options.sysadmin),
        "pid": os.getpid(),
        "data_dir": str(data_dir),
        "versions": {name: version(name) for name in ("udata", "waitress")},
    }
    info["api_key"] = info["user"]["api_key"]
    server = waitress.create_server(
        AccessLog(app, options.access_log) if options.access_log else app,
        host="127.0.0.1",
        port=port,
        threads=options.threads,
        connection_limit=500,
        max_request_body_size=LARGEST_BODY,
        channel_timeout=120,
    )
    line = json.dumps(info)
    if options.info:
        partial = options.info.with_name(options.info.name + ".partial")
        partial.write_text(line + "\n")
        partial.replace(options.info)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    server.run()


def main() -> None:
    """Start the database, serve, and take both down again."""
    options = parse_options()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    data_dir = options.data_dir or Path(tempfile.mkdtemp(prefix="udata-real-"))
    mongo_port = database.free_port()
    mongo = database.start(data_dir.resolve(), mongo_port)
    try:
        serve(options, data_dir.resolve(), mongo_port)
    finally:
        mongo.terminate()
        try:
            mongo.wait(timeout=STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            mongo.kill()
        if options.data_dir is None:
            shutil.rmtree(data_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
