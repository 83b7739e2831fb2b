"""Addresses in words: nothing that cannot be read breaks anything, and no secret is told."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.addresses import is_local, joined, named, shown_address, web_address_fault
from bulkpub.core.hosts import ip_of, is_loopback


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        ("https://a.example/x/", "b.csv", "https://a.example/x/b.csv"),
        ("https://a.example/x/", "//b.example/c", "https://b.example/c"),
        ("https://a.example/x/", "A://[", "A://["),
        ("https://a.example/x/", "//[", "//["),
    ],
)
def test_an_address_found_in_a_document_becomes_whole(base: str, url: str, whole: str) -> None:
    assert joined(base, url) == whole


@given(st.text(alphabet="ahtp:/[]@?#%. \\\n"))
def test_no_address_is_too_strange_to_be_told(url: str) -> None:
    assert isinstance(joined("https://a.example/", url), str)
    assert isinstance(named(url).name, str)
    assert "\n" not in shown_address(url)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - asked about, not listened on
        ("::", False),
        ("192.168.1.1", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_no_other(
    host: str,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert is_loopback(host) == expected


# --- what is local by its spelling ---------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "geo.localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433",
     "0177.0.0.1", "0.0.0.1", "10.1.2.3", "10.3", "172.16.0.1", "172.31.255.255", "192.168.1.4",
     "169.254.169.254", "100.64.0.1", "[::1]", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]",
     "[::ffff:10.0.0.1]", "geoserver", "srv-sig01", "nas.local", "geo.lan", "geo.internal",
     "geo.intranet", "geo.corp", "box.home", "box.home.arpa", "geo.private", "geo.localdomain",
     "%31%32%37.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020.0.1"],
)  # fmt: skip
@pytest.mark.parametrize(
    "form",
    ["http://{}/f.csv", "HTTPS://{}:8080/x?y=z#1", "ftp://{}/f.csv", "sftp://me:word@{}/f.csv",
     "zip://f.csv::http://{}/f.zip", " http://{} "],
)  # fmt: skip
def test_an_address_that_only_its_own_network_knows_is_local(host: str, form: str) -> None:
    assert is_local(form.format(host))


@pytest.mark.parametrize(
    "address",
    ["https://example.org/f.csv", "https://local.example.org/", "http://localhost.example.org/",
     "https://8.8.8.8/", "https://172.32.0.1/", "https://[2001:4860:4860::8888]/", "https://1.2/",
     "https://geo.local.gouv.fr/", "https://xn--t-9fab.example/", "s3://bucket/f.csv",
     "zip://f.csv::https://example.org/f.zip", "az://data/f.csv", "", "localhost", "f.csv",
     "mailto:me@localhost", "urn:isbn:localhost", "http://[::1", "https:///f", "C:/f.csv"],
)  # fmt: skip
def test_every_other_address_is_not(address: str) -> None:
    assert not is_local(address)


def test_a_file_of_a_machine_is_local() -> None:
    assert is_local("file:///srv/data/f.csv")


@given(
    st.lists(
        st.integers(0, 2**33).map(str)
        | st.integers(0, 2**33).map(hex)
        | st.integers(0, 2**33).map("0{:o}".format)
        | st.text("0189abfx", max_size=4),
        min_size=1,
        max_size=5,
    ).map(".".join)
)
def test_numbers_are_read_as_systems_read_them(host: str) -> None:
    try:
        expected = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        assert ip_of(host) is None
    else:
        assert str(ip_of(host)) == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("mailto:x@y.z", "mailto:x@y.z"),
        ("MAILTO:x@y.z?subject=s", "MAILTO:x@y.z"),
        # Of anything else what stands in front of an @ may be a secret.
        ("mailto://me:word@y.z", "mailto://y.z"),
        ("me:word@y.z/f.csv", "me:y.z/f.csv"),
        ("htp://me:word@y.z", "htp://y.z"),
    ],
)
def test_what_is_no_address_is_shown_without_what_may_be_a_secret(written: str, shown: str) -> None:
    assert web_address_fault(written).endswith(f", not '{shown}'")
