"""Work that many ask for at once, done for all of them in one go: one transaction, one wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from storage.errors import StorageError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 64
"""Items of one batch."""
SPACING = 0.04
"""Seconds between the beginnings of two batches: who comes alone is served at once, many go together."""


class Batches(Generic[Item, Result]):
    """Writes what is put in; whoever comes while a batch is under way goes with the next."""

    def __init__(
        self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int = MOST
    ) -> None:
        """Take what writes a batch and returns one result for each item, in their order."""
        self._write = write
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._began = -SPACING

    async def put(self, item: Item) -> Result:
        """Return the result of one item once its batch is written; raise what writing raised."""
        end: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, end))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        return await end

    async def _write_all(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            await asyncio.sleep(max(0.0, self._began + SPACING - clock()))
            self._began = clock()
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._write_batch(batch)
        self._writer = None

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except StorageError as error:  # nobody's fault: all may come again
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whoever put it in is told
            if len(batch) == 1:
                _fail(batch, error)
                return
            for one in batch:  # one of them cannot be written: the others must not suffer
                await self._write_batch([one])
        else:
            for (_, end), result in zip(batch, results, strict=True):
                if not end.done():  # who gave up waiting is not told
                    end.set_result(result)


def _fail(batch: list[tuple[Item, asyncio.Future[Result]]], error: Exception) -> None:
    for _, end in batch:
        if not end.done():
            end.set_exception(error)
