"""What curl is told: one config with all its requests, and the bodies they send.

The rule: everything is written before the clock starts. Ids that only answers will tell stand
in marks, for `curl_equal.py` to fill in.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curl_equal import MARK
from material import Material
from portals import Portal

__all__ = ["Request", "config", "files_only", "prepare"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request: with a `file` as a form's, or with the JSON that is in the file `body`.

    `answer`: where the answer is kept; it is thrown away without.
    """

    method: str
    path: str
    file: Path | None = None
    body: Path | None = None
    answer: Path | None = None


def config(portal: Portal, requests: Iterable[Request]) -> str:
    """All requests as the text of one file for `curl --config`."""
    return "next\n".join(_entry(portal, each) for each in requests)


def _entry(portal: Portal, request: Request) -> str:
    lines = [f"url = {_quoted(f'{portal.url}/api/1{request.path}')}"]
    lines.append(f"header = {_quoted(f'X-API-KEY: {portal.key}')}")
    if request.file:
        form = f'file=@"{request.file}"'
        lines.append(f"form = {_quoted(form)}")
    else:
        lines.append(f"request = {request.method}")
        lines.append('header = "Content-Type: application/json"')
        lines.append(f"data-binary = {_quoted(f'@{request.body}')}")
    lines.append(f"output = {_quoted(str(request.answer or '/dev/null'))}")
    return "\n".join([*lines, "fail", "silent", "show-error"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def files_only(portal: Portal, material: Material, file: Path) -> None:
    """The files alone, into datasets that are made now: a config in `file`."""
    made = [
        portal.call("POST", "/datasets/", material.payload(each, portal.organization))["id"]
        for each in range(material.datasets)
    ]
    uploads = (
        Request("POST", f"/datasets/{made[dataset]}/upload/", material.path(dataset, number))
        for dataset, number in material.all()
    )
    file.write_text(config(portal, uploads))


def prepare(portal: Portal, material: Material, folder: Path) -> None:
    """All that `curl_equal.py` needs, in `folder`: create, upload and finish, with marks."""
    created = [
        Request(
            "POST",
            "/datasets/",
            body=_written(folder / f"body-{each}", material.payload(each, portal.organization)),
            answer=folder / f"dataset-{each}.answer",
        )
        for each in range(material.datasets)
    ]
    uploaded = [
        Request(
            "POST",
            f"/datasets/{_mark('dataset', dataset)}/upload/",
            material.path(dataset, number),
            answer=folder / f"file-{number}.answer",
        )
        for dataset, number in material.all()
    ]
    finished = []
    for dataset in range(material.datasets):
        items = [
            {"id": _mark("file", number), "title": material.file_title(number)}
            for number in material.numbers(dataset)
        ]
        body = folder / f"finish.{dataset}"
        _written(body.with_name(f"{body.name}.in"), items)
        path = f"/datasets/{_mark('dataset', dataset)}/resources/"
        finished.append(Request("PUT", path, body=body))
    for name, requests in (("create", created), ("upload", uploaded), ("finish", finished)):
        (folder / f"{name}.config.in").write_text(config(portal, requests))


def _mark(kind: str, number: int) -> str:
    return f"{MARK}{kind}-{number}{MARK}"


def _written(file: Path, body: object) -> Path:
    file.write_text(json.dumps(body))
    return file
