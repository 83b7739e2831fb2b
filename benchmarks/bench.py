"""What bulkpub costs beside curl and the official client, and by itself, held against the bars.

    bench.py [--only WORK …] [--quick] [--json FILE] [--markdown PAGE]
    bench.py --compare BEFORE.json AFTER.json

Works, ways and bars are in modules of their own; see README.md for how to read the tables.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from material import NoRoom
from portals import RealPortal
from results import Results, Row
from running import Place
from tables import beside, page_with, report
from works import TITLES, WORKS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "performance.md"


def machine() -> str:
    """The machine and the versions, in one line."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    asked = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    try:
        udata = f", udata {RealPortal.found().version}"
    except FileNotFoundError:
        udata = ""
    return (
        f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f} at the start, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"bulkpub {version('bulkpub')}, datagouv-client {version('datagouv-client')}, "
        f"curl {asked.stdout.split()[1]}{udata}; {time.strftime('%Y-%m-%d')}"
    )


def measured(names: list[str], place: Place) -> Results:
    """Do the works, one after the other; one that cannot be done here says why in its row."""
    results = Results(machine(), place.quick)
    for name in names:
        begun = time.monotonic()
        print(f"{name}… ", end="", file=sys.stderr, flush=True)
        try:
            results.rows += WORKS[name].rows(place)
        except (NoRoom, FileNotFoundError) as why:
            results.rows.append(Row(name, "", "", note=str(why)))
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return results


def chosen(only: list[str] | None, *, quick: bool) -> list[str]:
    """The works that are named, or all usual ones."""
    return only or [
        name for name, work in WORKS.items() if work.usual and (work.quick or not quick)
    ]


def main() -> None:
    """Measure and print; keep the figures where it is told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=WORKS, metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--quick", action="store_true", help="in small, under two minutes")
    parser.add_argument("--json", type=Path, help="keep the figures there, beside other works'")
    parser.add_argument(
        "--markdown",
        type=Path,
        nargs="?",
        const=PAGE,
        help="write the tables between the marks of this page (performance.md, unless named)",
    )
    parser.add_argument("--folder", type=Path, help="where there is room for the files")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="JSON", help="measure nothing")
    given = parser.parse_args()
    if given.compare:
        print(beside(*(Results.from_json(json.loads(each.read_text())) for each in given.compare)))
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every start would compile it all anew
    with tempfile.TemporaryDirectory(prefix="bulkpub-bench-", dir=given.folder) as temporary:
        place = Place(Path(temporary), given.quick)
        results = measured(chosen(given.only, quick=given.quick), place)
    if given.json:
        if given.json.exists() and given.only:
            results.merge(Results.from_json(json.loads(given.json.read_text())).rows)
        given.json.write_text(json.dumps(results.to_json(), indent=1) + "\n")
    print(report(results, TITLES, every=not given.only and not given.quick))
    if given.markdown:
        given.markdown.write_text(page_with(given.markdown.read_text(), results, TITLES))


if __name__ == "__main__":
    main()
