"""`bulkpub harvest folder DIR`: a folder on this machine → one dataset per folder with files.

Titles come from names, descriptions from READMEs, everything else from sidecars; what a
sidecar says wins. Keys are the ways to the folders, so the next harvest gives the same ones.
Hidden files, backups of editors and what systems leave behind are no data.
"""

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path

from bulkpub.accents import as_it_is_there
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Prune,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.core.natural import natural
from bulkpub.errors import SettingsInvalid
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, Reader
from bulkpub.harvest.reading.sidecars import (
    Sidecar,
    Unusable,
    read_metadata,
    read_package,
    read_text,
)
from bulkpub.harvest.words.naming import readable, readable_path, titles_of
from bulkpub.harvest.words.refused import without_refused
from bulkpub.language import say
from bulkpub.manifest.files import Files
from bulkpub.manifest.form import reason

__all__ = ["found_in", "harvest"]

_PACKAGES = ("datapackage.json", "datapackage.yaml", "datapackage.yml")
"""The descriptor of a data package (https://datapackage.org/standard/data-package/)."""
_METADATA = ("metadata.yaml", "metadata.yml")
"""Sidecars with the keys that a dataset has in a manifest."""

_README = re.compile(
    r"(readme|read[_-]me|lisez[_-]?moi)(\.(md|markdown|txt))?|description\.(md|markdown)",
    re.IGNORECASE,
)
_README_ORDER = (".md", ".markdown", ".txt", "")
_NO_DATA = (
    ".*",
    "*~",
    "#*#",
    "~$*",
    "*.bak",
    "*.swp",
    "*.tmp",
    "*.part",
    "*.crdownload",
    "thumbs.db",
    "desktop.ini",
    "bulkpub-report.json",
)
_NO_DATA_FOLDERS = (".*", "__macosx", "__pycache__", "lost+found", "$recycle.bin")


@dataclass(frozen=True, slots=True)
class _Folder:
    """One folder. `path` is absolute, `inside` the way to it from the first one ('' for that).

    `files` are names in natural order; `readme`, `package` and `metadata` are names, None
    where there is none of the kind.
    """

    path: str
    inside: str
    files: tuple[str, ...]
    readme: str | None = None
    package: str | None = None
    metadata: str | None = None


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:  # noqa: ARG001 - nothing is read from elsewhere
    """The datasets in the folder `source`, parents before what is below them.

    Raises `SettingsInvalid` when there is no such folder.
    """
    for found in found_in(source, options):
        yield found


def found_in(source: str, options: HarvestOptions) -> Iterator[Found]:
    """The same for who need not wait for anything: a folder is read where it is."""
    return _Tree(source, options).datasets()


class _Tree:
    """One folder being harvested."""

    def __init__(self, root: str, options: HarvestOptions) -> None:
        if not Path(root).is_dir():
            raise SettingsInvalid(say("{root} is not a folder", root=root))
        self._root = _absolute(root)
        self._name = posixpath.basename(self._root) or "files"
        self._options = options
        self._base = _absolute(options.base)
        self._files = Files(self._base, options.rules)
        self._times: dict[str, float] = {}
        self._claimed: set[str] = set()
        """Files that a sidecar further up speaks of: they are part of its dataset."""

    def datasets(self) -> Iterator[Found]:
        walked = _folders(self._root, self._options.note, self._options.lost)
        if self._options.single:
            found = self._single(list(walked))
            if found is not None:
                yield found
            return
        for folder in walked:
            found = self._dataset(folder, [(folder, name) for name in folder.files])
            if found is not None:
                yield found

    def _single(self, walked: list[_Folder]) -> Found | None:
        """One dataset of everything; only what lies in the first folder speaks for it."""
        if not walked:
            return None
        first, *below = walked
        for folder in below:
            for name in filter(None, (folder.readme, folder.package, folder.metadata)):
                self._options.note(
                    say(
                        "{inside}/{name} is left out: it speaks of one folder only",
                        inside=folder.inside,
                        name=name,
                    )
                )
        return self._dataset(first, [(each, name) for each in walked for name in each.files])

    def _dataset(self, folder: _Folder, names: list[tuple[_Folder, str]]) -> Found | None:
        notes: list[str] = []
        sidecars = list(self._sidecars(folder, notes))
        listed = self._listed(folder, sidecars, notes)
        paths = [posixpath.join(each.path, name) for each, name in names]
        resources = self._resources(folder, paths, listed, notes)
        if not resources:
            if notes:
                where = self._shown(folder.path)
                self._options.note(
                    say("{where} gives no dataset: {notes}", where=where, notes="; ".join(notes))
                )
            return None
        spec = DatasetSpec(
            posixpath.join(self._name, folder.inside) if folder.inside else self._name,
            DatasetMetadata(title=self._title(folder)),
            tuple(resources),
        )
        for sidecar in reversed(sidecars):
            spec = _described(spec, sidecar)
        if not spec.metadata.description:
            title = spec.metadata.title
            notes.append(say("no README says what this is: the description is only the title"))
            spec = replace(spec, metadata=replace(spec.metadata, description=title))
        if not self._options.wanted(spec, self._newest(resources)):
            return None
        return Found(spec, tuple(notes))

    def _title(self, folder: _Folder) -> str:
        return readable_path(folder.inside) if folder.inside else readable(self._name)

    # --- what describes it -------------------------------------------------------------------

    def _sidecars(self, folder: _Folder, notes: list[str]) -> Iterator[Sidecar]:
        """What describes the folder, what counts most first."""
        found: list[Sidecar] = []
        if folder.readme is not None:
            found.append(self._readme(folder, folder.readme, notes))
        path = Path(folder.path)
        try:
            if folder.package is not None:
                links = bool(self._options.links)
                found.insert(0, read_package(path / folder.package, links=links))
        except Unusable as error:
            self._options.lost(f"{self._shown(folder.path)}: {error}")
        try:
            if folder.metadata is not None:
                shown = self._shown(posixpath.join(folder.path, folder.metadata))
                below = DatasetMetadata(title=self._title(folder))
                for each in reversed(found):
                    below = _over(below, each.spec.metadata)
                said = read_metadata(path / folder.metadata, shown, below, self._options.rules)
                found.insert(0, said)
        except Unusable as error:
            self._options.lost(str(error))
        for sidecar in found:
            notes += sidecar.notes
        return iter(found)

    def _readme(self, folder: _Folder, name: str, notes: list[str]) -> Sidecar:
        try:
            text = read_text(Path(folder.path, name))
        except Unusable as error:
            notes.append(str(error))
            text = ""
        limit = self._options.rules.limits.description
        if limit is not None and len(text) > limit:
            notes.append(
                say(
                    "{name} has {count} characters, too many for a description",
                    name=name,
                    count=len(text),
                )
            )
            text = ""
        return Sidecar(DatasetSpec("", DatasetMetadata(description=text or None)))

    def _listed(
        self, folder: _Folder, sidecars: list[Sidecar], notes: list[str]
    ) -> dict[str, ResourceSpec]:
        """What sidecars say of resources: by path for files here, else by key; in their order."""
        listed: dict[str, ResourceSpec] = {}
        for sidecar in sidecars:
            for spec in sidecar.spec.resources:
                source, name = spec.source, spec.key
                if isinstance(source, FileSource):
                    described = posixpath.normpath(posixpath.join(folder.path, source.shown))
                    name = as_it_is_there(described)
                    if not Path(name).is_file():
                        notes.append(say("{shown} is described but not there", shown=source.shown))
                        continue
                    self._claimed.add(name)
                listed.setdefault(name, spec)
        return listed

    # --- files -------------------------------------------------------------------------------

    def _resources(
        self,
        folder: _Folder,
        paths: list[str],
        listed: dict[str, ResourceSpec],
        notes: list[str],
    ) -> list[ResourceSpec]:
        """The resources: those that are listed first, in that order, then the other files."""
        others = [path for path in paths if path not in self._claimed]
        ordered = [*listed, *(path for path in others if path not in listed)]
        files = [path for path in ordered if self._is_data(path, listed)]
        named = [(path, self._shown(path)) for path in files]
        files, refused = without_refused(named, self._options.rules.extensions_known)
        notes += refused
        titles = dict(
            zip(files, titles_of([posixpath.relpath(p, folder.path) for p in files]), strict=True)
        )
        resources: list[ResourceSpec] = []
        for name in ordered:
            spec = listed.get(name)
            if name in titles:
                made = self._file(name, titles[name], spec, notes)
                resources += [made] if made else []
            elif spec is not None and not isinstance(spec.source, FileSource):
                resources.append(spec)
        return resources

    def _is_data(self, path: str, listed: dict[str, ResourceSpec]) -> bool:
        spec = listed.get(path)
        if spec is not None and not isinstance(spec.source, FileSource):
            return False
        return os.path.realpath(path) not in self._options.leave_out

    def _file(
        self, path: str, title: str, said: ResourceSpec | None, notes: list[str]
    ) -> ResourceSpec | None:
        shown = self._shown(path)
        try:
            found = self._files.path(shown)
        except Unusable as error:
            notes.append(say("left out: {error}", error=error))
            return None
        self._times[found.path] = found.mtime
        source = FileSource(found.path, shown)
        if said is None:
            return ResourceSpec(found.key, source, ResourceMetadata(title=title))
        assert isinstance(said.source, FileSource)  # noqa: S101 - links are not made into files
        metadata = said.metadata
        if metadata.title is None:
            metadata = replace(metadata, title=title)
        usual = {posixpath.normpath(said.source.shown), said.source.shown}
        key = found.key if said.key in usual else said.key
        return replace(said, key=key, source=source, metadata=metadata)

    def _shown(self, path: str) -> str:
        return os.path.relpath(path, self._base)

    def _newest(self, resources: list[ResourceSpec]) -> date | None:
        times = [
            self._times[each.source.path]
            for each in resources
            if isinstance(each.source, FileSource)
        ]
        return datetime.fromtimestamp(max(times), UTC).date() if times else None


def _described(spec: DatasetSpec, sidecar: Sidecar) -> DatasetSpec:
    said = sidecar.spec
    return replace(
        spec,
        key=said.key if sidecar.says_key else spec.key,
        id=said.id or spec.id,
        organization=said.organization or spec.organization,
        prune=spec.prune if said.prune is Prune.NONE else said.prune,
        metadata=_over(spec.metadata, said.metadata),
    )


def _over(below: DatasetMetadata, said: DatasetMetadata) -> DatasetMetadata:
    """`said`, and where it is silent what `below` says."""
    spoken = {
        field.name: value
        for field in fields(said)
        if (value := getattr(said, field.name)) is not None
    }
    return replace(below, **spoken)


# --- its folders ---------------------------------------------------------------------------


def _folders(
    root: str, note: Callable[[str], None], lost: Callable[[str], None]
) -> Iterator[_Folder]:
    """`root` and all folders below it, parents first, empty ones included.

    Links to folders are not followed, which `note` learns; `lost` learns of the folders that
    cannot be read.
    """
    waiting = [(_absolute(root), "")]
    while waiting:
        path, inside = waiting.pop()
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: natural(entry.name))
        except OSError as error:
            lost(
                say(
                    "the folder {inside} cannot be read: {error}",
                    inside=inside or path,
                    error=reason(error),
                )
            )
            continue
        yield _folder(path, inside, [entry.name for entry in entries if not entry.is_dir()])
        for entry in reversed(entries):
            if not entry.is_dir() or _is_like(entry.name, _NO_DATA_FOLDERS):
                continue
            below = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_symlink():
                note(say("{below} is a link to a folder, and is not followed", below=below))
            elif _is_utf8(entry.name):
                waiting.append((entry.path, below))
            else:
                lost(say("the folder {below} has a name that is not UTF-8: rename it", below=below))


def _absolute(path: str) -> str:
    """The path from the root, links in it as they are: the names are those the user sees."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow the links


def _folder(path: str, inside: str, names: list[str]) -> _Folder:
    readmes = sorted(filter(_README.fullmatch, names), key=_readme_rank)
    sidecars = {*_PACKAGES, *_METADATA}
    return _Folder(
        path,
        inside,
        tuple(
            name
            for name in names
            if name not in readmes and name not in sidecars and not _is_like(name, _NO_DATA)
        ),
        readme=readmes[0] if readmes else None,
        package=next((name for name in _PACKAGES if name in names), None),
        metadata=next((name for name in _METADATA if name in names), None),
    )


def _readme_rank(name: str) -> tuple[int, str]:
    return _README_ORDER.index(os.path.splitext(name)[1].lower()), name  # noqa: PTH122 - a name, no path


def _is_like(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name.lower(), pattern) for pattern in patterns)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # no manifest could spell it
        return False
    return True
