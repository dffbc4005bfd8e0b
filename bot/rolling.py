"""Keeps what figures are read from up to date with the journal, away from the turns of people."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import structlog

from bot.clock import Clock
from bot.leases import Lease
from bot.listing import SETTLED, Lister
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

EVERY = 10.0
"""Seconds between two looks."""
SHARE = 0.05
"""How much of the time rolling may take: a busy day is rolled less often, not everybody slowed down."""
SLOW = 1.0
"""Seconds for one day that are worth a line in the log."""


@dataclass(slots=True)
class Roller:
    """Rolls up the days that something happened on."""

    storage: Storage
    clock: Clock
    lease: Lease
    """One process does it for all."""
    lister: Lister
    """Lists the questions along."""
    _seen: int = field(default=-1, init=False)
    """The newest event of the last look."""
    _rest_until: float = field(default=0.0, init=False)

    async def work(self) -> bool:
        """Roll up what is new; never busy, so that the loop rests in between."""
        if time.monotonic() < self._rest_until:
            return False
        async with self.storage.reading() as unit:
            newest = await unit.rolling.newest()
            named = await unit.rolling.named()
        if (newest == self._seen and not named) or not await self.lease.held():
            return False
        started = time.monotonic()
        await self.roll()
        await self.lister.list_new()
        self._seen = newest
        self._rest_until = time.monotonic() + (time.monotonic() - started) / SHARE
        return False

    async def _close(self) -> None:
        """Put the weeks and months together that are over, each in a commit of its own."""
        async with self.storage.reading() as unit:
            pieces = await unit.rolling.to_close()
        for span, start in pieces:
            async with self.storage.writing() as unit:
                await unit.rolling.close(span, start)
                await unit.commit()

    async def roll(self) -> int:
        """Roll up all days that are out of date, each in a commit of its own; return how many."""
        async with self.storage.reading() as unit:
            days = await unit.rolling.dirty()
        now = self.clock()
        for day in days:
            started = time.monotonic()
            async with self.storage.writing() as unit:
                await unit.rolling.roll(day)
                await unit.commit()
            if (seconds := time.monotonic() - started) > SLOW:
                log.info("rolled up", day=day.isoformat(), seconds=round(seconds, 1))
        await self._close()
        async with self.storage.writing() as unit:
            await unit.rolling.settle(now - SETTLED)
            await unit.commit()
        return len(days)
