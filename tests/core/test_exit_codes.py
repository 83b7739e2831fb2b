"""Which error ends a command with which code, and that each code is explained."""

import re
from pathlib import Path

import pytest

from bulkpub import errors
from bulkpub.cli.commands import EXIT_CODES
from bulkpub.core.exit_codes import ExitCode, code_of, joint_code

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exit-codes.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SettingsInvalid("x"), 2),
        (errors.ManifestInvalid([]), 2),
        (errors.NotAPortal("x"), 2),
        (errors.PortalRefuses("x"), 3),
        (errors.StoppedEarly("x"), 4),
        (errors.PortalUnavailable("x"), 4),
        (errors.Uncertain("x"), 4),
        (errors.Interrupted("x"), 130),
        (errors.OutputLost("x"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_code_of_an_error(error: errors.BulkpubError, code: int) -> None:
    assert code_of(error) == code


def test_every_code_is_explained_on_its_page_and_in_the_help() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert list(map(int, rows)) == list(ExitCode)
    assert list(map(int, re.findall(r"\b(\d+) [a-z]", EXIT_CODES))) == list(ExitCode)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([0], 0),
        ([0, 0], 0),
        ([3, 3], 3),
        ([0, 1], 1),
        ([0, 3], 1),
        ([0, 2], 1),
        ([2, 3], 2),
        ([4, 2], 4),
        ([0, 1, 4], 4),
        ([0, 130, 4], 130),
    ],
)
def test_several_portals_have_one_code_that_is_true_of_all(codes: list[int], code: int) -> None:
    assert joint_code(codes) == code
    assert joint_code(reversed(codes)) == code
