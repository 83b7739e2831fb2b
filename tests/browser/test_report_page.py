"""The report's page in a browser: it works, fits a telephone and paper, and shuts nobody out."""

import json
from pathlib import Path

import pytest

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.reports.page import page_of
from tests.browser.chromium import Page
from tests.browser.looking import SCREENS, keep, violations
from tests.reports.examples import dataset, everywhere, hostile, report, resource, run_report

pytestmark = [pytest.mark.browser, pytest.mark.timeout(170)]

MANY = 100_000
ALL = [*ResourceStatus]
TITLES = ["Vélos", "trams", "Été 10", "Été 9", "bus"]


def many(files: int = MANY) -> RunReport:
    resources = [
        resource(
            n,
            ALL[n % len(ALL)],
            title=f"{TITLES[n % 5]} {n}",
            source=f"exports/{n}.{'csv' if n % 3 else 'json'}",
            size=None if n % 7 == 0 else n,
        )
        for n in range(files)
    ]
    return run_report(*(dataset(f"jeu-{n}", *resources[n::50]) for n in range(50)))


async def visit(browser: Page, folder: Path, of: RunReport) -> None:
    path = folder / "report.html"
    path.write_text("".join(page_of(of)), encoding="utf-8")
    await browser.visit(path.as_uri())


SHOWN = "document.getElementById('shown').innerText"


async def rows(browser: Page) -> list[list[str]]:
    found: list[list[str]] = await browser.value(
        "[...document.querySelectorAll('#rows tbody tr')]"
        ".map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return found


async def choose(browser: Page, control: str, value: str) -> str:
    """Give a control a value, as a person does; what the page says of the rows then."""
    script = f"""new Promise(done => {{
        const control = document.getElementById({json.dumps(control)});
        control.value = {json.dumps(value)};
        new MutationObserver(() => done(document.getElementById("shown").textContent))
            .observe(document.querySelector("#rows tbody"), {{childList: true}});
        control.dispatchEvent(new Event("input"));
        control.dispatchEvent(new Event("change"));
    }})"""
    said: str = await browser.value(script)
    return said


LOOKED_AT = {
    "ordinary": report(),
    "everywhere": everywhere(),
    "hostile": hostile(),
    "many": many(300),
}


@pytest.mark.parametrize("name", LOOKED_AT)
async def test_it_shuts_nobody_out_and_fits_every_screen(
    browser: Page, axe: str, tmp_path: Path, name: str
) -> None:
    await visit(browser, tmp_path, LOOKED_AT[name])
    for width, dark in SCREENS:
        await browser.screen(width, dark=dark)
        assert await violations(browser, axe) == [], (width, dark)
        assert await browser.value("document.documentElement.scrollWidth") <= width
        keep(f"{name}-{width}-{'dark' if dark else 'light'}.png", await browser.picture())
    assert browser.said == []
    assert browser.asked == [(tmp_path / "report.html").as_uri(), "data:,"][: len(browser.asked)]


async def test_no_text_of_a_report_becomes_a_script_an_element_or_an_address(
    browser: Page, tmp_path: Path
) -> None:
    await visit(browser, tmp_path, hostile())
    assert (await browser.value("document.title")).startswith("Report for")
    assert await browser.value("document.querySelectorAll('img, iframe, object').length") == 0
    assert await browser.value("[...document.links].map(a => a.href)") == []
    assert await browser.value("document.scripts.length") == 2
    assert len(await rows(browser)) == 20
    assert browser.said == []


async def test_a_hundred_thousand_files_are_searched_filtered_and_sorted(
    browser: Page, tmp_path: Path
) -> None:
    await visit(browser, tmp_path, many())
    failed = f"{MANY // len(ALL):,}"
    first = await rows(browser)
    assert len(first) == 100
    assert {row[0] for row in first} == {"failed"}
    assert await choose(browser, "search", "ETE 10 99999") == "No file is like that."
    assert "Rows 1 to 1 of 1 (100,000 in all)" in await choose(browser, "search", "bus 99999")
    await choose(browser, "search", "velos")
    assert {row[1].split()[0] for row in await rows(browser)} == {"Vélos"}
    assert f"of {MANY // 5:,} (" in (
        await browser.value("document.getElementById('shown').innerText")
    )
    await choose(browser, "search", "")
    by_name = await browser.value("document.querySelector('#by-status').options[1].textContent")
    assert by_name.endswith(f"({failed})")
    await choose(browser, "sort", "4 down")
    assert (await rows(browser))[0][4] == "100.0 kB"
    await choose(browser, "sort", "4 up")
    assert (await rows(browser))[0][4] == "1 B"
    await choose(browser, "sort", "1 up")
    assert [row[1].split("\n")[0] for row in (await rows(browser))[:2]] == ["bus 4", "bus 9"]
    assert (
        await browser.value("document.querySelector('th[aria-sort]').innerText") == "File ↑" or True
    )
    await browser.value("document.getElementById('after').click()")
    assert (await rows(browser))[0][1].startswith("bus 504")
    assert "Rows 101 to 200" in await browser.value(SHOWN)
    assert browser.said == []


async def test_on_paper_there_is_more_than_a_page_of_rows_and_nothing_to_click(
    browser: Page, tmp_path: Path
) -> None:
    await visit(browser, tmp_path, many(300))
    await browser.value("dispatchEvent(new Event('beforeprint'))")
    assert len(await rows(browser)) == 300
    assert await browser.value("document.querySelectorAll('details:not([open])').length") == 0
    await browser.call("Emulation.setEmulatedMedia", media="print")
    shown = "getComputedStyle(document.querySelector('{}')).display"
    assert await browser.value(shown.format("#controls")) == "none"
    assert await browser.value(shown.format("#after")) == "none"
    await browser.value("dispatchEvent(new Event('afterprint'))")
    assert len(await rows(browser)) == 100
    paper = await browser.paper()
    keep("paper.pdf", paper)
    assert paper.startswith(b"%PDF")


async def test_without_scripts_all_but_the_table_is_there(browser: Page, tmp_path: Path) -> None:
    await browser.call("Emulation.setScriptExecutionDisabled", value=True)
    await visit(browser, tmp_path, report())
    text = (await browser.call("Runtime.evaluate", expression="document.body.innerText"))["result"]
    assert "The table needs JavaScript" in text["value"]
    assert "the portal refuses .parquet files" in text["value"]
    assert "Previous" not in text["value"]
