"""What a manifest may say of a dataset as a whole: `state` and `publish`."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.core.model import DatasetMetadata, DatasetSpec, State
from tests.manifests import Loaded, ManifestWriter, load_text, parse

OWN = {"key": "a", "title": "T", "description": "D", "organization": "o"}


def said(**more: Any) -> Loaded:
    return parse({"datasets": [{**OWN, **more}]})


def spec(**more: Any) -> DatasetSpec:
    loaded = said(**more)
    assert loaded.problems == ()
    return loaded.datasets[0]


@pytest.mark.parametrize(
    ("state", "private", "archived"),
    [
        (None, None, None),
        ("present", False, False),
        ("draft", True, False),
        ("archived", None, True),
    ],
)
def test_a_state_says_what_is_private_and_archived(
    *, state: str | None, private: bool | None, archived: bool | None
) -> None:
    metadata = spec(state=state).metadata
    assert (metadata.private, metadata.archived) == (private, archived)


def test_what_is_to_be_absent_needs_no_more_than_key_and_owner(
    schema_faults: Callable[[Any], list[str]],
) -> None:
    document = {
        "organization": "o",
        "defaults": {"license": "lov2", "publish": "when-complete"},
        "datasets": [{"key": "a", "state": "absent"}, {"id": "i", "state": "absent"}],
    }
    loaded = parse(document)
    assert loaded.problems == ()
    assert schema_faults(document) == []
    for each in loaded.datasets:
        assert (each.state, each.metadata) == (State.ABSENT, DatasetMetadata())


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"state": "absent", "resources": [{"link": "https://x.example/"}]},
            "has no 'resources': all it has is deleted with it",
        ),
        ({"state": "absent", "key": None}, "no dataset is deleted for its title"),
        ({"state": "gone"}, "cannot be 'gone'; it is one of absent, present, draft, archived"),
        ({"state": "abscent"}, "did you mean 'absent'?"),
        ({"state": "present", "private": True}, "'private: true' contradicts 'state: present'"),
        ({"state": "draft", "private": False}, "'private: false' contradicts 'state: draft'"),
        ({"state": "archived", "archived": False}, "contradicts 'state: archived'"),
        ({"state": "draft", "publish": "when-complete"}, "wants it private: take one away"),
        ({"private": True, "publish": "when-complete"}, "wants it private: take one away"),
        ({"publish": "later"}, "cannot be 'later'; it is one of at-once, when-complete"),
    ],
    ids=str,
)
def test_what_does_not_go_together(more: dict[str, Any], sentence: str) -> None:
    (problem,) = said(**more).problems
    assert sentence in problem.message


def test_a_state_takes_away_what_defaults_say_of_its_parts() -> None:
    defaults = {"private": True, "archived": True}
    loaded = parse({"defaults": defaults, "datasets": [{**OWN, "state": "present"}]})
    assert loaded.problems == ()
    assert loaded.datasets[0].metadata.private is False


def test_no_state_is_a_default() -> None:
    (problem,) = parse({"defaults": {"state": "absent"}, "datasets": [OWN]}).problems
    assert "'state' cannot be a default" in problem.message


def test_what_is_said_is_written_again() -> None:
    for more in ({"state": "draft"}, {"publish": "when-complete"}, {"state": "archived"}):
        wanted = spec(**more)
        out = io.StringIO()
        writer = ManifestWriter(out)
        writer.header()
        writer.dataset(wanted)
        again = load_text(out.getvalue(), "/", "m.yaml").datasets[0]
        assert (again.state, again.when_complete) == (wanted.state, wanted.when_complete)
        assert again.metadata == wanted.metadata
