"""What recurs: forgetting what is past its time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

PURGE = "purge"
PURGE_EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Jobs:
    """Does what is due; whichever process moves the due time first does it."""

    storage: Storage
    clock: Clock

    async def work(self) -> bool:
        """Do the jobs that are due; never busy, so that the loop rests in between."""
        now = self.clock()
        async with self.storage.writing() as unit:
            await unit.jobs.ensure(PURGE, now)
            due = [job for job in await unit.jobs.due(now) if await unit.jobs.move(job, now + PURGE_EVERY)]
            await unit.commit()
        for _ in due:
            await self.purge()
        return False

    async def purge(self) -> None:
        """Forget texts whose time has passed."""
        async with self.storage.writing() as unit:
            purged = await unit.retention.purge(self.clock())
            await unit.commit()
        log.info("purged", texts=purged.texts, replies=purged.replies, given_up=purged.given_up)
