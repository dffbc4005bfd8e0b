"""The webhook of a Zalo bot in the whole application: who is let in, what is stored, when it is told so."""

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
from bot.fakes.zalo_bot import AN, TOKEN, FakeZaloBot, fake_zalo_bot
from intents.knowledge import Knowledge
from storage.migrate import upgrade

SECRET = "a-Secret_1"
HEADER = "X-Bot-Api-Secret-Token"
GOOD = {HEADER: SECRET}
QUESTION = "đăng ký khai sinh cần giấy tờ gì"
BINH = "7700010001aabbccddee"


class Door:
    """The webhook of a running application, and what lies behind it."""

    def __init__(self, url: str, session: ClientSession, database: Path) -> None:
        self.url, self.session, self.database = url, session, database

    async def post(self, body: object, headers: dict[str, str] | None = None) -> int:
        """Knock as Zalo does, by default with the right secret; return the status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(GOOD if headers is None else headers)}
        async with self.session.post(self.url, data=data, headers=given) as response:
            return response.status

    def stored(self) -> list[tuple[str, str]]:
        """Return kind and text of the receipts in the order of storing."""
        with closing(sqlite3.connect(self.database)) as connection:
            return [*connection.execute("SELECT kind, text FROM inbox ORDER BY id")]


Open = Callable[[str], AbstractAsyncContextManager[Door]]


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloBot]:
    async with fake_zalo_bot(pushing=False, pinging=False) as zalo:
        yield zalo


@pytest.fixture
def open_door(zalo: FakeZaloBot, knowledge: Knowledge, tmp_path: Path) -> Open:
    @asynccontextmanager
    async def open_door(database_url: str) -> AsyncIterator[Door]:
        port = unused_port()
        settings = {
            "database_url": database_url,
            "secret_key": "a secret for tests",
            "public_url": f"http://127.0.0.1:{port}",
            "zalo_bot_token": TOKEN,
            "zalo_bot_api_url": zalo.url,
            "zalo_bot_mode": "webhook",
            "zalo_bot_webhook_secret": SECRET,
            "zalo_bot_rate_per_s": 1000,
            "zalo_bot_chat_rate_per_s": 1000,
        }
        app = create_app(Config.model_validate(settings), knowledge)
        async with TestServer(app, port=port), ClientSession() as session:
            yield Door(f"http://127.0.0.1:{port}/webhook/zalo-bot", session, tmp_path / "bot.db")

    return open_door


@pytest.fixture
async def door(open_door: Open, sqlite_url: str) -> AsyncIterator[Door]:
    await upgrade(sqlite_url)
    async with open_door(sqlite_url) as door:
        yield door


async def test_who_does_not_know_the_secret_is_sent_away(door: Door, zalo: FakeZaloBot) -> None:
    event = await zalo.says(QUESTION)
    wrong = [{}, {HEADER: ""}, {HEADER: SECRET + "x"}, {HEADER: SECRET.upper()}]
    assert [await door.post(event, headers) for headers in wrong] == [403] * 4
    assert await knock_with_bytes(door, b"\xff\xfe") == 403
    assert await knock_with_bytes(door, SECRET.encode() + b"\xff") == 403
    assert not door.stored()


async def knock_with_bytes(door: Door, secret: bytes) -> int:
    """Post with a header that is no text, which no client of good manners sends."""
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /webhook/zalo-bot HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
    writer.write(head + HEADER.encode() + b": " + secret + b"\r\n\r\n{}")
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_what_is_too_large_is_refused(door: Door, zalo: FakeZaloBot) -> None:
    assert await door.post(await zalo.says("a" * 300_000)) == 413
    assert not door.stored()


STRANGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"ping",
    b'{"ok": true, "result": {}}',
    b'{"event_name": "message.text.received"}',
    b'{"event_name": "message.text.received", "message": {"text": "a"}}',
    b'{"event_name": "message.text.received", "message": {"chat": {"id": "1"}, "text": ["a"]}}',
    b"\xff\xfe",
    b"[" * 100_000,
    b"9" * 10_000,
]


async def test_who_knows_the_secret_is_told_received_whatever_it_is(door: Door) -> None:
    """So the service may try out the address with whatever it likes."""
    assert {body[:60]: await door.post(body) for body in STRANGE} == {body[:60]: 200 for body in STRANGE}
    assert not door.stored()


async def test_what_concerns_nobody_is_taken_and_not_stored(door: Door, zalo: FakeZaloBot) -> None:
    ours: dict[str, Any] = {"from": {"id": "1459232241454765289", "display_name": "Bot", "is_bot": True}}
    events = [await zalo.says("Chào", **ours), await zalo.happens("bot.joined.group")]
    assert [await door.post(event) for event in events] == [200] * 2
    assert not door.stored()


async def test_the_same_message_three_times_is_answered_once(door: Door, zalo: FakeZaloBot) -> None:
    event = await zalo.says(QUESTION)
    bare, wrapped = event, {"ok": True, "result": event}
    assert [await door.post(body) for body in (bare, wrapped, bare)] == [200] * 3
    other = await zalo.says(QUESTION, BINH)
    await asyncio.gather(*(door.post(other) for _ in range(3)))
    await zalo.until(lambda: zalo.texts_to(AN) and zalo.texts_to(BINH))
    await door.post(await zalo.says("cảm ơn"))
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 2)
    assert len(zalo.texts_to(BINH)) == 1
    assert len(door.stored()) == 3


async def test_numbers_beyond_what_a_float_holds_stay_two_messages(door: Door, zalo: FakeZaloBot) -> None:
    chat = {"id": 2**60, "chat_type": "PRIVATE"}
    for number in (2**60, 2**60 + 1):
        event = await zalo.says(QUESTION, str(2**60), message_id=number, chat=chat)
        assert await door.post(event) == 200
    await zalo.until(lambda: len(zalo.texts_to(str(2**60))) == 2)


async def test_what_was_sent_is_stored_without_any_address(door: Door, zalo: FakeZaloBot) -> None:
    events = [
        await zalo.sends("image", caption="giấy này"),
        await zalo.sends("sticker"),
        await zalo.sends("voice"),
        await zalo.sends("unsupported"),
        await zalo.says("@Bot khai sinh", chat={"id": "a-group", "chat_type": "GROUP"}),
        await zalo.says("nửa chữ \ud83d"),
    ]
    assert [await door.post(event) for event in events] == [200] * 6
    assert door.stored() == [
        ("unreadable", "giấy này"),
        ("unreadable", ""),
        ("unreadable", ""),
        ("withheld", ""),
        ("group", ""),
        ("text", "nửa chữ ?"),
    ]


async def test_a_group_is_shown_the_way_once(door: Door, zalo: FakeZaloBot, knowledge: Knowledge) -> None:
    group: Any = {"id": BINH, "chat_type": "GROUP"}
    for _ in range(2):
        await door.post(await zalo.says(QUESTION, AN, chat=group))
    await zalo.says("Chào", BINH)  # only makes the group known
    await door.post(await zalo.says("cảm ơn", AN))
    await zalo.until(lambda: zalo.texts_to(BINH) and zalo.texts_to(AN))
    assert len(zalo.texts_to(BINH)) == 1
    assert zalo.texts_to(BINH)[0].startswith(knowledge.say("group"))


async def test_without_a_database_zalo_is_told_to_try_again(open_door: Open, zalo: FakeZaloBot) -> None:
    async with open_door(f"postgresql+asyncpg://nobody@127.0.0.1:{unused_port()}/nowhere") as door:
        assert await door.post(await zalo.says(QUESTION)) == 503
        assert await door.post(b"{}") == 200
    assert not zalo.typing_in
