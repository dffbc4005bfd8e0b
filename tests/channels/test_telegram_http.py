"""Our way to call Telegram beside the library's own: the same calls end in the same way."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.telegram_errors import is_foreign
from bot.channels.telegram_http import HttpRequest
from bot.fakes.telegram import (
    TOKEN,
    Act,
    FakeTelegram,
    Trouble,
    fake_telegram,
    foreign_page,
    held,
    lost_answer,
    refused,
    too_many,
)

Make = Callable[[float], BaseRequest]


def ours(seconds: float) -> BaseRequest:
    return HttpRequest(seconds)


def theirs(seconds: float) -> BaseRequest:
    return HTTPXRequest(read_timeout=seconds, httpx_kwargs={"verify": False})


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeTelegram]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with fake_telegram() as fake:
        await fake.says("/start")
        yield fake


async def failure(make: Make, fake: FakeTelegram, *troubles: Trouble, url: str = "") -> TelegramError:
    """Send a message that meets trouble; return how it ended."""
    fake.next("sendmessage", *troubles)
    async with calling(make(5), url or fake.url) as bot:
        with pytest.raises(TelegramError) as error:
            await bot.send_message(5001, "Chào")
    return error.value


def foreign_answer(status: int, body: bytes) -> Trouble:
    async def trouble(_request: web.Request, _act: Act) -> web.Response:
        return web.Response(status=status, body=body, content_type="text/html")

    return trouble


def counted(peers: set[object]) -> Trouble:
    """Act as usual, and note over which connection the call came."""

    async def trouble(request: web.Request, act: Act) -> object:
        peers.add(request.transport and request.transport.get_extra_info("peername"))
        return await act()

    return trouble


def calling(request: BaseRequest, url: str) -> Bot:
    return Silent(TOKEN, f"{url}/bot", request=request, get_updates_request=request)


class Silent(Bot):
    """Begins without asking who it is, since nobody may be there to answer."""

    async def initialize(self) -> None:
        await self.request.initialize()

    async def shutdown(self) -> None:
        await self.request.shutdown()


@pytest.mark.parametrize(
    "trouble",
    [
        too_many(7),
        refused("bot was blocked by the user", 403),
        refused("chat not found"),
        refused("group chat was upgraded", 400, migrate_to_chat_id=-1_005),
        refused("terminated by other getUpdates request", 409),
        refused("invalid token specified", 401),
        refused("Not Found", 404),
        refused("Internal Server Error", 500),
    ],
)
async def test_what_telegram_says_is_the_same_error_in_the_same_words(
    fake: FakeTelegram, trouble: Trouble
) -> None:
    one, other = await failure(ours, fake, trouble), await failure(theirs, fake, trouble)
    assert (type(one), one.message, one.__cause__) == (type(other), other.message, None)


@pytest.mark.parametrize(
    "trouble",
    [*map(foreign_page, (302, 400, 401, 403, 409, 500, 502, 504)), lost_answer],
    ids=["302", "400", "401", "403", "409", "500", "502", "504", "lost"],
)
async def test_what_others_say_is_the_same_error_with_a_cause(fake: FakeTelegram, trouble: Trouble) -> None:
    one, other = await failure(ours, fake, trouble), await failure(theirs, fake, trouble)
    assert type(one) is type(other)
    assert is_foreign(one)
    assert is_foreign(other)


async def test_nobody_there_is_the_same_error_with_a_cause(fake: FakeTelegram) -> None:
    for make in (ours, theirs):
        error = await failure(make, fake, url="http://127.0.0.1:1")
        assert type(error) is NetworkError
        assert is_foreign(error)


async def test_nobody_can_send_us_elsewhere(fake: FakeTelegram) -> None:
    """The address holds the token, and the message is for one person."""

    async def elsewhere(request: web.Request, _act: Act) -> web.Response:
        raise web.HTTPTemporaryRedirect(str(request.url))

    assert is_foreign(await failure(ours, fake, elsewhere))
    assert (fake.called("sendmessage"), fake.sent) == (1, [])


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"a": 1}'])
async def test_a_page_that_is_called_a_success_is_none(
    fake: FakeTelegram, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "telegram")
    error = await failure(ours, fake, foreign_answer(200, answer))
    assert error.message == "no answer of Telegram"
    assert "html" not in caplog.text, "it may hold what people wrote"


@pytest.mark.parametrize("make", [ours, theirs])
async def test_an_answer_that_does_not_come_in_time_has_timed_out(fake: FakeTelegram, make: Make) -> None:
    gate = asyncio.Event()
    fake.next("sendmessage", held(gate))
    async with calling(make(5), fake.url) as bot:
        with pytest.raises(TimedOut) as error:
            await bot.send_message(5001, "a", read_timeout=0.05)
        assert is_foreign(error.value)
        await fake.until(lambda: not fake.busy)
        await bot.send_message(5001, "b")
    assert fake.texts_to(5001) == ["b"], "who left early was never heard"


async def test_a_call_has_so_many_seconds_in_all(fake: FakeTelegram) -> None:
    fake.next("sendmessage", held(asyncio.Event()))
    async with calling(HttpRequest(0.05), fake.url) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(5001, "a")


async def test_connections_are_used_again_and_closed_at_the_end(fake: FakeTelegram) -> None:
    request, peers = HttpRequest(5, connections=2), set[object]()
    fake.always("sendmessage", counted(peers))
    async with calling(request, fake.url) as bot:
        await asyncio.gather(*(bot.send_message(5001, f"câu {number}") for number in range(20)))
        assert sorted(fake.texts_to(5001)) == sorted(f"câu {number}" for number in range(20))
        assert len(peers) == 2
    await request.shutdown()
    assert request.read_timeout == 5


async def test_after_the_end_a_call_connects_anew(fake: FakeTelegram) -> None:
    request, peers = HttpRequest(5), set[object]()
    fake.always("sendmessage", counted(peers))
    for _ in range(2):
        async with calling(request, fake.url) as bot:
            await bot.send_message(5001, "Chào")
    assert len(peers) == 2


TROUBLES = [foreign_page(200), foreign_page(403), foreign_answer(200, b"\x00\x00"), lost_answer]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_error_tells_the_token(fake: FakeTelegram, trouble: Trouble) -> None:
    tells_no_token(await failure(ours, fake, trouble))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "http://[", "gopher://a"])
async def test_no_error_about_an_address_tells_the_token(fake: FakeTelegram, url: str) -> None:
    tells_no_token(await failure(ours, fake, url=url))


async def test_no_error_about_what_is_no_http_tells_the_token(fake: FakeTelegram) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 whatever\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        tells_no_token(await failure(ours, fake, url=f"http://{host}:{port}"))


def tells_no_token(error: TelegramError) -> None:
    told = "".join(traceback.format_exception(error)) + repr((error, error.__cause__, error.__context__))
    assert TOKEN.partition(":")[2] not in told


async def test_a_proxy_that_the_environment_names_is_used(
    fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", fake.url)
    monkeypatch.setenv("no_proxy", "")
    async with calling(HttpRequest(5), "http://telegram.invalid") as bot:
        assert (await bot.send_message(5001, "Chào")).text == "Chào"


async def test_a_host_that_needs_no_proxy_is_called_directly(
    fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with calling(HttpRequest(5), fake.url) as bot:
        assert (await bot.send_message(5001, "Chào")).text == "Chào"
