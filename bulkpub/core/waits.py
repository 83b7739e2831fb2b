"""Why requests are held back: three reasons that people must not take for one another."""

from enum import StrEnum

__all__ = ["WaitReason"]


class WaitReason(StrEnum):
    """What the next request waits for."""

    PACING = "pacing"
    """There is quota left, and it is spread until there is more; or less at a time was too much."""
    USED_UP = "quota used up"
    """There is none left that we may use: nothing is sent before its reset."""
    ASKED = "the portal asked to wait"
    """It turned us away, or is down, and said when to come back; or we found out."""
