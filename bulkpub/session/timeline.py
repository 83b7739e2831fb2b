"""How a run went, in moments: few of them, however long it is.

The rule: looking costs a run nothing worth naming. It looks when something happens anyway, and no
more often than the step; when there are too many moments every second one goes, and the step
doubles.
"""

from typing import Protocol

from bulkpub.core.report import Moment
from bulkpub.portals.base import Traffic

__all__ = ["Timeline"]

MOST = 120
"""Moments that are kept at most."""
FIRST_STEP_S = 0.1


class Asked(Protocol):
    """Somebody who asks a portal, as far as it is told here."""

    @property
    def traffic(self) -> Traffic:
        """What was asked so far."""


class Timeline:
    """The moments of one run, as they come; `after_s` are seconds since it started."""

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._step = FIRST_STEP_S
        self._next = 0.0

    def look(self, after_s: float, portal: Asked) -> None:
        """Something happened: keep how far the run is, if the last look was long enough ago."""
        if after_s >= self._next:
            self._keep(after_s, portal)

    def end(self, after_s: float, portal: Asked) -> None:
        """Keep how far the run was when it ended."""
        self._keep(after_s, portal)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """In order; the first is the first look, the last the end."""
        return tuple(self._moments)

    def _keep(self, after_s: float, portal: Asked) -> None:
        traffic = portal.traffic
        if len(self._moments) >= MOST:
            self._moments = self._moments[::2]
            self._step *= 2
        self._moments.append(
            Moment(round(after_s, 3), traffic.requests.total, traffic.rate_limit.remaining)
        )
        self._next = after_s + self._step
