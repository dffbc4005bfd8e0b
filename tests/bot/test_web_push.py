"""Two processes over one database: what one of them stores is seen on the pages of both."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from bot.app import create_app
from bot.channels.base import Received
from bot.config import Config
from bot.loops import IDLE
from bot.runtime import Runtime
from bot.webview import CHANNEL, WebView
from intents.knowledge import Knowledge
from intents.turn import Inbound, Kind
from storage.migrate import upgrade
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage
from tests.bot.parts import RETENTION, answered, said
from tests.bot.staff import SECRET, staff_reply

Client = TestClient[web.Request, web.Application]
Start = Callable[[], Awaitable[Client]]
AN = "a" * 32
AT_ONCE = 20
"""Far less than the minute that the server grants to requests that do not end."""
COOKIE = {"Cookie": f"visitor={AN}"}


@pytest.fixture
async def start(database_url: str, tiny: Knowledge) -> AsyncIterator[Start]:
    """Return what starts one more process."""
    await upgrade(database_url)
    clients: list[Client] = []

    async def start() -> Client:
        config = Config.model_validate({"database_url": database_url, "secret_key": SECRET})
        server = TestServer(create_app(config, tiny))
        clients.append(TestClient(server, cookie_jar=CookieJar(unsafe=True)))
        await clients[-1].start_server()
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


async def ask(client: Client, words: str) -> int:
    """Send a message as the page's script does; return the number of the last line."""
    data = {"id": uuid.uuid4().hex, "text": words}
    response = await client.post("/chat", data=data, headers={**COOKIE, "Accept": "application/json"})
    last: int = (await response.json())["lines"][-1]["number"]
    return last


async def event(stream: ClientResponse) -> tuple[int, list[str]]:
    """Return the number and the texts of the next event that brings lines."""
    number = 0
    while line := (await stream.content.readline()).decode():
        if line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        if number and line.startswith("data: "):
            return number, [one["text"] for one in json.loads(line.removeprefix("data: "))["lines"]]
    raise AssertionError("the stream ended")


async def listen(client: Client, after: int, **headers: str) -> ClientResponse:
    stream = await client.get(f"/chat/events?after={after}", headers={**COOKIE, **headers})
    assert stream.status == 200
    return stream


async def test_a_reply_that_one_process_stores_is_pushed_by_all(start: Start, storage: Storage) -> None:
    first, second = await start(), await start()
    after = await ask(first, said(1))
    streams = [await listen(first, after), await listen(second, after)]
    await staff_reply(storage, AN, "Cán bộ đây ạ.")
    assert [await event(stream) for stream in streams] == [(after + 1, ["Cán bộ đây ạ."])] * 2
    assert await ask(second, said(2)) == after + 2
    both = after + 2, [said(2), answered(2)]
    assert [await event(stream) for stream in streams] == [both] * 2


def test_a_process_looks_often_enough() -> None:
    assert IDLE <= 1


async def test_a_broken_stream_goes_on_at_another_process(start: Start, storage: Storage) -> None:
    first, second = await start(), await start()
    after = await ask(first, said(1))
    stream = await listen(first, after)
    await staff_reply(storage, AN, "Một.")
    number, texts = await event(stream)
    assert texts == ["Một."]
    await first.close()
    await staff_reply(storage, AN, "Hai.")
    await staff_reply(storage, AN, "Ba.")
    assert await event(await listen(second, after, **{"Last-Event-ID": str(number)})) == (
        number + 2,
        ["Hai.", "Ba."],
    )


async def test_a_poll_at_another_process_is_answered(start: Start, storage: Storage) -> None:
    first, second = await start(), await start()
    after = await ask(first, said(1))
    poll = asyncio.create_task(second.get(f"/chat/lines?after={after}", headers=COOKIE))
    await staff_reply(storage, AN, "Cán bộ đây ạ.")
    news: dict[str, Any] = await (await poll).json()
    assert [line["text"] for line in news["lines"]] == ["Cán bộ đây ạ."]


async def test_a_process_stops_at_once_with_its_pages_open(start: Start) -> None:
    client = await start()
    stream = await listen(client, await ask(client, said(1)))
    async with asyncio.timeout(AT_ONCE):
        await client.server.close()
    while await stream.content.readline():
        pass


async def test_a_message_that_waits_is_on_the_page_and_goes_when_it_is_answered(
    storage: Storage, tiny: Knowledge
) -> None:
    runtime = Runtime(storage=storage, knowledge=tiny, keys=PersonKeys(SECRET), retention=RETENTION)
    view = WebView(runtime)
    assert await view.whole(AN) == ()
    inbound = Inbound(Kind.TEXT, said(1))
    await runtime.intake.accept(Received(CHANNEL, CHANNEL, "1", AN, {"visitor": AN}, inbound))
    waiting = await view.whole(AN)
    assert [(line.number, line.side, line.text) for line in waiting] == [(0, "person", said(1))]
    assert await view.since(AN, 0) == ()
    assert await view.newest([AN, "b" * 32]) == {}
    async with runtime.running([]):
        pass  # it stops when all is answered
    both = await view.whole(AN)
    assert [line.side for line in both] == ["person", "assistant"]
    assert await view.since(AN, both[-1].number) == both
    assert await view.newest([AN, "b" * 32]) == {AN: both[-1].number}
