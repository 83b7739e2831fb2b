"""Requests as people write them: they go to the portal's own API, or nowhere."""

import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.portals.telling import RawRequest
from bulkpub.portals.udata.raw import raw_request

BASE = "https://portal.example/api/1"


@pytest.mark.parametrize(
    ("written", "address", "params"),
    [
        ("/datasets/", f"{BASE}/datasets/", {}),
        ("datasets", f"{BASE}/datasets/", {}),
        ("/datasets/?page=2&q=a%20b", f"{BASE}/datasets/", {"page": "2", "q": "a b"}),
        ("/api/1/datasets/", f"{BASE}/datasets/", {}),
        ("/api/2/datasets/", "https://portal.example/api/2/datasets/", {}),
        (f"{BASE}/me/", f"{BASE}/me/", {}),
        ("https://portal.example/api/2/me/?a=", "https://portal.example/api/2/me/", {"a": ""}),
        ("/site/catalog.xml", f"{BASE}/site/catalog.xml", {}),
        ("/datasets/l'été/", f"{BASE}/datasets/l'%C3%A9t%C3%A9/", {}),
        ("/datasets/a%2Fb/", f"{BASE}/datasets/a%2Fb/", {}),
    ],
)
def test_a_path_is_taken_as_the_documentation_has_it(
    written: str, address: str, params: dict[str, str]
) -> None:
    request = raw_request(RawRequest("get", written), BASE)
    assert (request.root or BASE) + request.path == address
    assert (request.method, request.params) == ("GET", params)


@pytest.mark.parametrize(
    "written",
    [
        "https://elsewhere.example/api/1/datasets/",
        "http://portal.example/api/1/datasets/",
        "https://portal.example:444/api/1/datasets/",
        "https://me:secret@portal.example/api/1/datasets/",
        "https://portal.example.evil.example/api/1/",
        "//elsewhere.example/api/1/datasets/",
        "https://portal.example/other/",
        "/../../admin/",
        "/datasets/../../admin/",
        "/datasets/#x",
        "/datasets/\r\nX-Evil: 1/",
        "https:/portal.example/api/1/",
    ],
)
def test_nothing_else_is_sent_the_key(written: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        raw_request(RawRequest("GET", written), BASE)
    assert "secret" not in str(refused.value)


def test_there_are_the_methods_of_http_alone() -> None:
    with pytest.raises(SettingsInvalid, match="there is no method 'LIST'"):
        raw_request(RawRequest("LIST", "/datasets/"), BASE)


@pytest.mark.parametrize(
    ("mask", "paged", "sent"),
    [
        ("data{id}", False, "data{id}"),
        ("data{id}", True, "next_page,data{id}"),
        ("data{id},next_page", True, "data{id},next_page"),
        ("*,data{id}", True, "*,data{id}"),
    ],
)
def test_a_mask_does_not_hide_that_there_is_a_next_page(mask: str, paged: bool, sent: str) -> None:  # noqa: FBT001 # a table
    request = raw_request(RawRequest("GET", "/datasets/", mask=mask, paged=paged), BASE)
    assert request.headers == {"X-Fields": sent}


def test_ids_are_no_part_of_what_the_log_calls_it() -> None:
    path = "/datasets/5d13a8b6634f41070a43dff3/resources/3f4d5a0e-6f0b-4d2e-9a41-0c1f5f4f3c55/"
    assert raw_request(RawRequest("GET", path), BASE).endpoint == "/datasets/{id}/resources/{id}/"
