"""The catalogues: nothing is missing, stale or wrong, and what finds that finds it."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.language import catalogue


def test_all_that_is_said_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogue.check() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "translated", "fault"),
    [
        ("no {a}", "", "not translated"),
        ("no {a}", "pas de {a}", None),
        ("no {a}", "pas de {b}", "other places"),
        ("no {a}", "pas de", "other places"),
        ("no {a:,}", "pas de {a}", "other places"),
        ("no {a!r}", "pas de {a}", "other places"),
        ("no {a}", "pas de {a", "expected '}'"),
        (("{n} file", "{n} files"), ("{n} fichier", "{n} fichiers"), None),
        (("one file", "{n} files"), ("un fichier", "{n} fichiers"), None),
        (("{n} file", "{n} files"), ("{n} fichier", ""), "not translated"),
        (("{n} file", "{n} files"), ("{n} fichier", "{m} fichiers"), "other places"),
    ],
)
def test_faults_of_a_translation(
    said: str | tuple[str, str], translated: str | tuple[str, str], fault: str | None
) -> None:
    french = Catalog(locale="fr", domain="bulkpub")
    french.add(said, translated)
    faults = list(catalogue.faults(french))
    assert bool(faults) == bool(fault)
    assert all(fault in each for each in faults if fault)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say("a {b}", b=1)', [("a {b}",)]),
        ('say("a "\n  "b")', [("a b",)]),
        ('f(say("a", b=say("c")))', [("a",), ("c",)]),
        ('tr_n("a", "b", 3)', [("a", "b")]),
        ('other("a")', []),
    ],
)
def test_templates_are_found(source: str, found: list[tuple[str, ...]]) -> None:
    assert list(catalogue.templates(source)) == found


@pytest.mark.parametrize("source", ['say(f"a {b}")', "say(a)", 'tr_n("a", b, 3)', "say()"])
def test_a_template_that_is_not_literal_is_refused(source: str) -> None:
    with pytest.raises(catalogue.NotLiteral):
        list(catalogue.templates(source))


def test_what_is_missing_or_stale_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    package = tmp_path / "bulkpub"
    package.mkdir()
    (package / "a.py").write_text('say("new")\nsay("kept")\n')
    po = folder / "bulkpub.po"
    po.write_text(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "kept"\nmsgstr "gardé"\n\nmsgid "gone"\nmsgstr "parti"\n'
    )
    for name, value in {
        "TREE": tmp_path,
        "PACKAGE": package,
        "FOLDER": tmp_path / "locale",
    }.items():
        monkeypatch.setattr(catalogue, name, value)
    monkeypatch.setattr(catalogue, "of_help", list)
    assert catalogue.check() == 2
    told = capsys.readouterr().out
    assert "no longer said: 'gone'" in told
    assert "not translated: 'new'" in told
    catalogue.update()
    assert catalogue.check() == 1
    po.write_text(po.read_text().replace('msgid "new"\nmsgstr ""', 'msgid "new"\nmsgstr "neuf"'))
    assert catalogue.check() == 1, "the .mo is of before"
    catalogue.update()
    assert catalogue.check() == 0
