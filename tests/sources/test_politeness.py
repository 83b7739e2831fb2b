"""Hosts whose paces another process has: as few are under way at once, whoever fetches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from bulkpub.errors import SourceFailed
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import Gate
from bulkpub.http.lending import Borrower, Lender
from bulkpub.session.opening import FetchedHosts

HOST = "data.example.org"


@dataclass
class Processes:
    """One that owns, and some that borrow; what they have to do with one host."""

    owner: FetchedHosts
    workers: list[FetchedHosts] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def fetch(self, hosts: FetchedHosts, times: int) -> None:
        host = hosts.sources[HOST]
        for _ in range(times):
            async with host.place():
                await host.turn()
                started_at = unix_time()
                host.learn(200, {}, started_at)
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                await anyio.sleep(0.002)
                self.under_way -= 1


@asynccontextmanager
async def processes(number: int) -> AsyncIterator[Processes]:
    owner, borrowers = FetchedHosts.own(), dict[str, Borrower]()
    lender = Lender(Gate(), lambda name, lent: borrowers[name].heard(lent), other=owner.lendable)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lender.run)
        for which in range(number):
            name = f"w{which}"
            borrowers[name] = Borrower(lambda ask, name=name: lender.heard(name, ask))  # type: ignore[misc] # bound early
            tasks.start_soon(borrowers[name].run)
        yield Processes(owner, [FetchedHosts.borrowed(each) for each in borrowers.values()])
        tasks.cancel_scope.cancel()


async def test_two_answers_of_a_host_are_under_way_at_once_whoever_fetches() -> None:
    async with processes(2) as all_of_them:
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                for hosts in (all_of_them.owner, *all_of_them.workers):
                    for _ in range(3):
                        tasks.start_soon(all_of_them.fetch, hosts, 4)
        assert all_of_them.most == 2


async def test_a_host_that_asks_one_worker_to_wait_is_left_alone_by_all() -> None:
    async with processes(2) as all_of_them:
        one, two = (hosts.sources[HOST] for hosts in all_of_them.workers)
        with anyio.fail_after(30):
            await one.turn()
            one.learn(429, {"Retry-After": "3600"}, unix_time())
            with pytest.raises(SourceFailed, match=r"wants no requests for longer than 300 s"):
                await two.turn()
            with pytest.raises(SourceFailed, match=r"wants no requests"):
                await all_of_them.owner.sources[HOST].turn()
            other = all_of_them.workers[1].portal[HOST]
            await other.turn()  # where the portal keeps its files is another matter


def test_what_is_borrowed_is_not_lent_on() -> None:
    borrowed = FetchedHosts.borrowed(Borrower(lambda _: None))
    with pytest.raises(KeyError):
        borrowed.lendable(f"sources/turns/{HOST}")
    with pytest.raises(KeyError):
        FetchedHosts.own().lendable(f"others/turns/{HOST}")
