"""What recurs: forgetting what is past its time, and leaving no remains of what was forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from storage.errors import DatabaseUnavailableError
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

PURGE = "purge"
SCRUB = "scrub"
EVERY: Mapping[str, dt.timedelta] = {PURGE: dt.timedelta(hours=1), SCRUB: dt.timedelta(days=1)}
"""How often each job is done; an erasure brings the scrubbing forward."""
SOON = dt.timedelta(minutes=1)
"""When to try again what was in somebody's way."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Does what is due; whichever process moves the due time first does it."""

    storage: Storage
    clock: Clock

    async def work(self) -> bool:
        """Do the jobs that are due; never busy, so that the loop rests in between."""
        for name in await self._take():
            await (self.purge() if name == PURGE else self.scrub())
        return False

    async def purge(self) -> None:
        """Forget texts whose time has passed."""
        async with self.storage.writing() as unit:
            purged = await unit.retention.purge(self.clock())
            await unit.commit()
        log.info("purged", texts=purged.texts, replies=purged.replies, given_up=purged.given_up)

    async def scrub(self) -> None:
        """Leave nothing forgotten in the database's files; come back soon when others were in the way."""
        try:
            done = await self.storage.scrub()
        except DatabaseUnavailableError:
            done = False
        if not done:
            async with self.storage.writing() as unit:
                await unit.jobs.bring_forward(SCRUB, self.clock() + SOON)
                await unit.commit()
        log.info("scrubbed", done=done)

    async def _take(self) -> list[str]:
        now = self.clock()
        async with self.storage.writing() as unit:
            for name, every in EVERY.items():
                await unit.jobs.ensure(name, now if name == PURGE else now + every)
            due = await unit.jobs.due(now)
            taken = [job.name for job in due if await unit.jobs.move(job, now + EVERY[job.name])]
            await unit.commit()
        return taken
