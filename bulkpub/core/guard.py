"""Whether something must have gone wrong with a file that is about to be sent, by its size.

The rule: only what would be sent is looked at, so that nothing is said of a file that is as
published. What the manifest's `guard` refuses is not sent; what it is silent about is told.
"""

from fractions import Fraction
from math import ceil

from bulkpub.core.model import RemoteResource, ResourceSpec
from bulkpub.core.rules import Limits
from bulkpub.language import say

__all__ = ["HTML_REFUSED", "HTML_TOLD", "size_fault", "size_warning"]

USUAL_SHRINK = 0.5
"""The share by which a file may be smaller without a word, where the manifest names none."""

HTML_TOLD = say("a page of HTML, in spite of its name")
HTML_REFUSED = say("the file is {html_told}, and `guard` refuses such files", html_told=HTML_TOLD)


def size_fault(
    spec: ResourceSpec, remote: RemoteResource | None, size: int, limits: Limits
) -> str | None:
    """Why a file of `size` bytes is not sent in the place of `remote`; None when it is.

    `limits` are the portal's. What another server still hosts is not compared: its size is only
    what someone once said.
    """
    guard = spec.guard
    if limits.file_size is not None and size > limits.file_size:
        return say(
            "the file has {size} bytes, and the portal takes {file_size} at most",
            size=size,
            file_size=limits.file_size,
        )
    if guard.refuse_empty and not size:
        return say("the file is empty; if that is meant: `guard: {{empty: allow}}`")
    if size < limits.least_size:
        return say("the file is empty, and the portal takes no such file")
    if guard.max_shrink is None:
        return None
    shrank = _shrank(remote, size, guard.max_shrink)
    return shrank and (
        say(
            "{shrank}, and `guard` allows {max_shrink}; if that is meant, raise `shrink`",
            shrank=shrank,
            max_shrink=_percent(guard.max_shrink),
        )
    )


def size_warning(spec: ResourceSpec, remote: RemoteResource | None, size: int) -> str | None:
    """What is odd about a file of `size` bytes that is sent all the same; None when nothing is."""
    if spec.guard.max_shrink is not None or not size:  # who says what may be knows what is
        return None
    return _shrank(remote, size, USUAL_SHRINK)


def _shrank(remote: RemoteResource | None, size: int, most: float) -> str | None:
    """By how much a file is smaller than what is published, if that is more than `most`."""
    published = remote.size if remote is not None and remote.hosted else None
    if not published:
        return None
    shrank = Fraction(published - size, published)
    if shrank <= Fraction(str(most)):  # the share as written: 0.29 is not quite 29 % in binary
        return None
    tenths = ceil(shrank * 1000)  # of a percent; rounded up, or 50.01 % would not exceed 50 %
    return say(
        "the file shrank from {published} to {size} bytes, by {percent:g} %",
        published=published,
        size=size,
        percent=tenths / 10,
    )


def _percent(share: float) -> str:
    return f"{float(Fraction(str(share)) * 100):g} %"
