"""FTP as fsspec speaks it, with an end to what a server may say.

The rule: a server that lists files for ever, or never ends an answer, is left after `MOST_LISTED`
lines of one connection or `patience_s` of one listing; fsspec would keep them all, in a thread
that nobody waits for any more. An FTP server that names another host for its data is not
believed: data comes from the host that was connected to. It needs `bulkpub[remote]`.
"""

import time
from collections.abc import Callable
from ftplib import FTP

from fsspec.implementations.ftp import FTPFileSystem  # type: ignore[import-untyped]

from bulkpub.errors import SourceFailed
from bulkpub.language import say

__all__ = ["MOST_LISTED", "Ftp", "endless"]

MOST_LISTED = 200_000
"""Files of one server that are listed, in all folders a pattern goes through."""
LONGEST_REPLY = 1000
"""Lines of one answer to a command."""


def endless() -> SourceFailed:
    """What is said of a server that is left."""
    return SourceFailed(
        say(
            "the server's listing has no end: more than {most_listed} files, or too slow to wait "
            "for",
            most_listed=MOST_LISTED,
        )
    )


class _Connection(FTP):
    """A connection whose listings and answers end."""

    trust_server_pasv_ipv4_address = False
    listed = 0
    replied = 0

    def retrlines(self, cmd: str, callback: Callable[[str], object] | None = None) -> str:
        """See `FTP`; raises `SourceFailed` when there is no end."""
        until = time.monotonic() + (self.timeout or 0)

        def take(line: str) -> None:
            self.listed += 1
            if self.listed > MOST_LISTED or time.monotonic() > until:
                raise endless()
            if callback is not None:
                callback(line)

        return super().retrlines(cmd, take)

    def getresp(self) -> str:
        """See `FTP`."""
        self.replied = 0
        return super().getresp()

    def getline(self) -> str:
        """See `FTP`; raises `SourceFailed` when an answer has no end."""
        self.replied += 1
        if self.replied > LONGEST_REPLY:
            raise SourceFailed(
                say(
                    "the server's answer has no end: more than {longest_reply} lines",
                    longest_reply=LONGEST_REPLY,
                )
            )
        return super().getline()


class Ftp(FTPFileSystem):  # type: ignore[misc] # fsspec has no types
    """A file system of fsspec's."""

    def _connect(self) -> None:
        self.ftp = _Connection(timeout=self.timeout, encoding=self.encoding)
        self.ftp.connect(self.host, self.port)
        self.ftp.login(*self.cred)
