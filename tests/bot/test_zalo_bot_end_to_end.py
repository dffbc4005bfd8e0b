"""People write on Zalo, the whole application answers with what citizens get: polled, then by webhook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer, unused_port

from bot.app import create_app
from bot.config import Config
from bot.fakes.zalo_bot import AN, TOKEN, FakeZaloBot, fake_zalo_bot
from intents.knowledge import Knowledge
from storage.migrate import upgrade

BINH = "7700010001aabbccddee"
SECRET = "a-Secret_1"
QUESTION = "đăng ký khai sinh cần giấy tờ gì"


@asynccontextmanager
async def service(mode: str, zalo: FakeZaloBot, knowledge: Knowledge, url: str) -> AsyncIterator[None]:
    """Run the application as long as the context is open."""
    port = unused_port()
    settings = {
        "database_url": url,
        "secret_key": "a secret of the tests",
        "public_url": f"http://127.0.0.1:{port}",
        "zalo_bot_token": TOKEN,
        "zalo_bot_api_url": zalo.url,
        "zalo_bot_mode": mode,
        "zalo_bot_webhook_secret": SECRET,
        "zalo_bot_rate_per_s": 1000,
        "zalo_bot_chat_rate_per_s": 1000,
    }
    async with TestServer(create_app(Config.model_validate(settings), knowledge), port=port):
        yield


def answers(zalo: FakeZaloBot) -> Counter[str]:
    """Count the messages that each person was sent."""
    return Counter(message.chat for message in zalo.sent)


async def answered(zalo: FakeZaloBot, doing: Awaitable[object]) -> str:
    """Return what is answered to what a person does."""
    before = len(zalo.texts_to(AN))
    await doing
    return await zalo.until(lambda: (zalo.texts_to(AN)[before:] or [""])[0])


def choices(text: str) -> dict[str, str]:
    """Return the numbered lines below a text."""
    return dict(re.findall(r"^(\d)\. (.+)$", text.rpartition("\n\n")[2], re.MULTILINE))


async def test_a_conversation_goes_on_from_polling_to_a_webhook(
    knowledge: Knowledge, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(sqlite_url)
    async with fake_zalo_bot() as zalo:
        async with service("polling", zalo, knowledge, sqlite_url):
            await choose_by_number(zalo, knowledge)
            await zalo.says(QUESTION, BINH)
            await zalo.until(lambda: answers(zalo)[BINH] == 1)
        await zalo.says("lệ phí bao nhiêu", BINH)
        async with service("webhook", zalo, knowledge, sqlite_url):
            await zalo.until(lambda: answers(zalo)[BINH] == 2)
            assert "lệ phí" in zalo.texts_to(BINH)[-1].lower()
            await meet_what_is_no_text(zalo, knowledge)
            zalo.flat = True
            await choose_by_number(zalo, knowledge)
        await zalo.until(lambda: not zalo.pending)
    assert answers(zalo) == {AN: 11, BINH: 2}
    told = capsys.readouterr().out
    assert "turn" in told
    for secret in (TOKEN.partition(":")[2], SECRET, "khai sinh", AN, BINH):
        assert secret not in told


async def choose_by_number(zalo: FakeZaloBot, knowledge: Knowledge) -> None:
    """Ask, choose a step, then the page twice, then a step again: the numbers stay valid."""
    first = await answered(zalo, zalo.says("khai sinh"))
    assert "Đăng ký khai sinh" in first
    assert knowledge.say("numbers") in first
    page = next(number for number, label in choices(first).items() if "https://" in label)
    address = choices(first)[page].rpartition(" ")[2]
    for _ in range(2):
        assert await answered(zalo, zalo.says(page)) == knowledge.say("open_page", url=address)
    step = next(number for number, label in choices(first).items() if label == "Giấy tờ")
    assert "giấy tờ" in (await answered(zalo, zalo.says(step))).lower()
    await zalo.until(lambda: zalo.typing_in[AN] >= 4)


async def meet_what_is_no_text(zalo: FakeZaloBot, knowledge: Knowledge) -> None:
    """Send a sticker, something that is withheld, and a voice."""
    for kind, key in (("sticker", "unreadable"), ("unsupported", "withheld"), ("voice", "unreadable")):
        answer = await answered(zalo, zalo.sends(kind))
        assert answer.startswith(knowledge.say(key))
        assert choices(answer)
