"""What a command costs is what all costs that it began."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = Path(__file__).parents[2] / "benchmarks" / "measure.py"
LEAVES_ONE_BEHIND = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.5: pass"])
"""


@pytest.mark.served
@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell of orphans")
def test_what_a_command_leaves_behind_counts_to_its_cpu(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVES_ONE_BEHIND]
    measure = [sys.executable, "-I", "-S", str(MEASURE), str(tmp_path / "log"), *command]
    found = subprocess.run(measure, capture_output=True, check=True)  # noqa: S603 - ours
    told = json.loads(found.stdout)
    assert told["code"] == 0
    assert told["cpu"] >= 0.5
