"""Being the only one: a named lease that one process holds and renews while it works."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.clock import Clock
from storage.unit_of_work import Storage

TTL = dt.timedelta(seconds=30)
"""How long a crashed holder keeps others waiting, unless they know that it is gone."""


@dataclass(slots=True)
class Lease:
    """One process's hold on a name."""

    storage: Storage
    clock: Clock
    name: str
    owner: str
    _fence: int | None = None
    _look_at: dt.datetime | None = None
    """Until then nothing needs to be renewed, or is worth trying to take."""

    async def held(self) -> bool:
        """Take or keep the lease; False while another process has it."""
        now = self.clock()
        if self._look_at is not None and now < self._look_at:
            return self._fence is not None
        fence, self._fence = self._fence, None  # ours again only once it is committed
        async with self.storage.writing() as unit:
            if fence is not None and not await unit.leases.renew(self.name, fence, now, TTL):
                fence = None
            if fence is None:
                fence = await unit.leases.acquire(self.name, self.owner, now, TTL)
            await unit.commit()
        self._fence = fence
        self._look_at = now + (TTL / 3 if self._fence is not None else TTL / 10)
        return self._fence is not None

    async def release(self) -> None:
        """Let another process take over at once."""
        if self._fence is None:
            return
        async with self.storage.writing() as unit:
            await unit.leases.release(self.name, self._fence)
            await unit.commit()
        self._fence = self._look_at = None
