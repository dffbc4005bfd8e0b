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
from tests.bot.parts import bytes_on_disk

SECRET = "a-Secret_1"
GOOD = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
GROUP = -1_001_234_567_890
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

    async def until_blocked(self, number: int) -> None:
        """Wait until so many cannot be reached."""
        async with asyncio.timeout(15):
            while self._blocked() != number:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)

    def _blocked(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT count(*) FROM addresses WHERE blocked_at IS NOT NULL"
            return int(connection.execute(query).fetchone()[0])

    def keeps(self, words: str) -> bool:
        """Tell whether words stand anywhere in the files of the database."""
        return words.encode() in bytes_on_disk(f"sqlite:///{self.database}")


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


NO_UPDATES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"update_id": "one"}',
    b'{"message": {"chat": {"id": 5001, "type": "private"}, "text": "a"}}',
    b'{"update_id": 1, "message": {"chat": {"id": 5001, "type": "private"}, "text": "\\ud83d"}}',
    b"\xff\xfe",
    b"[" * 100_000,
]
UNREADABLE: list[dict[str, Any]] = [
    {"message": {"text": "a"}},
    {"message": {"chat": {"id": 5001, "type": "private"}, "text": ["a"]}},
    {"message": {"chat": "everywhere", "text": "a"}},
    {"callback_query": {"id": {}}},
]


async def test_what_is_no_update_is_refused(door: Door) -> None:
    assert {body[:80]: await door.post(body) for body in NO_UPDATES} == {
        body[:80]: 400 for body in NO_UPDATES
    }
    assert not door.stored()


async def test_an_update_that_cannot_be_read_holds_up_nobody(door: Door) -> None:
    """Telegram would send it again for a day, and what the person writes next would wait behind it."""
    for number, update in enumerate(UNREADABLE, 1):
        assert await door.post({"update_id": number} | update) == 200
    assert not door.stored()


async def test_what_concerns_nobody_is_taken_and_not_stored(door: Door, fake: FakeTelegram) -> None:
    wrote = await fake.says("khai sinh")
    group = {"id": -1002, "type": "supergroup"}
    updates: list[dict[str, Any]] = [
        await fake.edits(wrote, "khai tử", seconds=16 * 60),
        await fake.returns(5001),
        await fake.says_in(-1002, "mai họp thôn nhé"),
        await fake.happens("channel_post", {"chat": {"id": -1001, "type": "channel"}, "text": "tin"}),
        await fake.happens("message", {"chat": group | {"type": "hologram_room"}, "text": "@made_up_bot"}),
        await fake.happens("hologram_call", {"id": 2**70}),
    ]
    assert [await door.post(update) for update in updates] == [200] * len(updates)
    assert not door.stored()


async def test_an_update_of_a_newer_interface_is_answered(door: Door, fake: FakeTelegram) -> None:
    person = 2**60 + 1
    chat = {"id": person, "type": "private", "aura": {"of": [2**80]}}
    message = {"message_id": 2**70, "chat": chat, "date": 2**60, "text": QUESTION, "hologram": None}
    update = await fake.happens("message", message, person) | {"hologram_id": 2**90, "seal": "x"}
    assert await door.post(update) == 200
    await fake.until(lambda: fake.texts_to(person))


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


# Groups


async def test_a_group_is_shown_the_way_once_and_nothing_that_was_said_there_is_stored(
    door: Door, fake: FakeTelegram
) -> None:
    said = "@made_up_bot tôi là Ma Văn Thử"
    await door.post(await fake.says_in(GROUP, said, message_thread_id=41, is_topic_message=True))
    await fake.until(lambda: fake.texts_to(GROUP))
    await door.post(await fake.says_in(GROUP, "/mucdo@made_up_bot"))
    await door.post(await fake.adds(GROUP))
    await door.post(await fake.says("/start group"))
    await fake.until(lambda: fake.texts_to(5001))
    (way,) = (sent for sent in fake.sent if sent.chat_id == GROUP)
    assert (way.thread, way.buttons[0][0]["url"]) == (41, "https://t.me/made_up_bot?start=group")
    assert len(door.stored()) == 4
    assert not door.keeps("Ma Văn Thử")


async def test_a_group_that_removes_us_is_noted(door: Door, fake: FakeTelegram) -> None:
    assert await door.post(await fake.adds(GROUP)) == 200
    await fake.until(lambda: fake.texts_to(GROUP))
    assert await door.post(await fake.removes(GROUP)) == 200
    await door.until_blocked(1)


async def test_who_blocks_us_is_noted_and_comes_back_by_writing(door: Door, fake: FakeTelegram) -> None:
    await door.post(await fake.says(QUESTION))
    await fake.until(lambda: fake.texts_to(5001))
    await door.post(await fake.blocks(5001))
    await door.until_blocked(1)
    await fake.returns(5001)
    await door.post(await fake.says("/start"))
    await fake.until(lambda: len(fake.texts_to(5001)) == 2)
    await door.until_blocked(0)


# What is never kept


PRIVATE_THINGS = {
    "contact": {"phone_number": "84900000001", "first_name": "Ma Văn Thử", "vcard": "TEL:84900000001"},
    "photo": [{"file_id": "secret-file-1", "file_unique_id": "secret-unique-1", "width": 1, "height": 1}],
    "voice": {"file_id": "secret-file-2", "file_unique_id": "secret-unique-2", "duration": 1},
    "document": {
        "file_id": "secret-file-3",
        "file_unique_id": "secret-unique-3",
        "file_name": "secret-name.pdf",
    },
    "video_note": {
        "file_id": "secret-file-4",
        "file_unique_id": "secret-unique-4",
        "length": 1,
        "duration": 1,
    },
    "sticker": {"file_id": "secret-file-5", "file_unique_id": "secret-unique-5"},
    "location": {"latitude": 21.987654, "longitude": 105.123456},
    "venue": {
        "location": {"latitude": 21.987654, "longitude": 105.123456},
        "title": "secret-name",
        "address": "x",
    },
    "poll": {"id": "secret-poll", "question": "secret-name"},
    "dice": {"emoji": "🎲", "value": 6},
    "hologram": {"shape": "secret-shape"},
}


async def test_what_is_not_text_is_answered_and_nothing_of_it_is_kept_or_fetched(
    door: Door, fake: FakeTelegram, capfd: pytest.CaptureFixture[str]
) -> None:
    for person, (kind, what) in enumerate(PRIVATE_THINGS.items(), 6001):
        chat = {"id": person, "type": "private"}
        message = {"message_id": 1, "date": 0, "chat": chat, kind: what, "caption": "số tôi 0900 000 001"}
        assert await door.post(await fake.happens("message", message, person)) == 200
    await fake.until(lambda: len({sent.chat_id for sent in fake.sent}) == len(PRIVATE_THINGS))
    logged = "".join(capfd.readouterr())
    for secret in ("secret-", "84900000001", "0900 000 001", "Ma Văn Thử", "21.98", "105.12"):
        assert not door.keeps(secret), secret
        assert secret not in logged
    assert not fake.called("getfile")


# Who answers


async def test_a_process_that_does_not_set_the_webhook_still_takes_what_is_posted(
    open_door: Open, sqlite_url: str, fake: FakeTelegram
) -> None:
    """A rolling change: both processes listen, one of them holds the lease."""
    await upgrade(sqlite_url)
    async with open_door(sqlite_url) as old:
        await fake.until(lambda: fake.called("setwebhook"))
        async with open_door(sqlite_url) as new:
            update = await fake.says(QUESTION)
            assert [await door.post(update) for door in (old, new)] == [200] * 2
            await fake.until(lambda: fake.texts_to(5001))
    assert fake.called("setwebhook") == 1
    assert len(fake.texts_to(5001)) == 1
