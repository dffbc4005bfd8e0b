"""Counts ahead what the desk opens most, so that nobody waits for the first look at a year in the morning."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.staff.filters import PRESETS, compared, preset_period
from storage.counting import By
from storage.days import DAY, Period, day_of
from storage.figures import ASKED, METHOD_USE, PEOPLE
from storage.unit_of_work import Storage

EVERY = 1.0
"""Seconds between looks whether it has rested long enough."""
IDLE = 30.0
"""Seconds between looks for days that were made anew, when all was known."""
SHARE = 0.05
"""Most of the time that it takes: it goes on slowly, and pages that cannot wait count for themselves."""


@dataclass(slots=True)
class Ahead:
    """Has this process remember what the figures of the usual periods are read from."""

    storage: Storage
    clock: Clock
    _known: dict[Period, int | None] = field(default_factory=dict, init=False)
    """How far rolling up had come when a period was counted."""
    _rest_until: float = field(default=0.0, init=False)

    async def work(self) -> bool:
        """Count the next period of which something changed, then rest; never busy, so that the loop waits."""
        started = time.monotonic()
        if started < self._rest_until:
            return False
        periods = usual(self.clock)
        self._known = {period: self._known.get(period) for period in periods}
        for period in periods:
            if await self._count(period):
                now = time.monotonic()
                self._rest_until = now + (now - started) / SHARE
                return False
        self._rest_until = started + IDLE
        return False

    async def _count(self, period: Period) -> bool:
        """Count a period unless it is known: all days but the last, which every page counts itself."""
        if period.days == 1:
            return False
        async with self.storage.reading() as unit:
            version = await unit.counting.version(Period(period.first, period.last - DAY))
            if version is None or self._known.get(period) == version:
                return False
            await unit.counting.count(PEOPLE, period)
            for figure in (ASKED, METHOD_USE):
                await unit.counting.count(figure, period, by=By.SERVICE)
        self._known[period] = version
        return True


def usual(clock: Clock) -> tuple[Period, ...]:
    """Return the periods that have a name, and those they are compared with, the shortest first."""
    today = day_of(clock())
    named = {name: preset_period(name, today) for name in PRESETS}
    found = {*named.values(), *(compared(period, name) for name, period in named.items())}
    return tuple(sorted(found, key=lambda period: (period.days, period.first)))
