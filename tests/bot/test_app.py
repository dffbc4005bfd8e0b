"""The whole application over real HTTP on loopback, with what citizens get as its content."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.app import MAX_BODY, create_app
from bot.config import Config
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from tests.bot.parts import bytes_on_disk

Client = TestClient[web.Request, web.Application]
Open = Callable[[str], Awaitable[Client]]
JSON = {"Accept": "application/json"}
QUESTION = "làm giấy khai sinh cho con cần giấy tờ gì"
ERASE = "xóa dữ liệu của tôi"
FAREWELL = "Đã xóa các câu đã nhắn"


@pytest.fixture
async def browse(knowledge: Knowledge) -> AsyncIterator[Open]:
    """Return what opens a browser on the application over a database."""
    clients: list[Client] = []

    async def browse(url: str) -> Client:
        config = Config.model_validate({"database_url": url, "secret_key": "a secret of the tests"})
        server = TestServer(create_app(config, knowledge))
        clients.append(TestClient(server, cookie_jar=CookieJar(unsafe=True)))
        await clients[-1].start_server()
        return clients[-1]

    yield browse
    for client in clients:
        await client.close()


@pytest.fixture
async def client(browse: Open, sqlite_url: str) -> Client:
    """Open a browser on the application over an SQLite file."""
    await upgrade(sqlite_url)
    return await browse(sqlite_url)


async def say(client: Client, words: str, **more: str) -> dict[str, Any]:
    """Send a message as the page's script does."""
    response = await client.post("/chat", data={"id": uuid.uuid4().hex, "text": words, **more}, headers=JSON)
    assert response.status == 200
    news: dict[str, Any] = await response.json()
    assert news["answered"]
    return news


async def page(response: ClientResponse) -> str:
    assert response.status == 200
    return unescape(await response.text())


def form(shown: str, words: str) -> dict[str, str]:
    """Fill in the form of a page as a browser without a script does."""
    hidden = shown[shown.index('id="composer"') :].partition("</form>")[0]
    return {**dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', hidden)), "text": words}


# Addresses


async def test_the_first_page_greets(client: Client, knowledge: Knowledge) -> None:
    shown = await page(await client.get("/"))
    assert knowledge.say("web.title") in shown
    assert "composer" in shown


async def test_alive_and_ready(client: Client, knowledge: Knowledge) -> None:
    assert (await client.get("/healthz")).status == 200
    response = await client.get("/readyz")
    assert response.status == 200
    assert await response.json() == {
        "status": "ready",
        "services": len(knowledge.content.catalogue.services),
        "corrections": 0,
        "oldest_unsent_s": 0,
        "oldest_unhandled_s": 0,
    }


@pytest.mark.parametrize("path", ["/admin", "/.env", "/staff/../../etc/passwd", "/webhook/telegram", "/%00"])
async def test_an_unknown_address_is_not_found(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_a_wrong_method_is_refused(client: Client) -> None:
    assert (await client.delete("/healthz")).status == 405


async def test_what_is_too_large_is_refused_and_the_service_goes_on(
    client: Client, knowledge: Knowledge
) -> None:
    response = await client.post("/chat", data={"text": "a" * MAX_BODY}, headers=JSON)
    assert response.status == 413
    assert await response.json() == {"notice": knowledge.say("web.too_long")}
    assert (await client.get("/readyz")).status == 200


# The database goes and comes back


@contextlib.asynccontextmanager
async def gone(server: str, url: str) -> AsyncIterator[None]:
    """Take a PostgreSQL database away as long as the context is open."""
    name = str(make_url(url).database)
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")

    async def rename(old: str, new: str) -> None:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"ALTER DATABASE {old} ALLOW_CONNECTIONS false")
            await connection.execute(kill, {"name": old})
            await connection.exec_driver_sql(f"ALTER DATABASE {old} RENAME TO {new}")
            await connection.exec_driver_sql(f"ALTER DATABASE {new} ALLOW_CONNECTIONS true")

    await rename(name, f"{name}_away")
    try:
        yield
    finally:
        await rename(f"{name}_away", name)
        await engine.dispose()


@pytest.mark.postgresql
async def test_without_its_database_it_is_alive_not_ready_and_recovers(
    browse: Open, postgresql_url: str, postgresql_server: str
) -> None:
    await upgrade(postgresql_url)
    client = await browse(postgresql_url)
    await say(client, QUESTION)
    async with gone(postgresql_server, postgresql_url):
        assert (await client.get("/healthz")).status == 200
        response = await client.get("/readyz")
        assert response.status == 503
        assert await response.json() == {"status": "database unavailable"}
        refused = await client.post("/chat", data={"text": QUESTION}, headers=JSON)
        assert refused.status == 503
        assert refused.headers["Retry-After"]
    assert (await client.get("/readyz")).status == 200
    shown = await page(await client.get("/"))
    assert QUESTION in shown


# A conversation


async def test_a_question_is_answered_with_source_and_next_steps(client: Client) -> None:
    news = await say(client, QUESTION)
    person, assistant = news["lines"]
    assert person["text"] == QUESTION
    assert "khai sinh" in assistant["text"].lower()
    assert "Nguồn: Cổng Dịch vụ công quốc gia" in assistant["text"]
    assert "trợ lý tự động" in assistant["text"]
    assert assistant["buttons"]


async def test_a_conversation_goes_on_by_word_and_by_button(client: Client) -> None:
    first = await say(client, QUESTION)
    button = first["lines"][1]["buttons"][0]
    tapped = await say(client, "", payload=button["payload"], after=str(first["lines"][-1]["number"]))
    assert tapped["lines"][0]["text"] == button["label"]
    typed = await say(client, "thế lệ phí bao nhiêu", after=str(tapped["lines"][-1]["number"]))
    assert "lệ phí" in typed["lines"][-1]["text"].lower()
    assert "khai sinh" in typed["lines"][-1]["text"].lower()


async def test_without_a_script_the_page_shows_the_same(client: Client) -> None:
    shown = await page(await client.get("/"))
    shown = await page(await client.post("/chat", data=form(shown, QUESTION)))
    assert QUESTION in shown
    assert "Nguồn: Cổng Dịch vụ công quốc gia" in shown


async def test_personal_numbers_come_back_masked_and_are_nowhere_stored(
    client: Client, sqlite_url: str
) -> None:
    news = await say(client, "cccd 024099001234 làm khai sinh cho con cần gì")
    assert "024099001234" not in str(news)
    assert "[•••]" in news["lines"][0]["text"]
    assert b"024099001234" not in bytes_on_disk(sqlite_url)


async def test_a_page_meant_for_one_shows_nothing_to_another(client: Client) -> None:
    await say(client, QUESTION)
    client.session.cookie_jar.clear()
    assert QUESTION not in await page(await client.get("/"))


async def test_twenty_people_at_once_are_each_answered_once(client: Client) -> None:
    async def ask(number: int) -> int:
        headers = {**JSON, "Cookie": f"visitor={number:032x}"}
        response = await client.post(
            "/chat", data={"text": QUESTION, "id": uuid.uuid4().hex}, headers=headers
        )
        return len((await response.json())["lines"])

    assert await asyncio.gather(*(ask(number) for number in range(20))) == [2] * 20


# Being forgotten


async def traces(url: str, *words: str) -> list[str]:
    """Return the words that stay in SQLite's files, after time enough for clearing them."""
    for _ in range(100):
        content = bytes_on_disk(url)
        left = [word for word in words if word.encode() in content]
        if not left:
            break
        await asyncio.sleep(0.1)
    return left


async def test_the_script_is_told_farewell_and_nothing_is_left(client: Client, sqlite_url: str) -> None:
    await say(client, f"bà Trần Thị Mơ hỏi {QUESTION}")
    news = await say(client, ERASE)
    assert news["notice"].startswith(FAREWELL)
    assert news["lines"] == []
    assert await traces(sqlite_url, "Trần Thị Mơ", ERASE, "khai sinh") == []
    assert "Trần Thị Mơ" not in await page(await client.get("/"))


async def test_the_page_tells_farewell_once_and_greets_as_if_new(client: Client, sqlite_url: str) -> None:
    shown = await page(await client.get("/"))
    shown = await page(await client.post("/chat", data=form(shown, f"bà Trần Thị Mơ hỏi {QUESTION}")))
    assert "Trần Thị Mơ" in shown
    shown = await page(await client.post("/chat", data=form(shown, ERASE)))
    assert FAREWELL in shown
    assert "Trần Thị Mơ" not in shown
    assert await traces(sqlite_url, "Trần Thị Mơ", ERASE, FAREWELL) == []
    assert FAREWELL not in await page(await client.get("/"))


async def test_who_wrote_nothing_but_the_wish_is_told_farewell_too(client: Client) -> None:
    assert (await say(client, ERASE))["notice"].startswith(FAREWELL)


async def test_nobody_is_told_farewell_who_still_has_lines(client: Client) -> None:
    await say(client, QUESTION)
    shown = await page(await client.get("/?erased=1"))
    assert FAREWELL not in shown
    assert QUESTION in shown


async def test_after_the_farewell_a_conversation_begins_anew(client: Client) -> None:
    await say(client, QUESTION)
    await say(client, ERASE)
    news = await say(client, QUESTION)
    assert len(news["lines"]) == 2
    assert "notice" not in news
