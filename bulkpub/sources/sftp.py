"""SFTP as sshfs speaks it, with an end to what a server may list; see `bulkpub.sources.ftp`."""

from typing import Any

import sshfs  # type: ignore[import-untyped]
from sshfs.utils import wrap_exceptions  # type: ignore[import-untyped]

from bulkpub.sources import ftp

__all__ = ["Sftp"]


class Sftp(sshfs.SSHFileSystem):  # type: ignore[misc] # sshfs has no types
    """A file system of sshfs', in whose listings a link is what it leads to."""

    listed = 0

    @wrap_exceptions  # type: ignore[untyped-decorator]
    async def _ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:  # noqa: FBT001, FBT002 # as fsspec has it
        infos: list[dict[str, Any]] = []
        async with self._pool.get() as channel:
            async for each in channel.scandir(path):
                self.listed += 1
                if self.listed > ftp.MOST_LISTED:
                    raise ftp.endless()
                if each.filename in {"", ".", ".."}:
                    continue
                name = f"{path.rstrip('/')}/{each.filename}"
                info = self._decode_attributes(each.attrs)
                if info["type"] == "link":
                    info = await self._behind(name, info)
                infos.append({**info, "name": name})
        return infos if detail else [info["name"] for info in infos]

    async def _behind(self, name: str, link: dict[str, Any]) -> dict[str, Any]:
        """What a link leads to, when that is a file; folders behind links may be circles."""
        try:
            found: dict[str, Any] = await self._info(name)
        except OSError:
            return link  # it leads nowhere
        return found if found["type"] == "file" else link
