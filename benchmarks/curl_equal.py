"""bulkpub's work done by curl: the same creates, uploads and finishing requests, eight at a time.

    python -I -S curl_equal.py FOLDER AT_ONCE

`curl_config.prepare` has written all that curl needs into FOLDER, but for ids. Three calls of
`curl --parallel`, each after the other as it needs the ids that the one before brought; to read
them and put them in their places is this script's part, and is counted. What it does not do:
look what is there already, compare checksums, recover from anything.
"""

import json
import os
import sys

MARK = "@@"
"""Stands round the name of an answer whose id belongs there."""


def filled(text: str, folder: str, ids: dict[str, str]) -> str:
    """The text with the ids of the answers that it names in its marks."""
    pieces = text.split(MARK)
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        if name not in ids:
            with open(f"{folder}/{name}.answer", "rb") as answer:  # noqa: PTH123 # no pathlib here
                ids[name] = json.loads(answer.read())["id"]
        pieces[place] = ids[name]
    return "".join(pieces)


def call(folder: str, name: str, at_once: str, ids: dict[str, str]) -> None:
    """Fill in the config `name` and everything called like it, and have curl do it."""
    for file in sorted(os.listdir(folder)):  # noqa: PTH208 # no pathlib here
        if file.startswith(f"{name}.") and file.endswith(".in"):
            with open(f"{folder}/{file}") as template:  # noqa: PTH123 # likewise
                text = filled(template.read(), folder, ids)
            with open(f"{folder}/{file[:-3]}", "w") as out:  # noqa: PTH123 # likewise
                out.write(text)
    command = ["curl", "--no-progress-meter", "--parallel", "--parallel-max", at_once]
    command += ["--config", f"{folder}/{name}.config"]
    pid = os.posix_spawnp("curl", command, os.environ)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        sys.exit(code)


def main(folder: str, at_once: str) -> None:
    """Create, upload, finish."""
    ids: dict[str, str] = {}
    for name in ("create", "upload", "finish"):
        call(folder, name, at_once, ids)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
