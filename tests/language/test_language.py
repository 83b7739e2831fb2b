"""Sentences: English for machines, in another language for people, whatever they are made of."""

import gettext
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub import language
from bulkpub.core.text import bounded
from bulkpub.errors import DatasetFailed, Problem
from bulkpub.language import after, in_language, joined, put, say, say_n, tr, tr_n, wished

ONE, MANY = "{n:,} file of {name}", "{n:,} files of {name}"


class _French(gettext.NullTranslations):
    known: ClassVar = {
        "no file {path}": "aucun fichier {path}",
        "{what}, see {where}": "{where} : {what}",
        "there": "là-bas",
        "{size:.1f} MB": "{size:.1f} Mo",
        ONE: "{n:,} fichier de {name}",
        MANY: "{n:,} fichiers de {name}",
    }

    def gettext(self, message: str) -> str:
        return self.known.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.known[msgid2 if n > 1 else msgid1]

    def info(self) -> dict[str, str]:
        return {"language": "fr"}


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_now", _French())
    monkeypatch.setattr(language, "languages", lambda: ("en", "fr"))


pytestmark = pytest.mark.usefixtures("french")


def test_a_sentence_is_its_english_text() -> None:
    sentence = say("no file {path}", path="a.csv")
    assert sentence == "no file a.csv"
    assert {str(each): 1 for each in ["no file a.csv"]}[sentence] == 1
    assert orjson.dumps({"reason": sentence}) == b'{"reason":"no file a.csv"}'


def test_it_is_shown_in_the_language_that_is_spoken() -> None:
    sentence = say("no file {path}", path="a.csv")
    assert sentence == "no file a.csv"
    assert in_language(sentence) == "aucun fichier a.csv"
    assert type(in_language(sentence)) is str
    assert in_language("no file {path}") == "no file {path}"


def test_sentences_in_sentences_are_shown_so_too() -> None:
    inner = say("no file {path}", path="a.csv")
    whole = say("{what}, see {where}", what=inner, where=say("there"))
    assert whole == "no file a.csv, see there"
    assert in_language(whole) == "là-bas : aucun fichier a.csv"
    assert in_language(joined("; ", [inner, "x"])) == "aucun fichier a.csv; x"
    assert type(joined("; ", ["x", "y"])) is str


def test_a_sentence_is_put_into_another() -> None:
    whole = put(say("no file {path}", path="{it}"), "{it}", say("there"))
    assert (whole, in_language(whole)) == ("no file there", "aucun fichier là-bas")
    assert put("{it} is", "{it}", "a {it}") == "a {it} is"


def test_what_is_done_to_a_sentence_is_done_in_each_language() -> None:
    long = say("no file {path}", path="a" * 1000)
    cut = after(long, partial(bounded, most=100))
    assert cut == bounded("no file " + "a" * 1000, 100)
    assert in_language(cut) == bounded("aucun fichier " + "a" * 1000, 100)
    assert after("x", str.upper) == "X"


def test_a_count_has_the_form_of_its_language() -> None:
    assert say_n(ONE, MANY, 0, name="a") == "0 files of a"
    assert in_language(say_n(ONE, MANY, 0, name="a")) == "0 fichier de a"
    assert (
        in_language(say_n(ONE, MANY, 1234, name="a"))
        == "1\N{NARROW NO-BREAK SPACE}234 fichiers de a"
    )
    assert tr_n(ONE, MANY, 2, name="b") == "2 fichiers de b"
    assert tr("{size:.1f} MB", size=1.25) == "1,2 Mo"


@pytest.mark.parametrize("carry", [lambda s: s, lambda s: pickle.loads(pickle.dumps(s))])  # noqa: S301
def test_errors_and_problems_keep_their_sentence(carry: Callable[[Any], Any]) -> None:
    sentence = carry(say("{what}, see {where}", what=say_n(ONE, MANY, 3, name="x"), where=1))
    assert in_language(str(DatasetFailed(sentence))) == "1 : 3 fichiers de x"
    assert in_language(carry(DatasetFailed(sentence)).args[0]) == "1 : 3 fichiers de x"
    assert in_language(Problem("f", 1, 2, sentence).message) == "1 : 3 fichiers de x"


@given(st.text(), st.text())
def test_what_fills_a_place_is_no_template(one: str, two: str) -> None:
    assert say("{one} and {two}", one=one, two=two) == f"{one} and {two}"
    assert say("{one!r:>5}|{two:.2}", one=one, two=two) == f"{one!r:>5}|{two:.2}"


def test_values_are_written_when_the_sentence_is_made() -> None:
    many = [1]
    sentence = say(
        "{many} at {moment:%H:%M}", many=many, moment=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    )
    many.append(2)
    assert in_language(sentence) == "[1] at 03:04"


@pytest.mark.parametrize(
    ("names", "language_"),
    [
        ([None, "", "fr_FR.UTF-8"], "fr"),
        (["fr"], "fr"),
        (["fr-CA"], "fr"),
        (["FR"], "fr"),
        (["xx:fr:en"], "fr"),
        (["en:fr"], "en"),
        (["C.UTF-8", "fr_FR"], "en"),
        (["POSIX", "fr_FR"], "en"),
        (["de_DE.UTF-8@euro", "fr"], "en"),
        ([None], "en"),
        ([], "en"),
    ],
)
def test_which_language_is_wished(names: list[str | None], language_: str) -> None:
    assert wished(names) == language_
