"""Who drips a request holds nothing up, and is shown the door; who sends odd headers finds it shut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.app import create_app
from bot.channels import requests
from bot.config import Config
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from tests.wires import APP, APP_SECRET, OA_SECRET, SECRET, TELEGRAM_TOKEN, ZALO_BOT_TOKEN

WEBHOOKS = {
    "/webhook/telegram": f"X-Telegram-Bot-Api-Secret-Token: {SECRET}",
    "/webhook/zalo-oa": "X-ZEvent-Signature: mac=0",
    "/webhook/zalo-bot": f"X-Bot-Api-Secret-Token: {SECRET}",
    "/chat": "Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded",
}


@pytest.fixture
async def server(sqlite_url: str, knowledge: Knowledge) -> AsyncIterator[BaseTestServer]:
    """Serve all channels; the outside services are away."""
    await upgrade(sqlite_url)
    nowhere = "http://127.0.0.1:9"
    told = {
        "database_url": sqlite_url,
        "secret_key": "a secret for tests",
        "public_url": nowhere,
        "telegram_token": TELEGRAM_TOKEN,
        "telegram_api_url": nowhere,
        "telegram_mode": "webhook",
        "telegram_webhook_secret": SECRET,
        "zalo_oa_app_id": APP,
        "zalo_oa_app_secret": APP_SECRET,
        "zalo_oa_webhook_secret": OA_SECRET,
        "zalo_oa_api_url": nowhere,
        "zalo_oa_oauth_url": nowhere,
        "zalo_bot_token": ZALO_BOT_TOKEN,
        "zalo_bot_api_url": nowhere,
        "zalo_bot_mode": "webhook",
        "zalo_bot_webhook_secret": SECRET,
    }
    async with TestServer(create_app(Config.model_validate(told), knowledge)) as server:
        yield server


async def raw(server: BaseTestServer, request: str) -> str:
    """Write bytes and keep the connection open; return the status line of the answer."""
    reader, writer = await asyncio.open_connection(server.host, server.port or 0)
    writer.write(request.encode("latin-1"))
    try:
        async with asyncio.timeout(10):
            return (await reader.readline()).decode()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", WEBHOOKS)
async def test_a_body_that_drips_is_ended(
    server: BaseTestServer, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.2)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{WEBHOOKS[path]}\r\nContent-Length: 1000\r\n\r\n"
    assert " 408 " in await raw(server, f"{head}{{")


@pytest.mark.parametrize("path", WEBHOOKS)
async def test_many_who_drip_keep_nobody_waiting(server: BaseTestServer, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{WEBHOOKS[path]}\r\nContent-Length: 1000\r\n\r\n{{"
    dripping = [await asyncio.open_connection(server.host, server.port) for _ in range(100)]
    for _, writer in dripping:
        writer.write(head.encode())
    async with (
        asyncio.timeout(5),
        ClientSession() as session,
        session.get(server.make_url("/healthz")) as response,
    ):
        assert response.status == 200
    for _, writer in dripping:
        writer.close()
        await writer.wait_closed()


INJECTED = (
    "X-Telegram-Bot-Api-Secret-Token: a\r\n Set-Cookie: visitor=1",
    "X-ZEvent-Signature: mac=0\x00",
    "Content-Length: 1\r\nContent-Length: 2",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "X: " + "a" * 20_000,
)


@pytest.mark.parametrize("header", INJECTED, ids=range(len(INJECTED)))
async def test_headers_that_nobody_sends_in_good_faith_are_refused(
    server: BaseTestServer, header: str
) -> None:
    for path in WEBHOOKS:
        answer = await raw(server, f"POST {path} HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n")
        assert " 400 " in answer or " 403 " in answer
