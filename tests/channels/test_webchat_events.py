"""What is pushed to the page: server-sent events over real HTTP, read as a browser reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from bot.channels import webstream
from bot.channels.visitors import Rate, Rates
from bot.channels.webchat import WebChat, WebChatSettings
from bot.web.page import Line
from intents.turn import Reply
from tests.channels.webchat_memory import TEXTS, Memory, a_chat, an_app

QUIET = WebChatSettings(
    rates=Rates(reading=Rate(10**6, 1)), answer_wait=0.2, late_wait=60, heartbeat=60, stream_life=60
)
"""Nothing happens by itself while a test runs."""
AN, BINH, CHI = "a" * 32, "b" * 32, "c" * 32
AT_ONCE = 20
"""Far less than the minute that the server grants to requests that do not end."""
STREAM = "text/event-stream; charset=utf-8"


class Server(TestServer):
    """As in real life: a request goes on when its browser is gone."""

    async def _make_runner(self, **options: Any) -> web.AppRunner:
        return web.AppRunner(self.app, **{**options, "handler_cancellation": False})


@dataclass
class Stream:
    """A stream as a browser reads it."""

    response: ClientResponse

    async def block(self) -> dict[str, str] | None:
        """Return the next block by fields, a comment under the empty name; None at the end."""
        lines: list[str] = []
        while line := (await self.response.content.readline()).decode():
            if line == "\n" and lines:
                parts = [one.partition(":") for one in lines]
                return {field: value.lstrip() for field, _, value in parts}
            lines.append(line.removesuffix("\n"))
        return None

    async def event(self) -> tuple[int, dict[str, Any]]:
        """Return number and news of the next event that is no sign of life."""
        while (block := await self.block()) is not None:
            if "id" in block:
                return int(block["id"]), json.loads(block["data"])
        raise AssertionError("the stream ended")

    async def texts(self) -> list[str]:
        return [line["text"] for line in (await self.event())[1]["lines"]]

    async def ends(self) -> bool:
        while await self.block() is not None:
            pass
        return True


@dataclass
class House:
    """A served web chat and its visitors."""

    memory: Memory
    chat: WebChat
    server: TestServer
    session: ClientSession
    responses: list[ClientResponse] = field(default_factory=list)

    async def get(self, path: str, user: str = AN, **headers: str) -> ClientResponse:
        cookie = {"Cookie": f"visitor={user}"} if user else {}
        response = await self.session.get(self.server.make_url(path), headers={**cookie, **headers})
        self.responses.append(response)
        return response

    async def open(self, user: str = AN, after: int | str = 0, **headers: str) -> Stream:
        response = await self.get(f"/chat/events?after={after}", user, **headers)
        assert (response.status, response.headers["Content-Type"]) == (200, STREAM)
        return Stream(response)

    async def status(self, user: str = AN, **headers: str) -> int:
        response = await self.get("/chat/events", user, **headers)
        response.close()
        return response.status

    async def admitted(self, user: str = AN, **headers: str) -> None:
        """Try until there is a place: the server hears of an end when it hears of it."""
        async with asyncio.timeout(AT_ONCE):
            while await self.status(user, **headers) != 200:  # noqa: ASYNC110 - nothing here tells when
                await asyncio.sleep(0.01)

    async def read(self, times: int) -> None:
        """Wait until lines were asked for so often."""
        while self.memory.reads < times:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)

    def stores(self, *texts: str, user: str = AN) -> None:
        """Store lines as another process does: nobody here is told."""
        for text in texts:
            self.memory.add(user, Reply(text))


Serve = Callable[..., Awaitable[House]]


@asynccontextmanager
async def served(chat: WebChat, memory: Memory, *, looking: bool) -> AsyncIterator[House]:
    server = Server(an_app(chat, looking=looking))
    await server.start_server()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        house = House(memory, chat, server, session)
        yield house
        for response in house.responses:
            response.close()
    await server.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Serve a chat that looks for nothing by itself."""
    memory = Memory()
    async with served(a_chat(memory, QUIET), memory, looking=False) as house:
        yield house


# What is pushed


async def test_a_page_is_pushed_what_came_after_it_was_made(house: House) -> None:
    house.stores("một", "hai", "ba")
    number, news = await (await house.open(after=1)).event()
    assert number == 3
    assert [line["text"] for line in news["lines"]] == ["hai", "ba"]
    same = await (await house.get("/chat/lines?after=1")).json()
    assert news == {name: same[name] for name in ("after", "first", "html", "lines")}


async def test_a_send_is_pushed_at_once(house: House) -> None:
    house.stores("một")
    stream = await house.open(after=1)
    house.stores("hai")
    await house.chat.send({"visitor": AN}, Reply("hai"))
    assert await stream.texts() == ["hai"]


async def test_what_another_process_stored_is_found_by_looking(house: House) -> None:
    house.stores("một")
    stream = await house.open(after=1)
    await house.chat.look()
    house.stores("hai", "ba")
    await house.chat.look()
    assert await stream.texts() == ["hai", "ba"]
    house.stores("bốn")
    await house.chat.look()
    assert await stream.texts() == ["bốn"]


async def test_nobody_is_pushed_what_is_anothers(house: House) -> None:
    house.stores("của An")
    stream = await house.open(BINH)
    await house.chat.look()
    house.stores("của Bình", user=BINH)
    await house.chat.look()
    assert await stream.texts() == ["của Bình"]


async def test_one_look_asks_for_all_who_wait_and_for_nobody_else(house: House) -> None:
    await house.chat.look()
    assert house.memory.looks == []
    streams = [await house.open(user) for user in (AN, AN, BINH, CHI)]
    await house.chat.look()
    assert house.memory.looks == [[AN, BINH, CHI]]
    await house.read(8)  # each of the four when it began, and woken by the first look
    house.stores("của Bình", user=BINH)
    await house.chat.look()
    assert await streams[2].texts() == ["của Bình"]
    assert len(house.memory.looks) == 2
    assert house.memory.reads == 9


async def test_who_looks_in_vain_reads_nothing(house: House) -> None:
    house.stores("một")
    poll = asyncio.create_task(house.get("/chat/lines?after=1"))
    while not house.memory.looks:
        await house.chat.look()
        await asyncio.sleep(0)
    for _ in range(50):
        await house.chat.look()
        await asyncio.sleep(0)
    assert house.memory.reads <= 2
    house.stores("hai")
    await house.chat.look()
    assert [line["text"] for line in (await (await poll).json())["lines"]] == ["hai"]


async def test_a_line_stored_between_reading_and_waiting_is_not_missed(house: House) -> None:
    """A second page of the same visitor makes the look know the number already."""
    house.stores("một")
    first = await house.open(after=1)
    await house.chat.look()
    since = house.memory.since

    async def slowly(visitor: str, after: int) -> tuple[Line, ...]:
        lines = await since(visitor, after)
        house.memory.since = since  # type: ignore[method-assign]
        house.stores("hai")
        await house.chat.look()
        return lines

    house.memory.since = slowly  # type: ignore[method-assign]
    second = await house.open(after=1)
    assert await first.texts() == ["hai"]
    assert await second.texts() == ["hai"]


# Going on where it stopped


async def test_a_stream_that_broke_goes_on_without_a_gap_or_a_double(house: House) -> None:
    house.stores("một", "hai")
    stream = await house.open(after=1)
    number, news = await stream.event()
    assert [line["text"] for line in news["lines"]] == ["hai"]
    stream.response.close()
    house.stores("ba", "bốn")
    again = await house.open(after=1, **{"Last-Event-ID": str(number)})
    number, news = await again.event()
    assert (number, news["after"]) == (4, 2)
    assert [line["text"] for line in news["lines"]] == ["ba", "bốn"]
    assert news["first"] == 0  # nothing that the page has was erased
    assert 'class="day"' not in news["html"]


@pytest.mark.parametrize("wrong", ["", "x", "-1", "1.0", "1 2", "0x1", "٣", "9" * 19])
async def test_a_malformed_number_counts_for_nothing(house: House, wrong: str) -> None:
    house.stores("một", "hai")
    headers = {"Last-Event-ID": wrong.encode().decode("latin-1")}
    assert await (await house.open(after=1, **headers)).texts() == ["hai"]
    assert await (await house.open(after=wrong)).texts() == ["một", "hai"]


async def test_a_number_of_somebody_elses_line_shows_only_ones_own(house: House) -> None:
    house.stores("của An")
    house.stores("của Bình", user=BINH)
    house.stores("của An nữa")
    stream = await house.open(AN, **{"Last-Event-ID": "2"})
    _, news = await stream.event()
    assert [line["text"] for line in news["lines"]] == ["của An nữa"]


async def test_a_number_that_is_not_reached_yet_brings_nothing_until_then(house: House) -> None:
    house.stores("một")
    stream = await house.open(**{"Last-Event-ID": "2"})
    house.stores("hai")
    await house.chat.look()
    house.stores("ba")
    await house.chat.look()
    assert await stream.texts() == ["ba"]


async def test_a_page_learns_that_what_it_has_was_erased(house: House) -> None:
    house.stores("một", "hai")
    house.memory.lines[AN] = [line for line in house.memory.lines[AN] if line.number > 1]
    _, news = await (await house.open(after=1)).event()
    assert news["first"] == 2


# Signs of life, and the end


async def test_silence_is_broken_by_a_comment_that_pages_hear_too() -> None:
    memory = Memory()
    chat = a_chat(memory, WebChatSettings(heartbeat=0.01, stream_life=60))
    async with served(chat, memory, looking=False) as house:
        stream = await house.open()
        for retry in ("3000", None, None):
            block = await stream.block()
            assert block is not None
            assert (block.get("retry"), block["event"], block["data"]) == (retry, "beat", "")
            assert "id" not in block
            assert "" in block


async def test_a_stream_ends_by_itself_and_tells_when_to_come_again() -> None:
    memory = Memory()
    chat = a_chat(memory, WebChatSettings(heartbeat=60, stream_life=0.05))
    async with served(chat, memory, looking=False) as house:
        house.stores("một")
        stream = await house.open()
        block = await stream.block()
        assert block
        assert block["retry"] == "3000"
        assert await stream.texts() == ["một"]
        assert await stream.ends()


async def test_stopping_ends_all_streams_and_begins_none(house: House) -> None:
    streams = [await house.open(user) for user in (AN, BINH, CHI)]
    await house.chat.stop()
    assert [await stream.ends() for stream in streams] == [True] * 3
    assert await (await house.open()).ends()


async def test_the_server_stops_at_once_with_streams_open(house: House) -> None:
    stream = await house.open()
    async with asyncio.timeout(AT_ONCE):
        await house.server.close()
    assert await stream.ends()


async def test_an_outage_ends_a_stream_and_what_came_meanwhile_is_not_lost(house: House) -> None:
    house.stores("một")
    stream = await house.open(after=1)
    house.memory.away = True
    house.stores("hai")
    await house.chat.look()
    assert await stream.ends()
    assert await house.status() == 500  # the application makes it 503 with words
    house.memory.away = False
    assert await (await house.open(after=1)).texts() == ["hai"]


async def test_who_does_not_read_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webstream, "WRITE_SECONDS", 0.05)
    monkeypatch.setattr(webstream, "OF_VISITOR", 1)
    house.stores(*("x" * 1_000_000 for _ in range(20)))
    port = house.server.port
    assert port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(f"GET /chat/events HTTP/1.1\r\nHost: x\r\nCookie: visitor={AN}\r\n\r\n".encode())
    assert await reader.read(1)
    await house.admitted(**{"Last-Event-ID": "20"})
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(20_000_000)
    writer.close()


# Who may, and how many


async def test_nothing_on_the_way_keeps_it_packs_it_or_gathers_it(house: House) -> None:
    stream = await house.open(**{"Accept-Encoding": "gzip, deflate, br"})
    headers = stream.response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in headers
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("user", ["", "x", "A" * 32, "a" * 31])
async def test_who_is_no_visitor_is_told_not_to_come_again(house: House, user: str) -> None:
    assert await house.status(user) == 204


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
async def test_a_foreign_page_gets_no_stream(house: House, headers: dict[str, str]) -> None:
    response = await house.get("/chat/events", **headers)
    assert (response.status, await response.json()) == (403, {"notice": TEXTS["foreign"]})


async def test_streams_count_as_requests() -> None:
    memory = Memory()
    chat = a_chat(memory, WebChatSettings(rates=Rates(reading=Rate(1, 1))))
    async with served(chat, memory, looking=False) as house:
        await house.open()
        response = await house.get("/chat/events")
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
        assert await response.json() == {"notice": TEXTS["too_fast"]}


async def test_only_get_begins_a_stream(house: House) -> None:
    async with house.session.head(house.server.make_url("/chat/events")) as response:
        assert response.status == 405


async def test_a_visitor_has_so_many_streams_and_a_closed_page_frees_its_own(house: House) -> None:
    streams = [await house.open() for _ in range(webstream.OF_VISITOR)]
    response = await house.get("/chat/events")
    assert (response.status, response.headers["Retry-After"]) == (503, "60")
    assert (await house.open(BINH)).response.status == 200
    streams[0].response.close()
    await house.admitted()


async def test_an_address_has_so_many_streams(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webstream, "OF_NETWORK", 2)
    streams = [await house.open(user) for user in (AN, BINH)]
    assert await house.status(CHI) == 503
    await house.chat.stop()
    assert [await stream.ends() for stream in streams] == [True, True]


async def test_a_process_has_so_many_streams(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webstream, "IN_ALL", 2)
    await house.open(AN)
    await house.open(BINH)
    assert await house.status(CHI) == 503


async def test_a_refused_stream_takes_no_place(house: House) -> None:
    for _ in range(webstream.OF_VISITOR):
        await house.open()
    assert [await house.status() for _ in range(5)] == [503] * 5
    await house.chat.stop()
    await house.open()
