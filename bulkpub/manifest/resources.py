"""One entry of `resources:` → the resources it stands for, and everything wrong with it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from bulkpub.core import fields
from bulkpub.core.addresses import has_pattern, named, redacted
from bulkpub.core.model import (
    ExistingSource,
    FileSource,
    Guard,
    Html,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    Source,
    UrlSource,
)
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.core.schemes import SCHEMES, scheme_of
from bulkpub.core.series import Series
from bulkpub.core.sources import NO_CHECKSUM
from bulkpub.language import say
from bulkpub.manifest.extras import extras_faults, read_extras
from bulkpub.manifest.files import Files, Found, Unusable, slashes
from bulkpub.manifest.form import Fault, Read, check
from bulkpub.manifest.keys import FOREIGN, OF_LINKS, WAYS, forms, metadata_of
from bulkpub.manifest.nodes import Node, bare, child, find, is_mapping, keys_of
from bulkpub.manifest.templates import FileFacts, Template, TemplateFault, has_placeholders
from bulkpub.manifest.upload_names import name_fault, name_template, series_of
from bulkpub.manifest.values import kind, too_long

__all__ = ["read_resource", "resource_faults"]


def read_resource(
    node: Node, files: Files, rules: Rules, today: date
) -> tuple[list[ResourceSpec], list[Fault]]:
    """The resources, in order, and the faults; with any fault the resources are not to be used.

    `node` has what it inherits from its dataset already, `today` is the day for names of files.
    """
    if not is_mapping(node):
        return [], [
            Fault(
                node.place,
                say(
                    "a resource must be a mapping, not {node}{hint}",
                    node=kind(bare(node)),
                    hint=_as_path(node),
                ),
            )
        ]
    read, faults = check(forms(rules).resource, node, leave=("extras",))
    way = None if faults else _usual_way(frozenset(read))
    if way is None:
        said = {key for key in keys_of(node) if child(node, key)}
        if not _ways(read, said):  # what is only misspelled is not missing, too
            said |= {fault.meant for fault in faults} & {*WAYS, "id"}
        faults += (
            Fault(find(node, path).place, text) for path, text in resource_faults(read, said)
        )
        ways = _ways(read, said)
        way = ways[0] if len(ways) == 1 else None
    if (extras := child(node, "extras")) is not None:
        faults += extras_faults(extras, rules)
    if way is None:
        return [], faults
    entry = _Entry(node, read, extras, files, rules, faults=faults, today=today)
    return entry.resources(way), faults


@lru_cache(maxsize=256)
def _usual_way(said: frozenset[str]) -> str | None:
    """The one way in which an entry with these keys is given, whatever they hold.

    None where that is not sure, or something of them does not go together.
    """
    if said & {"host", "schema", "append"}:
        return None
    ways = _ways({}, said)
    return ways[0] if len(ways) == 1 and not any(resource_faults({}, said)) else None


_FILE_ADDRESS = "file://"
_MAIN, _TYPES = "main", Vocabulary.RESOURCE_TYPES


def _address_hint(path: str) -> str:
    """What to do about an address in the place of a path; empty when it is none."""
    if scheme_of(path) is not None:
        return say("for an address write `url:`")
    if path.lower().startswith(_FILE_ADDRESS):
        return say("write its path alone, {path}", path=path[len(_FILE_ADDRESS) :])
    if "://" in path:
        return say(
            "for an address write `url:`, which starts with {schemes}", schemes=", ".join(SCHEMES)
        )
    return ""


def _as_path(node: Node) -> str:
    return (
        say("; for a file write `path: {path}`", path=node.value)
        if isinstance(node.value, str)
        else ""
    )


_NO_FACTS = FileFacts("")


class _Entry:
    """One entry being read; what is wrong with it is added to `faults`."""

    def __init__(
        self,
        node: Node,
        read: Read,
        extras: Node | None,
        files: Files,
        rules: Rules,
        *,
        faults: list[Fault],
        today: date,
    ) -> None:
        self._node = node
        self._read = read
        self._files = files
        self._rules = rules
        self._today = today
        self._limits = rules.limits
        self._faults = faults
        # With a fault the resources are not used, and faulty extras cannot be read.
        self._extras = None if faults else read_extras(extras)

    def _fault(self, key: str, sentence: str) -> None:
        self._faults.append(Fault(find(self._node, (key,)).place, sentence))

    def resources(self, way: str) -> list[ResourceSpec]:
        """The resources of an entry that is given in this one way; none when it is faulty."""
        said = self._read.get
        match way:
            case "path" | "glob":
                return self._files_named()
            case "url":
                return self._fetched(self._read[way]) if way in self._read else []
            case "link":
                return [self._link(self._read[way])] if way in self._read else []
            case _:
                key = said("key") or said("id")
                source = ExistingSource(host=way == "host")
                return [] if key is None else [self._spec(source, key, said("title"), "")]

    def _link(self, link: str) -> ResourceSpec:
        name, _, host = named(link)
        said = self._read.get
        checksum = said("checksum")
        if checksum is None and "of" not in self._read and "checksum" in keys_of(self._node):
            checksum = NO_CHECKSUM  # null: none is to be told
        source = LinkSource(link, said("size"), checksum, self._behind(), said("upload_to") or "")
        return self._spec(source, said("key") or link, said("title"), name or host)

    def _behind(self) -> FileSource | None:
        """The file behind a link, where one is named and there."""
        written = self._read.get("of")
        if written is None:
            return None
        if hint := _address_hint(written):
            self._fault("of", say("'of' is for a file on this machine: {hint}", hint=hint))
            return None
        try:
            found = self._files.path(written)
        except Unusable as error:
            self._fault("of", str(error))
            return None
        return FileSource(found.path, found.shown)

    def _fetched(self, url: str) -> list[ResourceSpec]:
        title, key = self._template("title"), self._template("key")
        if isinstance(title, Template) and "mtime" in title.fields:
            self._fault(
                "title", say("in 'title', {{mtime}} is for files: an address does not tell it")
            )
            return []
        said = self._read.get
        source = UrlSource(url, said("max_size"), html=said("expect") == "html")
        name, folder, host = named(url)
        if has_pattern(url):  # the names come when it is looked up: templates they stay
            return [self._spec(source, said("key") or redacted(url), said("title"), "")]
        facts = FileFacts(name, folder)
        return [
            self._spec(
                source,
                self._render("key", key, facts) or redacted(url),
                self._render("title", title, facts),
                name or host,
            )
        ]

    def _files_named(self) -> list[ResourceSpec]:
        """The files the entry names, in order."""
        title, key = self._template("title"), self._template("key")
        found, renaming = self._found(), self._renaming()
        specs: list[ResourceSpec] = []
        facts = _NO_FACTS
        for index, file in enumerate(found, 1):
            if renaming or isinstance(title, Template) or isinstance(key, Template):
                facts = FileFacts(file.name, file.folder, index, file.mtime)
            series = self._series(renaming, facts) if renaming else None
            sent_as = series.name(1) if series else ""
            spec = self._spec(
                FileSource(file.path, file.shown, sent_as),
                self._render("key", key, facts) or file.key,
                self._render("title", title, facts),
                sent_as or file.name,
            )
            specs.append(self._in_series(spec, series) if series else spec)
        if len(specs) > 1:
            self._check_many(specs)
        return specs

    def _in_series(self, spec: ResourceSpec, series: Series) -> ResourceSpec:
        """The entry as one of its series, if it is: what is published one by one is the data."""
        if not self._read.get("append"):
            return spec
        metadata = spec.metadata
        if metadata.type is None and _MAIN in self._rules.vocabularies.get(_TYPES, ()):
            metadata = replace(metadata, type=_MAIN)
        return replace(spec, series=series, metadata=metadata)

    def _renaming(self) -> Template | None:
        """The template of the names under which the files are sent, if they have other ones."""
        text = self._read.get("as")
        if text is None:
            return None
        try:
            return name_template(text, appends=bool(self._read.get("append")))
        except TemplateFault as error:
            self._fault("as", say("in 'as', {error}", error=error))
            return None

    def _series(self, template: Template, facts: FileFacts) -> Series | None:
        """The names of one file, which the portal is to keep apart."""
        try:
            series = series_of(template, facts, self._today)
        except TemplateFault as error:
            self._fault("as", say("in 'as', {error}: {name}", error=error, name=facts.name))
            return None
        name = series.name(1)
        fault = name_fault(name, self._rules)
        if not fault and self._read.get("append"):
            fault = _indistinct(series, self._rules)
        if fault:
            self._fault(
                "as",
                say(
                    "'as' comes out as '{name}' for the file {file}: {fault}",
                    name=name[:80],
                    file=facts.name,
                    fault=fault,
                ),
            )
            return None
        return series

    def _found(self) -> list[Found]:
        said = self._read.get
        way = "glob" if said("path") is None else "path"
        written, renamed = said(way), said("as") is not None
        if written is None:
            return []
        if hint := _address_hint(written):
            self._fault(
                way, say("'{way}' is for files on this machine: {hint}", way=way, hint=hint)
            )
            return []
        try:
            if way == "path":
                return [self._files.path(written, renamed=renamed)]
            found, sentences = self._files.glob(written, said("exclude") or (), renamed=renamed)
        except Unusable as error:
            # What is spelled for another system is missing for ever.
            may_be_missing = said("optional") or (way == "glob" and said("remove"))
            if not (error.missing and may_be_missing) or slashes(written):
                self._fault(way, str(error))
            return []
        for sentence in sentences:
            self._fault(way, sentence)
        return found

    def _template(self, field: str) -> Template | str | None:
        """What is said there; text if it is the same for every file."""
        text: str | None = self._read.get(field)
        if text is None or not has_placeholders(text):
            return text
        try:
            template = Template(text)
        except TemplateFault as error:
            self._fault(field, say("in '{field}', {error}", field=field, error=error))
            return None
        if field == "key" and template.fields & {"index", "mtime"}:
            self._fault(
                "key",
                say(
                    "a key stays the same from run to run: {{index}} and {{mtime}} cannot be part "
                    "of it"
                ),
            )
            return None
        return template

    def _render(self, field: str, template: Template | str | None, facts: FileFacts) -> str | None:
        if not isinstance(template, Template):
            return template
        try:
            text = template.render(facts).strip()
        except TemplateFault as error:
            self._fault(
                field,
                say("in '{field}', {error}: {name}", field=field, error=error, name=facts.name),
            )
            return None
        if not text:
            self._fault(
                field,
                say("'{field}' comes out empty for the file {name}", field=field, name=facts.name),
            )
        if field == "title" and too_long(text, self._limits.title):
            self._fault(
                field,
                say(
                    "'title' comes out with {count} characters for the file {name}; the portal "
                    "takes {title} at most",
                    count=len(text),
                    name=facts.name,
                    title=self._limits.title,
                ),
            )
        return text or None

    def _check_names(self, specs: Sequence[ResourceSpec]) -> None:
        first: dict[str, str] = {}
        for spec in specs:
            assert isinstance(spec.source, FileSource)  # noqa: S101 # these are files
            other = first.setdefault(spec.source.name, spec.source.shown)
            if other != spec.source.shown:
                self._fault(
                    "as",
                    say(
                        "'as' gives '{name}' to both {other} and {shown}: tell them apart by "
                        "{{name}}, {{stem}} or {{index}}",
                        name=spec.source.name,
                        other=other,
                        shown=spec.source.shown,
                    ),
                )
                return

    def _check_many(self, specs: Sequence[ResourceSpec]) -> None:
        if self._read.get("id") is not None:
            self._fault(
                "id",
                say("one 'id' cannot be that of the {count} files that match", count=len(specs)),
            )
        if self._read.get("as") is not None and not self._read.get("append"):
            self._check_names(specs)
        if self._read.get("key") is None:
            return
        first: dict[str, str] = {}
        for spec in specs:
            other = first.setdefault(spec.key, spec.source.shown)
            if other != spec.source.shown:
                self._fault(
                    "key",
                    say(
                        "'key' gives '{key}' to both {other} and {shown}: tell them apart by "
                        "{{name}}, {{stem}} or {{parent}}, or take the key away",
                        key=spec.key,
                        other=other,
                        shown=spec.source.shown,
                    ),
                )
                return

    def _spec(
        self, source: Source, key: str, title: str | None, default_title: str
    ) -> ResourceSpec:
        read = {**self._read, "title": title, "extras": self._extras}
        written = keys_of(self._node)
        return ResourceSpec(
            key=key,
            source=source,
            metadata=ResourceMetadata(**metadata_of(fields.RESOURCE, read, written)),
            default_title=default_title,
            id=read.get("id"),
            guard=_guard(read.get("guard")),
            checks=tuple(dict.fromkeys(read.get("check") or ())),
            remove=read.get("remove") is not None,
            place=self._node.place,
        )


_USUAL_GUARD = Guard()


def _guard(said: Read | None) -> Guard:
    if not said:
        return _USUAL_GUARD
    return Guard(said.get("empty") != "allow", said.get("shrink"), said.get("html") or Html.WARN)


# --- what goes together ---------------------------------------------------------------------


def _ways(read: Read, said: Collection[str]) -> list[str]:
    """How the entry says what it is made of: once, if it is sound.

    `said` are the keys that are written, sound or not. `id` is a way of its own when no
    other is: only what is said of the resource is wanted then.
    """
    ways = [
        way for way in WAYS if way in said and not (way == "host" and read.get("host") is False)
    ]
    return ways or (["id"] if "id" in said else [])


def resource_faults(read: Read, said: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What does not go together in an entry: where in it, and the sentence.

    `said` are the keys written, sound or not.
    """
    ways = _ways(read, said)
    if not ways:
        yield (
            (),
            (
                say(
                    "a resource needs one of 'path' (a file), 'glob' (many files), 'url' (a file "
                    "to fetch) and 'link', or the 'id' of one that is on the portal already"
                )
            ),
        )
    elif len(ways) > 1:
        yield (
            (ways[1],),
            say("a resource has only one of {keys}", keys=" and ".join(map(repr, ways))),
        )
    if "host" in ways and "id" not in said and "key" not in said:
        yield (
            ("host",),
            say("'host' needs the 'id' or the 'key' of a resource that is on the portal"),
        )
    for way in ways:
        for key in FOREIGN[way]:
            if key in said and (sentence := _foreign(key, way)):
                yield (key,), sentence
    if ways == ["link"]:
        yield from _link_faults(said)
    if ways in (["path"], ["glob"]):
        yield from _append_faults(read, said)
    yield from _schema_faults(read.get("schema"))


def _append_faults(read: Read, said: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What does not go together in files of which each new content is a new resource."""
    if not read.get("append"):
        return
    if "as" not in said:
        yield ("append",), say("'append' needs 'as', which gives each file a name of its own")
    if "id" in said:
        yield ("append",), say("'append' makes a new resource of each content, and 'id' names one")


def _indistinct(series: Series, rules: Rules) -> str:
    """Why the names of a series cannot be read off what the portal makes of them."""
    for number in (1, 12345):
        name = series.name(number)
        named = series.read(rules.file_name(name), rules.file_name)
        if named is None or named.name != name:
            return say(
                "the portal shortens such a name, and its number would be lost: make it short"
            )
    return ""


def _schema_faults(schema: Read | None) -> Iterator[tuple[tuple[str, ...], str]]:
    if schema is None:
        return
    if not (schema.get("name") or schema.get("url")):
        yield ("schema",), say("'schema' needs a 'name' or a 'url'")
    elif schema.get("version") and not schema.get("name"):
        yield ("schema", "version"), say("'version' of 'schema' needs a 'name'")


def _link_faults(said: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What does not go together in what a link says of the file behind it."""
    for key in ("size", "checksum"):
        if "of" in said and key in said:
            yield (
                (key,),
                say("'{key}' is that of the file in 'of': take one of the two away", key=key),
            )
    if "upload_to" in said and "of" not in said:
        yield ("upload_to",), say("'upload_to' needs 'of', the file to put there")


_GOES_WITH = {
    "exclude": say("'exclude' goes with 'glob' only"),
    "max_size": say("'max_size' goes with 'url' only"),
    "expect": say("'expect' goes with 'url' only"),
    **{
        key: say("'{key}' is for files on this machine: it goes with 'path' and 'glob'", key=key)
        for key in ("remove", "as", "append")
    },
    **{key: say("'{key}' goes with 'link' only", key=key) for key in OF_LINKS},
}


def _foreign(key: str, way: str) -> str:
    """Why an entry given by `way` cannot have `key`."""
    match key:
        case _ if key in _GOES_WITH:
            return _GOES_WITH[key]
        case "format" | "mime":
            return say(
                "'{key}' is for links only: of a file, the portal works it out from the name",
                key=key,
            )
        case "optional":
            return say(
                "'optional' is for files: {not_looked_up}", not_looked_up=_NOT_LOOKED_UP[way]
            )
        case _:
            return say(
                "'{key}' is for files: {nothing_sent}", key=key, nothing_sent=_NOTHING_SENT[way]
            )


_NOT_LOOKED_UP = {
    "url": say("an address is looked up only when it is fetched"),
    "link": say("a link is never looked up"),
    "host": say("what is on the portal is looked up there"),
    "id": say("what is on the portal is looked up there"),
}
_NOTHING_SENT = {
    "link": say("nothing is sent of a link"),
    "id": say("nothing is sent of a resource that is only described"),
}
