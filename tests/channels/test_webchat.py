"""The web chat over real HTTP, as a browser without a script and as one with it."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ipaddress
import re
from html import unescape
from pathlib import Path
from typing import Literal

import pytest

from bot.channels.base import Channel
from bot.channels.visitors import Buckets, Rate, Rates, network_of
from bot.channels.webchat import WebChatSettings
from bot.web.page import Line, Page, Pages
from bot.web.rich import rich
from intents.turn import Button, Inbound, Kind, Reply
from tests.channels.webchat_browsing import JSON, Open, form, say
from tests.channels.webchat_memory import ANSWER, NOON, TEXTS, Clock, Memory, a_chat

# The way of a message without a script


async def test_a_first_visit_is_greeted_and_leaves_no_trace(browse: Open) -> None:
    memory = Memory()
    response = await (await browse(a_chat(memory))).get("/")
    page = await response.text()
    assert "<strong>giấy tờ</strong>" in page
    assert 'name="payload" value="papers">Làm giấy tờ</button>' in page
    assert "Set-Cookie" not in response.headers
    assert not memory.received


async def test_five_turns_with_the_form_alone(browse: Open) -> None:
    memory = Memory(*(Reply(f"Câu trả lời {turn}.") for turn in range(5)))
    client = await browse(a_chat(memory))
    page = await (await client.get("/")).text()
    for turn in range(5):
        response = await client.post("/chat", data=form(page, f"Câu hỏi {turn}"))
        page = await response.text()
        assert response.history[0].status == 303
        assert response.history[0].headers["Location"] == "/#cuoi"
    assert [word in page for word in ("Câu hỏi 0", "Câu trả lời 4.")] == [True, True]
    assert len({one.user_id for one in memory.received}) == 1
    assert page.count('id="cuoi"') == 1
    assert re.search(r'data-number="10" id="cuoi"', page)


def test_a_question_and_its_answers_may_share_a_number() -> None:
    def line(side: Literal["person", "assistant"], text: str, minutes: int) -> Line:
        return Line(7, side, text, (), NOON + dt.timedelta(minutes=minutes))

    lines = (line("person", "Hỏi", 0), line("assistant", "Một", 1), line("assistant", "Hai", 1440))
    page = Pages(TEXTS, {"chat.css": "", "chat.js": ""}).page(Page(lines))
    assert re.search(r'class="line assistant" data-number="7" id="cuoi">\s*<p class="text">.*Một', page)
    assert page.count('id="cuoi"') == 1
    assert re.findall(r'class="day">([^<]+)', page) == ["20/07/2026", "21/07/2026"]


async def test_a_button_arrives_with_its_payload_and_its_words(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    page = await (await client.get("/")).text()
    await client.post("/chat", data={**form(page, css="chips"), "payload": "papers"})
    page = await (await client.get("/")).text()
    await client.post("/chat", data={**form(page, css="chips"), "payload": "documents"})
    assert [one.inbound for one in memory.received] == [
        Inbound(Kind.BUTTON, "Làm giấy tờ", "papers"),
        Inbound(Kind.BUTTON, "Giấy tờ", "documents"),
    ]


async def test_only_the_last_answer_offers_buttons_and_pages_open_as_links(browse: Open) -> None:
    memory = Memory(Reply("Một.", (Button("Cũ", "old"),)), ANSWER)
    client = await browse(a_chat(memory))
    await say(client, "một")
    await say(client, "hai")
    page = await (await client.get("/")).text()
    assert 'value="old"' not in page
    assert 'value="documents"' in page
    assert '<a href="https://dichvucong.gov.vn/" rel="noopener"' in page


async def test_a_double_click_is_answered_once_even_for_the_first_message(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    fields = form(await (await client.get("/")).text(), "xin chào")
    client.session.cookie_jar.clear()
    responses = await asyncio.gather(*(client.post("/chat", data=fields) for _ in range(3)))
    assert len(memory.received) == 1
    assert [(await one.text()).count("Trả lời.") for one in responses] == [1, 1, 1]


async def test_a_stale_form_with_other_words_is_another_message(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    page = await (await client.get("/")).text()
    await client.post("/chat", data=form(page, "khai sinh"))
    await client.post("/chat", data=form(page, "kết hôn"))
    assert [one.inbound.text for one in memory.received] == ["khai sinh", "kết hôn"]


async def test_a_slow_answer_is_announced_and_found_later(browse: Open) -> None:
    memory = Memory()
    memory.silent = True
    client = await browse(a_chat(memory))
    response = await client.post("/chat", data={"text": "khai sinh"})
    assert TEXTS["late"] in await response.text()
    memory.answer(memory.received[0])
    assert "Trả lời." in await (await client.get("/")).text()


async def test_an_empty_message_is_not_stored_but_hinted_at(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    await say(client, "khai sinh")
    response = await client.post("/chat", data={"text": " \n "})
    page = await response.text()
    assert response.status == 400
    assert TEXTS["empty"] in page
    assert "khai sinh" in page
    assert len(memory.received) == 1


async def test_reloading_a_refused_form_leads_back(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    response = await client.get("/chat", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/#cuoi")


# The same for the script


async def test_the_script_gets_the_new_lines_and_their_markup(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    first = await (await say(client, "một")).json()
    second = await (await say(client, "hai <b>", after=str(first["lines"][-1]["number"]))).json()
    assert [(one["side"], one["text"]) for one in second["lines"]] == [
        ("person", "hai <b>"),
        ("assistant", "Trả lời."),
    ]
    assert second["lines"][1]["buttons"][0] == {"label": "Giấy tờ", "payload": "documents"}
    assert second["answered"]
    assert "hai &lt;b&gt;" in second["html"]
    assert "20/07/2026" in first["html"]
    assert "20/07/2026" not in second["html"]


async def test_a_send_wakes_a_waiting_poll(browse: Open) -> None:
    memory = Memory()
    chat = a_chat(memory, WebChatSettings(late_wait=60))
    client = await browse(chat)
    last = (await (await say(client, "một")).json())["lines"][-1]["number"]
    poll = asyncio.create_task(client.get(f"/chat/lines?after={last}"))
    await asyncio.sleep(0.05)
    user = memory.received[0].user_id
    memory.add(user, Reply("Cán bộ trả lời."))
    await chat.send({"visitor": user}, Reply("Cán bộ trả lời."))
    news = await (await asyncio.wait_for(poll, 0.5)).json()
    assert [one["text"] for one in news["lines"]] == ["Cán bộ trả lời."]


async def test_a_poll_without_news_or_without_visitor_is_empty(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    assert (await (await client.get("/chat/lines?after=x")).json())["lines"] == []
    await say(client, "một")
    assert (await (await client.get("/chat/lines?after=99")).json())["lines"] == []


async def test_stopping_lets_waiting_requests_go(browse: Open) -> None:
    memory = Memory()
    chat = a_chat(memory, WebChatSettings(late_wait=60))
    client = await browse(chat)
    await say(client, "một")
    poll = asyncio.create_task(client.get("/chat/lines?after=99"))
    await asyncio.sleep(0.05)
    await chat.stop()
    assert (await asyncio.wait_for(poll, 0.5)).status == 200


# Who may, and how much


@pytest.mark.parametrize(
    ("url", "secure"), [("https://hoi.example", True), ("http://127.0.0.1:8080", False), ("", False)]
)
async def test_the_cookie_comes_with_the_first_message_alone(browse: Open, url: str, secure: bool) -> None:  # noqa: FBT001
    client = await browse(a_chat(Memory(), WebChatSettings(public_url=url)))
    first = await say(client, "một")
    cookie = first.headers["Set-Cookie"]
    assert re.match(r"visitor=[0-9a-f]{32};", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=2592000" in cookie
    assert ("Secure" in cookie) is secure
    token = cookie[len("visitor=") :][:32]
    second = await client.post("/chat", data={"text": "hai"}, headers={**JSON, "Cookie": f"visitor={token}"})
    assert "Set-Cookie" not in second.headers


async def test_a_made_up_cookie_is_replaced(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    response = await client.post(
        "/chat", data={"text": "một"}, headers={"Cookie": "visitor=../../x"}, allow_redirects=False
    )
    assert "Set-Cookie" in response.headers
    assert len(memory.received[0].user_id) == 32


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_foreign_form_is_refused(browse: Open, headers: dict[str, str]) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    response = await client.post("/chat", data={"text": "một"}, headers=headers)
    assert response.status == 403
    assert TEXTS["foreign"] in await response.text()
    assert not memory.received


@pytest.mark.parametrize("headers", [{"Origin": "https://hoi.example", "Sec-Fetch-Site": "same-origin"}, {}])
async def test_the_own_form_is_taken_behind_a_proxy(browse: Open, headers: dict[str, str]) -> None:
    client = await browse(a_chat(Memory(), WebChatSettings(public_url="https://hoi.example")))
    assert (await client.post("/chat", data={"text": "một"}, headers={**JSON, **headers})).status == 200


async def test_a_hasty_visitor_is_asked_to_wait_and_keeps_the_text(browse: Open) -> None:
    memory, clock = Memory(), Clock()
    client = await browse(a_chat(memory, clock=clock))
    for _ in range(8):
        assert (await say(client, "nhanh")).status == 200
    refused = await client.post("/chat", data={"text": "quá nhanh"})
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
    page = unescape(await refused.text())
    assert TEXTS["too_fast"] in page
    assert 'value="quá nhanh"' in page
    script = await say(client, "quá nhanh")
    assert (script.status, await script.json()) == (429, {"notice": TEXTS["too_fast"]})
    clock.now += 2
    assert (await say(client, "đã đợi")).status == 200
    assert len(memory.received) == 9


async def test_an_address_is_limited_whatever_its_cookies(browse: Open) -> None:
    client = await browse(a_chat(Memory(), WebChatSettings(rates=Rates(address=Rate(3, 1)))))
    statuses = []
    for _ in range(4):
        client.session.cookie_jar.clear()
        statuses.append((await say(client, "một")).status)
    assert statuses == [200, 200, 200, 429]


async def test_reading_is_limited_too(browse: Open) -> None:
    client = await browse(a_chat(Memory(), WebChatSettings(rates=Rates(reading=Rate(1, 1)))))
    assert [(await client.get("/")).status for _ in range(2)] == [200, 429]


def test_a_bucket_fills_up_again_but_never_over() -> None:
    clock = Clock()
    buckets = Buckets(Rate(2, 0.5), clock)
    assert [buckets.take("a") for _ in range(2)] == [0, 0]
    assert buckets.take("a") == pytest.approx(2)
    clock.now += 1000
    assert [buckets.take("a") > 0 for _ in range(3)] == [False, False, True]
    assert buckets.take("b") == 0


def test_buckets_do_not_grow_without_end() -> None:
    buckets = Buckets(Rate(1, 1), Clock(), most=100)
    for key in range(1000):
        buckets.take(str(key))
    assert len(buckets) == 100


PROXIES = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        ("127.0.0.1", ["rubbish"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("127.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (None, [], "unknown"),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert network_of(peer, forwarded, PROXIES) == expected


# What cannot be taken


async def test_a_huge_body_is_refused(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    response = await client.post("/chat", data={"text": "x" * 300_000})
    assert response.status == 413
    assert TEXTS["too_long"] in await response.text()


async def test_a_long_text_is_taken_and_a_longer_one_given_back(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    assert (await say(client, "ạ" * 20_000)).status == 200
    response = await client.post("/chat", data={"text": "ạ" * 20_001})
    assert response.status == 413
    assert "ạ" * 20_001 in await response.text()
    assert len(memory.received) == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"text=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"text=%ff%fe", "application/x-www-form-urlencoded"),
        (b"%%%&&&===", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(50)), "application/x-www-form-urlencoded"),
        (b"payload=" + b"x" * 65, "application/x-www-form-urlencoded"),
        (b'{"text": "x"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
async def test_garbage_gets_a_kind_page(browse: Open, body: bytes, content_type: str) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    response = await client.post("/chat", data=body, headers={"Content-Type": content_type})
    assert response.status == 400
    assert 'class="notice"' in await response.text()
    assert not memory.received


async def test_control_characters_and_wild_numbers_are_survived(browse: Open) -> None:
    memory = Memory()
    client = await browse(a_chat(memory))
    response = await say(client, "khai\x00 sinh\x1b\r\nhai", after="٣", id="not-a-uuid")
    assert response.status == 200
    assert memory.received[0].inbound.text == "khai sinh\nhai"


# What the browser gets


async def test_nothing_from_elsewhere_and_nothing_kept(browse: Open) -> None:
    response = await (await browse(a_chat(Memory()))).get("/")
    page = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?! src)|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


async def test_assets_are_kept_for_a_year_under_the_name_of_their_content(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    page = await (await client.get("/")).text()
    for url in re.findall(r'"(/static/[^"]+)"', page):
        response = await client.get(url)
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] in {"gzip", "deflate"}
        again = await client.get(url, headers={"If-None-Match": response.headers["ETag"]})
        assert again.status == 304
        assert (await client.get(url.split("?")[0])).headers["Cache-Control"] == "no-cache"


async def test_the_first_page_is_light(browse: Open) -> None:
    client = await browse(a_chat(Memory()))
    page = await (await client.get("/")).read()
    urls = re.findall(r'"(/static/[^"]+)"', page.decode())
    parts = [page] + [await (await client.get(url)).read() for url in urls]
    assert len(parts) == 3
    assert sum(map(len, parts)) <= 22 * 1024
    assert sum(len(gzip.compress(part)) for part in parts) <= 9 * 1024


async def test_markup_of_a_person_is_shown_as_text(browse: Open) -> None:
    client = await browse(
        a_chat(Memory(Reply("<img src=x onerror=alert(1)> **a<b**", (Button('"><i>', '"><i>'),))))
    )
    await say(client, "<script>alert(1)</script> **không đậm** dichvucong.gov.vn")
    page = await (await client.get("/")).text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **không đậm** dichvucong.gov.vn</p>" in page
    assert "&lt;img src=x onerror=alert(1)&gt; <strong>a&lt;b</strong>" in page
    assert '"><i>' not in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "xem dichvucong.gov.vn.",
            'xem <a href="https://dichvucong.gov.vn" rel="noopener" target="_blank">dichvucong.gov.vn</a>.',
        ),
        (
            "https://a.gov.vn/b?c=1&d=2)",
            '<a href="https://a.gov.vn/b?c=1&amp;d=2" rel="noopener" target="_blank">https://a.gov.vn/b?c=1&amp;d=2</a>)',
        ),
        (
            "**a.gov.vn**",
            '<strong><a href="https://a.gov.vn" rel="noopener" target="_blank">a.gov.vn</a></strong>',
        ),
        ("a.gov.vn.evil.example", "a.gov.vn.evil.example"),
        ("https://evil.example/a.gov.vn", "https://evil.example/a.gov.vn"),
        ("https://a.gov.vn@evil.example", "https://a.gov.vn@evil.example"),
        ("notgov.vn gov.vn hop@a.gov.vn", "notgov.vn gov.vn hop@a.gov.vn"),
        ("javascript:a.gov.vn", "javascript:a.gov.vn"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
    ],
)
def test_only_bold_and_official_links_become_markup(text: str, expected: str) -> None:
    assert str(rich(text)) == expected


def test_it_is_a_channel() -> None:
    channel: Channel = a_chat(Memory())
    assert (channel.name, channel.bot) == ("webchat", "webchat")


def test_each_sentence_is_used_and_none_is_missing() -> None:
    sources = [
        *Path("bot/web").glob("*.html"),
        Path("bot/channels/webchat.py"),
        Path("bot/channels/webform.py"),
    ]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    asked = set(re.findall(r"texts\.(\w+)|texts\[\"([\w.]+)\"\]|RefusedError\([\w.]+, \"(\w+)\"", code))
    assert {next(filter(None, groups)) for groups in asked} == set(TEXTS)
