"""GitHub's names, addresses, limits and answers, against tables and what its documents show."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bulkpub.core.model import DatasetMetadata
from bulkpub.errors import SettingsInvalid
from bulkpub.http.messages import Answer
from bulkpub.http.turns import Turns
from bulkpub.portals.github import codec
from bulkpub.portals.github.address import api_url, root_of, shown_on_page, uploads_url
from bulkpub.portals.github.limits import understood
from bulkpub.portals.github.names import LONGEST_NAME, NEW, asset_name, name_fault
from bulkpub.portals.kinds import locate
from bulkpub.portals.shapes import Unreadable
from tests.portals.github_site import READER, WRITER, Site, kept_name, serving

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("github_answers.json").read_bytes())
"""Small answers from GitHub's documents, each with where it stands."""


def answer(name: str) -> Any:
    return json.loads(json.dumps(ANSWERS[name]["answer"]))


# --- names and addresses ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.csv", "a.csv"),
        ("Été 2024.CSV", "Ete.2024.CSV"),
        ("it's 100 % 'quoted'.csv", "it.s.100.quoted.csv"),
        (".htaccess", "htaccess"),
        ("a+b@c..csv.", "a.b.c.csv"),
        ("x" * 300 + ".csv", "x" * (LONGEST_NAME - 4) + ".csv"),
        ("…", ""),
    ],
)
def test_the_name_under_which_a_file_is_sent(name: str, kept: str) -> None:
    assert asset_name(name) == kept


@given(st.text(max_size=300))
def test_a_name_that_is_sent_is_kept_as_it_is(name: str) -> None:
    sent = asset_name(name)
    assert asset_name(sent) == sent
    assert kept_name(sent) == sent
    assert not sent or kept_name(sent + NEW) == sent + NEW
    assert len(sent) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("name", "words"), [("a.csv", ""), ("??", "without any letter"), (f"a{NEW}", "ends in")]
)
def test_a_name_that_no_file_can_have_is_told(name: str, words: str) -> None:
    assert words in name_fault(name)
    assert bool(name_fault(name)) == bool(words)


HOSTED = "https://api.github.com/repos/ville/donnees"


@pytest.mark.parametrize(
    ("portal", "url"),
    [
        ("github:ville/donnees", HOSTED),
        ("https://github.com/ville/donnees", HOSTED),
        ("https://www.github.com/ville/donnees.git", HOSTED),
        ("https://github.com/ville/donnees/releases/tag/v1", HOSTED),
        (HOSTED, HOSTED),
        (
            "github+https://git.ville.example/sig/donnees/",
            "https://git.ville.example/api/v3/repos/sig/donnees",
        ),
        (
            "github+https://git.ville.example/api/v3/repos/sig/donnees",
            "https://git.ville.example/api/v3/repos/sig/donnees",
        ),
        (
            "github+http://127.0.0.1:8080/sig/donnees",
            "http://127.0.0.1:8080/api/v3/repos/sig/donnees",
        ),
        ("https://www.data.gouv.fr", None),
        ("https://git.ville.example/sig/donnees", None),
        ("https://git.ville.example/api/v3/repos/sig/donnees", None),
        ("https://github.com.example/ville/donnees", None),
        ("memory://here", None),
        ("www", None),
        ("https://[::1", None),
    ],
)
def test_the_address_of_a_repository_tells_that_of_its_api(portal: str, url: str | None) -> None:
    assert api_url(portal) == url
    if url is not None:
        assert api_url(f"github+{url}") == url
        assert (locate(portal).kind.name, locate(portal).url) == ("github", url)


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        ("github:donnees", "names no GitHub repository"),
        ("github:", "names no GitHub repository"),
        ("github:ville/..", "names no GitHub repository"),
        ("https://github.com/", "names no GitHub repository"),
        ("https://api.github.com/users/ville", "names no GitHub repository"),
        ("https://key@github.com/ville/donnees", "must not carry"),
        ("github+http://git.ville.example/sig/donnees", "in the clear"),
        ("http://github.com/ville/donnees", "in the clear"),
    ],
)
def test_an_address_that_will_not_do_is_told(portal: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        api_url(portal)


@pytest.mark.parametrize(
    ("api", "uploads", "root"),
    [
        (HOSTED, "https://uploads.github.com/repos/ville/donnees", "https://api.github.com"),
        (
            "https://git.ville.example/api/v3/repos/sig/donnees",
            "https://git.ville.example/api/uploads/repos/sig/donnees",
            "https://git.ville.example/api/v3",
        ),
    ],
)
def test_where_files_are_sent_is_worked_out(api: str, uploads: str, root: str) -> None:
    assert (uploads_url(api), root_of(api)) == (uploads, root)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://github.com/ville/donnees/releases/tag/velos-2026", ("dataset", "velos-2026")),
        ("https://github.com/ville/donnees/releases/tag/a%2Fb", ("dataset", "a/b")),
        ("https://github.com/ville/donnees/releases", None),
        ("https://github.com/ville/donnees/releases/tag/", None),
        ("https://[::1", None),
    ],
)
def test_what_a_page_shows(address: str, shown: tuple[str, str] | None) -> None:
    assert shown_on_page(address) == shown


# --- limits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "body", "becomes", "pause"),
    [
        (200, {}, {}, 200, None),
        (403, {}, answer("no right"), 403, None),
        (403, {"x-ratelimit-remaining": "4999"}, answer("no right"), 403, None),
        (403, {"x-ratelimit-remaining": "0"}, {"message": "API rate limit exceeded"}, 429, None),
        (403, {"retry-after": "7"}, answer("limit"), 429, "7"),
        (403, {}, answer("limit"), 429, "60"),
        (429, {}, answer("limit"), 429, "60"),
        (429, {"x-ratelimit-remaining": "0"}, {}, 429, None),
        (404, {"x-ratelimit-remaining": "0"}, {"message": "Not Found"}, 404, None),
    ],
)
def test_what_is_turned_away_for_a_limit_is_told_from_what_is_forbidden(
    status: int, headers: Mapping[str, str], body: Any, becomes: int, pause: str | None
) -> None:
    got = understood(Answer(status, CIMultiDict(headers), json.dumps(body).encode()))
    assert (got.status, got.headers.get("Retry-After")) == (becomes, pause)
    assert got.content == json.dumps(body).encode()


async def test_writes_are_a_second_apart_in_the_order_in_which_they_come() -> None:
    now, waited = [100.0], list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    turns = Turns(1.0, clock=lambda: now[0], sleep=sleep)
    await turns.turn()
    assert waited == []
    await turns.turn()
    now[0] += 0.25
    await turns.turn()
    now[0] += 5
    await turns.turn()
    assert waited == [1.0, 0.75]


# --- answers ------------------------------------------------------------------------------


def read(which: str, shape: Any, **changes: Any) -> Any:
    return shape.read(json.dumps(answer(which) | changes).encode())


def test_a_release_is_a_dataset_and_its_files_are_resources() -> None:
    dataset = codec.dataset_of(read("release", codec.RELEASE))
    assert (dataset.id, dataset.slug, dataset.organization) == ("1", "v1.0.0", None)
    assert dataset.page == "https://github.com/octocat/Hello-World/releases/tag/v1.0.0"
    assert dataset.metadata == DatasetMetadata(
        title="v1.0.0", description="Description of the release", private=False
    )
    (file,) = dataset.resources
    assert (file.id, file.file_name, file.size, file.hosted) == ("1", "example.zip", 1024, True)
    assert file.digest == "2151b604e3429bff440b9fbc03eb3617bc2603cda96c95b9bb05277f9ddba255"
    assert str(file.checksum) == f"sha256:{file.digest}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": None}, "id"),
        ({"id": "1"}, "id"),
        ({"tag_name": 7}, "tag_name"),
        ({"draft": "no"}, "draft"),
        ({"published_at": "yesterday"}, "published_at must be a moment"),
        ({"assets": [{"id": 1}]}, "assets"),
        ({"html_url": "javascript:alert(1)"}, "html_url must be a web address"),
    ],
)
def test_an_answer_of_another_shape_is_none(changes: Any, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read("release", codec.RELEASE, **changes)


ONE = {"id": 1, "name": "a.csv", "state": "uploaded"}
NEWER = {"id": 2, "name": f"a.csv{NEW}", "state": "uploaded"}


@pytest.mark.parametrize(
    ("assets", "shown"),
    [
        ([ONE], [("1", "a.csv", True)]),
        ([ONE, NEWER], [("1", "a.csv", True)]),
        ([NEWER], [("2", "a.csv", False)]),
        ([ONE | {"state": "starter"}, NEWER], [("2", "a.csv", False)]),
        ([ONE, NEWER | {"state": "starter"}], [("1", "a.csv", True)]),
        ([ONE | {"state": "starter"}], []),
    ],
)
def test_what_broke_off_is_not_there_and_what_is_new_counts_once_the_other_is_gone(
    assets: list[dict[str, Any]], shown: list[tuple[str, str, bool]]
) -> None:
    full = [
        answer("asset") | each | {"browser_download_url": f"https://x.example/{each['name']}"}
        for each in assets
    ]
    dataset = codec.dataset_of(read("release", codec.RELEASE, assets=full))
    there = [(each.id, each.file_name, each.hosted) for each in dataset.resources]
    assert there == shown
    assert all(each.stored for each in dataset.resources)


def test_what_a_release_says_is_written_and_read_again() -> None:
    said = DatasetMetadata(
        title="Vélos", description="Un\n\ndeux", private=True, extras={"bulkpub:key": "-->", "a": 1}
    )
    body = codec.release_body(said)
    assert body["body"].startswith("Un\n\ndeux\n\n<!-- bulkpub {")
    assert body["body"].count("-->") == 1
    assert codec.dataset_of(read("release", codec.RELEASE, **body)).metadata == said


def test_what_changes_do_not_name_stays() -> None:
    there = codec.dataset_of(
        read("release", codec.RELEASE, **codec.release_body(DatasetMetadata(extras={"a": 1})))
    )
    assert codec.release_body(DatasetMetadata(title="T"), there) == {"name": "T"}
    written = codec.release_body(DatasetMetadata(description="D"), there)
    assert written == {"body": 'D\n\n<!-- bulkpub {"a":1} -->'}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("name taken", "Validation Failed; ReleaseAsset name already_exists"),
        (
            "empty file",
            "Validation Failed; ReleaseAsset size custom size must be greater than or equal to 1",
        ),
        ("no right", "Resource not accessible by personal access token"),
    ],
)
def test_what_an_error_says(name: str, words: str) -> None:
    assert codec.error_message(answer(name)) == words


@pytest.mark.parametrize("odd", [None, [], "x", {"message": 1, "errors": "x"}, {"errors": [1]}])
def test_an_error_that_says_nothing_is_survived(odd: Any) -> None:
    assert codec.error_message(odd) == ""
    assert codec.error_codes(odd) == frozenset()


# --- the imitation is held to the documents -------------------------------------------------


def kinds(value: Any) -> Any:
    """The shape of an answer: names, and what sort of value each has."""
    match value:
        case Mapping():
            return {name: kinds(each) for name, each in value.items()}
        case list():
            return [kinds(each) for each in value[:1]]
        case _:
            return type(value).__name__


@pytest.mark.served
async def test_the_imitation_answers_as_documented() -> None:
    headers = {"Authorization": f"Bearer {WRITER}"}
    async with serving() as site, aiohttp.ClientSession(headers=headers) as session:

        async def ask(method: str, path: str, **more: Any) -> tuple[int, Any]:
            async with session.request(method, f"{site.base}{path}", **more) as got:
                return got.status, await got.json()

        api = f"/api/v3{site.api.split('/api/v3')[1]}"
        uploads = api.replace("/v3/", "/uploads/")
        said = {"tag_name": "v1", "name": "V1", "body": "Text"}
        got = await ask("GET", api)
        assert (got[0], kinds(got[1])) == (200, kinds(answer("repository")))
        status, release = await ask("POST", f"{api}/releases", json=said)
        assert (status, kinds(release | {"assets": []})) == (
            201,
            kinds(answer("release") | {"assets": []}),
        )
        there = f"{uploads}/releases/{release['id']}/assets?name=a.csv"
        status, asset = await ask("POST", there, data=b"a")
        assert (status, kinds(asset)) == (201, kinds(answer("asset")))
        got = await ask("GET", f"{api}/releases/tags/v1")
        assert (got[0], kinds(got[1])) == (200, kinds(answer("release")))
        status, refusal = await ask("POST", there, data=b"a")
        assert (status, refusal) == (422, answer("name taken"))
        status, refusal = await ask("POST", f"{there}.gz", data=b"")
        assert (status, refusal) == (422, answer("empty file"))
        site.trouble = lambda _method, _path: "limit"
        status, refusal = await ask("GET", api)
        assert (status, refusal["message"]) == (403, answer("limit")["message"])
        site.trouble = lambda _method, _path: None
        session.headers["Authorization"] = f"Bearer {READER}"
        status, refusal = await ask("POST", f"{api}/releases", json=said)
        assert (status, refusal["message"]) == (403, answer("no right")["message"])


def test_a_site_tells_how_it_is_called() -> None:
    site = Site(base="http://127.0.0.1:1")
    assert locate(site.portal).url == site.api
