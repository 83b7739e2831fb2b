"""JSON of any shape in place of any field: a harvest goes on, or says SourceFailed."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import HarvestOptions, Page
from bulkpub.harvest.kinds import Kind, harvester

CATALOGUES = Path(__file__).parent / "catalogues"
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["\ud800", "\x00", '{"fr": 1}', "http://[", "//", "R/P", "{", "a/b", "9" * 5000, "0000"]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["fr", "en", "name", "start", "uri", "@value", "@id", "id", "key", "value"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


class Same:
    """Answers everything with one document."""

    def __init__(self, document: Any) -> None:
        self.content = json.dumps(document).encode()

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept is not None
        return Page(url, self.content, "application/json")


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in the document anything can stand."""
    yield path
    match value:
        case dict():
            children = list(value.items())
        case list():
            children = list(enumerate(value))
        case _:
            children = []
    for name, inner in children:
        yield from paths(inner, (*path, name))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ckan", "ckan_1.json"),
        ("ckan", "ckan_2.json"),
        ("opendatasoft", "opendatasoft.json"),
        ("dcat", "dcat_hub.json"),
        ("dcat", "dcat_udata_1.jsonld"),
    ],
)
@settings(max_examples=settings().max_examples // 2, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_json_of_any_shape_in_place_of_any_field(
    manifest_of: Callable[..., Any], kind: str, name: str, data: st.DataObject
) -> None:
    document = json.loads((CATALOGUES / name).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(document))))
        document = replaced(document, path, data.draw(ANYTHING))
    stream = harvester(Kind(kind))("https://data.example.org/c", Same(document), HarvestOptions())
    try:
        found = [each async for each in stream]
    except SourceFailed:
        return
    loaded = manifest_of(SimpleNamespace(found=found))
    assert [each for each in loaded.problems if "nothing to publish" not in each.message] == []
    assert len(loaded.datasets) == len(found)
