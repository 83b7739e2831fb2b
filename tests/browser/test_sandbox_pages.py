"""The sandbox's pages in a browser: they fit a telephone, shut nobody out, and load nothing."""

from collections.abc import AsyncIterator

import pytest

from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from tests.browser.chromium import Page
from tests.browser.looking import SCREENS, keep, violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(170)]

MOMENT = "2026-01-02T03:04:05.000006+00:00"
OWNER = "64a0000000000000000000a1"
CONTACT = "64a0000000000000000000c1"

PROSE = """\
# Comptages vélo

Passages de vélos **par jour** et par compteur, depuis 2022. Voir
[la méthode](https://example.org/methode), <https://example.org/a-very-long-address/that/no/telephone/can/show/on/one/line.html>.

#### Colonnes

| colonne | type | description | exemple | unité |
|---------|:----:|-------------|--------:|-------|
| compteur_identifiant | texte | le compteur, tel qu'il est au référentiel | 000123-456 | |
| passages | entier | ~~heure~~ jour | 1 234 | vélos |

1. Une liste
   - dans une autre
2. `un_nom_de_colonne_qui_est_bien_plus_long_que_la_largeur_de_l_ecran_d_un_telephone`

> Une citation.

    du code = sans fin("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")

![une carte](https://example.org/carte.png) [](https://example.org/sans-nom) <b>pas de HTML</b>

##
"""

HOSTILE = (
    "<img src=https://example.org/x onerror=alert(1)><script>alert(1)</script></title></main>"
    "\u202eesrever\u0000\u200b" + "W" * 400 + "<style>*{display:none}</style>"
)
"""A title."""
HOSTILE_PROSE = (
    HOSTILE + "\n\n# \u200b\n\n[x](javascript:alert(1)) ![](https://example.org/pixel.png)\n\n"
    "|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n|" + "b|" * 40 + "\n\n" + "> " * 30 + "deep\n\n"
    '<a href="javascript:alert(1)" style="position:fixed;inset:0">x</a>'
)


def dataset(number: int, title: str, *resources: Resource, **fields: object) -> Dataset:
    told = {
        "extras": {"bulkpub:key": f"jeux/{number}"},
        "organization": OWNER,
        "created_at": MOMENT,
        "last_modified": f"2026-01-02T03:04:05.{number:06}+00:00",
        "last_update": MOMENT,
        "slug": "",
    }
    made = Dataset(id=f"{number:024x}", title=title, **told | fields)  # type: ignore[arg-type]  # fields of any kind
    made.resources = [*resources]
    return made


def resource(number: int, title: str, **fields: object) -> Resource:
    told = {
        "url": f"https://example.org/{number}.csv",
        "description": "Le fichier *du jour*.",
        "format": "csv",
        "filesize": number * 12_345,
        "checksum": {"type": "sha1", "value": f"{number:040x}"},
        "schema": {"name": "etalab/schema-comptage-velo"},
        "created_at": MOMENT,
        "last_modified": MOMENT,
    }
    identity = f"{number:08x}-0000-4000-8000-000000000000"
    return Resource(id=identity, title=title, **told | fields)  # type: ignore[arg-type]  # likewise


@pytest.fixture
async def portal() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings()) as sandbox:
        state = sandbox.state
        contact = ContactPoint(
            id=CONTACT, name="Service des vélos", role="contact", email="velos@example.org"
        )
        state.contacts[CONTACT] = contact
        for n in range(1, 80):
            state.add(dataset(n, f"Jeu de données numéro {n}", tags=["transport", "velo"]))
        files = [resource(n, f"comptages-2024-{n:03}.csv") for n in range(120)]
        rich = dataset(
            900,
            "Comptages vélo",
            *files,
            description=PROSE,
            tags=["mobilite", "transport", "velo"],
            license="lov2",
            frequency="daily",
            temporal_coverage={"start": "2022-01-01", "end": None},
            spatial={"zones": ["fr:departement:75"]},
            contact_points=[CONTACT],
        )
        state.add(rich)
        others = resource(7000, "carte.geojson", dataset=rich.id)
        state.community[others.id] = others
        bad = resource(
            8000,
            HOSTILE,
            description=HOSTILE_PROSE,
            url="javascript:alert(1)",
            format=HOSTILE[:100],
            checksum={"type": HOSTILE[:50], "value": HOSTILE},
        )
        blank = resource(8001, "\u200b", url="https://example.org/" + "a" * 900)
        state.add(
            dataset(
                901,
                HOSTILE,
                bad,
                blank,
                slug="",
                description=HOSTILE_PROSE,
                tags=["x" * 300, "<b>"],
                extras={"bulkpub:key": HOSTILE},
            )
        )
        state.add(dataset(902, " \u200b ", description="\u200b"))
        yield sandbox


@pytest.fixture
def paths(portal: Sandbox) -> dict[str, str]:
    hostile = portal.state.datasets[f"{901:024x}"].slug
    return {
        "home": "/",
        "searched": "/?q=numero&page=2",
        "nothing": "/?q=" + "n" * 190,
        "dataset": "/datasets/comptages-velo/?files=2",
        "hostile": f"/datasets/{hostile}/",
        "untitled": f"/datasets/{902:024x}/",
        "organization": "/organizations/test-organization/",
        "account": "/users/ursula-uploader/",
        "missing": "/datasets/no-such-dataset/",
    }


async def test_they_shut_nobody_out_and_fit_every_screen(
    browser: Page, axe: str, portal: Sandbox, paths: dict[str, str]
) -> None:
    for name, path in paths.items():
        browser.said.clear()
        browser.asked.clear()
        await browser.visit(portal.base_url + path)
        assert [each for each in browser.asked if not each.startswith("data:")] == [
            portal.base_url + path
        ]
        for width, dark in SCREENS:
            await browser.screen(width, dark=dark)
            assert await violations(browser, axe) == [], (name, width, dark)
            wide = await browser.value("document.documentElement.scrollWidth")
            assert wide <= width, (name, width)
            keep(f"{name}-{width}-{'dark' if dark else 'light'}.png", await browser.picture())
        failed = "status of 404" if name == "missing" else ""
        assert [each for each in browser.said if not failed or failed not in each] == [], name


async def test_nothing_hostile_is_carried_out(
    browser: Page, portal: Sandbox, paths: dict[str, str]
) -> None:
    for name in ("home", "hostile"):
        await browser.visit(portal.base_url + paths[name])
        odd = "document.querySelectorAll('img, script, iframe, object, body [style*=fixed]').length"
        assert await browser.value(odd) == 0
        assert await browser.value("document.querySelectorAll('style').length") == 1
        assert await browser.value("document.querySelectorAll('main').length") == 1
        assert await browser.value(
            "[...document.links].every(each => /^(https?|mailto):/.test(each.href))"
        )
    assert browser.said == []


async def test_the_keyboard_skips_and_a_click_takes_a_whole_id(
    browser: Page, portal: Sandbox, paths: dict[str, str]
) -> None:
    await browser.visit(portal.base_url + paths["dataset"])
    await browser.screen(1280)
    for kind in ("keyDown", "keyUp"):
        await browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
    assert await browser.value("document.activeElement.className") == "skip"
    assert await browser.value("document.activeElement.getBoundingClientRect().top >= 0")
    for kind in ("keyDown", "keyUp"):
        enter = {"key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
        await browser.call("Input.dispatchKeyEvent", type=kind, **enter)
    assert await browser.value("location.hash") == "#content"
    place = await browser.value(
        "(() => { const all = [...document.querySelectorAll('dd code')];"
        " const code = all.find(each => /^[0-9a-f]{24}$/.test(each.textContent));"
        " code.scrollIntoView({block: 'center'}); const box = code.getBoundingClientRect();"
        " return [box.x + 20, box.y + 8]; })()"
    )
    for kind in ("mousePressed", "mouseReleased"):
        await browser.call(
            "Input.dispatchMouseEvent",
            type=kind, x=place[0], y=place[1], button="left", clickCount=1,
        )  # fmt: skip
    assert await browser.value("getSelection().toString()") == f"{900:024x}"


async def test_the_search_field_finds_a_dataset(
    browser: Page, portal: Sandbox, paths: dict[str, str]
) -> None:
    await browser.visit(portal.base_url + paths["home"])
    await browser.value("document.getElementById('q').value = 'VELO comptages'")
    browser.loaded = False
    await browser.value("setTimeout(() => document.querySelector('form button').click()); 0")
    while not browser.loaded:
        browser._note(await browser._message())
    assert await browser.value("document.querySelector('[role=status]').innerText") == (
        "1 dataset of 82 for VELO comptages"
    )
    assert browser.said == []
