"""What this service is able to count, so that «none» and «not known» are told apart."""

from __future__ import annotations

from sqlalchemy import exists, select

from storage.models import MarkRow
from storage.repository import Repository, insert_into

LINKS = "links measured"


class Measured(Repository):
    """Keeps a mark for what depends on the settings."""

    async def links(self) -> None:
        """Note that opened links are counted from now on."""
        mark = insert_into(MarkRow, self._dialect).values(name=LINKS, number=1)
        await self._connection.execute(mark.on_conflict_do_nothing())

    async def has_links(self) -> bool:
        """Tell whether opened links were ever counted."""
        return bool(await self._connection.scalar(select(exists().where(MarkRow.name == LINKS))))
