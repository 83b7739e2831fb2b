"""Run one command and print what it cost, as JSON: wall and CPU seconds, peak memory, exit code.

The rule: this process stays tiny. Linux counts the memory of whoever starts a process into
that process's own peak, so the benchmark, which holds tables and clients, starts nothing
itself. Call it with `python -I -S measure.py LOG COMMAND...`; LOG gets the command's output.
"""

import os
import sys
import time

SET_CHILD_SUBREAPER = 36
"""See prctl(2)."""


def measured(log: str, command: list[str]) -> str:
    """Run `command` to its end; times in seconds, `memory` (peak resident size) in bytes.

    `began` is a moment of the machine's monotonic clock, which all its processes share. CPU is that
    of the command and of all that it began, also of what outlives it for a moment.
    """
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    to_log = [(os.POSIX_SPAWN_DUP2, out, number) for number in (1, 2)]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=to_log)
    _take_in_orphans()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    cpu = usage.ru_utime + usage.ru_stime + _orphans()
    code = os.waitstatus_to_exitcode(status)
    # Written by hand: the json module would make this process bigger.
    return (
        f'{{"wall": {wall:.4f}, "cpu": {cpu:.4f}, "memory": {usage.ru_maxrss * 1024}, '
        f'"code": {code}, "began": {started:.4f}}}'
    )


def _take_in_orphans() -> None:
    """What the command leaves behind becomes a child of this process (Linux: prctl)."""
    import ctypes  # noqa: PLC0415 - once the command is there, it does not count to its memory

    with_prctl = ctypes.CDLL(None)
    if hasattr(with_prctl, "prctl"):
        with_prctl.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _orphans() -> float:
    """Seconds of CPU of what the command left behind, once all of that has ended."""
    cpu = 0.0
    while True:
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return cpu
        cpu += usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(measured(sys.argv[1], sys.argv[2:]))
