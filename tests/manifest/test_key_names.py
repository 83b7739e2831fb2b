"""The variables that manifests name for API keys: names, never keys, and no other program's."""

from pathlib import Path
from typing import Any

import pytest

from tests.manifests import json_schema, load, parse

BASE = {"datasets": [{"id": "a"}]}


def test_what_a_manifest_names() -> None:
    organizations = {"ville": {"key_env": "OTA_ENGINE_DATAGOUV_API_KEY"}, "autre": {}}
    loaded = parse({**BASE, "key_env": "BULKPUB_API_KEY_A", "organizations": organizations})
    assert loaded.problems == ()
    assert loaded.keys.top is not None
    assert loaded.keys.top.variable == "BULKPUB_API_KEY_A"
    named = {name: each.variable for name, each in loaded.keys.organizations.items()}
    assert named == {"ville": "OTA_ENGINE_DATAGOUV_API_KEY"}
    assert parse(BASE).keys.top is None


@pytest.mark.parametrize(
    "written",
    [
        "AWS_SECRET_ACCESS_KEY",
        "PATH",
        "NPM_TOKEN",
        "bulkpub_key",
        "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.BULKPUB",
        "BULKPUB KEY",
        "",
        5,
        ["BULKPUB_KEY"],
        {"BULKPUB_KEY": None},
    ],
)
@pytest.mark.parametrize("of", ["top", "organization"])
def test_no_other_secret_can_be_named_and_none_is_repeated(of: str, written: Any) -> None:
    said = {"key_env": written}
    document = {**BASE, **(said if of == "top" else {"organizations": {"ville": said}})}
    (problem,) = parse(document).problems
    assert "must be the name of a variable that holds an API key" in problem.message
    assert str(written) not in problem.message or written == ""


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"organizations": ["ville"]}, "'organizations' must be a mapping"),
        ({"organizations": {"ville": "BULKPUB_KEY"}}, "'ville' of 'organizations' must be a map"),
        ({"organizations": {"ville": {"keyenv": "X"}}}, "unknown key 'keyenv' (did you mean 'key_"),
        ({"key": "secret"}, "'key' belongs in a dataset"),
    ],
)
def test_other_mistakes(said: Any, sentence: str) -> None:
    (problem,) = parse({**BASE, **said}).problems
    assert sentence in problem.message
    assert "secret" not in problem.message


def test_in_one_run_there_is_one_key_for_each(tmp_path: Path) -> None:
    for name, variable in (("a", "BULKPUB_A"), ("b", "BULKPUB_B")):
        (tmp_path / f"{name}.yaml").write_text(
            f"key_env: {variable}\norganizations:\n  ville: {{key_env: {variable}}}\n"
            f"datasets: [{{id: {name}}}]\n"
        )
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    problems = load(paths).problems
    assert [problem.line for problem in problems] == [1, 3]
    for problem, whose in zip(problems, ("this manifest", "the organization 'ville'"), strict=True):
        assert f"{whose} has the key of BULKPUB_B here, and of BULKPUB_A at" in problem.message
    assert load([tmp_path / "a.yaml", tmp_path / "a.yaml"]).keys.top is not None


def test_a_manifest_is_valid_though_no_variable_is_set() -> None:
    assert parse({**BASE, "key_env": "BULKPUB_NOT_SET_ANYWHERE"}).problems == ()


def test_editors_know_the_names_that_will_do() -> None:
    schema = json_schema()
    pattern = schema["properties"]["key_env"]["anyOf"][0]["pattern"]
    assert pattern == "^[A-Z0-9_]*(BULKPUB|DATAGOUV)[A-Z0-9_]*$"
