"""Writes the example of a spreadsheet, `manifests/liste.xlsx`: a city's list, as people keep one.

python -m tests.docs.example_spreadsheet
"""

from datetime import date
from pathlib import Path

from tests.sheets import Rows, xlsx

PLACE = Path(__file__).resolve().parents[2] / "manifests" / "liste.xlsx"
ROWS: Rows = [
    ("Inventaire des données ouvertes",),
    (),
    ("Portail", "sandbox"),
    ("Organisation", "test-organization"),
    ("Fréquence", "annuelle"),
    (),
    ("Titre du jeu", "Description", "Licence", "Mots-clés", "Début", "Fichier", "Titre", "# Suivi"),
    (
        "Arrondissements de Paris (liste)",
        "Les arrondissements municipaux de Paris, et leurs codes postaux.",
        "Licence Ouverte 2.0",
        "paris, arrondissements",
        date(2026, 1, 1),
        "data\\paris\\Arrondissements de Paris.csv",
        "Arrondissements",
        "vu le 3 mars",
    ),
    (None, None, None, None, None, "data\\paris\\arrondissements-paris.json", "Les mêmes en JSON"),
    (
        "Vacances scolaires (liste)",
        "Les jours de vacances, par zone.",
        "fr-lo",
        "vacances; calendrier",
        None,
        "data/vacances-scolaires/Zone A.ics",
        "Zone A",
    ),
    (None, None, None, None, None, "data/vacances-scolaires/Zone B.ics", "Zone B"),
]

if __name__ == "__main__":
    PLACE.write_bytes(xlsx({"Aide": [("Une ligne par fichier ; # : pour nous.",)], "Liste": ROWS}))
