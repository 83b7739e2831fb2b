"""The rules that hold between the keys of one entry of `resources:`."""

from collections.abc import Collection, Iterator

from bulkpub.manifest.resource_form import FOREIGN, WAYS, ResourceForm

__all__ = ["resource_rules", "ways_of"]

_Rule = tuple[tuple[str, ...], str]
"""Where in the entry, and the sentence."""


def ways_of(form: ResourceForm, said: Collection[str]) -> list[str]:
    """How the entry says what it is made of: once, if it is sound.

    `said` are the keys that are written, sound or not. `id` is a way of its own when no
    other is: only what is said of the resource is wanted then.
    """
    ways = [way for way in WAYS if way in said and not (way == "host" and form.host is False)]
    return ways or (["id"] if "id" in said else [])


def resource_rules(form: ResourceForm, said: Collection[str]) -> Iterator[_Rule]:
    """The rules the entry breaks."""
    ways = ways_of(form, said)
    if not ways:
        yield (
            (),
            (
                "a resource needs one of 'path' (a file), 'glob' (many files), 'url' (a file to "
                "fetch) and 'link', or the 'id' of one that is on the portal already"
            ),
        )
    elif len(ways) > 1:
        yield (ways[1],), f"a resource has only one of {' and '.join(map(repr, ways))}"
    if "host" in ways and "id" not in said and "key" not in said:
        yield ("host",), "'host' needs the 'id' or the 'key' of a resource that is on the portal"
    for way in ways:
        for key in FOREIGN[way]:
            if key in said and (sentence := _foreign(key, way)):
                yield (key,), sentence
    schema = form.schema_
    if schema is not None:
        if not (schema.name or schema.url):
            yield ("schema",), "'schema' needs a 'name' or a 'url'"
        elif schema.version and not schema.name:
            yield ("schema", "version"), "'version' of 'schema' needs a 'name'"


def _foreign(key: str, way: str) -> str:
    """Why an entry given by `way` cannot have `key`."""
    match key:
        case "exclude":
            return "'exclude' goes with 'glob' only"
        case "max_size" | "expect":
            return f"'{key}' goes with 'url' only"
        case "format" | "mime":
            return f"'{key}' is for links only: of a file, the portal works it out from the name"
        case "optional":
            return f"'optional' is for files: {_NOT_LOOKED_UP[way]}"
        case _:
            return f"'{key}' is for files: {_NOTHING_SENT[way]}"


_NOT_LOOKED_UP = {
    "url": "an address is looked up only when it is fetched",
    "link": "a link is never looked up",
    "host": "what is on the portal is looked up there",
    "id": "what is on the portal is looked up there",
}
_NOTHING_SENT = {
    "link": "nothing is sent of a link",
    "id": "nothing is sent of a resource that is only described",
}
