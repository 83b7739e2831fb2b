"""What a link says of the file behind it: of a file here, or in so many words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import Checksum, LinkSource
from bulkpub.core.sources import NO_CHECKSUM
from tests.manifests import Loaded

MD5, SHA256 = "d41d8cd98f00b204e9800998ecf8427e", "0" * 64


@pytest.fixture
def link(read: Callable[..., Loaded], write: Callable[..., Path]) -> Callable[[str], LinkSource]:
    def link(entry: str) -> LinkSource:
        write("data/stock.zip")
        text = (
            "organization: o\ndatasets:\n- title: T\n  description: D\n  resources:\n"
            f"  - {{link: 'https://x/stock.zip', {entry}}}\n"
        )
        loaded = read(text)
        assert loaded.problems == ()
        source = loaded.datasets[0].resources[0].source
        assert isinstance(source, LinkSource)
        return source

    return link


@pytest.mark.parametrize(
    ("entry", "size", "checksum"),
    [
        ("size: 0", 0, None),
        ("size: 1.5 GB", 1_500_000_000, None),
        (f"checksum: 'md5:{MD5}'", None, Checksum("md5", MD5)),
        (f"checksum: 'sha256: {'AB' * 32}'", None, Checksum("sha256", "ab" * 32)),
        (f"size: 12, checksum: 'sha2:{'0' * 128}'", 12, Checksum("sha2", "0" * 128)),
        ("checksum: 'crc:0a1b2c3d'", None, Checksum("crc", "0a1b2c3d")),
        ("checksum: null", None, NO_CHECKSUM),
        ("checksum: null, size: null", None, NO_CHECKSUM),
    ],
)
def test_what_is_said_in_words(
    link: Any, entry: str, size: int | None, checksum: Checksum | None
) -> None:
    assert link(entry) == LinkSource("https://x/stock.zip", size, checksum)


def test_of_a_file_here(link: Any, tmp_path: Path) -> None:
    source = link("of: data/stock.zip, upload_to: 's3://bucket/a/b/'")
    assert (source.of.path, source.of.shown) == (
        str(tmp_path / "data/stock.zip"),
        "data/stock.zip",
    )
    assert (source.size, source.checksum) == (None, None)
    assert source.target == "s3://bucket/a/b/stock.zip"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("size: -1", "'size' must be a size in bytes, as in 1000000 or 500 MB, not the number -1"),
        ("size: big", "'size' must be a size in bytes"),
        ("checksum: abc", "'checksum' must begin with one of sha1, sha256, sha2, md5, crc"),
        (f"checksum: {'a' * 40}", "(did you mean 'sha1:aaaaaa…'?)"),
        (f"checksum: {SHA256[1:]}a", "(did you mean 'sha256:000000…'?)"),
        ("checksum: 'md5:zz'", "'checksum' must have hex digits after 'md5:', not 'zz'"),
        (f"checksum: 'sha256:{MD5}'", "must have 64 hex digits after 'sha256:', not 32"),
        (f"checksum: 'sha2:{MD5}'", "must have 56 or 64 or 96 or 128 hex digits"),
        ("of: none.zip", "the file none.zip does not exist"),
        ("of: 'https://x/a.zip'", "'of' is for a file on this machine: for an address write"),
        ("of: m.yaml, size: 1", "'size' is that of the file in 'of': take one of the two away"),
        (f"of: m.yaml, checksum: 'md5:{MD5}'", "'checksum' is that of the file in 'of'"),
        ("upload_to: 's3://b'", "'upload_to' needs 'of', the file to put there"),
        ("of: m.yaml, upload_to: 'gs://b/'", "'upload_to' must be a bucket or a folder in one"),
        ("of: m.yaml, upload_to: 's3://b/*'", "'upload_to' must be a bucket or a folder in one"),
        ("of: m.yaml, upload_to: 's3:///b'", "'upload_to' must be a bucket or a folder in one"),
    ],
)
def test_what_is_wrong(one_resource: Any, entry: str, sentence: str) -> None:
    (problem,) = one_resource(f"{{link: 'https://x/', {entry}}}")
    assert sentence in problem


@pytest.mark.parametrize(
    "way", ["path: m.yaml", "glob: '*.yaml'", "url: 'https://x/a.csv'", "id: i"]
)
@pytest.mark.parametrize("key", ["of: m.yaml", "size: 1", f"checksum: 'md5:{MD5}'"])
def test_nothing_but_a_link_says_such_things(one_resource: Any, way: str, key: str) -> None:
    (problem,) = one_resource(f"{{{way}, {key}}}")
    assert problem == f"'{key.partition(':')[0]}' goes with 'link' only"


def test_two_files_are_not_put_in_one_place(one_resource: Any) -> None:
    link = "{{link: 'https://x/{}', of: m.yaml, upload_to: 's3://b/{}'}}"
    (problem,) = one_resource(f"{link.format('a', 'c')}\n      - {link.format('b', 'c/')}")
    assert problem.startswith("s3://b/c/m.yaml is where the link at ")
    assert one_resource(f"{link.format('a', 'c')}\n      - {link.format('b', 'd')}") == []
