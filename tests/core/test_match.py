from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest

from bulkpub.core import match as match_
from bulkpub.core.match import By, Matching, hashes_needed
from bulkpub.core.model import (
    KEY_EXTRA,
    FileSource,
    Fingerprint,
    LinkSource,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.portals.udata import RULES

match_resources = partial(match_.match_resources, rules=RULES, ours=True)

Digest = Callable[[bytes], str]
Shas = Mapping[str, str]


def file(
    key: str, name: str = "f.csv", *, title: str | None = None, id_: str | None = None
) -> ResourceSpec:
    source = FileSource(f"/m/{key}/{name}", f"{key}/{name}")
    return ResourceSpec(key, source, ResourceMetadata(title=title), id=id_)


def link(key: str, url: str, *, title: str | None = None) -> ResourceSpec:
    return ResourceSpec(key, LinkSource(url), ResourceMetadata(title=title))


def hosted(
    id_: str,
    name: str = "stored.csv",
    *,
    title: str = "",
    key: str | None = None,
    digest: str | None = "other",
    size: int = 9,
) -> RemoteResource:
    extras = {} if key is None else {KEY_EXTRA: key}
    metadata = ResourceMetadata(title=title or name, extras=extras)
    url = f"https://portal.example/s/20250101-000000/{name}"
    return RemoteResource(id_, metadata, url=url, size=size, digest=digest)


def listed(id_: str, url: str, *, title: str = "Link", key: str | None = None) -> RemoteResource:
    extras = {} if key is None else {KEY_EXTRA: key}
    metadata = ResourceMetadata(title=title, extras=extras)
    return RemoteResource(id_, metadata, hosted=False, url=url)


def hashed(**sha1s: str) -> dict[str, Fingerprint]:
    """Fingerprints of files of one byte, by resource key."""
    return {key: Fingerprint(1, digest=sha1) for key, sha1 in sha1s.items()}


def who(matching: Matching) -> dict[str, tuple[str, By]]:
    return {key: (match.remote.id, match.by) for key, match in matching.matches.items()}


# --- rule by rule -------------------------------------------------------------------------


def test_an_id_wins_over_everything() -> None:
    remote = [hosted("r1", title="T", key="k", digest="a", size=1), hosted("r2")]
    found = match_resources([file("k", title="T", id_="r2")], hashed(k="a"), remote)
    assert who(found) == {"k": ("r2", By.ID)}
    assert list(found.unmatched) == ["r1"]


def test_an_id_that_is_not_there_is_a_conflict_that_says_so() -> None:
    found = match_resources([file("k", id_="gone")], {}, [hosted("r1", key="k")])
    assert "no resource with the id gone" in found.conflicts["k"].message
    assert found.matches == {}


def test_an_id_the_portal_gave_us_in_this_run_is_as_sure_as_one_in_the_manifest() -> None:
    remote = [hosted("new", digest="a", size=1), hosted("r1", title="T")]
    found = match_resources([file("k", title="T")], hashed(k="b"), remote, {"k": "new"})
    assert who(found) == {"k": ("new", By.ID)}


def test_an_id_of_this_run_that_vanished_is_forgotten_not_a_conflict() -> None:
    found = match_resources([file("k")], hashed(k="a"), [], {"k": "vanished"})
    assert (found.matches, found.conflicts) == ({}, {})


def test_our_key_wins_over_content_and_names() -> None:
    remote = [hosted("r1", "f.csv", title="T", digest="a", size=1), hosted("r2", key="k")]
    found = match_resources([file("k", title="T")], hashed(k="a"), remote)
    assert who(found) == {"k": ("r2", By.KEY)}


def test_two_resources_with_our_key_are_a_conflict_that_names_both() -> None:
    remote = [hosted("r1", key="k", title="One"), hosted("r2", key="k", title="Two")]
    message = match_resources([file("k")], hashed(k="a"), remote).conflicts["k"].message
    assert "2 resources on the portal carry its key" in message
    assert "'One' (r1)" in message
    assert "'Two' (r2)" in message


def test_unclaimed_content_is_adopted_whatever_its_name() -> None:
    found = match_resources([file("k")], hashed(k="a"), [hosted("r1", digest="a", size=1)])
    assert who(found) == {"k": ("r1", By.CONTENT)}


def test_the_same_sha1_with_another_size_is_not_the_same_content() -> None:
    assert not match_resources(
        [file("k")], hashed(k="a"), [hosted("r1", digest="a", size=2)]
    ).matches


def test_a_renamed_key_is_recognised_by_its_content() -> None:
    remote = [hosted("r1", key="old", digest="a", size=1)]
    assert who(match_resources([file("new")], hashed(new="a"), remote)) == {
        "new": ("r1", By.CONTENT)
    }


AT = "https://geo.example/wms"


@pytest.mark.parametrize(
    ("wanted", "remote", "expected"),
    [
        # An entry that has no other key is told from those beside it by its title.
        (
            [link(f"{AT}#b", AT, title="b"), link(f"{AT}#c", AT, title="c")],
            [
                listed("r1", AT, title="a", key=AT),
                listed("r2", AT, title="b", key=f"{AT}-2"),
                listed("r3", AT, title="c", key=f"{AT}-3"),
            ],
            {f"{AT}#b": ("r2", By.URL), f"{AT}#c": ("r3", By.URL)},
        ),
        # The one that is left has the address alone, which was another's.
        (
            [link(AT, AT, title="b")],
            [
                listed("r1", AT, title="a", key=AT),
                listed("r2", AT, title="b", key=f"{AT}-2"),
            ],
            {AT: ("r2", By.TITLE)},
        ),
        (
            [link(AT, AT, title="b")],
            [listed("r1", AT, title="a", key=AT), listed("r2", AT, title="b", key=AT)],
            {AT: ("r2", By.KEY)},
        ),
        # One that is not alone any more, and one that is alone again.
        (
            [link(f"{AT}#a", AT, title="a"), link(f"{AT}#b", AT, title="b")],
            [listed("r1", AT, title="a", key=AT)],
            {f"{AT}#a": ("r1", By.URL)},
        ),
        (
            [link(AT, AT, title="b")],
            [
                listed("r1", AT, title="a", key=f"{AT}#a"),
                listed("r2", AT, title="b", key=f"{AT}#b"),
            ],
            {AT: ("r2", By.URL)},
        ),
        # A title that changed: the key tells.
        (
            [link(AT, AT, title="b")],
            [listed("r1", AT, title="a", key=AT), listed("r2", AT, title="c", key=f"{AT}-2")],
            {AT: ("r1", By.KEY)},
        ),
        # A number that is in use is a key as any other.
        (
            [link(AT, AT, title="b"), link(f"{AT}-2", AT, title="a")],
            [
                listed("r1", AT, title="a", key=AT),
                listed("r2", AT, title="b", key=f"{AT}-2"),
            ],
            {AT: ("r1", By.KEY), f"{AT}-2": ("r2", By.KEY)},
        ),
        # Files that were fetched from one address.
        (
            [
                ResourceSpec(f"{AT}#b", UrlSource(AT), ResourceMetadata(title="b")),
            ],
            [hosted("r1", title="a", key=AT), hosted("r2", title="b", key=f"{AT}-2")],
            {f"{AT}#b": ("r2", By.URL)},
        ),
        # Neither title nor address alone is enough, and neither is a choice.
        ([link("k", AT, title="a")], [listed("r1", AT, title="b", key=f"{AT}#b")], {}),
        ([link("k", AT, title="a")], [listed("r1", "https://x/", title="a", key="x")], {}),
        (
            [link("k", AT, title="a")],
            [listed(f"r{n}", AT, title="a", key=f"{AT}-{n}") for n in (2, 3)],
            {},
        ),
    ],
)
def test_a_position_is_no_identity(
    wanted: list[ResourceSpec],
    remote: list[RemoteResource],
    expected: dict[str, tuple[str, By]],
) -> None:
    for there in (remote, remote[::-1]):
        found = match_resources(wanted, {}, there)
        assert (who(found), found.conflicts) == (expected, {})
        for entry in wanted:
            alone = match_.match_resource(entry, wanted, {}, there, rules=RULES, ours=True)
            assert who(alone).get(entry.key) == expected.get(entry.key)


def test_a_key_that_is_still_in_use_is_never_taken_over() -> None:
    remote = [hosted("r1", key="other", digest="a", size=1)]
    found = match_resources([file("k"), file("other")], hashed(k="a", other="a"), remote)
    assert who(found) == {"other": ("r1", By.KEY)}


@pytest.mark.parametrize(
    ("spec", "remote"),
    [
        (file("k", title="T"), hosted("r1", title="T", key="theirs")),
        (file("k"), hosted("r1", "f.csv", title="T", key="theirs")),
        (file("k"), hosted("r1", key="theirs", digest="a", size=1)),
        (link("k", "https://x.example/", title="T"), listed("r1", "u", title="T", key="theirs")),
        (link("k", "https://x.example/"), listed("r1", "https://x.example/", key="theirs")),
        (
            ResourceSpec("k", UrlSource("https://x.example/a.csv")),
            listed("r1", "https://x.example/a.csv", key="theirs"),
        ),
    ],
)
def test_what_another_key_marks_in_a_dataset_that_is_not_ours_is_a_conflict(
    spec: ResourceSpec, remote: RemoteResource
) -> None:
    found = match_.match_resources([spec], hashed(k="a"), [remote], rules=RULES, ours=False)
    assert found.matches == {}
    assert found.conflicts["k"].marked
    message = found.conflicts["k"].message
    assert all(each in message for each in ("'k'", "'theirs'", "`id: r1`", "(r1)"))


def test_what_another_entry_of_the_manifest_is_to_be_is_no_conflict() -> None:
    remote = [hosted("r1", "f.csv", key="b", digest="a", size=1)]
    specs = [file("k"), file("b")]
    found = match_.match_resources(specs, hashed(k="a", b="a"), remote, rules=RULES, ours=False)
    assert who(found) == {"b": ("r1", By.KEY)}
    assert found.conflicts == {}


def test_two_renamed_keys_of_one_content_are_not_guessed_at() -> None:
    remote = [hosted(f"r{n}", key=f"old{n}", digest="a", size=1) for n in (1, 2)]
    found = match_resources([file("k")], hashed(k="a"), remote)
    assert (found.matches, found.conflicts) == ({}, {})


@pytest.mark.parametrize(
    ("spec", "remote", "by"),
    [
        (file("k", title="T"), hosted("r1", title="T"), By.TITLE),
        (file("k", "Mon Été.csv"), hosted("r1", "mon-ete.csv", title="Kept"), By.FILE_NAME),
        (file("k", "f.csv", title="T"), hosted("r1", "f.csv", title="T"), By.TITLE),
        (file("k", title="T"), listed("r1", "https://x.example/", title="T"), By.TITLE),
        (link("k", "https://x.example/"), listed("r1", "https://x.example/"), By.URL),
        (
            link("k", "https://y.example/", title="T"),
            listed("r1", "https://x/", title="T"),
            By.TITLE,
        ),
    ],
)
def test_an_unclaimed_resource_of_the_same_name_is_taken_over(
    spec: ResourceSpec, remote: RemoteResource, by: By
) -> None:
    assert who(match_resources([spec], hashed(k="a"), [remote])) == {"k": ("r1", by)}


@pytest.mark.parametrize(
    ("spec", "remote"),
    [
        (file("k", title="T"), hosted("r1", title="T", key="someone")),
        (file("k"), hosted("r1", "f.csv", key="someone")),
        (file("k"), listed("r1", "https://x.example/f.csv")),
        (link("k", "https://x.example/"), listed("r1", "https://x.example/", key="someone")),
        (link("k", "https://x.example/", title="T"), hosted("r1", title="T")),
        (file("k", title="t"), hosted("r1", title="T")),
        (file("k"), hosted("r1", "ff.csv")),
    ],
)
def test_what_is_claimed_or_only_similar_is_left_alone(
    spec: ResourceSpec, remote: RemoteResource
) -> None:
    found = match_resources([spec], hashed(k="a"), [remote])
    assert (found.matches, found.conflicts) == ({}, {})
    assert list(found.unmatched) == ["r1"]


def test_two_candidates_by_name_are_a_conflict_that_names_both() -> None:
    remote = [hosted("r1", title="T"), hosted("r2", title="T")]
    message = match_resources([file("k", title="T")], {}, remote).conflicts["k"].message
    assert "(r1)" in message
    assert "(r2)" in message


def test_title_and_file_name_together_win_over_either() -> None:
    remote = [hosted("r1", title="T"), hosted("r2", "f.csv", title="T"), hosted("r3", "f.csv")]
    found = match_resources([file("k", title="T")], {}, remote)
    assert who(found) == {"k": ("r2", By.TITLE)}


def test_two_entries_that_could_be_one_resource_are_a_conflict_that_names_both() -> None:
    specs = [file("k1"), file("k2")]
    titled = hosted("r1", "f.csv", title="By hand")
    found = match_resources(specs, hashed(k1="a", k2="b"), [titled])
    assert set(found.conflicts) == {"k1", "k2"}
    assert "'k1' and 'k2'" in found.conflicts["k1"].message
    assert "set `id: r1`" in found.conflicts["k2"].message


def test_a_mere_upload_that_nobody_titled_is_taken_by_the_first_it_could_be() -> None:
    specs = [file("k1"), file("k2")]
    found = match_resources(specs, hashed(k1="a", k2="b"), [hosted("r1", "f.csv")])
    assert who(found) == {"k1": ("r1", By.FILE_NAME)}
    assert found.conflicts == {}


def test_among_entries_of_one_file_name_the_title_decides() -> None:
    specs = [file("k1"), file("k2", title="T")]
    found = match_resources(specs, hashed(k1="a", k2="b"), [hosted("r1", "f.csv", title="T")])
    assert who(found) == {"k2": ("r1", By.TITLE)}
    assert found.conflicts == {}


# --- one content in several files ---------------------------------------------------------


def test_equal_files_find_their_own_by_file_name() -> None:
    specs = [file("k1", "a.csv"), file("k2", "b.csv")]
    remote = [hosted("r2", "b.csv", digest="a", size=1), hosted("r1", "a.csv", digest="a", size=1)]
    found = match_resources(specs, hashed(k1="a", k2="a"), remote)
    assert who(found) == {"k1": ("r1", By.CONTENT), "k2": ("r2", By.CONTENT)}


def test_equal_files_of_equal_names_are_interchangeable() -> None:
    specs = [file("k1"), file("k2")]
    remote = [hosted(f"r{n}", "f.csv", digest="a", size=1) for n in (1, 2)]
    found = match_resources(specs, hashed(k1="a", k2="a"), remote)
    assert {match.remote.id for match in found.matches.values()} == {"r1", "r2"}


def test_one_of_two_equal_files_that_arrived_is_not_taken_for_both() -> None:
    specs = [file("k1", "a.csv"), file("k2", "b.csv")]
    found = match_resources(
        specs, hashed(k1="a", k2="a"), [hosted("r2", "b.csv", digest="a", size=1)]
    )
    assert who(found) == {"k2": ("r2", By.CONTENT)}


def test_more_copies_on_the_portal_than_wanted_are_for_a_person_to_sort_out() -> None:
    remote = [hosted(f"r{n}", f"{n}.csv", digest="a", size=1) for n in (1, 2)]
    message = match_resources([file("k")], hashed(k="a"), remote).conflicts["k"].message
    assert "2 resources on the portal have its content" in message


def test_of_several_copies_the_one_with_the_right_name_is_ours() -> None:
    remote = [hosted(f"r{n}", f"{n}.csv", digest="a", size=1) for n in (1, 2)]
    found = match_resources([file("k", "2.csv")], hashed(k="a"), remote)
    assert who(found) == {"k": ("r2", By.CONTENT)}


def test_as_many_equal_files_as_entries_are_shared_out_whatever_their_raw_titles_say() -> None:
    """Both were created and both answers lost; one entry's title is what uploads are called."""
    specs = [file("k1"), file("k2", title="f.csv")]
    remote = [hosted(f"r{n}", "f.csv", digest="a", size=1) for n in (1, 2)]
    found = match_resources(specs, hashed(k1="a", k2="a"), remote)
    assert found.conflicts == {}
    assert {match.remote.id for match in found.matches.values()} == {"r1", "r2"}


def test_a_file_still_to_be_replaced_leaves_its_equal_the_one_that_arrived() -> None:
    """`k1` replaces `r1`, `k2` was created as `new` and its answer lost: both are called f.csv."""
    specs = [file("k1", title="T"), file("k2")]
    remote = [hosted("new", "f.csv", digest="a", size=1), hosted("r1", "g.csv", title="T")]
    found = match_resources(specs, hashed(k1="a", k2="a"), remote)
    assert {key: match.remote.id for key, match in found.matches.items()} == {
        "k1": "r1",
        "k2": "new",
    }


# --- links --------------------------------------------------------------------------------


def test_an_upload_onto_a_link_whose_answer_was_lost_is_found_again() -> None:
    """It has the file's bytes and raw name, but still counts as hosted elsewhere."""
    url = "https://portal.example/s/20260101-000000/f.csv"
    metadata = ResourceMetadata(title="f.csv", extras={})
    arrived = RemoteResource(
        "r1", metadata, hosted=False, url=url, size=1, digest="a", uploaded=True
    )
    found = match_resources([file("k", title="T")], hashed(k="a"), [arrived])
    assert found.matches["k"].remote.id == "r1"


@pytest.mark.parametrize("turned", [False, True])
def test_the_address_of_one_link_wins_over_the_title_of_another(turned: bool) -> None:  # noqa: FBT001 - a table's column
    specs = [link("by-title", "https://new.example/", title="T"), link("by-url", "https://x/")]
    found = match_resources(
        specs[::-1] if turned else specs, {}, [listed("r1", "https://x/", title="T")]
    )
    assert who(found) == {"by-url": ("r1", By.URL)}


@pytest.mark.parametrize("turned", [False, True])
def test_among_links_to_one_address_the_title_decides(turned: bool) -> None:  # noqa: FBT001 - a table's column
    specs = [link("a", "https://x/", title="A"), link("b", "https://x/", title="B")]
    found = match_resources(
        specs[::-1] if turned else specs, {}, [listed("r1", "https://x/", title="B")]
    )
    assert {key: match.remote.id for key, match in found.matches.items()} == {"b": "r1"}


def test_two_links_to_one_address_are_a_conflict() -> None:
    remote = [listed("r1", "https://x/"), listed("r2", "https://x/")]
    found = match_resources([link("k", "https://x/")], {}, remote)
    assert "have its url" in found.conflicts["k"].message


# --- which files to hash first ------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "needed"),
    [
        ([], False),
        ([hosted("r1", key="k", size=1)], True),
        ([hosted("r1", key="k", size=2)], False),
        ([hosted("r1", key="k", size=1, digest=None)], False),
        ([hosted("r1", size=1)], True),
        ([hosted("r1", size=2)], False),
        ([hosted("r1", size=1, digest=None)], False),
        ([hosted("r1", key="old", size=1)], True),
        ([hosted("r1", key="k", size=2), hosted("r2", size=1)], False),
        ([hosted("r1", key="k", size=1), hosted("r2", key="k", size=1)], False),
        ([listed("r1", "https://x.example/f.csv", key="k")], False),
    ],
)
def test_a_file_is_hashed_first_when_one_of_its_size_could_be_it(
    remote: Sequence[RemoteResource],
    needed: bool,  # noqa: FBT001 - a table's column
) -> None:
    asked = hashes_needed([file("k")], {"k": Fingerprint(1)}, remote)
    assert asked == ({"k"} if needed else set())


def test_what_is_known_is_not_hashed_again() -> None:
    assert not hashes_needed([file("k")], hashed(k="a"), [hosted("r1", size=1)])


def test_a_file_that_could_not_be_looked_at_and_a_link_are_not_hashed() -> None:
    specs = [file("k"), link("l", "https://x/")]
    assert not hashes_needed(specs, {}, [hosted("r1", size=1)])


def test_a_file_is_not_hashed_when_it_has_to_be_sent_anyway() -> None:
    """A link with a checksum of its own, ours by key: its file will be hosted, whatever it is."""
    metadata = ResourceMetadata(title="T", extras={KEY_EXTRA: "k"})
    link_ = RemoteResource("r1", metadata, hosted=False, url="https://x/f.csv", size=1, digest="a")
    assert not hashes_needed([file("k")], {"k": Fingerprint(1)}, [link_])


def test_an_id_of_this_run_is_heeded_when_deciding_what_to_hash(digest: Digest) -> None:
    new = hosted("new", digest=digest(b"x"), size=1)
    assert hashes_needed([file("k")], {"k": Fingerprint(2)}, [new], {"k": "new"}) == frozenset()
    assert hashes_needed([file("k")], {"k": Fingerprint(1)}, [new], {"k": "new"}) == {"k"}


# --- where a dataset has one file of a name -----------------------------------------------


def test_where_names_are_unique_a_file_is_known_by_its_name_alone() -> None:
    rules = replace(RULES, one_of_a_name=True)
    specs = [file("a", name="a.csv"), file("b", name="b.csv"), file("c", name="a.csv")]
    remote = [hosted("1", "a.csv", digest="b", size=1), hosted("2", "z.csv", digest="b", size=1)]
    result = match_resources(specs, hashed(a="a", b="b"), remote, rules=rules)
    assert who(result) == {"a": ("1", By.FILE_NAME)}
    assert result.conflicts.keys() == {"c"}
    assert list(result.unmatched) == ["2"]
