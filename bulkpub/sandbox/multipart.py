"""Reading an upload form while it arrives, without ever holding the file in memory.

Names in `Content-Disposition` are read as werkzeug reads them, since what a client's library
makes of quotes, percent signs and accents decides the name under which a file is stored.
Rule: the first part called `file` that has a file name is the file; later ones are ignored.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from aiohttp import BodyPartReader, web
from aiohttp.hdrs import CONTENT_DISPOSITION

from bulkpub.sandbox.files import FileStore, Spool

__all__ = ["UploadForm", "disposition", "read_upload"]

PIECE = 1 << 18
"""Bytes taken from the connection at a time."""

_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')


@dataclass(slots=True)
class UploadForm:
    """What an upload request carried; `name` is the file's name as the client gave it."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    file: Spool | None = None


def disposition(header: str) -> dict[str, str]:
    """The parameters of a `Content-Disposition` header, `name` and `filename` among them."""
    found: dict[str, str] = {}
    for key, raw in _PARAMETER.findall(header):
        value = raw.strip()
        name = key.lower()
        if value.startswith('"'):
            value = value[1:-1].replace("\\\\", "\\").replace('\\"', '"').replace("%22", '"')
        if name.endswith("*"):
            charset, _, rest = value.partition("'")
            _, _, encoded = rest.partition("'")
            value = unquote(encoded, encoding=charset or "utf-8", errors="replace")
            found[name[:-1]] = value
        else:
            found.setdefault(name, value)
    return found


async def read_upload(request: web.Request, files: FileStore) -> UploadForm:
    """Read the whole form; the file's bytes go straight to the spool."""
    form = UploadForm()
    if request.content_type == "application/x-www-form-urlencoded":
        fields = await request.post()
        form.fields = {name: str(value) for name, value in fields.items()}
        return form
    if not request.content_type.startswith("multipart/"):
        return form
    reader = await request.multipart()
    try:
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                continue
            about = disposition(part.headers.get(CONTENT_DISPOSITION, ""))
            name, filename = about.get("name", ""), about.get("filename", "")
            if name == "file" and filename and form.file is None:
                form.name, form.file = filename, files.spool()
                while data := await part.read_chunk(PIECE):
                    form.file.write(data)
            elif filename:
                await part.release()
            else:
                form.fields.setdefault(name, await part.text())
    except BaseException:
        if form.file is not None:
            form.file.discard()
        raise
    return form
