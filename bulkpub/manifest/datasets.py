"""One dataset, defaults included → its `DatasetSpec`, and everything wrong with it."""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from io import TextIOWrapper
from pathlib import Path

from bulkpub.core import fields
from bulkpub.core.addresses import is_web
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    LinkSource,
    Place,
    Prune,
    ResourceSpec,
    State,
)
from bulkpub.core.names import key_of
from bulkpub.core.rules import Rules
from bulkpub.core.states import with_state
from bulkpub.language import say
from bulkpub.manifest.extras import extras_faults, read_extras
from bulkpub.manifest.files import Files, safe, slashes
from bulkpub.manifest.form import Fault, Read, check, reason
from bulkpub.manifest.keys import forms, metadata_of
from bulkpub.manifest.merging import for_files, with_dataset
from bulkpub.manifest.nodes import Node, Number, bare, child, find
from bulkpub.manifest.parts import contacts_of, parts_faults, tag_changes_of, with_shape
from bulkpub.manifest.resources import read_resource
from bulkpub.manifest.states import community_faults, state_faults
from bulkpub.manifest.values import WHEN_COMPLETE, kind, too_long
from bulkpub.manifest.variables import (
    Given,
    UnknownVariable,
    Values,
    filled,
    siret_faults,
    values_of,
    with_values,
)
from bulkpub.ordinary import open_ordinary

__all__ = ["dataset_faults", "name_of", "own_faults", "read_dataset"]


_JUDGED = (
    ("id",),
    ("organization",),
    ("private",),
    ("access",),
    ("license",),
    ("frequency",),
    ("spatial",),
    ("spatial", "zones"),
    ("spatial", "granularity"),
    ("contact_points",),
)
"""The ways to keys whose values only the portal can judge."""


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


def read_dataset(
    node: Node, base: str, files: Files, rules: Rules, given: Given
) -> tuple[DatasetSpec, list[Fault]]:
    """The dataset written at `node`, a mapping; with any fault the spec is not to be used.

    `base` is the manifest's folder, `given` what is known of variables beforehand.
    """
    variables, wrong = values_of(node, base, given)
    node, unknown = with_values(node, variables)
    faults = [*wrong, *unknown]
    places = {fault.place for fault in faults}
    read, others = check(forms(rules).dataset, node, leave=("resources", "extras"))
    # A text in which something is missing is not what was meant.
    faults += (fault for fault in others if fault.place not in places)
    assert isinstance(node.value, dict)  # noqa: S101 # the caller's part of the contract
    said = {key for key in node.value if child(node, key)}
    # What is only misspelled is not missing, too.
    meant = {fault.meant for fault in faults} & {"id", "title", "organization"}
    if not rules.organizations:
        meant.add("organization")  # nor is it missing where there are none
    faults += (
        Fault(find(node, path).place, text) for path, text in dataset_faults(read, said | meant)
    )
    extras = child(node, "extras")
    faults += extras_faults(extras, rules)
    faults += _siret_faults(extras, given)
    values = {**read, "extras": None if faults else read_extras(extras)}
    if (name := read.get("description_file")) is not None:
        try:
            text = _description(Path(base, name), name, rules)
            values["description"] = _filled(text, variables, name, rules)
        except ValueError as error:
            faults.append(Fault(find(node, ("description_file",)).place, str(error)))
    if (area := read.get("spatial")) is not None:
        try:
            values["spatial"] = with_shape(area, base)
        except ValueError as error:
            faults.append(Fault(find(node, ("spatial", "geometry")).place, str(error)))
    resources, resource_faults = _resources(node, files, rules, variables.today)
    faults += resource_faults
    if read.get("prune", Prune.NONE) is not Prune.NONE:
        faults += _pruned_after_removal(node)
    metadata = DatasetMetadata(**metadata_of(fields.DATASET, values, node.value))
    try:
        release_tag = _release_tag(read.get("release_tag"), name_of(node) or "", variables)
    except UnknownVariable as error:
        release_tag = ""
        faults.append(Fault(find(node, ("release_tag",)).place, str(error)))
    spec = DatasetSpec(
        key=name_of(node) or "",
        release_tag=release_tag,
        metadata=with_state(metadata, read.get("state")),
        resources=resources,
        organization=None if read.get("personal") else read.get("organization"),
        personal=read.get("id") is not None and bool(read.get("personal")),
        id=read.get("id"),
        prune=read.get("prune") or Prune.NONE,
        community=bool(read.get("community")),
        state=read.get("state"),
        when_complete=read.get("publish") == WHEN_COMPLETE,
        contacts=contacts_of(read.get("contacts")),
        tag_changes=tag_changes_of(read.get("tags")),
        place=node.place,
        places=_places(node),
    )
    return spec, faults


def _release_tag(written: str | None, key: str, variables: Values) -> str:
    """The tag that is written for a dataset with this key, its variables put in; empty: none is.

    Raises `UnknownVariable` for a placeholder that nobody has a text for.
    """
    if written is None:
        return ""
    return filled(written, replace(variables, texts={**variables.texts, "key": key}))


def own_faults(own: Node, spec: DatasetSpec) -> Iterator[Fault]:
    """What a dataset itself, as written at `own`, says beside what it inherits."""
    license_, access = child(own, "license"), spec.metadata.access
    if license_ is not None and access is not None and not access.is_open:
        sentence = say(
            "a licence is for open data: take 'license' away, as 'access' is '{type}' here",
            type=access.type,
        )
        yield Fault(license_.place, sentence)


def _siret_faults(extras: Node | None, given: Given) -> Iterator[Fault]:
    """What is wrong with the SIRET of a buyer, which essential data have among their extras."""
    found = child(extras, "siret") if extras is not None else None
    if found is None:
        return
    if isinstance(found.value, str):
        yield from siret_faults(found.value, found.place, given)
    else:
        given_ = kind(bare(found))
        yield Fault(
            found.place, say("a SIRET is text, not {given}: put it between quotes", given=given_)
        )


def _places(node: Node) -> dict[str, Place]:
    """Where it is written what only the portal can judge: by key, and of lists by item, too."""
    places: dict[str, Place] = {}
    for path in _JUDGED:
        found = node
        for step in path:
            below = child(found, step)
            if below is None:
                break
            found = below
        else:
            name = ".".join(path)
            places[name] = found.place
            items = found.value if isinstance(found.value, list) else ()
            named = [item for item in items if isinstance(item.value, dict)]
            plain = [item for item in items if item not in named]
            places |= {f"{name}.{index}": item.place for index, item in enumerate(plain)}
            places |= {f"spatial.named.{index}": item.place for index, item in enumerate(named)}
    return places


def _filled(text: str, variables: Values, written: str, rules: Rules) -> str:
    """The text of the description file written as `written`, with its variables put in."""
    try:
        whole = filled(text, variables)
    except UnknownVariable as error:
        raise ValueError(
            say("in the description file {written}, {error}", written=safe(written), error=error)
        ) from None
    if too_long(whole, rules.limits.description):
        raise ValueError(_too_long(safe(written), rules))
    return whole


def _too_long(shown: str, rules: Rules) -> str:
    return say(
        "the description file {shown} has more than {description} characters, the most the portal "
        "takes",
        shown=shown,
        description=rules.limits.description,
    )


def _description(path: Path, written: str, rules: Rules) -> str:
    """The text of a description file; ValueError with a sentence when it cannot serve."""
    limit, shown = rules.limits.description, safe(written)
    # White space around it does not count, but has an end too.
    most = -1 if limit is None else 2 * limit
    try:
        with TextIOWrapper(open_ordinary(path), encoding="utf-8-sig", newline="") as file:
            raw = file.read(most)
    except FileNotFoundError:
        hint = slashes(written)
        if is_web(written):
            hint = say(": it is for a file on this machine, and this is an address")
        raise ValueError(
            say("the description file {shown} does not exist{hint}", shown=shown, hint=hint)
        ) from None
    except IsADirectoryError:
        raise ValueError(say("the description file {shown} is a folder", shown=shown)) from None
    except UnicodeDecodeError:
        raise ValueError(
            say("the description file {shown} is not UTF-8 text", shown=shown)
        ) from None
    except OSError as error:
        raise ValueError(
            say(
                "the description file {shown} cannot be read: {error}",
                shown=shown,
                error=reason(error),
            )
        ) from None
    except ValueError:
        raise ValueError(
            say("the path {written!r} holds a character no path can have", written=written)
        ) from None
    text = raw.strip()
    if len(raw) == most or too_long(text, limit):
        raise ValueError(_too_long(shown, rules))
    if not text:
        raise ValueError(say("the description file {shown} is empty", shown=shown))
    return text


# --- what goes together ---------------------------------------------------------------------


def dataset_faults(read: Read, said: Collection[str]) -> Iterator[tuple[Sequence[str | int], str]]:
    """What does not go together in a dataset: where in it, and the sentence.

    `said` are the keys written, sound or not.
    """
    if read.get("community"):
        yield from community_faults(read, said)
        return
    yield from state_faults(read, said)
    if "id" not in said:
        yield from _creation_faults(read, said)
    if "description" in said and "description_file" in said:
        yield (
            ("description_file",),
            say("a dataset has only one of 'description' and 'description_file'"),
        )
    if read.get("organization") is not None and read.get("personal"):
        yield ("personal",), say("a dataset is either in an 'organization' or 'personal', not both")
    yield from parts_faults(read, said)


def _creation_faults(read: Read, said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    """What is wrong with a dataset that may have to be created, since it has no `id`."""
    absent = read.get("state") is State.ABSENT
    if "title" not in said and not absent:
        yield (), say("a dataset needs a 'title', or the 'id' of one that is on the portal already")
    elif "title" in read and "key" not in said and not key_of(read["title"]):
        yield ("title",), say("nothing of this title can serve as a key: give the dataset a 'key'")
    if "organization" not in said and ("personal" not in said or read.get("personal") is False):
        yield (
            (),
            (
                say(
                    "say who publishes this dataset: 'organization' (its id or slug; at the top "
                    "of the manifest for all datasets), or 'personal: true' for the account of "
                    "the API key"
                )
            ),
        )
    if "description" not in said and "description_file" not in said and not absent:
        yield (
            (),
            (
                say(
                    "a dataset needs a 'description' or a 'description_file': the portal creates "
                    "none without (only one with an 'id' may leave it out)"
                )
            ),
        )


# --- its resources --------------------------------------------------------------------------


def _resources(
    node: Node, files: Files, rules: Rules, today: date
) -> tuple[tuple[ResourceSpec, ...], list[Fault]]:
    entries = child(node, "resources")
    if entries is None:
        return (), []
    if not isinstance(entries.value, list):
        return (), [
            Fault(
                entries.place,
                say(
                    "'resources' must be a list, not {entries}; begin each resource with a dash",
                    entries=kind(bare(entries)),
                ),
            )
        ]
    resources: list[ResourceSpec] = []
    faults: list[Fault] = []
    inherited = for_files(node)
    for entry in entries.value:
        specs, wrong = read_resource(with_dataset(inherited, entry), files, rules, today)
        resources += specs
        faults += wrong
    return tuple(resources), faults + list(_twins(resources))


def _pruned_after_removal(node: Node) -> Iterator[Fault]:
    """What is removed here is not named any more, and would be pruned there."""
    entries = child(node, "resources")
    for entry in entries.value if entries and isinstance(entries.value, list) else ():
        if (remove := child(entry, "remove")) is not None:
            sentence = say(
                "'remove' and 'prune' exclude each other: a file that is removed here would be "
                "deleted on the portal by the next run"
            )
            yield Fault(remove.place, sentence)


def _twins(resources: Sequence[ResourceSpec]) -> Iterator[Fault]:
    """Resources of one dataset that cannot be told apart; each is named with the first such."""
    files: dict[str, ResourceSpec] = {}
    targets: dict[str, ResourceSpec] = {}
    keys: dict[str, ResourceSpec] = {}
    ids: dict[str, ResourceSpec] = {}
    for spec in resources:
        source = spec.source
        same_file = spec
        if isinstance(source, FileSource):
            same_file = files.setdefault(posixpath.normpath(source.path), spec)
        if isinstance(source, LinkSource) and source.target:
            same_file = targets.setdefault(source.target, spec)
            if same_file is not spec:
                yield Fault(
                    spec.place,
                    say(
                        "{target} is where the link at {place} puts its file: give one of them "
                        "another 'upload_to'",
                        target=source.target,
                        place=same_file.place,
                    ),
                )
                continue
        same_key = keys.setdefault(spec.key, spec)
        same_id = spec if spec.id is None else ids.setdefault(spec.id, spec)
        if same_file is not spec:
            yield Fault(
                spec.place,
                say(
                    "the file {shown} is listed twice, here and at {place}: take one away (a glob "
                    "can `exclude: [{shown}]`)",
                    shown=source.shown,
                    place=same_file.place,
                ),
            )
        elif same_key is not spec and same_key.place != spec.place:
            yield Fault(
                spec.place,
                say(
                    "the key '{key}' is already that of the resource at {place}: give one of them "
                    "another 'key'",
                    key=spec.key,
                    place=same_key.place,
                ),
            )
        if same_id is not spec and same_id.place != spec.place:
            yield Fault(
                spec.place,
                say(
                    "the id '{id}' is already that of the resource at {place}",
                    id=spec.id,
                    place=same_id.place,
                ),
            )
