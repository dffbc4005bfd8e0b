"""Calls beside the conversation: nobody waits for them, and nothing is lost when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Asides:
    """Makes such calls in the background."""

    def __init__(self, harmless: type[Exception]) -> None:
        """Take what a call may fail with; begin with none under way."""
        self._harmless = harmless
        self._under_way: dict[asyncio.Task[None], str] = {}

    def start(self, what: str, call: Callable[[], Awaitable[object]], most: int | None = None) -> None:
        """Start a call, unless so many of its kind are under way."""
        if most is not None and sum(one == what for one in self._under_way.values()) >= most:
            return
        task = asyncio.create_task(self._attempt(what, call))
        self._under_way[task] = what
        task.add_done_callback(self._under_way.pop)

    async def stop(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attempt(self, what: str, call: Callable[[], Awaitable[object]]) -> None:
        try:
            await call()
        except self._harmless as error:
            log.info("left undone", what=what, cause=type(error).__name__)
