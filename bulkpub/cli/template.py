"""A spreadsheet to fill in (.xlsx), for Excel and LibreOffice: its words, and how it looks.

What is written into it is read by `bulkpub.manifest` again: what holds for all files stands
above, one row a file below. A sheet of one column says how.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bulkpub.core.model import DatasetSpec, FileSource
from bulkpub.errors import SettingsInvalid

__all__ = ["NAMES", "workbook"]

Language = Literal["fr", "en"]

NAMES: Mapping[Language, str] = {"fr": "liste.xlsx", "en": "list.xlsx"}
"""What the file is called."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in it in one language: names by key or column, with a note on each."""

    sheet: str
    help_sheet: str
    top: Mapping[str, tuple[str, str]]
    columns: Mapping[str, tuple[str, str, str]]
    frequencies: Sequence[str]
    help: Sequence[str]


_LICENSES = ("lov2", "fr-lo", "odc-odbl", "odc-by", "cc-zero", "cc-by", "cc-by-sa", "notspecified")

_FRENCH = _Words(
    sheet="Fichiers",
    help_sheet="Aide",
    top={
        "portal": ("Portail", "demo pour essayer, www pour data.gouv.fr"),
        "organization": ("Organisation", "comme dans l'adresse de sa page : ville-exemple"),
        "license": ("Licence", "de tous les jeux de données : lov2, fr-lo, odc-odbl…"),
        "frequency": ("Fréquence", "de mise à jour : quotidienne, annuelle, irrégulière…"),
    },
    columns={
        "dataset_title": ("Titre du jeu", ("Ce que l'on cherchera. Vide : le jeu de la ligne "
                          "au-dessus."), "Comptages vélo"),
        "description": ("Description du jeu", "Une fois par jeu : ce que sont ces données.",
                        "Passages de vélos par jour et par compteur."),
        "tags": ("Mots-clés", "Séparés par des virgules.", "vélo, mobilité"),
        "path": ("Fichier", "Le chemin depuis ce tableur, ou une adresse https://…",
                 "donnees/comptages-2024.csv"),
        "title": ("Titre du fichier", "Ce que l'on voit. Vide : le nom du fichier.",
                  "Comptages 2024"),
        "resource_description": ("Description du fichier", "Facultative.", ""),
        "#": ("# Remarques", "Pour vous : rien n'en est publié.", "un exemple, à remplacer"),
    },
    frequencies=("quotidienne", "hebdomadaire", "mensuelle", "trimestrielle", "semestrielle",
                 "annuelle", "ponctuelle", "irrégulière", "inconnue"),
    help=(
        ("Une ligne par fichier. Les colonnes peuvent changer d'ordre, et il peut y en avoir "
        "d'autres : licence, fréquence, début, fin, zones, privé…"),
        "Ce qui est au-dessus des colonnes vaut pour tous les jeux de données.",
        "Ce qui décrit un jeu de données est écrit une fois, sur sa première ligne.",
        "Une colonne dont le nom commence par # n'est pas publiée.",
        "Ensuite : bulkpub validate liste.xlsx, bulkpub plan liste.xlsx, bulkpub run liste.xlsx",
        ("Avant de changer le titre d'un jeu publié, ajoutez une colonne « Clé » avec sa clé, que "
        "le plan montre entre crochets."),
    ),
)  # fmt: skip

_ENGLISH = _Words(
    sheet="Files",
    help_sheet="Help",
    top={
        "portal": ("Portal", "demo for trials, www for data.gouv.fr"),
        "organization": ("Organization", "as in the address of its page: ville-exemple"),
        "license": ("License", "of all datasets: lov2, fr-lo, odc-odbl…"),
        "frequency": ("Frequency", "of updates: daily, annual, irregular…"),
    },
    columns={
        "dataset_title": ("Dataset title", ("What people look for. Empty: the dataset of the row "
                          "above."), "Bicycle counts"),
        "description": ("Description", "Once for each dataset: what these data are.",
                        "Bicycles by day and counter."),
        "tags": ("Tags", "With commas between them.", "bicycle, mobility"),
        "path": ("Path", "The way from this spreadsheet, or an address, https://…",
                 "data/counts-2024.csv"),
        "title": ("Title", "What people see. Empty: the name of the file.", "Counts 2024"),
        "resource_description": ("Resource description", "If there is more to say.", ""),
        "#": ("# Remarks", "For you: nothing of it is published.", "an example, to be replaced"),
    },
    frequencies=("daily", "weekly", "monthly", "quarterly", "semiannual", "annual", "punctual",
                 "irregular", "unknown"),
    help=(
        ("One row a file. The columns may be in any order, and there may be others: license, "
        "frequency, temporal_start, temporal_end, spatial_zones, private…"),
        "What stands above the columns holds for all datasets.",
        "What describes a dataset is written once, in its first row.",
        "A column whose name begins with # is not published.",
        "Then: bulkpub validate list.xlsx, bulkpub plan list.xlsx, bulkpub run list.xlsx",
        ("Before you change the title of a published dataset, add a column 'dataset' with its key, "
        "which the plan shows between brackets."),
    ),
)  # fmt: skip

_WORDS: Mapping[Language, _Words] = {"fr": _FRENCH, "en": _ENGLISH}
_WIDTHS = {"dataset_title": 28, "description": 48, "path": 40, "title": 28}
_ROWS = 5_000
"""Rows that have the look of a table, for what is yet to be written."""


def workbook(datasets: Sequence[DatasetSpec], said: Mapping[str, str], language: Language) -> bytes:
    """The spreadsheet, with a row for each file of the `datasets`, else with an example.

    `said` is what is known of portal, organization, licence and frequency. Raises
    `SettingsInvalid` when the package that writes spreadsheets is missing.
    """
    try:
        import xlsxwriter  # type: ignore[import-untyped] # noqa: PLC0415 - an extra, without types
    except ImportError:
        raise SettingsInvalid(
            "writing a spreadsheet needs one more package: pip install 'bulkpub[spreadsheets]'"
        ) from None
    words, out = _WORDS[language], io.BytesIO()
    # What is written are texts, whatever they begin with: no formulas, no links.
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, plain) as book:
        _fill(book, book.add_worksheet(words.sheet), words, datasets, said)
        helping = book.add_worksheet(words.help_sheet)
        helping.set_column(0, 0, 100, book.add_format({"text_wrap": True, "valign": "top"}))
        helping.write_column(0, 0, words.help)
    return out.getvalue()


def _fill(
    book: Any,  # noqa: ANN401 # it comes without types
    sheet: Any,  # noqa: ANN401 # likewise
    words: _Words,
    datasets: Sequence[DatasetSpec],
    said: Mapping[str, str],
) -> None:
    bold = book.add_format({"bold": True})
    head = book.add_format({"bold": True, "bg_color": "#DDE6F5", "bottom": 1, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    for row, (key, (name, note)) in enumerate(words.top.items()):
        sheet.write(row, 0, name, bold)
        sheet.write_comment(row, 0, note)
        sheet.write(row, 1, said.get(key, ""))
        choices = {"license": _LICENSES, "frequency": words.frequencies}.get(key)
        if choices:
            sheet.data_validation(
                row,
                1,
                row,
                1,
                {"validate": "list", "source": list(choices), "error_type": "information"},
            )
    top = len(words.top) + 1
    for column, (key, (name, note, _)) in enumerate(words.columns.items()):
        sheet.set_column(column, column, _WIDTHS.get(key, 22), body)
        sheet.write(top, column, name, head)
        sheet.write_comment(top, column, note)
    rows = list(_rows(datasets)) or [{key: each[2] for key, each in words.columns.items()}]
    for number, cells in enumerate(rows, top + 1):
        for column, key in enumerate(words.columns):
            if text := cells.get(key):
                sheet.write_string(number, column, text, body)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + max(len(rows), _ROWS), len(words.columns) - 1)


def _rows(datasets: Sequence[DatasetSpec]) -> list[Mapping[str, str]]:
    rows: list[Mapping[str, str]] = []
    for dataset in datasets:
        title, description = dataset.metadata.title or dataset.key, dataset.metadata.description
        # Without a text of its own, a folder's description is its title: that is to be filled in.
        own = {"description": description} if description and description != title else {}
        for number, each in enumerate(dataset.resources):
            if isinstance(each.source, FileSource):
                about = each.metadata.description or ""
                rows.append(
                    {
                        "dataset_title": title,
                        **(own if number == 0 else {}),
                        "path": each.source.shown,
                        "title": each.metadata.title or "",
                        "resource_description": about,
                    }
                )
    return rows
