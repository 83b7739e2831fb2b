"""One manifest, several portals: each is written to as if it were the only one."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import anyio.lowlevel
import pytest

import bulkpub
from bulkpub import Connection, RunOptions, RunReport, Sources
from bulkpub.cli.report_file import to_json, write_report
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.outcome import DatasetStatus
from bulkpub.errors import PortalRefuses, Uncertain
from bulkpub.observers.events import DatasetFinished, Event, RunFinished, RunStarted
from bulkpub.portals import memory, udata
from bulkpub.portals.memory import Call, Site

RULES = replace(udata.RULES, same_name_pause=0.05)
KEYS = {"BULKPUB_KEY_ONE": "one", "BULKPUB_KEY_TWO": "two", "BULKPUB_KEY_THREE": "three"}
NAMES = ("one", "two")


@pytest.fixture
def sites() -> Iterator[tuple[Site, Site]]:
    names = [uuid4().hex for _ in NAMES]
    yield tuple(memory.site(name, RULES) for name in names)  # type: ignore[misc] # two
    for name in names:
        memory._sites.pop(name)


@pytest.fixture
def destinations(sites: tuple[Site, Site]) -> list[dict[str, Any]]:
    return [
        {"portal": site.address, "name": name, "key_env": f"BULKPUB_KEY_{name.upper()}"}
        for name, site in zip(NAMES, sites, strict=True)
    ]


@pytest.fixture
def publish(report_faults: Callable[[bytes], list[str]]) -> Callable[..., Awaitable[RunReport]]:
    async def publish(
        manifest: Any,
        *,
        portal: str | None = None,
        key: str | None = None,
        observers: tuple[Any, ...] = (),
        state_dir: Path | None = None,
        plan: Path | None = None,
        **options: Any,
    ) -> RunReport:
        report = await bulkpub.publish(
            manifest,
            connection=Connection(portal=portal, key=key, environment=KEYS),
            sources=Sources(allow_private=True),
            options=RunOptions(look_again_s=0.01, **options),
            observers=observers,
            state_dir=state_dir,
            plan=plan,
        )
        assert report_faults(b"".join(to_json(report))) == []
        return report

    return publish


@pytest.fixture
def write(folder: Any, destinations: Any) -> Callable[..., Path]:
    """A manifest of these datasets for both."""

    def write(*datasets: Any, **header: Any) -> Path:
        path: Path = folder.manifest(*datasets, destinations=destinations, **header)
        return path

    return write


def told(report: RunReport) -> list[tuple[str | None, str, str]]:
    return [(each.destination, each.key, each.status.value) for each in report.datasets]


def codes(report: RunReport) -> dict[str, int]:
    return {each.name: each.exit_code for each in report.run.destinations}


def sentences(report: RunReport) -> list[str]:
    return [each.message for each in report.run.problems]


# --- it is done everywhere ----------------------------------------------------------------


async def test_everything_goes_to_each_and_a_second_run_finds_nothing_to_do(
    publish: Any, write: Any, sites: Any, folder: Any, tmp_path: Path
) -> None:
    manifest = write(folder.dataset("a", "a.csv", "b.csv"), folder.dataset("b", "c.csv"))
    seen: list[Event] = []
    report = await publish(manifest, observers=(seen.append,), state_dir=tmp_path / "state")
    assert report.run.exit_code == 0, report
    assert codes(report) == {"one": 0, "two": 0}
    assert told(report) == [(name, key, "created") for name in NAMES for key in ("a", "b")]
    for site in sites:
        assert sorted(str(each.key) for each in site.datasets.values()) == ["a", "b"]
        assert sum(len(each.resources) for each in site.datasets.values()) == 3
    assert report.totals.resources.created == 6
    parts = report.run.destinations
    assert report.totals.requests.total == sum(each.totals.requests.total for each in parts)
    assert report.totals.bytes.uploaded == 2 * parts[0].totals.bytes.uploaded
    # Those who watch are told where each thing happened, and once that it is over.
    started = {event.destination for event in seen if isinstance(event, RunStarted)}
    finished = [event.destination for event in seen if isinstance(event, DatasetFinished)]
    assert (started, sorted(finished)) == (set(NAMES), ["one", "one", "two", "two"])
    assert sum(isinstance(event, RunFinished) for event in seen) == 1
    before = [len(site.calls) for site in sites]
    again = await publish(manifest, state_dir=tmp_path / "state")
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 4)
    for site, count in zip(sites, before, strict=True):
        assert {call.method for call in site.calls[count:]} == {"GET"}
    # A change goes to both.
    folder.file("a.csv", "other\n")
    changed = await publish(manifest, state_dir=tmp_path / "state")
    assert changed.totals.resources.replaced == 2
    for site in sites:
        assert b"other\n" in site.files.values()


async def test_plan_and_verify_say_it_of_each(
    publish: Any, write: Any, sites: Any, folder: Any
) -> None:
    manifest = write(folder.dataset("a", "a.csv"))
    planned = await publish(manifest, dry_run=True)
    assert told(planned) == [("one", "a", "created"), ("two", "a", "created")]
    assert not any(site.datasets for site in sites)
    await publish(manifest)
    (dataset,) = sites[1].datasets.values()
    sites[1].files[dataset.resources[0].id] = b"spoilt\n"
    sites[1].datasets[dataset.id] = replace(
        dataset, resources=(replace(dataset.resources[0], digest="0" * 40),)
    )
    report = await publish(manifest, dry_run=True, verify=bulkpub.pipeline.Verify.QUICK)
    assert told(report) == [("one", "a", "unchanged"), ("two", "a", "failed")]
    assert (codes(report), report.run.exit_code) == ({"one": 0, "two": 1}, 1)


@pytest.mark.parametrize("chosen", ["two", "address"])
async def test_one_of_them_can_be_chosen(
    publish: Any, write: Any, sites: Any, folder: Any, chosen: str
) -> None:
    manifest = write(folder.dataset("a", "a.csv"))
    report = await publish(manifest, portal=sites[1].address if chosen == "address" else chosen)
    assert told(report) == [("two", "a", "created")]
    assert (report.run.portal, sites[0].calls) == ("two", [])
    (warning,) = report.run.warnings
    assert warning.message == "this is for two alone: the manifest has one besides"


@pytest.mark.parametrize("other", ["three", "www", "memory://three"])
async def test_one_that_the_manifest_does_not_have_cannot(
    publish: Any, write: Any, folder: Any, sites: Any, other: str
) -> None:
    report = await publish(write(folder.dataset("a", "a.csv")), portal=other)
    sentence = f"the manifest has no destination '{other}'; there are one, two"
    assert (report.run.exit_code, report.run.error) == (2, sentence)
    assert not any(site.calls for site in sites)


# --- each on its own ----------------------------------------------------------------------


async def refused(_call: Call, _carry_out: Callable[[], Awaitable[Any]]) -> Any:
    raise PortalRefuses("the portal refuses the API key")


async def test_a_portal_that_refuses_everything_stops_no_other(
    publish: Any, write: Any, sites: Any, folder: Any
) -> None:
    sites[0].trouble = refused
    report = await publish(write(folder.dataset("a", "a.csv")))
    assert told(report) == [("one", "a", "pending"), ("two", "a", "created")]
    assert (codes(report), report.run.exit_code) == ({"one": 3, "two": 0}, 1)
    assert report.run.error == "one: the portal refuses the API key"


async def test_an_unknown_organization_is_told_of_the_portal_that_does_not_know_it(
    publish: Any, write: Any, folder: Any, destinations: Any
) -> None:
    destinations[0]["organization"] = "nobody"
    report = await publish(write(folder.dataset("a", "a.csv")))
    (problem,) = report.run.problems
    assert "'nobody'" in problem.message
    assert str(problem).endswith(" (at one)")
    assert told(report) == [("one", "a", "pending"), ("two", "a", "created")]
    assert (codes(report), report.run.exit_code) == ({"one": 2, "two": 0}, 1)


async def test_a_defect_at_one_stops_no_other(
    publish: Any, write: Any, sites: Any, folder: Any
) -> None:
    async def broken(_call: Call, _carry_out: Callable[[], Awaitable[Any]]) -> Any:
        raise ZeroDivisionError("by zero")

    sites[1].trouble = broken
    report = await publish(write(folder.dataset("a", "a.csv")))
    assert codes(report) == {"one": 0, "two": 4}
    assert report.run.exit_code == ExitCode.STOPPED_EARLY
    assert report.datasets[0].status is DatasetStatus.CREATED


class Killed(BaseException):
    """As of a process that is killed: nobody catches it."""


WRITES = 8
"""To each: a dataset, two files, one request to finish."""


@pytest.mark.parametrize("number", range(WRITES))
async def test_ended_at_each_write_to_either_nothing_is_there_twice_after_the_next_run(
    publish: Any, write: Any, sites: Any, folder: Any, tmp_path: Path, *, number: int
) -> None:
    manifest = write(folder.dataset("a", "a.csv", "b.csv"))
    state = tmp_path / "state" if number % 2 else None
    seen = 0

    async def trouble(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        nonlocal seen
        answer = await carry_out()
        if call.method != "GET":
            seen += 1
            if seen > number:  # it was carried out, and nobody knows
                raise Killed
        return answer

    for site in sites:
        site.trouble = trouble
    with pytest.raises(BaseException) as ended:  # noqa: PT011 - in a group, of groups
        await publish(manifest, state_dir=state)
    assert "Killed" in repr(ended.value)
    for site in sites:
        site.trouble = None
    assert (await publish(manifest, state_dir=state)).run.exit_code == 0
    for site in sites:
        (dataset,) = site.datasets.values()
        assert sorted(site.files.values()) == [b"name\na.csv\n", b"name\nb.csv\n"]
        assert sorted(str(each.key) for each in dataset.resources) == ["a.csv", "b.csv"]
    assert (await publish(manifest, state_dir=state)).totals.datasets.unchanged == 2


async def test_those_are_all_its_writes(publish: Any, write: Any, sites: Any, folder: Any) -> None:
    await publish(write(folder.dataset("a", "a.csv", "b.csv")))
    assert sum(call.method != "GET" for site in sites for call in site.calls) == WRITES


async def test_an_answer_lost_at_one_costs_the_other_nothing(
    publish: Any, write: Any, sites: Any, folder: Any
) -> None:
    lost: list[str] = []

    async def trouble(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        answer = await carry_out()
        if call.name in {"create_dataset", "upload"} and call.name not in lost:
            lost.append(call.name)
            raise Uncertain("the answer was lost")
        return answer

    sites[0].trouble = trouble
    report = await publish(write(folder.dataset("a", "a.csv", "b.csv")))
    assert report.run.exit_code == 0, report
    for site in sites:
        (dataset,) = site.datasets.values()
        assert len(dataset.resources) == 2


# --- what is said for each ----------------------------------------------------------------


async def test_ids_and_organizations_can_be_said_for_each(
    publish: Any, write: Any, sites: Any, folder: Any
) -> None:
    first = await publish(write(folder.dataset("a", "a.csv")))
    ids = {each.destination: each.id for each in first.datasets}
    resources = {each.destination: each.resources[0].id for each in first.datasets}
    folder.file("a.csv", "other\n")
    said = {
        "id": ids,
        "title": "Another title",
        "resources": [{"path": "a.csv", "id": resources}],
    }
    report = await publish(write(said))
    assert (report.run.exit_code, report.totals.resources.replaced) == (0, 2)
    for site in sites:
        (dataset,) = site.datasets.values()
        assert dataset.metadata.title == "Another title"
    # Where one has none, it goes by the key there as ever.
    said = {**folder.dataset("a", "a.csv"), "id": {"two": ids["two"], "one": None}}
    report = await publish(write(said))
    assert told(report) == [("one", "a", "updated"), ("two", "a", "updated")]


async def test_a_misspelled_destination_is_told_once(
    publish: Any, write: Any, folder: Any, sites: Any
) -> None:
    said = {**folder.dataset("a", "a.csv"), "id": {"twoo": "x"}}
    report = await publish(write(said))
    assert sentences(report) == ["'id' is for no destination called 'twoo' (did you mean 'two'?)"]
    assert report.run.exit_code == 2
    assert not any(call.method != "GET" for site in sites for call in site.calls)


# --- files that are removed ---------------------------------------------------------------


async def test_a_file_is_removed_once_all_of_them_have_it(
    publish: Any, write: Any, folder: Any, sites: Any, tmp_path: Path
) -> None:
    folder.file("out/1.csv")
    manifest = write(folder.dataset("a", {"glob": "out/*.csv", "remove": "verified"}))
    sites[0].trouble = refused
    report = await publish(manifest)
    assert (tmp_path / "out/1.csv").exists()
    (warning,) = report.run.warnings
    assert warning.message == (
        "1.csv: not removed, as not every destination of the manifest is known to have the same"
    )
    sites[0].trouble = None
    report = await publish(manifest, portal="one")
    assert (tmp_path / "out/1.csv").exists(), "the other may not have it"
    assert len(report.run.warnings) == 2
    report = await publish(manifest)
    assert (report.run.exit_code, report.run.warnings) == (0, ())
    assert not (tmp_path / "out/1.csv").exists()
    removed = [one for each in report.datasets for one in each.resources if one.removed]
    assert len(removed) == 1
    again = await publish(manifest)
    assert (again.run.exit_code, again.totals.datasets.unchanged) == (0, 2)
    for site in sites:
        (dataset,) = site.datasets.values()
        assert len(dataset.resources) == 1


async def test_a_file_that_changed_between_them_stays(
    publish: Any, write: Any, folder: Any, sites: Any
) -> None:
    file = folder.file("out/1.csv")
    manifest = write(folder.dataset("a", {"path": "out/1.csv", "remove": "verified"}))
    done = anyio.Event()
    asked: list[str] = []

    async def first(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        answer = await carry_out()
        if call.name == "set_resources":
            done.set()
        return answer

    async def slow(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        # Its first question may come before or after the other is done; what matters is that
        # the file changes between the two.
        if not asked:
            asked.append(call.name)
            await done.wait()
            file.write_text("something else\n")
        return await carry_out()

    sites[0].trouble = first
    sites[1].trouble = slow
    report = await publish(manifest)
    assert file.exists()
    assert report.run.warnings


# --- keys ---------------------------------------------------------------------------------


async def test_the_account_s_key_goes_to_one_of_them_at_most(
    publish: Any, write: Any, folder: Any, destinations: Any, sites: Any
) -> None:
    del destinations[0]["key_env"]
    assert (await publish(write(folder.dataset("a", "a.csv")), key="own")).run.exit_code == 0
    del destinations[1]["key_env"]
    report = await publish(write(folder.dataset("b", "a.csv")), key="own")
    assert report.run.exit_code == 2
    assert len(report.run.problems) == 2
    assert all("say in 'key_env'" in each for each in sentences(report))
    assert all(len(site.datasets) == 1 for site in sites)


async def test_the_same_portal_twice_and_unknown_ones_end_all_before_anything_is_sent(
    publish: Any, write: Any, folder: Any, destinations: Any, sites: Any
) -> None:
    destinations.append({**destinations[0], "name": "again"})
    destinations.append({"portal": "prodd"})
    report = await publish(write(folder.dataset("a", "a.csv")))
    assert report.run.exit_code == 2
    said = sentences(report)
    assert any("is the portal of 'one' once more" in each for each in said)
    assert any("unknown portal 'prodd'" in each for each in said)
    assert not any(call.method != "GET" for site in sites for call in site.calls)


async def test_a_saved_plan_is_that_of_each_destination(
    publish: Any, write: Any, folder: Any, sites: tuple[Site, Site], tmp_path: Path
) -> None:
    manifest = write(folder.dataset("a", "1.csv"), folder.dataset("b", "2.csv"))
    await publish(manifest, portal="one", only=("a",))
    planned = await publish(manifest, dry_run=True, exact=True)
    plan = tmp_path / "plan.json"
    write_report(planned, str(plan))
    (there,) = sites[0].datasets.values()
    sites[0].datasets[there.id] = replace(there, metadata=replace(there.metadata, title="By hand"))
    report = await publish(manifest, plan=plan)
    failed = [(each.destination, each.key) for each in report.datasets if each.error]
    assert failed == [("one", "a")]
    assert report.run.exit_code == 1
    assert [len(site.datasets) for site in sites] == [2, 2]
    folder.file("1.csv", "changed\n")
    moved = await publish(manifest, plan=plan, portal="two")
    assert "replaced" in str(moved.datasets[0].error)


async def test_a_destination_that_only_the_plan_has_ends_all_before_anything_is_sent(
    *, publish: Any, write: Any, folder: Any, sites: Any, destinations: Any, tmp_path: Path
) -> None:
    planned = await publish(write(folder.dataset("a", "1.csv")), dry_run=True, exact=True)
    write_report(planned, str(tmp_path / "plan.json"))
    gone = destinations.pop()
    report = await publish(write(folder.dataset("a", "1.csv")), plan=tmp_path / "plan.json")
    assert report.run.exit_code == 2
    sentence = f"the plan has the destination '{gone['name']}', and the manifest no longer names it"
    assert any(sentence in each for each in sentences(report))
    assert not any(call.method != "GET" for site in sites for call in site.calls)


async def test_no_destination_has_the_name_of_another_portal(publish: Any, folder: Any) -> None:
    """Whoever says `portal=demo` means demo."""
    said = [{"portal": "https://www.data.gouv.fr", "name": "demo"}]
    manifest = folder.manifest(folder.dataset("a", "a.csv"), destinations=said)
    report = await publish(manifest, portal="demo")
    assert report.run.exit_code == 2
    assert any("'demo', and is the portal www" in each for each in sentences(report))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("demo", "https://DEMO.data.gouv.fr:443/"),
        ("github:Ville/Donnees", "https://github.com/ville/donnees.git"),
        ("github+https://GIT.example/o/r", "github+https://git.example:443/o/r"),
        ("gitlab:Ville/Donnees", "https://gitlab.com/ville/donnees"),
        ("gitlab+https://git.example:443/g/p", "https://GIT.example/api/v4/projects/g%2Fp"),
    ],
)
async def test_the_same_portal_by_another_spelling_is_the_same(
    publish: Any, folder: Any, one: str, other: str
) -> None:
    said = [
        {"portal": portal, "name": name, "key_env": "BULKPUB_KEY_ONE"}
        for name, portal in (("first", one), ("second", other))
    ]
    report = await publish(folder.manifest(folder.dataset("a", "a.csv"), destinations=said))
    assert report.run.exit_code == 2
    assert any("is the portal of 'first' once more" in each for each in sentences(report))


async def test_a_password_in_an_address_is_in_no_report(
    publish: Any, write: Any, folder: Any, destinations: Any, sites: Any
) -> None:
    secret = "pass" + "word-1"
    for url in (f"https://me:{secret}@portal.example", f"me:{secret}@portal.example"):
        destinations[0] |= {"portal": url}
        destinations[0].pop("name", None)
        for manifest in (
            write(folder.dataset("a", "a.csv")),
            folder.manifest(folder.dataset("a", "a.csv"), portal=url),
        ):
            seen: list[Event] = []
            report = await publish(manifest, key="own", observers=(seen.append,))
            assert report.run.exit_code == 2
            assert secret not in b"".join(to_json(report)).decode()
            assert secret not in repr(seen)
    assert not any(call.method != "GET" for site in sites for call in site.calls)


# --- somebody ends it -----------------------------------------------------------------------


async def test_who_interrupts_ends_it_everywhere_and_the_next_run_goes_on(
    write: Any, sites: Any, folder: Any, publish: Any
) -> None:
    manifest = write(*(folder.dataset(f"k{number}", f"{number}.csv") for number in range(6)))
    running: list[Any] = []
    interrupted = anyio.Event()

    @contextmanager
    def interruptible(run: Any) -> Iterator[None]:
        running.append(run)
        yield

    async def trouble(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.name == "upload":
            for run in running:
                run.interrupt("interrupted by SIGINT")
            interrupted.set()
        return await carry_out()

    async def later(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.name == "upload":  # else it may be done there before anybody interrupts
            await interrupted.wait()
        return await carry_out()

    sites[0].trouble, sites[1].trouble = trouble, later
    report = await bulkpub.publish(
        manifest,
        connection=Connection(environment=KEYS),
        options=RunOptions(look_again_s=0.01, concurrency=1),
        interruptible=interruptible,
    )
    assert len(running) == 1
    assert report.run.exit_code == ExitCode.INTERRUPTED
    assert set(codes(report).values()) == {ExitCode.INTERRUPTED}
    assert report.totals.datasets.pending > 0
    sites[0].trouble = None
    assert (await publish(manifest)).run.exit_code == 0
    for site in sites:
        assert len(site.datasets) == 6
        assert all(len(each.resources) == 1 for each in site.datasets.values())
