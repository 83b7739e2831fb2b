"""The commands that only ask a portal: status, list, api."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]

# --- list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["licenses", "ODBL"], "odc-odbl  Open Data Commons Open Database License (ODbL)"),
        (["frequencies", "weekly"], "semiweekly"),
        (["extensions", "geojson"], "geojson"),
        (["types", "api"], "api"),
        (["granularities", "poi"], "poi"),
        (["zones", "Paris"], "fr:departement:75  Paris  fr:departement"),
        (["organizations"], "test-organization  Test Organization"),
        (["organizations", "other"], "other-organization  Other Organization"),
    ],
    ids=str,
)
def test_what_one_may_write_is_listed(run_cli: Run, words: list[str], first: str) -> None:
    ran = run_cli("list", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(first)


def test_a_list_is_json_for_programs(run_cli: Run) -> None:
    rows = json.loads(run_cli("list", "types", "--json").out)
    assert {"id": "main", "name": "Main file", "more": ""} in rows
    assert json.loads(run_cli("list", "schemas", "--json").out) == []


def test_contacts_are_those_of_an_organization_or_of_oneself(run_cli: Run, served: Sandbox) -> None:
    body = ["-f", "name=SIG", "-f", "email=sig@ville.example", "-f", "role=contact"]
    organization = served.info["organization"]["id"]
    made = run_cli("api", "POST", "/contacts/", *body, "-f", f"organization={organization}")
    assert made.code == 0, made.said
    ran = run_cli("list", "contacts", "--organization", "test-organization")
    assert "SIG  contact · sig@ville.example" in ran.out
    assert "The portal lists no contacts." in run_cli("list", "contacts").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["zones"], "say which zone"),
        (["contacts", "--organization", "nobody"], "the portal knows no organization 'nobody'"),
    ],
    ids=str,
)
def test_what_cannot_be_listed_is_told(run_cli: Run, words: list[str], sentence: str) -> None:
    ran = run_cli("list", *words)
    assert (ran.code, sentence in ran.err) == (2, True)


# --- api ----------------------------------------------------------------------------------


def test_any_request_can_be_made(run_cli: Run, served: Sandbox) -> None:
    organization = served.info["organization"]["id"]
    fields = ["-f", "title=2024", "-f", "description=D", "-F", "private=true"]
    fields += ["-F", 'extras={"a":1}', "-f", f"organization={organization}"]
    made = run_cli("api", "post", "datasets", *fields)
    assert made.code == 0, made.said
    told = json.loads(made.out)
    assert (told["title"], told["private"], told["extras"]) == ("2024", True, {"a": 1})
    masked = run_cli("api", "GET", f"/datasets/{told['id']}/", "--fields", "id,title")
    assert json.loads(masked.out) == {"id": told["id"], "title": "2024"}
    newer = run_cli("api", "GET", f"/api/2/datasets/{told['id']}/resources/")
    assert json.loads(newer.out)["data"] == []
    assert run_cli("api", "DELETE", f"/datasets/{told['id']}/").out == ""
    assert served.state.datasets[told["id"]].deleted


def test_a_body_comes_from_a_file(run_cli: Run, tmp_path: Any, served: Sandbox) -> None:
    organization = served.info["organization"]["id"]
    body = {"title": "T", "description": "D", "organization": organization}
    (tmp_path / "body.json").write_text(json.dumps(body))
    ran = run_cli("api", "POST", "/datasets/", "--input", "body.json")
    assert json.loads(ran.out)["title"] == "T"
    for content, sentence in (("{", "is not JSON"), (None, "No such file")):
        if content is None:
            (tmp_path / "body.json").unlink()
        else:
            (tmp_path / "body.json").write_text(content)
        ran = run_cli("api", "POST", "/datasets/", "--input", "body.json")
        assert (ran.code, sentence in ran.err) == (2, True)


@pytest.mark.parametrize("mask", [[], ["--fields", "data{title}"]], ids=str)
def test_all_pages_are_one_list(run_cli: Run, folder: Any, mask: list[str]) -> None:
    run_cli("run", folder.manifest(*(folder.dataset(name) for name in "abcde")))
    ran = run_cli("api", "GET", "/datasets/", "-F", "page_size=2", "--paginate", *mask)
    assert ran.code == 0, ran.said
    assert sorted(each["title"] for each in json.loads(ran.out)) == [
        f"Dataset {name}" for name in "abcde"
    ]
    assert run_cli("api", "GET", "/datasets/?tag=none", "--paginate").out == "[]\n"


@pytest.mark.parametrize(
    ("words", "env", "code", "sentence"),
    [
        (["GET", "/datasets/no-such/"], {}, 1, "GET /datasets/no-such/ was answered 404"),
        (["POST", "/datasets/", "-f", "title=T"], {}, 1, "was answered 400: description:"),
        (["GET", "/me/"], {"BULKPUB_API_KEY": "wrong"}, 3, "was answered 401"),
        (["GET", "https://example.org/"], {}, 2, "is not at the portal"),
        (["GET", "/datasets/", "-f", "title"], {}, 2, "a field is written name=value"),
        (["POST", "/datasets/", "--paginate"], {}, 2, "only what is asked with GET has pages"),
        (["GET", "/me/", "--paginate"], {}, 1, "has no pages"),
        (["GET", "/me/"], {"BULKPUB_PORTAL": None}, 2, "which portal? say so with --portal"),
    ],
    ids=str,
)
def test_a_refusal_is_a_sentence(
    *, run_cli: Run, words: list[str], env: dict[str, Any], code: int, sentence: str
) -> None:
    ran = run_cli("api", *words, env=env)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


def test_what_is_public_is_asked_without_a_key(run_cli: Run) -> None:
    ran = run_cli("api", "GET", "/datasets/frequencies/", env={"BULKPUB_API_KEY": None})
    assert (ran.code, json.loads(ran.out)[0]["id"]) == (0, "continuous")


def test_a_lost_answer_is_not_sent_again_and_told(
    run_cli: Run, served: Sandbox, lose_answers: Any
) -> None:
    served.interceptor = lose_answers("POST", "/datasets/")
    organization = served.info["organization"]["id"]
    fields = ["-f", "title=T", "-f", "description=D", "-f", f"organization={organization}"]
    ran = run_cli("api", "POST", "/datasets/", *fields)
    assert ran.code == 1
    assert "only a look there can tell, and it was not sent again" in ran.err
    assert len(served.state.datasets) == 1


# --- status -------------------------------------------------------------------------------


def verdicts(served: Sandbox, **extras: Any) -> None:
    """What the checker of a portal leaves in the extras of every resource."""
    for dataset in served.state.datasets.values():
        for resource in dataset.resources:
            resource.extras |= {name.replace("_", ":", 1): value for name, value in extras.items()}


def test_how_it_fares_is_told_and_no_verdict_is_said_to_be_none(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", frequency="daily", license="lov2"))
    run_cli("run", manifest)
    for words in ([manifest], ["--organization", "test-organization"]):
        ran = run_cli("status", *words)
        assert ran.code == 0, ran.said
        assert "%  Dataset a  1 file, daily, updated 2" in ran.out
        assert "1 dataset, 1 file: 0 unavailable, 0 datasets late." in ran.out
        assert "The portal says nothing of whether 1 of the files can be had" in ran.out
    verdicts(served, check_available=True, check_status=200)
    assert "says nothing" not in run_cli("status", manifest).out


def test_what_is_unavailable_late_or_not_there_is_told_and_ends_in_1(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    said = folder.dataset("a", "a.csv")
    manifest = folder.manifest(said)
    run_cli("run", manifest)
    verdicts(served, check_available=False, check_status=404, check_date="2026-11-20")
    ran = run_cli("status", manifest)
    assert ran.code == 1
    assert "unavailable (answered 404), seen 2026-11-20" in ran.out
    verdicts(served, check_available=True, analysis_error="no table in it")
    ran = run_cli("status", manifest)
    assert (ran.code, "no table in it" in ran.out) == (0, True)
    (dataset,) = served.state.datasets.values()
    dataset.frequency_date, dataset.last_update = "2020-02-01", "2020-01-01T00:00:00+00:00"
    ran = run_cli("status", manifest)
    assert (ran.code, "late, announced for 2020-02-01" in ran.out) == (1, True)
    other = folder.manifest(said, folder.dataset("b"), {"id": "0" * 24})
    document = json.loads(run_cli("status", other, "--json").out)
    assert document["not_there"] == [
        "'b' is not on the portal",
        f"'{'0' * 24}' ({'0' * 24}) is not on the portal",
    ]
    assert document["datasets"][0]["late"] is True
    assert document["datasets"][0]["resources"][0]["faults"] == ["no table in it"]


def test_what_is_beside_others_datasets_is_told_without_a_verdict_on_those(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    made = run_cli("api", "POST", "/datasets/", "-f", "title=Others", "-f", "description=D")
    dataset = json.loads(made.out)["id"]
    folder.file("a.csv")
    beside = {"id": dataset, "community": True, "resources": [{"path": "a.csv"}]}
    manifest = folder.manifest(beside)
    assert run_cli("run", manifest).code == 0
    for words in ([manifest], ["--organization", "test-organization"]):
        ran = run_cli("status", *words)
        assert (ran.code, "= " in ran.out) == (0, True), ran.said
        assert "Others  1 file beside it\n" in ran.out
    for resource in served.state.community.values():
        resource.extras |= {"check:available": False, "check:status": 404}
    ran = run_cli("status", manifest)
    assert (ran.code, "unavailable (answered 404)" in ran.out) == (1, True)
    assert json.loads(run_cli("status", manifest, "--json").out)["datasets"][0]["beside"] is True


def test_a_dataset_is_named_by_its_slug_or_page_too(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    run_cli("run", folder.manifest(folder.dataset("a", "a.csv")))
    (dataset,) = served.state.datasets.values()
    for name in (dataset.slug, f"{served.base_url}/datasets/{dataset.slug}/"):
        ran = run_cli("status", folder.manifest({"id": name}))
        assert (ran.code, "Dataset a" in ran.out) == (0, True), ran.said


@pytest.mark.parametrize("words", [[], ["m.yaml", "--organization", "o"]], ids=str)
def test_what_to_look_at_has_to_be_said(run_cli: Run, words: list[str]) -> None:
    ran = run_cli("status", *words)
    assert (ran.code, "say what to look at" in ran.err) == (2, True)


def test_a_manifest_that_is_wrong_is_told(run_cli: Run, folder: Any) -> None:
    ran = run_cli("status", folder.text("datasets: [{}]\n"))
    assert (ran.code, "a dataset needs a 'title'" in ran.err) == (2, True)


# --- the key ------------------------------------------------------------------------------

NAMED = "DATAGOUV_KEY_OF_OURS"


@pytest.mark.parametrize(
    "words",
    [
        ["list", "organizations"],
        ["api", "GET", "/me/"],
        ["status", "--organization", "test-organization"],
        ["doctor"],
        ["migrate", "--organization", "test-organization"],
        ["harvest", "portal", "test-organization"],
    ],
    ids=lambda words: words[0],
)
def test_a_variable_of_another_name_holds_the_key(
    run_cli: Run, served: Sandbox, words: list[str]
) -> None:
    env = {"BULKPUB_API_KEY": "of-nobody", NAMED: served.api_key}
    ran = run_cli(*words, "--key-env", NAMED, env=env)
    assert ran.code == 0, ran.said
    assert {seen.status for seen in served.requests} == {200}
    assert run_cli(*words, env=env).code != 0


@pytest.mark.parametrize("name", [NAMED, "HOME", "a-key-written-there-by-mistake"])
def test_what_can_hold_no_key_is_told_and_not_repeated(run_cli: Run, name: str) -> None:
    ran = run_cli("list", "organizations", "--key-env", name)
    assert ran.code == 2
    assert ("mistake" in ran.said, "key_env`" in ran.said) == (False, False)
    said = "there is no API key in" if name == NAMED else "--key-env must be the name of a variable"
    assert said in ran.err
