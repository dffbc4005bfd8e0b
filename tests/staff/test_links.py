"""The redirect behind the official-link button: it leads to official pages, and people are counted."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid

import pytest

from bot.links import Link, Links
from storage.days import Period
from storage.figures import LINKS, LINKS_BY_ROBOTS
from storage.groups import Gap, Value
from storage.records import EventName
from tests.bot.parts import DAY, NOW
from tests.staff.conftest import Found
from tests.staff.life import BIRTH
from tests.staff.world import Browser, World
from tests.storage.scene import Scene

JULY = Period(dt.date(2026, 7, 1), dt.date(2026, 7, 31))
HERE = "https://tro-ly.example"
TELEPHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 10) Chrome/120 Mobile Safari/537.36"}
PORTAL = "https://dichvucong.gov.vn/thu-tuc-hanh-chinh/"
ROBOTS = (
    "TelegramBot (like TwitterBot)",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "ZaloPreview/1.0",
    "python-requests/2.32",
    "curl/8.5.0",
)


async def asks(world: World, *texts: str) -> str:
    """Ask on the web page and return the last answer, with its buttons."""
    browser, headers = world.browser(), {"Accept": "application/json"}
    for text in texts:
        page = await browser.send("/chat", headers, id=uuid.uuid4().hex, text=text)
        cookie = page.headers.get("Set-Cookie", "").partition(";")[0]
        headers |= {"Cookie": cookie} if cookie else {}  # the jar keeps it for https alone
    return json.dumps(json.loads(page.body)["lines"][-1], ensure_ascii=False)


async def link_of(world: World, text: str = "đăng ký khai sinh qua mạng thế nào") -> str:
    """Ask and return the address of the official-link button, without the host."""
    found = re.search(rf'{HERE}(/go/[^"]+)', await asks(world, text))
    assert found, "no button leads through us"
    return found[1]


async def opened(world: World) -> dict[EventName, int]:
    async with world.storage.reading() as unit:
        return await unit.journal.counts(NOW - DAY, NOW + 10 * DAY)


@pytest.fixture
async def measured(found: Found) -> World:
    return await found(public_url=HERE)


async def test_the_button_leads_to_the_official_page_and_the_person_is_counted(measured: World) -> None:
    link = await link_of(measured)
    page = await measured.browser().ask("GET", link, headers=TELEPHONE)
    assert page.status == 302
    assert page.leads_to.startswith(PORTAL)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert (await opened(measured))[EventName.LINK_OPENED] == 1


async def test_who_opens_it_again_soon_is_counted_once(measured: World) -> None:
    link, browser = await link_of(measured), measured.browser()
    for minutes in (0, 1, 20, 40):
        measured.clock.now = NOW + dt.timedelta(minutes=minutes)
        assert (await browser.ask("GET", link, headers=TELEPHONE)).status == 302
    assert (await opened(measured))[EventName.LINK_OPENED] == 2


async def figures(world: World) -> tuple[Value, Value]:
    """Return how often people, and programs, opened links."""
    await Scene(world.storage).roll()
    async with world.storage.reading() as unit:
        people = await unit.counting.count(LINKS, JULY)
        robots = await unit.counting.count(LINKS_BY_ROBOTS, JULY)
    return people.total, robots.total


async def open_all(browser: Browser, links: list[str], agent: str, method: str = "GET") -> None:
    for link in links:
        assert (await browser.ask(method, link, headers={"User-Agent": agent})).status == 302


async def test_robots_and_people_are_counted_apart(measured: World) -> None:
    links = [await link_of(measured) for _ in range(6)]
    browser = measured.browser()
    for agent in ROBOTS:
        await open_all(browser, links[:1], agent)
    await open_all(browser, links[1:2], TELEPHONE["User-Agent"], "HEAD")
    await browser.ask("GET", links[2], headers=TELEPHONE | {"Sec-Purpose": "prefetch;prerender"})
    assert await figures(measured) == (0, 3)
    await open_all(browser, links, TELEPHONE["User-Agent"])
    assert await figures(measured) == (6, 3)


async def test_the_browser_inside_zalo_is_a_person(measured: World) -> None:
    agent = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Mobile Safari/537.36 Zalo android/1242"
    await open_all(measured.browser(), [await link_of(measured)], agent)
    assert await figures(measured) == (Gap.HIDDEN, 0)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        f"1-{BIRTH}-online-{'0' * 24}",
        f"1-{BIRTH}-online-",
        "https://evil.example/",
        "//evil.example",
        "1-9.999999-online-" + "a" * 24,
        "9" * 30,
        "%00",
        "…",
    ],
)
async def test_a_forged_address_leads_nowhere_but_says_what_to_do(measured: World, token: str) -> None:
    page = await measured.browser().get(f"/go/{token}")
    assert page.status == 404
    assert not page.leads_to
    if token:
        assert "Hỏi trợ lý" in page.text or "404" in page.text


async def test_a_token_of_another_service_does_not_fit(measured: World) -> None:
    link = await link_of(measured)
    page = await measured.browser().get(link.replace(BIRTH, "1.000894"))
    assert page.status == 404


async def test_an_erased_person_is_led_on_and_not_counted(measured: World) -> None:
    link = await link_of(measured)
    async with measured.storage.writing() as unit:
        assert await unit.people.erase(int(link.split("/")[2].split("-")[0]), NOW)
        await unit.commit()
    assert (await measured.browser().ask("GET", link, headers=TELEPHONE)).status == 302
    assert EventName.LINK_OPENED not in await opened(measured)


async def test_without_an_address_of_ours_the_official_one_stays_and_nothing_is_measured(
    found: Found,
) -> None:
    world = await found()
    shown = await asks(world, "đăng ký khai sinh qua mạng thế nào")
    assert PORTAL in shown
    assert "/go/" not in shown
    assert await figures(world) == (Gap.NOT_MEASURED, Gap.NOT_MEASURED)


async def test_a_number_that_chooses_the_page_is_answered_with_our_address(measured: World) -> None:
    told = await asks(measured, "đăng ký khai sinh qua mạng thế nào", "4")
    assert "bấm vào địa chỉ này" in told
    assert f"{HERE}/go/" in told
    assert PORTAL not in told


def test_an_address_is_read_as_it_was_written() -> None:
    links, link = Links(HERE, b"a key"), Link(4711, BIRTH, "online")
    token = links.address(link).rpartition("/")[2]
    assert links.read(token) == link
    assert Links(HERE, b"another key").read(token) is None
    assert len(links.address(link)) < 100
