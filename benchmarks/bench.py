"""What bulkpub costs beside curl and the official client, and by itself, held against the bars.

    bench.py [--only WORK …] [--quick] [--json FILE] [--markdown]
    bench.py --compare BEFORE.json AFTER.json [--markdown]

Works, ways and bars are in modules of their own; see README.md for how to read the tables.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bars import BARS
from material import NoRoom
from portals import RealPortal
from results import Results, Row
from running import Place
from tables import beside, page_with, report
from works import TITLES, WORKS

PROJECT = Path(__file__).resolve().parents[1]
EXPLAINED = PROJECT / "docs" / "explanation"
COMPARED = "before and after"
PAGES = {
    "figures": EXPLAINED / "performance.md",
    COMPARED: EXPLAINED / "performance.md",
    "engines": EXPLAINED / "scale.md",
}
"""The pages of the documentation, by the marks of the places in them that figures go to."""


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
        f"bulkpub {version('bulkpub')}{_commit()}, datagouv-client {version('datagouv-client')}, "
        f"distributed {version('distributed')}, curl {asked.stdout.split()[1]}{udata}; "
        f"{time.strftime('%Y-%m-%d')}"
    )


def _commit() -> str:
    """Of the checkout that is measured; nothing where there is none."""
    tree = os.environ.get("BULKPUB_BENCH_TREE") or PROJECT
    command = ["git", "-C", tree, "log", "-1", "--format=%h"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return f" ({asked.stdout.strip()})" if asked.returncode == 0 else ""


def measured(names: list[str], place: Place, kept: Callable[[Results], None]) -> Results:
    """Do the works, one after the other, and have the results `kept` after each.

    One that cannot be done here, or breaks, says why in its row, and the others go on.
    """
    results = Results(machine(), place.quick)
    for name in names:
        begun = time.monotonic()
        print(f"{name}… ", end="", file=sys.stderr, flush=True)
        try:
            results.rows += WORKS[name].rows(place)
        except (NoRoom, FileNotFoundError) as why:
            results.rows.append(Row(name, "", "", note=str(why)))
        except (RuntimeError, OSError, ValueError, LookupError) as why:
            results.rows.append(Row(name, "", "", note=f"FAILED: {why}"))
        kept(results)
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return results


def keeping(file: Path | None, only: list[str] | None) -> Callable[[Results], None]:
    """Writes results to a file, if there is to be one; also what it has of works but `only`."""
    earlier: list[Row] = []
    if file and only and file.exists():
        rows = Results.from_json(json.loads(file.read_text())).rows
        earlier = [row for row in rows if row.work not in only]

    def keep(results: Results) -> None:
        results.merge(earlier)
        if file:
            file.write_text(json.dumps(results.to_json(), indent=1) + "\n")

    return keep


def chosen(only: list[str] | None, *, quick: bool) -> list[str]:
    """The works that are named, or all usual ones."""
    return only or [
        name for name, work in WORKS.items() if work.usual and (work.quick or not quick)
    ]


def main() -> None:
    """Measure and print; keep the figures where it is told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=WORKS, metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--quick", action="store_true", help="in small, some three minutes")
    parser.add_argument("--json", type=Path, help="keep the figures there, beside other works'")
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="write the figures into the documentation, where they have a place",
    )
    parser.add_argument("--folder", type=Path, help="where there is room for the files")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="JSON", help="measure nothing")
    given = parser.parse_args()
    if given.compare:
        before, after = (Results.from_json(json.loads(f.read_text())) for f in given.compare)
        text = f"Before: {before.machine}\n\nAfter: {after.machine}\n\n{beside(before, after)}"
        print(text)
        if given.markdown:
            write(COMPARED, text)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # portals and files go, too
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every start would compile it all anew
    with tempfile.TemporaryDirectory(prefix="bulkpub-bench-", dir=given.folder) as temporary:
        place = Place(Path(temporary), given.quick)
        names = chosen(given.only, quick=given.quick)
        kept = keeping(given.json, given.only)
        results = measured(names, place, kept)
    print(report(results, TITLES, every=not (given.only or given.quick)))
    for mark in dict.fromkeys(WORKS[name].place for name in names) if given.markdown else ():
        write(mark, of_place(results, mark))


def of_place(results: Results, mark: str) -> str:
    """What belongs to a place of the documentation: its works, and all bars about them."""
    known = [row for row in results.rows if row.work in WORKS]
    rows = [row for row in known if WORKS[row.work].place == mark]
    bars = [bar for bar in BARS if WORKS[bar.figure.work].place == mark]
    return report(Results(results.machine, results.quick, rows), TITLES, bars, every=True)


def write(mark: str, text: str) -> None:
    """Put it into its place in the documentation."""
    page = PAGES[mark]
    page.write_text(page_with(page.read_text(), mark, text))


if __name__ == "__main__":
    main()
