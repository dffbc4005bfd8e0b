"""Requests that wait for an answer: woken at once in this process, by polling from any other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Waiting:
    """Wakes the requests of a visitor when something was sent to them."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    async def until(
        self, user_id: str, ready: Callable[[], Awaitable[bool]], *, most: float, every: float
    ) -> bool:
        """Wait until `ready` says so; ask again at each bell and `every` so many seconds, `most` in all."""
        now = asyncio.get_running_loop().time
        end = now() + most
        while not await ready():
            left = end - now()
            if left <= 0 or self._closed:
                return False
            await self._bell(user_id, min(left, every))
        return True

    def ring(self, user_id: str) -> None:
        """Wake all requests of one visitor."""
        for bell in self._bells.get(user_id, ()):
            bell.set()

    def close(self) -> None:
        """Let everybody go, so that the process can stop at once."""
        self._closed = True
        for user_id in self._bells:
            self.ring(user_id)

    async def _bell(self, user_id: str, seconds: float) -> None:
        bell = asyncio.Event()
        bells = self._bells.setdefault(user_id, set())
        bells.add(bell)
        try:
            await asyncio.wait_for(bell.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(user_id, None)
