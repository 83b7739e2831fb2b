"""A new scheme is one file and one line: declared, it goes from the manifest to the portal."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import typer

from bulkpub.cli.local_commands import validate
from bulkpub.core.addresses import named, shown_address
from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.core.schemes import SCHEMES, Scheme
from bulkpub.portals.memory import Site
from bulkpub.session.options import Settings
from bulkpub.sources.fetch import (
    Fetched,
    Fetcher,
    Looked,
    NameFault,
    Progress,
    any_name,
    fetched_to,
    refuse_name,
    unchanged,
)

Publish = Callable[..., Any]
VERSION = '"1"'


class MadeUpFiles:
    """The file: every address of it has a file that holds its name."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._spool = fetcher.spool

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AsyncIterator[Fetched]:
        refuse_name(source.url, name_fault(named(source.url).name))
        if last is not None and last.etag == VERSION:
            yield unchanged(last)
            return
        name, content = named(source.url).name, f"name\n{source.url}\n".encode()
        share, shown = await self._spool.room(len(content)), shown_address(source.url)
        async with self._spool.file(name, share, shown) as file:
            await file.write(content)
            file.finish()
            on_progress(file.size, file.size)
            yield fetched_to(file, shown, VERSION)

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        known = last is not None and last.etag == VERSION
        return Looked(named(source.url).name, None, unchanged=known, content_type="")

    async def expand(self, url: str) -> list[str]:
        return [url.replace("*", each) for each in ("a", "b")] if "*" in url else [url]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_up_files", sys.modules[__name__])
    # The line:
    made = Scheme("test", "made_up_files:MadeUpFiles", has_patterns=True)
    monkeypatch.setitem(SCHEMES, made.name, made)


URLS = ("test://place/one.csv", "test://place/d/*.csv")


@pytest.mark.local_only("the scheme is made up in this process")
@pytest.mark.usefixtures("made_up")
async def test_a_scheme_that_is_declared_is_published_from(
    *, publish: Publish, folder: Any, site: Site, statuses: Any, titles: Any, tmp_path: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", *({"url": url} for url in URLS)))
    report = await publish(manifest, state_dir=tmp_path / "state")
    assert report.run.exit_code == 0, report
    assert set(statuses(report)) == {
        "a/test://place/one.csv", "a/test://place/d/a.csv", "a/test://place/d/b.csv",
    }  # fmt: skip
    assert titles(site) == {"Dataset a": ["one.csv", "a.csv", "b.csv"]}
    again = await publish(manifest, state_dir=tmp_path / "state")
    assert set(statuses(again).values()) == {"unchanged"}


@pytest.fixture
def validated(folder: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """The exit code of `bulkpub validate` for a manifest of files at `urls`, and what it prints."""

    def validated(*urls: str) -> tuple[int, str]:
        manifest = folder.manifest(folder.dataset("a", *({"url": url} for url in urls)))
        with pytest.raises(typer.Exit) as ended:
            validate([manifest], settings=Settings())
        return ended.value.exit_code, capsys.readouterr().out

    return validated


@pytest.mark.usefixtures("made_up")
def test_a_scheme_that_is_declared_is_known_offline(validated: Any) -> None:
    code, printed = validated(*URLS)
    assert (code, "2 files to be fetched" in printed) == (0, True)
    code, printed = validated("test://place")
    assert (code, "as in test://host/folder/file.csv" in printed) == (2, True)


def test_a_scheme_that_is_not_is_refused_before_anything_is_asked(validated: Any) -> None:
    code, printed = validated(URLS[0])
    assert (code, "not 'test://place/one.csv'" in printed) == (2, True)
