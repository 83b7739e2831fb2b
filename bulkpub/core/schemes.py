"""The schemes of addresses from which files can be fetched: what is to be known of each offline.

The rule: this is the one list. A new scheme is one file that fetches it (a `SourceKind`, see
`bulkpub.sources.fetch`) and one line here; what a manifest may say, how its schema and messages
put it, and what fetching needs, follow from that line.
"""

from dataclasses import dataclass

__all__ = ["SCHEMES", "Scheme", "scheme_of"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme. `fetched_by` is what fetches it, as `module:class`, imported when first needed.

    An address of the web (`is_web`) may also be a link, and need not name a file; one of a
    `is_archive` scheme means a member of an archive that is elsewhere: `zip://MEMBER::ADDRESS`.
    `has_patterns`: `*` and `[abc]` in the path stand for many files. `port` is that of hosts
    that do not name one, 0 where the address names no host but a bucket. `package` is what has
    to be installed for it, with the extra `bulkpub[remote]`.
    """

    name: str
    fetched_by: str
    is_web: bool = False
    is_archive: bool = False
    has_patterns: bool = False
    port: int = 0
    package: str = ""


WEB = "bulkpub.sources.web_files:WebFiles"
REMOTE = "bulkpub.sources.remote:RemoteFiles"
ARCHIVE = "bulkpub.sources.archive:ArchiveMembers"

SCHEMES = {
    each.name: each
    for each in (
        Scheme("http", WEB, is_web=True),
        Scheme("https", WEB, is_web=True),
        Scheme("ftp", REMOTE, has_patterns=True, port=21, package="fsspec"),
        Scheme("sftp", REMOTE, has_patterns=True, port=22, package="sshfs"),
        Scheme("s3", REMOTE, has_patterns=True, package="s3fs"),
        Scheme("gs", REMOTE, has_patterns=True, package="gcsfs"),
        Scheme("az", REMOTE, has_patterns=True, package="adlfs"),
        Scheme("zip", ARCHIVE, is_archive=True),
    )
}
"""All schemes, by name, in the order in which they are listed to people."""


def scheme_of(address: str) -> Scheme | None:
    """The scheme of `address`, None when nothing is fetched from addresses that begin so."""
    name, colon, _ = address.partition(":")
    return SCHEMES.get(name.lower()) if colon else None
