"""Spells the datasets of one manifest so that they can be loaded together.

What no manifest can say is left out with a note, never silently. Two datasets, or two resources
of one dataset, that have the same key are told apart by a number; of two with the same id, or
with the same file, the second is left out.
"""

from collections.abc import Iterable, Mapping
from posixpath import normpath

from bulkpub.core.model import DatasetSpec, FileSource, Json, ResourceSpec
from bulkpub.core.names import key_of
from bulkpub.manifest.clean_extras import clean_text
from bulkpub.manifest.cleaning import leave_out_faulty, shorten, sound_texts
from bulkpub.manifest.dataset_rules import dataset_rules
from bulkpub.manifest.fields import DESCRIPTION_LIMIT, TITLE_LIMIT
from bulkpub.manifest.form import DatasetForm
from bulkpub.manifest.resource_form import WAYS, ResourceForm
from bulkpub.manifest.resource_rules import resource_rules
from bulkpub.manifest.spelling import (
    Spelled,
    braced,
    default_key,
    is_template,
    spell_dataset,
    spell_resource,
    unbraced,
)

__all__ = ["Speller", "Taken"]


class Taken:
    """The keys, ids and files that are taken among datasets, or within one dataset."""

    def __init__(
        self, keys: Iterable[str] = (), ids: Iterable[str] = (), files: Iterable[str] = ()
    ) -> None:
        self.keys = set(keys)
        self.ids = set(ids)
        self.files = set(files)

    def free_key(self, key: str) -> str:
        """`key`, or else `key-2` and so on; it is taken from now on."""
        number, free = 1, key
        while free in self.keys:
            number += 1
            free = f"{key}-{number}"
        self.keys.add(free)
        return free


class Speller:
    """Spells datasets for a manifest whose header says `organization` and `defaults`.

    `taken` is what the manifest has already. Where a dataset is silent, it says `null` to a
    default; `inheriting`, it takes the default. Otherwise `defaults` hold no mappings
    (ValueError): merged into what a dataset says, they could not be undone.
    """

    def __init__(
        self,
        organization: str | None = None,
        defaults: Mapping[str, Json] | None = None,
        taken: Taken | None = None,
        *,
        inheriting: bool = False,
    ) -> None:
        self._defaults = defaults or {}
        self._inheriting = inheriting
        if not inheriting and any(isinstance(value, Mapping) for value in self._defaults.values()):
            raise ValueError("a default that is a mapping would be merged into every dataset")
        self._organization = organization
        self._taken = taken or Taken()

    def dataset(self, spec: DatasetSpec) -> tuple[Spelled | None, tuple[str, ...]]:
        """The mapping a manifest has for the dataset, and a sentence for all that it lacks.

        None when the manifest has a dataset with the same id already.
        """
        notes: list[str] = []
        raw = spell_dataset(spec, self._organization, self._defaults, inheriting=self._inheriting)
        said = sound_texts(raw, notes, "")
        if not said.get("description"):
            said.pop("description", None)  # a dataset cannot have an empty one
        shorten(said, "title", TITLE_LIMIT, notes, "")
        shorten(said, "description", DESCRIPTION_LIMIT, notes, "")
        leave_out_faulty(said, DatasetForm, dataset_rules, notes, "")
        for key in raw.keys() - said.keys():
            if key in self._defaults and not self._inheriting:
                said[key] = None
        identity = said.get("id")
        if identity is not None and identity in self._taken.ids:
            return None, (*notes, f"the id {identity} is already that of another dataset: left out")
        self._taken.ids.update(filter(None, [identity]))
        first = {"key": self._key(said, spec, notes), "id": identity, **self._needed(said, notes)}
        spelled = {key: value for key, value in first.items() if value is not None}
        spelled |= {key: value for key, value in said.items() if key not in first}
        if resources := self.resources(spec.resources, Taken(), notes):
            spelled["resources"] = resources
        return spelled, tuple(notes)

    def resources(
        self, specs: Iterable[ResourceSpec], taken: Taken, notes: list[str]
    ) -> list[Spelled]:
        """The entries for resources of a dataset that has `taken`; sentences go to `notes`."""
        entries = (self._resource(spec, taken, notes) for spec in specs)
        return [entry for entry in entries if entry is not None]

    def _key(self, said: Spelled, spec: DatasetSpec, notes: list[str]) -> str | None:
        identity: str | None = said.get("id")
        wanted = said.get("key") or identity or key_of(spec.metadata.title or "") or "dataset"
        key = self._taken.free_key(wanted)
        if key != wanted:
            notes.append(f"the key '{wanted}' is already that of another dataset: it got another")
        return None if key == identity else key

    def _needed(self, said: Spelled, notes: list[str]) -> Spelled:
        """Title and description; a dataset that may have to be created needs both."""
        title, description = said.get("title"), said.get("description")
        if "id" not in said:
            if title is None:
                notes.append("it has no title: its key stands in")
                title = said.get("key", "?")[:TITLE_LIMIT]
            if description is None and not self._defaults.keys() & _DESCRIPTIONS:
                notes.append("it has no description: its title stands in")
                description = title
        return {"title": title, "description": description}

    def _resource(self, spec: ResourceSpec, taken: Taken, notes: list[str]) -> Spelled | None:
        template = is_template(spec.source)
        called = clean_text(spec.key)
        where = f"of the resource {called}, "
        raw = spell_resource(spec, self._defaults, inheriting=self._inheriting)
        said = sound_texts(raw, notes, where)
        shorten(said, "title", TITLE_LIMIT, notes, where, template=template)
        shorten(said, "description", DESCRIPTION_LIMIT, notes, where)
        leave_out_faulty(said, ResourceForm, resource_rules, notes, where)
        fault = _fault(spec, raw, said, taken)
        if fault:
            notes.append(f"the resource {called} is left out: {fault}")
            return None
        key = said.get("key")
        key = unbraced(key) if template and key else key or default_key(spec.source, spec.id)
        free = taken.free_key(key or called)
        if free != (key or called):
            notes.append(f"the key '{key}' is already that of another resource: it got another")
            said["key"] = braced(free) if template else free
        return said


_DESCRIPTIONS = {"description", "description_file"}


def _fault(spec: ResourceSpec, raw: Spelled, said: Spelled, taken: Taken) -> str:
    """Why the entry cannot be in the manifest; empty when it can: its id and file are taken."""
    lost = (raw.keys() - said.keys()) & {*WAYS, "id"}
    if lost:
        return f"there is no '{min(lost)}' without a fault"
    if not said.keys() & {*WAYS, "id"}:
        return "nothing says which one on the portal it is"
    identity = said.get("id")
    file = normpath(said["path"]) if isinstance(spec.source, FileSource) else None
    if identity in taken.ids:
        return "its id is already that of another"
    if file in taken.files:
        return "its file is already that of another"
    taken.ids.update(filter(None, [identity]))
    taken.files.update(filter(None, [file]))
    return ""
