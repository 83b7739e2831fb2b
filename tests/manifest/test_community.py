"""What a manifest may say of files beside somebody else's dataset."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.core.model import DatasetMetadata, Prune
from tests.manifests import ManifestWriter, load_text, parse

OWN = {"id": "5d13", "community": True, "resources": [{"link": "https://x.example/a"}]}


def test_nothing_of_a_datasets_own_is_inherited(
    schema_faults: Callable[[Any], list[str]],
) -> None:
    defaults = {"license": "lov2", "extras": {"a": 1}, "publish": "when-complete", "prune": "ours"}
    document = {"organization": "o", "defaults": defaults, "datasets": [OWN]}
    loaded = parse(document)
    assert loaded.problems == ()
    assert schema_faults(document) == []
    (spec,) = loaded.datasets
    assert (spec.community, spec.metadata, spec.organization) == (True, DatasetMetadata(), "o")
    assert (spec.prune, spec.when_complete) == (Prune.OURS, False)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"id": None, "key": "k"}, "'community' needs the 'id' of the dataset"),
        ({"title": "T"}, "'title' is for a dataset of one's own"),
        ({"state": "absent"}, "'state' is for a dataset of one's own"),
        ({"private": True}, "'private' is for a dataset of one's own"),
        ({"prune": "all"}, "'prune' is 'ours' or 'none'"),
        ({"personal": True, "organization": "o"}, "not both"),
    ],
    ids=str,
)
def test_what_does_not_go_together(more: dict[str, Any], sentence: str) -> None:
    (problem,) = parse({"datasets": [{**OWN, **more}]}).problems
    assert sentence in problem.message


def test_it_is_written_again() -> None:
    (spec,) = parse({"organization": "o", "datasets": [OWN]}).datasets
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(organization="o")
    assert writer.dataset(spec) == ()
    (again,) = load_text(out.getvalue(), "/", "m.yaml").datasets
    assert (again.community, again.id, again.organization) == (True, "5d13", "o")
