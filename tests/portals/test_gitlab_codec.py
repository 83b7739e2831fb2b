"""GitLab's names, addresses and answers, against tables and what its documents show."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import DatasetMetadata, RemoteDataset
from bulkpub.errors import SettingsInvalid
from bulkpub.portals.gitlab import codec
from bulkpub.portals.gitlab.address import api_url, shown_on_page
from bulkpub.portals.gitlab.codec import File, Link, Release, Seen
from bulkpub.portals.gitlab.keys import credentials
from bulkpub.portals.gitlab.names import (
    Home,
    file_name,
    generic_path,
    link_path,
    name_fault,
    own_place,
    place_in,
)
from bulkpub.portals.releases.marks import marked_text, parted_text
from bulkpub.portals.releases.paging import next_params
from bulkpub.portals.releases.tags import tag_name
from tests.portals import gitlab_site as site

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("gitlab_answers.json").read_bytes())
"""Small answers from GitLab's documents, each with where it stands."""


def answer(name: str) -> bytes:
    return json.dumps(ANSWERS[name]["answer"]).encode()


# --- addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("portal", "url"),
    [
        ("gitlab:ville/donnees", "https://gitlab.com/api/v4/projects/ville%2Fdonnees"),
        ("gitlab:ville/sig/donnees", "https://gitlab.com/api/v4/projects/ville%2Fsig%2Fdonnees"),
        ("https://gitlab.com/ville/donnees", "https://gitlab.com/api/v4/projects/ville%2Fdonnees"),
        (
            "https://www.gitlab.com/ville/donnees.git",
            "https://gitlab.com/api/v4/projects/ville%2Fdonnees",
        ),
        (
            "https://gitlab.com/ville/donnees/-/releases",
            "https://gitlab.com/api/v4/projects/ville%2Fdonnees",
        ),
        (
            "gitlab+https://git.ville.example/sig/donnees/",
            "https://git.ville.example/api/v4/projects/sig%2Fdonnees",
        ),
        (
            "https://git.ville.example/forge/api/v4/projects/sig%2Fdonnees",
            "https://git.ville.example/forge/api/v4/projects/sig%2Fdonnees",
        ),
        (
            "https://git.ville.example/api/v4/projects/24",
            "https://git.ville.example/api/v4/projects/24",
        ),
        (
            "gitlab+http://127.0.0.1:8080/sig/donnees",
            "http://127.0.0.1:8080/api/v4/projects/sig%2Fdonnees",
        ),
        ("https://www.data.gouv.fr", None),
        ("https://git.ville.example/sig/donnees", None),
        ("https://github.com/ville/donnees", None),
        ("memory://here", None),
        ("www", None),
        ("https://[::1", None),
    ],
)
def test_the_address_of_a_project_tells_that_of_its_api(portal: str, url: str | None) -> None:
    assert api_url(portal) == url


@pytest.mark.parametrize(
    "portal",
    [
        "gitlab:donnees",
        "gitlab:",
        "gitlab:ville/../donnees/x y",
        "https://gitlab.com/",
        "gitlab+https://user:secret@git.ville.example/sig/donnees",
        "gitlab+http://git.ville.example/sig/donnees",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_and_no_password_shown(portal: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        api_url(portal)
    assert "secret" not in str(refused.value)


def test_a_key_goes_over_http_to_another_machine_only_when_that_is_meant() -> None:
    assert api_url("gitlab+http://git.ville.example/sig/donnees", True) is not None  # noqa: FBT003


def test_the_page_of_a_release_shows_a_dataset() -> None:
    page = "https://gitlab.com/ville/donnees/-/releases/velos-2026"
    assert shown_on_page(page) == ("dataset", "velos-2026")
    assert shown_on_page(f"{page}/downloads/a.csv") is None
    assert shown_on_page("https://gitlab.com/ville/donnees/-/releases") is None


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (None, {}),
        ("", {}),
        ("glpat-abc", {"PRIVATE-TOKEN": "glpat-abc"}),
        ("a-20-character-token", {"PRIVATE-TOKEN": "a-20-character-token"}),
        ("glcbt-64_abc", {"JOB-TOKEN": "glcbt-64_abc"}),
        ("64_abcdefghij", {"JOB-TOKEN": "64_abcdefghij"}),
    ],
)
def test_a_key_travels_in_the_header_of_its_kind(key: str | None, headers: dict[str, str]) -> None:
    assert credentials(key) == headers


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("velos.csv", "velos.csv"),
        ("Été 2024.CSV", "Ete-2024.CSV"),
        ("a&b=c;d#e?f.csv", "a-b-c-d-e-f.csv"),
        ("it's 100 %.csv", "its-100.csv"),
        (".hidden", "hidden"),
        ("~a@.csv", "a.csv"),
        ("two..dots.csv", "two.dots.csv"),
        ("x" * 240 + ".csv", "x" * 96 + ".csv"),
        ("x" * 240, "x" * 100),
        ("?!", ""),
    ],
)
def test_a_file_is_kept_under_a_name_that_package_and_permalink_can_have(
    name: str, kept: str
) -> None:
    assert file_name(name) == kept
    assert bool(name_fault(name)) == (not kept)


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_gitlab_takes_and_that_stays(name: str) -> None:
    kept = file_name(name)
    assert file_name(kept) == kept
    if kept:
        assert site.FILE_NAME.fullmatch(kept)
        path = link_path(kept)
        assert site.LINK_PATH.fullmatch(path)
        assert site.LINK_PATH.fullmatch(f"/{2**40}{path}")
        assert len(f"/{2**40}{path}") <= site.LONGEST_PATH


@given(st.text(max_size=300))
def test_any_key_becomes_a_tag_and_any_tag_has_a_package(key: str) -> None:
    tag = tag_name(key)
    assert tag_name(tag) == tag
    assert not tag.startswith(("-", "."))
    assert not tag.endswith((".", ".lock"))
    for each in (tag, key):
        name, version = own_place(each)
        assert site.PACKAGE_NAME.fullmatch(name)
        assert site.VERSION.fullmatch(version)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_tags_never_share_a_package(one: str, other: str) -> None:
    assert (own_place(one) == own_place(other)) == (one == other)


HOME = Home("https://git.example/api/v4", "sig/donnees", "24")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "https://git.example/api/v4/projects/24/packages/generic/velos/release/a.csv",
            (("velos", "release"), "a.csv"),
        ),
        (
            "https://git.example/api/v4/projects/SIG%2Fdonnees/packages/generic/v/1.0/a%20b.csv",
            (("v", "1.0"), "a b.csv"),
        ),
        ("https://git.example/api/v4/projects/25/packages/generic/velos/release/a.csv", None),
        ("https://evil.example/api/v4/projects/24/packages/generic/velos/release/a.csv", None),
        ("https://git.example/sig/donnees/-/jobs/1/artifacts/raw/a.csv", None),
        ("https://git.example/api/v4/projects/24/packages/generic/velos/release", None),
    ],
)
def test_a_link_leads_to_a_file_of_the_projects_own_packages_or_elsewhere(
    url: str, found: Any
) -> None:
    assert place_in(url, HOME) == found


def test_where_the_projects_id_is_not_told_a_number_is_believed_to_be_it() -> None:
    url = f"{HOME.url}{generic_path(('velos', 'release'), 'a.csv')}"
    assert place_in(url, Home(HOME.root, HOME.path)) == (("velos", "release"), "a.csv")


# --- what the documents show ----------------------------------------------------------------


def test_a_release_is_read_as_documented() -> None:
    release = codec.RELEASE.read(answer("release"))
    assert (release.tag, release.name) == ("v0.1", "Awesome app v0.1 alpha")
    assert release.text == (
        "## CHANGELOG\n\n- Remove limit of 100 when searching repository code. !8671"
    )
    assert release.page == "https://gitlab.example.com/root/awesome-app/-/releases/v0.1"
    assert [link.name for link in release.links] == ["hoge"]


def test_the_other_answers_are_read_as_documented() -> None:
    project = codec.PROJECT.read(answer("project"))
    assert (project.id, project.branch) == ("3", "main")
    assert codec.LINK.read(answer("link")).permanent.endswith("/downloads/bin/hellodarwin-amd64")
    (branch,) = codec.BRANCHES.read(answer("branches"))
    assert branch == codec.Branch("main", default=True)
    (package,) = codec.PACKAGES.read(answer("packages"))
    assert (package.id, package.version) == ("1", "1.0-SNAPSHOT")
    sent = codec.FILE.read(answer("upload"))
    assert (sent.size, sent.sha256) == (
        0,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
    (file,) = codec.FILES.read(answer("package_files"))
    # What the documents show there is no SHA-256, but shorter: it counts as none.
    assert (file.name, file.size, file.sha256) == ("my-app-1.5-20181107.152550-1.jar", 2421, None)
    words = codec.error_message(ANSWERS["refusal"]["answer"])
    assert words == "bio is too long (maximum is 255 characters)"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"message": "404 Not found"}, "404 Not found"),
        ({"message": ["Name has already been taken", "x"]}, "Name has already been taken; x"),
        ({"error": "tag_name is missing"}, "tag_name is missing"),
        ({"error": "insufficient_scope", "error_description": "Needs api"}, "Needs api"),
        ({"message": None}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_a_refusal_is_told_in_gitlabs_words(said: Any, words: str) -> None:
    assert codec.error_message(said) == words


# --- values ---------------------------------------------------------------------------------


def _file(number: int, size: int) -> File:
    return File(str(number), "a.csv", "4", size, str(number % 10) * 64)


def test_of_several_files_of_one_name_the_latest_counts() -> None:
    place = ("velos", "release")
    url = f"{HOME.url}{generic_path(place, 'a.csv')}"
    seen = Seen(
        Release("velos", "Vélos", links=(Link("1", "A", url),)),
        HOME,
        files={
            place: (File("9", "a.csv", "4", 1, "9" * 64), File("10", "a.csv", "4", 2, "0" * 64))
        },
    )
    (resource,) = codec.dataset_of(seen).resources
    assert (resource.size, resource.digest, resource.hosted) == (2, "0" * 64, True)


def test_extras_are_replaced_and_what_is_not_said_stays() -> None:
    remote = RemoteDataset("velos", DatasetMetadata("T", "Text", extras={"a": 1}))
    body = codec.release_body(DatasetMetadata(extras={"b": 2}), remote)
    assert parted_text(body["description"]) == ("Text", {"b": 2})
    body = codec.release_body(DatasetMetadata(description="New"), remote)
    assert parted_text(body["description"]) == ("New", {"a": 1})
    assert codec.release_body(DatasetMetadata(title="New"), remote) == {"name": "New"}


# --- what all hosts of releases share -------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(), JSON, min_size=1, max_size=4))
def test_what_is_kept_behind_a_text_comes_back_with_it(text: str, kept: dict[str, Any]) -> None:
    plain = text.replace("\r\n", "\n")
    if "\r" in plain or any(0xD800 <= ord(each) < 0xE000 for each in json.dumps(kept)):
        return
    marked = marked_text(plain, kept)
    assert parted_text(marked) == (plain, kept)
    assert parted_text(marked.replace("\n", "\r\n")) == (plain, kept)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Text",
        'Text\n\n<!-- bulkpub {"a": 1} --> and more',
        "<!-- bulkpub {no json} -->",
        "<!-- bulkpub [1] -->",
        '<!-- another {"a": 1} -->',
        f'<!-- bulkpub {{"a": "{"x" * 70_000}"}} -->',
    ],
)
def test_what_is_no_mark_of_ours_is_text(text: str) -> None:
    assert parted_text(text) == (text, {})


def test_a_mark_in_a_text_is_not_taken_for_the_one_behind_it() -> None:
    text = 'As in\n\n<!-- bulkpub {"bulkpub:key": "of-others"} -->\n\nis written.'
    assert parted_text(marked_text(text, {"bulkpub:key": "ours"})) == (
        text,
        {"bulkpub:key": "ours"},
    )


@pytest.mark.parametrize(
    ("header", "params"),
    [
        ("", None),
        ('<https://x.example/a?page=2&per_page=3>; rel="next"', {"page": "2", "per_page": "3"}),
        (
            '<http://x/a?page=1>; rel="prev", <http://x/a?page=3>; rel="next"',
            {"page": "3"},
        ),
        (
            '<http://x/a?page=3>; rel="next", <http://x/a?page=9>; rel="last"',
            {"page": "3"},
        ),
        ("<https://x.example/a?cursor=ab%3D>; rel=next", {"cursor": "ab="}),
        ('<https://x.example/a?page=1>; rel="first"', None),
        ('<https://x.example/a?page=4>; title="rel=next"', None),
        ('<https://[>; rel="next"', None),
        ("nonsense", None),
    ],
)
def test_the_next_page_is_what_the_header_says(header: str, params: Any) -> None:
    assert next_params({"Link": header}) == params
