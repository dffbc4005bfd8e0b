"""How sends fare: how long they take, how many fail, when within that time one is accepted, how many were.

Nothing here grows with the number of sends, so that it serves long runs at high rates.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from aiohttp import web

T = TypeVar("T")
SECOND = 1.0
SWEEP = 4096
"""After so many, those who have been quiet are forgotten."""


@dataclass(slots=True)
class Tally:
    """How many in all, and how many at most within any one second."""

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    peak: int = 0
    """Most within any one second."""
    peak_of_one: int = 0
    """Most within any one second for a single chat."""
    _recent: deque[float] = field(default_factory=deque)
    _recent_of: dict[Hashable, deque[float]] = field(default_factory=dict)

    def count(self, chat: Hashable) -> None:
        """Count one more, now."""
        now = self.clock()
        self.total += 1
        self.peak = max(self.peak, _within(self._recent, now))
        self.peak_of_one = max(self.peak_of_one, _within(self._recent_of.setdefault(chat, deque()), now))
        if self.total % SWEEP == 0:
            self._recent_of = {
                one: times for one, times in self._recent_of.items() if now - times[-1] < SECOND
            }


def _within(times: deque[float], now: float) -> int:
    """Add a moment; return how many lie within the second that ends with it."""
    times.append(now)
    while now - times[0] >= SECOND:
        times.popleft()
    return len(times)


class Fate(Enum):
    """What becomes of a send."""

    WELL = "well"
    BUSY = "busy"
    BROKEN = "broken"
    UNANSWERED = "unanswered"


@dataclass(kw_only=True, slots=True)
class Weather:
    """What the sends of one stand-in meet; fair unless set."""

    seed: int = 0
    latency: tuple[float, float] = (0.0, 0.0)
    """Shortest and longest time of a send in seconds; somewhere within it the send is accepted."""
    busy: float = 0.0
    """Share of sends that are asked to come later, and not accepted."""
    broken: float = 0.0
    """Share of sends that meet a server error, and are not accepted."""
    unanswered: float = 0.0
    """Share of sends that are accepted, and never answered."""
    arrived: Tally = field(default_factory=Tally)
    accepted: Tally = field(default_factory=Tally)
    lost: int = 0
    """Accepted sends whose caller left before the answer."""
    under_way: int = 0
    most_under_way: int = 0
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin the same chances anew."""
        self._random = random.Random(self.seed)  # noqa: S311 - chance that can be repeated

    async def carry(self, chat: Hashable, accept: Callable[[], T], busy: Exception) -> T:
        """Let a send fare as it may; raise `busy`, or a server error, where it is not accepted."""
        fate, latency = self._fate(), self._random.uniform(*self.latency)
        moment = latency * self._random.random()
        self.arrived.count(chat)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        accepted = False
        try:
            await self._pass(moment)
            _check(fate, busy)
            result = accept()
            self.accepted.count(chat)
            accepted = True
            if fate is Fate.UNANSWERED:
                await asyncio.Event().wait()
            await self._pass(latency - moment)
        except asyncio.CancelledError:
            self.lost += accepted
            raise
        else:
            return result
        finally:
            self.under_way -= 1

    async def _pass(self, seconds: float) -> None:
        if seconds > 0:
            await self.wait(seconds)

    def _fate(self) -> Fate:
        drawn = self._random.random()
        for fate, share in ((Fate.BUSY, self.busy), (Fate.BROKEN, self.broken)):
            if drawn < share:
                return fate
            drawn -= share
        return Fate.UNANSWERED if drawn < self.unanswered else Fate.WELL


def _check(fate: Fate, busy: Exception) -> None:
    if fate is Fate.BUSY:
        raise busy
    if fate is Fate.BROKEN:
        raise web.HTTPBadGateway
