"""Which addresses are on the public internet, and what of an address is told."""

import ipaddress

import pytest

from bulkpub.core.addresses import shown_address
from bulkpub.core.hosts import is_public
from bulkpub.sources.reach import (
    AddressRefused,
    Reach,
    as_written,
    parsed_address,
)


@pytest.mark.parametrize(
    "ip",
    ["8.8.8.8", "1.1.1.1", "192.0.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8",
     "2002:808:808::1", "64:ff9b::808:808"],
)  # fmt: skip
def test_an_address_of_the_internet_is_public(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    "ip",
    ["0.0.0.1", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.0.1",
     "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
     "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
     "240.0.0.1", "255.255.255.255",
     "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
     "2002:c0a8:101::", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0",
     "fec0::1", "ff02::1", "ff0e::1"],
)  # fmt: skip
def test_every_other_address_is_not(ip: str) -> None:
    assert not is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/f.csv", "https://a.example/f.csv"),
        ("https://u:p@a.example:8443/f.csv?key=1#x", "https://a.example:8443/f.csv"),
        ("https://u:p@q@a.example/f", "https://a.example/f"),
        ("https://u:p@[::1]/f", "https://[::1]/f"),
        ("ftp://u:p@a.example/f", "ftp://a.example/f"),
        ("https://a.example/a\r\nb", "https://a.example/ab"),
        ("https://a.example/\x1b[31m", "https://a.example/\ufffd[31m"),
        ("http://u:p@[::1", "an address that cannot be read"),
        ("u:p@a.example/f", "an address that cannot be read"),
        ("https://a.example/" + "x" * 500, "https://a.example/" + "x" * 282 + "…"),
    ],
)
def test_what_is_told_of_an_address_is_no_secret_and_one_line(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize(
    "url", ["", "f.csv", "//a.example/f", "https://", "https:///f", "mailto:a@b", "http://[::1",
            "http://a.example:0x50/", "HTTPX://a.example"],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        parsed_address(url)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://a.example/a%2Fb?x=%2B+%7e", "https://a.example/a%2Fb?x=%2B+%7e"),
        (" https://a.example/vélos 1.csv ", "https://a.example/v%C3%A9los%201.csv"),
        ("https://été.example/", "https://xn--t-9fab.example/"),
    ],
)
def test_an_address_is_asked_as_it_is_written_where_it_can_be(url: str, asked: str) -> None:
    assert str(as_written(url)) == asked


def test_trusted_hosts_are_in_reach_wherever_they_are() -> None:
    reach = Reach(trusted={"intranet.example"})
    reach.check("Intranet.example.", "10.0.0.1")
    with pytest.raises(AddressRefused, match=r"other\.example is at 10\.0\.0\.1"):
        reach.check("other.example", "10.0.0.1")


def test_what_a_resolver_makes_up_is_refused() -> None:
    with pytest.raises(AddressRefused, match="no IP address"):
        Reach().check("a.example", "intranet")
