"""Being the only one: a named lease that one process holds and renews while it works."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.clock import Clock
from bot.owner import free_the_dead
from storage.unit_of_work import Storage

TTL = dt.timedelta(seconds=15)
"""How long a crashed holder keeps others waiting, unless they know that it is gone."""
RENEWED = TTL / 5
LOOKED = TTL / 10
"""How often a lease is renewed, and how often one looks whether another's is free."""


@dataclass(slots=True)
class Lease:
    """One process's hold on a name."""

    storage: Storage
    clock: Clock
    name: str
    owner: str
    _fence: int | None = None
    _until: dt.datetime | None = None
    _look_at: dt.datetime | None = None
    """Until then nothing needs to be renewed, or is worth trying to take."""

    async def held(self) -> bool:
        """Take or keep the lease; False while another process has it."""
        now = self.clock()
        if self._look_at is not None and now < self._look_at:
            return self._fence is not None
        fence, self._fence = self._fence, None  # ours again only once it is committed
        if fence is None and self._look_at is not None:
            await free_the_dead(self.storage)  # refused before: perhaps by somebody who is no more
        async with self.storage.writing() as unit:
            if fence is not None and not await unit.leases.renew(self.name, fence, now, TTL):
                fence = None
            if fence is None:
                fence = await unit.leases.acquire(self.name, self.owner, now, TTL)
            await unit.commit()
        self._fence, self._until = fence, now + TTL
        self._look_at = now + (RENEWED if fence is not None else LOOKED)
        return fence is not None

    def lasts(self, seconds: float) -> bool:
        """Tell whether it is ours for so long even if the database goes away now."""
        return (
            self._fence is not None
            and self._until is not None
            and self.clock() + dt.timedelta(seconds=seconds) < self._until
        )

    async def release(self) -> None:
        """Let another process take over at once."""
        if self._fence is None:
            return
        async with self.storage.writing() as unit:
            await unit.leases.release(self.name, self._fence)
            await unit.commit()
        self._fence = self._look_at = self._until = None
