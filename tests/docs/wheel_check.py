"""Whether bulkpub, installed from its wheel alone, works (`make wheel`).

Run it with the environment's own Python, in a folder that is not the checkout's.
"""

import os
import sys
import tempfile
from importlib import resources
from pathlib import Path

from bulkpub.cli import main


def ran(*arguments: str) -> object:
    """The exit code of a command."""
    sys.argv = ["bulkpub", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0


def checked() -> list[str]:
    """What does not work."""
    home = Path(str(resources.files("bulkpub")))
    if not home.is_relative_to(sys.prefix):
        return [f"this is not the wheel's bulkpub, but {home}"]
    given = home / "manifests"
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"BULKPUB_API_KEY": "any", "BULKPUB_STATE_DIR": folder}
        report = str(Path(folder) / "report.json")
        steps = [
            ("--version",),
            ("validate", str(given / "demo.yaml")),
            ("validate", str(given / "liste.xlsx")),
            ("run", str(given / "demo.yaml"), "--portal", "memory://wheel", "--report", report),
            ("report", report, "--html", str(Path(folder) / "page.html")),
        ]
        return [" ".join(step) for step in steps if ran(*step) != 0]


if __name__ == "__main__":
    wrong = checked()
    sys.stdout.write("\n".join([*(f"does not work: {step}" for step in wrong), ""]))
    sys.exit(len(wrong))
