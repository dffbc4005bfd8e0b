"""A Zalo official account in the whole application: who is believed, what is stored, what is answered."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port

from bot.app import create_app
from bot.config import Config
from bot.fakes.zalo_oa import (
    AN,
    APP_ID,
    APP_SECRET,
    CS,
    OA_ID,
    TOKENS,
    WEBHOOK_SECRET,
    FakeZaloOA,
    fake_zalo_oa,
    refused,
)
from intents.knowledge import Knowledge
from storage.migrate import upgrade

QUESTION = "đăng ký khai sinh cần giấy tờ gì"
BINH = "246845883529197999"


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with fake_zalo_oa(retries=(0.1,) * 50) as zalo:
        yield zalo


class House:
    """The running application and what lies behind it."""

    def __init__(self, url: str, session: ClientSession, database: Path) -> None:
        self.url, self.session, self.database = url, session, database

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        given = {"Content-Type": "application/json", **headers}
        async with self.session.post(f"{self.url}/webhook/zalo-oa", data=body, headers=given) as response:
            assert not await response.read()
            return response.status

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def received(self) -> int:
        return len(self.rows("SELECT id FROM inbox"))


Open = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def open_house(zalo: FakeZaloOA, knowledge: Knowledge, tmp_path: Path) -> Open:
    @asynccontextmanager
    async def open_house(database_url: str, **settings: object) -> AsyncIterator[House]:
        port = unused_port()
        url = f"http://127.0.0.1:{port}"
        needed = {
            "database_url": database_url,
            "secret_key": "a secret for tests",
            "public_url": url,
            "zalo_oa_app_id": APP_ID,
            "zalo_oa_app_secret": APP_SECRET,
            "zalo_oa_webhook_secret": WEBHOOK_SECRET,
            "zalo_oa_refresh_token": zalo.tokens.refresh,
            "zalo_oa_id": OA_ID,
            "zalo_oa_api_url": zalo.url,
            "zalo_oa_oauth_url": zalo.url,
            "zalo_oa_rate_per_s": 1000,
            "zalo_oa_chat_rate_per_s": 1000,
            "zalo_site_verification": "AbC-123",
        }
        app = create_app(Config.model_validate(needed | settings), knowledge)
        async with TestServer(app, port=port), ClientSession() as session:
            zalo.webhook = f"{url}/webhook/zalo-oa"
            yield House(url, session, tmp_path / "bot.db")
            zalo.webhook = ""

    return open_house


@pytest.fixture
async def house(open_house: Open, sqlite_url: str) -> AsyncIterator[House]:
    await upgrade(sqlite_url)
    async with open_house(sqlite_url) as house:
        yield house


async def until(condition: Callable[[], object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is in a database
            await asyncio.sleep(0.01)


# A conversation


async def test_who_follows_asks_taps_and_types_a_number_is_answered_each_time(
    house: House, zalo: FakeZaloOA
) -> None:
    await zalo.follows()
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 1)
    await zalo.says(QUESTION)
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 2)
    assert "khai sinh" in zalo.sent[-1].text.lower()
    await zalo.taps(zalo.sent[-1].buttons[0]["payload"])
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 3)
    await zalo.says("2")
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 4)
    assert len(set(zalo.texts_to(AN))) == 4
    assert zalo.tokens.refreshes == 1, "the first token was exchanged once"
    await until(lambda: not zalo.pending)
    assert house.received() == 4, "our own words came back as echoes and were passed over"


async def test_a_photo_is_neither_fetched_nor_stored_and_its_caption_is_answered(
    house: House, zalo: FakeZaloOA
) -> None:
    await zalo.sends("image", url="https://files.example.vn/private.jpg")
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 1)
    assert "micro" in zalo.sent[-1].text
    assert zalo.sent[-1].buttons[-1]["payload"] == "#topic:person"
    await zalo.sends("image", text=QUESTION)
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 2)
    assert "khai sinh" in zalo.sent[-1].text.lower()
    stored = "\n".join(str(row) for row in house.rows("SELECT * FROM inbox"))
    assert "private" not in stored


async def test_who_unfollows_is_marked_and_who_withdraws_is_erased(house: House, zalo: FakeZaloOA) -> None:
    await zalo.says(QUESTION)
    await zalo.until(lambda: zalo.texts_to(AN))
    await zalo.unfollows()
    await until(lambda: house.rows("SELECT 1 FROM addresses WHERE blocked_at IS NOT NULL"))
    await zalo.follows()
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 2)
    assert house.rows("SELECT blocked_at FROM addresses") == [(None,)]
    await zalo.withdraws()
    await until(lambda: not house.rows("SELECT 1 FROM people"))
    assert len(zalo.texts_to(AN)) == 2, "nothing is said to who has withdrawn"


async def test_while_a_human_answers_we_are_silent(house: House, zalo: FakeZaloOA) -> None:
    await zalo.says(QUESTION)
    await zalo.until(lambda: zalo.texts_to(AN))
    await zalo.staff_says("Chào bác, cháu xem giúp bác.")
    await until(lambda: house.rows("SELECT 1 FROM journal WHERE name = 'person:taken_over'"))
    await zalo.says("lệ phí bao nhiêu")
    await zalo.until(lambda: "Cán bộ đang trả lời" in zalo.texts_to(AN)[-1])
    said = len(zalo.texts_to(AN))
    await zalo.says("còn giấy tờ gì nữa")
    await zalo.says("1")
    await zalo.until(lambda: len(zalo.texts_to(AN)) == said + 1)
    assert "Tôi đây" in zalo.texts_to(AN)[-1]


# Who is believed


async def test_the_consoles_check_is_answered_and_nothing_unsigned_is_processed(
    house: House, zalo: FakeZaloOA
) -> None:
    assert await zalo.checks_webhook() == 200
    event = await unposted(zalo, QUESTION)
    raw, good = zalo.signed(event)
    wrong = [
        {},
        {"X-ZEvent-Signature": "mac=" + "0" * 64},
        {"X-ZEvent-Signature": good["X-ZEvent-Signature"][:-1]},
    ]
    assert [await house.post(raw, headers) for headers in wrong] == [200] * 3
    assert await house.post(raw.replace(b"khai", b"tam "), good) == 200
    assert house.received() == 0
    assert await house.post(raw, good) == 200
    assert house.received() == 1


async def unposted(zalo: FakeZaloOA, text: str, **changes: object) -> dict[str, Any]:
    """Let a person write and keep the event from being posted."""
    zalo.pushing = False
    event = await zalo.says(text)
    zalo.pending.clear()
    zalo._fresh.clear()  # noqa: SLF001 - posted by hand
    zalo.pushing = True
    return {**event, **changes}


async def test_another_app_another_account_and_what_is_days_old_are_passed_over(
    house: House, zalo: FakeZaloOA
) -> None:
    old = str(int((time.time() - dt.timedelta(days=3).total_seconds()) * 1000))
    for changes in ({"app_id": "1"}, {"recipient": {"id": "77"}}, {"timestamp": old}):
        raw, headers = zalo.signed(await unposted(zalo, QUESTION, **changes))
        assert await house.post(raw, headers) == 200
    assert house.received() == 0


async def test_a_replay_is_answered_once(house: House, zalo: FakeZaloOA) -> None:
    raw, headers = zalo.signed(await unposted(zalo, QUESTION))
    assert await asyncio.gather(*(house.post(raw, headers) for _ in range(8))) == [200] * 8
    await zalo.until(lambda: zalo.texts_to(AN))
    await zalo.says("/start", BINH)
    await zalo.until(lambda: zalo.texts_to(BINH))
    assert len(zalo.texts_to(AN)) == 1


MALFORMED = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"app_id": 1}', b'{"a":' * 50_000]


async def test_what_is_malformed_gets_200_and_is_gone(house: House) -> None:
    assert [await house.post(raw, {"X-ZEvent-Signature": "mac=0"}) for raw in MALFORMED] == [200] * len(
        MALFORMED
    )
    assert house.received() == 0


async def test_ten_megabytes_are_refused(house: House) -> None:
    async with house.session.post(
        f"{house.url}/webhook/zalo-oa", data=io.BytesIO(b"a" * 10_000_000)
    ) as response:
        assert response.status == 413


async def test_the_page_that_proves_the_domain_holds_the_code(house: House) -> None:
    async with house.session.get(f"{house.url}/zalo_verifierAbC-123.html") as response:
        assert 'name="zalo-platform-site-verification" content="AbC-123"' in await response.text()


async def test_without_a_database_zalo_is_told_to_try_again_and_does(
    open_house: Open, zalo: FakeZaloOA, sqlite_url: str
) -> None:
    async with open_house(f"postgresql+asyncpg://nobody@127.0.0.1:{unused_port()}/nowhere"):
        await zalo.says(QUESTION)
        await zalo.until(lambda: zalo.pushes)
    assert {status for _, status in zalo.pushes} <= {503, 0}
    await upgrade(sqlite_url)
    async with open_house(sqlite_url):
        await zalo.until(lambda: zalo.texts_to(AN))


# Bad days of Zalo


async def test_a_token_that_expires_between_two_sends_is_renewed(house: House, zalo: FakeZaloOA) -> None:
    await zalo.says(QUESTION)
    await zalo.until(lambda: zalo.texts_to(AN))
    zalo.tokens.expire()
    await zalo.says("lệ phí bao nhiêu")
    await zalo.until(lambda: len(zalo.texts_to(AN)) == 2)
    assert zalo.tokens.refreshes == 2
    assert house.rows("SELECT count(*) FROM outbox WHERE attempts > 0") == [(0,)]


async def test_a_spent_refresh_token_loses_nothing_and_sounds_an_alarm(
    open_house: Open, zalo: FakeZaloOA, sqlite_url: str
) -> None:
    await upgrade(sqlite_url)
    zalo.tokens.empty_when_spent = True
    async with open_house(sqlite_url, zalo_oa_refresh_token="used-long-ago") as house:
        await zalo.says(QUESTION)
        await until(lambda: house.rows("SELECT 1 FROM alarms WHERE name = 'zalo_oa token'"))
        await until(lambda: house.rows("SELECT 1 FROM outbox WHERE error = 'unusable'"))
        assert zalo.texts_to(AN) == []
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as connection:
        connection.execute("UPDATE outbox SET next_try_at = created_at")  # a minute later
        connection.commit()
    async with open_house(sqlite_url, zalo_oa_refresh_token=zalo.tokens.refresh):
        await zalo.until(lambda: zalo.texts_to(AN))


async def test_where_buttons_are_refused_the_same_is_said_in_numbers(house: House, zalo: FakeZaloOA) -> None:
    zalo.buttons_allowed = False
    await zalo.says(QUESTION)
    await zalo.until(lambda: zalo.texts_to(AN))
    assert "\n1. " in zalo.sent[-1].text
    assert house.rows("SELECT 1 FROM outbox WHERE failed_at IS NOT NULL") == []


async def test_who_blocks_the_account_is_marked(house: House, zalo: FakeZaloOA) -> None:
    zalo.next(CS, refused(-213))
    await zalo.says(QUESTION)
    await until(lambda: house.rows("SELECT 1 FROM journal WHERE name = 'person:blocked'"))


async def test_an_oauth_server_that_answers_nonsense_is_no_loss(house: House, zalo: FakeZaloOA) -> None:
    await zalo.until(lambda: zalo.tokens.refreshes == 1)
    zalo.tokens.expire()
    zalo.next(TOKENS, nonsense)
    await zalo.says(QUESTION)
    await zalo.until(lambda: zalo.texts_to(AN))
    assert json.loads(house.rows("SELECT body FROM outbox")[0][0])


async def nonsense(_request: object, _act: object) -> object:
    return ["not", "an", "object"]
