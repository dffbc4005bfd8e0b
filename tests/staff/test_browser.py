"""Every page of the desk in a real browser: on a phone, at a desk, with the keyboard, without barriers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.staff.access import COOKIE, LOGIN
from storage.staff import Role
from tests.browsers import CHROMIUM, DESKTOP, FLAGS, PHONE, barriers, fits, needs_axe, needs_chromium
from tests.staff.addresses import pages
from tests.staff.life import BIRTH
from tests.staff.test_people import PERSON, citizen
from tests.staff.world import ADMIN, PASSWORD, Browser, World

pytestmark = needs_chromium

Look = Callable[..., Awaitable[Page]]
REACHABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"

STOPS = """reachable => {
  const shut = "details:not([open]) > :not(summary)";
  const first = radio => radio.form.elements[radio.name][0];
  const there = element => element.checkVisibility() && !element.closest(shut)
    && (element.type !== "radio" || element === first(element));
  return [...document.querySelectorAll(reachable)].filter(there).length;
}"""
HERE = """reachable => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  element.dataset.reached = "yes";
  return { name: element.outerHTML.slice(0, 120), seen: ring && inside };
}"""
REACHED = "document.querySelectorAll('[data-reached]').length"


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    """Return what opens a window, signed in like another browser."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        async def look(like: Browser, size: dict[str, int] = DESKTOP, **options: Any) -> Page:
            context = await chromium.new_context(
                viewport={"width": size["width"], "height": size["height"]},
                base_url=str(like.server.make_url("/")),
                **options,
            )
            if like.token:
                url = str(like.server.make_url("/staff"))
                await context.add_cookies([{"name": COOKIE, "value": like.token, "url": url}])
            return await context.new_page()

        yield look
        await chromium.close()


async def addresses(world: World, browser: Browser) -> list[str]:
    """Return the address of every page with something on it, and of some that say what is wrong."""
    opened = await pages(world, browser)
    shown = [address for address, page in opened.items() if page.kind == "text/html"]
    wrong = ["/staff/nowhere", "/staff/?from=2026-03-09&to=2026-03-01", "/staff/questions?words=nothing"]
    more = [
        "/staff/figures/questions?by=service",
        "/staff/services?search=khai+sinh",
        "/staff/account?done=saved",
    ]
    return [*shown, *wrong, *more]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1280", "360"])
async def test_no_page_is_wider_than_the_window(busy: World, look: Look, size: dict[str, int]) -> None:
    browser = await busy.somebody()
    page = await look(browser, size)
    wide, problems = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    for address in await addresses(busy, browser):
        await page.goto(address)
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if not await fits(page):
            wide.append(address)
    assert wide == []
    assert [problem for problem in problems if "404" not in problem] == []


async def test_on_a_phone_the_navigation_leaves_room_for_the_page(busy: World, look: Look) -> None:
    page = await look(await busy.somebody(), PHONE)
    for address in ("/staff/", "/staff/exports", "/staff/account"):
        await page.goto(address)
        header = await page.locator("header").bounding_box()
        assert header
        assert header["height"] < 0.3 * PHONE["height"]
        await expect(page.locator("header nav [aria-current]")).to_be_in_viewport()


@needs_axe
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1280", "360"])
async def test_no_page_has_a_barrier(busy: World, look: Look, size: dict[str, int]) -> None:
    browser = await busy.somebody()
    page = await look(browser, size)
    found: dict[str, list[str]] = {}
    for address in await addresses(busy, browser):
        await page.goto(address)
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found[address] = await barriers(page)
    outside = await look(busy.browser(), size)
    for address in (LOGIN, f"{LOGIN}?done=signed_out"):
        await outside.goto(address)
        found[address] = await barriers(outside)
    assert {address: rules for address, rules in found.items() if rules} == {}
    assert len(found) > 12


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(busy: World, look: Look) -> None:
    browser = await busy.somebody()
    page = await look(browser)
    unseen, unreached = [], []
    for address in await addresses(busy, browser):
        await page.goto(address)
        stops = await page.evaluate(STOPS, REACHABLE)
        for _ in range(stops + 20):
            await page.keyboard.press("Tab")
            here = await page.evaluate(HERE, REACHABLE)
            if here is None:
                break
            if not here["seen"]:
                unseen.append((address, here["name"]))
        if await page.evaluate(REACHED) < stops:
            unreached.append(address)
    assert unseen == []
    assert unreached == []


async def test_the_navigation_can_be_skipped(busy: World, look: Look) -> None:
    browser = await busy.somebody()
    page = await look(browser)
    for address in await addresses(busy, browser):
        await page.goto(address)
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()


async def test_a_day_at_the_desk_with_the_keyboard_alone(busy: World, look: Look) -> None:
    await busy.account()
    page = await look(busy.browser())
    keys = page.keyboard
    await page.goto("/staff")
    await page.get_by_label("Tên đăng nhập").focus()
    await keys.type(ADMIN)
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tổng quan")

    await page.get_by_role("navigation").get_by_role("link", name="Câu hỏi").focus()
    await keys.press("Enter")
    await page.get_by_label("Có chữ").focus()
    await keys.type("giấy khai sinh")
    await keys.press("Enter")
    await expect(page.get_by_text("Tìm thấy 1 câu hỏi.")).to_be_visible()

    await page.goto(f"/staff/services/{BIRTH}")
    await page.locator("summary", has_text="Mức độ trực tuyến").focus()
    await keys.press("Enter")
    await page.locator("#level").focus()
    await keys.press("ArrowDown")
    await keys.press("Tab")
    await keys.type("Quyết định mới")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.locator(".note.good")).to_contain_text("Đã lưu")

    await page.get_by_role("button", name="Đăng xuất").focus()
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập bàn làm việc")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1280", "360"])
async def test_the_desk_works_without_a_script(busy: World, look: Look, size: dict[str, int]) -> None:
    await busy.account()
    page = await look(busy.browser(), size, java_script_enabled=False)
    await page.goto(LOGIN)
    await page.get_by_label("Tên đăng nhập").fill(ADMIN)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tổng quan")


async def test_what_citizens_write_is_shown_and_does_nothing(busy: World, look: Look) -> None:
    browser = await busy.somebody()
    page = await look(browser)
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    page.on("pageerror", lambda error: alarms.append(str(error)))
    for address in await addresses(busy, browser):
        await page.goto(address)
        await expect(page.locator("main img:not(.chart), main svg, main script, main u")).to_have_count(0)
    assert alarms == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1280", "360"])
async def test_who_is_on_duty_sees_that_somebody_waits_and_answers(
    world: World, look: Look, size: dict[str, int]
) -> None:
    staff = await world.somebody(Role.EDITOR)
    await staff.post("/staff/people/duty", on_duty="yes")
    somebody = await citizen(world, "đăng ký khai sinh", PERSON)
    page = await look(staff, size)
    await page.goto("/staff/account")
    await expect(page.locator("nav .badge")).to_have_text("1")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    await expect(page.locator("#news")).to_have_text("1 người đang chờ")

    await page.get_by_role("link", name="Người chờ").click()
    await page.get_by_role("link", name="Xem và trả lời").click()
    await page.get_by_role("button", name="Nhận trả lời").click()
    await somebody.until("đã nhận câu hỏi")
    await page.get_by_label("Lời trả lời").fill("Bác chờ")
    await somebody.says("tôi ở thôn Nà Lạc")
    await expect(page.locator(".box")).to_contain_text("tôi ở thôn Nà Lạc", timeout=15_000)
    await expect(page.get_by_label("Lời trả lời")).to_have_value("Bác chờ")
    await page.get_by_label("Câu soạn sẵn").select_option("come")
    await page.get_by_role("button", name="Chèn").click()
    assert await fits(page)
    await page.get_by_role("button", name="Gửi").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã gửi")
    assert "Bác chờ\nMời anh/chị đến trung tâm" in await somebody.until("Mời anh/chị đến")
    await page.get_by_role("button", name="Kết thúc").click()
    await expect(page.locator("nav .badge")).to_have_count(0)


@needs_axe
async def test_a_conversation_with_staff_has_no_barriers(world: World, look: Look) -> None:
    staff = await world.somebody(Role.EDITOR)
    await citizen(world, "đăng ký khai sinh", PERSON)
    page = await look(staff)
    await page.goto("/staff/people")
    await page.get_by_role("link", name="Xem và trả lời").click()
    assert await barriers(page) == []
    await page.get_by_role("button", name="Nhận trả lời").click()
    await page.locator("summary").click()
    assert await barriers(page) == []
