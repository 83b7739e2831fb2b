"""What looking at files and hashing them costs by itself: `python -I -S alone.py MANIFEST.jsonl`.

The least that any program must do that remembers nothing: for each path of the manifest, in its
order, a stat, and its SHA-1.
"""

import hashlib
import json
import os
import sys


def main(manifest: str) -> None:
    """Look at all files of the manifest, which is beside them."""
    os.chdir(os.path.dirname(manifest))  # noqa: PTH120 # no pathlib here: it costs, too
    with open(manifest) as lines:  # noqa: PTH123 # likewise
        for line in lines:
            for resource in json.loads(line).get("resources", ()):
                size = os.stat(resource["path"]).st_size  # noqa: PTH116 # likewise
                with open(resource["path"], "rb", buffering=0) as file:  # noqa: PTH123 # likewise
                    digest = hashlib.sha1(usedforsecurity=False)
                    while size > 0:
                        block = file.read(1 << 20)
                        digest.update(block)
                        size -= len(block) or size
                digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
