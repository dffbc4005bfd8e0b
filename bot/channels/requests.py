"""Bodies of requests: read whole, or not at all."""

from __future__ import annotations

import asyncio

from aiohttp import web

BODY_SECONDS = 10.0
"""Who takes longer drips on purpose, or has no network worth the name: services send again."""


async def body_of(request: web.Request) -> bytes:
    """Return the body; answer 408 when it comes too slowly, 413 when it is too large."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
