"""What is written can be loaded, and gives what was handed over."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkpub.core.model import (
    Check,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Guard,
    LinkSource,
    Place,
    Prune,
    ResourceMetadata,
    ResourceSpec,
    Source,
    Spatial,
    TemporalCoverage,
    UrlSource,
)
from bulkpub.portals.udata.names import tag_slug
from bulkpub.portals.udata.vocabularies import frequencies, resource_types
from tests.manifests import LinesWriter, Loaded, ManifestWriter, Writer, load

NAMES = (
    "a.csv", "b.csv", " lead.csv", "- dash.csv", "a: b.csv", "{x}.csv", "#1.csv", 'é "q".csv',
    "null.csv", "o'b.csv", "2024-01-01.csv", "d/c.csv", "tab\there.csv", "new\nline.csv",
)  # fmt: skip
WRITERS: dict[str, Callable[..., Writer]] = {"m.yaml": ManifestWriter, "m.jsonl": LinesWriter}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    (folder / "d").mkdir()
    for name in NAMES:
        (folder / name).write_bytes(b"a,b\n")
    return folder


Written = tuple[Loaded, tuple[str, ...], str]


def written(folder: Path, specs: Sequence[DatasetSpec], name: str, **header: Any) -> Written:
    """What loading gives back, the notes, and the text."""
    out = io.StringIO()
    writer = WRITERS[name](out)
    writer.header(**header)
    notes = tuple(note for spec in specs for note in writer.dataset(spec))
    (folder / name).write_text(out.getvalue(), newline="")
    return load([folder / name]), notes, out.getvalue()


def bare(spec: DatasetSpec) -> DatasetSpec:
    """Without places, and without the titles nobody gave, which the loader works out."""
    resources = [replace(each, place=Place(""), default_title="") for each in spec.resources]
    return replace(spec, place=Place(""), resources=tuple(resources))


# --- anything that can be said ------------------------------------------------------------

NASTY = st.sampled_from(
    [
        "yes", "NO", "on", "null", "~", "true", "False", "2024", "01", "1e3", "0x1F", "1_000",
        "2024-01-01", "12:30:00", "a: b", "a #b", "# a", "- a", "? a", "[a", "{a}", "}", "&a", "*a",
        "!a", "|", ">", "%a", "@a", "`a", "'", '"', "a'b\"c\\d", "<<", "=", "---", "...", ":", "a:",
        "a,b", "é\xa0!", "👩‍🚀", "a\nb", "a\n\n  b\n c", "a\n# b", "a\r\nb", "a\tb", "a\n\tb",
        "\x00x", "a\x07b", "\x85a\x85b", "a\u2028b", "\ufeffa", "\u202eabc", "x" * 300, "{{",
        "{name}", "mot " * 80 + "fin", "https://x/", "http:", "a\n" * 40 + "b", "\ue000",
        "\U0010ffff",
    ]
)  # fmt: skip
TEXT = (
    (NASTY | st.text(max_size=60) | st.text(alphabet="ab \n\t:#-'\"{}[]\\,é", max_size=30))
    .map(str.strip)
    .filter(bool)
)
EXTRA = (TEXT | st.text(min_size=1, max_size=8)).filter(
    lambda name: not name.startswith(("$", "bulkpub:")) and "\0" not in name
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(EXTRA, inner, max_size=4),
    max_leaves=8,
)
EXTRAS = st.dictionaries(EXTRA, VALUES, max_size=4)
TAG = st.text(alphabet="abcé0-", min_size=3, max_size=9).map(tag_slug).filter(lambda t: len(t) > 2)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
ADDRESS = st.sampled_from(
    [
        "https://x/", "https://x/a.csv", "https://x/a%20b.csv?c=1&d=#e", "HTTP://x:8080/é",
        "https://x/{a}", "https://x/a,b'c",
    ]
)  # fmt: skip
REMOTE = ADDRESS | st.sampled_from(
    [
        "https://u:pw@x/a.csv", "https://x/a.csv?token=s3cret&id=1", "ftp://u@x/a.csv",
        "s3://bucket/a.csv", "zip://d/a.csv::https://u:pw@x/z.zip",
    ]
)  # fmt: skip


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


TITLE = TEXT.filter(lambda text: len(text) < 170)
SCHEMA = st.builds(
    ContentSchema, TEXT.filter(lambda text: not text.startswith("http")), maybe(TEXT), st.none()
) | st.builds(ContentSchema, st.none(), st.none(), ADDRESS)


@st.composite
def resources(draw: st.DrawFn) -> ResourceSpec:
    identity = draw(maybe(TEXT))
    source: Source = draw(
        st.sampled_from(NAMES).map(lambda name: FileSource("", name))
        | ADDRESS.map(LinkSource)
        | st.builds(UrlSource, REMOTE, maybe(st.integers(1, 10**13)), st.booleans())
        | st.builds(ExistingSource, st.booleans())
    )
    if source == ExistingSource() and identity is None:
        identity = draw(TEXT)
    sent = not isinstance(source, LinkSource) and source != ExistingSource()
    described = isinstance(source, LinkSource) or source == ExistingSource()
    shrink = st.sampled_from([0.0, 0.5, 0.015, 1 / 3, 1.0])
    guard = draw(st.builds(Guard, st.booleans(), maybe(shrink))) if sent else Guard()
    checks = draw(st.lists(st.sampled_from(Check), unique=True).map(tuple)) if sent else ()
    metadata = ResourceMetadata(
        title=draw(maybe(TITLE)),
        description=draw(maybe(TEXT | st.just(""))),
        type=draw(maybe(st.sampled_from(resource_types()))),
        schema=draw(maybe(SCHEMA)),
        format=draw(maybe(TEXT)) if described else None,
        mime=draw(maybe(TEXT)) if described else None,
        extras=draw(maybe(EXTRAS)),
    )
    key = draw(TEXT)
    return ResourceSpec(key, source, metadata, id=identity, guard=guard, checks=checks)


@st.composite
def datasets(draw: st.DrawFn) -> DatasetSpec:
    identity = draw(maybe(TEXT))
    optional: Callable[..., Any] = maybe if identity else lambda strategy: strategy
    start = draw(maybe(st.dates()))
    end = draw(maybe(st.dates(min_value=start))) if start else None
    return DatasetSpec(
        key=draw(TEXT),
        id=identity,
        metadata=DatasetMetadata(
            title=draw(optional(TITLE)),
            description=draw(optional(TEXT)),
            acronym=draw(maybe(TEXT | st.just(""))),
            license=draw(maybe(TEXT)),
            description_short=draw(maybe(st.just("") | TEXT.filter(lambda text: len(text) <= 200))),
            frequency=draw(maybe(st.sampled_from(frequencies()))),
            tags=draw(maybe(st.lists(TAG, unique=True, max_size=3).map(tuple))),
            private=draw(maybe(st.booleans())),
            archived=draw(maybe(st.booleans())),
            temporal_coverage=TemporalCoverage(start, end) if start else None,
            spatial=draw(
                maybe(st.builds(Spatial, WORDS, maybe(TEXT)) | st.builds(Spatial, st.none(), TEXT))
            ),
            contact_points=draw(maybe(WORDS)),
            extras=draw(maybe(EXTRAS)),
        ),
        resources=tuple(
            draw(st.lists(resources(), max_size=4, unique_by=(_key, _identity, _file)))
        ),
        organization=(organization := draw(maybe(TEXT))),
        personal=bool(identity) and organization is None and draw(st.booleans()),
        prune=draw(st.sampled_from(Prune)),
    )


def _key(spec: ResourceSpec) -> str:
    return spec.key


def _identity(spec: ResourceSpec) -> Any:
    return spec.id or object()


def _file(spec: ResourceSpec) -> Any:
    return spec.source.shown if isinstance(spec.source, FileSource) else object()


def _where_they_are(spec: DatasetSpec, folder: Path) -> DatasetSpec:
    found = [
        replace(each, source=FileSource(f"{folder}/{each.source.shown}", each.source.shown))
        if isinstance(each.source, FileSource)
        else each
        for each in spec.resources
    ]
    return replace(spec, resources=tuple(found))


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=settings().max_examples // 5)
@given(data=st.data())
def test_what_is_written_is_what_is_loaded(name: str, data: st.DataObject, folder: Path) -> None:
    specs = data.draw(
        st.lists(datasets(), min_size=1, max_size=3, unique_by=(lambda each: each.key))
        .filter(lambda specs: len({each.id or object() for each in specs}) == len(specs))
    )  # fmt: skip
    specs = [_where_they_are(spec, folder) for spec in specs]
    header = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "organization": TEXT,
                "defaults": st.sampled_from(
                    [{"license": "fr-lo", "tags": ["ville"], "frequency": "daily"},
                     {"personal": True}, {"check": ["csv"]}, {"check": "csv", "private": False}]
                ),
                "comment": TEXT,
            },
        )
    )  # fmt: skip
    loaded, notes, text = written(folder, specs, name, **header)
    assert loaded.problems == (), text
    assert [bare(each) for each in loaded.datasets] == specs
    assert notes == ()


# --- and what cannot ----------------------------------------------------------------------

ANYTHING = st.text(alphabet=st.characters(codec=None), max_size=8) | NASTY | st.just("")
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANYTHING | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANYTHING, inner, max_size=3),
    max_leaves=6,
)
ANY_RESOURCE = st.builds(
    ResourceSpec,
    ANYTHING,
    st.builds(FileSource, st.just(""), st.sampled_from([*NAMES, "\udce9.csv"]))
    | st.builds(LinkSource, ANYTHING | ADDRESS)
    | st.builds(UrlSource, ANYTHING | REMOTE, st.just(0) | st.integers(), st.booleans())
    | st.builds(ExistingSource, st.booleans()),
    st.builds(
        ResourceMetadata,
        maybe(ANYTHING | st.just("{" * 400)),
        maybe(ANYTHING),
        maybe(ANYTHING),
        maybe(st.builds(ContentSchema, maybe(ANYTHING), maybe(ANYTHING), maybe(ANYTHING))),
        maybe(ANYTHING),
        maybe(ANYTHING),
        maybe(st.dictionaries(ANYTHING, ANY_VALUE, max_size=3)),
    ),
    id=maybe(ANYTHING),
    guard=st.builds(Guard, st.booleans(), maybe(st.floats(0, 1))),
    checks=st.lists(st.sampled_from(Check), max_size=3).map(tuple),
)
ANY_DATASET = st.builds(
    DatasetSpec,
    ANYTHING,
    st.builds(
        DatasetMetadata,
        maybe(ANYTHING | st.just("t" * 400)),
        maybe(ANYTHING),
        maybe(ANYTHING),
        maybe(ANYTHING),
        maybe(ANYTHING),
        maybe(st.lists(ANYTHING, max_size=3).map(tuple)),
        temporal_coverage=maybe(st.builds(TemporalCoverage, st.dates(), maybe(st.dates()))),
        spatial=maybe(
            st.builds(Spatial, maybe(st.lists(ANYTHING, max_size=2).map(tuple)), maybe(ANYTHING))
        ),
        extras=maybe(st.dictionaries(ANYTHING, ANY_VALUE, max_size=3)),
    ),
    st.lists(ANY_RESOURCE, max_size=4).map(tuple),
    maybe(ANYTHING),
    maybe(ANYTHING),
)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=settings().max_examples // 5)
@given(specs=st.lists(ANY_DATASET, min_size=1, max_size=3))
def test_whatever_is_handed_over_what_is_written_can_be_loaded(
    name: str, specs: list[DatasetSpec], folder: Path
) -> None:
    loaded, _, text = written(folder, specs, name)
    assert loaded.problems == (), text
    assert loaded.datasets
