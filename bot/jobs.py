"""What recurs: forgetting what is past its time, clearing its remains, looking whether all is well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

import structlog

from bot.clock import Clock
from storage.errors import DatabaseUnavailableError, StorageError
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

PURGE = "purge"
SCRUB = "scrub"
WATCH = "watch"
FOLLOW_UPS = "follow-ups"
HANDOFFS = "handoffs"
EVERY: Mapping[str, dt.timedelta] = {
    PURGE: dt.timedelta(hours=1),
    SCRUB: dt.timedelta(days=1),
    # Somewhat less than a minute, after which the loop comes back: no turn is missed.
    WATCH: dt.timedelta(seconds=50),
    FOLLOW_UPS: dt.timedelta(minutes=5),
    HANDOFFS: dt.timedelta(seconds=50),
}
"""How often each job is done; an erasure brings the scrubbing forward."""
SOON = dt.timedelta(minutes=1)
"""When to try again what was in somebody's way."""

Chore = Callable[[], Awaitable[bool]]
"""One job, once; False to come back soon."""


@dataclass(slots=True)
class Jobs:
    """Does what is due; whichever process moves the due time first does it."""

    storage: Storage
    clock: Clock
    others: Mapping[str, Chore] = field(default_factory=dict)
    """What else recurs in this process, by the name of the job."""
    _scrubbed_at: dt.datetime | None = None

    async def work(self) -> bool:
        """Do the jobs that are due; never busy, so that the loop rests in between."""
        chores = self._chores()
        for name in await self._take(chores):
            if await self._done(name, chores[name]):
                await self._put_off(name)
        return False

    async def purge(self) -> bool:
        """Forget texts whose time has passed."""
        async with self.storage.writing() as unit:
            purged = await unit.retention.purge(self.clock())
            await unit.commit()
        log.info("purged", texts=purged.texts, replies=purged.replies, given_up=purged.given_up)
        return True

    async def scrub(self) -> bool:
        """Leave nothing forgotten in the database's files; False to come back soon.

        Once a minute at most: it rewrites the whole file, and anybody may ask to be forgotten.
        """
        now = self.clock()
        if self._scrubbed_at is not None and now - self._scrubbed_at < SOON:
            return False
        try:
            done = await self.storage.scrub()
        except DatabaseUnavailableError:
            done = False
        self._scrubbed_at = now if done else self._scrubbed_at
        log.info("scrubbed", done=done)
        return done

    def _chores(self) -> dict[str, Chore]:
        return {PURGE: self.purge, SCRUB: self.scrub, **self.others}

    async def _done(self, name: str, chore: Chore) -> bool:
        """Do one; a mistake in it keeps none of the others from being done."""
        try:
            return await chore()
        except StorageError:
            raise
        except Exception:
            log.exception("job failed", job=name)
            return False

    async def _take(self, names: Collection[str]) -> list[str]:
        """Claim what is due: should we fail, it is due again soon."""
        now = self.clock()
        async with self.storage.writing() as unit:
            for name in names:
                await unit.jobs.ensure(name, now if name == PURGE else now + EVERY[name])
            due = [job for job in await unit.jobs.due(now) if job.name in names]
            taken = [job.name for job in due if await unit.jobs.move(job, now + SOON)]
            await unit.commit()
        return taken

    async def _put_off(self, name: str) -> None:
        """Set the next time, unless the job was asked for again in the meantime."""
        now = self.clock()
        async with self.storage.writing() as unit:
            for job in await unit.jobs.listed(name):
                if job.due_at > now:
                    await unit.jobs.move(job, now + EVERY[name])
            await unit.commit()
