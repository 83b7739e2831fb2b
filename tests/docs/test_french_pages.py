"""The French pages stay beside the English ones: whoever changes one is told of the other."""

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.test_documented_commands import FENCE, INLINE, LINK, command_lines

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
IN_FRENCH = {
    ROOT / "README.fr.md": ROOT / "README.md",
    **{page: DOCS / page.relative_to(DOCS / "fr") for page in sorted((DOCS / "fr").rglob("*.md"))},
}
"""Each French page and its original: `docs/fr/NAME` is `docs/NAME`."""

FOR_THE_FRENCH = {"--headers en": "--headers fr", " list.xlsx": " liste.xlsx", "the key": "la clé"}
"""What a French page may write where the English one has something else."""

PAIRS = pytest.mark.parametrize(
    ("page", "original"),
    IN_FRENCH.items(),
    ids=[str(page.relative_to(ROOT)) for page in IN_FRENCH],
)


def uncommented(text: str) -> str:
    """The lines of a block without their remarks, which are in the language of the page."""
    lines = (re.sub(r"(^|\s+)# .*$", "", line) for line in text.splitlines())
    return "\n".join(line.strip() for line in lines if line.strip())


def french(text: str) -> str:
    """`text` of an English page as its French one has it."""
    for english, written in FOR_THE_FRENCH.items():
        text = text.replace(english, written)
    return text


def blocks(text: str) -> list[tuple[str, str]]:
    """What a page shows: the kind of each block and what is in it, in order."""
    return [(kind, uncommented(block)) for _, kind, block in FENCE.findall(text)]


def commands(page: Path) -> list[list[str]]:
    """The command lines of a page, also those within its sentences, in order."""
    return [shlex.split(french(line), comments=True) for line in command_lines(page)]


def links(page: Path) -> list[str]:
    return LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def prose(text: str) -> str:
    """The sentences of a page, without what is code or an address."""
    return LINK.sub("", INLINE.sub("`", FENCE.sub("", text)))


def loose(text: str) -> list[str]:
    """Signs that a line may break off from their word, straight quotes and three dots."""
    return re.findall(r'« |[ \n][»;?!%]|[ \n]:(?=\s)|"|\.\.\.', text)


def test_there_are_french_pages() -> None:
    assert len(IN_FRENCH) > 5


@PAIRS
def test_a_french_page_and_its_original_name_each_other(page: Path, original: Path) -> None:
    assert original.exists()
    for here, there in ((page, original), (original, page)):
        assert there in {(here.parent / link).resolve() for link in links(here)}


@PAIRS
def test_a_french_page_shows_what_its_original_shows(page: Path, original: Path) -> None:
    told = f"{original.relative_to(ROOT)} has changed: {page.relative_to(ROOT)} is to follow"
    assert blocks(page.read_text(encoding="utf-8")) == blocks(
        french(original.read_text(encoding="utf-8"))
    ), told
    assert commands(page) == commands(original), told


@PAIRS
def test_a_french_page_has_the_headings_and_rows_of_its_original(
    page: Path, original: Path
) -> None:
    """So that no section that is added to one is missing in the other."""
    levels, rows = [
        [
            re.findall(sign, FENCE.sub("", each.read_text(encoding="utf-8")), re.MULTILINE)
            for each in (page, original)
        ]
        for sign in (r"^#+(?= )", r"^\|(?= )")
    ]
    assert levels[0] == levels[1]
    assert rows[0] == rows[1]


@PAIRS
def test_a_french_page_leads_to_french_pages(page: Path, original: Path) -> None:
    translated = {english: french for french, english in IN_FRENCH.items()}
    english = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
    assert english & set(translated) <= {original}


@PAIRS
def test_french_is_set_as_french(page: Path, original: Path) -> None:
    assert not loose(prose(page.read_text(encoding="utf-8"))), original


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ceci\u00a0: «\u00a0cela\u00a0»\u202f; n'est-ce pas\u202f?", 0),
        ("Ceci : cela", 1),
        ("Ceci « cela\u00a0»", 1),
        ("Pas ainsi ;\nni\n? ainsi", 2),
        ('Ni "ainsi"', 2),
    ],
)
def test_what_a_line_may_break_is_noticed(text: str, count: int) -> None:
    assert len(loose(text)) == count


def test_what_differs_between_two_pages_is_noticed() -> None:
    assert blocks("```sh\na  # one\n```") == blocks("```sh\na    # un\n```")
    shown = [
        "```sh\na\n```\n```sh\nb\n```",
        "```sh\nb\n```\n```sh\na\n```",
        "```sh\nb\n```",
        "```yaml\ntitle: 'n#1'\n```",
        "```yaml\ntitle: 'n#2'\n```",
    ]
    assert len({tuple(blocks(text)) for text in shown}) == len(shown)
