"""What the assistant knows at this moment: what was shipped, under what staff corrected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from bot.corrections import understood
from intents.knowledge import Knowledge
from intents.overlay import Overlays
from storage.corrections import Correction
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between looks for corrections: a correction is known to all processes within two."""


@dataclass(slots=True)
class Known:
    """Holds the newest knowledge; who answers reads `current` at each turn, for that turn only."""

    storage: Storage
    shipped: Knowledge
    current: Knowledge = field(init=False)
    """Swapped as a whole, never changed."""
    _overlays: Overlays | None = field(default=None, init=False)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _looked: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Begin with what was shipped."""
        self.current = self.shipped

    async def first(self) -> None:
        """Have looked at least once: nothing is answered from what staff have corrected long ago."""
        if not self._looked:
            await self.work()

    async def work(self) -> bool:
        """Take in what staff changed since, off the event loop; never busy, so that the loop rests."""
        async with self._looking:
            async with self.storage.reading() as unit:
                newest = await unit.corrections.newest_id()
                held = await unit.corrections.current() if newest != self.current.version else None
                staffed = self.shipped.staffed or await unit.staff.answers()
            if held is not None:
                self.current = await asyncio.to_thread(self._over, held, newest)
                log.info("knowledge corrected", version=newest, corrections=len(held))
            if staffed != self.current.staffed:
                self.current = self.current.over(staffed=staffed)
            self._looked = True
        return False

    def _over(self, held: tuple[Correction, ...], version: int) -> Knowledge:
        if self._overlays is None:
            self._overlays = Overlays(self.shipped)
        return self._overlays.over(understood(held, version))
