"""Where a harvested manifest goes: to stdout, or to a file, complete or not there, never half.

The rule: nothing that exists is overwritten. To a manifest that is there already only what it
does not have is added, and what people wrote in it stays as they wrote it.
"""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

import orjson

from bulkpub.core.model import DatasetSpec
from bulkpub.core.names import key_of
from bulkpub.core.shapes import geometry_of
from bulkpub.errors import ManifestInvalid, OutputLost, SettingsInvalid
from bulkpub.language import say, tr
from bulkpub.manifest.amending import Looked, amend
from bulkpub.manifest.loading import load_text
from bulkpub.manifest.writing import LinesWriter, ManifestWriter
from bulkpub.ordinary import read_ordinary
from bulkpub.portals.kinds import DEFAULT

__all__ = ["Added", "Output", "open_output"]

_LINES = (".jsonl", ".ndjson")
_YAML = (".yaml", ".yml")
LONGEST_KEY = 100
"""Characters of a dataset's key in the name of a file."""


@dataclass(frozen=True, slots=True)
class Added:
    """What came to a manifest that was there already; `notes` are those on what is new."""

    datasets: int
    resources: int
    notes: tuple[str, ...]


class Output(Protocol):
    """A manifest being written."""

    @property
    def begun(self) -> bool:
        """Whether the top is there."""

    @property
    def own_files(self) -> frozenset[str]:
        """Real paths of the files that the manifest itself is written to: they are no data."""

    def begin(
        self, *, portal: str | None, organization: str | None, comment: str, fill_in: bool = False
    ) -> None:
        """Write the top; once, before the first dataset. `fill_in` as for a `Writer`."""

    def dataset(self, spec: DatasetSpec, notes: Sequence[str]) -> Sequence[str]:
        """Write a dataset; returns its notes, those on what could not be written included."""

    def finish(self, looked: Looked | None) -> Added | None:
        """Make it last; without this a file stays as it was. None for a manifest that is new.

        With `looked`, what a manifest that was there has from the same places, and they no longer
        have, is told.
        """


@contextmanager
def open_output(path: Path | None) -> Iterator[Output]:
    """The manifest at `path`, None for stdout; raises `SettingsInvalid` before anything is read.

    Raises `OutputLost` when what is written does not arrive.
    """
    if path is None:
        with _unbroken(tr("to stdout")), _stdout() as output:
            yield output
        return
    suffix = path.suffix.lower()
    if suffix not in (*_YAML, *_LINES):
        raise SettingsInvalid(
            say(
                "{path}: a manifest's name ends in one of {endings}",
                path=path,
                endings=" ".join(_YAML + _LINES),
            )
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise SettingsInvalid(
            say(
                "{path} cannot be written: no right to write in {parent}, or no such",
                path=path,
                parent=path.parent,
            )
        )
    with _unbroken(f"to {path}"), _shapes_beside(path) as shapes:
        if path.exists():
            yield _Existing(path, shapes)
            return
        with _new_file(path, shapes) as output:
            yield output


@contextmanager
def _unbroken(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputLost(
            say(
                "the manifest could not be written {where}: {strerror}",
                where=where,
                strerror=error.strerror or error,
            )
        ) from error


class _Written:
    """A manifest that is written from its top."""

    def __init__(self, writer: ManifestWriter | LinesWriter, out: TextIO) -> None:
        self.begun = False
        self._writer = writer
        self._out = out

    def begin(
        self, *, portal: str | None, organization: str | None, comment: str, fill_in: bool = False
    ) -> None:
        self.begun = True
        self._writer.header(
            portal=portal, organization=organization, comment=comment, fill_in=fill_in
        )

    def dataset(self, spec: DatasetSpec, notes: Sequence[str]) -> Sequence[str]:
        notes = self._writer.dataset(spec, notes)
        self._out.flush()
        return notes


class _Stdout(_Written):
    """A manifest on stdout, as UTF-8 whatever the terminal's encoding is."""

    @property
    def own_files(self) -> frozenset[str]:
        """The file that stdout is redirected to, where the system gives its name."""
        with contextlib.suppress(OSError, ValueError):
            return frozenset({os.path.realpath(f"/dev/fd/{sys.stdout.fileno()}")})
        return frozenset()

    def finish(self, looked: Looked | None) -> None:
        """See `Output`: whoever reads has it all already."""


@contextmanager
def _stdout() -> Iterator[Output]:
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    try:
        yield _Stdout(ManifestWriter(out, rules=DEFAULT.rules), out)
    except OSError:  # what is still buffered would fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
    finally:
        with contextlib.suppress(OSError):
            out.detach()


class _NewFile(_Written):
    """A manifest in a file of its own, which gets its name when it is complete."""

    def __init__(self, path: Path, temporary: Path, out: TextIO, shapes: "_Shapes") -> None:
        lines = path.suffix.lower() in _LINES
        writer = LinesWriter if lines else ManifestWriter
        super().__init__(writer(out, rules=DEFAULT.rules, shapes=shapes.put), out)
        self._shapes = shapes
        self._path = path
        self._temporary = temporary
        self.own_files = frozenset({os.path.realpath(path), os.path.realpath(temporary)})

    def finish(self, looked: Looked | None) -> None:  # noqa: ARG002 # there was nothing before
        """See `Output`; raises `OutputLost` when somebody else has made the file meanwhile."""
        if not self.begun:
            return
        self._out.flush()
        os.fsync(self._out.fileno())
        try:
            os.link(self._temporary, self._path)  # unlike a rename, this never overwrites
        except OSError:  # it exists, or this file system has no hard links
            if self._path.exists():
                raise OutputLost(
                    say("{path} was made by somebody else meanwhile", path=self._path)
                ) from None
            self._temporary.replace(self._path)
        self._shapes.keep()


class _Existing:
    """A manifest that was there before: what it does not have yet is added at the end."""

    begun = True

    def __init__(self, path: Path, shapes: "_Shapes") -> None:
        self._shapes = shapes
        if path.suffix.lower() in _LINES:
            raise SettingsInvalid(
                say("{path} is there already, and only to YAML anything is added", path=path)
            )
        self._path = path.resolve()
        self._name = str(path)
        try:
            self._before = read_ordinary(self._path)
        except OSError as error:
            raise SettingsInvalid(
                say(
                    "nothing can be added to {path}: {strerror}",
                    path=path,
                    strerror=error.strerror or error,
                )
            ) from None
        self._found: list[tuple[DatasetSpec, Sequence[str]]] = []
        self.own_files = frozenset({str(self._path)})
        problems = load_text(
            self._text(), str(self._path.parent), self._name, rules=DEFAULT.rules
        ).problems
        if problems:  # before anything is harvested
            raise ManifestInvalid(problems)

    def begin(
        self, *, portal: str | None, organization: str | None, comment: str, fill_in: bool = False
    ) -> None:
        """See `Output`; it has a top."""

    def dataset(self, spec: DatasetSpec, notes: Sequence[str]) -> Sequence[str]:
        """See `Output`; what is new shows at the end, and so do the notes."""
        self._found.append((spec, notes))
        return ()

    def finish(self, looked: Looked | None) -> Added:
        """See `Output`; raises `OutputLost` when somebody else has written to it meanwhile."""
        amended = amend(
            self._text(),
            self._found,
            rules=DEFAULT.rules,
            base=self._path.parent,
            name=self._name,
            looked=looked,
            shapes=self._shapes.put,
        )
        content = amended.text.encode()
        if content != self._before:
            if read_ordinary(self._path) != self._before:
                raise OutputLost(
                    say("{name} was changed by somebody else meanwhile", name=self._name)
                )
            with _beside(self._path) as (temporary, out):
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
                temporary.chmod(self._path.stat().st_mode)
                temporary.replace(self._path)
        self._shapes.keep()
        return Added(amended.datasets, amended.resources, amended.notes)

    def _text(self) -> str:
        try:
            return self._before.decode()
        except UnicodeDecodeError:
            raise SettingsInvalid(say("{name} is not UTF-8 text", name=self._name)) from None


class _Shapes:
    """The shapes of a manifest, in files beside it, which stay only if the manifest does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: list[Path] = []

    def put(self, key: str, shape: str) -> str:
        """See `Shapes`; one that is there already serves, and none is overwritten."""
        content = orjson.dumps(geometry_of(shape)) + b"\n"
        stem = f"{self._path.stem}-{key_of(key)[:LONGEST_KEY]}"
        for number in count(1):
            file = self._path.parent / f"{stem}{f'-{number}' if number > 1 else ''}.geojson"
            try:
                with file.open("xb") as out:
                    self._made.append(file)
                    out.write(content)
            except FileExistsError:
                if not file.is_file() or read_ordinary(file) != content:
                    continue
            return file.name
        raise AssertionError  # there is always another number

    def keep(self) -> None:
        """Leave them there."""
        self._made.clear()

    def remove(self) -> None:
        """Take away those that were made and not kept."""
        for file in self._made:
            file.unlink(missing_ok=True)


@contextmanager
def _shapes_beside(path: Path) -> Iterator[_Shapes]:
    shapes = _Shapes(path)
    try:
        yield shapes
    finally:
        shapes.remove()


@contextmanager
def _new_file(path: Path, shapes: _Shapes) -> Iterator[Output]:
    with _beside(path) as (temporary, raw):
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # as a file made the plain way would be
        with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as out:
            yield _NewFile(path, temporary, out, shapes)


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file in the same folder, gone afterwards unless it was given another name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            yield Path(name), out
    finally:
        Path(name).unlink(missing_ok=True)
