"""One dataset, defaults included → its `DatasetSpec`, and everything wrong with it."""

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Prune,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.names import key_of
from bulkpub.manifest.dataset_rules import dataset_rules
from bulkpub.manifest.extras import extras_faults, read_extras
from bulkpub.manifest.fields import DESCRIPTION_LIMIT, kind
from bulkpub.manifest.files import Files
from bulkpub.manifest.form import DatasetForm
from bulkpub.manifest.merging import with_dataset
from bulkpub.manifest.nodes import Node, Number, bare, child, find
from bulkpub.manifest.resources import read_resource
from bulkpub.manifest.sentences import Fault, check, reason

__all__ = ["name_of", "read_dataset"]


def name_of(node: Node) -> str | None:
    """The key by which to speak of a dataset, sound or not; None when it has none."""
    if not isinstance(node.value, dict):
        return None
    for field in ("key", "id", "title"):
        value = find(node, (field,)).value
        text = value.text if isinstance(value, Number) else value
        if isinstance(text, str) and text.strip():
            named = key_of(text) if field == "title" else text.strip()
            if named:
                return named
    return None


def read_dataset(node: Node, base: str, files: Files) -> tuple[DatasetSpec, list[Fault]]:
    """The dataset written at `node`, a mapping; with any fault the spec is not to be used.

    `base` is the manifest's folder.
    """
    form, faults = check(DatasetForm, node, leave=("resources", "extras"))
    assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
    said = {key for key in node.value if child(node, key)}
    faults += (Fault(find(node, path).place, text) for path, text in dataset_rules(form, said))
    extras = child(node, "extras")
    faults += extras_faults(extras)
    description = form.description
    if form.description_file is not None:
        try:
            description = _description(Path(base, form.description_file), form.description_file)
        except ValueError as error:
            faults.append(Fault(find(node, ("description_file",)).place, str(error)))
    resources, resource_faults = _resources(node, files)
    faults += resource_faults
    spec = DatasetSpec(
        key=name_of(node) or "",
        metadata=_metadata(form, description, None if faults else extras),
        resources=resources,
        organization=None if form.personal else form.organization,
        id=form.id,
        prune=form.prune or Prune.NONE,
        place=node.place,
    )
    return spec, faults


def _description(path: Path, written: str) -> str:
    """The text of a description file; ValueError with a sentence when it cannot serve."""
    most = 2 * DESCRIPTION_LIMIT  # white space around it does not count, but has an end too
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            raw = file.read(most)
    except FileNotFoundError:
        raise ValueError(f"the description file {written} does not exist") from None
    except IsADirectoryError:
        raise ValueError(f"the description file {written} is a folder") from None
    except UnicodeDecodeError:
        raise ValueError(f"the description file {written} is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(
            f"the description file {written} cannot be read: {reason(error)}"
        ) from None
    except ValueError:
        raise ValueError(f"the path {written!r} holds a character no path can have") from None
    text = raw.strip()
    if len(raw) == most or len(text) > DESCRIPTION_LIMIT:
        raise ValueError(
            f"the description file {written} has more than {DESCRIPTION_LIMIT} characters, "
            "the most the portal takes"
        )
    if not text:
        raise ValueError(f"the description file {written} is empty")
    return text


def _metadata(form: DatasetForm, description: str | None, extras: Node | None) -> DatasetMetadata:
    period, area = form.temporal_coverage, form.spatial
    return DatasetMetadata(
        title=form.title,
        description=description,
        acronym=form.acronym,
        license=form.license,
        frequency=form.frequency,
        tags=None if form.tags is None else tuple(dict.fromkeys(form.tags)),
        private=form.private,
        archived=form.archived,
        temporal_coverage=TemporalCoverage(period.start, period.end)
        if period and period.start
        else None,
        spatial=Spatial(None if area.zones is None else tuple(area.zones), area.granularity)
        if area
        else None,
        contact_points=None if form.contact_points is None else tuple(form.contact_points),
        extras=read_extras(extras),
    )


def _resources(node: Node, files: Files) -> tuple[tuple[ResourceSpec, ...], list[Fault]]:
    entries = child(node, "resources")
    if entries is None:
        return (), []
    if not isinstance(entries.value, list):
        return (), [
            Fault(
                entries.place,
                f"'resources' must be a list, not {kind(bare(entries))}; "
                "begin each resource with a dash",
            )
        ]
    resources: list[ResourceSpec] = []
    faults: list[Fault] = []
    for entry in entries.value:
        specs, wrong = read_resource(with_dataset(node, entry), files)
        resources += specs
        faults += wrong
    return tuple(resources), faults + list(_twins(resources))


def _twins(resources: Sequence[ResourceSpec]) -> Iterator[Fault]:
    """Resources of one dataset that cannot be told apart; each is named with the first such."""
    files: dict[str, ResourceSpec] = {}
    keys: dict[str, ResourceSpec] = {}
    ids: dict[str, ResourceSpec] = {}
    for spec in resources:
        source = spec.source
        same_file = spec
        if isinstance(source, FileSource):
            same_file = files.setdefault(posixpath.normpath(source.path), spec)
        same_key = keys.setdefault(spec.key, spec)
        same_id = spec if spec.id is None else ids.setdefault(spec.id, spec)
        if same_file is not spec:
            yield Fault(
                spec.place,
                f"the file {source.shown} is listed twice, here and at {same_file.place}: take "
                f"one away (a glob can `exclude: [{source.shown}]`)",
            )
        elif same_key is not spec and same_key.place != spec.place:
            yield Fault(
                spec.place,
                f"the key '{spec.key}' is already that of the resource at {same_key.place}: "
                "give one of them another 'key'",
            )
        if same_id is not spec and same_id.place != spec.place:
            yield Fault(
                spec.place,
                f"the id '{spec.id}' is already that of the resource at {same_id.place}",
            )
