"""That a cluster seems to be asked for is seen before anything of a command is loaded."""

import pytest

from bulkpub.cli.environment import ENGINE, ENGINE_VARIABLE, OWN_CLUSTER, WORKING, cluster_wished
from bulkpub.engine.choice import Kind
from bulkpub.session.options import OPTIONS

ASKED = {"BULKPUB_ENGINE": "dask"}


@pytest.mark.parametrize(
    ("words", "environment", "wished"),
    [
        ("run m.yaml", {}, False),
        ("run m.yaml --engine dask", {}, True),
        ("run m.yaml --engine=dask --workers 4", {}, True),
        ("run --engine local m.yaml", ASKED, False),
        ("run m.yaml", ASKED, True),
        ("run m.yaml --engine dask://host:8786", {}, False),
        ("run m.yaml --engine", {}, False),
        ("run m.yaml --engine local --engine dask", {}, True),
        ("", ASKED, False),
        ("--version", ASKED, False),
        ("history", ASKED, False),
    ],
)
def test_the_last_word_on_it_counts(
    *, words: str, environment: dict[str, str], wished: bool
) -> None:
    assert cluster_wished(words.split(), environment) is wished


def test_it_goes_by_what_the_option_is() -> None:
    (option,) = (each for each in OPTIONS if each.name == "engine")
    assert (option.flag, option.variable, frozenset(option.commands)) == (
        ENGINE,
        ENGINE_VARIABLE,
        WORKING,
    )
    assert OWN_CLUSTER == Kind.DASK
