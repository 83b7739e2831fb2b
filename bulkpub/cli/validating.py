"""`bulkpub validate`: what is wrong with manifests and their files, without any network."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bulkpub.cli.render import render_problems
from bulkpub.core.model import FileSource, LinkSource, UrlSource
from bulkpub.errors import ResourceFailed
from bulkpub.manifest import load
from bulkpub.observers.text import bytes_text, counted
from bulkpub.sources import fingerprint

__all__ = ["validate"]


def validate(manifests: Sequence[Path]) -> int:
    """Print every problem, or what the manifests hold; returns the exit code, 0 or 2."""
    console = Console(highlight=False, soft_wrap=True)
    loaded = load([str(path) for path in manifests])
    if loaded.problems:
        render_problems(loaded.problems, console)
        return 2
    resources = [resource for dataset in loaded.datasets for resource in dataset.resources]
    files = [r.source for r in resources if isinstance(r.source, FileSource)]
    size = sum(map(_size, files))
    fetched = sum(isinstance(r.source, UrlSource) for r in resources)
    links = sum(isinstance(r.source, LinkSource) for r in resources)
    also = f", {counted(fetched, 'file')} to be fetched" if fetched else ""
    also += f" and {counted(links, 'link')}" if links else ""
    console.print(
        f"OK: {counted(len(loaded.datasets), 'dataset')}, {counted(len(files), 'file')} "
        f"of {bytes_text(size)}{also}.",
        markup=False,
    )
    return 0


def _size(source: FileSource) -> int:
    try:
        return fingerprint(source).size
    except ResourceFailed:  # vanished since it was looked at, a moment ago
        return 0
