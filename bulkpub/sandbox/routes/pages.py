"""The portal for people: what is published, on plain pages without a script.

Rule: what publishers wrote becomes HTML in `html` and `markdown` alone. Long lists come in pages:
a portal has ten thousand datasets, a dataset two thousand files.
"""

from collections import Counter
from collections.abc import Sequence
from html import escape

from aiohttp import web

from bulkpub.core.model import KEY_EXTRA
from bulkpub.letters import plain
from bulkpub.sandbox import html
from bulkpub.sandbox.answers import not_found
from bulkpub.sandbox.auth import Rights
from bulkpub.sandbox.calls import PORTAL, gone
from bulkpub.sandbox.markdown import is_visible, markdown
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from bulkpub.sandbox.render import View
from bulkpub.sandbox.seeds import LICENSES, ZONES, Account, Organization
from bulkpub.sandbox.vocabularies import FREQUENCIES, OLD_FREQUENCIES

__all__ = ["ROUTES"]

DATASETS_A_PAGE = 25
FILES_A_PAGE = 50
LONGEST_OF_DATASET = 50_000
LONGEST_OF_FILE = 5_000
"""Characters of a description that are shown."""
LONGEST_SEARCH = 200
"""Characters that are looked for."""

_LICENSES = {each.id: each for each in LICENSES}
_ZONES = {each.id: each.name for each in ZONES}
_CHECKSUMS = {"sha1": "SHA-1", "sha2": "SHA-2", "sha256": "SHA-256", "md5": "MD5", "crc": "CRC"}
_UNTITLED = "Untitled"
_NO_DATASET = "Nothing is published yet. Publish something, then reload this page."


# --- what is shown of one thing --------------------------------------------------------------


def _producer(view: View, dataset: Dataset) -> str:
    directory = view.rights.directory
    if dataset.organization is not None:
        organization = directory.organizations[dataset.organization]
        return html.link(f"/organizations/{organization.slug}/", html.text(organization.name))
    account = directory.accounts.get(dataset.owner or "")
    return html.link(f"/users/{account.slug}/", html.text(_name(account))) if account else ""


def _name(producer: Organization | Account) -> str:
    if isinstance(producer, Organization):
        return producer.name
    return f"{producer.first_name} {producer.last_name}"


def _key(dataset: Dataset) -> str:
    key = dataset.extras.get(KEY_EXTRA)
    return key if isinstance(key, str) else ""


def _license(dataset: Dataset) -> str:
    license_ = _LICENSES.get(dataset.license or "notspecified")
    if license_ is None:
        return html.text(dataset.license or "")
    return html.link_out(license_.url or "", html.text(license_.title))


def _frequency(dataset: Dataset) -> str:
    name = dataset.frequency or "unknown"
    return html.text((FREQUENCIES | OLD_FREQUENCIES).get(name, name))


def _period(dataset: Dataset) -> str:
    period = dataset.temporal_coverage
    if not period:
        return ""
    return html.text(f"{period.get('start') or '…'} to {period.get('end') or 'today'}")


def _area(dataset: Dataset) -> str:
    spatial = dataset.spatial or {}
    named = [html.text(_ZONES.get(each, each)) for each in spatial.get("zones") or []]
    return ", ".join([*named, *(["drawn on the map"] if spatial.get("geom") else [])])


def _contact(contact: ContactPoint) -> str:
    address = f"mailto:{contact.email}" if contact.email else contact.contact_form or ""
    return html.link_out(address, html.text(contact.name or contact.email or address, "—"))


def _tags(dataset: Dataset) -> str:
    tags = "".join(f"<li>{html.text(each)}</li>" for each in dataset.tags)
    return f'<ul class="tags" aria-label="Tags">{tags}</ul>' if tags else ""


def _dataset_facts(view: View, dataset: Dataset) -> str:
    contacts = (_contact(view.state.contacts[each]) for each in dataset.contact_points)
    key = _key(dataset)
    return html.facts(
        [
            ("Producer", _producer(view, dataset)),
            ("Licence", _license(dataset)),
            ("Frequency", _frequency(dataset)),
            ("Next update", html.text(dataset.frequency_date or "")),
            ("Period", _period(dataset)),
            ("Area", _area(dataset)),
            ("Access", "" if dataset.access_type == "open" else html.text(dataset.access_type)),
            ("Contact", ", ".join(contacts)),
            ("Created", html.date(dataset.created_at)),
            ("Last change", html.date(dataset.last_modified)),
            ("Archived", html.date(dataset.archived) if dataset.archived else ""),
            ("Key", html.copied(key) if key else ""),
            ("Id", html.copied(dataset.id)),
            ("In the API", html.link(f"/api/1/datasets/{dataset.id}/", "JSON")),
        ]
    )


def _file(view: View, resource: Resource) -> str:
    checksum = resource.checksum or {}
    digest = str(checksum.get("value") or "")
    kind = str(checksum.get("type") or "")
    schema = resource.schema or {}
    content = view.url_of(resource)
    words = [resource.type, resource.format or "", html.size(resource.filesize)]
    about = markdown(resource.description, 4, LONGEST_OF_FILE) if resource.description else ""
    known = html.facts(
        [
            (_CHECKSUMS.get(kind, kind or "Checksum"), html.copied(digest) if digest else ""),
            ("Id", html.copied(resource.id)),
            ("Schema", html.text(schema.get("name") or schema.get("url") or "")),
            ("Created", html.date(resource.created_at)),
            ("Last change", html.date(resource.last_modified)),
        ]
    )
    # Links of the same words, read out one after the other, must tell what they are of.
    title = resource.title if is_visible(resource.title) else resource.id
    permalink = html.link(f"/api/1/datasets/r/{resource.id}", "Permalink", f"Permalink of {title}")
    if resource.stored is not None:
        there = html.link(resource.url, "Download", f"Download {title}")
    else:
        there = html.link_out(content, html.text(content, "—"))
    return (
        f'<li class="card"><h3>{html.text(resource.title, _UNTITLED)}</h3>'
        f'<p class="quiet">{" · ".join(html.text(each) for each in words if each)}</p>'
        f'<div class="prose">{about}</div>{known}'
        f'<p class="links">{there} {permalink}</p></li>'
    )


def _files(
    request: web.Request, view: View, heading: str, name: str, resources: Sequence[Resource]
) -> str:
    total = len(resources)
    part = html.part(request.query, name, total, FILES_A_PAGE, f"Pages of {heading.lower()}")
    if not resources:
        return f'<section><h2>{heading}</h2><p class="quiet">No file yet.</p></section>'
    cards = "".join(_file(view, each) for each in resources[part.start : part.end])
    shown = f"{part.start + 1:,} to {part.end:,} of {total:,}" if part.leaves else f"{total:,}"
    figure = f'<span class="quiet">{shown}</span>'
    return (
        f'<section id="{name}"><h2>{heading} {figure}</h2>'
        f'<ul class="cards">{cards}</ul>{part.leaves}</section>'
    )


# --- lists of datasets -----------------------------------------------------------------------


def _card(view: View, dataset: Dataset) -> str:
    address = f"/datasets/{dataset.slug or dataset.id}/"
    key = _key(dataset)
    files = html.count(len(dataset.resources), "file")
    return (
        f'<li class="card"><h3>{html.link(address, html.text(dataset.title, _UNTITLED))}</h3>'
        f'<p class="quiet">{_producer(view, dataset)} · {files} · '
        f"changed {html.date(dataset.last_modified)}</p>"
        f"{_tags(dataset)}{html.facts([('Key', html.copied(key) if key else '')])}</li>"
    )


def _is_meant(dataset: Dataset, words: Sequence[str]) -> bool:
    named = plain(f"{dataset.title}\n{dataset.acronym or ''}\n{_key(dataset)}").lower()
    named = f"{named}\n{dataset.id}"
    return all(each in named for each in words)


def _hidden(datasets: Sequence[Dataset], view: View) -> str:
    hidden = sum(1 for each in datasets if not view.rights.lists(each))
    if not hidden:
        return ""
    noun = "dataset is" if hidden == 1 else "datasets are"
    return f'<p class="quiet">{hidden:,} {noun} private, archived or deleted, and not listed.</p>'


def _list(request: web.Request, view: View, datasets: Sequence[Dataset]) -> str:
    """The datasets of these that everybody sees and that are searched for, last changed first."""
    wanted = request.query.get("q", "")[:LONGEST_SEARCH].strip()
    words = plain(wanted).lower().split()
    listed = [each for each in datasets if view.rights.lists(each)]
    found = [each for each in listed if _is_meant(each, words)] if words else listed
    found.sort(key=lambda each: each.last_modified, reverse=True)
    part = html.part(request.query, "page", len(found), DATASETS_A_PAGE, "Pages of datasets")
    if wanted:
        shown = f"{html.count(len(found), 'dataset')} of {len(listed):,} for {html.text(wanted)}"
    else:
        shown = html.count(len(listed), "dataset")
    cards = "".join(_card(view, each) for each in found[part.start : part.end])
    nothing = "" if listed else f'<p class="quiet">{_NO_DATASET}</p>'
    form = html.search_form("Search datasets by title or key", wanted) if listed else ""
    return (
        f'<section id="page"><h2>Datasets</h2>{form}'
        f"{f'<p role=status>{shown}</p>' if listed else nothing}{_hidden(datasets, view)}"
        f"{f'<ul class=cards>{cards}</ul>' if cards else ''}"
        f"{part.leaves}</section>"
    )


def _producers(view: View) -> str:
    listed = [each for each in view.state.datasets.values() if view.rights.lists(each)]
    having = Counter(each.organization or each.owner for each in listed)
    directory = view.rights.directory
    addresses: list[tuple[str, Organization | Account]] = [
        *((f"/organizations/{each.slug}/", each) for each in directory.organizations.values()),
        *((f"/users/{each.slug}/", each) for each in directory.accounts.values()),
    ]
    rows = "".join(
        f"<li>{html.link(address, html.text(_name(each)))} "
        f'<span class="quiet">{html.count(having[each.id], "dataset")}</span></li>'
        for address, each in addresses
        if having[each.id]
    )
    return f"<section><h2>Producers</h2><ul>{rows}</ul></section>" if rows else ""


# --- the pages -------------------------------------------------------------------------------


def _view(request: web.Request) -> View:
    portal = request.app[PORTAL]
    base = f"{request.scheme}://{request.host}"
    return View(base, Rights(None, portal.directory), portal.state)


async def _home(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    datasets = [*view.state.datasets.values()]
    title = "What is published here"
    return html.document(
        title, f"<h1>{title}</h1>{_producers(view)}{_list(request, view, datasets)}"
    )


async def _organization(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    organization = view.rights.directory.organization(request.match_info["organization"])
    if organization is None:
        raise not_found()
    accounts = view.rights.directory.accounts
    members = ", ".join(
        f"{html.text(_name(accounts[each]))} ({escape(role.replace('_', ' '))})"
        for each, role in organization.members.items()
        if each in accounts
    )
    known = [("Members", members), ("Slug", html.copied(organization.slug))]
    return _of_producer(request, view, organization, known)


async def _account(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    name = request.match_info["account"]
    for account in view.rights.directory.accounts.values():
        if name in {account.slug, account.id}:
            return _of_producer(request, view, account, [])
    raise not_found()


def _of_producer(
    request: web.Request,
    view: View,
    producer: Organization | Account,
    known: list[tuple[str, str]],
) -> web.Response:
    theirs = [
        each
        for each in view.state.datasets.values()
        if producer.id in {each.organization, each.owner}
    ]
    name = _name(producer)
    facts = html.facts([*known, ("Id", html.copied(producer.id))])
    body = f"<h1>{html.text(name, _UNTITLED)}</h1>{facts}{_list(request, view, theirs)}"
    return html.document(name, body)


async def _dataset(request: web.Request) -> web.StreamResponse:
    view = _view(request)
    name = request.match_info["dataset"]
    state = view.state
    dataset = state.by_slug(name) or state.datasets.get(name)
    if dataset is None and name in state.moved:
        raise web.HTTPPermanentRedirect(f"/datasets/{state.moved[name]}/")
    if dataset is None or dataset.private:
        raise not_found()
    if dataset.deleted:
        raise gone()
    described = ""
    if is_visible(dataset.description):
        about = markdown(dataset.description, 3, LONGEST_OF_DATASET)
        described = f'<section><h2>Description</h2><div class="prose">{about}</div></section>'
    short = dataset.description_short
    community = [*state.community_of(dataset)]
    body = (
        f"<h1>{html.text(dataset.title, _UNTITLED)}</h1>"
        f"{f'<p>{html.text(short)}</p>' if short else ''}"
        f"{_tags(dataset)}{_dataset_facts(view, dataset)}"
        f"{described}"
        f"{_files(request, view, 'Files', 'files', dataset.resources)}"
    )
    if community:
        body += _files(request, view, "Files of others", "community", community)
    return html.document(dataset.title, body)


ROUTES = [
    web.get(path + slash, handler)
    for path, handler in (
        ("/datasets/{dataset}", _dataset),
        ("/organizations/{organization}", _organization),
        ("/users/{account}", _account),
    )
    for slash in ("", "/")
] + [web.get("/", _home)]
