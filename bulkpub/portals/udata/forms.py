"""Multipart forms, in which udata receives files: some fields, and at most one file.

Their length is known beforehand. What we put in is ours and plain (ids, numbers, slugs), so
nothing needs quoting.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping

from bulkpub.portals.base import Pieces

__all__ = ["FieldsForm", "FileForm"]


class _Frame:
    """The bytes around the content of a form's file: `head` before it, `tail` after it."""

    def __init__(self, fields: Mapping[str, str], file_name: str | None = None) -> None:
        boundary = f"bulkpub-{secrets.token_hex(16)}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        end = f"--{boundary}--\r\n"
        if file_name is not None:
            parts.append(
                f"--{boundary}\r\n"
                f'Content-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            end = "\r\n" + end
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.head = "".join(parts).encode("ascii")
        self.tail = end.encode("ascii")


class FieldsForm:
    """A form of fields alone."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        frame = _Frame(fields)
        self._bytes = frame.head + frame.tail
        self.content_type = frame.content_type
        self.length = len(self._bytes)

    def at_once(self) -> bytes:
        """See `Body`."""
        return self._bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the whole, as it is small."""
        yield self._bytes

    def close(self) -> None:
        """See `Body`."""


class FileForm:
    """A form with one file, called `file_name`, or a part of one; `fields` go before it.

    `progressed` is told how many bytes of the file were handed over so far.
    """

    def __init__(
        self,
        pieces: Pieces,
        file_name: str,
        progressed: Callable[[int], None],
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self._frame = _Frame(fields or {}, file_name)
        self._pieces = pieces
        self._progressed = progressed
        self.content_type = self._frame.content_type
        self.length = len(self._frame.head) + pieces.length + len(self._frame.tail)

    def close(self) -> None:
        """See `Body`."""
        self._pieces.close()

    def at_once(self) -> bytes | None:
        """See `Body`; raises what reading the file raises."""
        content = self._pieces.at_once()
        if content is None:
            return None
        self._progressed(len(content))
        return self._frame.head + content + self._frame.tail

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out head, pieces of the file, tail; what reading the file raises comes before it."""
        yield self._frame.head
        sent = 0
        async for piece in self._pieces:
            yield piece
            sent += len(piece)
            self._progressed(sent)
        yield self._frame.tail
