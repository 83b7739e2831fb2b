"""The imitation of GitLab answers as GitLab's documents show, field by field."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.portals.gitlab_site import MAINTAINER, Site, serving

pytestmark = pytest.mark.served

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("gitlab_answers.json").read_bytes())


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


def differences(ours: Any, shown: Any, path: str = "") -> Iterator[str]:
    """In what an answer of ours is not of the form of the one that the documents show."""
    if isinstance(ours, dict) and isinstance(shown, dict):
        for name, value in ours.items():
            if name not in shown:
                yield f"{path}.{name} is not shown"
            else:
                yield from differences(value, shown[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(shown, list):
        for value in ours if shown else ():
            yield from differences(value, shown[0], f"{path}[]")
    elif ours is not None and shown is not None and type(ours) is not type(shown):
        yield f"{path} is {ours!r}, and {shown!r} is shown"


async def test_what_the_imitation_answers_is_of_the_form_that_gitlab_shows(site: Site) -> None:
    seen: dict[str, Any] = {}
    async with aiohttp.ClientSession(headers={"PRIVATE-TOKEN": MAINTAINER}) as session:

        async def ask(name: str, method: str, path: str, **more: Any) -> Any:
            async with session.request(method, site.api + path, **more) as answer:
                seen[name] = await answer.json()
                assert answer.ok == (name != "refusal")
                return seen[name]

        await ask("project", "GET", "")
        await ask("branches", "GET", "/repository/branches")
        said = {"tag_name": "v0.1", "ref": "main", "name": "N", "description": "D"}
        await ask("release", "POST", "/releases", json=said)
        path = "/packages/generic/v0.1/release/file.txt"
        await ask("uploaded", "PUT", path, data=b"")
        await ask("upload", "PUT", f"{path}?select=package_file", data=b"")
        (package,) = await ask("packages", "GET", "/packages")
        await ask("package_files", "GET", f"/packages/{package['id']}/package_files")
        link = {"name": "x", "url": f"{site.api}{path}", "direct_asset_path": "/file.txt"}
        await ask("link", "POST", "/releases/v0.1/assets/links", json=link)
        await ask("release", "GET", "/releases/v0.1")
        await ask("refusal", "POST", "/releases/v0.1/assets/links", json=link)
    assert seen.keys() == ANSWERS.keys()
    for name in seen.keys() - {"refusal"}:
        shown = ANSWERS[name]["answer"]
        if name == "release":  # its links are shown with less than they have
            shown["assets"]["links"] = [ANSWERS["link"]["answer"]]
        assert list(differences(seen[name], shown, name)) == []
    assert all(each["source"].startswith("https://docs.gitlab.com/") for each in ANSWERS.values())
