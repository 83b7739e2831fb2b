"""Multipart forms of a length known beforehand: some fields, and at most one file.

What we put in is ours and plain (ids, numbers, slugs), so nothing needs quoting.
"""

import secrets
from collections.abc import AsyncIterator, Mapping

__all__ = ["Form", "FormBody"]


class Form:
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


class FormBody:
    """A form of fields alone."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        form = Form(fields)
        self._content = form.head + form.tail
        self.content_type = form.content_type
        self.length = len(self._content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the whole, as it is small."""
        yield self._content

    def close(self) -> None:
        """See `Body`."""
