"""Which datasets and resources patterns choose."""

from typing import Any

import pytest

from bulkpub.core.model import DatasetSpec, FileSource, LinkSource, ResourceSpec
from bulkpub.core.selection import Selection

VELOS = DatasetSpec(
    "velos",
    resources=(
        ResourceSpec("2023", FileSource("/m/data/comptages-2023.csv", "data/comptages-2023.csv")),
        ResourceSpec("2024", FileSource("/m/x.csv", "x.csv", sent_as="comptages-2024.csv")),
        ResourceSpec("api", LinkSource("https://example.org/v1/velos.json?key=1")),
        ResourceSpec("e\u0301te\u0301", FileSource("/m/y.csv", "y.csv")),  # as macOS has it
    ),
)
ALL = {"2023", "2024", "api", "e\u0301te\u0301"}


@pytest.mark.parametrize(
    ("only", "exclude", "taken", "alone"),
    [
        ((), (), ALL, False),
        (("velos",), (), ALL, False),
        (("vel*",), (), ALL, False),
        (("Velos",), (), None, False),
        (("*2024*",), (), None, False),
        (("velos/*",), (), ALL, False),
        (("velos/2024",), (), {"2024"}, True),
        (("*/comptages-*.csv",), (), {"2023", "2024"}, True),
        (("velos/x.csv",), (), {"2024"}, True),
        (("velos/velos.json",), (), {"api"}, True),
        (("velos/été",), (), {"e\u0301te\u0301"}, True),
        (("velos/202[34]", "velos/a?i"), (), {"2023", "2024", "api"}, True),
        (("gares", "velos/api"), (), {"api"}, True),
        (("gares",), (), None, False),
        ((), ("velos",), None, False),
        ((), ("velos/*",), None, False),
        ((), ("velos/api",), ALL - {"api"}, False),
        (("velos",), ("*/*.csv",), {"api"}, False),
        (("velos/*.csv",), ("velos/2023",), {"2024", "e\u0301te\u0301"}, True),
    ],
)
def test_what_patterns_choose(
    *, only: Any, exclude: Any, taken: set[str] | None, alone: bool
) -> None:
    chosen = Selection(only, exclude).of(VELOS)
    if taken is None:
        assert chosen is None
        return
    assert chosen is not None
    assert {each.key for each in chosen.resources} == ALL  # what is left out is named all the same
    assert ALL - chosen.left_out == taken
    assert chosen.files_alone is alone


def test_patterns_that_fit_nothing_are_known() -> None:
    selection = Selection(("velos/2024", "velso", "velos"), ("*/2023", "gone"))
    selection.of(VELOS)
    assert selection.unmet == ["velso", "gone"]


@pytest.mark.parametrize(
    ("only", "exclude", "may"),
    [
        ((), (), True),
        (("a*",), (), True),
        (("b",), (), False),
        (("abc/x.csv",), (), True),
        (("b/x.csv",), (), False),
        ((), ("a*",), False),
        ((), ("abc/x",), True),
    ],
)
def test_whether_a_dataset_may_be_chosen_of_which_only_the_key_is_known(
    *, only: Any, exclude: Any, may: bool
) -> None:
    assert Selection(only, exclude).may_take("abc") is may


def test_a_dataset_without_resources_goes_by_its_key() -> None:
    bare = DatasetSpec("bare")
    assert Selection(("bare",)).of(bare) == bare
    assert Selection(("bare/*",)).of(bare) is None
    assert Selection((), ("other/*",)).of(bare) == bare
