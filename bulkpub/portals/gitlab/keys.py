"""In which header a key of GitLab travels: pure.

A person's, a project's or a group's access token goes in one, the token of a CI job in another.
"""

import re
from collections.abc import Mapping

__all__ = ["credentials", "is_of_job"]

_OF_JOB = re.compile(r"glcbt-.+|[0-9a-f]{1,3}_.+")
"""Tokens of jobs, as GitLab has made them since 16.8, and before that."""


def is_of_job(key: str | None) -> bool:
    """Whether a key is the token of a CI job, which may do less than a person's."""
    return key is not None and _OF_JOB.fullmatch(key) is not None


def credentials(key: str | None) -> Mapping[str, str]:
    """The header that carries the key."""
    if not key:
        return {}
    return {"JOB-TOKEN" if is_of_job(key) else "PRIVATE-TOKEN": key}
