"""People who write: their messages posted as a service does, each until it is taken."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.wires import Message, Wire

PATIENCE = ClientTimeout(10)
AGAIN_SECONDS = 0.2
"""A service waits longer until it tries again; this keeps the run short."""


@dataclass(slots=True)
class Poster:
    """Posts messages and remembers how long each took that was taken at once."""

    wire: Wire
    url: str
    session: ClientSession
    waits: list[float] = field(default_factory=list)
    tries_again: int = 0

    async def post(self, message: Message) -> None:
        """Post until the answer is 200."""
        body, headers = self.wire.post(message)
        while True:
            started = time.perf_counter()
            try:
                async with self.session.post(
                    self.url + self.wire.path, data=body, headers=headers, timeout=PATIENCE
                ) as response:
                    await response.read()
                    if response.status == 200:
                        self.waits.append(time.perf_counter() - started)
                        return
            except (ClientError, OSError, TimeoutError):
                pass
            self.tries_again += 1
            await asyncio.sleep(AGAIN_SECONDS)


def session(connections: int) -> ClientSession:
    """Open a session for so many requests at once."""
    return ClientSession(connector=TCPConnector(limit=connections))


async def at_once(poster: Poster, people: Sequence[Iterable[Message]], connections: int) -> None:
    """Post all messages, those of a person one after the other, so many people at a time."""
    waiting = iter(people)

    async def client() -> None:
        for messages in waiting:
            for message in messages:
                await poster.post(message)

    await asyncio.gather(*(client() for _ in range(connections)))


async def steadily(poster: Poster, messages: Iterable[Message], per_second: float) -> None:
    """Post at a steady rate, whatever the answers take."""
    loop = asyncio.get_running_loop()
    started, under_way = loop.time(), set[asyncio.Task[None]]()
    for number, message in enumerate(messages):
        await asyncio.sleep(max(0.0, started + number / per_second - loop.time()))
        task = asyncio.create_task(poster.post(message))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that so large a share of all values does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]
