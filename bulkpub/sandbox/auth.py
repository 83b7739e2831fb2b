"""Who is asking, and what they may do: keys, cookies, roles.

Two traps of udata are kept: a wrong key is refused even where no key is needed, and a session
cookie, which every keyed answer sets, beats whatever key comes with it.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiohttp import web

from bulkpub.sandbox.answers import Refused
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from bulkpub.sandbox.seeds import Account, Organization

__all__ = ["COOKIE", "Directory", "Rights"]

COOKIE = "session"

_EDITORS = frozenset(["admin", "editor"])


@dataclass(slots=True)
class Directory:
    """The accounts and organizations of a portal."""

    accounts: dict[str, Account]
    organizations: dict[str, Organization]
    _by_key: dict[str, Account] = field(init=False)
    _by_cookie: dict[str, Account] = field(init=False)
    _cookies: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        secret = secrets.token_bytes(16)
        self._by_key = {each.key: each for each in self.accounts.values()}
        self._cookies = {
            each: hashlib.sha256(secret + each.encode()).hexdigest() for each in self.accounts
        }
        self._by_cookie = {cookie: self.accounts[each] for each, cookie in self._cookies.items()}

    @classmethod
    def of(cls, accounts: Iterable[Account], organizations: Iterable[Organization]) -> "Directory":
        """A directory of these."""
        return cls({each.id: each for each in accounts}, {each.id: each for each in organizations})

    def identify(self, request: web.Request) -> tuple[Account | None, str | None]:
        """Who is asking, and the session cookie to set if a key told so.

        :raises Refused: 401 when the key is unknown or has expired.
        """
        session = request.cookies.get(COOKIE)
        if session is not None and session in self._by_cookie:
            return self._by_cookie[session], None
        key = request.headers.get("X-API-KEY")
        if not key:
            return None, None
        account = self._by_key.get(key)
        if account is None:
            raise _unauthorized("Invalid API token")
        if account.key_has_expired:
            raise _unauthorized("Expired API token")
        return account, self._cookies[account.id]

    def organization(self, id_or_slug: str) -> Organization | None:
        """The organization with this id or slug."""
        by_id = self.organizations.get(id_or_slug)
        if by_id is not None:
            return by_id
        return next((each for each in self.organizations.values() if each.slug == id_or_slug), None)


def _unauthorized(message: str) -> Refused:
    return Refused(401, {"message": message}, {"WWW-Authenticate": 'Bearer realm="uData"'})


LOGIN_NEEDED = (
    "The server could not verify that you are authorized to access the URL requested. You either "
    "supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand "
    "how to supply the credentials required."
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What one account (None: a passer-by) may see and do."""

    account: Account | None
    directory: Directory

    def role_in(self, organization: str | None) -> str | None:
        """The account's role in an organization."""
        if self.account is None or organization is None:
            return None
        return self.directory.organizations[organization].members.get(self.account.id)

    def edits(self, thing: ContactPoint | Dataset | Resource) -> bool:
        """Whether the account may change a dataset, a community resource or a contact point."""
        if self.account is None:
            return False
        if self.account.is_sysadmin:
            return True
        if thing.organization is None:
            return thing.owner == self.account.id
        if self.role_in(thing.organization) in _EDITORS:
            return True
        return isinstance(thing, Dataset) and self.account.id in thing.assigned

    def reads(self, dataset: Dataset) -> bool:
        """Whether the account may look at a dataset."""
        return not (dataset.private or dataset.deleted) or self.belongs(dataset)

    def belongs(self, dataset: Dataset) -> bool:
        """Whether the dataset is the account's own or its organization's."""
        if self.account is None:
            return False
        if self.account.is_sysadmin:
            return True
        if dataset.organization is not None:
            return self.role_in(dataset.organization) is not None
        return dataset.owner == self.account.id

    def lists(self, dataset: Dataset) -> bool:
        """Whether the dataset is among those a listing shows the account."""
        hidden = dataset.private or dataset.deleted or dataset.archived
        return not hidden or self.belongs(dataset)

    def require_login(self) -> Account:
        """The account.

        :raises Refused: 401 when there is none.
        """
        if self.account is None:
            raise _unauthorized(LOGIN_NEEDED)
        return self.account

    def require_edit(self, thing: ContactPoint | Dataset | Resource) -> None:
        """Go on only if the account may change it.

        :raises Refused: 403 otherwise.
        """
        if not self.edits(thing):
            raise Refused.saying(403, "You do not have the permission to modify that object.")
