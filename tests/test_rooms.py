"""What a room may speak of: the rooms above the portals know no kind of them by name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "bulkpub"

ROOMS_THAT_KNOW_NO_KIND = (
    *("core", "engine", "harvest", "http", "manifest", "observers", "pipeline", "sources", "state"),
)
"""In these, neither code nor comments speak of udata; what it does is in its `Rules`."""

OF_UDATA = re.compile(
    r"udata|data\.gouv|X-API-KEY|X-Fields|filetype|partindex|totalparts|flask|celery|mongo",
    re.IGNORECASE,
)


@pytest.mark.parametrize("room", ROOMS_THAT_KNOW_NO_KIND)
def test_a_room_that_obeys_rules_names_no_kind_of_portal(room: str) -> None:
    spoken = [
        f"{path.relative_to(ROOT.parent)}:{number}: {line.strip()}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OF_UDATA.search(line)
    ]
    assert spoken == []


OPENING = re.compile(r"""\.open\(["')]|\.read_(bytes|text)\(|(?<![\w.])open\(""")


@pytest.mark.parametrize("room", ["manifest", "harvest"])
def test_what_a_user_names_is_opened_in_one_way(room: str) -> None:
    """`bulkpub.ordinary` waits for no pipe and reads no device; the plain way does."""
    opened = [
        f"{path.relative_to(ROOT.parent)}:{number}: {line.strip()}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OPENING.search(line)
    ]
    assert opened == []


def test_the_words_are_those_that_udata_is_spoken_of_with() -> None:
    spoken = (ROOT / "portals" / "udata" / "calls.py").read_text(encoding="utf-8")
    assert {"udata", "x-fields"} <= {word.lower() for word in OF_UDATA.findall(spoken)}


def test_letters_are_made_plain_at_one_place() -> None:
    """Elsewhere, half of a character in a title would be warned of, to nobody's use."""
    sources = {path: path.read_text("utf-8") for path in ROOT.rglob("*.py")}
    users = {path.name for path, text in sources.items() if "from unidecode" in text}
    assert users == {"letters.py"}
