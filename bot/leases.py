"""Being the only one: a named lease that one process holds and renews while it works."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.clock import Clock
from storage.unit_of_work import Storage

TTL = dt.timedelta(seconds=30)
"""How long a crashed holder keeps the others waiting."""


@dataclass(slots=True)
class Lease:
    """One process's hold on a name."""

    storage: Storage
    clock: Clock
    name: str
    owner: str
    _fence: int | None = None
    _renew_at: dt.datetime | None = None

    async def held(self) -> bool:
        """Take or keep the lease; False while another process has it."""
        now = self.clock()
        if self._fence is not None and self._renew_at is not None and now < self._renew_at:
            return True
        async with self.storage.writing() as unit:
            if self._fence is not None and not await unit.leases.renew(self.name, self._fence, now, TTL):
                self._fence = None
            if self._fence is None:
                self._fence = await unit.leases.acquire(self.name, self.owner, now, TTL)
            await unit.commit()
        self._renew_at = now + TTL / 3
        return self._fence is not None

    async def release(self) -> None:
        """Let another process take over at once."""
        if self._fence is None:
            return
        async with self.storage.writing() as unit:
            await unit.leases.release(self.name, self._fence)
            await unit.commit()
        self._fence = None
