"""One entry of `resources:` → the resources it stands for, and everything wrong with it."""

from collections.abc import Sequence
from posixpath import basename, normpath, split

from bulkpub.core.addresses import has_pattern, named, redacted
from bulkpub.core.model import (
    ContentSchema,
    ExistingSource,
    FileSource,
    Guard,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    Source,
    UrlSource,
)
from bulkpub.manifest.extras import extras_faults, read_extras
from bulkpub.manifest.fields import TITLE_LIMIT, kind
from bulkpub.manifest.files import Files, Found, Unusable
from bulkpub.manifest.nodes import Node, bare, child, find
from bulkpub.manifest.resource_form import ResourceForm
from bulkpub.manifest.resource_rules import resource_rules, ways_of
from bulkpub.manifest.sentences import Fault, check
from bulkpub.manifest.templates import FileFacts, Template, TemplateFault

__all__ = ["read_resource"]


def read_resource(node: Node, files: Files) -> tuple[list[ResourceSpec], list[Fault]]:
    """The resources, in order, and the faults; with any fault the resources are not to be used.

    `node` has what it inherits from its dataset already.
    """
    if not isinstance(node.value, dict):
        return [], [
            Fault(
                node.place, f"a resource must be a mapping, not {kind(bare(node))}{_as_path(node)}"
            )
        ]
    form, faults = check(ResourceForm, node, leave=("extras",))
    said = {key for key in node.value if child(node, key)}
    faults += (Fault(find(node, path).place, text) for path, text in resource_rules(form, said))
    faults += extras_faults(child(node, "extras"))
    ways = ways_of(form, said)
    if len(ways) != 1:
        return [], faults
    return _Entry(node, form, files, faults).resources(ways[0]), faults


def _as_path(node: Node) -> str:
    return f"; for a file write `path: {node.value}`" if isinstance(node.value, str) else ""


class _Entry:
    """One entry being read; what is wrong with it is added to `faults`."""

    def __init__(self, node: Node, form: ResourceForm, files: Files, faults: list[Fault]) -> None:
        self._node = node
        self._form = form
        self._files = files
        self._faults = faults
        # With a fault the resources are not used, and faulty extras cannot be read.
        self._extras = None if faults else read_extras(child(node, "extras"))

    def _fault(self, key: str, sentence: str) -> None:
        self._faults.append(Fault(find(self._node, (key,)).place, sentence))

    def resources(self, way: str) -> list[ResourceSpec]:
        """The resources of an entry that is given in this one way; none when it is faulty."""
        form = self._form
        match way:
            case "path" | "glob":
                return self._files_named()
            case "url":
                return [] if form.url is None else self._fetched(form.url)
            case "link":
                return [] if form.link is None else [self._link(form.link)]
            case _:
                key = form.key or form.id
                source = ExistingSource(host=way == "host")
                return [] if key is None else [self._spec(source, key, form.title, "")]

    def _link(self, link: str) -> ResourceSpec:
        name, _, host = named(link)
        return self._spec(LinkSource(link), self._form.key or link, self._form.title, name or host)

    def _fetched(self, url: str) -> list[ResourceSpec]:
        title, key = self._template("title"), self._template("key")
        if title and "mtime" in title.fields:
            self._fault("title", "in 'title', {mtime} is for files: an address does not tell it")
            return []
        source = UrlSource(url, self._form.max_size, html=self._form.expect == "html")
        name, folder, host = named(url)
        if has_pattern(url):  # the names come when it is looked up: templates they stay
            return [self._spec(source, self._form.key or redacted(url), self._form.title, "")]
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
        found = self._found()
        specs: list[ResourceSpec] = []
        for index, file in enumerate(found, 1):
            folder, name = split(normpath(file.path))
            facts = FileFacts(name, basename(folder), index, file.mtime)
            specs.append(
                self._spec(
                    FileSource(file.path, file.shown),
                    self._render("key", key, facts) or file.key,
                    self._render("title", title, facts),
                    name,
                )
            )
        if len(specs) > 1:
            self._check_many(specs)
        return specs

    def _found(self) -> list[Found]:
        form = self._form
        way = "glob" if form.path is None else "path"
        written = form.glob if form.path is None else form.path
        if written is None:
            return []
        try:
            if way == "path":
                return [self._files.path(written)]
            found, sentences = self._files.glob(written, form.exclude or ())
        except Unusable as error:
            if not (error.missing and form.optional):
                self._fault(way, str(error))
            return []
        for sentence in sentences:
            self._fault(way, sentence)
        return found

    def _template(self, field: str) -> Template | None:
        text = self._form.title if field == "title" else self._form.key
        if text is None:
            return None
        try:
            template = Template(text)
        except TemplateFault as error:
            self._fault(field, f"in '{field}', {error}")
            return None
        if field == "key" and template.fields & {"index", "mtime"}:
            self._fault(
                "key",
                "a key stays the same from run to run: {index} and {mtime} cannot be part of it",
            )
            return None
        return template

    def _render(self, field: str, template: Template | None, facts: FileFacts) -> str | None:
        if template is None:
            return None
        try:
            text = template.render(facts).strip()
        except TemplateFault as error:
            self._fault(field, f"in '{field}', {error}: {facts.name}")
            return None
        if not text:
            self._fault(field, f"'{field}' comes out empty for the file {facts.name}")
        if field == "title" and len(text) > TITLE_LIMIT:
            self._fault(
                field,
                f"'title' comes out with {len(text)} characters for the file {facts.name}; the "
                f"portal takes {TITLE_LIMIT} at most",
            )
        return text or None

    def _check_many(self, specs: Sequence[ResourceSpec]) -> None:
        if self._form.id is not None:
            self._fault("id", f"one 'id' cannot be that of the {len(specs)} files that match")
        if self._form.key is None:
            return
        first: dict[str, str] = {}
        for spec in specs:
            other = first.setdefault(spec.key, spec.source.shown)
            if other != spec.source.shown:
                self._fault(
                    "key",
                    f"'key' gives '{spec.key}' to both {other} and {spec.source.shown}: tell them "
                    "apart by {name}, {stem} or {parent}, or take the key away",
                )
                return

    def _spec(
        self, source: Source, key: str, title: str | None, default_title: str
    ) -> ResourceSpec:
        form = self._form
        schema, guard = form.schema_, form.guard
        return ResourceSpec(
            key=key,
            source=source,
            metadata=ResourceMetadata(
                title=title,
                description=form.description,
                type=form.type,
                schema=ContentSchema(schema.name, schema.version, schema.url) if schema else None,
                format=form.format,
                mime=form.mime,
                extras=self._extras,
            ),
            default_title=default_title,
            id=form.id,
            guard=Guard(guard.empty == "refuse", guard.shrink) if guard else Guard(),
            checks=tuple(dict.fromkeys(form.check or ())),
            place=self._node.place,
        )
