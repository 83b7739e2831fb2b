"""Spreadsheets as manifests: .xlsx and .ods, as people keep them, and as nobody should."""

import io
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import DatasetSpec, FileSource, UrlSource
from bulkpub.manifest import workbook
from bulkpub.manifest.workbook import WorkbookFault, read_workbook
from tests.manifests import Loaded
from tests.sheets import Rows, ods, ods_of, xlsx, xlsx_with

Write = Callable[..., Path]
Read = Callable[..., Loaded]

HEAD = (
    "Titre du jeu", "Description", "Organisation", "Licence", "Fréquence", "Mots-clés", "Privé",
    "Début", "Fichier", "Titre",
)  # fmt: skip
VELOS = (
    "Comptages vélo", "Passages par heure.", "ville", "Licence Ouverte 2.0", "annuelle",
    "velo; mobilité", True, date(2024, 1, 31), "donnees/2024.csv", 2024,
)  # fmt: skip
KINDS = {"m.xlsx": xlsx, "m.ods": ods}


def told(loaded: Loaded) -> list[str]:
    return [f"{each.at.rpartition('/')[2]}: {each.message}" for each in loaded.problems]


def warned(loaded: Loaded) -> list[str]:
    return [f"{each.at.rpartition('/')[2]}: {each.message}" for each in loaded.warnings]


@pytest.mark.parametrize("name", KINDS)
def test_a_sheet_is_a_manifest_and_its_cells_have_their_types(
    name: str, read: Read, write: Write
) -> None:
    write("donnees/2024.csv")
    loaded = read(KINDS[name]({"Fichiers": [HEAD, VELOS]}), name)
    assert told(loaded) == []
    (velos,) = loaded.datasets
    metadata = velos.metadata
    assert (metadata.title, metadata.license, metadata.frequency) == (
        "Comptages vélo",
        "Licence Ouverte 2.0",
        "annual",
    )
    assert (metadata.tags, metadata.private) == (("velo", "mobilite"), True)
    assert metadata.temporal_coverage is not None
    assert metadata.temporal_coverage.start == date(2024, 1, 31)
    (resource,) = velos.resources
    assert isinstance(resource.source, FileSource)
    assert resource.metadata.title == "2024"


@pytest.mark.parametrize("name", KINDS)
def test_what_people_put_around_a_table_does_not_count(name: str, read: Read, write: Write) -> None:
    """A title above, empty rows and columns, spaces, a backslash, a column of remarks."""
    write("donnees/été 2024.csv")
    rows: Rows = [
        ("Catalogue des données ouvertes",),
        (),
        (None, " Titre du jeu ", "DESCRIPTION", "Organisation", "Fichier", "Remarques", "# vu"),
        (),
        (None, "Vélos\u00a0", " Passages. ", "ville", " donnees\\été 2024.csv ", "à revoir", "x"),
    ]
    loaded = read(KINDS[name]({"Fichiers": rows}), name)
    assert told(loaded) == []
    (velos,) = loaded.datasets
    assert (velos.key, velos.metadata.title, velos.place.line) == ("velos", "Vélos", 5)
    assert velos.resources[0].key == "donnees/été 2024.csv"
    assert warned(loaded) == [
        (
            f"{name}:3:6: the column 'Remarques' says nothing that is known, and is left out; "
            "called '#Remarques' it would be so without a word"
        )
    ]


@pytest.mark.parametrize("name", [*KINDS, "m.csv"])
def test_what_holds_for_all_rows_stands_above_the_columns(
    name: str, read: Read, write: Write
) -> None:
    write("a.csv")
    rows: Rows = [
        ("Données de la ville",),
        ("Portail", "demo"),
        ("Organisation :", "ville"),
        ("Licence", "lov2"),
        ("Frequency", "mensuelle"),
        ("Mis à jour le", "3 mars"),
        (),
        ("dataset", "dataset_title", "description", "path", "license"),
        ("a", "A", "Un.", "a.csv"),
        ("b", "B", "Deux.", "a.csv", "odc-odbl"),
    ]
    text = "\r\n".join(";".join(row) for row in rows).encode("cp1252")
    loaded = read(text if name == "m.csv" else KINDS[name]({"F": rows}), name)
    assert told(loaded) == []
    assert loaded.portal == "demo"
    assert [(each.organization, each.metadata.license) for each in loaded.datasets] == [
        ("ville", "lov2"),
        ("ville", "odc-odbl"),
    ]
    assert {each.metadata.frequency for each in loaded.datasets} == {"monthly"}
    assert warned(loaded) == []


def test_what_is_wrong_above_the_columns_is_told_there(read: Read) -> None:
    rows: Rows = [
        ("Organisatoin", "ville"),
        ("Licence", "lov2"),
        ("License", "fr-lo"),
        ("frequency", "parfois"),
        ("dataset", "dataset_title"),
        ("a", "A"),
    ]
    loaded = read(xlsx({"F": rows}), "m.xlsx")
    assert "m.xlsx:3:1: 'license' is already said, at" in told(loaded)[0]
    assert warned(loaded) == [
        (
            "m.xlsx:1:1: 'Organisatoin' says nothing that is known, and is left out (did you mean "
            "'organization'?)"
        )
    ]
    loaded = read(xlsx({"F": rows[3:]}), "m.xlsx")
    assert "m.xlsx:1:2: 'frequency' cannot be 'parfois'" in told(loaded)[0]


def test_a_row_is_a_dataset_where_only_titles_tell(read: Read, write: Write) -> None:
    write("a.csv")
    rows: Rows = [
        ("Titre", "Description", "Organisation", "Fichier"),
        ("Vélos", "Passages.", "ville", "a.csv"),
        ("Parcs", "Jardins.", "ville", "https://example.org/parcs.csv"),
    ]
    loaded = read(xlsx({"F": rows}), "m.xlsx")
    assert told(loaded) == []
    assert [each.metadata.title for each in loaded.datasets] == ["Vélos", "Parcs"]
    assert loaded.datasets[1].resources[0].source == UrlSource("https://example.org/parcs.csv")
    (warning,) = warned(loaded)
    assert warning.startswith("m.xlsx:1:1: no column says of which dataset a row is: each title")


def test_cells_that_are_merged_hold_for_the_rows_below(read: Read, write: Write) -> None:
    """Of merged cells the first has the text: an empty one belongs to the dataset above."""
    write("a.csv")
    write("b.csv")
    head = ("Titre du jeu", "Description", "Organisation", "Fichier")
    rows = [head, ("Vélos", "Passages.", "ville", "a.csv"), (None, None, None, "b.csv")]
    (velos,) = read(xlsx({"F": rows}), "m.xlsx").datasets
    assert len(velos.resources) == 2


# --- several sheets -------------------------------------------------------------------------


def sheet_of(title: str) -> Rows:
    return [("dataset_title", "description", "organization"), (title, "D", "o")]


@pytest.mark.parametrize("name", KINDS)
def test_every_sheet_that_names_columns_is_read(name: str, read: Read) -> None:
    sheets: dict[str, Rows] = {
        "Aide": [("Une ligne par fichier.",), ("Les titres sont libres.",)],
        "Voirie": sheet_of("Vélos"),
        "Budget": [("Poste", "Montant"), ("Voirie", 12)],
        "Parcs": [*sheet_of("Parcs"), (None, "sans titre", None)],
        "Eau": [("dataset_title", "titel"), ("Eau", "x")],
    }
    loaded = read(KINDS[name](sheets), name)
    assert [each.metadata.title for each in loaded.datasets] == ["Vélos"]
    assert [each.split(": ")[0] for each in told(loaded)] == [
        f"{name} [Parcs]:3:2",
    ]
    assert warned(loaded) == [
        f"{name}: the sheet 'Budget' has no row that names columns, and is left out",
        f"{name}: the sheet 'Eau' has no row that names columns, and is left out",
    ]


def test_a_hidden_sheet_is_told(read: Read) -> None:
    sheets = {"F": sheet_of("Vélos"), "Vieux": sheet_of("Parcs"), "Listes": [("lov2",), ("fr-lo",)]}
    loaded = read(xlsx(sheets, hidden=["Vieux", "Listes"]), "m.xlsx")
    assert [each.metadata.title for each in loaded.datasets] == ["Vélos"]
    assert warned(loaded) == ["m.xlsx: the sheet 'Vieux' is hidden, and is left out"]


def test_a_dataset_in_two_sheets_is_a_problem(read: Read) -> None:
    loaded = read(xlsx({"A": sheet_of("Vélos"), "B": sheet_of("Vélos")}), "m.xlsx")
    (problem,) = told(loaded)
    assert problem.startswith("m.xlsx [B]:2:1: the key 'velos' is already that of the dataset at")


# --- cells without a value ------------------------------------------------------------------


def test_a_cell_with_an_error_is_told_and_never_empty(read: Read) -> None:
    content = xlsx_with(
        "xl/worksheets/sheet1.xml",
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>dataset_id</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>license</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>#note</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c><c r="B2" t="e"><f>A9</f>'
        '<v>#REF!</v></c><c r="C2" t="e"><v>#REF!</v></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>y</t></is></c><c r="B3"><f>A2</f></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>z</t></is></c>'
        '<c r="B4" t="str"><f>A2</f><v></v></c></row>'
        "</sheetData></worksheet>",
    )
    loaded = read(content, "m.xlsx")
    assert told(loaded) == [
        "m.xlsx:2:2: this cell has the error #REF! in place of a value",
        (
            "m.xlsx:3:2: this formula has no result in the file: open it in a spreadsheet program, "
            "save it, and try again"
        ),
    ]
    assert [each.id for each in loaded.datasets] == ["z"]


def test_so_it_is_in_open_document(read: Read) -> None:
    def cell(text: str, more: str = 'office:value-type="string"') -> str:
        shown = f"<text:p>{text}</text:p>" if text else ""
        return f"<table:table-cell {more}>{shown}</table:table-cell>"

    rows = [
        cell("dataset_id") + cell("license"),
        cell("x") + cell("#REF!", 'table:formula="of:=A9" office:value-type="string"'),
        cell("y") + cell("", 'table:formula="of:=A2"'),
    ]
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    loaded = read(ods_of(f'<table:table table:name="F">{lines}</table:table>'), "m.ods")
    assert [each.split(":", 3)[1:3] for each in told(loaded)] == [["2", "2"], ["3", "2"]]


# --- files that are sent to do harm ---------------------------------------------------------

FAR = '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>{}</sheetData></worksheet>'


def ods_rows(row: str) -> bytes:
    return ods_of(f'<table:table table:name="F">{row}</table:table>')


CELL = '<table:table-cell office:value-type="string" {}><text:p>x</text:p></table:table-cell>'
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "cells far apart": (
        lambda: xlsx_with(
            "xl/worksheets/sheet1.xml",
            FAR.format('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        ),
        "a sheet of this spreadsheet reaches to row 1048576 and column 16384, too far to be read",
    ),
    "a row far down": (
        lambda: xlsx_with(
            "xl/worksheets/sheet1.xml",
            FAR.format('<row r="4000000000"><c><v>1</v></c></row>'),
        ),
        "a sheet of this spreadsheet reaches to row 4000000000",
    ),
    "a part under another name": (
        lambda: xlsx_with("docProps/core.xml", FAR.format('<row><c r="xfd9999999"><v/></c></row>')),
        "a sheet of this spreadsheet reaches to row 9999999",
    ),
    "cells that are repeated": (
        lambda: ods_rows(
            '<table:table-row table:number-rows-repeated="1000000">'
            f"{CELL.format('table:number-columns-repeated=' + chr(34) + '9000' + chr(34))}"
            "</table:table-row>"
        ),
        "a sheet of this spreadsheet reaches to row 1000000 and column 9000",
    ),
    "entities": (
        lambda: xlsx_with(
            "xl/sharedStrings.xml",
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>',
        ),
        "this spreadsheet declares entities",
    ),
    "no xml": (lambda: xlsx_with("xl/workbook.xml", "<a><b></a>"), "what is in it is no XML"),
    "no zip": (lambda: b"PK\x03\x04zzz", "this is no spreadsheet, or a damaged one"),
    "a text": (lambda: b"a;b\n", "this is no spreadsheet, or a damaged one"),
    "another zip": (lambda: zipped({"a.txt": b"x"}), "this spreadsheet is damaged"),
    "nothing": (lambda: b"", "this is no spreadsheet, or a damaged one"),
    "too many sheets": (
        lambda: xlsx({f"S{number}": [("a",)] for number in range(101)}),
        "this spreadsheet has more than 100 sheets",
    ),
}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", ["m.xlsx", "m.ods"])
def test_a_file_that_would_do_harm_is_told(what: str, name: str, read: Read) -> None:
    make, sentence = HOSTILE[what]
    loaded = read(make(), name)
    assert sentence in told(loaded)[0]


def test_a_bomb_is_not_unpacked_whatever_size_it_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "UNPACKED", 1_000_000)
    bomb = bytearray(zipped({"xl/sharedStrings.xml": b" " * 3_000_000}))
    with pytest.raises(WorkbookFault, match="unpacks to more than 1000000 bytes"):
        read_workbook(bytes(bomb))
    size = (3_000_000).to_bytes(4, "little")
    with pytest.raises(WorkbookFault, match="unpacks to more than 1000000 bytes"):
        read_workbook(bytes(bomb.replace(size, (10).to_bytes(4, "little"))))
    monkeypatch.setattr(workbook, "LARGEST", 10)
    with pytest.raises(WorkbookFault, match="has more than 10 bytes"):
        read_workbook(bytes(bomb))


SOUND = (xlsx({"A": [HEAD, VELOS], "B": [HEAD]}), ods({"A": [HEAD, VELOS], "B": [HEAD]}))
ODD = (b'"-1"', b'"0"', b'"A0"', b'""', b'"e"', b'"d"', b'"ZZZZZZZ1"', b'"%s"' % (b"9" * 5000))


@given(st.sampled_from(SOUND), st.randoms(use_true_random=False))
def test_whatever_happened_to_a_spreadsheet_it_is_read_or_told(content: bytes, any_: Any) -> None:
    """A byte of the file, or a word of one of its parts, is another one."""
    if any_.random() < 0.3:
        at = any_.randrange(len(content))
        changed = content[:at] + bytes([any_.randrange(256)]) + content[at + 1 :]
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        name = any_.choice([name for name, part in parts.items() if b'"' in part])
        word = any_.choice(list(re.finditer(rb'"[^"<>]*"', parts[name])))
        odd = any_.choice(ODD)
        parts[name] = parts[name][: word.start()] + odd + parts[name][word.end() :]
        changed = zipped(parts)
    with suppress(WorkbookFault):
        for sheet in read_workbook(changed):
            assert all(isinstance(text, str) for row in sheet.rows for text in row)


def test_a_million_empty_rows_cost_nothing(read: Read) -> None:
    """Programs keep the look of rows that nobody wrote in."""
    empty = "".join(f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(2, 50))
    last = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    content = xlsx_with(
        "xl/worksheets/sheet1.xml",
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>dataset_id</t></is></c><c r="B1" t="inlineStr">'
        f"<is><t>license</t></is></c></row>{empty}{last}</sheetData></worksheet>",
    )
    assert told(read(content, "m.xlsx")) == ["m.xlsx:1:1: there is no dataset after the first line"]


def test_without_the_package_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (problem,) = told(read(xlsx({"F": sheet_of("A")}), "m.xlsx"))
    assert problem == (
        "m.xlsx: reading spreadsheets needs one more package: pip install 'bulkpub[spreadsheets]' "
        "(or save the sheet as CSV, and name that)"
    )


# --- CSV is read likewise -------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("first", ["", "sep=;\r\n", "Données, de la ville\r\n\r\n", "Été;;\r\n"])
def test_french_excel_is_understood(encoding: str, first: str, read: Read, write: Write) -> None:
    write("donnees/a.csv")
    head = "Titre du jeu;Description;Organisation;Fichier;Début;Prochaine mise à jour;Archivé"
    row = "Vélos, été;Passages, par heure;ville;donnees\\a.csv;01/2026;31/01/2027;FAUX"
    loaded = read(f"{first}{head}\r\n;;;;;;\r\n{row}\r\n".encode(encoding), "liste.csv")
    assert told(loaded) == []
    (velos,) = loaded.datasets
    assert velos.metadata.title == "Vélos, été"
    assert (velos.metadata.next_update, velos.metadata.archived) == (date(2027, 1, 31), False)


# --- accents --------------------------------------------------------------------------------


@pytest.mark.parametrize(("there", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("name", ["m.csv", "m.yaml"])
def test_a_file_is_found_however_its_accents_are_written(
    there: Any, written: Any, name: str, read: Read, write: Write
) -> None:
    """A list from Windows has é as one character, a folder from a Mac as two."""
    write(unicodedata.normalize(there, "données/été.csv"))
    path = unicodedata.normalize(written, "données/été.csv")
    text = {
        "m.csv": f"dataset_id,path\nx,{path}\n",
        "m.yaml": f"datasets:\n- id: x\n  resources:\n  - path: {path}\n",
    }[name]
    loaded = read(text, name)
    assert told(loaded) == []
    (x,) = loaded.datasets
    assert isinstance(x, DatasetSpec)
    (resource,) = x.resources
    assert isinstance(resource.source, FileSource)
    assert Path(resource.source.path).is_file()
