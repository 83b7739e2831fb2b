"""Releases that are made only once all their files are in: until then, a package and no release.

What is to be said of such a release, and of its files, is known to whoever makes it and to nobody
else: it comes from the manifest again where that run broke off. That it is a draft stands in its
text, as of any other (`DRAFT_EXTRA`). Pure.
"""

from dataclasses import replace

from bulkpub.core.model import DRAFT_EXTRA, Json
from bulkpub.portals.gitlab.codec import Link, Release, Seen
from bulkpub.portals.gitlab.names import generic_path, link_path, own_place
from bulkpub.portals.releases.marks import marked_text, parted_text

__all__ = ["PENDING", "drafted", "link_to", "put", "release_of", "seen_again"]


def drafted(tag: str) -> Release:
    """A release that is not made yet, of which nothing is known but its tag."""
    return Release(tag, tag, marked_text("", {DRAFT_EXTRA: True}))


def link_to(seen: Seen, name: str) -> Link:
    """What is going to be the link to a file of the package; it has no permalink yet."""
    url = f"{seen.home.url}{generic_path(own_place(seen.release.tag), name)}"
    return Link(f"{PENDING}{name}", name, url)


PENDING = "pending:"
"""What the id of a link begins with that is not made yet."""


def put(seen: Seen, link: Link) -> None:
    """Have a link among those that are going to be made, in place of the one with its id."""
    others = seen.release.links
    if any(each.id == link.id for each in others):
        links = tuple(link if each.id == link.id else each for each in others)
    else:
        links = (*others, link)
    seen.release = replace(seen.release, links=links)


def seen_again(seen: Seen) -> None:
    """Bring the links of a release in line with what its package has now."""
    place = own_place(seen.release.tag)
    known = {link.id: link for link in seen.release.links}
    names = dict.fromkeys(file.name for file in seen.files.get(place, ()))
    links = [known.get(link.id, link) for link in (link_to(seen, name) for name in names)]
    links += [link for link in known.values() if seen.place_of(link) is None]
    seen.release = replace(seen.release, links=tuple(links))


def release_of(seen: Seen) -> dict[str, Json]:
    """All that is said of a release when it is made, with all its links."""
    text, kept = parted_text(seen.release.text)
    kept.pop(DRAFT_EXTRA, None)
    links = []
    for link in seen.release.links:
        found = seen.place_of(link)
        said = {"name": link.name, "url": link.url}
        said |= {"direct_asset_path": link_path(found[1])} if found else {}
        links.append({**said, "link_type": "package" if found else "other"})
    return {
        "name": seen.release.name,
        "description": marked_text(text, kept),
        "assets": {"links": links},
    }
