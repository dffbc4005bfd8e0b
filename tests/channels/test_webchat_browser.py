"""The web chat in a real browser, as wide as a cheap phone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, Response, Route, async_playwright, expect

from bot.channels.webchat import WebChat, WebChatSettings
from intents.turn import Button, Reply
from tests.channels.webchat_memory import GREETING, TEXTS, Memory, a_chat, an_app

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 360, "height": 640}
LONG = Reply("\n".join(f"Dòng {number} của một câu trả lời dài hơn màn hình." for number in range(40)))
WAITING = WebChatSettings(answer_wait=0.2, late_wait=1)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's «chromium» or set CHROMIUM"),
]


@dataclass
class Visit:
    """An open page and what happened on it."""

    page: Page
    hosts: set[str | None] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    async def says(self, text: str) -> None:
        await self.page.get_by_label(TEXTS["label"]).last.fill(text)
        await self.page.keyboard.press("Enter")

    async def sees(self, number: int) -> None:
        await expect(self.page.locator(f"[data-number='{number}']")).to_be_visible()


Open = Callable[..., Awaitable[Visit]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Open]:
    servers: list[TestServer] = []

    async def visit(chat: WebChat, *, size: dict[str, int] = PHONE, **options: Any) -> Visit:
        server = TestServer(an_app(chat))
        await server.start_server()
        servers.append(server)
        context = await browser.new_context(
            viewport={"width": size["width"], "height": size["height"]}, **options
        )
        opened = Visit(await context.new_page())
        watch(opened)
        await opened.page.goto(str(server.make_url("/")))
        return opened

    yield visit
    for context in browser.contexts:
        await context.close()
    for server in servers:
        await server.close()


def watch(visit: Visit) -> None:
    visit.page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).hostname))
    visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.problems.append(dialog.message))


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
@pytest.mark.parametrize("width", [320, 360])
async def test_a_conversation_of_five_turns(visit: Open, script: bool, width: int) -> None:  # noqa: FBT001
    wide = "https://dichvucong.gov.vn/" + "rat-dai" * 20
    memory = Memory(
        *(Reply(f"Trả lời {n}. {wide}", (Button(f"Bước tiếp theo số {n}", f"go-{n}"),)) for n in range(5))
    )
    opened = await visit(a_chat(memory), size={"width": width, "height": 640}, java_script_enabled=script)
    await opened.page.get_by_role("button", name="Làm giấy tờ").click()
    for turn in range(4):
        await opened.sees(2 * turn + 2)
        if turn % 2:
            await opened.page.get_by_role("button", name=f"Bước tiếp theo số {turn}").click()
        else:
            await opened.says(f"câu hỏi {turn} " + "x" * 80)
    await opened.sees(10)
    await expect(opened.page.locator("[data-number]")).to_have_count(10)
    await expect(opened.page.locator(".chips")).to_have_count(1)
    assert await fits(opened.page)
    assert len(memory.received) == 5
    assert opened.hosts == {"127.0.0.1"}
    assert opened.problems == []


async def test_the_first_page_weighs_little(visit: Open) -> None:
    opened = await visit(a_chat(Memory()))
    bodies: list[bytes] = []

    async def weigh(response: Response) -> None:
        bodies.append(await response.body())

    opened.page.on("response", weigh)
    await opened.page.goto(opened.page.url, wait_until="networkidle")
    assert len(bodies) == 3
    assert sum(map(len, bodies)) <= 22 * 1024


async def test_the_keyboard_is_enough(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory), has_touch=True)
    await opened.page.keyboard.press("Tab")
    await expect(opened.page.get_by_text(TEXTS["skip"])).to_be_focused()
    await opened.page.keyboard.press("Enter")
    await opened.page.keyboard.type("mất căn cước")
    await opened.page.keyboard.press("Enter")
    await opened.sees(2)
    field = opened.page.locator("#text")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("")
    await opened.page.keyboard.press("Shift+Tab")
    await opened.page.keyboard.press("Shift+Tab")
    await expect(opened.page.get_by_role("button", name="Giấy tờ")).to_be_focused()
    await opened.page.keyboard.press("Enter")
    await opened.sees(4)
    await expect(field).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
async def test_a_double_click_is_one_message(visit: Open, script: bool) -> None:  # noqa: FBT001
    memory = Memory()
    opened = await visit(a_chat(memory), java_script_enabled=script)
    await opened.page.locator("#text").fill("khai sinh")
    await opened.page.get_by_role("button", name=TEXTS["send"], exact=True).dblclick()
    await opened.sees(2)
    await opened.page.reload()
    assert len(memory.received) == 1
    await expect(opened.page.locator("[data-number]")).to_have_count(2)


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
async def test_markup_is_shown_as_text(visit: Open, script: bool) -> None:  # noqa: FBT001
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    opened = await visit(a_chat(Memory(Reply(attack, (Button(attack, "x"),)))), java_script_enabled=script)
    await opened.says(attack)
    await opened.sees(2)
    await expect(opened.page.locator("#log").get_by_text(attack)).to_have_count(3)
    await expect(opened.page.locator("img")).to_have_count(0)
    assert opened.problems == []


async def test_a_lost_message_is_sent_again_under_the_same_name(visit: Open) -> None:
    """The server took the first one; only its answer was lost."""
    memory = Memory()
    opened = await visit(a_chat(memory))
    sent: list[str] = []

    async def lose_the_first_answer(route: Route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await opened.page.route("**/chat", lose_the_first_answer)
    await opened.page.route(re.compile("/chat/(lines|events)"), lambda route: route.abort())
    await opened.says("khai sinh")
    await expect(opened.page.get_by_text(TEXTS["failed"])).to_be_visible()
    await opened.page.get_by_role("button", name=TEXTS["retry"]).click()
    await opened.sees(2)
    await expect(opened.page.locator(".person")).to_have_count(1)
    assert sent[0] == sent[1]
    assert len(memory.received) == 1


async def test_a_lost_answer_is_found_without_asking(visit: Open) -> None:
    opened = await visit(a_chat(Memory()))

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await opened.page.route("**/chat", lose)
    await opened.says("khai sinh")
    await opened.sees(2)
    await expect(opened.page.locator(".person")).to_have_count(1)
    await expect(opened.page.get_by_text(TEXTS["failed"])).to_have_count(0)


async def test_without_a_network_the_text_stays_and_goes_out_later(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory))
    await opened.page.context.set_offline(offline=True)
    await opened.says("khai sinh")
    await expect(opened.page.get_by_text(TEXTS["offline"])).to_be_visible()
    await expect(opened.page.get_by_text("khai sinh")).to_be_visible()
    await opened.page.context.set_offline(offline=False)
    await opened.sees(2)
    await expect(opened.page.get_by_text(TEXTS["offline"])).to_have_count(0)


async def test_words_that_wait_are_answered_in_their_order(visit: Open) -> None:
    memory = Memory(*(Reply(f"Trả lời {number}.") for number in range(3)))
    opened = await visit(a_chat(memory))
    for number in range(3):
        await opened.says(f"câu {number}")
    await opened.sees(6)
    assert await opened.page.locator("[data-number] .text").all_text_contents() == [
        f"{TEXTS[side]}: {words} {number}{end}"
        for number in range(3)
        for side, words, end in (("you", "câu", ""), ("assistant", "Trả lời", "."))
    ]


async def test_a_late_answer_appears_by_itself(visit: Open) -> None:
    memory = Memory()
    memory.silent = True
    opened = await visit(a_chat(memory, WAITING))
    await opened.says("khai sinh")
    await expect(opened.page.locator(".typing")).to_be_visible()
    await opened.sees(1)
    await expect(opened.page.locator(".typing")).to_be_visible()
    memory.answer(memory.received[0])
    await opened.sees(2)
    await expect(opened.page.locator(".typing")).to_have_count(0)


async def test_a_long_answer_is_shown_from_its_top(visit: Open) -> None:
    opened = await visit(a_chat(Memory(LONG)))
    await opened.says("các bước")
    await opened.sees(2)
    top = await opened.page.locator("[data-number='2']").evaluate("node => node.getBoundingClientRect().top")
    below = await opened.page.locator("header").evaluate("node => node.getBoundingClientRect().bottom")
    assert below <= top <= below + 20


async def test_a_draft_survives_a_reload(visit: Open) -> None:
    opened = await visit(a_chat(Memory()))
    await opened.page.locator("#text").press_sequentially("nửa câu")
    await opened.page.reload()
    await expect(opened.page.locator("#text")).to_have_value("nửa câu")


async def test_everything_is_large_enough_for_a_thumb(visit: Open) -> None:
    greeting = Reply(GREETING.text, (*GREETING.buttons, Button("Mở", "https://dichvucong.gov.vn/")))
    opened = await visit(a_chat(Memory(), greeting=greeting))
    sizes = await opened.page.locator("button, #text, .chips a").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert len(sizes) == 4
    assert all(width >= 44 and height >= 44 for width, height in sizes)
    font = await opened.page.locator("#text").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert font >= 16


CONTRASTS = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = node => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && node.parentElement ? behind(node.parentElement) : colour;
  };
  const words = "h1, header p, .note, .text, .text a, time, .day, .chips button, #text";
  return [...document.querySelectorAll(words)]
    .map(node => [light(getComputedStyle(node).color), light(behind(node))])
    .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out(visit: Open, scheme: str) -> None:
    memory = Memory(Reply("Xem dichvucong.gov.vn", (Button("Tiếp", "next"),)))
    opened = await visit(a_chat(memory), color_scheme=scheme)
    await opened.says("khai sinh")
    await opened.sees(2)
    contrasts = await opened.page.evaluate(CONTRASTS)
    assert len(contrasts) >= 10
    assert min(contrasts) >= 4.5


async def test_words_without_an_answer_stay_until_staff_reply(visit: Open) -> None:
    memory = Memory()
    chat = a_chat(memory, WAITING)
    opened = await visit(chat)
    await opened.says("một")
    await opened.sees(2)
    user = memory.received[0].user_id
    memory.hold()
    await opened.says("gặp cán bộ")
    await expect(opened.page.locator(".person")).to_have_count(2)
    await expect(opened.page.locator(".typing")).to_have_count(0)
    memory.release(user, Reply("Cán bộ đây."))
    await expect(opened.page.get_by_text("Cán bộ đây.")).to_be_visible()
    await expect(opened.page.locator(".person")).to_have_count(2)
