"""The list of schemes is whole: each has what fetches it, what it needs, and a word in the docs."""

import inspect
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.addresses import address_fault
from bulkpub.core.schemes import SCHEMES, Scheme
from bulkpub.sources.fetch import Fetcher, SourceKind
from bulkpub.sources.remote import RemoteFiles
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

ROOT = Path(__file__).parents[2]
EVERY = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))


def _arguments(method: Any) -> list[str]:
    return list(inspect.signature(method).parameters)


def _kind(scheme: Scheme) -> Any:
    module, _, name = scheme.fetched_by.partition(":")
    return getattr(import_module(module), name)


@EVERY
def test_every_scheme_has_what_fetches_it(scheme: Scheme, the_web: Web, spool: Spool) -> None:
    kind = _kind(scheme)
    kind(Fetcher(the_web, spool))  # it is made with the fetcher alone
    for name in ("fetched", "look", "expand"):
        wanted, found = getattr(SourceKind, name), getattr(kind, name)
        assert list(inspect.signature(found).parameters) == list(
            inspect.signature(wanted).parameters
        )


@EVERY
def test_an_address_of_every_scheme_can_be_written(scheme: Scheme) -> None:
    inner = "::https://host.example/archive.zip" if scheme.is_archive else ""
    assert address_fault(f"{scheme.name}://host/folder/file.csv{inner}") == ""
    assert address_fault(f"{scheme.name}://") != ""


@EVERY
def test_what_a_scheme_needs_comes_with_the_extra(scheme: Scheme) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    installed = {re.split(r"\W", each)[0] for each in extras["remote"]}
    assert {scheme.package} - {""} <= installed
    assert (_kind(scheme) is RemoteFiles) == bool(scheme.package)


@EVERY
@pytest.mark.parametrize("page", ["manifest.md", "manifest.schema.json"])
def test_every_scheme_is_in_the_reference(scheme: Scheme, page: str) -> None:
    text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    assert re.search(rf"\b{scheme.name}\b", text)
