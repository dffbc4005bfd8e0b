"""Requests that wait for news: woken at once in this process, by one look a moment for any other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

Newest = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]
"""The number of the newest line of each visitor who has one."""


class Waiting:
    """Wakes the requests of a visitor when something was sent to them, or stored elsewhere."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._numbers: Mapping[str, int] = {}
        self.closed = False

    @contextmanager
    def bell(self, user_id: str) -> Iterator[asyncio.Event]:
        """Lend a bell that rings from now on: who takes it before looking misses nothing."""
        bell = asyncio.Event()
        bells = self._bells.setdefault(user_id, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(user_id, None)

    async def until(
        self, user_id: str, ready: Callable[[], Awaitable[bool]], *, most: float, every: float
    ) -> bool:
        """Wait until `ready` says so; ask again at each ring and `every` so many seconds, `most` in all."""
        now = asyncio.get_running_loop().time
        end = now() + most
        with self.bell(user_id) as bell:
            while not await ready():
                left = end - now()
                if left <= 0 or self.closed:
                    return False
                await rung(bell, min(left, every))
        return True

    async def look(self, newest: Newest) -> None:
        """Wake whoever has lines that were not there at the last look: one query for all who wait."""
        visitors = tuple(self._bells)
        numbers = await newest(visitors) if visitors else {}
        for visitor in visitors:
            # At the first look too: a line may have come between a request's own look and this one.
            if self._numbers.get(visitor) != numbers.get(visitor, 0):
                self.ring(visitor)
        self._numbers = {visitor: numbers.get(visitor, 0) for visitor in visitors}

    def ring(self, user_id: str) -> None:
        """Wake all requests of one visitor."""
        for bell in self._bells.get(user_id, ()):
            bell.set()

    def close(self) -> None:
        """Let everybody go, so that the process can stop at once."""
        self.closed = True
        for user_id in self._bells:
            self.ring(user_id)


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    """Wait for a ring and take it; False when the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    bell.clear()
    return True
