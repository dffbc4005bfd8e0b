"""Server-sent events: what is new in a conversation is pushed to the pages that are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from bot.channels.waiting import Waiting, rung
from bot.web.responses import event_stream
from storage.errors import StorageError

OF_VISITOR = 3
"""A browser has six connections for all tabs of a site: some must be left for questions and pages."""
OF_NETWORK = 100
"""A whole village may come from one address, yet one address must not take all places."""
IN_ALL = 500
"""Half of the files that a process may commonly have open."""
WRITE_SECONDS = 10.0
"""Who does not take a few bytes within this time is gone, or drips on purpose."""

HELLO = b"retry: 3000\n"
"""Milliseconds until the browser comes again."""
BEAT = b": still here\nevent: beat\ndata:\n\n"
"""A comment is all that proxies need; the event lets a page notice that it hears nothing any more."""

News = Callable[[int], Awaitable[tuple[int, bytes]]]
"""What to push to a page that has the lines up to a number, if anything, and the number it has then."""


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """The place of one open stream."""

    request: web.Request
    visitor: str
    network: str

    @property
    def taken(self) -> bool:
        """Tell whether there is still a connection, as far as is known."""
        transport = self.request.transport
        return transport is not None and not transport.is_closing()

    async def say(self, response: web.StreamResponse, words: bytes) -> None:
        """Write to the page; cut off who does not read."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write(words)
        except TimeoutError:
            if self.request.transport:
                self.request.transport.abort()
            raise ConnectionAbortedError from None


@dataclass(slots=True)
class Streams:
    """The open streams of this process."""

    waiting: Waiting
    heartbeat: float
    """Seconds of silence until a sign of life."""
    life: float
    """Seconds until a stream ends and the browser comes again: who is gone keeps nothing for ever."""
    _seats: list[Seat] = field(default_factory=list)

    @contextmanager
    def seat(self, request: web.Request, visitor: str, network: str) -> Iterator[Seat | None]:
        """Give a stream a place as long as the context is open; None when all are taken."""
        self._seats = [seat for seat in self._seats if seat.taken]
        seat = None if self._full(visitor, network) else Seat(request, visitor, network)
        if seat:
            self._seats.append(seat)
        try:
            yield seat
        finally:
            self._seats = [other for other in self._seats if other is not seat]

    async def push(self, seat: Seat, news: News, after: int) -> web.StreamResponse:
        """Push what comes after a line, until the stream has lived long enough or nobody is there."""
        response = event_stream()
        with self.waiting.bell(seat.visitor) as bell:
            async with aclosing(self._words(bell, news, after)) as words:
                first = await anext(words)  # before the headers: an outage is told as to any other request
                # Later there is nothing to tell: the browser comes again and goes on where it was.
                with suppress(ConnectionError, StorageError):
                    await response.prepare(seat.request)
                    await seat.say(response, first)
                    async for more in words:
                        await seat.say(response, more)
        return response

    async def _words(self, bell: asyncio.Event, news: News, after: int) -> AsyncGenerator[bytes, None]:
        now = asyncio.get_running_loop().time
        end = now() + self.life
        after, event = await news(after)
        yield HELLO + BEAT + event
        while (left := end - now()) > 0 and not self.waiting.closed:
            if await rung(bell, min(left, self.heartbeat)):
                after, event = await news(after)
            else:
                event = BEAT
            if event:
                yield event

    def _full(self, visitor: str, network: str) -> bool:
        of_visitor = sum(seat.visitor == visitor for seat in self._seats)
        of_network = sum(seat.network == network for seat in self._seats)
        return of_visitor >= OF_VISITOR or of_network >= OF_NETWORK or len(self._seats) >= IN_ALL
