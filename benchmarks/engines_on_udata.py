"""Two workers of Dask's beside one process where a real udata takes the files: not in `make bench`.

2,000 files take it a minute and a half each time. `python benchmarks/engines_on_udata.py [ROUNDS]`
needs what `make test-real` installs, and prints the rows.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from engines import ENGINES, SMALL
from material import Material
from portals import RealPortal
from running import Place, publish

__all__ = ["main"]

FILES, DATASETS = 2_000, 20


def main(rounds: int) -> None:
    """Publish the same files with either engine in turn, each time to a fresh portal."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(Path(temporary), quick=False)
        with place.fresh("files") as folder:
            material = Material(folder, FILES, SMALL, DATASETS).make()
            rows = publish(
                place, "engines", RealPortal.found(), material, ENGINES, runs=rounds, step="udata"
            )
    for row in rows:
        figures = [run.figures["wall"] for run in row.runs if not run.fault]
        faults = [run.fault for run in row.runs if run.fault]
        print(f"{row.way}: {statistics.median(figures):.1f} s {faults or ''}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
