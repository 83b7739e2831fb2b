"""CSV manifests: one file a row."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkpub.core.model import (
    Check,
    DatasetMetadata,
    ExistingSource,
    Guard,
    Prune,
    Spatial,
    TagChanges,
    TemporalCoverage,
    UrlSource,
)
from bulkpub.manifest.csv_table import records
from tests.manifests import Loaded, load

Read = Callable[..., Loaded]
Problems = Callable[..., list[str]]
Write = Callable[..., Path]


def table(*rows: str, head: str = "dataset_id,link,title") -> str:
    return "\n".join([head, *rows]) + "\n"


def test_every_column_says_what_its_key_in_yaml_says(write: Write) -> None:
    cells = {
        "dataset": "k", "dataset_id": "i", "dataset_title": "T", "description": "D",
        "acronym": "A", "license": "fr-lo", "frequency": "daily", "tags": '"Île; velo,route"',
        "organization": "o", "personal": "", "private": "true", "archived": "FALSE",
        "temporal_start": "2024", "temporal_end": "2024-02", "spatial_zones": "fr:region:11",
        "spatial_granularity": "poi", "contact_points": "a;b", "prune": "ours",
        "url": "https://x/a.csv", "max_size": "1 MB", "expect": "html", "resource_key": "{stem}",
        "resource_id": "r", "title": "{name}", "resource_description": "E", "type": "main",
        "schema": "etalab/x", "guard_empty": "refuse", "guard_shrink": "50%", "check": "csv",
    }  # fmt: skip
    loaded = load([write("m.csv", table(",".join(cells.values()), head=",".join(cells)))])
    assert loaded.problems == ()
    (dataset,) = loaded.datasets
    assert (dataset.key, dataset.id, dataset.organization) == ("k", "i", "o")
    assert dataset.prune is Prune.OURS
    assert dataset.metadata.temporal_coverage is not None
    assert dataset.metadata == DatasetMetadata(
        title="T",
        description="D",
        acronym="A",
        license="fr-lo",
        frequency="daily",
        tags=("ile", "velo", "route"),
        private=True,
        archived=False,
        temporal_coverage=TemporalCoverage(
            dataset.metadata.temporal_coverage.start, dataset.metadata.temporal_coverage.end
        ),
        spatial=Spatial(("fr:region:11",), "poi"),
        contact_points=("a", "b"),
    )
    assert str(dataset.metadata.temporal_coverage.end) == "2024-02-29"
    (resource,) = dataset.resources
    assert resource.source == UrlSource("https://x/a.csv", 1_000_000, html=True)
    assert (resource.key, resource.id, resource.metadata.title) == ("a", "r", "a.csv")
    assert resource.guard == Guard(refuse_empty=True, max_shrink=0.5)
    assert resource.checks == (Check.CSV,)


def test_rows_of_one_dataset_belong_together(read: Read) -> None:
    loaded = read(
        table(
            "a,https://x/1,One",
            ",https://x/2,",
            "a,https://x/3,",
            ",,",
            "b,,",
            "c,https://x/4,",
            head="dataset_id,link,title",
        ),
        "m.csv",
    )
    assert loaded.problems == ()
    assert [(each.key, len(each.resources)) for each in loaded.datasets] == [
        ("a", 3),
        ("b", 0),
        ("c", 1),
    ]
    assert [each.place.line for each in loaded.datasets[0].resources] == [2, 3, 4]


@pytest.mark.parametrize(
    "head", ["dataset_id;link;title", "dataset_id\tlink\ttitle", '"dataset_id",link,"title"']
)
def test_the_first_line_tells_what_separates_the_cells(head: str, read: Read) -> None:
    separator = next(each for each in ";\t," if each in head)
    row = separator.join(["a", "https://x/1", '"a;b, c"'])
    loaded = read(table(row, head=head), "m.csv")
    assert loaded.problems == ()
    assert loaded.datasets[0].resources[0].metadata.title == "a;b, c"


def test_excel_writes_marks_line_ends_and_empty_rows(read: Read) -> None:
    text = b'\xef\xbb\xbfdataset_id;link;;\r\na;https://x/1;;\r\n;;;\r\nb;"https://x/2";;\r\n'
    loaded = read(text, "m.csv")
    assert loaded.problems == ()
    assert [(each.key, each.place.line) for each in loaded.datasets] == [("a", 2), ("b", 4)]


def test_something_of_the_portal_is_described_and_hosted(read: Read) -> None:
    loaded = read(table("a,r,true", "a,s,", head="dataset_id,resource_id,host"), "m.csv")
    assert loaded.problems == ()
    assert [each.source for each in loaded.datasets[0].resources] == [
        ExistingSource(host=True),
        ExistingSource(),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: this manifest is empty"]),
        ("\n,,\n", ["1:1: this manifest is empty"]),
        ("dataset,link\n", ["1:1: there is no dataset after the first line"]),
        (
            "dataset,titel,link,link,frequnce\na",
            [
                "1:9: unknown column 'titel' (did you mean 'title'?)",
                "1:20: the column 'link' is already there, at {file}:1:15",
                "1:25: unknown column 'frequnce' (did you mean 'frequency'?)",
            ],
        ),
        (
            "a,link,b\nc",
            [
                "1:1: unknown column 'a'; there are dataset, dataset_id, dataset_title, ",
                "1:1: a column 'dataset', 'dataset_id' or 'dataset_title' must say of which",
                "1:8: unknown column 'b'; there are dataset, dataset_id, dataset_title, ",
            ],
        ),
        (
            "link\nhttps://x/",
            ["1:1: a column 'dataset', 'dataset_id' or 'dataset_title' must say of which"],
        ),
        (
            table(",https://x/1,", "a,https://x/1,"),
            [
                "2:2: no row above says of which dataset this one is: fill in 'dataset'",
                "2:2: a dataset needs a 'title', or the 'id' of one",
                "2:2: say who publishes this dataset",
                "2:2: a dataset needs a 'description'",
            ],
        ),
        (
            table("a,https://x/1,t,u"),
            ["2:17: this cell is in a column without a name"],
        ),
        (
            table('a,"http://\n", "x', "a,,"),
            [
                (
                    "2:3: 'link' must be a whole web address, with a host and without spaces, not "
                    "'http://'"
                )
            ],
        ),
        (
            table('a,"x'),
            [
                "1:1: there is no dataset after the first line",
                "2:1: a quote is opened in this row and never closed",
            ][1:],
        ),
        (
            table("a,https://x/1,", "b,https://x/2,", "a,https://x/3,"),
            ["4:1: this row is of the dataset at {file}:2:1, and rows of others stand between"],
        ),
        (
            table("a,p,", "a,q,", head="dataset_id,license,link"),
            [
                (
                    "3:3: 'license' says something else than at {file}:2:3: rows of one dataset "
                    "say the same of it, or leave the cell empty"
                )
            ],
        ),
        (
            table("a,perhaps,", head="dataset_id,private,link"),
            ["2:3: 'private' must be true or false, not 'perhaps'"],
        ),
        (
            table('a,"de\nux lignes",maine', head="dataset_id,title,type"),
            [
                "2:3: a resource needs one of",
                "3:12: 'type' cannot be 'maine' (did you mean 'main'?)",
            ],
        ),
        (
            table('a,"' + "x" * 200_000 + '"'),
            ["2:1: a cell of this row is too long"],
        ),
        (
            table('a,"' + "x\n" * 300_000),
            ["2:1: a quote is opened in this row and never closed"],
        ),
    ],
)
def test_a_mistake_is_told_at_its_cell(
    text: str, expected: list[str], problems: Problems, tmp_path: Path
) -> None:
    found = problems(text, "m.csv")
    assert len(found) == len(expected), found
    for each, start in zip(found, expected, strict=True):
        assert each.startswith(start.replace("{file}", str(tmp_path / "m.csv")))


def test_a_mistake_in_a_row_spoils_its_dataset_alone(read: Read) -> None:
    loaded = read(table("a,https://x/1,,,extra", "b,https://x/2,"), "m.csv")
    assert [each.key for each in loaded.datasets] == ["b"]
    assert [each.dataset for each in loaded.problems] == ["a"]


def test_only_the_rows_of_one_dataset_are_read_at_a_time() -> None:
    """A table of any length: a line is asked for only when the cells before are taken."""
    asked = 0

    def lines() -> Iterator[str]:
        nonlocal asked
        for number in range(10**9):
            asked += 1
            yield f"d{number},x\n"

    first = next(iter(records(lines(), "m.csv"))).cells()
    assert [cell.text for cell in first] == ["d0", "x"]
    assert asked == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["m.csv", "m.tsv", "m.txt"])
def test_a_table_is_read_as_spreadsheets_save_it(
    encoding: str, separator: str, end: str, name: str, read: Read
) -> None:
    rows = [["dataset_id", "link", "title"], ["a", "https://x/1", "L'été"], ["b", "https://x/2"]]
    text = end.join(separator.join(row) for row in rows)
    loaded = read(text.encode(encoding), name)
    assert loaded.problems == ()
    assert [(each.key, each.place.line) for each in loaded.datasets] == [("a", 2), ("b", 3)]
    assert loaded.datasets[0].resources[0].metadata.title == "L'été"


@pytest.mark.parametrize("inside", ["\u2028", "\x0b", "\x0c", "\x1d", "\x85"])
def test_only_cr_and_lf_end_a_line(inside: str, read: Read) -> None:
    text = table(f"a,https://x/1,un{inside}suite", "b,https://x/2,")
    loaded = read(text, "m.csv")
    assert loaded.problems == ()
    assert [each.place.line for each in loaded.datasets] == [2, 3]
    assert loaded.datasets[0].resources[0].metadata.title == f"un{inside}suite"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_the_line_in_which_excel_names_the_separator_is_no_row(first: str, read: Read) -> None:
    text = f"{first}\r\ndataset_id;link;title\r\na;https://x/1;a, b, c\r\n"
    loaded = read(text, "m.csv")
    assert loaded.problems == ()
    assert loaded.datasets[0].place.line == 3
    assert loaded.datasets[0].resources[0].metadata.title == "a, b, c"


def test_a_bar_in_a_cell_opens_no_quote_where_commas_separate(read: Read) -> None:
    loaded = read(table('a,https://x/1,one|"two', "b,https://x/2,"), "m.csv")
    assert [each.key for each in loaded.datasets] == ["a", "b"]


def test_columns_may_have_french_names(read: Read) -> None:
    head = "Clé;Titre du jeu;description;Licence;Fréquence;Mots-clés;Organisation;Adresse;Titre"
    row = "velos;Vélos;Passages;lov2;daily;mobilite, velo;ville;https://x/a.csv;Année 2024"
    loaded = read(f"{head}\n{row}\n", "m.csv")
    assert loaded.problems == ()
    (velos,) = loaded.datasets
    assert (velos.key, velos.organization) == ("velos", "ville")
    assert velos.metadata == DatasetMetadata(
        title="Vélos",
        description="Passages",
        license="lov2",
        frequency="daily",
        tags=("mobilite", "velo"),
    )
    (resource,) = velos.resources
    assert resource.source == UrlSource("https://x/a.csv")
    assert resource.metadata.title == "Année 2024"


def test_a_column_in_french_and_in_english_is_there_twice(problems: Problems) -> None:
    (problem,) = problems("dataset_id,titre,title\na,b,c\n", "m.csv")
    assert problem.startswith("1:18: the column 'title' is already there, at ")


def test_utf8_with_one_broken_byte_is_no_other_encoding(problems: Problems) -> None:
    content = "dataset_id,link,title\na,https://x/1,été ".encode() + b"\xe9\n"
    assert problems(content, "m.csv") == [
        "2:19: this is not UTF-8: save the manifest as UTF-8 and try again"
    ]


def test_utf16_that_breaks_off_is_said(problems: Problems) -> None:
    content = "dataset_id,link\na,https://x/1\n".encode("utf-16")[:-1]
    (problem,) = problems(content, "m.csv")
    assert "this is neither UTF-8 nor Windows-1252: save the manifest as UTF-8" in problem


# --- values in several parts --------------------------------------------------------------


def test_tags_can_be_changed_and_access_has_audiences(read: Read) -> None:
    head = "dataset_id,tags_add,tags_remove,access_type,access_audiences,link"
    audiences = '"private: no; company_and_association: under_condition"'
    loaded = read(
        table(f'a,"Île; velo",test,restricted,{audiences},https://x.fr/1', head=head), "m.csv"
    )
    assert loaded.problems == ()
    (dataset,) = loaded.datasets
    assert dataset.tag_changes == TagChanges(("ile", "velo"), ("test",))
    assert dataset.metadata.tags is None
    assert dataset.metadata.access is not None
    assert dict(dataset.metadata.access.audiences or ()) == {
        "private": "no",
        "company_and_association": "under_condition",
    }


@pytest.mark.parametrize(
    ("head", "cells", "sentence"),
    [
        ("tags,tags_add", "velo,culture", "m.csv:2:3, or 'tags_add'"),
        ("tags_remove,tags", "velo,culture", "m.csv:2:8, or 'tags_remove'"),
        ("tags_add,tags_remove", "velo,velo", "both add and remove 'velo'"),
        ("access_type,access_audiences", "restricted,private", "'private' of 'audiences'"),
        ("access_type,access_audiences", "restricted,zz: no", "unknown key 'zz'"),
        (
            "access_type,access_audiences",
            "restricted,private: no;private: yes",
            "'no, yes'",
        ),
    ],
)
def test_what_parts_do_not_go_together_is_told(
    problems: Problems, head: str, cells: str, sentence: str
) -> None:
    text = table(f"a,{cells},https://x.fr/1", head=f"dataset_id,{head},link")
    (problem,) = problems(text, "m.csv")
    assert sentence in problem
