"""The label of a database whose people were made up, and whether anybody real is in it."""

from __future__ import annotations

from sqlalchemy import exists, insert, or_, select

from storage.models import InboxRow, MarkRow, PersonRow
from storage.repository import Repository

MARK = "simulated"


class Simulated(Repository):
    """Labels a database and reads the label."""

    async def seed(self) -> int | None:
        """Return what the people were made from; None where nobody is made up."""
        return await self._connection.scalar(select(MarkRow.number).where(MarkRow.name == MARK))

    async def anybody(self) -> bool:
        """Tell whether anybody, made up or not, has ever written."""
        known = or_(exists(select(PersonRow.id)), exists(select(InboxRow.id)))
        return bool(await self._connection.scalar(select(known)))

    async def label(self, seed: int) -> None:
        """Say of this database, for good, that its people are made up."""
        await self._connection.execute(insert(MarkRow).values(name=MARK, number=seed))
