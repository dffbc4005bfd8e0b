"""A browser without a script, and what the script sends."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from bot.channels.webchat import WebChat

Client = TestClient[Request, Application]
Open = Callable[[WebChat], Awaitable[Client]]
JSON = {"Accept": "application/json"}


def form(page: str, text: str = "", *, css: str = "composer") -> dict[str, str]:
    """Fill in the form as a browser does, with what the page hides in it."""
    start = page.index(css)
    hidden = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page[start : page.index("</form>", start)])
    )
    return {**hidden, "text": text}


async def say(client: Client, text: str, **more: str) -> ClientResponse:
    return await client.post("/chat", data={"id": uuid.uuid4().hex, "text": text, **more}, headers=JSON)
