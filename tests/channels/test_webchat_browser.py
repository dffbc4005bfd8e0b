"""The web chat in a real browser, as wide as a cheap phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from playwright.async_api import Browser, Page, Response, Route, async_playwright, expect

from bot.app import create_app
from bot.channels.webchat import WebChat, WebChatSettings
from bot.config import Config
from bot.runtime import Runtime
from bot.webview import WebView
from intents.turn import Button, Reply
from storage.migrate import upgrade
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage
from tests.bot.parts import RETENTION, said, tiny_knowledge
from tests.bot.staff import SECRET, staff_reply
from tests.browsers import CHROMIUM, FLAGS, PHONE, barriers, fits, needs_axe, needs_chromium
from tests.channels.webchat_memory import GREETING, TEXTS, Memory, a_chat, an_app

LONG = Reply("\n".join(f"Dòng {number} của một câu trả lời dài hơn màn hình." for number in range(40)))
WAITING = WebChatSettings(answer_wait=0.2, late_wait=1)

pytestmark = needs_chromium

HIDING = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass
class Visit:
    """An open page and what happened on it."""

    page: Page
    hosts: set[str | None] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    async def says(self, text: str) -> None:
        await self.page.get_by_label(TEXTS["label"]).last.fill(text)
        await self.page.keyboard.press("Enter")

    async def hides(self, *, hidden: bool = True) -> None:
        """Put the page into the background, or back; a browser without a screen never does it by itself."""
        await self.page.evaluate(HIDING, hidden)

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

    async def visit(
        chat: WebChat | web.Application, *, size: dict[str, int] = PHONE, **options: Any
    ) -> Visit:
        server = TestServer(an_app(chat) if isinstance(chat, WebChat) else chat)
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
  const words = "h1, header p, .note, .text, .text a, time, .day, .chips button, #text, .new span";
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
    await opened.hides()
    memory.add(memory.received[0].user_id, Reply("Cán bộ đây."))
    await expect(opened.page.locator(".new")).to_be_visible()
    contrasts = await opened.page.evaluate(CONTRASTS)
    assert len(contrasts) >= 12
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


# What staff reply later


async def visitor_of(page: Page) -> str:
    cookies = await page.context.cookies()
    return next(cookie["value"] for cookie in cookies if cookie["name"] == "visitor")


NO_STREAMS = "delete window.EventSource"


@pytest.mark.parametrize(
    ("script", "used", "unused"),
    [("", "/chat/events", "/chat/lines"), (NO_STREAMS, "/chat/lines", "/chat/events")],
    ids=["pushed", "asked for"],
)
async def test_a_reply_that_another_process_stores_appears_by_itself(
    visit: Open, sqlite_url: str, script: str, used: str, unused: str
) -> None:
    await upgrade(sqlite_url)
    storage, knowledge = Storage(sqlite_url), tiny_knowledge()
    config = Config.model_validate({"database_url": sqlite_url, "secret_key": SECRET})
    sending, other = create_app(config, knowledge), create_app(config, knowledge)
    async with TestServer(sending):  # the first process holds the right to send: the other must look
        opened = await visit(other)
        await opened.page.add_init_script(script)
        await opened.page.reload()
        paths: list[str] = []
        opened.page.on("request", lambda request: paths.append(urlsplit(request.url).path))
        await opened.says(said(1))
        await expect(opened.page.locator(".assistant[data-number]")).to_have_count(1)
        await staff_reply(storage, await visitor_of(opened.page), "Cán bộ xã đây ạ.")
        await expect(opened.page.get_by_text("Cán bộ xã đây ạ.")).to_be_visible()
        await expect(opened.page.locator("[data-number]")).to_have_count(3)
        await opened.says(said(2))
        await expect(opened.page.locator("[data-number]")).to_have_count(5)
    assert used in paths
    assert unused not in paths
    assert opened.problems == []
    await storage.close()


async def test_a_page_in_the_background_counts_in_its_title(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory))
    await opened.says("khai sinh")
    await opened.sees(2)
    await expect(opened.page).to_have_title(TEXTS["title"])
    user = memory.received[0].user_id
    await opened.hides()
    memory.add(user, Reply("Cán bộ đây."))
    await expect(opened.page).to_have_title(f"(1) {TEXTS['title']}")
    memory.add(user, Reply("Mời anh/chị đến."))
    await expect(opened.page).to_have_title(f"(2) {TEXTS['title']}")
    await opened.hides(hidden=False)
    await expect(opened.page).to_have_title(TEXTS["title"])
    await expect(opened.page.locator(".new + [data-number='3']")).to_be_in_viewport()
    await expect(opened.page.locator(".new")).to_have_text(TEXTS["new"])
    await expect(opened.page.locator(".new")).to_be_in_viewport()
    await expect(opened.page.locator("#text")).to_be_focused()
    await opened.says("vâng")
    await opened.sees(6)
    await expect(opened.page.locator(".new")).to_have_count(0)


async def test_who_reads_further_up_is_not_moved_but_told(visit: Open) -> None:
    memory = Memory(LONG)
    opened = await visit(a_chat(memory), has_touch=True)
    await opened.says("các bước")
    await opened.sees(2)
    await opened.page.evaluate("scrollTo(0, 0)")
    memory.add(memory.received[0].user_id, Reply("Cán bộ đây."))
    mark = opened.page.locator(".new")
    await expect(mark).to_be_in_viewport()
    await expect(opened.page.locator("[data-number='3']")).not_to_be_in_viewport()
    await expect(opened.page).to_have_title(f"(1) {TEXTS['title']}")
    assert await opened.page.evaluate("pageYOffset") == 0
    await mark.get_by_text(TEXTS["new"]).tap()
    await expect(opened.page.locator("[data-number='3']")).to_be_in_viewport()
    await expect(opened.page).to_have_title(TEXTS["title"])
    await expect(mark).to_be_in_viewport()
    await opened.hides()
    await expect(mark).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
async def test_a_page_that_was_closed_shows_what_came_since(visit: Open, script: bool) -> None:  # noqa: FBT001
    memory = Memory()
    opened = await visit(a_chat(memory), java_script_enabled=script)
    await opened.says("khai sinh")
    await opened.sees(2)
    url, context = opened.page.url, opened.page.context
    await opened.page.close()
    for text in ("Cán bộ đây.", "Mời anh/chị đến."):
        memory.add(memory.received[0].user_id, Reply(text))
    for marks in (1, 0):
        page = await context.new_page()
        await page.goto(url)
        await expect(page.get_by_text("Mời anh/chị đến.")).to_be_visible()
        await expect(page.locator(".new")).to_have_count(marks)
        above = await page.locator(".new").evaluate_all("nodes => nodes.map(node => node.offsetTop)")
        line = await page.locator("[data-number='3']").evaluate("node => node.offsetTop")
        assert all(line - 60 < top < line for top in above)
        await expect(page).to_have_title(TEXTS["title"])
        await page.close()


async def test_without_a_script_a_page_whose_answer_is_late_looks_again_by_itself(visit: Open) -> None:
    memory = Memory()
    memory.silent = True
    opened = await visit(a_chat(memory, WAITING), java_script_enabled=False)

    async def hurry(route: Route) -> None:
        """Answer after the page was made, and let it look again at once."""
        response = await route.fetch()
        page = await response.text()
        if '"20; url' in page:
            memory.answer(memory.received[0])
        await route.fulfill(response=response, body=page.replace('"20; url', '"0; url'))

    await opened.says("khai sinh")
    await expect(opened.page.get_by_text(TEXTS["late"])).to_be_visible()
    await opened.page.route("**/?xem=*", hurry)
    await opened.page.locator(".refresh a").click()
    await opened.sees(2)
    await expect(opened.page.get_by_text(TEXTS["late"])).to_have_count(0)


async def test_a_message_that_waits_is_still_there_after_a_reload(visit: Open, sqlite_url: str) -> None:
    """The storage of the whole application, but no worker that answers."""
    await upgrade(sqlite_url)
    storage = Storage(sqlite_url)
    runtime = Runtime(
        storage=storage, knowledge=tiny_knowledge(), keys=PersonKeys(SECRET), retention=RETENTION
    )
    chat = replace(a_chat(Memory(), WAITING), accept=runtime.intake.accept, view=WebView(runtime))
    opened = await visit(chat)
    async with opened.page.expect_response("**/chat"):  # names the visitor
        await opened.says(said(1))
    await opened.page.reload()
    await expect(opened.page.locator(".pending")).to_contain_text(said(1))
    await expect(opened.page.get_by_text(TEXTS["late"])).to_be_visible()
    async with runtime.running([]):
        await expect(opened.page.locator("[data-number]")).to_have_count(2)
    await expect(opened.page.locator(".person")).to_have_count(1)
    await expect(opened.page.get_by_text(TEXTS["late"])).to_have_count(0)
    await storage.close()


async def test_a_refused_stream_is_made_up_for_by_asking(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory))
    await opened.page.route("**/chat/events*", lambda route: route.fulfill(status=503))
    await opened.says("khai sinh")
    await opened.sees(2)
    memory.add(memory.received[0].user_id, Reply("Cán bộ đây."))
    await opened.sees(3)


async def test_a_lost_line_to_the_server_is_taken_up_again(visit: Open) -> None:
    memory = Memory()
    app = an_app(a_chat(memory, WebChatSettings(answer_wait=0.2, stream_life=0.1)))
    ended: asyncio.Queue[str | None] = asyncio.Queue()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.path == "/chat/events":
            ended.put_nowait(request.headers.get("Last-Event-ID"))
        return response

    app.middlewares.append(note)
    opened = await visit(app)
    await opened.says("khai sinh")
    await opened.sees(2)
    for number in (3, 4):
        memory.add(memory.received[0].user_id, Reply(f"Tin {number}."))
        await opened.sees(number)
        while await ended.get() != str(number):
            pass
    await expect(opened.page.locator("[data-number]")).to_have_count(4)
    assert opened.problems == []


FAKE = """
window.lines = [];
window.EventSource = function (url) {
  this.url = url; this.open = true; this.heard = {};
  window.lines.push(this);
};
window.EventSource.prototype = {
  close: function () { this.open = false; },
  addEventListener: function (name, hear) { this.heard[name] = hear; }
};
"""
"""Streams that say what the test says."""
HEAR = """async after => {
  const data = await (await fetch(`/chat/lines?after=${after}`)).text();
  lines[lines.length - 1].onmessage({ data });
}"""
URLS = "lines.filter(line => line.open).map(line => line.url)"


async def test_an_event_that_overlaps_with_an_answer_brings_no_line_twice_and_loses_none(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory))
    await opened.page.add_init_script(FAKE)
    await opened.page.reload()
    await opened.says("một")
    await opened.sees(2)
    await opened.says("hai")
    await opened.sees(4)
    assert await opened.page.evaluate(URLS) == ["/chat/events?after=2"]
    await opened.page.evaluate(HEAR, 2)
    assert await opened.page.evaluate(URLS) == ["/chat/events?after=2"]
    memory.add(memory.received[0].user_id, Reply("Cán bộ đây."))
    await opened.page.evaluate(HEAR, 2)
    await expect(opened.page.locator("[data-number]")).to_have_count(4)
    assert await opened.page.evaluate(URLS) == ["/chat/events?after=4"]
    await opened.page.evaluate(HEAR, 4)
    await expect(opened.page.locator("[data-number]")).to_have_count(5)


async def answered_under_a_clock(visit: Open) -> Visit:
    """Open the page with lines and a clock that the test moves, and get one answer."""
    opened = await visit(a_chat(Memory()))
    await opened.page.add_init_script(FAKE)
    await opened.page.clock.install()
    await opened.page.reload()
    await opened.says("một")
    await opened.sees(2)
    return opened


async def test_a_stream_is_given_up_with_the_page_and_when_it_falls_silent(visit: Open) -> None:
    opened = await answered_under_a_clock(visit)
    page, one = opened.page, ["/chat/events?after=2"]
    assert await page.evaluate(URLS) == one
    await page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert await page.evaluate(URLS) == []
    await page.evaluate("dispatchEvent(new Event('pageshow'))")
    assert await page.evaluate(URLS) == one
    for _ in range(3):
        await page.clock.run_for(30_000)
        await page.evaluate("lines[lines.length - 1].heard.beat()")
    assert await page.evaluate(URLS) == one
    async with page.expect_request("**/chat/lines*"):
        await page.clock.run_for(45_000)
    assert await page.evaluate(URLS) == []
    await page.evaluate("dispatchEvent(new Event('online'))")
    assert await page.evaluate(URLS) == one


async def test_a_page_that_stays_in_the_background_lets_go_of_its_stream(visit: Open) -> None:
    opened = await answered_under_a_clock(visit)
    await opened.hides()
    for minutes, open_lines in ((5, 1), (6, 0)):
        for _ in range(3 * minutes):
            await opened.page.evaluate("lines[lines.length - 1].heard.beat()")
            await opened.page.clock.run_for(20_000)
        assert len(await opened.page.evaluate(URLS)) == open_lines
    await opened.hides(hidden=False)
    assert await opened.page.evaluate(URLS) == ["/chat/events?after=2"]


async def test_a_page_works_where_nothing_may_be_remembered(visit: Open) -> None:
    memory = Memory()
    opened = await visit(a_chat(memory))
    await opened.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new Error('switched off'); } })"
    )
    await opened.page.reload()
    await opened.says("một")
    await opened.sees(2)
    memory.add(memory.received[0].user_id, Reply("Cán bộ đây."))
    await opened.sees(3)
    await expect(opened.page.locator(".new")).to_have_count(0)
    assert opened.problems == []


@needs_axe
@pytest.mark.parametrize("width", [360, 1280])
async def test_the_page_has_no_barrier(visit: Open, width: int) -> None:
    replies = [
        Reply(f"**Trả lời {n}.** Xem https://dichvucong.gov.vn", (Button("Bước tiếp", f"go-{n}"),))
        for n in range(3)
    ]
    opened = await visit(a_chat(Memory(*replies)), size={"width": width, "height": 640})
    assert await barriers(opened.page) == []
    for number in range(3):
        await opened.says(f"câu hỏi {number}")
        await opened.sees(2 * number + 2)
    assert await barriers(opened.page) == []
