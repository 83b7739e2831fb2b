"""Unix time for pacing: as of when the program began, and from then on it only moves forward.

The wall clock may be set back or forward while requests wait for their turn. This one is
counted from the start by a clock that nobody sets, and that goes on while the machine sleeps.
"""

import time

__all__ = ["unix_time"]


def _running() -> float:
    """Seconds since some moment, those included in which the machine slept."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux's other clocks stand still meanwhile
    return time.monotonic() if clock is None else time.clock_gettime(clock)


_BEGAN = time.time() - _running()


def unix_time() -> float:
    """The time now, in seconds."""
    return _BEGAN + _running()
