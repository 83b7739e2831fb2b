"""Which key goes where; nothing here needs a portal."""

from dataclasses import replace

import pytest

from bulkpub.core.model import Place
from bulkpub.errors import SettingsInvalid
from bulkpub.manifest import KeyName, KeyNames
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection
from bulkpub.session.keys import keys_of

HERE = Place("m.yaml", 3, 1)
NAMES = KeyNames(
    KeyName("BULKPUB_TOP", HERE), {"ville": KeyName("BULKPUB_VILLE", Place("m.yaml", 5, 1))}
)
CONNECTION = Connection(key="own", environment={"BULKPUB_TOP": " top\n", "BULKPUB_VILLE": "city"})


NAMED = (
    *(None, "demo", "https://demo.data.gouv.fr/api/1/"),
    *("https://DEMO.data.gouv.fr", "https://demo.data.gouv.fr:443"),
)


@pytest.mark.parametrize("named", NAMED)
def test_keys_go_to_the_portal_that_they_are_named_for(named: str | None) -> None:
    keys = keys_of(NAMES, CONNECTION, locate("demo"), named)
    assert (keys.first, keys.own) == ("top", {"ville": "city"})
    assert (keys.problems, keys.warnings) == ([], [])


def test_to_no_other_portal_and_that_is_told() -> None:
    keys = keys_of(NAMES, CONNECTION, locate("https://data.example.org"), "www")
    assert (keys.first, keys.own) == ("own", {})
    other = (
        "is for the portal www, and is not sent to https://data.example.org/api/1: what it is for "
        "goes by the account's key there"
    )
    assert [(each.line, each.message) for each in keys.warnings] == [
        (3, f"the key of BULKPUB_TOP {other}"),
        (5, f"the key of BULKPUB_VILLE {other}"),
    ]


def test_a_key_that_everybody_knows_takes_the_place_of_all() -> None:
    sandbox = locate("sandbox")
    keys = keys_of(NAMES, replace(CONNECTION, environment={}), sandbox, None)
    assert (keys.first, keys.own, keys.problems) == (sandbox.key, {}, [])


def test_all_that_are_missing_are_told_at_once() -> None:
    keys = keys_of(NAMES, Connection(environment={"BULKPUB_TOP": " "}), locate("demo"), None)
    assert [problem.line for problem in keys.problems] == [3, 5]
    assert (keys.first, keys.own) == (None, {})


def test_what_cannot_be_a_key_is_not_shown() -> None:
    odd = replace(CONNECTION, environment={"BULKPUB_TOP": "se cret", "BULKPUB_VILLE": "x"})
    with pytest.raises(SettingsInvalid, match="BULKPUB_TOP does not hold an API key") as told:
        keys_of(NAMES, odd, locate("demo"), None)
    assert "cret" not in str(told.value)


def test_no_representation_shows_a_key() -> None:
    keys = keys_of(NAMES, CONNECTION, locate("demo"), None)
    assert not {"top", "city", "own"} & set(repr((keys, CONNECTION)).replace("'", " ").split())
    assert "city" not in repr(CONNECTION)


def test_a_dataset_is_covered_by_the_first_key_or_by_its_organizations() -> None:
    keys = keys_of(replace_top(None), replace(CONNECTION, key=None), locate("demo"), None)
    assert [keys.cover(each) for each in ("ville", "autre", None)] == [True, False, False]
    keys = keys_of(NAMES, CONNECTION, locate("demo"), None)
    assert keys.cover(None)


def replace_top(top: KeyName | None) -> KeyNames:
    return KeyNames(top, NAMES.organizations)


# --- what other programs have ---------------------------------------------------------------


GITHUB = locate("github:o/r")


def test_a_variable_of_other_programs_is_for_its_own_host_and_needs_no_name() -> None:
    given = Connection(key="own", environment={"GH_TOKEN": "gh", "GITLAB_TOKEN": "gl"})
    assert keys_of(KeyNames(), given, GITHUB, None).first == "own"
    without = replace(given, key=None)
    assert keys_of(KeyNames(), without, GITHUB, None).first == "gh"
    assert keys_of(KeyNames(), without, locate("gitlab:g/p"), None).first == "gl"
    assert keys_of(KeyNames(), without, locate("demo"), None).first is None


@pytest.mark.parametrize(
    ("variable", "portal", "first"),
    [
        (None, "github:o/r", "key"),
        ("BULKPUB_API_KEY", "github:o/r", "gh"),
        ("DATAGOUV_API_KEY", "github:o/r", "gh"),
        ("BULKPUB_API_KEY", "gitlab:g/p", "key"),
        ("DATAGOUV_API_KEY", "gitlab:g/p", None),
        ("OTA_ENGINE_DATAGOUV_API_KEY", "github+https://git.example.org/o/r", None),
        ("BULKPUB_API_KEY", "github+https://git.example.org/o/r", "key"),
        ("DATAGOUV_API_KEY", "demo", "key"),
        ("DATAGOUV_API_KEY", "https://data.example.org", "key"),
        ("BULKPUB_API_KEY", "demo", "key"),
    ],
)
def test_a_key_that_is_only_there_may_be_another_portals(
    variable: str | None, portal: str, first: str | None
) -> None:
    environment = {"GH_TOKEN": "gh", **({variable: "key"} if variable else {})}
    given = Connection(key="key", key_variable=variable, environment=environment)
    assert keys_of(KeyNames(), given, locate(portal), None).first == first


@pytest.mark.parametrize("portal", ["demo", "https://github.example.org"])
def test_no_manifest_can_send_it_elsewhere(portal: str) -> None:
    given = Connection(environment={"GITHUB_TOKEN": "secret"})
    names = KeyNames(KeyName("GITHUB_TOKEN", HERE), {"ville": KeyName("GITHUB_TOKEN", HERE)})
    keys = keys_of(names, given, locate(portal), portal)
    assert (keys.first, keys.own) == (None, {})
    assert [each.message for each in keys.problems] == [
        "the key in GITHUB_TOKEN is for api.github.com alone: name another variable"
    ] * 2


def test_a_manifest_may_name_it_for_its_own_host() -> None:
    given = Connection(key="own", environment={"GITHUB_TOKEN": "one", "GH_TOKEN": "two"})
    names = KeyNames(KeyName("GITHUB_TOKEN", HERE))
    assert keys_of(names, given, GITHUB, "github:o/r").first == "one"
