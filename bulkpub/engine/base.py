"""What an engine needs to work on jobs in other processes: values that travel, and what opens.

Nothing here knows which engine it is. An `Errand` is a job with what this process knows of its
files; a `Done` is what came of it.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from bulkpub.core.model import Contact
from bulkpub.errors import BulkpubError
from bulkpub.http.lending import Borrower
from bulkpub.http.messages import TransportListener
from bulkpub.pipeline.job import Job, Result
from bulkpub.portals import Portal
from bulkpub.portals.base import Traffic
from bulkpub.sources.fetch import Fetcher
from bulkpub.state.carried import Known

__all__ = ["Contacts", "Done", "Errand", "Opener"]

Contacts = Mapping[tuple[str | None, Contact], str]
"""The ids of contact points made in this run, by organization and what they say."""


class Opener(Protocol):
    """Opens, in the process where it is called, what jobs are worked on with; it can be pickled.

    It may hold keys: it goes through an encrypted channel, or stays on this machine.
    """

    def open(
        self, turns: Borrower, listener: TransportListener
    ) -> AbstractAsyncContextManager[tuple[Portal, Fetcher]]:
        """The portal and other servers, both asked at the pace of the `turns` that are lent.

        Raises what opening the portal raises (`BulkpubError`).
        """


@dataclass(frozen=True, slots=True)
class Errand:
    """A job, and what is known of its files and contact points where the journal is.

    `compares`: its local files are to be the same here as `known.files` saw them. `asks`: whether
    a published file may be removed is to be asked, as other destinations have a say in it.
    """

    job: Job
    known: Known = field(default_factory=Known)
    contacts: Contacts = field(default_factory=dict)
    compares: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an errand: a result, or why there is none, and the contact points it made.

    Neither result nor failure: it was not begun. `broken_off`: the process ended it of itself, so
    that it is to be looked at afresh. `refused_size` is as `Portal.refused_size` has it,
    `traffic` what the process asked of the portal until then.
    """

    result: Result | None = None
    failure: BulkpubError | None = None
    contacts: Contacts = field(default_factory=dict)
    refused_size: int | None = None
    traffic: Traffic | None = None
    broken_off: bool = False
