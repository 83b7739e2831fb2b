"""When GitHub turns a request away for its limits, before it has done anything: pure.

It says so with 403 as well as with 429, and 403 is also what somebody gets who may not do a thing
(docs.github.com, "Rate limits for the REST API").
"""

from dataclasses import replace

from multidict import CIMultiDict

from bulkpub.http.messages import Answer
from bulkpub.portals.github.codec import error_message

__all__ = ["understood"]

FORBIDDEN, TOO_MANY = 403, 429
REMAINING, LATER = "X-RateLimit-Remaining", "Retry-After"
PAUSE_S = 60
"""Seconds to wait at least where GitHub does not say how long."""


def understood(answer: Answer) -> Answer:
    """The answer, with 429 where it turns away for a limit, and with a time to wait."""
    if answer.status not in {FORBIDDEN, TOO_MANY}:
        return answer
    used_up = answer.headers.get(REMAINING) == "0"
    waits = LATER in answer.headers
    secondary = "secondary rate limit" in error_message(answer.json()).lower()
    if answer.status == FORBIDDEN and not (used_up or waits or secondary):
        return answer
    headers = CIMultiDict(answer.headers)
    if not (used_up or waits):
        headers[LATER] = str(PAUSE_S)
    return replace(answer, status=TOO_MANY, headers=headers)
