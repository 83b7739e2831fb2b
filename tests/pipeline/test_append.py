"""`append: true`: each new content is a new resource, once, under the day's next number."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkpub import ResourceStatus, RunReport
from bulkpub.core.model import KEY_EXTRA
from bulkpub.errors import PortalRefuses, Uncertain
from bulkpub.pipeline import Verify
from bulkpub.portals import memory, udata
from bulkpub.portals.memory import Call, Site

AS = "DECP-{siret}-{today:%Y-%m-%d}-{seq:02}{suffix}"
RULES = replace(udata.RULES, same_name_pause=0.01)
MONDAY, TUESDAY = "2018-11-26", "2018-11-27"


def name(day: str, number: int, suffix: str = "xml") -> str:
    return f"DECP-1234-{day}-{number:02}.{suffix}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


@pytest.fixture
def run(publish: Any, folder: Any, site: Site, file: Path) -> Callable[..., Any]:
    """Publish `content` as a file to be appended on a day; the report."""

    async def run(
        content: str | None = None, day: str = MONDAY, *others: Any, **more: Any
    ) -> RunReport:
        if content is not None:
            write(file, content)
        entry = {"path": "export.xml", "as": AS, "append": True, **more.pop("entry", {})}
        said = {"vars": {"siret": "1234"}, **more.pop("dataset", {})}
        manifest = folder.manifest(folder.dataset("k", entry, *others, **said))
        site.calls.clear()
        exit_code = more.pop("exit_code", 0)
        report: RunReport = await publish(manifest, variables={"today": day}, **more)
        assert report.run.exit_code == exit_code, report
        return report

    return run


def write(file: Path, content: str) -> None:
    file.write_text(content)


def there(site: Site) -> list[str]:
    (dataset,) = site.datasets.values()
    return sorted(str(each.metadata.title) for each in dataset.resources)


def uploads(site: Site) -> int:
    return sum(call.name == "upload" for call in site.calls)


@pytest.fixture(autouse=True)
def no_siret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short names, for people to read."""
    monkeypatch.setattr("bulkpub.manifest.variables.siret_fault", lambda _: "")
    monkeypatch.setattr("bulkpub.manifest.variables.fails_luhn", lambda _: False)


async def test_each_content_is_a_resource_of_its_own(run: Any, site: Site) -> None:
    first = await run("one")
    assert first.datasets[0].resources[0].status is ResourceStatus.CREATED
    assert there(site) == [name(MONDAY, 1)]
    (dataset,) = site.datasets.values()
    assert dataset.resources[0].key == name(MONDAY, 1)
    assert dataset.resources[0].file_name == name(MONDAY, 1).lower()

    again = await run()
    assert (again.totals.datasets.unchanged, uploads(site)) == (1, 0)
    planned = await run("two", dry_run=True)
    assert planned.datasets[0].resources[0].title == name(MONDAY, 2)
    await run()
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 2)]
    await run("three", TUESDAY)
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 2), name(TUESDAY, 1)]


async def test_the_same_content_is_unchanged_on_any_day(run: Any, site: Site) -> None:
    await run("one")
    await run("two")
    for content in ("one", "two", "one"):
        again = await run(content, TUESDAY)
        assert again.totals.datasets.unchanged == 1
        assert [call.name for call in site.calls if call.method != "GET"] == []
    verified = await run("one", TUESDAY, dry_run=True, verify=Verify.QUICK)
    assert verified.run.exit_code == 0
    await run("new", exit_code=1, dry_run=True, verify=Verify.QUICK)


@pytest.mark.parametrize("day", [MONDAY, TUESDAY])
@pytest.mark.parametrize("lost", ["upload", "set_resources", "create_dataset"])
@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_a_lost_answer_publishes_nothing_twice(
    *, run: Any, site: Site, lose_answers: Any, lost: str, before: bool, day: str
) -> None:
    if lost != "create_dataset":
        await run("one")
    site.trouble = lose_answers(lost, before=before)
    await run("two", day)
    assert len(there(site)) == (1 if lost == "create_dataset" else 2)
    again = await run("two", TUESDAY)
    assert again.totals.datasets.unchanged == 1


@pytest.mark.parametrize("state", [True, False], ids=["remembering", "forgetful"])
@pytest.mark.parametrize(
    ("last", "done"), [("upload", True), ("set_resources", False), ("set_resources", True)]
)
async def test_a_run_that_was_killed_is_completed_the_next_day(
    *, run: Any, site: Site, tmp_path: Path, last: str, done: bool, state: bool
) -> None:
    options = {"state_dir": tmp_path / "state"} if state else {}
    await run("one", **options)

    async def killing(call: Call, carry_out: Any) -> Any:
        if call.name != last or done:
            answer = await carry_out()
        if call.name == last:
            raise PortalRefuses("killed")  # the run ends here
        return answer

    site.trouble = killing
    await run("two", exit_code=3, **options)
    site.trouble = None
    await run("two", TUESDAY, **options)
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 2)]
    (dataset,) = site.datasets.values()
    assert {each.key for each in dataset.resources} == {name(MONDAY, 1), name(MONDAY, 2)}
    # And what comes next is new, whatever this machine remembers of the killed run.
    await run("three", TUESDAY, **options)
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 2), name(TUESDAY, 1)]


async def test_what_was_killed_gets_its_name_although_the_file_is_another_by_now(
    run: Any, site: Site, refuse: Any
) -> None:
    await run("one")
    site.trouble = refuse("set_resources", PortalRefuses("killed"))
    await run("two", exit_code=3)
    site.trouble = None
    planned = await run("one", TUESDAY, dry_run=True)
    assert planned.totals.requests.planned == 1
    await run("one", TUESDAY)
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 2)]
    (dataset,) = site.datasets.values()
    assert {each.key for each in dataset.resources} == {name(MONDAY, 1), name(MONDAY, 2)}
    assert (await run("one", TUESDAY)).totals.datasets.unchanged == 1


async def test_many_files_at_once_have_numbers_one_after_the_other(
    publish: Any, folder: Any, site: Site, tmp_path: Path
) -> None:
    for number, content in enumerate(["a", "b", "c", "a"], 1):
        (tmp_path / f"e{number}.xml").write_text(content)
    entry = {"glob": "e*.xml", "as": "D-{today}-{seq}.xml", "append": True}
    manifest = folder.manifest(folder.dataset("k", "a.csv", entry))
    planned = await publish(manifest, variables={"today": MONDAY}, dry_run=True)
    assert len({each.title for each in planned.datasets[0].resources}) == 5
    report = await publish(manifest, variables={"today": MONDAY})
    assert report.run.exit_code == 0
    numbered = [f"D-{MONDAY}-{number}.xml" for number in (1, 2, 3)]
    assert there(site) == sorted(["a.csv", *numbered])
    again = await publish(manifest, variables={"today": TUESDAY})
    assert again.totals.datasets.unchanged == 1


async def test_what_others_published_meanwhile_counts(
    run: Any, site: Site, by_hand: Any, dataset_of: Any
) -> None:
    await run("one")
    done: list[str] = []

    async def meanwhile(call: Call, carry_out: Any) -> Any:
        if call.name == "dataset" and not done:
            done.append(by_hand(dataset_of(site, "k"), name(MONDAY, 2), b"theirs").id)
        return await carry_out()

    site.trouble = meanwhile
    await run("two")
    # What has no title but its raw name is a mere upload, as a killed run leaves one behind.
    assert there(site) == [name(MONDAY, number) for number in (1, 2, 3)]


async def test_what_a_script_published_before_is_recognised(
    run: Any, site: Site, by_hand: Any, dataset_of: Any
) -> None:
    await run("one")
    theirs = by_hand(dataset_of(site, "k"), name("2017-01-31", 4), b"two")
    report = await run("two")
    assert uploads(site) == 0
    assert report.datasets[0].resources[0].id == theirs.id
    assert report.datasets[0].resources[0].status is ResourceStatus.ADOPTED
    assert there(site) == sorted([name(MONDAY, 1), name("2017-01-31", 4)])
    (found,) = (r for r in dataset_of(site, "k").resources if r.id == theirs.id)
    assert found.metadata.extras[KEY_EXTRA] == name("2017-01-31", 4)


@pytest.mark.parametrize("prune", ["ours", "all"])
async def test_what_was_published_before_is_never_pruned(run: Any, site: Site, prune: str) -> None:
    await run("one")
    await run("two")
    await run("three", MONDAY, "a.csv", dataset={"prune": prune}, allow_mass_delete=True)
    assert there(site) == sorted([*(name(MONDAY, each) for each in (1, 2, 3)), "a.csv"])


async def test_another_entry_of_the_same_content_is_a_resource_of_its_own(
    run: Any, site: Site, tmp_path: Path
) -> None:
    await run("one")
    (tmp_path / "latest.xml").write_text("one")
    await run("one", MONDAY, {"path": "latest.xml"})
    assert there(site) == [name(MONDAY, 1), "latest.xml"]
    again = await run("one", TUESDAY, {"path": "latest.xml"})
    assert again.totals.datasets.unchanged == 1


async def test_a_name_alone_only_renames(
    publish: Any, folder: Any, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "export").write_text("one")
    entry = {"path": "export", "as": "Été {today:%Y}.csv", "key": "e"}
    manifest = folder.manifest(folder.dataset("k", entry))
    await publish(manifest, variables={"today": MONDAY})
    (dataset,) = site.datasets.values()
    (only,) = dataset.resources
    assert (only.metadata.title, only.file_name) == ("Été 2018.csv", "ete-2018.csv")
    (tmp_path / "export").write_text("two")
    await publish(manifest, variables={"today": MONDAY})
    (dataset,) = site.datasets.values()
    assert [each.id for each in dataset.resources] == [only.id]
    assert re.fullmatch(r".*/ete-2018\.csv", dataset.resources[0].url)


HISTORY = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 2),
        st.sampled_from([None, None, "lost", "lost before", "killed", "killed before", "twice"]),
        st.sampled_from(["upload", "set_resources"]),
    ),
    min_size=1,
    max_size=6,
)


@given(history=HISTORY)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=max(settings().max_examples // 5, 5),  # each is a handful of runs
)
async def test_whatever_happens_each_content_is_there_once(
    *, history: Any, publish: Any, folder: Any, file: Path
) -> None:
    """In order of days: what was sent is there once, and each day's numbers follow each other."""
    address = f"memory://{uuid4().hex}"
    site = memory.site(address.removeprefix("memory://"), RULES)
    entry = {"path": "export.xml", "as": AS, "append": True}
    manifest = folder.manifest(folder.dataset("k", entry, vars={"siret": "1234"}))
    sent: set[str] = set()
    history = sorted(history, key=lambda each: each[1])
    for content, day, fault, where in [*history, (history[-1][0], 3, None, "")]:
        write(file, content)
        site.trouble = Faulty(site, fault, where) if fault else None
        report = await publish_there(publish, address, manifest, f"2018-11-2{day}")
        if not (fault or "").startswith("killed"):
            assert report.run.exit_code == 0, report
            sent.add(content)
        if site.datasets:
            (dataset,) = site.datasets.values()
            contents = [site.files[each.id].decode() for each in dataset.resources]
            assert len(contents) == len(set(contents))
            assert sent <= set(contents)
    assert all(title.startswith("DECP-1234-") for title in there(site))
    numbered: dict[str, list[int]] = {}
    for each in there(site):
        date, number = each.removesuffix(".xml").rsplit("-", 1)
        numbered.setdefault(date, []).append(int(number))
    assert all(each == list(range(1, len(each) + 1)) for each in numbered.values())
    memory._sites.pop(address.removeprefix("memory://"))


class Faulty:
    """Trouble with the first call called `where`: its answer is lost, or the run ends, or worse."""

    def __init__(self, site: Site, fault: str, where: str) -> None:
        self._site, self._fault, self._where, self._left = site, fault, where, 1

    async def __call__(self, call: Call, carry_out: Any) -> Any:
        if call.name != self._where or not self._left:
            return await carry_out()
        self._left = 0
        if call.content is not None and "before" in self._fault:
            async for _ in call.content.open():  # what was sent is read to its end
                pass
        if "before" not in self._fault:
            stored = await carry_out()
            if self._fault == "twice" and call.content is not None:
                # A proxy repeats what it got no answer to.
                self._site.store(call.dataset, call.content.name, self._site.files[stored.id])
        raise (PortalRefuses if "killed" in self._fault else Uncertain)("no answer")


async def publish_there(publish: Any, address: str, manifest: Any, today: str) -> RunReport:
    publish_to = publish.func
    report: RunReport = await publish_to(address, "any", manifest, variables={"today": today})
    return report


async def test_two_machines_that_take_one_number_are_told_of_by_both_and_by_every_later_run(
    run: Any, site: Site, by_hand: Any
) -> None:
    """Each content is there, once, and stays; only a person can say which is to be renamed."""

    async def overtaken(call: Call, carry_out: Any) -> Any:
        """Another machine sends its own file between our last look and our upload."""
        if call.name == "upload":
            site.trouble = None
            (dataset,) = site.datasets.values()
            by_hand(dataset, name(MONDAY, 1), b"theirs")
        return await carry_out()

    await run("one", TUESDAY)
    site.trouble = overtaken
    report = await run("ours")
    assert there(site) == [name(MONDAY, 1), name(MONDAY, 1), name(TUESDAY, 1)]
    told = (
        f"2 files are called '{name(MONDAY, 1)}': two machines appended at one time. All of them "
        "are kept; one that is deleted on the portal is published again, under the next number"
    )
    assert report.datasets[0].notes == (told,)
    for content in ("ours", "theirs"):
        for dry_run in (True, False):
            again = await run(content, TUESDAY, dry_run=dry_run)
            assert (again.totals.resources.created, again.datasets[0].notes) == (0, (told,))
    # What follows has a number of its own; and so has what is deleted and sent again.
    await run("more")
    assert there(site)[1:3] == [name(MONDAY, 1), name(MONDAY, 2)]
    (dataset,) = site.datasets.values()
    digests = {hashlib.new(kind, b"ours").hexdigest() for kind in ("sha1", "sha256")}
    ours = next(each for each in dataset.resources if each.digest in digests)
    left = tuple(each for each in dataset.resources if each is not ours)
    site.datasets[dataset.id] = replace(dataset, resources=left)
    report = await run("ours")
    assert there(site)[:3] == [name(MONDAY, 1), name(MONDAY, 2), name(MONDAY, 3)]
    assert report.datasets[0].notes == ()
