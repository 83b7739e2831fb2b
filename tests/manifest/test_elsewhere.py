"""Entries for what is elsewhere: addresses to fetch, and resources that are on the portal."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bulkpub.core.addresses import redacted
from bulkpub.core.model import (
    Check,
    ExistingSource,
    FileSource,
    LinkSource,
    ResourceSpec,
    UrlSource,
)
from tests.manifests import Loaded

Read = Callable[..., Loaded]
OneResource = Callable[[str], list[str]]
Problems = Callable[..., list[str]]
Write = Callable[..., Path]


def manifest(*entries: str, dataset: str = "", top: str = "") -> str:
    lines = "".join(f"      - {entry}\n" for entry in entries)
    return (
        f"organization: o\n{top}\ndatasets:\n  - title: T\n    description: D\n    {dataset}\n"
        f"    resources:\n{lines}"
    )


@pytest.fixture
def entry(read: Read) -> Callable[[str], ResourceSpec]:
    def entry(text: str) -> ResourceSpec:
        loaded = read(manifest(text))
        assert loaded.problems == ()
        (resource,) = loaded.datasets[0].resources
        return resource

    return entry


Entry = Callable[[str], ResourceSpec]


# --- addresses to fetch -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "key", "default_title"),
    [
        ("https://x/a.csv", "https://x/a.csv", "a.csv"),
        ("https://x/d/a%20b.csv?v=1#top", "https://x/d/a%20b.csv?v=1#top", "a b.csv"),
        ("https://x/d/", "https://x/d/", "d"),
        ("https://x:8080", "https://x:8080", "x:8080"),
        ("HTTPS://x/a.csv", "HTTPS://x/a.csv", "a.csv"),
        ("https://me:pw@x/", "https://x/", "x"),
        ("ftp://me:p%40w@x/a.csv", "ftp://x/a.csv", "a.csv"),
        ("sftp://me@x/a.csv", "sftp://x/a.csv", "a.csv"),
        ("s3://bucket/d/a.csv", "s3://bucket/d/a.csv", "a.csv"),
        ("gs://bucket/a.csv", "gs://bucket/a.csv", "a.csv"),
        ("az://box/a.csv", "az://box/a.csv", "a.csv"),
        ("https://x/a.csv?token=s3&id=1", "https://x/a.csv?id=1", "a.csv"),
        ("zip://d/a.csv::https://me:pw@x/z.zip", "zip://d/a.csv::https://x/z.zip", "a.csv"),
        ("zip://a.csv::ftp://me:pw@x/z.zip?sig=1", "zip://a.csv::ftp://x/z.zip", "a.csv"),
    ],
)
def test_an_address_is_fetched_and_told_without_its_secrets(
    url: str, key: str, default_title: str, entry: Entry
) -> None:
    resource = entry(f"{{url: '{url}'}}")
    assert resource.source == UrlSource(url)
    assert (resource.key, resource.default_title) == (key, default_title)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("a=1&b=2", "?a=1&b=2"),
        ("a=1&b=%20+x&c", "?a=1&b=%20+x&c"),
        ("access_token=x", ""),
        ("X-Amz-Signature=x&X-Amz-Date=y&versionId=3", "?versionId=3"),
        ("sv=1&sig=abc", "?sv=1"),
        ("API-Key=abc&format=csv", "?format=csv"),
        ("apikey=abc&password=p", ""),
        ("keyword=velo&author=me", "?keyword=velo&author=me"),
    ],
)
def test_parameters_that_are_secrets_are_left_out(query: str, left: str) -> None:
    assert redacted(f"https://x/a?{query}") == f"https://x/a{left}"


def test_what_an_address_can_say(entry: Entry) -> None:
    resource = entry(
        "{url: 'https://x/d/a.csv', max_size: 500 MB, expect: html, key: '{parent}-{stem}', "
        "title: '{name} {stem} {suffix} {parent} {index}', check: [csv, not-empty], "
        "guard: {empty: refuse}, id: i}"
    )
    assert resource.source == UrlSource("https://x/d/a.csv", 500_000_000, html=True)
    assert (resource.key, resource.id) == ("d-a", "i")
    assert resource.metadata.title == "a.csv a csv d 1"
    assert resource.checks == (Check.CSV, Check.NOT_EMPTY)
    assert resource.guard.refuse_empty


def test_what_a_wildcard_stands_for_is_not_known_yet(entry: Entry) -> None:
    """So title and key stay the templates they are."""
    resource = entry("{url: 's3://b/d/*.csv', title: 'Of {stem}', key: '{name}'}")
    assert resource.source == UrlSource("s3://b/d/*.csv")
    assert (resource.metadata.title, resource.key) == ("Of {stem}", "{name}")
    assert entry("{url: 'ftp://u:p@x/[ab].csv'}").key == "ftp://x/[ab].csv"
    assert entry("{url: 'https://x/*.csv', title: '{stem}'}").metadata.title == "*"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("1", 1),
        ("1000000", 1_000_000),
        ("'1000'", 1000),
        ("1 B", 1),
        ("500 MB", 500_000_000),
        ("500MB", 500_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("2 kb", 2000),
        ("1 KiB", 1024),
        ("1 TB", 10**12),
        ("1 TiB", 2**40),
    ],
)
def test_sizes(size: str, expected: int, entry: Entry) -> None:
    source = entry(f"{{url: 'https://x/a', max_size: {size}}}").source
    assert source == UrlSource("https://x/a", expected)


WRONG_SIZE = "'max_size' must be a size of one byte or more, as in 500 MB, 2 GiB or 1000000, not "


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("max_size: 0", WRONG_SIZE + "the number 0"),
        ("max_size: -1", WRONG_SIZE + "the number -1"),
        ("max_size: 1.5", WRONG_SIZE + "the number 1.5"),
        ("max_size: 1e3", WRONG_SIZE + "the number 1e3"),
        ("max_size: 5 Mo", WRONG_SIZE + "'5 Mo'"),
        ("max_size: 5 Bi", WRONG_SIZE + "'5 Bi'"),
        ("max_size: 0.0001 kB", WRONG_SIZE + "'0.0001 kB'"),
        ("max_size: true", WRONG_SIZE + "true"),
        ("expect: htm", "'expect' cannot be 'htm' (did you mean 'html'?)"),
        ("expect: true", ("'expect' must be text, not true; put it between quotes if you mean the "
         "word")),
        ("check: jsno", "there is no check 'jsno' (did you mean 'json'?)"),
        ("check: [csv, yes]", ("there is no check 'yes'; there are not-empty, not-html, json, xml, "
         "csv, zip")),
        ("check: {csv: true}", "'check' must be a list, not a mapping"),
        ("optional: true", ("'optional' is for files: an address is looked up only when it is "
         "fetched")),
        ("exclude: [a]", "'exclude' goes with 'glob' only"),
        ("format: csv", ("'format' is for links only: of a file, the portal works it out from the "
         "name")),
        ("title: '{mtime}'", "in 'title', {mtime} is for files: an address does not tell it"),
        ("key: '{index}'", ("a key stays the same from run to run: {index} and {mtime} cannot be "
         "part of it")),
        ("title: '{nom}'", ("in 'title', the placeholder {nom} is not known; the known ones are "
         "{name}, {stem}, {suffix}, {parent}, {index}, {mtime}, and '{{' stands for the "
         "character")),
        ("title: '{parent}'", "'title' comes out empty for the file a.csv"),
        ("link: 'https://y/'", "a resource has only one of 'url' and 'link'"),
        ("path: a.csv", "a resource has only one of 'path' and 'url'"),
        ("host: true", "a resource has only one of 'url' and 'host'"),
    ],
)  # fmt: skip # one case a line or two
def test_a_mistake_beside_an_address(line: str, message: str, one_resource: OneResource) -> None:
    assert message in one_resource(f"{{url: 'https://x/a.csv', {line}}}")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("file:///etc/passwd", ("must be an address that starts with http://, https://, ftp://, "
         "sftp://, s3://, gs://, az:// or zip://, not 'file:///etc/passwd'; for a file on this "
         "machine write `path:`")),
        ("a.csv", ("must be an address that starts with http://, https://, ftp://, sftp://, "
         "s3://, gs://, az:// or zip://, not 'a.csv'; for a file on this machine write `path:`")),
        ("https://", "must be a whole address, with a host and without spaces, not 'https://'"),
        ("https://x:port/", ("must be a whole address, with a host and without spaces, not "
         "'https://x:port/'")),
        ("ftp://x", "must name a file, as in ftp://host/folder/file.csv, not 'ftp://x'"),
        ("s3://bucket/", "must name a file, as in s3://host/folder/file.csv, not 's3://bucket/'"),
        ("zip://a.csv", ("must name a file in an archive as zip://file::address of the archive, "
         "not 'zip://a.csv'")),
        ("https://x/::y", ""),
        ("zip://::https://x/z.zip", ("must name a file in an archive as zip://file::address of the "
         "archive, not 'zip://::https://x/z.zip'")),
        ("zip://a.csv::file:///z.zip", ("must be an address that starts with http://, https://, "
         "ftp://, sftp://, s3://, gs://, az:// or zip://, not 'file:///z.zip'")),
    ],
)  # fmt: skip # as above
def test_an_address_nothing_can_be_fetched_from(
    url: str, sentence: str, one_resource: OneResource
) -> None:
    assert one_resource(f"{{url: '{url}'}}") == ([f"'url' {sentence}"] if sentence else [])


@pytest.mark.parametrize(
    "url",
    [
        "https://me:sesame@x:port/",
        "https://me:sesame@",
        "https://me:ses ame@x/sesame.csv?token=sesame",
        "https://me:s/sesame@x y/",
        "gopher://me:sesame@x/",
        "me:sesame@x",
        "zip://me:sesame@x",
        "zip://a.csv::gopher://me:sesame@x/z.zip",
        "https://[x/sesame@y?sesame",
    ],
)
@pytest.mark.parametrize("key", ["url", "link"])
def test_no_message_tells_the_secrets_of_a_faulty_address(
    key: str, url: str, one_resource: OneResource
) -> None:
    (message,) = one_resource(f"{{{key}: '{url}'}}")
    assert "sesame" not in message.replace("x/sesame.csv", "")


def test_two_entries_of_one_address_are_told_without_its_secrets(problems: Problems) -> None:
    found = problems(manifest("{url: 'https://a:b@x/y'}", "{url: 'https://c:d@x/y'}"))
    assert len(found) == 1
    assert "the key 'https://x/y' is already that of the resource at" in found[0]


# --- what is on the portal ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source", "key", "identity"),
    [
        ("{id: i}", ExistingSource(), "i", "i"),
        ("{id: i, key: k}", ExistingSource(), "k", "i"),
        ("{id: 2024}", ExistingSource(), "2024", "2024"),
        ("{id: i, host: false}", ExistingSource(), "i", "i"),
        ("{id: i, host: true}", ExistingSource(host=True), "i", "i"),
        ("{key: k, host: true}", ExistingSource(host=True), "k", None),
        ("{id: i, url: 'https://x/a'}", UrlSource("https://x/a"), "https://x/a", "i"),
        ("{id: i, link: 'https://x/a'}", LinkSource("https://x/a"), "https://x/a", "i"),
        (
            "{link: 'https://x/a', host: false}",
            LinkSource("https://x/a"),
            "https://x/a",
            None,
        ),
    ],
)
def test_a_resource_that_is_on_the_portal(
    text: str, source: object, key: str, identity: str | None, entry: Entry
) -> None:
    resource = entry(text)
    assert (resource.source, resource.key, resource.id) == (source, key, identity)


def test_what_is_said_of_it_is_taken_as_it_is(entry: Entry) -> None:
    resource = entry("{id: i, title: '{{stem}}', key: '{', type: api, format: csv, mime: a/b}")
    assert (resource.metadata.title, resource.key) == ("{stem}", "{")
    assert (resource.metadata.format, resource.metadata.mime) == ("csv", "a/b")
    assert resource.default_title == ""


NEEDS_ONE = (
    "a resource needs one of 'path' (a file), 'glob' (many files), 'url' (a file to fetch) and "
    "'link', or the 'id' of one that is on the portal already"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{key: k}", NEEDS_ONE),
        ("{key: k, host: false}", NEEDS_ONE),
        ("{host: true}", "'host' needs the 'id' or the 'key' of a resource that is on the portal"),
        ("{host: yes, id: i}", ("'host' must be true or false, not 'yes'; yes, no, on and off are "
         "only text")),
        ("{id: i, host: true, path: a.csv}", "a resource has only one of 'path' and 'host'"),
        ("{id: i, host: true, max_size: 1}", "'max_size' goes with 'url' only"),
        ("{id: i, host: true, mime: a/b}", ("'mime' is for links only: of a file, the portal works "
         "it out from the name")),
        ("{id: i, host: true, optional: true}", ("'optional' is for files: what is on the portal "
         "is looked up there")),
        ("{id: i, optional: true}", ("'optional' is for files: what is on the portal is looked up "
         "there")),
        ("{id: i, exclude: [a]}", "'exclude' goes with 'glob' only"),
        ("{id: i, expect: html}", "'expect' goes with 'url' only"),
        ("{id: i, guard: {empty: refuse}}", ("'guard' is for files: nothing is sent of a resource "
         "that is only described")),
        ("{id: i, check: csv}", ("'check' is for files: nothing is sent of a resource that is only "
         "described")),
        ("{link: 'https://x/', check: csv}", "'check' is for files: nothing is sent of a link"),
        ("{path: a.csv, max_size: 1 MB}", "'max_size' goes with 'url' only"),
        ("{glob: '*.csv', expect: html}", "'expect' goes with 'url' only"),
    ],
)  # fmt: skip # as above
def test_what_does_not_go_together(
    text: str, message: str, one_resource: OneResource, write: Write
) -> None:
    write("a.csv")
    assert one_resource(text) == [message]


# --- checks -------------------------------------------------------------------------------


def checks_of(loaded: Loaded) -> list[tuple[Check, ...]]:
    assert loaded.problems == ()
    return [each.checks for each in loaded.datasets[0].resources]


def test_checks_are_inherited_by_what_is_sent(read: Read, write: Write) -> None:
    write("a.csv")
    entries = (
        "{path: a.csv}",
        "{url: 'https://x/a', check: [json, json]}",
        "{host: true, id: h, check: null}",
        "{host: true, id: i, check: []}",
        "{link: 'https://x/'}",
        "{id: j}",
    )
    own = (Check.JSON,)
    csv = (Check.CSV,)
    assert checks_of(read(manifest(*entries))) == [(), own, (), (), (), ()]
    assert checks_of(read(manifest(*entries, dataset="check: csv"))) == [csv, own, (), (), (), ()]
    by_default = manifest(*entries, top="defaults: {check: [csv]}")
    assert checks_of(read(by_default)) == [csv, own, (), (), (), ()]
    taken_away = manifest(*entries, top="defaults: {check: [csv]}", dataset="check: null")
    assert checks_of(read(taken_away)) == [(), own, (), (), (), ()]


def test_a_faulty_check_is_told_where_it_is_written(problems: Problems) -> None:
    assert problems(manifest("{link: 'https://x/'}", dataset="check: [csv, jsno]")) == [
        "6:18: there is no check 'jsno' (did you mean 'json'?)"
    ]


def test_a_file_beside_what_is_elsewhere_keeps_its_key(read: Read, write: Write) -> None:
    write("a.csv")
    loaded = read(manifest("{path: a.csv, id: i}", "{id: j}"))
    assert [each.key for each in loaded.datasets[0].resources] == ["a.csv", "j"]
    assert isinstance(loaded.datasets[0].resources[0].source, FileSource)
