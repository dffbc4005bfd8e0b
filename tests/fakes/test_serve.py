"""All stand-ins on one port, and the telephones that are drawn from them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import unused_port
from click.testing import CliRunner
from playwright.async_api import Page, async_playwright, expect
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.request import HTTPXRequest

from bot.cli import main
from bot.config import Config
from bot.fakes import telegram, zalo_bot, zalo_oa
from bot.fakes.phones import Phone
from bot.fakes.serve import Services, environment, serve, services
from tests.bot.service import Service

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUESTION = "đăng ký khai sinh cần giấy tờ gì"


@pytest.fixture
async def opened() -> AsyncIterator[Services]:
    async with services(0, "http://127.0.0.1:9") as opened:
        for one in (opened.telegram, opened.zalo_oa, opened.zalo_bot):
            one.pushing = False
        yield opened


@pytest.fixture
def chat(opened: Services) -> Phone:
    return opened.phones[0]


@pytest.fixture
def account(opened: Services) -> Phone:
    return opened.phones[1]


@pytest.fixture
def bot(opened: Services) -> Phone:
    return opened.phones[2]


def said(phone: Phone) -> list[tuple[str, str]]:
    """Return who said what."""
    return [(line["by"], line.get("marked") or line["text"]) for line in phone.state["lines"]]


async def sent(opened: Services, path: str, **body: Any) -> Any:
    headers = {"access_token": opened.zalo_oa.tokens.access}
    async with (
        ClientSession(headers=headers) as session,
        session.post(f"{opened.url}{path}", json=body) as response,
    ):
        return await response.json()


# The settings


@pytest.mark.parametrize("webhooks", [False, True], ids=["polling", "webhooks"])
def test_the_settings_are_those_of_the_service(webhooks: bool) -> None:  # noqa: FBT001
    told = environment("http://127.0.0.1:8090", "http://127.0.0.1:8080", webhooks=webhooks)
    settings = {name.lower(): value for name, value in told.items()}
    assert settings.keys() <= Config.model_fields.keys()
    config = Config.model_validate(settings)
    assert (config.telegram_mode, config.zalo_bot_mode) == (
        ("webhook",) * 2 if webhooks else ("polling",) * 2
    )
    assert config.telegram_token
    assert config.zalo_oa_app_id
    assert config.zalo_bot_token


async def test_first_it_says_where_it_is_and_how_to_come_there() -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    port = unused_port()
    url, bot_url = f"http://127.0.0.1:{port}", "http://127.0.0.1:8080"
    task = asyncio.create_task(serve(port, bot_url, lines.put_nowait, webhooks=False))
    async with asyncio.timeout(10):
        assert await lines.get() == f"# three telephones: {url}/"
        for name, value in environment(url, bot_url, webhooks=False).items():
            assert await lines.get() == f"{name}={value}"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["fake-services", "--port", port])
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.output


async def test_all_are_found_at_their_addresses(opened: Services) -> None:
    opened.zalo_oa.tokens.mint()
    async with ClientSession(headers={"access_token": opened.zalo_oa.tokens.access}) as session:
        for path, name in (
            (f"{opened.telegram.url}/bot{telegram.TOKEN}/getMe", "made_up_bot"),
            (f"{opened.zalo_bot.url}/bot{zalo_bot.TOKEN}/getMe", "bot.madeUp"),
            (f"{opened.zalo_oa.url}/v2.0/oa/getoa", "Made-up account"),
            (f"{opened.url}/", "Three telephones"),
            (f"{opened.url}/phones.js", "EventSource"),
            (f"{opened.url}/phones.css", ".phone"),
        ):
            async with session.get(path) as response:
                assert name in await response.text()


async def test_who_comes_with_the_token_of_a_former_run_is_not_locked_out(opened: Services) -> None:
    form = {"app_id": zalo_oa.APP_ID, "grant_type": "refresh_token", "refresh_token": "made-up-refresh-77"}
    async with (
        ClientSession(headers={"secret_key": zalo_oa.APP_SECRET}) as session,
        session.post(f"{opened.url}/v4/oa/access_token", data=form) as response,
    ):
        assert (await response.json())["access_token"] == opened.zalo_oa.tokens.access


# The telephones


async def test_what_is_typed_is_shown_and_arrives(opened: Services) -> None:
    for phone in opened.phones:
        await phone.act("write", {"text": "Chào"})
        assert said(phone) == [("person", "Chào")]
    (update,) = opened.telegram.pending
    (event,) = opened.zalo_oa.pending.values()
    (message,) = opened.zalo_bot.pending.values()
    assert update["message"]["text"] == event["message"]["text"] == message["message"]["text"] == "Chào"


async def test_telegram_shows_marks_and_buttons_that_can_be_tapped(opened: Services, chat: Phone) -> None:
    await chat.act("write", {"text": "Chào"})
    calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    client = Bot(telegram.TOKEN, f"{opened.url}/bot", request=calls, get_updates_request=polls)
    keyboard = InlineKeyboardMarkup(
        [
            [InlineKeyboardButton("Giấy tờ", callback_data="documents")],
            [InlineKeyboardButton("Mở", url="https://dichvucong.gov.vn/")],
        ]
    )
    async with client:
        await client.send_chat_action(5001, "typing")
        assert chat.state["typing"] == 1
        await client.send_message(5001, "a <b>", reply_markup=keyboard)
        await client.send_message(5001, "<b>a</b> &amp; b", parse_mode=ParseMode.HTML)
    first, second = chat.state["lines"][1:]
    assert (first["text"], second["marked"]) == ("a <b>", "<b>a</b> &amp; b")
    (tap,), (link,) = first["rows"]
    assert link == {"label": "Mở", "url": "https://dichvucong.gov.vn/"}
    await chat.act("tap", tap["given"])
    query = opened.telegram.pending[-1]["callback_query"]
    assert (query["data"], query["message"]["text"]) == ("documents", "a <b>")


async def test_an_account_shows_buttons_and_who_wrote_by_hand(opened: Services, account: Phone) -> None:
    await account.act("open chat", {})
    opened.zalo_oa.tokens.mint()
    buttons = [
        {"title": "Giấy tờ", "type": "oa.query.hide", "payload": "#ask:documents"},
        {"title": "Hỏi tiếp", "type": "oa.query.show", "payload": "Hỏi tiếp"},
        {"title": "Mở", "type": "oa.open.url", "payload": {"url": "https://dichvucong.gov.vn"}},
        {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84900000000"}},
    ]
    message = {"text": "Chọn", "attachment": {"type": "template", "payload": {"buttons": buttons}}}
    answer = await sent(opened, "/v3.0/oa/message/cs", recipient={"user_id": zalo_oa.AN}, message=message)
    assert answer["error"] == 0
    ((hidden,), (shown,), (link,), (call,)) = account.state["lines"][-1]["rows"]
    assert (link["url"], call["url"]) == ("https://dichvucong.gov.vn", "tel:84900000000")
    await account.act("tap", hidden["given"])
    await account.act("tap", shown["given"])
    await account.act("write as staff", {"text": "Để tôi xem"})
    assert said(account) == [
        ("note", "open chat"),
        ("bot", "Chọn"),
        ("person", "Hỏi tiếp"),
        ("staff", "Để tôi xem"),
    ]
    events = [event["message"]["text"] for event in opened.zalo_oa.pending.values() if "message" in event]
    assert events == ["Chọn", "#ask:documents", "Hỏi tiếp", "Để tôi xem"]


async def test_a_bot_of_zalo_shows_text_alone(opened: Services, bot: Phone) -> None:
    await bot.act("write", {"text": "Chào"})
    path = f"/zalo-bot/bot{zalo_bot.TOKEN}"
    await sent(opened, f"{path}/sendChatAction", chat_id=zalo_bot.AN, action="typing")
    await sent(opened, f"{path}/sendMessage", chat_id=zalo_bot.AN, text="1. Giấy tờ\n2. Lệ phí")
    assert bot.state["typing"] == 1
    assert said(bot)[-1] == ("bot", "1. Giấy tờ\n2. Lệ phí")


async def test_everything_on_a_button_does_something(opened: Services) -> None:
    for phone in opened.phones:
        for tool in phone.state["tools"]:
            before = len(phone.state["lines"])
            await phone.act(tool, {"text": "Đây"})
            assert len(phone.state["lines"]) == before + 1, tool
            if phone.blocked:
                await phone.act("block", {})
    assert opened.telegram.pending[0]["message"]["caption"] == "Đây"
    assert {event["event_name"] for event in opened.zalo_oa.pending.values()} >= {
        "user_send_location",
        "user_send_business_card",
        "user_withdraw",
        "follow",
    }
    assert {event["event_name"] for event in opened.zalo_bot.pending.values()} == {
        f"message.{kind}.received" for kind in zalo_bot.KINDS
    }


async def test_who_has_blocked_us_gets_and_sends_nothing(opened: Services) -> None:
    opened.zalo_oa.tokens.mint()
    for phone in opened.phones:
        await phone.act("write", {"text": "Chào"})
        await phone.act("block", {})
        await phone.act("write", {"text": "Còn đó không"})
        assert said(phone)[1:] == [("note", "blocked"), ("note", "unblock first")]

    async def refusals() -> list[object]:
        path, to_an = f"/zalo-bot/bot{zalo_bot.TOKEN}/sendMessage", {"user_id": zalo_oa.AN}
        return [
            (await sent(opened, f"/bot{telegram.TOKEN}/sendMessage", chat_id=5001, text="a"))["ok"],
            (await sent(opened, path, chat_id=zalo_bot.AN, text="a"))["ok"],
            (await sent(opened, "/v3.0/oa/message/cs", recipient=to_an, message={"text": "a"}))["error"],
        ]

    assert await refusals() == [False, False, -213]
    for phone in opened.phones:
        await phone.act("block", {})
        assert not phone.state["blocked"]
    assert await refusals() == [True, True, 0]


async def test_the_page_is_told_of_every_change(opened: Services) -> None:
    async with ClientSession() as session, session.get(f"{opened.url}/phones/state") as stream:
        assert (await told(stream.content))["telegram"]["lines"] == []
        async with session.post(f"{opened.url}/phones/telegram/write", json={"text": "Chào"}) as response:
            assert response.status == 204
        assert (await told(stream.content))["telegram"]["lines"] == [{"by": "person", "text": "Chào"}]
        async with session.post(f"{opened.url}/phones/telegram/dance", json={}) as response:
            assert response.status == 404


async def told(stream: Any) -> dict[str, Any]:
    line = await stream.readuntil(b"\n\n")
    return {state["name"]: state for state in json.loads(line.removeprefix(b"data: "))}


# In a browser, with the real service


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield await browser.new_page(viewport={"width": 1240, "height": 820})
        await browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's «chromium» or set CHROMIUM")
async def test_three_telephones_talk_with_the_real_service(page: Page, tmp_path: Path) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    async with services(0, url) as opened:
        service = Service(tmp_path, port, environment(opened.url, url, webhooks=False))
        async with service.running():
            await page.goto(opened.url)
            for name in ("telegram", "zalo-oa", "zalo-bot"):
                phone = page.locator(f"#{name}")
                await phone.get_by_role("textbox").fill(QUESTION)
                await page.keyboard.press("Enter")
                await expect(phone.locator(".person")).to_have_text([QUESTION])
                await expect(phone.locator(".bot").last).to_contain_text("khai sinh")
            chat = page.locator("#telegram")
            await expect(chat.locator(".bot b").first).to_be_visible()
            answers = await chat.locator(".bot").count()
            await chat.locator(".row button").first.click()
            await expect(chat.locator(".bot")).to_have_count(answers + 1)
            assert len(opened.telegram.taps_answered) == 1
            account = page.locator("#zalo-oa")
            await account.get_by_role("textbox").fill("Để tôi xem giúp bác")
            await account.get_by_role("button", name="write as staff").click()
            await expect(account.locator(".staff")).to_contain_text("Để tôi xem giúp bác")
            await chat.get_by_role("button", name="block", exact=True).click()
            await expect(chat.get_by_role("button", name="unblock")).to_be_visible()
    assert problems == []
