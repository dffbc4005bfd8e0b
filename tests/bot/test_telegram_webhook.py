"""Telegram's webhook in the whole application: who is let in, what is stored, when it is told «received»."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port

from bot.app import create_app
from bot.config import Config
from bot.fakes.telegram import TOKEN, FakeTelegram
from intents.knowledge import Knowledge
from storage.migrate import upgrade

SECRET = "a-Secret_1"
GOOD = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
QUESTION = "đăng ký khai sinh cần giấy tờ gì"


class Door:
    """The webhook of a running application, and what lies behind it."""

    def __init__(self, url: str, session: ClientSession, database: Path) -> None:
        self.url, self.session, self.database = url, session, database

    async def post(self, body: object, headers: dict[str, str] | None = None) -> int:
        """Knock as Telegram does, by default with the right secret; return the status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(GOOD if headers is None else headers)}
        async with self.session.post(self.url, data=data, headers=given) as response:
            return response.status

    def stored(self) -> list[str]:
        """Return the receipts in the order of storing."""
        with closing(sqlite3.connect(self.database)) as connection:
            return [row[0] for row in connection.execute("SELECT message_id FROM inbox ORDER BY id")]


Open = Callable[[str], AbstractAsyncContextManager[Door]]


@pytest.fixture
def open_door(fake: FakeTelegram, knowledge: Knowledge, tmp_path: Path) -> Open:
    fake.pushing = False

    @asynccontextmanager
    async def open_door(database_url: str) -> AsyncIterator[Door]:
        port = unused_port()
        settings = {
            "database_url": database_url,
            "secret_key": "a secret for tests",
            "public_url": f"http://127.0.0.1:{port}",
            "telegram_token": TOKEN,
            "telegram_api_url": fake.url,
            "telegram_mode": "webhook",
            "telegram_webhook_secret": SECRET,
            "telegram_rate_per_s": 1000,
            "telegram_chat_rate_per_s": 1000,
        }
        app = create_app(Config.model_validate(settings), knowledge)
        async with TestServer(app, port=port), ClientSession() as session:
            yield Door(f"http://127.0.0.1:{port}/webhook/telegram", session, tmp_path / "bot.db")

    return open_door


@pytest.fixture
async def door(open_door: Open, sqlite_url: str) -> AsyncIterator[Door]:
    await upgrade(sqlite_url)
    async with open_door(sqlite_url) as door:
        yield door


async def test_who_does_not_know_the_secret_is_sent_away(door: Door, fake: FakeTelegram) -> None:
    update = await fake.says(QUESTION)
    wrong = [{}, {"X-Telegram-Bot-Api-Secret-Token": ""}, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}]
    assert [await door.post(update, headers) for headers in wrong] == [403] * 3
    assert await knock_with_bytes(door, b"\xff\xfe") == 403
    assert not door.stored()


async def knock_with_bytes(door: Door, secret: bytes) -> int:
    """Post with a header that is no text, which no client of good manners sends."""
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /webhook/telegram HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
    writer.write(head + b"X-Telegram-Bot-Api-Secret-Token: " + secret + b"\r\n\r\n{}")
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_what_is_too_large_is_refused(door: Door, fake: FakeTelegram) -> None:
    update = await fake.says("a" * 300_000)
    assert await door.post(update) == 413
    assert not door.stored()


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"update_id": "one"}',
    b'{"update_id": 1, "message": {"text": "a"}}',
    b'{"update_id": 1, "message": {"chat": {"id": 5001, "type": "private"}, "text": ["a"]}}',
    b'{"update_id": 1, "message": {"chat": {"id": 5001, "type": "private"}, "text": "\\ud83d"}}',
    b"\xff\xfe",
    b"[" * 100_000,
]


async def test_what_is_malformed_is_refused(door: Door) -> None:
    assert {body[:80]: await door.post(body) for body in MALFORMED} == {body[:80]: 400 for body in MALFORMED}
    assert not door.stored()


async def test_what_concerns_nobody_is_taken_and_not_stored(door: Door, fake: FakeTelegram) -> None:
    kinds: dict[str, Any] = {
        "edited_message": (await fake.says("sửa"))["message"],
        "channel_post": {"chat": {"id": -1001, "type": "channel"}, "text": "tin"},
        "message": {"chat": {"id": -1002, "type": "supergroup"}, "text": "khai sinh"},
        "hologram_call": {"id": "1"},
    }
    for number, (kind, what) in enumerate(kinds.items(), 1):
        assert await door.post({"update_id": number, kind: what}) == 200
    assert not door.stored()


async def test_the_same_update_three_times_is_answered_once(door: Door, fake: FakeTelegram) -> None:
    update = await fake.says(QUESTION)
    assert [await door.post(update) for _ in range(3)] == [200] * 3
    other = await fake.says(QUESTION, person=5002)
    await asyncio.gather(*(door.post(other) for _ in range(3)))
    await fake.until(lambda: fake.texts_to(5001) and fake.texts_to(5002))
    last = await fake.says("/start")
    await door.post(last)
    await fake.until(lambda: len(fake.texts_to(5001)) == 2)
    assert len(fake.texts_to(5002)) == 1
    assert len(door.stored()) == 3


async def test_updates_out_of_order_are_all_answered(door: Door, fake: FakeTelegram) -> None:
    updates = [await fake.says(text) for text in (QUESTION, "lệ phí bao nhiêu", "/start")]
    for update in reversed(updates):
        assert await door.post(update) == 200
    await fake.until(lambda: len(fake.texts_to(5001)) == 3)
    assert door.stored() == [str(update["update_id"]) for update in reversed(updates)]


async def test_a_tap_is_answered_and_its_spinner_stopped(door: Door, fake: FakeTelegram) -> None:
    tap = await fake.taps("service:1.001193")
    assert await door.post(tap) == 200
    await fake.until(lambda: fake.taps_answered and fake.texts_to(5001))
    assert fake.taps_answered == [tap["callback_query"]["id"]]


async def test_without_a_database_telegram_is_told_to_try_again(open_door: Open, fake: FakeTelegram) -> None:
    async with open_door(f"postgresql+asyncpg://nobody@127.0.0.1:{unused_port()}/nowhere") as door:
        assert await door.post(await fake.says(QUESTION)) == 503
        assert await door.post(await fake.taps("ask:fee")) == 503
    assert not fake.taps_answered
