"""The language in which commands speak: said before, after or instead of the locale's."""

import pytest

from bulkpub.cli.environment import language_wished
from bulkpub.errors import SettingsInvalid


@pytest.fixture(autouse=True)
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bulkpub.language", "bulkpub.cli.environment"):
        monkeypatch.setattr(f"{module}.languages", lambda: ("en", "fr"))


@pytest.mark.parametrize(
    ("words", "environment", "language", "left"),
    [
        ("run m.yaml", {}, "en", "run m.yaml"),
        ("run m.yaml", {"LANG": "fr_FR.UTF-8"}, "fr", "run m.yaml"),
        ("run m.yaml", {"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en", "run m.yaml"),
        ("run m.yaml", {"LANG": "fr_FR.UTF-8", "BULKPUB_LANG": "en"}, "en", "run m.yaml"),
        ("run m.yaml", {"BULKPUB_LANG": "fr"}, "fr", "run m.yaml"),
        ("run m.yaml", {"BULKPUB_LANG": ""}, "en", "run m.yaml"),
        ("--lang fr run m.yaml", {}, "fr", "run m.yaml"),
        ("run --lang fr m.yaml", {"BULKPUB_LANG": "en"}, "fr", "run m.yaml"),
        ("run m.yaml --lang=fr", {}, "fr", "run m.yaml"),
        ("run m.yaml --lang FR", {}, "fr", "run m.yaml"),
        ("run m.yaml --lang fr-CA", {}, "fr", "run m.yaml"),
        ("run m.yaml", {"BULKPUB_LANG": "fr_FR.UTF-8"}, "fr", "run m.yaml"),
        ("run --lang en --lang fr m.yaml", {}, "fr", "run m.yaml"),
        ("run -- --lang", {}, "en", "run -- --lang"),
        ("run m.yaml", {"LANG": "de_DE.UTF-8"}, "en", "run m.yaml"),
    ],
)
def test_which_language_is_spoken(
    words: str, environment: dict[str, str], language: str, left: str
) -> None:
    assert language_wished(words.split(), environment) == (language, left.split())


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["--lang", "de"], {}), (["--lang"], {}), (["--lang="], {}), ([], {"BULKPUB_LANG": "de"})],
)
def test_one_that_there_is_not_is_told(words: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid, match=r"there is no language '.*'; there are en, fr"):
        language_wished(words, environment)
