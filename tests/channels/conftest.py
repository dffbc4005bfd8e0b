"""Fixtures of the tests of channels."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.webchat import WebChat
from tests.channels.webchat_browsing import Client, Open
from tests.channels.webchat_memory import an_app


@pytest.fixture
async def browse() -> AsyncIterator[Open]:
    """Return what opens a browser on a web chat."""
    clients: list[Client] = []

    async def browse(chat: WebChat) -> Client:
        client = TestClient(TestServer(an_app(chat)), cookie_jar=CookieJar(unsafe=True))
        await client.start_server()
        clients.append(client)
        return client

    yield browse
    for client in clients:
        await client.close()
