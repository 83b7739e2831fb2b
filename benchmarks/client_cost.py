"""What bulkpub itself costs: small files into a sink, at growing numbers; nothing else is slow.

The start of the program is measured by itself and taken off, so that what is left is the cost
of a file: CPU in milliseconds, and how memory grows. See README.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sink import KEY, ORGANIZATION, sinking

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
IN_A_DATASET = 50


def cost(arguments: Sequence[str], log: Path, url: str) -> Any:  # noqa: ANN401 # JSON
    """Run bulkpub once; wall and CPU seconds, peak memory in bytes, exit code."""
    program = str(Path(sys.executable).with_name("bulkpub"))
    told = subprocess.run(
        [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(log), program, *arguments],
        env=os.environ | {"BULKPUB_PORTAL": url, "BULKPUB_API_KEY": KEY},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    measured = json.loads(told)
    if measured["code"]:
        sys.stderr.write(f"bulkpub ended with {measured['code']}:\n{log.read_text()[-2000:]}\n")
    return measured


def manifest(folder: Path, files: int, size: int) -> Path:
    """`files` files of `size` bytes, all different, in datasets of fifty, and their manifest."""
    (folder / "data").mkdir(parents=True)
    datasets: list[dict[str, Any]] = []
    for number in range(files):
        file = folder / "data" / f"f-{number:07}.csv"
        file.write_bytes(f"{number};".encode().ljust(size, b"x"))
        if number % IN_A_DATASET == 0:
            name = f"d-{number // IN_A_DATASET:06}"
            datasets.append({"key": name, "title": name, "description": name, "resources": []})
        datasets[-1]["resources"].append({"path": f"data/{file.name}"})
    made = {"version": 1, "organization": ORGANIZATION, "datasets": datasets}
    written = folder / "manifest.json"
    written.write_text(json.dumps(made))
    return written


def main() -> None:
    """Measure, and print a table; `--json FILE` keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--size", type=int, default=1_000, help="bytes of each file")
    parser.add_argument("--runs", type=int, default=3, help="figures are medians")
    parser.add_argument("--json", type=Path, help="keep the figures there")
    given = parser.parse_args()
    table = Table(title="bulkpub run, into a sink", title_justify="left")
    for heading in ("files", "wall", "CPU", "CPU a file", "peak memory"):
        table.add_column(heading, justify="right")
    kept: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bulkpub-cost-") as temporary, sinking() as url:
        root = Path(temporary)
        for files in (1, *given.files):
            wanted = manifest(root / str(files), files, given.size)
            runs = []
            for number in range(given.runs):
                state, report = root / f"state-{files}-{number}", root / "report.json"
                options = ["--quiet", "--report", str(report), "--state-dir", str(state)]
                runs.append(cost(["run", str(wanted), *options], root / "log.txt", url))
            figures = {
                name: statistics.median(run[name] for run in runs)
                for name in ("wall", "cpu", "memory")
            }
            kept.append({"files": files, **figures})
            each = 1000 * (figures["cpu"] - kept[0]["cpu"]) / files
            table.add_row(
                f"{files:,}",
                f"{figures['wall']:.2f} s",
                f"{figures['cpu']:.2f} s",
                f"{each:.2f} ms" if files > 1 else "the start",
                f"{figures['memory'] / MIB:.0f} MiB",
            )
    Console(width=None if sys.stdout.isatty() else 100, highlight=False).print(table)
    if given.json:
        given.json.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
