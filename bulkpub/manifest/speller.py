"""Spells the datasets of one manifest so that they can be loaded together.

What no manifest can say is left out with a note, never silently; the loader's own checks decide,
in the loader's own words, so that what is written can be loaded. Two datasets, or two resources
of one dataset, that have the same key are told apart by a number; of two with the same id, or
with the same file, the second is left out.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from posixpath import normpath
from typing import Any

from bulkpub.core import fields
from bulkpub.core.fields import Field
from bulkpub.core.model import DatasetSpec, FileSource, Json, ResourceSpec
from bulkpub.core.names import key_of
from bulkpub.core.rules import Rules
from bulkpub.language import say
from bulkpub.manifest.datasets import dataset_faults
from bulkpub.manifest.extras import clean_extras, clean_text
from bulkpub.manifest.form import Form, Read, check
from bulkpub.manifest.keys import WAYS, forms
from bulkpub.manifest.nodes import from_python
from bulkpub.manifest.resources import resource_faults
from bulkpub.manifest.spelling import (
    Spelled,
    braced,
    default_key,
    is_template,
    spell_dataset,
    spell_resource,
    unbraced,
)
from bulkpub.manifest.values import too_long
from bulkpub.manifest.variables import escaped

__all__ = ["Shapes", "Speller", "Taken"]

Shapes = Callable[[str, str], str]
"""Puts a shape (its text, see `core.shapes`) into a file for the dataset of that key.

Gives the file's path as the manifest has it.
"""


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

    `rules` are those of its portal, `taken` is what the manifest has already. Where a dataset is
    silent, it says `null` to a default; `inheriting`, it takes the default. Otherwise `defaults`
    hold no mappings, which, merged into what a dataset says, could not be undone, and nothing
    that `null` empties rather than leaves alone (ValueError). Without a place for `shapes` they are
    left out.
    """

    def __init__(
        self,
        rules: Rules,
        organization: str | None = None,
        defaults: Mapping[str, Json] | None = None,
        taken: Taken | None = None,
        *,
        inheriting: bool = False,
        shapes: Shapes | None = None,
    ) -> None:
        self._defaults = defaults or {}
        self._inheriting = inheriting
        self._shapes = shapes
        if not inheriting:
            _check_defaults(self._defaults)
        self._rules = rules
        self._organization = organization
        self._taken = taken or Taken()

    def dataset(self, spec: DatasetSpec) -> tuple[Spelled | None, tuple[str, ...]]:
        """The mapping a manifest has for the dataset, and a sentence for all that it lacks.

        None when the manifest has a dataset with the same id already.
        """
        notes: list[str] = []
        raw = spell_dataset(spec, self._organization, self._defaults, inheriting=self._inheriting)
        self._put_shape(raw, spec, notes)
        said = self._sound(raw, fields.DATASET, notes, "")
        _leave_out_faulty(said, forms(self._rules).dataset, dataset_faults, notes, "")
        for key in raw.keys() - said.keys():
            if key in self._defaults and not self._inheriting:
                said[key] = None
        identity = said.get("id")
        if identity is not None and identity in self._taken.ids:
            return None, (
                *notes,
                say(
                    "the id {identity} is already that of another dataset: left out",
                    identity=identity,
                ),
            )
        self._taken.ids.update(filter(None, [identity]))
        first = {"key": self._key(said, spec, notes), "id": identity, **self._needed(said, notes)}
        spelled = {key: value for key, value in first.items() if value is not None}
        spelled |= {key: value for key, value in said.items() if key not in first}
        spelled = _written(spelled, fields.DATASET)
        if resources := self.resources(spec.resources, Taken(), notes):
            spelled["resources"] = resources
        return spelled, tuple(notes)

    def resources(
        self, specs: Iterable[ResourceSpec], taken: Taken, notes: list[str]
    ) -> list[Spelled]:
        """The entries for resources of a dataset that has `taken`; sentences go to `notes`."""
        entries = (self._resource(spec, taken, notes) for spec in specs)
        return [entry for entry in entries if entry is not None]

    def _put_shape(self, raw: Spelled, spec: DatasetSpec, notes: list[str]) -> None:
        area = spec.metadata.spatial
        if area is None or area.shape is None or spec.id in self._taken.ids:
            return
        if self._shapes is not None:
            raw["spatial"] = {"geometry": self._shapes(spec.key, area.shape), **raw["spatial"]}
            return
        notes.append(
            say(
                "the shape of its area is left out: it would be in a file beside the manifest, "
                "which is written to no file itself"
            )
        )
        raw["spatial"] = raw["spatial"] or None

    def _key(self, said: Spelled, spec: DatasetSpec, notes: list[str]) -> str | None:
        identity: str | None = said.get("id")
        wanted = said.get("key") or identity or key_of(spec.metadata.title or "") or "dataset"
        key = self._taken.free_key(wanted)
        if key != wanted:
            notes.append(
                say(
                    "the key '{wanted}' is already that of another dataset: it got another",
                    wanted=wanted,
                )
            )
        return None if key == identity else key

    def _needed(self, said: Spelled, notes: list[str]) -> Spelled:
        """Title and description; a dataset that may have to be created needs both."""
        title, description = said.get("title"), said.get("description")
        if "id" not in said:
            if title is None:
                notes.append(say("it has no title: its key stands in"))
                title = said.get("key", "?")[: self._rules.limits.title]
            if description is None and not self._defaults.keys() & _DESCRIPTIONS:
                notes.append(say("it has no description: its title stands in"))
                description = title
        return {"title": title, "description": description}

    def _resource(self, spec: ResourceSpec, taken: Taken, notes: list[str]) -> Spelled | None:
        template = is_template(spec.source)
        called = clean_text(spec.key)
        where = say("of the resource {called}, ", called=called)
        raw = spell_resource(spec, self._defaults, inheriting=self._inheriting)
        said = self._sound(raw, fields.RESOURCE, notes, where, template=template)
        _leave_out_faulty(said, forms(self._rules).resource, resource_faults, notes, where)
        fault = _fault(spec, raw, said, taken)
        if fault:
            notes.append(
                say("the resource {called} is left out: {fault}", called=called, fault=fault)
            )
            return None
        key = said.get("key")
        key = unbraced(key) if template and key else key or default_key(spec.source, spec.id)
        free = taken.free_key(key or called)
        if free != (key or called):
            notes.append(
                say("the key '{key}' is already that of another resource: it got another", key=key)
            )
            said["key"] = braced(free) if template else free
        return _written(said, fields.RESOURCE, but=("title",) if template else ())

    def _sound(
        self,
        spelled: Spelled,
        rows: Mapping[str, Field],
        notes: list[str],
        where: str,
        *,
        template: bool = False,
    ) -> Spelled:
        """The mapping with texts that can be written, without those in which nothing is.

        A text that is too long is cut, a title as a template if it is one. `where` begins the
        sentences added to `notes`.
        """
        sound: Spelled = {}
        for key, value in spelled.items():
            field = rows.get(key)
            if field and field.type is fields.FieldType.EXTRAS:
                sound[key] = clean_extras(value, self._rules, notes, where)
                continue
            clean = _clean(value, strip=key not in _EXACT)
            if "�" in str(clean) and "�" not in str(value):
                notes.append(
                    say("{where}'{key}' holds half a character: it is now �", where=where, key=key)
                )
                if key in _EXACT:
                    continue
            if field and isinstance(clean, str):
                limit = field.longest(self._rules)
                is_template = template and key == "title"
                clean = _shortened(key, clean, limit, notes, where, template=is_template)
            if clean != "" or (field and field.type is fields.FieldType.TEXT):
                sound[key] = clean
        return sound


_DESCRIPTIONS = {"description", "description_file"}
_EXACT = {"path"}


def _written(said: Spelled, rows: Mapping[str, Field], but: Collection[str] = ()) -> Spelled:
    """The mapping, in which nothing of a text is taken for a variable."""
    filled = {name for name, row in rows.items() if row.filled and name not in but}
    return {key: escaped(value) if key in filled else value for key, value in said.items()}


def _check_defaults(defaults: Mapping[str, Json]) -> None:
    for name, value in defaults.items():
        fault = ""
        if isinstance(value, Mapping):
            fault = say("a default that is a mapping would be merged into every dataset")
        elif name in fields.DATASET and fields.DATASET[name].null_empties:
            fault = say("a dataset could not leave '{name}' alone: null empties it", name=name)
        if fault:
            raise ValueError(fault)


def _fault(spec: ResourceSpec, raw: Spelled, said: Spelled, taken: Taken) -> str:
    """Why the entry cannot be in the manifest; empty when it can: its id and file are taken."""
    lost = (raw.keys() - said.keys()) & {*WAYS, "id"}
    if lost:
        return say("there is no '{lost}' without a fault", lost=min(lost))
    if not said.keys() & {*WAYS, "id"}:
        return say("nothing says which one on the portal it is")
    identity = said.get("id")
    file = normpath(said["path"]) if isinstance(spec.source, FileSource) else None
    if identity in taken.ids:
        return say("its id is already that of another")
    if file in taken.files:
        return say("its file is already that of another")
    taken.ids.update(filter(None, [identity]))
    taken.files.update(filter(None, [file]))
    return ""


# --- what no manifest can say ---------------------------------------------------------------


def _clean(value: Any, *, strip: bool) -> Any:  # noqa: ANN401 # any JSON
    match value:
        case str():
            text = clean_text(value)
            return text.strip() if strip else text
        case Mapping():
            below = {key: _clean(each, strip=strip) for key, each in value.items()}
            return {key: each for key, each in below.items() if each != ""}
        case list():
            return [each for item in value if (each := _clean(item, strip=strip)) != ""]
        case _:
            return value


def _shortened(
    key: str, text: str, limit: int | None, notes: list[str], where: str, *, template: bool
) -> str:
    """The text, cut if it has more than `limit` characters, as a template if it is one."""
    if limit is None or not too_long(text, limit):
        return text
    raw = unbraced(text) if template else text
    cut = f"{raw[: limit - 1].rstrip()}…"
    while template and too_long(braced(cut), limit):
        cut = f"{cut[:-2].rstrip()}…"
    notes.append(
        say(
            "{where}'{key}' had {count} characters and was cut",
            where=where,
            key=key,
            count=len(raw),
        )
    )
    return braced(cut) if template else cut


Faults = Callable[[Read, Collection[str]], Iterator[tuple[Sequence[str | int], str]]]
"""What does not go together, as `dataset_faults` and `resource_faults` say it."""


def _leave_out_faulty(
    spelled: Spelled, form: Form, faults_of: Faults, notes: list[str], where: str
) -> None:
    """Takes out what the loader would refuse: of a list the item, of a mapping the key."""
    node = from_python(_without_extras(spelled), "")
    sound, faults = check(form, node)
    for fault in sorted(faults, key=lambda each: [*map(str, each.path)], reverse=True):
        notes.append(say("{where}{sentence}: left out", where=where, sentence=fault.sentence))
        _take_out(spelled, fault.path)
    if faults:
        sound, _ = check(form, from_python(_without_extras(spelled), ""))
    said = {key for key, value in spelled.items() if value is not None}
    for path, sentence in list(faults_of(sound, said)):
        if path and path[0] in spelled:
            notes.append(say("{where}{sentence}: left out", where=where, sentence=sentence))
            _take_out(spelled, path)


def _without_extras(spelled: Spelled) -> Spelled:
    return {key: each for key, each in spelled.items() if key != "extras"}


def _take_out(spelled: Spelled, path: Sequence[str | int]) -> None:
    key, *below = path
    holder = spelled.get(str(key))
    match below:
        case [int() as number] if isinstance(holder, list):
            del holder[number]
        case [str() as name] if isinstance(holder, dict):
            holder.pop(name, None)
        case _:
            spelled.pop(str(key), None)
