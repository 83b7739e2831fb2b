import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import FileSource
from bulkpub.portals.udata.names import file_slug
from tests.manifests import Loaded, load

Read = Callable[..., Loaded]
Problems = Callable[..., list[str]]
OneResource = Callable[[str], list[str]]
Write = Callable[..., Path]


def manifest(*entries: str) -> str:
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return f"organization: o\ndatasets:\n  - title: T\n    description: D\n    resources:\n{lines}"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{title: T}", ("a resource needs one of 'path' (a file), 'glob' (many files), "
         "'url' (a file to fetch) and 'link', or the 'id' of one that is on the portal already")),
        ("[a.csv]", "a resource must be a mapping, not a list"),
        ("~", "a resource must be a mapping, not nothing"),
        ("{path: a.csv, glob: '*'}", "a resource has only one of 'path' and 'glob'"),
        ("{path: a.csv, link: 'http://x/'}", "a resource has only one of 'path' and 'link'"),
        ("{path: a.csv, file: x}", ("unknown key 'file'; a resource knows path, glob, exclude, "
         "url, max_size, expect, link, of, size, checksum, upload_to, host, optional, as, "
         "append, remove, guard, check, key, id, title, description, type, schema, extras, "
         "format, mime")),
        ("{path: a.csv, typ: main}", "unknown key 'typ' (did you mean 'type'?)"),
        ("{path: ''}", "'path' is empty: write something, or take the line away"),
        ("{path: true}", ("'path' must be text, not true; put it between quotes if you mean the "
         "word")),
        ("{path: a.csv, type: man}", "'type' cannot be 'man' (did you mean 'main'?)"),
        ("{path: a.csv, format: csv}", ("'format' is for links only: of a file, the portal works "
         "it out from the name")),
        ("{path: a.csv, mime: text/csv}", ("'mime' is for links only: of a file, the portal works "
         "it out from the name")),
        ("{path: a.csv, exclude: [x]}", "'exclude' goes with 'glob' only"),
        ("{path: a.csv, extras: {a: ~}}", "the extra 'a' has no value, which the portal refuses"),
        ("{path: a.csv, schema: {}}", "'schema' needs a 'name' or a 'url'"),
        ("{path: a.csv, schema: {version: 1}}", "'schema' needs a 'name' or a 'url'"),
        ("{path: a.csv, schema: {url: 'http://x/s', version: 1}}", ("'version' of 'schema' needs a "
         "'name'")),
        ("{path: a.csv, schema: {nam: x}}", "unknown key 'nam' (did you mean 'name'?)"),
        ("{path: a.csv, schema: [x]}", ("'schema' must be a mapping of names and values, not a "
         "list")),
        ("{path: a.csv, schema: 'http:/x'}", ("'url' of 'schema' must be a whole web address, with "
         "a host and without spaces, not 'http:/x'")),
        ("{path: a.csv, title: '{nom}'}", ("in 'title', the placeholder {nom} is not known; the "
         "known ones are {name}, {stem}, {suffix}, {parent}, {index}, {mtime}, and '{{' stands "
         "for the character")),
        ("{path: a.csv, title: '{name'}", ("in 'title', there is a '{' without its partner; write "
         "'{{' for the character")),
        ("{path: a.csv, key: 'k-{index}'}", ("a key stays the same from run to run: {index} and "
         "{mtime} cannot be part of it")),
        ("{path: folder}", "folder is a folder; for the files in it write `glob: folder/*`"),
        ("{path: folder/}", "folder/ is a folder; for the files in it write `glob: folder/*`"),
        ("{path: a.cvs}", "the file a.cvs does not exist (did you mean 'a.csv'?)"),
        ("{path: A.CSV}", "the file A.CSV does not exist (did you mean 'a.csv'?)"),
        ("{path: nowhere/a.csv}", ("the file nowhere/a.csv does not exist, nor does its folder "
         "nowhere")),
        ("{path: a.csv/}", "the file a.csv/ cannot be read: not a directory"),
        ('{path: "a\\0.csv"}', (r"the path 'a\x00.csv' holds a character no path can have; a \ "
         "between double quotes begins an escape: write / between folders")),
        ("{path: broken.csv}", "broken.csv is a link to a file that does not exist"),
        ("{path: pipe.csv}", "pipe.csv is not an ordinary file"),
        ("{path: LICENSE}", ("the file LICENSE has no extension, and the portal would refuse it: "
         "rename it, to .csv for instance")),
        ("{path: '!!!'}", ("the file !!! has a name without any letter or digit the portal could "
         "keep: rename it")),
        ("{path: '!.csv'}", ("the file !.csv has nothing before its extension that the portal "
         "could keep: rename it")),
        ("{glob: '*.parquet'}", "no file matches *.parquet; write `optional: true` if that may be"),
        ("{glob: '*.csv', exclude: ['*']}", ("no file matches *.csv: all 4 files it matches are "
         "excluded; write `optional: true` if that may be")),
        ("{glob: 'LIC*'}", ("the file LICENSE has no extension, and the portal would refuse it: "
         "rename it, to .csv for instance")),
        ("{glob: 'br*'}", "broken.csv is a link to a file that does not exist"),
        ("{glob: '[ab].csv', key: same}", ("'key' gives 'same' to both a.csv and b.csv: tell them "
         "apart by {name}, {stem} or {parent}, or take the key away")),
        ("{glob: '[ab].csv', id: x}", "one 'id' cannot be that of the 2 files that match"),
        ("{link: example.org}", ("'link' must be a web address that starts with http:// or "
         "https://, not 'example.org'; write https:// in front")),
        ("{link: 'ftp://example.org/a'}", ("'link' must be a web address that starts with http:// "
         "or https://, not 'ftp://example.org/a'; for a file to be fetched write `url:`")),
        ("{link: 'https://'}", ("'link' must be a whole web address, with a host and without "
         "spaces, not 'https://'")),
        ("{link: 'https://x y/'}", ("'link' must be a whole web address, with a host and without "
         "spaces, not 'https://x y/'")),
        ("{link: 'https://x:port/'}", ("'link' must be a whole web address, with a host and "
         "without spaces, not 'https://x:port/'")),
        ("{link: 'https://x/', optional: true}", ("'optional' is for files: a link is never "
         "looked up")),
    ],
)  # fmt: skip # one case a line or two
def test_a_mistake_in_a_resource_is_told_in_plain_words(
    entry: str, message: str, one_resource: OneResource, write: Write, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv", "!.csv", "!!!", "LICENSE", "folder/c.csv"):
        write(name)
    (tmp_path / "broken.csv").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe.csv")
    assert message in one_resource(entry)


def test_a_title_that_cannot_be_made_for_a_file(
    one_resource: OneResource, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.csv")
    write("b.csv")
    real = os.stat

    def far_in_the_future(path: Any, **options: Any) -> os.stat_result:
        if not str(path).endswith("b.csv"):
            return real(path, **options)
        fields = list(real(path))
        fields[stat.ST_MTIME] = 2**40
        return os.stat_result(fields)

    monkeypatch.setattr("bulkpub.manifest.files.os.stat", far_in_the_future)
    assert one_resource("{path: b.csv, title: '{mtime}'}") == [
        "in 'title', the file's modification time is not a date that exists: b.csv"
    ]
    assert one_resource("{path: a.csv, title: '{mtime: }'}") == [
        "'title' comes out empty for the file a.csv"
    ]


def test_an_optional_file_may_be_missing_but_not_wrong(
    one_resource: OneResource, write: Write
) -> None:
    write("LICENSE")
    assert one_resource("{path: gone.csv, optional: true}") == []
    assert one_resource("{glob: 'gone/*.csv', optional: true}") == []
    assert len(one_resource("{path: LICENSE, optional: true}")) == 1
    assert len(one_resource("{path: gone.csv, optional: false}")) == 1


def test_a_file_that_cannot_be_read(
    one_resource: OneResource, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.csv")
    monkeypatch.setattr(os, "access", lambda *_: False)
    message = "the file a.csv cannot be read: permission denied"
    assert one_resource("{path: a.csv}") == [message]
    assert one_resource("{glob: '*.csv'}") == [message]


def test_a_folder_that_cannot_be_read(
    one_resource: OneResource, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("a.csv")

    def refuse(folder: str) -> None:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert one_resource("{glob: '*.csv'}") == [
        f"the folder {tmp_path}/ cannot be read: permission denied"
    ]


def test_a_name_that_is_not_utf8(one_resource: OneResource, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv")).touch()
    assert one_resource("{glob: '*.csv'}") == [
        "the file caf\\udce9.csv has a name that is not UTF-8: rename it"
    ]


def test_a_name_may_have_a_slug_longer_than_any_portal_stores(
    one_resource: OneResource, write: Write
) -> None:
    name = "國" * 80 + ".csv"
    write(name)
    assert len(file_slug(name)) > 255
    assert one_resource(f"{{path: {name}}}") == []


def test_what_keeps_one_file_hides_nothing_of_the_others(problems: Problems, write: Write) -> None:
    write("x/A")
    write("x/B")
    assert len(problems(manifest("{glob: 'x/*', type: wrong, title: '{x}', extras: 3}"))) == 5


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        ("{path: d/a.csv}", ["d/a.csv"]),
        ("{path: ./d//a.csv}", ["d/a.csv"]),
        ("{path: d/../d/a.csv}", ["d/a.csv"]),
        ("{path: ../up.csv}", ["../up.csv"]),
        ("{path: '{base}/d/a.csv'}", ["d/a.csv"]),
        ("{path: '{base}/../up.csv'}", ["{up}/up.csv"]),
        ("{path: 'd/a\\b.csv'}", ["d/a\\b.csv"]),
        ("{path: d/a.csv, key: mine}", ["mine"]),
        ("{path: d/a.csv, key: 2024}", ["2024"]),
        ("{path: d/a.csv, key: '{parent}-{stem}'}", ["d-a"]),
        ("{glob: './d/*.csv'}", ["d/a.csv", "d/a\\b.csv"]),
        ("{glob: '{base}/d/*.csv'}", ["d/a.csv", "d/a\\b.csv"]),
        ("{glob: 'd/a.*', key: one}", ["one"]),
        ("{glob: 'd/*', key: '{name}'}", ["a.csv", "a\\b.csv"]),
        ("{link: 'https://example.org/a'}", ["https://example.org/a"]),
        ("{link: 'https://example.org/a', key: '{a'}", ["{a"]),
    ],
)
def test_the_key_of_a_resource(entry: str, keys: list[str], write: Write, tmp_path: Path) -> None:
    base = tmp_path / "m"
    for name in ("m/d/a.csv", "m/d/a\\b.csv", "up.csv"):
        write(name)
    loaded = load([write("m/m.yaml", manifest(entry.replace("{base}", str(base))))])
    assert loaded.problems == ()
    assert [each.key for each in loaded.datasets[0].resources] == [
        key.replace("{up}", str(tmp_path)) for key in keys
    ]


def test_paths_start_from_the_folder_of_the_manifest(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("m/d/a.csv")
    write("m/m.yaml", manifest("{path: d/a.csv}"))
    monkeypatch.chdir(tmp_path)
    loaded = load(["m/m.yaml"])
    assert loaded.datasets[0].resources[0].source == FileSource(
        str(tmp_path / "m/d/a.csv"), "d/a.csv"
    )
    assert loaded.datasets[0].place.file == "m/m.yaml"


def test_behind_a_link_to_a_folder_up_is_where_the_system_says(
    write: Write, tmp_path: Path
) -> None:
    write("real/side.csv")
    write("real/m/m.yaml", manifest("{path: ../side.csv}", "{glob: '../s*.tsv', optional: true}"))
    (tmp_path / "link").symlink_to("real/m")
    loaded = load([tmp_path / "link/m.yaml"])
    assert loaded.problems == ()
    source = loaded.datasets[0].resources[0].source
    assert isinstance(source, FileSource)
    assert Path(source.path).resolve() == (tmp_path / "real/side.csv").resolve()


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("https://example.org/a/b%20c.csv?x=1#y", "b c.csv"),
        ("https://example.org/a/", "a"),
        ("https://example.org/", "example.org"),
        ("https://example.org:8080", "example.org:8080"),
    ],
)
def test_a_link_nobody_titled_is_called_by_its_last_part(link: str, title: str, read: Read) -> None:
    assert read(manifest(f"{{link: '{link}'}}")).datasets[0].resources[0].default_title == title


def test_a_title_of_a_link_is_no_template(read: Read) -> None:
    text = manifest("{link: 'https://x/', title: '{{name}}'}")
    assert read(text).datasets[0].resources[0].metadata.title == "{name}"


def test_the_index_counts_within_each_glob(read: Read, write: Write) -> None:
    for name in ("a1.csv", "a2.csv", "a10.csv", "b.csv"):
        write(name)
    loaded = read(
        manifest("{glob: 'a*', title: '{index} {stem}'}", "{glob: 'b*', title: '{index} {stem}'}")
    )
    assert [each.metadata.title for each in loaded.datasets[0].resources] == [
        "1 a1",
        "2 a2",
        "3 a10",
        "1 b",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            ["{path: a.csv}", "{path: ./a.csv}"],
            (
                "7:9: the file ./a.csv is listed twice, here and at {file}:6:9: take one "
                "away (a glob can `exclude: [./a.csv]`)"
            ),
        ),
        (
            ["{path: a.csv, key: one}", "{glob: '*.csv', key: '{name}'}"],
            (
                "7:9: the file a.csv is listed twice, here and at {file}:6:9: take one "
                "away (a glob can `exclude: [a.csv]`)"
            ),
        ),
        (
            ["{glob: '*.csv'}", "{path: a.csv}"],
            (
                "7:9: the file a.csv is listed twice, here and at {file}:6:9: take one "
                "away (a glob can `exclude: [a.csv]`)"
            ),
        ),
        (
            ["{path: a.csv, key: k}", "{path: b.csv, key: k}"],
            (
                "7:9: the key 'k' is already that of the resource at {file}:6:9: give one of them "
                "another 'key'"
            ),
        ),
        (
            ["{link: 'https://x/'}", "{link: 'https://x/'}"],
            (
                "7:9: the key 'https://x/' is already that of the resource at {file}:6:9: give one "
                "of them another 'key'"
            ),
        ),
        (
            ["{path: a.csv, id: i}", "{path: b.csv, id: i}"],
            "7:9: the id 'i' is already that of the resource at {file}:6:9",
        ),
    ],
)
def test_two_entries_that_mean_the_same_are_both_named(
    entries: list[str], message: str, problems: Problems, write: Write, tmp_path: Path
) -> None:
    write("a.csv")
    write("b.csv")
    assert problems(manifest(*entries)) == [message.replace("{file}", str(tmp_path / "m.yaml"))]


def test_exclude_takes_a_file_out_of_a_glob(read: Read, write: Write) -> None:
    write("d/a.csv")
    write("d/b.csv")
    loaded = read(manifest("{path: d/b.csv}", "{glob: 'd/*', exclude: [d/b.csv]}"))
    assert [each.key for each in loaded.datasets[0].resources] == ["d/b.csv", "d/a.csv"]


def test_ten_thousand_missing_files_are_told_without_long_searching(
    problems: Problems, write: Write
) -> None:
    write("file-0.csv")
    found = problems(manifest(*(f"{{path: file-{n}.csv}}" for n in range(1, 300))))
    assert len(found) == 299
    assert sum("did you mean" in each for each in found) == 20


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{path: a.csv, remove: yes}", "'remove' cannot be 'yes'; it is one of verified"),
        ("{url: 'https://x/a.csv', remove: verified}", "'remove' is for files on this machine"),
        ("{link: 'https://x/', remove: verified}", "'remove' is for files on this machine"),
        ("{id: i, remove: verified}", "'remove' is for files on this machine"),
        ("{path: none.csv, remove: verified}", "the file none.csv does not exist"),
    ],
)
def test_what_cannot_be_removed(
    one_resource: OneResource, write: Write, entry: str, message: str
) -> None:
    write("a.csv")
    (problem,) = one_resource(entry)
    assert message in problem


def test_what_is_removed_is_neither_pruned_nor_listed_elsewhere(read: Read, write: Write) -> None:
    for name in ("a.csv", "b.csv"):
        write(name)
    loaded = read(
        """
organization: o
defaults: {description: D}
datasets:
- {title: A, prune: ours, resources: [{path: a.csv, remove: verified}]}
- {title: B, resources: [{glob: b*.csv, remove: verified}]}
- {title: C, resources: [{path: ./b.csv}]}
- {title: D, resources: [{glob: none*.csv, remove: verified}]}
"""
    )
    assert [each.message.partition(":")[0] for each in loaded.problems] == [
        "'remove' and 'prune' exclude each other",
        "the file b.csv is listed elsewhere, too",
    ]
    assert [each.dataset for each in loaded.problems] == ["a", "b"]
