"""`guard:` in whole runs: a file that something must have gone wrong with fails alone."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]
Nightly = Callable[..., Any]
Published = Callable[[], dict[str, Any]]

GUARD = {"empty": "refuse", "shrink": "50%"}
FULL = "n;debit\n" + "1;20\n" * 100
HALF = FULL[: len(FULL) // 2]
CUT = FULL[: len(FULL) // 4]

EMPTY_SENTENCE = "the file is empty; if that is meant: `guard: {empty: allow}`"
CUT_SENTENCE = (
    "the file shrank from 508 to 127 bytes, by 75 %, and `guard` allows 50 %; "
    "if that is meant, raise `shrink`"
)


@pytest.fixture
def nightly(folder: Any) -> Nightly:
    """A manifest of three files of which a job writes the second every night, as `content`."""

    def nightly(content: str, *, title: str = "Night", guard: Any = GUARD, **more: Any) -> Any:
        folder.file("night.csv", content)
        night = {"path": "night.csv", "title": title}
        return folder.manifest(
            folder.dataset("a", "first.csv", night, "last.csv", **more),
            folder.dataset("b", "b.csv"),
            defaults={"guard": guard},
        )

    return nightly


@pytest.fixture
def published(site: Site, dataset_of: Any) -> Published:
    """What anybody sees of the nightly file: id, title, place, address and bytes."""

    def published() -> dict[str, Any]:
        resources = dataset_of(site, "a").resources
        place = [resource.key for resource in resources].index("night.csv")
        found = resources[place]
        said = {"title": found.metadata.title, "extras": found.metadata.extras, "url": found.url}
        return {"id": found.id, "place": place, "content": site.files[found.id].decode(), **said}

    return published


@pytest.mark.parametrize(
    ("content", "sentence"), [("", EMPTY_SENTENCE), (CUT, CUT_SENTENCE)], ids=["empty", "cut"]
)
async def test_a_nightly_file_gone_wrong_fails_alone_and_the_next_good_one_is_published(
    *,
    publish: Publish,
    nightly: Nightly,
    published: Published,
    folder: Any,
    statuses: Any,
    content: str,
    sentence: str,
) -> None:
    assert (await publish(nightly(FULL))).run.exit_code == 0
    before = published()
    assert before["content"] == FULL
    folder.file("last.csv", "changed\n")
    folder.file("b.csv", "changed\n")
    report = await publish(nightly(content))
    assert report.run.exit_code == 1
    assert statuses(report) == {
        "a/first.csv": "unchanged",
        "a/night.csv": "failed",
        "a/last.csv": "replaced",
        "b/b.csv": "replaced",
    }
    assert [dataset.status for dataset in report.datasets] == ["failed", "updated"]
    night = report.datasets[0].resources[1]
    assert (night.error, night.size, night.attempts) == (sentence, len(content), 0)
    assert published() == before

    report = await publish(nightly(FULL + "2;30\n"))
    assert report.run.exit_code == 0
    after = published()
    assert after["content"] == FULL + "2;30\n"
    assert {name: after[name] for name in ("id", "title", "place", "extras")} == {
        name: before[name] for name in ("id", "title", "place", "extras")
    }


async def test_a_refused_file_costs_no_write_however_often_it_is_tried(
    *, publish: Publish, nightly: Nightly, site: Site, writes: Any, statuses: Any
) -> None:
    await publish(nightly(FULL))
    site.calls.clear()
    for _ in range(2):
        report = await publish(nightly("", title="Another title"))
        assert statuses(report)["a/night.csv"] == "failed"
    assert writes(site) == []


async def test_what_is_said_of_a_refused_file_stays_until_it_is_mended(
    publish: Publish, nightly: Nightly, published: Published, folder: Any
) -> None:
    await publish(nightly(FULL))
    before = published()
    folder.file("first.csv", "changed\n")  # so that there is a finishing request
    await publish(nightly("", title="Another title"))
    assert published() == before
    await publish(nightly(FULL, title="Another title"))
    assert published()["title"] == "Another title"


async def test_a_plan_tells_the_refusal_beforehand(
    *, publish: Publish, nightly: Nightly, site: Site, writes: Any, statuses: Any
) -> None:
    await publish(nightly(FULL))
    site.calls.clear()
    report = await publish(nightly(CUT), dry_run=True)
    assert (report.run.exit_code, statuses(report)["a/night.csv"]) == (1, "failed")
    assert report.datasets[0].resources[1].error == CUT_SENTENCE
    assert writes(site) == []


async def test_nothing_is_pruned_beside_a_refused_file(
    *, publish: Publish, nightly: Nightly, folder: Any, site: Site, titles: Any
) -> None:
    resources = ["first.csv", "night.csv", "last.csv", "gone.csv"]
    folder.file("night.csv", FULL)
    await publish(folder.manifest(folder.dataset("a", *resources)))
    report = await publish(nightly("", prune="ours"))
    assert report.totals.resources.deleted == 0
    assert "gone.csv" in titles(site)["Dataset a"]
    report = await publish(nightly(FULL, prune="ours"))
    assert (report.run.exit_code, report.totals.resources.deleted) == (0, 1)


async def test_in_a_new_dataset_an_empty_file_takes_its_place_once_it_has_something(
    *, publish: Publish, nightly: Nightly, site: Site, titles: Any, statuses: Any
) -> None:
    report = await publish(nightly(""))
    assert report.run.exit_code == 1
    assert statuses(report)["a/night.csv"] == "failed"
    assert titles(site)["Dataset a"] == ["first.csv", "last.csv"]
    report = await publish(nightly(FULL))
    assert (report.run.exit_code, statuses(report)["a/night.csv"]) == (0, "created")
    assert titles(site)["Dataset a"] == ["first.csv", "Night", "last.csv"]


async def test_a_dataset_of_which_every_file_is_refused_is_filled_later(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    folder.file("only.csv", "")
    manifest = folder.manifest(folder.dataset("a", "only.csv", guard=GUARD))
    report = await publish(manifest)
    assert (report.run.exit_code, titles(site)) == (1, {})
    folder.file("only.csv", FULL)
    assert (await publish(manifest)).run.exit_code == 0
    assert titles(site) == {"Dataset a": ["only.csv"]}


@pytest.mark.parametrize(
    ("content", "guard"),
    [
        (HALF, GUARD),  # exactly what is allowed
        (CUT, {"shrink": "75%"}),
        (CUT, {"empty": "refuse"}),
        ("", {"empty": "allow"}),
    ],
)
async def test_what_the_guard_allows_is_published(
    *, publish: Publish, nightly: Nightly, published: Published, content: str, guard: Any
) -> None:
    await publish(nightly(FULL))
    assert (await publish(nightly(content, guard=guard))).run.exit_code == 0
    assert published()["content"] == content


async def test_an_empty_file_published_before_there_was_a_guard_is_left_as_it_is(
    publish: Publish, nightly: Nightly
) -> None:
    await publish(nightly("", guard={"empty": "allow"}))
    report = await publish(nightly(""))
    assert (report.run.exit_code, report.totals.resources.unchanged) == (0, 4)


async def test_a_lost_answer_to_another_file_does_not_let_the_refused_one_through(
    *,
    publish: Publish,
    nightly: Nightly,
    published: Published,
    folder: Any,
    site: Site,
    lose_answers: Any,
    statuses: Any,
) -> None:
    await publish(nightly(FULL))
    before = published()
    folder.file("last.csv", "changed\n")
    site.trouble = losing = lose_answers("upload")
    report = await publish(nightly(""))
    assert losing.left == 0
    assert (statuses(report)["a/night.csv"], statuses(report)["a/last.csv"]) == (
        "failed",
        "replaced",
    )
    assert published() == before


async def test_a_file_that_shrinks_as_allowed_arrives_although_the_answer_is_lost(
    *, publish: Publish, nightly: Nightly, published: Published, site: Site, lose_answers: Any
) -> None:
    await publish(nightly(FULL))
    site.trouble = losing = lose_answers("upload")
    report = await publish(nightly(HALF))
    assert (report.run.exit_code, losing.left) == (0, 0)
    assert published()["content"] == HALF


# --- told, and published all the same -------------------------------------------------------

PAGE = "<!doctype html><title>Erreur 500</title>"
CUT_WARNING = "the file shrank from 508 to 127 bytes, by 75 %"
PAGE_WARNING = "the file is a page of HTML, in spite of its name"


def warnings(report: Any) -> dict[str, tuple[str, ...]]:
    return {
        str(resource.key).rpartition("/")[2]: resource.warnings
        for dataset in report.datasets
        for resource in dataset.resources
        if resource.warnings
    }


@pytest.fixture(params=["path", "url"])
def entry(request: Any, folder: Any, elsewhere: Any) -> Callable[[str], Any]:
    """The nightly file with this content, here or on another server."""

    def entry(content: str) -> Any:
        if request.param == "url":
            return {"url": elsewhere.has("night.csv", content)}
        folder.file("night.csv", content)
        return {"path": "night.csv"}

    return entry


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
async def test_a_file_that_lost_more_than_half_is_told_once_and_published(
    *, publish: Publish, folder: Any, entry: Any, statuses: Any, dry_run: bool
) -> None:
    await publish(folder.manifest(folder.dataset("a", entry(FULL))))
    manifest = folder.manifest(folder.dataset("a", entry(CUT)))
    report = await publish(manifest, dry_run=dry_run)
    assert (report.run.exit_code, list(statuses(report).values())) == (0, ["replaced"])
    assert warnings(report) == {"night.csv": (CUT_WARNING,)}
    if not dry_run:
        again = await publish(manifest)
        assert (again.run.exit_code, warnings(again)) == (0, {})


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
async def test_an_empty_file_is_refused_though_nobody_asked_for_it(
    *, publish: Publish, folder: Any, entry: Any, dry_run: bool
) -> None:
    manifest = folder.manifest(folder.dataset("a", "other.csv", entry("")))
    report = await publish(manifest, dry_run=dry_run)
    other, night = report.datasets[0].resources
    assert (report.run.exit_code, other.status, night.status) == (1, "created", "failed")
    assert night.error == EMPTY_SENTENCE


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "run"])
@pytest.mark.parametrize(
    ("name", "guard", "warned", "status"),
    [
        ("a.csv", None, (PAGE_WARNING,), "created"),
        ("a.zip", {}, (PAGE_WARNING,), "created"),
        ("a.json", {"html": "warn"}, (PAGE_WARNING,), "created"),
        ("a.csv", {"html": "allow"}, (), "created"),
        ("a.csv", {"html": "refuse"}, (), "failed"),
    ],
)
async def test_a_page_in_the_place_of_data(
    *,
    publish: Publish,
    folder: Any,
    statuses: Any,
    name: str,
    guard: Any,
    warned: tuple[str, ...],
    status: str,
    dry_run: bool,
) -> None:
    folder.file(name, PAGE)
    manifest = folder.manifest(folder.dataset("a", name, guard=guard))
    report = await publish(manifest, dry_run=dry_run)
    assert statuses(report) == {f"a/{name}": status}
    assert report.datasets[0].resources[0].warnings == warned
    assert report.run.exit_code == (status == "failed")
    if status == "failed":
        assert "page of HTML, in spite of its name, and `guard`" in str(
            report.datasets[0].resources[0].error
        )
    elif not dry_run:
        assert warnings(await publish(manifest)) == {}


async def test_a_page_that_is_expected_is_no_news(
    publish: Publish, folder: Any, elsewhere: Any
) -> None:
    url = elsewhere.has("page.csv", PAGE, "text/html")
    manifest = folder.manifest(folder.dataset("a", {"url": url, "expect": "html"}))
    report = await publish(manifest)
    assert (report.run.exit_code, warnings(report)) == (0, {})


async def test_a_lost_answer_does_not_lose_the_warning(
    *, publish: Publish, folder: Any, site: Site, lose_answers: Any
) -> None:
    folder.file("a.csv", PAGE)
    site.trouble = lose_answers("upload")
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")))
    assert report.run.exit_code == 0
    assert warnings(report) == {"a.csv": (PAGE_WARNING,)}
