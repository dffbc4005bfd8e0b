"""What is new on a page without a script: marked once, looked for only while an answer is due."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.web.page import Line, Page, Pages
from intents.turn import Button, Reply
from tests.channels.webchat_browsing import Client, Open, form, say
from tests.channels.webchat_memory import NOON, TEXTS, Memory, a_chat

MARK = f'<noscript><p class="new"><span>{TEXTS["new"]}</span></p></noscript>'
REFRESH = re.compile(r'<noscript><meta http-equiv="refresh" content="20; url=/\?xem=\w{8}#cuoi"></noscript>')


async def shown(client: Client) -> str:
    return await (await client.get("/")).text()


def marked(page: str) -> list[int]:
    """Return the numbers of the lines that a mark stands above."""
    return [
        int(number) for number in re.findall(MARK + r'\s*<div class="line \w+" data-number="(\d+)"', page)
    ]


def staff_reply(memory: Memory, *texts: str) -> None:
    for text in texts:
        memory.add(memory.received[0].user_id, Reply(text))


async def test_what_came_since_the_last_visit_is_marked_once(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    await client.post("/chat", data=form(await shown(client), "khai sinh"))
    assert marked(await shown(client)) == []
    staff_reply(memory, "Cán bộ đây.", "Mời anh/chị đến.")
    assert marked(await shown(client)) == [3]
    assert marked(await shown(client)) == []


async def test_an_answer_that_was_waited_for_is_not_marked(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    page = await shown(client)
    for turn in range(3):
        page = await (await client.post("/chat", data=form(page, f"câu {turn}"))).text()
        assert marked(page) == []


async def test_what_came_before_an_answer_is_marked_with_it(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    page = await (await client.post("/chat", data=form(await shown(client), "khai sinh"))).text()
    staff_reply(memory, "Cán bộ đây.")
    page = await (await client.post("/chat", data=form(page, "kết hôn"))).text()
    assert marked(page) == [3]


async def test_a_page_looks_for_a_late_answer_by_itself_until_it_is_there(browse: Open) -> None:
    memory = Memory()
    memory.silent = True
    client = await browse(a_chat(memory))
    page = await (await client.post("/chat", data=form(await shown(client), "khai sinh"))).text()
    assert REFRESH.search(page)
    assert TEXTS["late"] in page
    page = await shown(client)
    assert REFRESH.search(page)
    memory.answer(memory.received[0])
    page = await shown(client)
    assert not REFRESH.search(page)
    assert TEXTS["late"] not in page
    assert marked(page) == [2]


async def test_a_page_with_words_in_its_field_is_not_taken_away(browse: Open) -> None:
    memory = Memory()
    memory.silent = True
    client = await browse(a_chat(memory))
    await say(client, "khai sinh")
    refused = await (await client.post("/chat", data={"text": "ạ" * 20_001})).text()
    assert "ạ" * 20_001 in refused
    assert not REFRESH.search(refused)


async def test_the_number_is_a_number_in_a_cookie_for_the_server_alone(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    assert "Set-Cookie" not in (await client.get("/")).headers
    await say(client, "khai sinh")
    cookie = (await client.get("/")).headers["Set-Cookie"]
    assert cookie.startswith("seen=2;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "9" * 19, "<b>", ""])
async def test_a_made_up_number_marks_nothing(browse: Open, wrong: str) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    await say(client, "khai sinh")
    user = memory.received[0].user_id
    client.session.cookie_jar.clear()
    page = await (await client.get("/", headers={"Cookie": f"visitor={user}; seen={wrong}"})).text()
    assert "khai sinh" in page
    assert marked(page) == []


LINES = (
    Line(7, "person", "Hỏi", (), NOON),
    Line(7, "assistant", "Đáp", (Button("Tiếp", "next"),), NOON),
    Line(0, "person", "Hỏi nữa", (), NOON),
)


def rendered(page: Page) -> str:
    return Pages(TEXTS, {"chat.css": "", "chat.js": ""}).page(page)


def test_a_message_without_an_answer_stands_last_without_a_number() -> None:
    page = rendered(Page(LINES, message_ids=("12345678", "")))
    assert re.search(r'<div class="line person pending" id="cuoi">\s*<p class="text">.*Hỏi nữa', page)
    assert page.count("data-number") == 2
    assert 'value="next"' not in page
    assert REFRESH.search(page)


def test_news_leave_out_what_has_no_answer_yet() -> None:
    pages = Pages(TEXTS, {"chat.css": "", "chat.js": ""})
    assert pages.news(LINES, 7)["lines"] == []
    assert pages.news((LINES[2], replace(LINES[1], number=8)), 7)["first"] == 8
