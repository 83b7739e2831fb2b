import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.portals.kinds import locate, names
from bulkpub.sandbox.seeds import ACCOUNTS

KNOWN = names()


def api_url(portal: str, *, insecure: bool = False) -> str:
    return locate(portal, insecure=insecure).url


def test_the_sandbox_has_a_key_that_everybody_knows() -> None:
    assert locate("sandbox").key == ACCOUNTS[0].key
    assert locate("demo").key is None
    assert ACCOUNTS[0].key not in repr(locate("sandbox"))


@pytest.mark.parametrize(
    ("portal", "url"),
    [
        ("www", "https://www.data.gouv.fr/api/1"),
        ("demo", "https://demo.data.gouv.fr/api/1"),
        ("sandbox", "http://127.0.0.1:7171/api/1"),
        ("https://www.data.gouv.fr", "https://www.data.gouv.fr/api/1"),
        ("https://www.data.gouv.fr/", "https://www.data.gouv.fr/api/1"),
        ("HTTPS://www.data.gouv.fr", "https://www.data.gouv.fr/api/1"),
        ("https://www.data.gouv.fr/api", "https://www.data.gouv.fr/api/1"),
        ("https://www.data.gouv.fr/api/1/", "https://www.data.gouv.fr/api/1"),
        ("https://portal.example:8443/api/2", "https://portal.example:8443/api/2"),
        ("https://city.example/data/", "https://city.example/data/api/1"),
        ("https://city.example/data/api/1", "https://city.example/data/api/1"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/api/1"),
        ("http://localhost:7000", "http://localhost:7000/api/1"),
        ("http://dev.localhost", "http://dev.localhost/api/1"),
        ("http://[::1]:7000", "http://[::1]:7000/api/1"),
    ],
)
def test_a_name_or_an_address_becomes_the_address_of_the_api(portal: str, url: str) -> None:
    assert api_url(portal) == url


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        ("", "unknown portal ''"),
        ("WWW", "unknown portal"),
        ("www.data.gouv.fr", "unknown portal"),
        ("ftp://www.data.gouv.fr", "unknown portal"),
        ("https://", "unknown portal"),
        ("https:///api/1", "unknown portal"),
        ("file:///etc/passwd", "unknown portal"),
        ("https://me:word@portal.example", "must not carry a user name or a password"),
        ("https://me@portal.example", "must not carry a user name or a password"),
        ("http://portal.example", "in the clear"),
        ("http://10.0.0.1:80", "in the clear"),
        ("http://localhost.example", "in the clear"),
        ("http://127.0.0.1.example", "in the clear"),
        ("http://127.0.0.1@portal.example", "must not carry a user name"),
        ("http://[::1", "unknown portal"),
        ("http://[localhost]", "unknown portal"),
        ("https://portal.example:abc", "unknown portal"),
        ("https://portal.example:99999", "unknown portal"),
    ],
)
def test_anything_else_is_refused_in_words(portal: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words.replace("?", r"\?")):
        api_url(portal)


@pytest.mark.parametrize("scheme", ["https", "http", "ftp"])
def test_a_password_in_an_address_is_not_repeated(scheme: str) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        api_url(f"{scheme}://me:hunter2@portal.example")
    assert "hunter2" not in str(refusal.value)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        api_url("prod")
    assert all(name in str(refusal.value) for name in KNOWN)


def test_the_key_travels_in_the_clear_only_when_that_is_meant() -> None:
    assert api_url("http://portal.example", insecure=True) == "http://portal.example/api/1"
