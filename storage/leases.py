"""Leases: something that one process at a time may do, such as sending for a bot."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, or_, select, update

from storage.models import LeaseRow
from storage.repository import Repository, insert_into


class Leases(Repository):
    """Gives a name to one owner at a time, with a fencing number that grows."""

    async def acquire(self, name: str, owner: str, now: dt.datetime, ttl: dt.timedelta) -> int | None:
        """Take a free or expired lease and return its number; None when somebody holds it."""
        until = now + ttl
        fence: int | None = await self._connection.scalar(
            insert_into(LeaseRow, self._dialect)
            .values(name=name, owner=owner, until=until, fence=1)
            .on_conflict_do_update(
                index_elements=["name"],
                set_={"owner": owner, "until": until, "fence": LeaseRow.fence + 1},
                where=or_(LeaseRow.until.is_(None), LeaseRow.until <= now),
            )
            .returning(LeaseRow.fence)
        )
        return fence

    async def renew(self, name: str, fence: int, now: dt.datetime, ttl: dt.timedelta) -> bool:
        """Hold on to a lease; False when it was lost."""
        statement = update(LeaseRow).where(_held(name, fence)).values(until=now + ttl)
        return (await self._connection.execute(statement)).rowcount == 1

    async def release(self, name: str, fence: int) -> None:
        """Let others take the lease; nothing happens when it was lost."""
        statement = update(LeaseRow).where(_held(name, fence)).values(owner=None, until=None)
        await self._connection.execute(statement)

    async def owners(self) -> tuple[str, ...]:
        """Return who holds leases."""
        held = select(LeaseRow.owner).where(LeaseRow.owner.is_not(None)).distinct()
        return tuple(await self._connection.scalars(held))

    async def free(self, owner: str) -> None:
        """Release all leases of an owner that is known to be gone."""
        gone = update(LeaseRow).where(LeaseRow.owner == owner)
        await self._connection.execute(gone.values(owner=None, until=None))


def _held(name: str, fence: int) -> ColumnElement[bool]:
    return (LeaseRow.name == name) & (LeaseRow.fence == fence) & LeaseRow.until.is_not(None)
