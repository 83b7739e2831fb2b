"""Run one command and print what it cost, as JSON: wall and CPU seconds, peak memory, exit code.

The rule: this process stays tiny. Linux counts the memory of whoever starts a process into
that process's own peak, so the benchmark, which holds tables and clients, starts nothing
itself. Call it with `python -I -S measure.py LOG COMMAND...`; LOG gets the command's output.
"""

import os
import sys
import time


def measured(log: str, command: list[str]) -> str:
    """Run `command` to its end; times in seconds, `memory` (peak resident size) in bytes.

    `began` is a moment of the machine's monotonic clock, which all its processes share.
    """
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    to_log = [(os.POSIX_SPAWN_DUP2, out, number) for number in (1, 2)]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=to_log)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    cpu = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    # Written by hand: the json module would make this process bigger.
    return (
        f'{{"wall": {wall:.4f}, "cpu": {cpu:.4f}, "memory": {usage.ru_maxrss * 1024}, '
        f'"code": {code}, "began": {started:.4f}}}'
    )


if __name__ == "__main__":
    print(measured(sys.argv[1], sys.argv[2:]))
