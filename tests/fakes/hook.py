"""A webhook as the service has it, that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.fakes.scene import on_loopback


@dataclass
class Hook:
    """Answers with its statuses in turn, 0 for not at all; then with 200."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)
    """Body and headers of each post."""
    url: str = ""

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(raw) for raw, _ in self.got]

    def headers(self, name: str) -> list[str]:
        """Return one header of each post."""
        return [headers.get(name, "") for _, headers in self.got]

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((await request.read(), request.headers))
        status = self.statuses.pop(0) if self.statuses else 200
        if not status:
            await asyncio.Event().wait()
        return web.Response(status=status)


@asynccontextmanager
async def a_hook() -> AsyncIterator[Hook]:
    hook = Hook()
    async with on_loopback([web.post("/hook", hook.receive)]) as url:
        hook.url = f"{url}/hook"
        yield hook
