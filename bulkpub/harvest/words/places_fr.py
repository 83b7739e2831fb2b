"""The regions and departments of France: INSEE code, name and EU NUTS code of each.

Sources: INSEE's Code officiel géographique since 2016; Eurostat's NUTS 2016 to 2024, in which
a department is level 3 and a region level 1 (a region of the overseas level 2).
"""

__all__ = ["DEPARTMENTS", "REGIONS"]

REGIONS = {
    "01": ("Guadeloupe", "FRY1"),
    "02": ("Martinique", "FRY2"),
    "03": ("Guyane", "FRY3"),
    "04": ("La Réunion", "FRY4"),
    "06": ("Mayotte", "FRY5"),
    "11": ("Île-de-France", "FR1"),
    "24": ("Centre-Val de Loire", "FRB"),
    "27": ("Bourgogne-Franche-Comté", "FRC"),
    "28": ("Normandie", "FRD"),
    "32": ("Hauts-de-France", "FRE"),
    "44": ("Grand Est", "FRF"),
    "52": ("Pays de la Loire", "FRG"),
    "53": ("Bretagne", "FRH"),
    "75": ("Nouvelle-Aquitaine", "FRI"),
    "76": ("Occitanie", "FRJ"),
    "84": ("Auvergne-Rhône-Alpes", "FRK"),
    "93": ("Provence-Alpes-Côte d'Azur", "FRL"),
    "94": ("Corse", "FRM"),
}

_DEPARTMENTS = """
01 Ain FRK21|02 Aisne FRE21|03 Allier FRK11|04 Alpes-de-Haute-Provence FRL01|05 Hautes-Alpes FRL02
06 Alpes-Maritimes FRL03|07 Ardèche FRK22|08 Ardennes FRF21|09 Ariège FRJ21|10 Aube FRF22
11 Aude FRJ11|12 Aveyron FRJ22|13 Bouches-du-Rhône FRL04|14 Calvados FRD11|15 Cantal FRK12
16 Charente FRI31|17 Charente-Maritime FRI32|18 Cher FRB01|19 Corrèze FRI21|21 Côte-d'Or FRC11
22 Côtes-d'Armor FRH01|23 Creuse FRI22|24 Dordogne FRI11|25 Doubs FRC21|26 Drôme FRK23
27 Eure FRD21|28 Eure-et-Loir FRB02|29 Finistère FRH02|2A Corse-du-Sud FRM01|2B Haute-Corse FRM02
30 Gard FRJ12|31 Haute-Garonne FRJ23|32 Gers FRJ24|33 Gironde FRI12|34 Hérault FRJ13
35 Ille-et-Vilaine FRH03|36 Indre FRB03|37 Indre-et-Loire FRB04|38 Isère FRK24|39 Jura FRC22
40 Landes FRI13|41 Loir-et-Cher FRB05|42 Loire FRK25|43 Haute-Loire FRK13|44 Loire-Atlantique FRG01
45 Loiret FRB06|46 Lot FRJ25|47 Lot-et-Garonne FRI14|48 Lozère FRJ14|49 Maine-et-Loire FRG02
50 Manche FRD12|51 Marne FRF23|52 Haute-Marne FRF24|53 Mayenne FRG03|54 Meurthe-et-Moselle FRF31
55 Meuse FRF32|56 Morbihan FRH04|57 Moselle FRF33|58 Nièvre FRC12|59 Nord FRE11|60 Oise FRE22
61 Orne FRD13|62 Pas-de-Calais FRE12|63 Puy-de-Dôme FRK14|64 Pyrénées-Atlantiques FRI15
65 Hautes-Pyrénées FRJ26|66 Pyrénées-Orientales FRJ15|67 Bas-Rhin FRF11|68 Haut-Rhin FRF12
69 Rhône FRK26|70 Haute-Saône FRC23|71 Saône-et-Loire FRC13|72 Sarthe FRG04|73 Savoie FRK27
74 Haute-Savoie FRK28|75 Paris FR101|76 Seine-Maritime FRD22|77 Seine-et-Marne FR102
78 Yvelines FR103|79 Deux-Sèvres FRI33|80 Somme FRE23|81 Tarn FRJ27|82 Tarn-et-Garonne FRJ28
83 Var FRL05|84 Vaucluse FRL06|85 Vendée FRG05|86 Vienne FRI34|87 Haute-Vienne FRI23
88 Vosges FRF34|89 Yonne FRC14|90 Territoire-de-Belfort FRC24|91 Essonne FR104
92 Hauts-de-Seine FR105|93 Seine-Saint-Denis FR106|94 Val-de-Marne FR107|95 Val-d'Oise FR108
971 Guadeloupe FRY10|972 Martinique FRY20|973 Guyane FRY30|974 La-Réunion FRY40|976 Mayotte FRY50
"""

DEPARTMENTS = {
    code: (name.replace("Territoire-de-Belfort", "Territoire de Belfort"), nuts)
    for line in _DEPARTMENTS.strip().splitlines()
    for code, name, nuts in (each.split() for each in line.split("|"))
}
