"""Manifests written on the spot, and a check that the JSON Schema agrees with the loader."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.manifest.nodes import plain
from bulkpub.manifest.yaml_text import read_yaml
from tests.manifests import Loaded, json_schema, load

Read = Callable[..., Loaded]

SOUND = "organization: o\ndatasets:\n  - title: T\n    description: D\n"
"""The beginning of a sound manifest, to which lines of its one dataset can be added."""


@pytest.fixture(scope="session")
def schema_faults() -> Callable[[Any], list[str]]:
    jsonschema = importlib.import_module("jsonschema")  # it comes without types
    validator = jsonschema.Draft202012Validator(json_schema())
    return lambda document: [error.message for error in validator.iter_errors(document)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, content: str | bytes = "a,b\n") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def read(write: Callable[..., Path], schema_faults: Callable[[Any], list[str]]) -> Read:
    """Loads a manifest given as text; what loads without a problem must fit the schema too."""

    def read(text: str | bytes, name: str = "m.yaml") -> Loaded:
        loaded = load([write(name, text)])
        if name == "m.yaml" and not loaded.problems and isinstance(text, str):
            root = read_yaml(text, name)
            assert root is not None
            assert schema_faults(plain(root)) == []
        return loaded

    return read


@pytest.fixture
def problems(read: Read) -> Callable[..., list[str]]:
    """The problems of a manifest given as text, as `line:column: message`."""

    def problems(text: str | bytes, name: str = "m.yaml") -> list[str]:
        return [f"{each.line}:{each.column}: {each.message}" for each in read(text, name).problems]

    return problems


@pytest.fixture
def one_dataset(problems: Callable[..., list[str]]) -> Callable[[str], list[str]]:
    """The problems of a sound dataset to which one more line is added, without their places."""

    def one_dataset(line: str) -> list[str]:
        text = f"{SOUND}    key: k\n    {line}\n"
        return [each.split(": ", 1)[1] for each in problems(text)]

    return one_dataset


@pytest.fixture
def one_resource(problems: Callable[..., list[str]]) -> Callable[[str], list[str]]:
    """The problems of a dataset with one resource, given as a YAML flow mapping."""

    def one_resource(entry: str) -> list[str]:
        text = f"{SOUND}    resources:\n      - {entry}\n"
        return [each.split(": ", 1)[1] for each in problems(text)]

    return one_resource
