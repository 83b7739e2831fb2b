"""What is under way in a run, for whoever asks it to end: what is worth a wait, and what not."""

from datetime import datetime

from bulkpub.observers.events import Event, UploadFinished, UploadProgressed, Waiting

__all__ = ["Underway"]


class Underway:
    """Follows the events of a run. `sending` are the files whose bytes are on their way."""

    def __init__(self) -> None:
        self.sending: set[tuple[str, str]] = set()
        self._held_back_until: datetime | None = None

    def note(self, event: Event) -> None:
        """Take note of `event`."""
        match event:
            case UploadProgressed():
                self.sending.add((event.dataset, event.resource))
            case UploadFinished():
                self.sending.discard((event.dataset, event.resource))
            case Waiting():
                self._held_back_until = event.until
            case _:
                pass

    def patience(self, wanted_s: float, moment_s: float, now: datetime) -> float:
        """How many seconds are worth giving what is under way, at `now`.

        `wanted_s` while files are being sent; nothing when all that happens is waiting for a turn;
        else `moment_s` for the requests that may be there.
        """
        if self.sending:
            return wanted_s
        waits = self._held_back_until is not None and now < self._held_back_until
        return 0.0 if waits else min(wanted_s, moment_s)
