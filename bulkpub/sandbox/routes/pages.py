"""The portal for people: what is published, on plain pages without a script.

Rule: whatever a publisher wrote goes through `html.escape`, and a link is one only when it
leads to the web.
"""

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from aiohttp import web

from bulkpub.sandbox.answers import not_found
from bulkpub.sandbox.auth import Rights
from bulkpub.sandbox.calls import PORTAL
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.render import View
from bulkpub.sandbox.seeds import LICENSES
from bulkpub.sandbox.vocabularies import FREQUENCIES, OLD_FREQUENCIES

__all__ = ["ROUTES"]

_LICENSES = {each.id: each for each in LICENSES}
_STYLE = files("bulkpub.sandbox").joinpath("page.css").read_text(encoding="utf-8")
_KILO = 1000


def _size(size: int | None) -> str:
    if size is None:
        return "—"
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < _KILO or unit == "GB":
            break
        amount /= _KILO
    return f"{int(amount)} B" if unit == "B" else f"{amount:.1f} {unit}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _document(title: str, body: str) -> web.Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        '<body><header><a href="/">bulkpub sandbox</a>'
        "<span>an embedded portal, for trying things out</span></header>"
        f"<main>{body}</main></body></html>"
    )
    return web.Response(text=page, content_type="text/html")


def _link(address: str, text: str) -> str:
    if not address.startswith(("http://", "https://", "/")):
        return escape(text)
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _file(view: View, resource: Resource) -> str:
    hosted = resource.stored is not None
    checksum = resource.checksum or {}
    digest = checksum.get("value", "")
    about = f"<p>{escape(resource.description)}</p>" if resource.description else ""
    permalink = f"/api/1/datasets/r/{resource.id}"
    return (
        f"<tr><td><b>{escape(resource.title)}</b>{about}</td>"
        f"<td>{escape(resource.type)}</td><td>{escape(resource.format or '—')}</td>"
        f'<td class="number">{_size(resource.filesize)}</td>'
        f'<td><code title="{escape(digest)}">{escape(digest or "—")}</code></td>'
        f"<td>{_link(permalink, 'permalink')} "
        f"{_link(view.url_of(resource), 'download' if hosted else 'elsewhere')}</td></tr>"
    )


def _files(view: View, dataset: Dataset) -> str:
    if not dataset.resources:
        return "<p class=quiet>No file yet.</p>"
    rows = "".join(_file(view, each) for each in dataset.resources)
    return (
        "<div class=wide><table><thead><tr><th>File</th><th>Type</th><th>Format</th>"
        '<th class="number">Size</th><th>SHA-1</th><th></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _facts(dataset: Dataset) -> str:
    license_ = _LICENSES.get(dataset.license or "notspecified")
    facts = []
    if license_ is not None:
        facts.append(
            _link(license_.url, license_.title) if license_.url else escape(license_.title)
        )
    frequencies = FREQUENCIES | OLD_FREQUENCIES
    facts.append(escape(frequencies[dataset.frequency or "unknown"]))
    if period := dataset.temporal_coverage:
        facts.append(escape(f"{period['start']} to {period['end'] or 'today'}"))
    facts.append(_count(len(dataset.resources), "file"))
    facts += [name for name in ("private", "archived", "deleted") if getattr(dataset, name)]
    tags = "".join(f"<li>{escape(each)}</li>" for each in dataset.tags)
    return f'<p class="facts">{" · ".join(facts)}</p>' + (f"<ul>{tags}</ul>" if tags else "")


def _dataset(view: View, dataset: Dataset, level: int) -> str:
    heading = _link(f"/datasets/{dataset.slug or dataset.id}/", dataset.title)
    return (
        f"<article><h{level}>{heading}</h{level}>{_facts(dataset)}{_files(view, dataset)}</article>"
    )


def _section(view: View, name: str, datasets: Iterable[Dataset]) -> str:
    shown = sorted(datasets, key=lambda each: each.created_at)
    if not shown:
        return ""
    total = sum(len(each.resources) for each in shown)
    figures = f"{_count(len(shown), 'dataset')}, {_count(total, 'file')}"
    body = "".join(_dataset(view, each, 3) for each in shown)
    return f'<section><h2>{escape(name)} <span class="quiet">{figures}</span></h2>{body}</section>'


def _view(request: web.Request) -> View:
    portal = request.app[PORTAL]
    base = f"{request.scheme}://{request.host}"
    return View(base, Rights(None, portal.directory), portal.state)


async def _home(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    datasets = [each for each in view.state.datasets.values() if view.rights.lists(each)]
    sections = [
        _section(view, each.name, (d for d in datasets if d.organization == each.id))
        for each in view.rights.directory.organizations.values()
    ]
    sections += [
        _section(
            view,
            f"{each.first_name} {each.last_name}",
            (d for d in datasets if d.owner == each.id),
        )
        for each in view.rights.directory.accounts.values()
    ]
    nothing = (
        '<p class="quiet">Nothing is published yet. Publish something, then reload this page.</p>'
    )
    return _document("bulkpub sandbox", "".join(sections) or nothing)


async def _one(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    name = request.match_info["dataset"]
    state = view.state
    dataset = state.by_slug(name) or state.datasets.get(name)
    if dataset is None and name in state.moved:
        raise web.HTTPPermanentRedirect(f"/datasets/{state.moved[name]}/")
    if dataset is None or not view.rights.reads(dataset):
        raise not_found()
    paragraphs = "".join(
        f"<p>{escape(each)}</p>" for each in dataset.description.split("\n\n") if each.strip()
    )
    owner = view.dataset(dataset)
    producer = (owner["organization"] or owner["owner"] or {}).get("name", "")
    body = (
        f'<h1>{escape(dataset.title)}</h1><p class="quiet">{escape(producer)}</p>'
        f"{_facts(dataset)}{paragraphs}{_files(view, dataset)}"
    )
    return _document(dataset.title, body)


ROUTES = [
    web.get("/", _home),
    web.get("/datasets/{dataset}", _one),
    web.get("/datasets/{dataset}/", _one),
]
